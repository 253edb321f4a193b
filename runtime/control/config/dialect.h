/* SPDX-License-Identifier: MIT */
/*
 * The names that a configuration file can use, and the run of the file: what it says is
 * recorded, block by block, in the order in which it is said. Nothing is checked here but the
 * shape of each statement; read.c turns the records into a draft.
 */
#ifndef OL_CONTROL_DIALECT_H
#define OL_CONTROL_DIALECT_H

#include "control/config/config_lua.h"
#include "control/config/schema.h"

/* One block, or one setting. */
typedef struct ol_record {
    const ol_schema *schema;
    const ol_field *setting; /* of settings */
    ol_text name;            /* of named blocks */
    int line;
    int value_ref; /* in the registry; LUA_NOREF = nothing was given */
    bool ignored;  /* what it was given is unknown, and that is reported already */
    struct ol_record *next;
} ol_record;

typedef struct ol_dialect {
    ol_draft *draft;
    ol_record *first, **end;
} ol_dialect;

/* A script's own name: only what an ordinary word looks like is repeated in a mistake, because
 * a secret whose quotes were forgotten is a name to Lua. */
bool ol_dialect_word_is_ordinary(ol_slice word);

/* Run the compiled chunk on top of the stack (which is popped). Raises what the chunk raises.
 * Mistakes go to the draft's report. */
void ol_dialect_run(ol_dialect *dialect, lua_State *L, ol_draft *draft);

#endif
