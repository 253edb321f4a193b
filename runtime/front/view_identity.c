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
#include "front/view_identity.h"

#include <openssl/hmac.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/encode.h"
#include "objlens/version.h"

#define INPUT_BYTES_MAX (256 * OL_KIB)

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

static int add_item(ol_buf *out, ol_slice item)
{
    uint64_t len = item.len;
    int rc = ol_buf_add(out, ol_slice_of(&len, sizeof(len)));
    return rc == OL_OK ? ol_buf_add(out, item) : rc;
}

static int add_original(ol_buf *out, const ol_object_info *original)
{
    int rc = add_item(out, original->etag);
    if (rc == OL_OK)
        rc = add_item(out, original->key);
    if (rc == OL_OK)
        rc = ol_buf_add(out, ol_slice_of(&original->last_modified_ms,
                                         sizeof(original->last_modified_ms)));
    for (size_t i = 0; rc == OL_OK && i < original->header_count; i++) {
        rc = add_item(out, original->headers[i].name);
        if (rc == OL_OK)
            rc = add_item(out, original->headers[i].value);
    }
    return rc;
}

/* The declared request headers of one program; names are separated by '\n'. */
static int add_declared_headers(ol_buf *out, const ol_program *program, const ol_headers *headers)
{
    ol_slice rest = program->declared.depends_headers;
    int rc = OL_OK;
    while (rc == OL_OK && rest.len > 0) {
        ptrdiff_t end = ol_slice_find(rest, '\n');
        ol_slice name = end < 0 ? rest : ol_slice_first(rest, (size_t)end);
        if (!ol_view_header_names_part(name)) {
            const ol_header *header = ol_headers_find(headers, name);
            rc = add_item(out, name);
            if (rc == OL_OK)
                rc = ol_buf_add_byte(out, header != NULL); /* an empty one is seen, too */
            if (rc == OL_OK)
                rc = add_item(out, header ? header->value : OL_SLICE_NONE);
        }
        rest = end < 0 ? OL_SLICE_NONE : ol_slice_from(rest, (size_t)end + 1);
    }
    return rc;
}

static int add_steps(ol_buf *out, const ol_view_inputs *in)
{
    int rc = add_item(out, in->olap->arn);
    for (size_t i = 0; rc == OL_OK && i < in->view->step_count; i++) {
        const ol_program *program = in->programs[i];
        rc = ol_buf_add(out, ol_slice_of(program->digest, sizeof(program->digest)));
        if (rc == OL_OK)
            rc = add_item(out, in->view->steps[i].payload);
        if (rc == OL_OK)
            rc = add_declared_headers(out, program, in->headers);
    }
    return rc;
}

static int add_query(ol_buf *out, const ol_s3_address *address)
{
    int rc = OL_OK;
    for (size_t i = 0; rc == OL_OK && i < address->param_count; i++) {
        ol_slice name = address->params[i].name;
        if (ol_view_param_is_private(name) || ol_view_param_names_part(name))
            continue;
        rc = add_item(out, name);
        if (rc == OL_OK)
            rc = add_item(out, address->params[i].value);
    }
    return rc;
}

/* The caller, unless no program may see who it is. */
static int add_caller(ol_buf *out, const ol_view_inputs *in)
{
    bool seen = false;
    for (size_t i = 0; i < in->view->step_count; i++)
        seen |= !in->programs[i]->declared.ignores_identity;
    int rc = ol_buf_add_byte(out, seen);
    if (rc == OL_OK && seen)
        rc = add_item(out, ol_identity_label(in->who));
    return rc == OL_OK && seen ? add_item(out, in->who->principal_id) : rc;
}

int ol_view_etag(const ol_view_key *key, const ol_view_inputs *in, char etag[OL_VIEW_ETAG_SIZE])
{
    for (size_t i = 0; i < in->view->step_count; i++)
        if (in->programs[i]->declared.depends_request)
            return OL_SKIP;

    ol_buf input;
    ol_buf_init(&input, INPUT_BYTES_MAX);
    /* With the version: what a program is given to work with changes with it. */
    int rc = add_item(&input, OL_SLICE_LIT("objlens view 3, " OBJLENS_VERSION));
    if (rc == OL_OK)
        rc = add_original(&input, in->original);
    if (rc == OL_OK)
        rc = add_steps(&input, in);
    if (rc == OL_OK)
        rc = add_caller(&input, in);
    if (rc == OL_OK)
        rc = add_item(&input, in->address->key);
    if (rc == OL_OK)
        rc = add_query(&input, in->address);

    uint8_t digest[32];
    unsigned digest_len = 0;
    if (rc == OL_OK && !HMAC(EVP_sha256(), key->bytes, sizeof(key->bytes), input.data, input.len,
                             digest, &digest_len))
        rc = OL_ENOMEM;
    ol_buf_fini(&input);
    if (rc != OL_OK)
        return rc;
    ol_hex_encode(digest, sizeof(digest), etag);
    memcpy(etag + 64, "-v", 3);
    return OL_OK;
}
