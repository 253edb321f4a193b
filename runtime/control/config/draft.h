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

#include "control/config/report.h"

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
    bool off;      /* `admin(false)` */
    bool mistaken; /* an item of a list, of which something wrong has been said already */
} ol_draft_place;

#define OL_DRAFT_CHOICE_UNSET UINT32_MAX

/* A switch: written true or false, or not written. */
enum ol_draft_switch { OL_DRAFT_UNSET, OL_DRAFT_NO, OL_DRAFT_YES };

/* A key of a table whose keys are free, with its value or values. */
typedef struct ol_draft_pair {
    ol_draft_place at; /* its name is the key */
    ol_text_list values;
} ol_draft_pair;

/* ---- policies ---- */

typedef struct ol_draft_condition {
    ol_draft_place at; /* its name is the operator */
    ol_draft_list keys; /* of ol_draft_pair, by name */
} ol_draft_condition;

typedef struct ol_draft_principal {
    ol_text_list aws, canonical, service, federated;
} ol_draft_principal;

/* A statement, or a whole policy as JSON. */
typedef struct ol_draft_statement {
    ol_draft_place at;
    ol_text json;
    ol_text sid;
    uint32_t effect; /* enum ol_draft_effect, or OL_DRAFT_CHOICE_UNSET */
    ol_draft_principal principal, not_principal;
    ol_text_list actions, not_actions, resources, not_resources;
    ol_draft_list conditions; /* of ol_draft_condition, by name */
} ol_draft_statement;

enum ol_draft_effect { OL_DRAFT_ALLOW, OL_DRAFT_DENY };

typedef struct ol_draft_public_access {
    uint32_t all, block_public_acls, ignore_public_acls, block_public_policy,
        restrict_public_buckets; /* enum ol_draft_switch */
    bool given;
} ol_draft_public_access;

/* ---- what clients encrypted ---- */

#define OL_DRAFT_SPOOL_BYTES (16384ull * OL_MIB)

typedef struct ol_draft_client_encryption {
    ol_draft_place at;
    ol_text_list keys, formats;
    ol_draft_list context;              /* of ol_draft_pair */
    uint32_t legacy, instruction_files; /* enum ol_draft_switch */
    uint32_t commitment, unverified, ranges, otherwise, plain; /* index into the choices */
    ol_text instruction_suffix;
    bool given;
} ol_draft_client_encryption;

typedef struct ol_draft_spool {
    ol_draft_place at;
    ol_text folder;
    uint64_t bytes, object_bytes; /* 0 = not said */
} ol_draft_spool;

/* ---- the network ---- */

typedef struct ol_draft_certificate {
    ol_draft_place at;
    ol_text certificate, key;
} ol_draft_certificate;

typedef struct ol_draft_listener { /* also the admin listener */
    ol_draft_place at;
    ol_text address, certificate, key;
    ol_draft_list certificates; /* of ol_draft_certificate */
    ol_text client_ca, vpc, endpoint;
    uint32_t client_certificate_required; /* enum ol_draft_switch */
    uint32_t hsts_s;
    ol_draft_list policy;
} ol_draft_listener;

typedef struct ol_draft_vpc {
    ol_draft_place at;
    ol_text_list ranges;
} ol_draft_vpc;

typedef struct ol_draft_origin {
    ol_draft_place at;
    uint32_t kind;
    ol_text endpoint, region, access_key, secret_key, session_token, credentials_file, profile, ca;
    uint32_t credentials; /* enum ol_s3_credentials_from, or OL_DRAFT_CHOICE_UNSET */
    uint32_t addressing;  /* 0 path, 1 virtual */
    ol_s3_origin_options options; /* the numbers and choices of it */
    uint32_t payload, checksums, canonical_ids;
    ol_draft_client_encryption client_encryption;
} ol_draft_origin;

typedef struct ol_draft_sts_key {
    ol_draft_place at;
    ol_text key;
} ol_draft_sts_key;

typedef struct ol_draft_sts {
    ol_draft_place at;
    ol_text key;
    ol_draft_list old_keys; /* of ol_draft_sts_key */
} ol_draft_sts;

typedef struct ol_draft_control {
    ol_draft_place at;
    ol_text bucket, origin, prefix;
    uint32_t refresh_s;
} ol_draft_control;

/* ---- views ---- */

#define OL_DRAFT_BYTES_UNSET UINT64_MAX

enum ol_draft_metadata { OL_DRAFT_DROP, OL_DRAFT_FORWARD };

typedef struct ol_draft_view_cache {
    ol_draft_place at;
    uint32_t enabled; /* enum ol_draft_switch */
    uint64_t memory_bytes, memory_entry_bytes;
    ol_text disk;
    uint64_t disk_bytes, disk_entry_bytes;
    /* of the entries and disk_bytes, OL_DRAFT_BYTES_UNSET = not said */
} ol_draft_view_cache;

typedef struct ol_draft_view_memo {
    ol_draft_place at;
    uint64_t rows_max, memory_rows_max;
} ol_draft_view_memo;

/* ---- identities ---- */

typedef struct ol_draft_key {
    ol_draft_place at;
    ol_text access_key, secret_key;
    uint32_t active; /* enum ol_draft_switch */
} ol_draft_key;

typedef struct ol_draft_mfa {
    ol_draft_place at;
    ol_text serial, secret;
} ol_draft_mfa;

typedef struct ol_draft_user { /* also root, and an account's own keys */
    ol_draft_place at;
    ol_text access_key, secret_key;
    ol_draft_list keys; /* of ol_draft_key */
    ol_draft_list mfa;  /* of ol_draft_mfa */
    ol_text account;
    ol_text_list groups, views, certificates;
    ol_draft_list policy;   /* of ol_draft_statement */
    ol_draft_list boundary; /* likewise */
    ol_draft_list tags;     /* of ol_draft_pair */
    ol_text canonical_id;   /* of an origin identity */
} ol_draft_user;

typedef struct ol_draft_account {
    ol_draft_user root; /* begins with the place */
    ol_text canonical_id, display_name;
    ol_draft_public_access public_access;
} ol_draft_account;

typedef struct ol_draft_group {
    ol_draft_place at;
    ol_text account;
    ol_draft_list policy;
} ol_draft_group;

typedef struct ol_draft_role {
    ol_draft_place at;
    ol_text account;
    ol_draft_list trust, policy, boundary, tags;
    ol_text_list views;
    uint32_t session_s_max;
} ol_draft_role;

/* ---- places ---- */

typedef struct ol_draft_cors_rule {
    ol_draft_place at;
    ol_text xml; /* a whole configuration as XML */
    ol_text id;
    ol_text_list origins, methods, headers, expose;
    uint32_t max_age_s; /* OL_DRAFT_CHOICE_UNSET = not said */
} ol_draft_cors_rule;

typedef struct ol_draft_encryption {
    ol_draft_place at;
    uint32_t algorithm; /* index into the choices, or OL_DRAFT_CHOICE_UNSET */
    ol_text key;
    uint32_t bucket_key; /* enum ol_draft_switch */
    uint32_t sse_c;      /* 0 allow, 1 block */
} ol_draft_encryption;

typedef struct ol_draft_bucket {
    ol_draft_place at;
    ol_text origin, account;
    ol_draft_list policy;
    ol_draft_list cors; /* of ol_draft_cors_rule */
    ol_draft_public_access public_access;
    uint32_t ownership;    /* index into the choices, or OL_DRAFT_CHOICE_UNSET */
    uint32_t subresources; /* 0 ours, 1 the origin's */
    ol_draft_list encryption; /* of ol_draft_encryption; one at most */
    ol_draft_client_encryption client_encryption;
} ol_draft_bucket;

typedef struct ol_draft_bucket_defaults {
    ol_draft_place at;
    ol_draft_public_access public_access;
    uint32_t ownership;
    uint32_t accept_private_acl; /* enum ol_draft_switch */
    ol_draft_list encryption;    /* of ol_draft_encryption; one at most */
} ol_draft_bucket_defaults;

typedef struct ol_draft_access_point {
    ol_draft_place at;
    ol_text bucket, account, vpc;
    ol_draft_list policy;
    ol_text_list prefixes;
    ol_draft_public_access public_access;
} ol_draft_access_point;

typedef struct ol_draft_master_key {
    ol_draft_place at; /* its name: the key's id or ARN */
    ol_draft_list policy;
} ol_draft_master_key;

#define OL_DRAFT_SHARE_UNSET UINT32_MAX

typedef struct ol_draft_transform {
    ol_draft_place at;
    ol_text file, plugin, sha256;
    ol_text_list preload_folders;
    uint32_t share; /* enum ol_share, or OL_DRAFT_SHARE_UNSET */
    uint32_t isolation; /* enum ol_isolation */
    ol_transform_limits limits;
} ol_draft_transform;

typedef struct ol_draft_plugins {
    ol_draft_place at;
    ol_text_list folders, keys;
} ol_draft_plugins;

typedef struct ol_draft_step {
    ol_draft_place at;
    ol_text transform, payload;
} ol_draft_step;

typedef struct ol_draft_view {
    ol_draft_place at;
    ol_text_list actions;
    ol_draft_list transforms; /* of ol_draft_step */
} ol_draft_view;

typedef struct ol_draft_view_list {
    ol_draft_place at;
    uint32_t sizes; /* index into the choices */
} ol_draft_view_list;

typedef struct ol_draft_olap {
    ol_draft_place at;
    ol_text access_point, account;
    ol_draft_list transforms;      /* of ol_draft_step: for every action that can be transformed */
    ol_draft_list transformations; /* of ol_draft_view */
    ol_draft_list policy;
    ol_text_list features;
    uint32_t ranges, head, unconfigured, metadata; /* index into the choices */
    ol_draft_view_list list;
    uint32_t cache; /* enum ol_draft_switch */
    uint32_t sse_c; /* 0 refuse, 1 allow */
    ol_text_list encodings;
    ol_draft_list headers; /* of ol_draft_pair */
    ol_draft_client_encryption client_encryption;
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

/* ---- keys ---- */

typedef struct ol_draft_kms {
    ol_draft_place at;
    uint32_t kind; /* enum ol_config_kms_kind */
    ol_text endpoint, ca, region, account, default_key;
    ol_text_list keys;
    uint32_t plain_http;  /* enum ol_draft_switch */
    uint32_t credentials; /* 0 static, 1 environment, or OL_DRAFT_CHOICE_UNSET */
    ol_text access_key, secret_key, session_token;
    ol_text token, token_file, mount, name_space;
    ol_text certificate, key, api_key, api_key_file;
    ol_kms_remote_options options; /* the numbers of it */
} ol_draft_kms;

typedef struct ol_draft_data_keys {
    ol_draft_place at;
    uint32_t age_ms, entries_max, denial_ms, opened_max;
    uint64_t uses_max, bytes_max;
} ol_draft_data_keys;

typedef struct ol_draft_key_audit {
    ol_draft_place at;
    ol_text file, bucket, origin, prefix;
    uint32_t interval_ms;
    uint64_t object_bytes, buffer_bytes;
} ol_draft_key_audit;

typedef struct ol_draft_client_key {
    ol_draft_place at;
    uint32_t type; /* enum ol_key_kind */
    ol_text id, name_space, file;
} ol_draft_client_key;

typedef struct ol_draft_settings {
    ol_text keyring, sse_s3_key;
    ol_text region, account, data, base_path, default_origin, view_key;
    ol_text_list domains, sandbox_required;
    uint32_t loops;
    uint32_t amazon_hosts, legacy_form_signatures, sse_c_over_http; /* enum ol_draft_switch */
} ol_draft_settings;

/* What a block holds before its keys are read. */
void ol_draft_view_cache_default(ol_draft_view_cache *cache);
void ol_draft_view_memo_default(ol_draft_view_memo *memo);
void ol_draft_data_keys_default(ol_draft_data_keys *keys);
void ol_draft_key_audit_default(ol_draft_key_audit *audit);

typedef struct ol_draft {
    ol_arena *arena;
    ol_config_report *report;
    const char *folder; /* absolute: what relative paths are relative to */
    ol_draft_settings settings;
    ol_draft_list listeners, vpcs, origins, accounts, users, groups, roles, origin_identities,
        buckets, access_points, transforms, olaps, kms, client_keys, master_keys;
    /* one at most */
    ol_draft_list admins, roots, sts, control, bucket_defaults, limits, logs, view_cache, view_memo,
        plugins, data_keys, key_audit, client_encryption, spool;
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
