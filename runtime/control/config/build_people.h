/* SPDX-License-Identifier: MIT */
/*
 * What proves an identity: keys, certificates, devices for one-time codes. Private to
 * build_identities.c and build_keys.c.
 */
#ifndef OL_CONTROL_BUILD_PEOPLE_H
#define OL_CONTROL_BUILD_PEOPLE_H

#include "control/config/build.h"
#include "control/config/compile.h"
#include "control/state/realm_private.h"

typedef struct ol_people_builder {
    ol_builder *b;
    ol_draft_list identities; /* of const ol_identity * */
    ol_draft_list keys;       /* of ol_realm_key */
} ol_people_builder;

void ol_people_add(ol_people_builder *people, const ol_identity *identity);
/* `needed`: somebody without any proof is a mistake. Nothing here puts a key into a mistake. */
void ol_people_add_keys(ol_people_builder *people, const char *word, const ol_draft_user *user,
                        const ol_identity *identity, bool needed);
/* Into the snapshot. */
void ol_people_finish(ol_people_builder *people);
/* A name may stand once in an account. */
void ol_build_person_once(ol_builder *b, ol_map *map, const char *label, ol_slice account,
                          const ol_draft_place *at);

#endif
