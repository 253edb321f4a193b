/* SPDX-License-Identifier: MIT */
/* Helpers for answers in XML. */
#include "origin/s3/reading.h"

#include "base/clock.h"
#include "base/encode.h"
#include "origin/s3/s3_private.h"

#define TEXT_BYTES_MAX (16 * OL_KIB)

int ol_s3_read_xml(ol_slice xml, const ol_xml_events *events, ol_error *err)
{
    const ol_xml_bounds bounds = {.document_bytes_max = OL_S3_DOCUMENT_BYTES_MAX};
    ol_error why = {0};
    int rc = ol_xml_read_as(xml, &bounds, events, &why);
    if (rc == OL_EMALFORMEDXML)
        return ol_error_set(err, OL_EORIGIN, "s3 origin: its answer cannot be read: %s",
                            why.detail);
    if (rc != OL_OK)
        *err = why;
    return rc;
}

bool ol_s3_element_at(const ol_xml_path *path, size_t depth, const char *name)
{
    return path->depth >= depth && strcmp(path->names[depth - 1], name) == 0;
}

bool ol_s3_element_is(const ol_xml_path *path, const char *name)
{
    return ol_s3_element_at(path, path->depth, name);
}

static int decode(ol_slice *out, ol_arena *arena, ol_slice text, ol_error *err)
{
    ol_buf buf;
    ol_buf_init(&buf, TEXT_BYTES_MAX);
    int rc = ol_uri_decode(&buf, text, true);
    if (rc == OL_OK) {
        *out = ol_arena_copy(arena, ol_buf_slice(&buf));
        rc = out->data ? OL_OK : OL_ENOMEM;
    }
    ol_buf_fini(&buf);
    return rc == OL_OK ? OL_OK
                       : ol_error_set(err, rc == OL_ENOMEM ? rc : OL_EORIGIN,
                                      "s3 origin: a name in its answer cannot be read");
}

int ol_s3_keep_text(ol_slice *out, ol_arena *arena, ol_slice text, bool url, ol_error *err)
{
    if (url)
        return decode(out, arena, text, err);
    *out = ol_arena_copy(arena, text);
    return out->data ? OL_OK : ol_error_set(err, OL_ENOMEM, "s3 origin: answer");
}

int ol_s3_keep_etag(ol_slice *out, ol_arena *arena, ol_slice text, ol_error *err)
{
    text = ol_slice_trim(text);
    if (text.len >= 2 && text.data[0] == '"' && text.data[text.len - 1] == '"')
        text = ol_slice_of(text.data + 1, text.len - 2);
    return ol_s3_keep_text(out, arena, text, false, err);
}

int64_t ol_s3_date_of(ol_slice text)
{
    int64_t ms;
    return ol_clock_parse_iso8601(ol_slice_trim(text), &ms) ? ms : 0;
}

uint64_t ol_s3_number_of(ol_slice text)
{
    uint64_t number;
    return ol_slice_u64(ol_slice_trim(text), &number) ? number : 0;
}

bool ol_s3_is_true(ol_slice text)
{
    return ol_slice_eq_cstr(ol_slice_trim(text), "true");
}

void *ol_s3_result_new(size_t arena_bytes_max, size_t size, ol_arena **arena, ol_error *err)
{
    *arena = ol_arena_new(arena_bytes_max);
    void *result = *arena ? ol_arena_calloc(*arena, size) : NULL;
    if (!result) {
        if (*arena)
            ol_arena_destroy(*arena);
        ol_error_set(err, OL_ENOMEM, "s3 origin: answer");
    }
    return result;
}
