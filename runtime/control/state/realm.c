/* SPDX-License-Identifier: MIT */
#include "control/state/realm_private.h"

#include "base/alloc.h"
#include "control/config/names.h"

ol_realm *ol_realm_acquire(ol_realm *realm)
{
    __atomic_add_fetch(&realm->references, 1, __ATOMIC_RELAXED);
    return realm;
}

void ol_realm_release(ol_realm *realm)
{
    if (!realm || __atomic_sub_fetch(&realm->references, 1, __ATOMIC_ACQ_REL) > 0)
        return;
    ol_map *maps[] = {realm->account_map,      realm->canonical_map,
                      realm->bucket_map,       realm->access_point_map,
                      realm->olap_map,         realm->access_point_alias_map,
                      realm->olap_alias_map};
    for (size_t i = 0; i < sizeof(maps) / sizeof(maps[0]); i++)
        if (maps[i])
            ol_map_destroy(maps[i], NULL);
    ol_config *config = realm->config;
    ol_arena_destroy(realm->arena); /* the realm lives there */
    ol_config_release(config);
}

bool ol_realm_is_complete(const ol_realm *realm)
{
    return !realm->incomplete;
}

const ol_config *ol_realm_config(const ol_realm *realm)
{
    return realm->config;
}

/* ---- accounts and identities ---- */

const ol_realm_account *ol_realm_default_account(const ol_realm *realm)
{
    return realm->default_account;
}

const ol_realm_account *ol_realm_find_account(const ol_realm *realm, ol_slice id)
{
    return ol_map_get(realm->account_map, id);
}

const ol_realm_account *ol_realm_find_account_by_canonical_id(const ol_realm *realm, ol_slice id)
{
    return ol_map_get(realm->canonical_map, id);
}

const ol_realm_key *ol_realm_find_key(const ol_realm *realm, ol_slice access_key)
{
    return ol_map_get(realm->config->key_map, access_key);
}

const ol_identity *ol_realm_find_identity(const ol_realm *realm, ol_slice arn)
{
    return ol_map_get(realm->config->identity_map, arn);
}

const ol_realm_role *ol_realm_find_role(const ol_realm *realm, ol_slice arn)
{
    return ol_map_get(realm->config->role_map, arn);
}

const ol_identity *ol_realm_find_certificate(const ol_realm *realm, ol_slice subject)
{
    return ol_map_get(realm->config->certificate_map, subject);
}

const ol_realm_mfa *ol_realm_find_mfa(const ol_realm *realm, const ol_identity *identity,
                                      ol_slice serial)
{
    const ol_realm_mfa *mfa = ol_map_get(realm->config->mfa_map, serial);
    return mfa && mfa->identity == identity ? mfa : NULL;
}

/* ---- buckets ---- */

const ol_realm_bucket *ol_realm_bucket_of(const ol_realm *realm, ol_slice name)
{
    const ol_realm_bucket *bucket = ol_map_get(realm->bucket_map, name);
    return bucket ? bucket : &realm->defaults;
}

const ol_realm_bucket *ol_realm_next_bucket(const ol_realm *realm, ol_slice after)
{
    size_t low = 0, high = realm->bucket_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (ol_slice_cmp(realm->buckets[middle].name, after) <= 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low < realm->bucket_count ? &realm->buckets[low] : NULL;
}

/* ---- doors ---- */

static void *find_door(const ol_map *map, ol_slice account, ol_slice name)
{
    char key[OL_DOCUMENT_KEY_SIZE];
    ol_document_key(key, account, name);
    return ol_map_get(map, ol_slice_cstr(key));
}

static int compare_door(const ol_realm_account *a, ol_slice a_name, ol_slice b_account,
                        ol_slice b_name)
{
    int order = ol_slice_cmp(a->id, b_account);
    return order ? order : ol_slice_cmp(a_name, b_name);
}

const ol_realm_access_point *ol_realm_find_access_point(const ol_realm *realm, ol_slice account,
                                                        ol_slice name)
{
    return find_door(realm->access_point_map, account, name);
}

const ol_realm_access_point *ol_realm_find_access_point_by_alias(const ol_realm *realm,
                                                                 ol_slice alias)
{
    return ol_map_get(realm->access_point_alias_map, alias);
}

const ol_realm_access_point *ol_realm_next_access_point(const ol_realm *realm, ol_slice account,
                                                        ol_slice bucket, ol_slice after)
{
    size_t low = 0, high = realm->access_point_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const ol_realm_access_point *point = &realm->access_points[middle];
        if (compare_door(point->account, point->name, account, after) <= 0)
            low = middle + 1;
        else
            high = middle;
    }
    for (; low < realm->access_point_count; low++) {
        const ol_realm_access_point *point = &realm->access_points[low];
        if (!ol_slice_eq(point->account->id, account))
            return NULL;
        if (bucket.len == 0 || ol_slice_eq(point->bucket, bucket))
            return point;
    }
    return NULL;
}

size_t ol_realm_access_points_of(const ol_realm *realm, ol_slice bucket)
{
    size_t count = 0;
    for (size_t i = 0; i < realm->access_point_count; i++)
        count += ol_slice_eq(realm->access_points[i].bucket, bucket);
    return count;
}

const ol_realm_olap *ol_realm_find_olap(const ol_realm *realm, ol_slice account, ol_slice name)
{
    return find_door(realm->olap_map, account, name);
}

const ol_realm_olap *ol_realm_find_olap_by_alias(const ol_realm *realm, ol_slice alias)
{
    return ol_map_get(realm->olap_alias_map, alias);
}

const ol_realm_view *ol_realm_view_for(const ol_realm_olap *olap, enum ol_realm_action action)
{
    const ol_realm_view *own = olap->by_action[action];
    bool delegates = olap->options.unconfigured == OL_VIEW_UNCONFIGURED_DELEGATE;
    return own || delegates ? own : olap->by_action[OL_ACTION_GET_OBJECT];
}

/* A listing shows what its entries are like when they are read: originals, where GetObject is
 * delegated. */
bool ol_realm_view_suffices(const ol_realm_olap *olap, enum ol_realm_action action)
{
    bool lists = action == OL_ACTION_LIST_OBJECTS || action == OL_ACTION_LIST_OBJECTS_V2;
    return ol_realm_view_for(olap, action) && (!lists || olap->by_action[OL_ACTION_GET_OBJECT]);
}

const ol_realm_olap *ol_realm_next_olap(const ol_realm *realm, ol_slice account, ol_slice after)
{
    size_t low = 0, high = realm->olap_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const ol_realm_olap *olap = &realm->olaps[middle];
        if (compare_door(olap->account, olap->name, account, after) <= 0)
            low = middle + 1;
        else
            high = middle;
    }
    bool found = low < realm->olap_count && ol_slice_eq(realm->olaps[low].account->id, account);
    return found ? &realm->olaps[low] : NULL;
}
