/* SPDX-License-Identifier: MIT */
#include "front/views/view_want.h"

#include "front/operations/parameters.h"

/* The date of a view for If-Range: none that a client may name is ever equal, because a changed
 * script has no date. */
#define NEVER_BEFORE_MS (INT64_MAX / 2)

/* ---- reading ---- */

static bool lists_token(const ol_headers *headers, const char *name, const char *token)
{
    ol_slice rest = ol_headers_get(headers, name);
    while (rest.len > 0) {
        ptrdiff_t comma = ol_slice_find(rest, ',');
        ol_slice member = comma < 0 ? rest : ol_slice_first(rest, (size_t)comma);
        if (ol_slice_ieq(ol_slice_trim(member), ol_slice_cstr(token)))
            return true;
        rest = comma < 0 ? OL_SLICE_NONE : ol_slice_from(rest, (size_t)comma + 1);
    }
    return false;
}

static int read_part_number(ol_view_want *want, ol_request *request, ol_error *err)
{
    if (!ol_s3_param_has(&request->address, "partNumber"))
        return OL_OK;
    if (want->names_part)
        return ol_error_say(err, OL_EINVALIDREQUEST,
                            "Cannot specify both Range header and partNumber query parameter");
    want->names_part = true;
    int rc = ol_part_number(request, &want->part, err);
    if (rc == OL_OK)
        want->range = (ol_range_spec){.start = (want->part - 1) * OL_VIEW_PART_BYTES,
                                      .last = want->part * OL_VIEW_PART_BYTES - 1};
    return rc;
}

int ol_view_want_read(ol_view_want *want, ol_request *request, ol_error *err)
{
    const ol_headers *headers = &request->http->headers;
    size_t ranges = ol_headers_count_of(headers, "range");
    *want = (ol_view_want){.names_part = ranges > 0};
    want->has_range = ranges == 1 &&
                      ol_s3_range_spec(ol_headers_get(headers, "range"), &want->range) == OL_OK;
    want->checksums = ol_slice_ieq(ol_slice_trim(ol_headers_get(headers, "x-amz-checksum-mode")),
                                   OL_SLICE_LIT("ENABLED"));
    want->trailers = lists_token(headers, "te", "trailers");
    int rc = read_part_number(want, request, err);
    if (rc != OL_OK)
        return rc;
    if (want->names_part && request->target.olap->options.ranges == OL_VIEW_RANGES_REFUSE)
        return ol_error_say(err, OL_ENOTIMPLEMENTED, "Operation Not Implemented.");
    return OL_OK;
}

const ol_range_spec *ol_view_want_spec(const ol_view_want *want)
{
    return want->has_range || want->part > 0 ? &want->range : NULL;
}

/* ---- who answers it ---- */

static unsigned feature_of(const ol_view_want *want, const ol_request *request)
{
    if (want->part > 0)
        return request->head_only ? OL_CONTROL_HEAD_OBJECT_PART_NUMBER
                                  : OL_CONTROL_GET_OBJECT_PART_NUMBER;
    return request->head_only ? OL_CONTROL_HEAD_OBJECT_RANGE : OL_CONTROL_GET_OBJECT_RANGE;
}

bool ol_view_want_is_handed(const ol_view_want *want, const ol_request *request,
                            const ol_view_chain *chain, const char *etag)
{
    const ol_realm_olap *olap = request->target.olap;
    if (!want->names_part)
        return false;
    if (want->part == 0 && !ol_s3_if_range_holds(&request->http->headers, ol_slice_cstr(etag),
                                                 NEVER_BEFORE_MS))
        return false;
    if (olap->options.ranges == OL_VIEW_RANGES_TRANSFORM)
        return true;
    return (olap->features & feature_of(want, request)) &&
           ol_view_chain_declares_header(chain, "range");
}

/* ---- resolving ---- */

static int no_such_part(ol_error *err)
{
    return ol_error_custom(err, OL_ERANGE, 416, OL_SLICE_LIT("InvalidPartNumber"),
                           OL_SLICE_LIT("The requested partnumber is not satisfiable"));
}

static int resolve_part(uint32_t number, uint64_t length, ol_view_part *part, ol_error *err)
{
    uint64_t count = length / OL_VIEW_PART_BYTES + (length % OL_VIEW_PART_BYTES > 0);
    if (count == 0)
        count = 1;
    if (number > count)
        return no_such_part(err);
    uint64_t start = (number - 1) * OL_VIEW_PART_BYTES;
    uint64_t left = length - start;
    part->part_count = count > UINT32_MAX ? UINT32_MAX : (uint32_t)count;
    part->bytes = (ol_byte_range){
        .start = start, .length = left < OL_VIEW_PART_BYTES ? left : OL_VIEW_PART_BYTES};
    part->whole = length == 0; /* nothing has no range that a header could name */
    return OL_OK;
}

int ol_view_want_resolve(const ol_view_want *want, ol_request *request, const char *etag,
                         uint64_t length, ol_view_part *part, ol_error *err)
{
    *part = (ol_view_part){.whole = true, .bytes = {.start = 0, .length = length}};
    if (want->part > 0)
        return resolve_part(want->part, length, part, err);
    if (!want->has_range)
        return OL_OK;
    int rc = ol_s3_range_of(&request->http->headers, ol_slice_cstr(etag), NEVER_BEFORE_MS, length,
                            &part->bytes, err);
    if (rc == OL_ERANGE)
        ol_s3_content_range_unsatisfied(length, request->unsatisfied_range);
    part->whole = rc == OL_SKIP;
    return rc < 0 ? rc : OL_OK;
}

int ol_view_want_resolve_indivisible(const ol_view_want *want, ol_view_part *part, ol_error *err)
{
    *part = (ol_view_part){.whole = true, .part_count = want->part > 0};
    return want->part > 1 ? no_such_part(err) : OL_OK;
}
