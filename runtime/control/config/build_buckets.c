/* SPDX-License-Identifier: MIT */
/*
 * Buckets and what is declared of them.
 */
#include <stdio.h>

#include "control/config/build.h"
#include "control/config/compile.h"

#define CORS_BYTES_MAX OL_CORS_BYTES_MAX

/* ---- CORS ---- */

static const ol_slice *texts_of(ol_builder *b, const ol_text_list *list)
{
    ol_slice *out = ol_build_alloc(b, list->count, sizeof(*out));
    for (size_t i = 0; out && i < list->count; i++)
        out[i] = list->items[i].bytes;
    return out;
}

static int parse_rules(ol_builder *b, const ol_draft_list *list, ol_cors **cors, ol_error *err)
{
    const ol_draft_cors_rule *given = list->items;
    ol_cors_rule *rules = ol_build_alloc(b, list->count, sizeof(*rules));
    if (!rules)
        return ol_error_set(err, OL_ENOMEM, "CORS rules");
    for (size_t i = 0; i < list->count; i++)
        rules[i] = (ol_cors_rule){
            .id = given[i].id.bytes,
            .origins = texts_of(b, &given[i].origins),
            .origin_count = given[i].origins.count,
            .methods = texts_of(b, &given[i].methods),
            .method_count = given[i].methods.count,
            .headers = texts_of(b, &given[i].headers),
            .header_count = given[i].headers.count,
            .expose = texts_of(b, &given[i].expose),
            .expose_count = given[i].expose.count,
            .max_age_s = given[i].max_age_s == OL_DRAFT_CHOICE_UNSET ? -1
                                                                     : (int64_t)given[i].max_age_s,
        };
    return b->no_memory ? OL_ENOMEM : ol_cors_new(rules, list->count, cors, err);
}

static int parse_cors(ol_builder *b, const char *label, const ol_draft_list *list, ol_cors **cors,
                      ol_error *err)
{
    const ol_draft_cors_rule *given = list->items;
    size_t texts = 0;
    for (size_t i = 0; i < list->count; i++) {
        if (given[i].xml.unknown || given[i].at.mistaken)
            return OL_SKIP;
        texts += given[i].xml.bytes.data != NULL;
    }
    if (texts == 0)
        return parse_rules(b, list, cors, err);
    if (list->count == 1)
        return ol_cors_parse(given[0].xml.bytes, cors, err);
    ol_build_mistake(b, given[0].at.line, "%s: cors: either rules, or one text of XML", label);
    return OL_SKIP;
}

/* What the API shows is the text that the rules make, however they were written. */
static int keep_cors(ol_builder *b, ol_cors *cors, ol_realm_bucket *out)
{
    ol_buf text;
    ol_buf_init(&text, CORS_BYTES_MAX * 2);
    int rc = ol_compile_hold_cors(b->draft->arena, cors);
    if (rc == OL_OK)
        rc = ol_cors_write(&text, cors);
    if (rc == OL_OK)
        out->cors_text = ol_arena_copy(b->draft->arena, ol_buf_slice(&text));
    ol_buf_fini(&text);
    out->cors = cors;
    return out->cors_text.data ? OL_OK : OL_ENOMEM;
}

static void build_cors(ol_builder *b, const char *label, const ol_draft_list *list,
                       ol_realm_bucket *out)
{
    ol_cors *cors = NULL;
    ol_error err = {0};
    if (list->count == 0)
        return;
    out->declared |= OL_DECLARED_CORS;
    int rc = parse_cors(b, label, list, &cors, &err);
    if (rc == OL_OK)
        rc = keep_cors(b, cors, out);
    else if (rc < 0 && rc != OL_ENOMEM)
        ol_build_mistake(b, ((const ol_draft_cors_rule *)list->items)[0].at.line, "%s: cors: %s",
                         label, err.message);
    b->no_memory |= rc == OL_ENOMEM;
}

/* ---- encryption ---- */

static void build_encryption(ol_builder *b, const char *label, const ol_draft_list *list,
                             ol_bucket_encryption *out)
{
    static const enum ol_s3_sse_method methods[] = {OL_S3_SSE_AES256, OL_S3_SSE_KMS,
                                                    OL_S3_SSE_DSSE};
    const ol_draft_encryption *given = list->items;
    if (list->count == 0)
        return;
    if (list->count > 1)
        ol_build_mistake(b, given[1].at.line, "%s: encryption: one rule, no list", label);
    *out = (ol_bucket_encryption){
        .given = true,
        .kms_key = given->key.bytes,
        .bucket_key = given->bucket_key == OL_DRAFT_YES,
        .blocks_customer_keys = given->sse_c == 1,
    };
    if (given->algorithm != OL_DRAFT_CHOICE_UNSET)
        out->method = methods[given->algorithm];
    if (out->kms_key.len > 0 && out->method != OL_S3_SSE_KMS && out->method != OL_S3_SSE_DSSE)
        ol_build_mistake(b, given->key.line,
                         "%s: encryption: a key goes with the algorithms aws:kms and aws:kms:dsse",
                         label);
}

/* ---- buckets ---- */

static enum ol_ownership ownership_of(uint32_t choice)
{
    static const enum ol_ownership choices[] = {OL_OWNERSHIP_BUCKET_OWNER_ENFORCED,
                                                OL_OWNERSHIP_BUCKET_OWNER_PREFERRED,
                                                OL_OWNERSHIP_OBJECT_WRITER};
    return choices[choice];
}

static void build_defaults(ol_builder *b)
{
    static const ol_draft_bucket_defaults none;
    const ol_draft_bucket_defaults *given =
        b->draft->bucket_defaults.count ? b->draft->bucket_defaults.items : &none;
    ol_realm_bucket *defaults = &b->config->bucket_defaults;
    const ol_draft_public_access *block = &given->public_access;
    b->config->accept_private_acl = given->accept_private_acl != OL_DRAFT_NO;
    defaults->owner = &b->config->accounts[0];
    defaults->origin = b->config->default_origin;
    defaults->ownership = ownership_of(given->ownership);
    defaults->public_access_block =
        block->given ? ol_build_block(block) : OL_PUBLIC_ACCESS_BLOCK_ALL;
    defaults->has_public_access_block = !block->given || block->all != OL_DRAFT_NO;
    build_encryption(b, "bucket_defaults", &given->encryption, &defaults->encryption);
}

static void build_bucket_policy(ol_builder *b, const char *label, const ol_draft_bucket *from,
                                ol_realm_bucket *to)
{
    char where[OL_BUILD_LABEL_SIZE + 16];
    ol_slice arn = ol_slice_cstr(ol_build_text(b, "arn:aws:s3:::%.*s", OL_SLICE_FMT(to->name)));
    const ol_policy_rules rules = {.kind = OL_POLICY_BUCKET, .arn = arn};
    if (from->policy.count == 0)
        return;
    snprintf(where, sizeof(where), "%s: policy", label);
    to->declared |= OL_DECLARED_POLICY;
    ol_build_policy(b, where, &from->policy, &rules, &to->policy);
}

static void build_bucket(ol_builder *b, const ol_draft_bucket *from, ol_realm_bucket *to)
{
    char label[OL_BUILD_LABEL_SIZE];
    ol_build_label("bucket", &from->at, label);
    ol_build_index_once(b, b->buckets, "bucket", &from->at);
    *to = b->config->bucket_defaults;
    to->name = from->at.name.bytes;
    to->declared = OL_DECLARED_BLOCK;
    if (from->account.bytes.data) {
        to->owner = ol_build_account(b, label, &from->account);
        to->declared |= OL_DECLARED_OWNER;
    }
    to->origin = ol_build_origin_index(b, label, &from->origin);
    to->subresources_of_origin = from->subresources == 1;
    b->config->uses_store |= to->origin == 0;
    if (to->subresources_of_origin && to->origin == 0)
        ol_build_mistake(b, from->at.line,
                         "%s: subresources = \"origin\" goes with a remote origin only", label);
    if (from->public_access.given) {
        to->public_access_block = ol_build_block(&from->public_access);
        to->has_public_access_block = from->public_access.all != OL_DRAFT_NO;
        to->declared |= OL_DECLARED_PUBLIC_ACCESS_BLOCK;
    }
    if (from->ownership != OL_DRAFT_CHOICE_UNSET) {
        to->ownership = ownership_of(from->ownership);
        to->declared |= OL_DECLARED_OWNERSHIP;
    }
    to->client_encryption = ol_build_client_encryption(b, label, &from->client_encryption);
    build_bucket_policy(b, label, from, to);
    build_cors(b, label, &from->cors, to);
    if (from->encryption.count > 0) {
        to->declared |= OL_DECLARED_ENCRYPTION;
        build_encryption(b, label, &from->encryption, &to->encryption);
    }
}

void ol_build_buckets(ol_builder *b)
{
    const ol_draft_bucket *given = b->draft->buckets.items;
    size_t count = b->draft->buckets.count;
    ol_realm_bucket *buckets = ol_build_alloc(b, count, sizeof(*buckets));
    build_defaults(b);
    for (size_t i = 0; buckets && i < count; i++)
        build_bucket(b, &given[i], &buckets[i]);
    b->config->buckets = buckets;
    b->config->bucket_count = buckets ? count : 0;
}
