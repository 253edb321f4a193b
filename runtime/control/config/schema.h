/* SPDX-License-Identifier: MIT */
/*
 * The configuration language as tables: which blocks there are, which keys each has, of
 * what type and range, and where in a draft the value goes. Reading is driven by these tables,
 * and a test holds docs/configuration.md against them, so that the page cannot drift.
 */
#ifndef OL_CONTROL_SCHEMA_H
#define OL_CONTROL_SCHEMA_H

#include "control/config/draft.h"

enum ol_field_type {
    OL_FIELD_TEXT,    /* ol_text */
    OL_FIELD_SECRET,  /* ol_text, never shown, wiped with the snapshot */
    OL_FIELD_FILE,    /* ol_text: the absolute path of a file that can be read */
    OL_FIELD_FOLDER,  /* ol_text: an absolute path; need not exist */
    OL_FIELD_LOG,     /* ol_text: "-", "--", an absolute path, or off */
    OL_FIELD_NUMBER,  /* uint32_t */
    OL_FIELD_NUMBER64,
    OL_FIELD_MS,      /* uint32_t */
    OL_FIELD_SIZE,    /* uint32_t: bytes, or "64 KiB" */
    OL_FIELD_SIZE64,
    OL_FIELD_CHOICE,  /* uint32_t: index into choices */
    OL_FIELD_TEXTS,   /* ol_text_list; one text alone is a list of one */
    OL_FIELD_FILES,   /* likewise, of what OL_FIELD_FILE is */
    OL_FIELD_FOLDERS, /* likewise, of what OL_FIELD_FOLDER is */
    OL_FIELD_TABLE,   /* a struct that stands inside */
    OL_FIELD_TABLES,  /* ol_draft_list; one item alone is a list of one */
    OL_FIELD_BOOL,    /* uint32_t: enum ol_draft_switch */
    OL_FIELD_MAP,     /* ol_draft_list of ol_draft_pair, by key: free keys, texts as values */
    OL_FIELD_CONDITIONS /* ol_draft_list of ol_draft_condition, by operator */
};

typedef struct ol_schema ol_schema;

typedef struct ol_field {
    const char *key;
    enum ol_field_type type;
    size_t offset;
    bool required;
    const char *unless; /* the key that may stand instead of a required one */
    bool bare; /* may be written without its key: as first value, or alone in place of the table */
    uint64_t min, max;            /* of numbers and sizes; of texts: max bytes, 0 = no bound */
    const char *fallback;         /* the default, as the documentation writes it; NULL = none */
    const char *const *choices;   /* NULL-terminated */
    const ol_schema *table;       /* of TABLE and TABLES */
    const char *(*wrong)(ol_slice text); /* see names.h; each item's of TEXTS */
} ol_field;

enum ol_schema_form {
    OL_FORM_SETTINGS,   /* key = value at top level */
    OL_FORM_TABLE,      /* word { … } */
    OL_FORM_NAMED,      /* word "NAME" { … } */
    OL_FORM_NAME_ALONE, /* word "NAME", a table may follow */
    OL_FORM_NESTED      /* only inside others */
};

struct ol_schema {
    const char *word;    /* NULL for settings; of nested ones, the documentation's name for it */
    const char *written; /* how it looks, for mistakes */
    enum ol_schema_form form;
    bool once;
    bool may_be_off; /* word(false) */
    size_t list_offset; /* in ol_draft */
    size_t item_size;
    const ol_field *fields;
    size_t field_count;
    const char *(*name_wrong)(ol_slice name);
    /* What a new item holds before its keys are read; NULL = zeroes. */
    void (*prepare)(const ol_draft *draft, void *item);
};

extern const ol_schema ol_schema_settings;
extern const ol_schema ol_schema_transform_limits; /* of ol_transform_limits */
/* In the order in which they are to be read. */
extern const ol_schema *const ol_schema_blocks[];
extern const size_t ol_schema_block_count;

const ol_field *ol_schema_field(const ol_schema *schema, ol_slice key);
/* The field that may stand without its key, or NULL. */
const ol_field *ol_schema_bare_field(const ol_schema *schema);
/* "text", "size", …, as the documentation calls it. */
const char *ol_field_type_name(enum ol_field_type type);

#endif
