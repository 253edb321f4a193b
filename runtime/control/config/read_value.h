/* SPDX-License-Identifier: MIT */
/*
 * One value of a configuration, by the type that the schema gives it. Private to reading.
 */
#ifndef OL_CONTROL_READ_VALUE_H
#define OL_CONTROL_READ_VALUE_H

#include <lua.h>

#include "control/config/schema.h"
#include "control/config/suggest.h"
#include "control/config/value.h"
#include "control/state/source.h"

typedef struct ol_config_reader {
    lua_State *L;
    ol_draft *draft;
    const ol_source *source;
} ol_config_reader;

/* Where we are: how mistakes call it, its line, and its shape in the text (NULL = unknown). */
typedef struct ol_place {
    char label[160];
    int line;
    const ol_source_node *node;
} ol_place;

/* The place of a key inside another. */
void ol_place_enter(ol_place *inner, const ol_place *outer, const char *key);
/* "LABEL: TEXT" at that line. */
void ol_read_mistake(const ol_config_reader *r, const ol_place *place, int line, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* The value on top of the stack (which stays) into *out. */
void ol_read_value(const ol_config_reader *r, const ol_place *place, const ol_field *field, void *out);
/* read_map.c: a table with keys of its own, whose values are texts, or with `conditions` tables of
 * the same kind, into a list of ol_draft_pair or ol_draft_condition. */
void ol_read_map(const ol_config_reader *r, const ol_place *place, ol_draft_list *out,
                 bool conditions);
/* read.c: the table on top of the stack, or the text that stands for one. */
void ol_read_table(const ol_config_reader *r, const ol_place *place, const ol_schema *schema, void *out);

#endif
