/* SPDX-License-Identifier: MIT */
/* The table of S3's query parameters, and the decoding of a query into a list. */
#include "s3/request/params.h"

#include "s3/request/query.h"

/* `refused`: the levels at which this is a subresource, or changes the answer, and is not
 * there. 0: served, or harmless. Which of the served ones are subresources, the routes of
 * address_operation.c say. */
static const struct known {
    const char *name;
    unsigned refused;
} known_params[] = {
    {"abac", OL_S3_BUCKET},
    {"accelerate", OL_S3_BUCKET},
    {"acl", 0},
    {"analytics", OL_S3_BUCKET},
    {"append", OL_S3_OBJECT},
    {"attributes", 0},
    {"bucket-region", OL_S3_SERVICE},
    {"continuation-token", 0},
    {"cors", 0},
    {"delete", 0},
    {"delimiter", 0},
    {"encoding-type", 0},
    {"encryption", OL_S3_OBJECT},
    {"fetch-owner", 0},
    {"intelligent-tiering", OL_S3_BUCKET},
    {"inventory", OL_S3_BUCKET},
    {"key-marker", 0},
    {"legal-hold", OL_S3_OBJECT},
    {"lifecycle", OL_S3_BUCKET},
    {"list-type", 0},
    {"location", 0},
    {"logging", OL_S3_BUCKET},
    {"marker", 0},
    {"max-buckets", 0},
    {"max-directory-buckets", OL_S3_SERVICE},
    {"max-keys", 0},
    {"max-parts", 0},
    {"max-uploads", 0},
    {"metadataConfiguration", OL_S3_BUCKET},
    {"metadataInventoryTable", OL_S3_BUCKET},
    {"metadataJournalTable", OL_S3_BUCKET},
    {"metadataTable", OL_S3_BUCKET},
    {"metrics", OL_S3_BUCKET},
    {"notification", OL_S3_BUCKET},
    {"object-lock", OL_S3_BUCKET},
    {"ownershipControls", 0},
    {"part-number-marker", 0},
    {"partNumber", 0},
    {"policy", 0},
    {"policyStatus", 0},
    {"prefix", 0},
    {"publicAccessBlock", 0},
    {"renameObject", OL_S3_OBJECT},
    {"replication", OL_S3_BUCKET},
    {"requestPayment", OL_S3_BUCKET},
    {"response-cache-control", 0},
    {"response-content-disposition", 0},
    {"response-content-encoding", 0},
    {"response-content-language", 0},
    {"response-content-type", 0},
    {"response-expires", 0},
    {"restore", OL_S3_OBJECT},
    {"retention", OL_S3_OBJECT},
    {"select", OL_S3_OBJECT},
    {"select-type", OL_S3_OBJECT},
    {"session", OL_S3_BUCKET},
    {"start-after", 0},
    {"tagging", 0},
    {"torrent", OL_S3_BUCKET | OL_S3_OBJECT},
    {"upload-id-marker", 0},
    {"uploadId", OL_S3_SERVICE | OL_S3_BUCKET},
    {"uploads", 0},
    {"version-id-marker", 0},
    {"versionId", 0},
    {"versioning", 0},
    {"versions", 0},
    {"website", OL_S3_BUCKET},
};
#define KNOWN_COUNT (sizeof known_params / sizeof known_params[0])

/* Index in the table, or -1. Names are case-sensitive, as they are at AWS. */
static int find_known(ol_slice name)
{
    for (size_t i = 0; i < KNOWN_COUNT; i++)
        if (ol_slice_eq_cstr(name, known_params[i].name))
            return (int)i;
    return -1;
}

int ol_s3_decode(ol_slice text, bool plus_is_space, ol_arena *arena, ol_slice *out, ol_error *err)
{
    bool encoded = ol_slice_find(text, '%') >= 0;
    if (!encoded && !(plus_is_space && ol_slice_find(text, '+') >= 0)) {
        *out = text;
        return OL_OK;
    }
    uint8_t *bytes = ol_arena_alloc(arena, text.len);
    size_t len;
    if (!bytes)
        return ol_error_set(err, OL_ENOMEM, "decoding the request target");
    if (!ol_percent_decode(text, plus_is_space, bytes, &len))
        return ol_error_set(err, OL_EINVALIDURI, "malformed percent-encoding");
    *out = ol_slice_of(bytes, len);
    return OL_OK;
}

static size_t count_pieces(ol_slice query)
{
    ol_slice name, value;
    size_t count = 0;
    while (ol_query_next(&query, &name, &value))
        count++;
    return count;
}

static bool has_name(const ol_s3_param *params, size_t count, ol_slice name)
{
    for (size_t i = 0; i < count; i++)
        if (ol_slice_eq(params[i].name, name))
            return true;
    return false;
}

/* Two answers to one question cannot both be meant; which one another reader of the same
 * request would follow, nobody knows. */
static int note_once(ol_slice name, bool seen[KNOWN_COUNT], ol_error *err)
{
    int index = find_known(name);
    if (index < 0)
        return OL_OK;
    if (seen[index])
        return ol_error_say(err, OL_EINVAL, "The query parameter %s was given more than once.",
                            known_params[index].name);
    seen[index] = true;
    return OL_OK;
}

/* `known_only`: the same name twice is refused only for S3's own parameters. */
static int parse(ol_slice query, bool known_only, ol_arena *arena, ol_s3_param **params,
                 size_t *param_count, ol_error *err)
{
    size_t count = count_pieces(query);
    bool seen[KNOWN_COUNT] = {false};
    ol_slice name, value;
    *params = NULL;
    *param_count = 0;
    if (count == 0)
        return OL_OK;
    if (count > OL_QUERY_PARAMS_MAX)
        return ol_error_say(err, OL_ELIMIT, "The request has too many query parameters.");
    *params = ol_arena_alloc(arena, count * sizeof **params);
    if (!*params)
        return ol_error_set(err, OL_ENOMEM, "query parameters");
    while (ol_query_next(&query, &name, &value)) {
        ol_s3_param *param = &(*params)[*param_count];
        int rc = ol_s3_decode(name, true, arena, &param->name, err);
        if (rc == OL_OK)
            rc = ol_s3_decode(value, true, arena, &param->value, err);
        if (rc == OL_OK && known_only)
            rc = note_once(param->name, seen, err);
        if (rc == OL_OK && !known_only && has_name(*params, *param_count, param->name))
            rc = ol_error_say(err, OL_EINVAL, "A parameter was given more than once.");
        if (rc != OL_OK)
            return rc;
        (*param_count)++;
    }
    return OL_OK;
}

int ol_s3_params_parse(ol_slice query, ol_arena *arena, ol_s3_address *out, ol_error *err)
{
    return parse(query, true, arena, &out->params, &out->param_count, err);
}

int ol_s3_form_parse(ol_slice body, ol_arena *arena, ol_s3_param **params, size_t *count,
                     ol_error *err)
{
    return parse(body, false, arena, params, count, err);
}

int ol_s3_params_refuse(const char *name, ol_error *err)
{
    return ol_error_say(err, OL_ENOTIMPLEMENTED,
                        "A query you provided implies functionality that is not implemented: %s",
                        name);
}

int ol_s3_params_check(const ol_s3_address *address, enum ol_s3_level level, ol_error *err)
{
    for (size_t i = 0; i < address->param_count; i++) {
        int index = find_known(address->params[i].name);
        if (index >= 0 && known_params[index].refused & level)
            return ol_s3_params_refuse(known_params[index].name, err);
    }
    return OL_OK;
}
