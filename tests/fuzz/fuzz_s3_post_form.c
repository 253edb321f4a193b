/* SPDX-License-Identifier: MIT */
/*
 * multipart/form-data. The first byte says how the body is cut; the boundary is "X". However it
 * is cut, the same file comes out, or the same refusal.
 */
#include <assert.h>
#include <stdlib.h>

#include "s3/upload/post_form.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct outcome {
    int rc;
    size_t fields, file_bytes;
    uint32_t sum;
} outcome;

static int feed(ol_post_form *form, ol_slice in, outcome *out, ol_error *err)
{
    ol_slice piece;
    for (;;) {
        size_t before = in.len;
        int rc = ol_post_form_next(form, &in, &piece, err);
        assert(in.len <= before);
        if (rc == OL_POST_DATA) {
            assert(piece.len > 0);
            out->file_bytes += piece.len;
            for (size_t i = 0; i < piece.len; i++)
                out->sum = out->sum * 31 + piece.data[i];
        } else if (rc != OL_POST_FILE) {
            return rc;
        }
    }
}

static outcome run(ol_slice body, size_t cut)
{
    ol_arena *arena = ol_arena_new(4 << 20);
    ol_post_form *form;
    ol_error err = {0};
    outcome out = {0};
    assert(arena && ol_post_form_new(&form, OL_SLICE_LIT("multipart/form-data; boundary=X"), arena,
                                     &err) == OL_OK);
    for (size_t at = 0; out.rc >= 0 && at < body.len; at += cut) {
        ol_slice piece = ol_slice_first(ol_slice_from(body, at), cut);
        uint8_t *copy = malloc(piece.len);
        memcpy(copy, piece.data, piece.len);
        out.rc = feed(form, ol_slice_of(copy, piece.len), &out, &err);
        free(copy);
    }
    if (out.rc >= 0)
        out.rc = ol_post_form_finish(form, &err);
    assert(out.rc == err.code);
    out.fields = ol_post_form_count(form);
    assert(out.fields <= OL_POST_FIELDS_MAX);
    for (size_t i = 0; i < out.fields; i++)
        assert(ol_post_form_field(form, i)->name.len > 0);
    ol_arena_destroy(arena);
    return out;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1)
        return 0;
    ol_slice body = ol_slice_of(data + 1, size - 1);
    outcome whole = run(body, body.len + 1), pieces = run(body, 1 + data[0] % 32);
    assert(whole.rc == pieces.rc && whole.fields == pieces.fields);
    assert(whole.file_bytes == pieces.file_bytes && whole.sum == pieces.sum);
    return 0;
}
