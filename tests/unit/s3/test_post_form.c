/* SPDX-License-Identifier: MIT */
/* multipart/form-data: however the body is cut, the same form comes out, or the same refusal. */
#include <stdio.h>
#include <stdlib.h>

#include "document_kit.h"

#include "lib/alloc_check.h"
#include "s3/upload/post_form.h"

#define TYPE "multipart/form-data; boundary=XX"
#define FIELD(name, value)                                                                         \
    "--XX\r\nContent-Disposition: form-data; name=\"" name "\"\r\n\r\n" value "\r\n"
#define FILE_PART(disposition, content)                                                            \
    "--XX\r\nContent-Disposition: form-data; name=\"file\"" disposition                            \
    "\r\nContent-Type: text/plain\r\n\r\n" content "\r\n--XX--\r\n"

typedef struct reading {
    ol_post_form *form;
    char file[4096];
    size_t len;
    bool began;
    int rc;
    ol_error err;
} reading;

static void take(reading *r, ol_slice in)
{
    ol_slice piece;
    while (r->rc == OL_OK) {
        int rc = ol_post_form_next(r->form, &in, &piece, &r->err);
        if (rc == OL_POST_FILE)
            r->began = true;
        if (rc == OL_POST_DATA) {
            assert_true(r->began && piece.len > 0 && r->len + piece.len < sizeof r->file);
            memcpy(r->file + r->len, piece.data, piece.len);
            r->len += piece.len;
        }
        if (rc < 0)
            r->rc = rc;
        if (rc == OL_POST_MORE || rc == OL_POST_END)
            return;
    }
}

/* The body in pieces of `cut` bytes, each in memory of its own. */
static void read_form(reading *r, const char *type, ol_slice body, size_t cut)
{
    *r = (reading){0};
    r->rc = ol_post_form_new(&r->form, ol_slice_cstr(type), arena, &r->err);
    for (size_t at = 0; r->rc == OL_OK && at < body.len; at += cut) {
        ol_slice piece = ol_slice_first(ol_slice_from(body, at), cut);
        uint8_t *copy = malloc(piece.len);
        memcpy(copy, piece.data, piece.len);
        take(r, ol_slice_of(copy, piece.len));
        free(copy);
    }
    if (r->rc == OL_OK)
        r->rc = ol_post_form_finish(r->form, &r->err);
}

static void reads_a_form_however_it_is_cut(void **state)
{
    (void)state;
    const ol_slice body = OL_SLICE_LIT("preamble\r\n" FIELD("Key", "a/${filename}") FIELD(
        "x-amz-meta-a", "two\r\nlines, \r\n--X of it") FIELD("empty", "")
            FILE_PART("; filename=\"C:\\dir\\f \\\"1\\\".txt\"", "\r\n--X\r\r\n--\r\nbody\r\n--XY\r\n"));
    for (size_t cut = 1; cut <= body.len; cut++) {
        reading r;
        read_form(&r, TYPE, body, cut);
        assert_code_of(r.rc, OL_OK, &r.err);
        assert_true(r.began);
        assert_int_equal(ol_post_form_count(r.form), 3);
        assert_slice(ol_post_form_get(r.form, "kEY"), "a/f \"1\".txt");
        assert_slice(ol_post_form_get(r.form, "x-amz-meta-a"), "two\r\nlines, \r\n--X of it");
        assert_true(ol_post_form_get(r.form, "empty").data && !ol_post_form_get(r.form, "no").data);
        assert_slice(ol_post_form_file_name(r.form), "f \"1\".txt");
        assert_slice(ol_post_form_file_type(r.form), "text/plain");
        assert_slice(ol_slice_of(r.file, r.len), "\r\n--X\r\r\n--\r\nbody\r\n--XY\r\n");
    }
}

static void takes_what_browsers_and_libraries_send(void **state)
{
    (void)state;
    static const struct {
        const char *type, *body, *file_name;
    } cases[] = {
        {"Multipart/Form-Data; charset=utf-8; boundary=\"a b\"",
         "--a b \t\r\ncontent-disposition:form-data;name=file;filename=x.y\r\n\r\n\r\n--a b--", "x.y"},
        {TYPE ";",
         "--XX\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a%22b\"\r\n\r\n\r\n--XX--",
         "a\"b"},
        {TYPE,
         "--XX\r\nX-Other: 1\r\nContent-Disposition: form-data; name=\"file\"; "
         "filename*=utf-8''%c3%a9/%e2%82%ac\r\n\r\n\r\n--XX--",
         "\xe2\x82\xac"},
        {TYPE, "\r\n--XX\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\n\r\n--XX--", ""},
        /* What follows the file does not matter. */
        {TYPE,
         "--XX\r\nContent-Disposition: form-data; name=\"file\"; filename=\"/etc/f\"\r\n\r\n\r\n"
         "--XX\r\nContent-Disposition: rubbish \x01",
         "f"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        reading r;
        read_form(&r, cases[i].type, ol_slice_cstr(cases[i].body), 7);
        assert_code_of(r.rc, OL_OK, &r.err);
        assert_slices(ol_post_form_file_name(r.form), ol_slice_cstr(cases[i].file_name));
        assert_int_equal(r.len, 0);
    }
}

static void fills_in_the_file_name(void **state)
{
    (void)state;
    reading r;
    read_form(&r, TYPE,
              OL_SLICE_LIT(FIELD("key", "${filename}-${filename}${file") FIELD("policy", "${filename}")
                               FIELD("x-amz-signature", "${filename}")
                                   FILE_PART("; filename=\"n\"", "")),
              1000);
    assert_code_of(r.rc, OL_OK, &r.err);
    assert_slice(ol_post_form_get(r.form, "key"), "n-n${file");
    assert_slice(ol_post_form_get(r.form, "policy"), "${filename}");
    assert_slice(ol_post_form_get(r.form, "x-amz-signature"), "${filename}");
}

static void refuses(void **state)
{
    (void)state;
    static const struct {
        const char *type, *body, *s3_code;
    } cases[] = {
        {"", "", "PreconditionFailed"},
        {"application/x-www-form-urlencoded", "a=b", "PreconditionFailed"},
        {"multipart/form-data", "", "PreconditionFailed"},
        {"multipart/form-data; boundary=", "", "PreconditionFailed"},
        {"multipart/form-data; boundary=\"a", "", "PreconditionFailed"},
        {"multipart/form-data; boundary=a\x01", "", "PreconditionFailed"},
        {"multipart/form-data; boundary=a; boundary=b", "", "PreconditionFailed"},
        {"multipart/form-data; boundary="
         "01234567890123456789012345678901234567890123456789012345678901234567890",
         "", "PreconditionFailed"},
        {TYPE, "", "MalformedPOSTRequest"},
        {TYPE, "nothing of a form", "MalformedPOSTRequest"},
        {TYPE, FIELD("key", "a"), "MalformedPOSTRequest"},
        {TYPE, FIELD("key", "a") "--XX--\r\n", "InvalidArgument"},
        {TYPE, FIELD("key", "a") "--XXrubbish", "MalformedPOSTRequest"},
        {TYPE, FIELD("key", "a") FIELD("KEY", "b") FILE_PART("", ""), "InvalidArgument"},
        {TYPE, "--XX\r\n\r\n\r\n--XX--", "MalformedPOSTRequest"},
        {TYPE, "--XX\r\nContent-Disposition: attachment; name=\"a\"\r\n\r\n\r\n--XX--",
         "MalformedPOSTRequest"},
        {TYPE, "--XX\r\nContent-Disposition: form-data; name=\"a\r\n\r\n\r\n--XX--",
         "MalformedPOSTRequest"},
        {TYPE, "--XX\r\nContent-Disposition: form-data; name=\"\"\r\n\r\n\r\n--XX--",
         "MalformedPOSTRequest"},
        {TYPE, "--XX\r\nContent-Disposition: form-data; name=\"a\x01\"\r\n\r\n\r\n--XX--",
         "MalformedPOSTRequest"},
        {TYPE, "--XX\r\nContent-Disposition: form-data; name=\"\xff\"\r\n\r\n\r\n--XX--",
         "MalformedPOSTRequest"},
        {TYPE, "--XX\r\nno colon\r\n\r\n\r\n--XX--", "MalformedPOSTRequest"},
        {TYPE, "--XX\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\nbroken off\r\n--X",
         "MalformedPOSTRequest"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        for (size_t cut = 1; cut < 100; cut += 49) {
            reading r;
            read_form(&r, cases[i].type, ol_slice_cstr(cases[i].body), cut);
            if (r.rc >= 0 || r.err.code != r.rc || strcmp(r.err.s3_code, cases[i].s3_code) != 0)
                fail_msg("%zu: %s %s (%s)", i, ol_code_name(r.rc), r.err.s3_code, r.err.detail);
        }
}

static void bounds(void **state)
{
    (void)state;
    reading r;
    for (int which = 0; which < 4; which++) {
        ol_buf_clear(&out);
        if (which == 0) /* too many fields */
            for (int i = 0; i <= OL_POST_FIELDS_MAX; i++)
                ol_buf_addf(&out, FIELD("f%d", ""), i);
        if (which == 1) /* a field too large */
            ol_buf_addf(&out, FIELD("f", "%020480d"), 1);
        if (which == 2) /* a head too large */
            ol_buf_addf(&out, "--XX\r\nX: %05000d\r\n", 1);
        if (which == 3) /* a preamble too large */
            ol_buf_addf(&out, "%020481d", 1);
        ol_buf_add_cstr(&out, FILE_PART("", "x"));
        read_form(&r, TYPE, ol_buf_slice(&out), 1000);
        assert_string_equal(r.err.s3_code, "MaxPostPreDataLengthExceeded");
    }
    /* Ignored fields may be there often. */
    ol_buf_clear(&out);
    for (int i = 0; i < OL_POST_FIELDS_MAX; i++)
        ol_buf_add_cstr(&out, FIELD("X-Ignore-x", ""));
    ol_buf_add_cstr(&out, FILE_PART("", "x"));
    read_form(&r, TYPE, ol_buf_slice(&out), 1000);
    assert_code_of(r.rc, OL_OK, &r.err);
}

static int read_one(void *arg)
{
    (void)arg;
    ol_arena *shared = arena;
    reading r;
    arena = ol_arena_new(1 << 20);
    if (!arena) {
        arena = shared;
        return OL_ENOMEM;
    }
    read_form(&r, TYPE, OL_SLICE_LIT(FIELD("key", "${filename}") FILE_PART("; filename=\"x\"", "y")),
              5);
    assert_int_equal(r.rc, r.err.code);
    ol_arena_destroy(arena);
    arena = shared;
    return r.rc;
}

static void survives_failing_allocations(void **state)
{
    (void)state;
    assert_true(ol_test_fail_each(read_one, NULL) > 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(reads_a_form_however_it_is_cut),
        TEST(takes_what_browsers_and_libraries_send),
        TEST(fills_in_the_file_name),
        TEST(refuses),
        TEST(bounds),
        TEST(survives_failing_allocations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
