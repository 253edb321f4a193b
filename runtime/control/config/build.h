/* SPDX-License-Identifier: MIT */
/*
 * From a draft to a snapshot: defaults are filled in, references resolved, names held
 * against each other. Every mistake goes to the draft's report. Private to this room.
 */
#ifndef OL_CONTROL_BUILD_H
#define OL_CONTROL_BUILD_H

#include "access/policy.h"
#include "base/map.h"
#include "control/config/draft.h"

/* OL_OK: *config has one reference and owns the draft's arena. Otherwise OL_ECONFIG (see the
 * report) or OL_ENOMEM. `file` may be NULL. */
int ol_draft_build(ol_draft *draft, const char *file, ol_config **config);

/* ---- shared by the build_*.c files ---- */

typedef struct ol_builder {
    ol_draft *draft;
    ol_config *config;
    /* What stands under a name (ol_draft_place), for references and against duplicates. Users,
     * groups, roles and doors: under "ACCOUNT/NAME". */
    ol_map *accounts, *buckets, *access_points, *transforms, *olaps, *users, *groups, *roles, *keys,
        *addresses, *origins, *vpcs, *serials, *kms, *client_keys;
    ol_vouch_keys plugin_keys;
    ol_draft_list specs; /* of ol_transform_spec: becomes config->transforms */
    bool no_memory;
} ol_builder;

/* Zeroed arena memory; NULL and b->no_memory when there is none. */
void *ol_build_alloc(ol_builder *b, size_t count, size_t size);
/* Formatted arena text; "" and b->no_memory when there is none. */
const char *ol_build_text(ol_builder *b, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Put the block under the name. The one that stands there already, or NULL. */
const ol_draft_place *ol_build_index(ol_builder *b, ol_map *map, ol_slice name,
                                     const ol_draft_place *at);
/* As above, and a second one of that name is a mistake: `WORD "name": stands on line … already`. */
void ol_build_index_once(ol_builder *b, ol_map *map, const char *word, const ol_draft_place *at);
/* The reference must lead somewhere: `LABEL: unknown WORD "…"`. An unknown text passes as false,
 * without a second mistake. */
bool ol_build_resolve(ol_builder *b, const ol_map *map, const char *label, const char *word,
                      const ol_text *reference);
void ol_build_mistake(ol_builder *b, int line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* `WORD "name"`, for the beginning of a mistake. */
#define OL_BUILD_LABEL_SIZE 120
const char *ol_build_label(const char *word, const ol_draft_place *at,
                           char out[OL_BUILD_LABEL_SIZE]);

/* "ACCOUNT/NAME" in the arena. */
ol_slice ol_build_key(ol_builder *b, ol_slice account, ol_slice name);
/* The account that a block names; the default one when it names none, or one that is unknown (a
 * mistake then). */
const ol_realm_account *ol_build_account(ol_builder *b, const char *label, const ol_text *name);
ol_public_access_block ol_build_block(const ol_draft_public_access *given);
/* Index of the origin that a text names; of the default one when it names none. */
unsigned ol_build_origin_index(ol_builder *b, const char *label, const ol_text *name);

/* A door of that account that nobody declares: `LABEL: unknown WORD "…"`. */
void ol_build_unknown_door(ol_builder *b, const ol_map *map, const char *label, const char *word,
                           ol_slice account, const ol_text *name);

/* build_policies.c. `out` has room for as many as the list has items. The number of policies made;
 * mistakes begin with the label. Policies live as long as the snapshot. */
size_t ol_build_policies(ol_builder *b, const char *label, const ol_draft_list *list,
                         const ol_policy_rules *rules, ol_realm_policy *out);
/* The same of what has one policy at most. */
void ol_build_policy(ol_builder *b, const char *label, const ol_draft_list *list,
                     const ol_policy_rules *rules, ol_realm_policy *out);

/* build_client_encryption.c: NULL when nothing was written. */
const ol_client_encryption *ol_build_client_encryption(ol_builder *b, const char *label,
                                                       const ol_draft_client_encryption *from);

/* In this order. */
void ol_build_origins(ol_builder *b);    /* and where control state is kept */
void ol_build_keys(ol_builder *b);       /* after origins */
void ol_build_client_encryptions(ol_builder *b); /* of all and of origins; the spool */
void ol_build_accounts(ol_builder *b);
void ol_build_listeners(ol_builder *b);  /* and VPCs, session keys */
void ol_build_buckets(ol_builder *b);
void ol_build_places(ol_builder *b);     /* buckets and access points */
void ol_build_transforms(ol_builder *b);
void ol_build_olaps(ol_builder *b);
void ol_build_views(ol_builder *b);      /* what is kept of views */
void ol_build_identities(ol_builder *b); /* they may name views */
void ol_build_master_keys(ol_builder *b);
/* build_views.c: how an Object Lambda access point answers. */
void ol_build_view_options(ol_builder *b, const char *label, const ol_draft_olap *from,
                           ol_view_options *to);
/* build_transforms.c: what a step names must be known; what ships joins the list when first named. */
void ol_build_step_transform(ol_builder *b, const char *label, const ol_text *name);
/* Every transform that ships, because the API may name them. */
void ol_build_shipped(ol_builder *b);

#endif
