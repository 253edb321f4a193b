/* SPDX-License-Identifier: MIT */
/*
 * Everything a transform can see goes into the digest: the original's ETag, date and
 * metadata (two originals with equal bytes may differ there), each program's bytes and
 * payload, the caller, the query, and the declared request headers. Items carry their
 * length, so that no two lists of items give the same input.
 *
 * What part of the view is asked for (Range, partNumber) is never in it, even where a transform
 * answers that itself: all parts of a view bear the one ETag by which a client puts them together.
 */
#include "front/views/view_identity.h"

#include "base/encode.h"
#include "front/originals/opened.h"
#include "objlens/version.h"

#define GATHER_BYTES 1024

bool ol_view_param_is_private(ol_slice name)
{
    static const char *const names[] = {"signature", "awsaccesskeyid", "expires", "x-id"};
    static const char amz[] = "x-amz-"; /* signatures, and headers that were presigned */
    if (ol_slice_ieq(ol_slice_first(name, sizeof(amz) - 1), ol_slice_cstr(amz)))
        return true;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (ol_slice_ieq(name, ol_slice_cstr(names[i])))
            return true;
    return ol_slice_starts(name, OL_SLICE_LIT("response-"));
}

bool ol_view_param_names_part(ol_slice name)
{
    return ol_slice_eq_cstr(name, "partNumber");
}

bool ol_view_header_names_part(ol_slice name)
{
    return ol_slice_ieq(name, OL_SLICE_LIT("range")) ||
           ol_slice_ieq(name, OL_SLICE_LIT("if-range"));
}

/* ---- the digest ---- */

/* Small items are gathered: the digest has a price a call. */
typedef struct gathering {
    ol_sha256 sha;
    size_t used;
    uint8_t bytes[GATHER_BYTES];
} gathering;

static void add_bytes(gathering *out, const void *data, size_t len)
{
    if (len > sizeof(out->bytes) - out->used) {
        ol_sha256_update(&out->sha, out->bytes, out->used);
        out->used = 0;
    }
    if (len > sizeof(out->bytes)) {
        ol_sha256_update(&out->sha, data, len);
    } else if (len > 0) {
        memcpy(out->bytes + out->used, data, len);
        out->used += len;
    }
}

static void add_item(gathering *out, ol_slice item)
{
    uint64_t len = item.len;
    add_bytes(out, &len, sizeof(len));
    add_bytes(out, item.data, item.len);
}

static void add_flag(gathering *out, bool set)
{
    uint8_t byte = set;
    add_bytes(out, &byte, 1);
}

static void add_original(gathering *out, const ol_object_info *original)
{
    add_item(out, original->etag);
    add_item(out, original->key);
    add_bytes(out, &original->last_modified_ms, sizeof(original->last_modified_ms));
    for (size_t i = 0; i < original->header_count; i++) {
        add_item(out, original->headers[i].name);
        add_item(out, original->headers[i].value);
    }
}

/* The declared request headers of one program; names are separated by '\n'. */
static void add_declared_headers(gathering *out, const ol_program *program, ol_slice payload,
                                 const ol_headers *headers)
{
    ol_slice rest = program->declared.depends_headers;
    while (rest.len > 0) {
        ptrdiff_t end = ol_slice_find(rest, '\n');
        ol_slice name = end < 0 ? rest : ol_slice_first(rest, (size_t)end);
        if (!ol_view_header_names_part(name) && ol_program_sees_header(program, payload, name)) {
            const ol_header *header = ol_headers_find(headers, name);
            add_item(out, name);
            add_flag(out, header != NULL); /* an empty one is seen, too */
            add_item(out, header ? header->value : OL_SLICE_NONE);
        }
        rest = end < 0 ? OL_SLICE_NONE : ol_slice_from(rest, (size_t)end + 1);
    }
}

static void add_steps(gathering *out, const ol_view_inputs *in)
{
    add_item(out, in->olap->arn);
    for (size_t i = 0; i < in->view->step_count; i++) {
        const ol_program *program = in->programs[i];
        add_bytes(out, program->digest, sizeof(program->digest));
        add_item(out, in->view->steps[i].payload);
        add_declared_headers(out, program, in->view->steps[i].payload, in->headers);
    }
}

static void add_query(gathering *out, const ol_s3_address *address)
{
    for (size_t i = 0; i < address->param_count; i++) {
        ol_slice name = address->params[i].name;
        if (ol_view_param_is_private(name) || ol_view_param_names_part(name))
            continue;
        add_item(out, name);
        add_item(out, address->params[i].value);
    }
}

/* The caller, unless no program may see who it is. */
static void add_caller(gathering *out, const ol_view_inputs *in)
{
    bool seen = false;
    for (size_t i = 0; i < in->view->step_count; i++)
        seen |= ol_program_sees_identity(in->programs[i], in->view->steps[i].payload);
    add_flag(out, seen);
    if (!seen)
        return;
    add_item(out, ol_identity_label(in->who));
    add_item(out, in->who->principal_id);
}

void ol_view_key_settle(ol_view_key *key)
{
    ol_hmac_key_init(&key->hmac, ol_slice_of(key->bytes, sizeof(key->bytes)));
}

int ol_view_etag(const ol_view_key *key, const ol_view_inputs *in, char etag[OL_VIEW_ETAG_SIZE])
{
    for (size_t i = 0; i < in->view->step_count; i++)
        if (ol_program_sees_request(in->programs[i], in->view->steps[i].payload))
            return OL_SKIP;

    gathering input;
    input.sha = key->hmac.inner;
    input.used = 0;
    /* With the version: what a program is given to work with changes with it. */
    add_item(&input, OL_SLICE_LIT("objlens view 3, " OBJLENS_VERSION));
    add_original(&input, in->original);
    if (in->unsealed)
        add_item(&input, ol_slice_of(in->unsealed, OL_OPENED_DIGEST_BYTES));
    else if (in->rule)
        add_item(&input, ol_slice_of(in->rule, OL_CLIENT_ENCRYPTION_DIGEST_BYTES));
    add_steps(&input, in);
    add_caller(&input, in);
    add_item(&input, in->address->key);
    add_query(&input, in->address);
    ol_sha256_update(&input.sha, input.bytes, input.used);

    uint8_t digest[OL_SHA256_BYTES];
    ol_hmac_end(&key->hmac, &input.sha, digest);
    ol_hex_encode(digest, sizeof(digest), etag);
    memcpy(etag + 64, "-v", 3);
    return OL_OK;
}
