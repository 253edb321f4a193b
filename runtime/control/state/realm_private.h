/* SPDX-License-Identifier: MIT */
/*
 * The inside of a realm, and making one. Private to this room.
 */
#ifndef OL_CONTROL_REALM_PRIVATE_H
#define OL_CONTROL_REALM_PRIVATE_H

#include "base/map.h"
#include "control/config/config.h"
#include "control/state/document.h"

struct ol_realm {
    int references; /* atomic */
    bool incomplete;
    ol_arena *arena; /* holds the realm itself; compiled things are released with it */
    ol_config *config;
    const ol_realm_account *default_account;
    ol_realm_bucket defaults;
    ol_realm_bucket *buckets; /* by name */
    size_t bucket_count;
    ol_realm_access_point *access_points; /* by account, then by name */
    size_t access_point_count;
    ol_realm_olap *olaps; /* the same */
    size_t olap_count;
    ol_map *account_map, *canonical_map;      /* id → ol_realm_account */
    ol_map *bucket_map;                       /* name → ol_realm_bucket */
    ol_map *access_point_map, *olap_map;      /* "ACCOUNT/NAME" → … */
    ol_map *access_point_alias_map, *olap_alias_map;
};

/* The configuration and what the API made, as one. `previous` lends what it compiled of the same
 * texts; may be NULL. OL_OK; OL_ENOMEM; else what is wrong with the document, in err->detail with
 * its place. */
int ol_realm_new(ol_realm **realm, ol_config *config, const ol_document *document,
                 const ol_realm *previous, ol_error *err);

/* ---- shared by the realm_build files ---- */

typedef struct ol_realm_build {
    ol_realm *realm;
    const ol_document *document;
    const ol_realm *previous; /* may be NULL */
    bool no_memory;
} ol_realm_build;

/* Zeroed arena memory; NULL and build->no_memory when there is none. */
void *ol_realm_alloc(ol_realm_build *build, size_t count, size_t size);
/* A copy in the realm. */
ol_slice ol_realm_keep(ol_realm_build *build, ol_slice bytes);
void ol_realm_index(ol_realm_build *build, ol_map *map, ol_slice key, const void *value);
/* The account of that id; made when nobody declared it, so that what it owns stays somebody's. */
const ol_realm_account *ol_realm_account_of(ol_realm_build *build, ol_slice id);
/* A text of the document; empty (data NULL) when it is not there. */
ol_slice ol_realm_text(const ol_document *record, const char *key);
void ol_realm_block(const ol_document *record, ol_public_access_block *out);
int ol_realm_add_access_points(ol_realm_build *build, ol_error *err);
int ol_realm_add_olaps(ol_realm_build *build, ol_error *err);

/* 64 hex digits that follow from the account's id, the same in every replica. False when the
 * digest could not be made. */
#define OL_CANONICAL_ID_SIZE 65
bool ol_canonical_id_make(char out[OL_CANONICAL_ID_SIZE], ol_slice account);

/* The alias of a door: NAME and the ending for the default account, else a beginning of the name
 * and a digest, because names are unique within an account only. */
#define OL_ALIAS_SIZE 64
void ol_alias_make(char out[OL_ALIAS_SIZE], bool default_account, ol_slice account, ol_slice name,
                   const char *ending);

#endif
