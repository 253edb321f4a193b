/* SPDX-License-Identifier: MIT */
/*
 * A realm: what the configuration declares is copied (its texts stay where they are, for the
 * realm holds the configuration), then what the document says is laid over it. What the file
 * declares goes first: where both speak, the document's word is passed over.
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/encode.h"
#include "control/config/compile.h"
#include "control/config/names.h"
#include "control/state/realm_private.h"
#include "s3/sigv4/hmac.h"

#define REALM_BYTES_MAX ((size_t)1 << 30) /* the document has a limit of its own */

void *ol_realm_alloc(ol_realm_build *build, size_t count, size_t size)
{
    void *block = ol_arena_calloc(build->realm->arena, (count ? count : 1) * size);
    build->no_memory |= !block;
    return block;
}

ol_slice ol_realm_keep(ol_realm_build *build, ol_slice bytes)
{
    if (bytes.len == 0)
        return OL_SLICE_NONE;
    ol_slice copy = ol_arena_copy(build->realm->arena, bytes);
    build->no_memory |= !copy.data;
    return copy;
}

void ol_realm_index(ol_realm_build *build, ol_map *map, ol_slice key, const void *value)
{
    if (ol_map_put(map, key, (void *)(uintptr_t)value, NULL) != OL_OK)
        build->no_memory = true;
}

ol_slice ol_realm_text(const ol_document *record, const char *key)
{
    const json_t *value = json_object_get(record, key);
    return value ? ol_slice_of(json_string_value(value), json_string_length(value))
                 : OL_SLICE_NONE;
}

void ol_realm_block(const ol_document *record, ol_public_access_block *out)
{
    *out = (ol_public_access_block){
        json_is_true(json_object_get(record, "block_public_acls")),
        json_is_true(json_object_get(record, "ignore_public_acls")),
        json_is_true(json_object_get(record, "block_public_policy")),
        json_is_true(json_object_get(record, "restrict_public_buckets")),
    };
}

/* ---- accounts ---- */

static void index_account(ol_realm_build *build, const ol_realm_account *account)
{
    ol_realm_index(build, build->realm->account_map, account->id, account);
    ol_realm_index(build, build->realm->canonical_map, account->canonical_id, account);
}

bool ol_canonical_id_make(char out[OL_CANONICAL_ID_SIZE], ol_slice account)
{
    static const char prefix[] = "objlens canonical id ";
    uint8_t digest[OL_SHA256_BYTES];
    ol_sha256 sha;
    ol_sha256_init(&sha);
    ol_sha256_update(&sha, prefix, sizeof(prefix) - 1);
    ol_sha256_update(&sha, account.data, account.len); /* of any length: what it is, is judged elsewhere */
    ol_sha256_final(&sha, digest);
    ol_hex_encode(digest, sizeof(digest), out);
    return true;
}

static ol_realm_account *add_account(ol_realm_build *build, ol_slice id)
{
    char canonical_id[OL_CANONICAL_ID_SIZE];
    ol_realm_account *account = ol_realm_alloc(build, 1, sizeof(*account));
    if (!account || !ol_canonical_id_make(canonical_id, id)) {
        build->no_memory = true;
        return NULL;
    }
    account->id = ol_realm_keep(build, id);
    account->canonical_id = ol_realm_keep(build, ol_slice_cstr(canonical_id));
    index_account(build, account);
    return account;
}

const ol_realm_account *ol_realm_account_of(ol_realm_build *build, ol_slice id)
{
    const ol_realm_account *account = ol_map_get(build->realm->account_map, id);
    if (!account)
        account = add_account(build, id);
    return account ? account : build->realm->default_account; /* only when memory is out */
}

static void add_accounts(ol_realm_build *build)
{
    const ol_config *config = build->realm->config;
    ol_realm_account *accounts = ol_realm_alloc(build, config->account_count, sizeof(*accounts));
    if (!accounts)
        return;
    memcpy(accounts, config->accounts, config->account_count * sizeof(*accounts));
    build->realm->default_account = &accounts[0];
    for (size_t i = 0; i < config->account_count; i++)
        index_account(build, &accounts[i]);
}

static void overlay_accounts(ol_realm_build *build)
{
    const char *id;
    json_t *record;
    json_t *records = json_object_get(build->document, OL_DOCUMENT_ACCOUNTS);
    json_object_foreach(records, id, record)
    {
        ol_realm_account *account =
            (ol_realm_account *)(uintptr_t)ol_realm_account_of(build, ol_slice_cstr(id));
        if (build->no_memory)
            return;
        if (account->public_access_block_declared)
            continue;
        account->has_public_access_block = true;
        ol_realm_block(json_object_get(record, "public_access_block"),
                       &account->public_access_block);
    }
}

/* ---- buckets ---- */

static void overlay_switches(const json_t *record, ol_realm_bucket *bucket)
{
    const json_t *block = json_object_get(record, "public_access_block");
    const json_t *ownership = json_object_get(record, "ownership");
    if (block && !(bucket->declared & OL_DECLARED_PUBLIC_ACCESS_BLOCK)) {
        bucket->has_public_access_block = json_is_object(block);
        ol_realm_block(block, &bucket->public_access_block);
    }
    if (ownership && !(bucket->declared & OL_DECLARED_OWNERSHIP) &&
        !ol_ownership_from_name(ol_realm_text(record, "ownership"), &bucket->ownership))
        bucket->ownership = OL_OWNERSHIP_NONE;
}

static int overlay_acl(ol_realm_build *build, ol_slice text, ol_realm_bucket *bucket, ol_error *err)
{
    ol_acl *acl = ol_realm_alloc(build, 1, sizeof(*acl));
    if (!acl)
        return OL_ENOMEM;
    bucket->acl_text = ol_realm_keep(build, text);
    int rc = ol_acl_read_text(bucket->acl_text, bucket->owner->canonical_id, build->realm->arena,
                              acl, err);
    bucket->acl = acl;
    return rc;
}

static int overlay_documents(ol_realm_build *build, const json_t *record, ol_realm_bucket *bucket,
                             ol_error *err)
{
    const ol_realm_bucket *known =
        build->previous ? ol_realm_bucket_of(build->previous, bucket->name) : NULL;
    ol_arena *arena = build->realm->arena;
    ol_slice policy = ol_realm_text(record, "policy"), cors = ol_realm_text(record, "cors");
    ol_slice acl = ol_realm_text(record, "acl");
    int rc = OL_OK;
    char arn[OL_BUCKET_NAME_MAX + 16];
    snprintf(arn, sizeof(arn), "arn:aws:s3:::%.*s", OL_SLICE_FMT(bucket->name));
    const ol_policy_rules rules = {.kind = OL_POLICY_BUCKET,
                                   .arn = ol_slice_cstr(arn),
                                   .bytes_max = OL_CONFIG_POLICY_BYTES_MAX};
    if (policy.len && !(bucket->declared & OL_DECLARED_POLICY))
        rc = ol_compile_policy(arena, policy, &rules, known ? &known->policy : NULL,
                               &bucket->policy, err);
    if (bucket->policy.policy && !(bucket->declared & OL_DECLARED_POLICY))
        bucket->policy_binds_root = json_is_true(json_object_get(record, "binds_root"));
    if (rc == OL_OK && cors.len && !(bucket->declared & OL_DECLARED_CORS))
        rc = ol_compile_cors(arena, cors, known, bucket, err);
    ol_slice encryption = ol_realm_text(record, "encryption");
    if (rc == OL_OK && encryption.len && !(bucket->declared & OL_DECLARED_ENCRYPTION))
        rc = ol_compile_encryption(arena, encryption, &bucket->encryption, err);
    if (rc == OL_OK && acl.len)
        rc = overlay_acl(build, acl, bucket, err);
    bucket->tags_text = ol_realm_keep(build, ol_realm_text(record, "tags"));
    return rc;
}

static int overlay_bucket(ol_realm_build *build, const json_t *record, ol_realm_bucket *bucket,
                          ol_error *err)
{
    ol_slice owner = ol_realm_text(record, "owner");
    if (owner.len && !(bucket->declared & OL_DECLARED_OWNER))
        bucket->owner = ol_realm_account_of(build, owner);
    overlay_switches(record, bucket);
    int rc = overlay_documents(build, record, bucket, err);
    if (rc < 0 && rc != OL_ENOMEM) {
        char why[160];
        snprintf(why, sizeof(why), "%.150s", err->detail[0] ? err->detail : err->message);
        ol_error_clear(err);
        ol_error_set(err, OL_ECONFIG, "bucket \"%.*s\": %s", OL_SLICE_FMT(bucket->name), why);
    }
    return rc;
}

static ol_realm_bucket *copy_buckets(ol_realm_build *build, size_t more)
{
    const ol_config *config = build->realm->config;
    ol_realm *realm = build->realm;
    ol_realm_bucket *buckets =
        ol_realm_alloc(build, config->bucket_count + more, sizeof(*buckets));
    if (!buckets)
        return NULL;
    for (size_t i = 0; i < config->bucket_count; i++) {
        buckets[i] = config->buckets[i];
        buckets[i].owner = ol_realm_account_of(build, config->buckets[i].owner->id);
        ol_realm_index(build, realm->bucket_map, buckets[i].name, &buckets[i]);
    }
    realm->buckets = buckets;
    realm->bucket_count = config->bucket_count;
    return buckets;
}

static int by_name(const void *left, const void *right)
{
    const ol_realm_bucket *a = left, *b = right;
    return ol_slice_cmp(a->name, b->name);
}

static int add_buckets(ol_realm_build *build, ol_error *err)
{
    ol_realm *realm = build->realm;
    json_t *records = json_object_get(build->document, OL_DOCUMENT_BUCKETS), *record;
    realm->defaults = realm->config->bucket_defaults;
    realm->defaults.owner = realm->default_account;
    ol_realm_bucket *buckets = copy_buckets(build, json_object_size(records));
    const char *key;
    json_object_foreach(records, key, record)
    {
        if (build->no_memory)
            return OL_ENOMEM;
        ol_slice name = ol_slice_cstr(key);
        ol_realm_bucket *bucket = ol_map_get(realm->bucket_map, name);
        if (!bucket) {
            bucket = &buckets[realm->bucket_count++];
            *bucket = realm->defaults;
            bucket->name = ol_realm_keep(build, name);
        }
        int rc = overlay_bucket(build, record, bucket, err);
        if (rc != OL_OK)
            return rc;
    }
    if (build->no_memory)
        return OL_ENOMEM;
    qsort(buckets, realm->bucket_count, sizeof(*buckets), by_name);
    for (size_t i = 0; i < realm->bucket_count; i++) /* they have moved */
        ol_realm_index(build, realm->bucket_map, buckets[i].name, &buckets[i]);
    return OL_OK;
}

/* ---- all of it ---- */

static ol_realm *make_realm(ol_config *config)
{
    ol_arena *arena = ol_arena_new(REALM_BYTES_MAX);
    ol_realm *realm = arena ? ol_arena_calloc(arena, sizeof(*realm)) : NULL;
    if (!realm) {
        if (arena)
            ol_arena_destroy(arena);
        return NULL;
    }
    realm->arena = arena;
    realm->references = 1;
    realm->config = ol_config_acquire(config);
    ol_map **maps[] = {&realm->account_map,      &realm->canonical_map,
                       &realm->bucket_map,       &realm->access_point_map,
                       &realm->olap_map,         &realm->access_point_alias_map,
                       &realm->olap_alias_map};
    bool ok = true;
    for (size_t i = 0; i < sizeof(maps) / sizeof(maps[0]); i++)
        ok = (*maps[i] = ol_map_new()) && ok;
    if (ok)
        return realm;
    ol_realm_release(realm);
    return NULL;
}

static int build_all(ol_realm_build *build, ol_error *err)
{
    add_accounts(build);
    if (!build->no_memory)
        overlay_accounts(build);
    int rc = build->no_memory ? OL_ENOMEM : add_buckets(build, err);
    if (rc == OL_OK)
        rc = ol_realm_add_access_points(build, err);
    if (rc == OL_OK)
        rc = ol_realm_add_olaps(build, err);
    return rc == OL_OK && build->no_memory ? OL_ENOMEM : rc;
}

int ol_realm_new(ol_realm **out, ol_config *config, const ol_document *document,
                 const ol_realm *previous, ol_error *err)
{
    ol_realm_build build = {
        .realm = make_realm(config), .document = document, .previous = previous};
    if (!build.realm)
        return ol_error_set(err, OL_ENOMEM, "realm");
    int rc = build_all(&build, err);
    if (rc == OL_OK) {
        *out = build.realm;
        return OL_OK;
    }
    ol_realm_release(build.realm);
    return ol_error_set(err, rc, "realm");
}
