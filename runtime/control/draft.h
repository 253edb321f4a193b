/* SPDX-License-Identifier: MIT */
/*
 * What a configuration says, before anybody has checked whether it fits together: one
 * struct a block, filled from a Lua file through schema.h or from command-line options by
 * simple.c, and turned into a snapshot by build.c.
 *
 * Texts and lists live in the draft's arena, which becomes the snapshot's.
 */
#ifndef OL_CONTROL_DRAFT_H
#define OL_CONTROL_DRAFT_H

#include "control/report.h"

typedef struct ol_text {
    ol_slice bytes; /* NUL-terminated; data NULL = not given */
    int line;       /* of its key; 0 = none */
    bool hidden;    /* came from env or file: never shown */
    bool unknown;   /* could not be had, and that is reported already */
    bool off;       /* `false` was written where that is allowed */
} ol_text;

typedef struct ol_text_list {
    ol_text *items;
    size_t count;
} ol_text_list;

typedef struct ol_draft_list {
    void *items;
    size_t count, cap;
} ol_draft_list;

/* First member of every struct below: where it stands, and its name when it has one. */
typedef struct ol_draft_place {
    int line;
    ol_text name;
    bool off; /* `admin(false)` */
} ol_draft_place;

typedef struct ol_draft_listener { /* also the admin listener */
    ol_draft_place at;
    ol_text address, certificate, key;
} ol_draft_listener;

typedef struct ol_draft_statement {
    ol_draft_place at;
    uint32_t effect; /* enum ol_draft_effect */
    ol_text_list actions, resources;
} ol_draft_statement;

enum ol_draft_effect { OL_DRAFT_ALLOW, OL_DRAFT_DENY };

typedef struct ol_draft_user { /* also root, which has neither name nor policy */
    ol_draft_place at;
    ol_text access_key, secret_key;
    ol_draft_list policy; /* of ol_draft_statement */
} ol_draft_user;

typedef struct ol_draft_bucket {
    ol_draft_place at;
} ol_draft_bucket;

typedef struct ol_draft_access_point {
    ol_draft_place at;
    ol_text bucket;
} ol_draft_access_point;

#define OL_DRAFT_SHARE_UNSET UINT32_MAX

typedef struct ol_draft_transform {
    ol_draft_place at;
    ol_text file;
    uint32_t share; /* enum ol_share, or OL_DRAFT_SHARE_UNSET */
    ol_transform_limits limits;
} ol_draft_transform;

typedef struct ol_draft_step {
    ol_draft_place at;
    ol_text transform, payload;
} ol_draft_step;

typedef struct ol_draft_olap {
    ol_draft_place at;
    ol_text access_point;
    ol_draft_list transforms; /* of ol_draft_step */
} ol_draft_olap;

typedef struct ol_draft_limits {
    ol_draft_place at;
    ol_limits limits;
    ol_transform_limits transform;
} ol_draft_limits;

typedef struct ol_draft_logs {
    ol_draft_place at;
    ol_text access, transforms;
} ol_draft_logs;

typedef struct ol_draft_settings {
    ol_text region, account, data;
    uint32_t loops;
} ol_draft_settings;

typedef struct ol_draft {
    ol_arena *arena;
    ol_config_report *report;
    const char *folder; /* absolute: what relative paths are relative to */
    ol_draft_settings settings;
    ol_draft_list listeners, admins, roots, users, buckets, access_points, transforms, olaps;
    ol_draft_list limits, logs; /* one at most */
} ol_draft;

/* Makes the arena. OL_OK or OL_ENOMEM. */
int ol_draft_init(ol_draft *draft, ol_config_report *report, const char *folder);
/* Unless the arena was given away (draft->arena set to NULL). */
void ol_draft_fini(ol_draft *draft);

/* A zeroed item behind the others, or NULL when out of memory. Earlier items may move. */
void *ol_draft_list_add(ol_draft *draft, ol_draft_list *list, size_t item_size);
/* A copy in the arena; bytes.data is NULL when out of memory. */
ol_text ol_draft_text(ol_draft *draft, ol_slice bytes, int line);
/* Overwrite these bytes when the arena ends. OL_OK or OL_ENOMEM. */
int ol_draft_guard_secret(ol_arena *arena, ol_slice secret);
/* Absolute: as it is, or below `folder`. NULL when out of memory. */
char *ol_draft_path(ol_arena *arena, const char *folder, ol_slice path);
/* The limits that transforms start from: those of the limits block, else the defaults. */
ol_transform_limits ol_draft_transform_limits(const ol_draft *draft);

/* A text for a mistake: in quotes, cut and cleaned; a hidden one shows nothing of itself. */
#define OL_TEXT_SHOW_SIZE 84
const char *ol_text_show(ol_slice bytes, bool hidden, char out[OL_TEXT_SHOW_SIZE]);

#endif
