/* SPDX-License-Identifier: MIT */
/*
 * Rules for what clients encrypted: from a draft to the form in which requests use them.
 */
#include <openssl/evp.h>

#include "control/config/build.h"
#include "control/config/names.h"

#define DIGEST_INPUT_BYTES_MAX (64u * OL_KIB)
#define SAFE_FORMATS (OL_SEALED_S3_V2 | OL_SEALED_S3_V3 | OL_SEALED_AWS_SDK)

const ol_client_encryption ol_client_encryption_none = {
    .rules.instruction_suffix = {(const uint8_t *)".instruction", 12}};

/* ---- what is given ---- */

static unsigned format_bits(const ol_text_list *names)
{
    unsigned bits = 0;
    enum ol_sealed_format one;
    for (size_t i = 0; i < names->count; i++)
        if (!names->items[i].unknown && ol_name_sealed_format_parse(names->items[i].bytes, &one))
            bits |= one;
    return bits;
}

static void build_context(ol_builder *b, const char *label, const ol_draft_list *given,
                          ol_client_encryption *to)
{
    const ol_draft_pair *pairs = given->items;
    to->has_context = given->count > 0;
    for (size_t i = 0; i < given->count; i++)
        if (pairs[i].values.count != 1 || ol_context_add(&to->context, pairs[i].at.name.bytes,
                                                         pairs[i].values.items[0].bytes) != OL_OK)
            ol_build_mistake(b, pairs[i].at.line,
                             "%s: context: names and one text each, %d at most", label,
                             OL_CONTEXT_PAIRS_MAX);
}

static void build_keys(ol_builder *b, const char *label, const ol_text_list *given,
                       ol_client_encryption *to)
{
    ol_slice *keys = ol_build_alloc(b, given->count, sizeof(*keys));
    for (size_t i = 0; keys && i < given->count; i++)
        if (ol_build_resolve(b, b->client_keys, label, "client_key", &given->items[i]))
            keys[to->key_count++] = given->items[i].bytes;
    to->keys = keys;
}

/* ---- the digest: whatever changes what comes out changes it ---- */

static void add(ol_builder *b, ol_buf *out, ol_slice item)
{
    if (ol_buf_addf(out, "%zu:%.*s,", item.len, OL_SLICE_FMT(item)) != OL_OK)
        b->no_memory = true;
}

static void make_digest(ol_builder *b, ol_client_encryption *to)
{
    ol_buf text;
    ol_buf_init(&text, DIGEST_INPUT_BYTES_MAX);
    ol_buf_addf(&text, "client encryption 1 %u %d %d %d %d %d %d %d ", to->rules.formats,
                to->rules.legacy, to->rules.require_commitment, to->rules.ranged, to->unverified,
                to->instruction_files, to->passes_sealed, to->refuses_plain);
    add(b, &text, to->rules.instruction_suffix);
    for (size_t i = 0; i < to->key_count; i++)
        add(b, &text, to->keys[i]);
    ol_buf_add_byte(&text, ';');
    for (size_t i = 0; i < to->context.count; i++) {
        add(b, &text, to->context.pairs[i].name);
        add(b, &text, to->context.pairs[i].value);
    }
    unsigned len = 0;
    if (EVP_Digest(text.data, text.len, to->digest, &len, EVP_sha256(), NULL) != 1)
        b->no_memory = true;
    ol_buf_fini(&text);
}

/* ---- one rule ---- */

static void check(ol_builder *b, const char *label, const ol_draft_client_encryption *from,
                  const ol_client_encryption *to)
{
    int line = from->at.line;
    unsigned legacy_only = OL_SEALED_S3_V1 | OL_SEALED_OPENSSL;
    if (from->keys.count == 0 && from->formats.count > 0)
        ol_build_mistake(b, line, "%s: client_encryption: \"formats\" without \"keys\"", label);
    if (!to->rules.legacy && (to->rules.formats & legacy_only))
        ol_build_mistake(b, line,
                         "%s: client_encryption: s3-v1 and openssl are not authenticated: they "
                         "need legacy = true",
                         label);
    if (to->passes_sealed && to->refuses_plain)
        ol_build_mistake(b, line,
                         "%s: client_encryption: otherwise = \"pass\" and plain = \"refuse\" "
                         "contradict each other",
                         label);
    if (to->unverified == OL_UNVERIFIED_SPOOL && !b->config->spool.folder)
        ol_build_mistake(b, line, "%s: client_encryption: unverified = \"spool\" needs a spool { folder = … }",
                         label);
}

const ol_client_encryption *ol_build_client_encryption(ol_builder *b, const char *label,
                                                       const ol_draft_client_encryption *from)
{
    if (!from->given)
        return NULL;
    ol_client_encryption *to = ol_build_alloc(b, 1, sizeof(*to));
    if (!to)
        return NULL;
    build_keys(b, label, &from->keys, to);
    build_context(b, label, &from->context, to);
    to->rules = (ol_sealed_rules){
        .formats = to->key_count == 0        ? 0
                   : from->formats.count > 0 ? format_bits(&from->formats)
                                             : SAFE_FORMATS,
        .legacy = from->legacy == OL_DRAFT_YES,
        .require_commitment = from->commitment == 1,
        .ranged = from->ranges == 1,
        .unverified_stream = from->unverified == OL_UNVERIFIED_STREAM,
        .instruction_suffix = from->instruction_suffix.bytes.data
                                  ? from->instruction_suffix.bytes
                                  : ol_client_encryption_none.rules.instruction_suffix,
    };
    to->unverified = (enum ol_unverified)from->unverified;
    to->instruction_files = from->instruction_files == OL_DRAFT_YES;
    to->passes_sealed = from->otherwise == 1;
    to->refuses_plain = from->plain == 1;
    to->index = b->config->client_encryption_count;
    check(b, label, from, to);
    make_digest(b, to);
    const ol_client_encryption **grown =
        ol_build_alloc(b, to->index + 1, sizeof(*grown));
    if (!grown)
        return NULL;
    if (to->index > 0)
        memcpy(grown, b->config->client_encryptions, to->index * sizeof(*grown));
    grown[to->index] = to;
    b->config->client_encryptions = grown;
    b->config->client_encryption_count++;
    return to;
}

/* ---- the spool, and the rules of all and of origins ---- */

static void build_spool(ol_builder *b)
{
    ol_draft_spool none = {.bytes = OL_DRAFT_SPOOL_BYTES};
    const ol_draft_spool *given = b->draft->spool.count ? b->draft->spool.items : &none;
    b->config->spool.folder = given->folder.unknown ? NULL : (const char *)given->folder.bytes.data;
    b->config->spool.bytes = given->bytes;
    b->config->spool.object_bytes = given->object_bytes ? given->object_bytes : given->bytes;
    if (b->config->spool.object_bytes > given->bytes)
        ol_build_mistake(b, given->at.line, "spool: object_bytes is above bytes");
}

void ol_build_client_encryptions(ol_builder *b)
{
    const ol_draft_origin *given = b->draft->origins.items;
    ol_config_origin *origins = (ol_config_origin *)(uintptr_t)b->config->origins;
    char label[OL_BUILD_LABEL_SIZE];
    build_spool(b);
    if (b->draft->client_encryption.count > 0)
        b->config->client_encryption =
            ol_build_client_encryption(b, "all", b->draft->client_encryption.items);
    for (size_t i = 0; origins && i < b->draft->origins.count; i++)
        origins[i + 1].client_encryption =
            ol_build_client_encryption(b, ol_build_label("origin", &given[i].at, label),
                                       &given[i].client_encryption);
}
