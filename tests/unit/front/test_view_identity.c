/* SPDX-License-Identifier: MIT */
/* The identity of a view: whatever a program can see makes another one, and nothing else does. */
#include "front/views/view_identity.h"

#include "base/buf.h"
#include "base/encode.h"
#include "lib/check.h"
#include "objlens/version.h"

#define ETAG OL_VIEW_ETAG_SIZE

typedef struct rig {
    ol_arena *arena;
    ol_view_key key;
    ol_object_info original;
    ol_header metadata[1];
    ol_realm_olap olap;
    ol_realm_step step;
    ol_realm_view view;
    ol_program program;
    ol_program *programs[1];
    ol_identity who;
    ol_s3_param params[1];
    ol_s3_address address;
    ol_headers headers;
    ol_view_inputs inputs;
} rig;

static void set_up(rig *r)
{
    *r = (rig){.key = {.bytes = {1, 2, 3}}};
    ol_view_key_settle(&r->key);
    r->arena = ol_arena_new(16 * 1024);
    assert_non_null(r->arena);
    r->metadata[0] = (ol_header){OL_SLICE_LIT("x-amz-meta-a"), OL_SLICE_LIT("b")};
    r->original = (ol_object_info){.etag = OL_SLICE_LIT("5d41402abc4b2a76b9719d911017c592"),
                                   .key = OL_SLICE_LIT("k"),
                                   .last_modified_ms = 1000,
                                   .headers = r->metadata,
                                   .header_count = 1};
    r->olap.arn = OL_SLICE_LIT("arn:olap");
    r->step.payload = OL_SLICE_LIT("{}");
    r->view = (ol_realm_view){.steps = &r->step, .step_count = 1};
    r->program.declared.depends_headers = OL_SLICE_LIT("x-lang\n");
    r->programs[0] = &r->program;
    r->who = (ol_identity){.kind = OL_IDENTITY_USER,
                           .arn = OL_SLICE_LIT("arn:ann"),
                           .principal_id = OL_SLICE_LIT("AIDAANN")};
    r->address = (ol_s3_address){.key = OL_SLICE_LIT("k"), .params = r->params};
    ol_headers_init(&r->headers, r->arena);
    r->inputs = (ol_view_inputs){.original = &r->original,
                                 .olap = &r->olap,
                                 .view = &r->view,
                                 .programs = r->programs,
                                 .who = &r->who,
                                 .address = &r->address,
                                 .headers = &r->headers};
}

static void tear_down(rig *r)
{
    ol_arena_destroy(r->arena);
}

static bool changes(const rig *r, const char *before)
{
    char etag[ETAG];
    assert_code(ol_view_etag(&r->key, &r->inputs, etag), OL_OK);
    return strcmp(before, etag) != 0;
}

static void param(rig *r, const char *name, const char *value)
{
    r->params[0] = (ol_s3_param){.name = ol_slice_cstr(name), .value = ol_slice_cstr(value)};
    r->address.param_count = 1;
}

static void header(rig *r, const char *name, const char *value)
{
    assert_code(ol_headers_add(&r->headers, ol_slice_cstr(name), ol_slice_cstr(value)), OL_OK);
}

static void what_is_seen_makes_another_view(void **state)
{
    (void)state;
    char etag[ETAG];
    rig r;
    for (unsigned what = 0; what < 12; what++) {
        set_up(&r);
        assert_code(ol_view_etag(&r.key, &r.inputs, etag), OL_OK);
        assert_int_equal(strlen(etag), 66);
        assert_string_equal(etag + 64, "-v");
        switch (what) {
        case 0:
            r.key.bytes[31] = 1;
            ol_view_key_settle(&r.key);
            break;
        case 1: r.original.etag = OL_SLICE_LIT("7d793037a0760186574b0282f2f435e7"); break;
        case 2: r.original.last_modified_ms++; break;
        case 3: r.metadata[0].value = OL_SLICE_LIT("c"); break;
        case 4: r.olap.arn = OL_SLICE_LIT("arn:other"); break;
        case 5: r.step.payload = OL_SLICE_LIT("{ }"); break;
        case 6: r.program.digest[0] = 1; break;
        case 7: r.who.arn = OL_SLICE_LIT("arn:bob"); break;
        case 8: r.who.principal_id = OL_SLICE_LIT("AIDAANN2"); break;
        case 9: r.address.key = OL_SLICE_LIT("alias-of-k"); break;
        case 10: param(&r, "tone", ""); break;
        case 11: header(&r, "X-Lang", "de"); break;
        }
        assert_true(changes(&r, etag));
        tear_down(&r);
    }
}

/* A program is shown the empty header, and none where there is none. */
static void an_empty_header_is_not_an_absent_one(void **state)
{
    (void)state;
    char etag[ETAG];
    rig r;
    set_up(&r);
    assert_code(ol_view_etag(&r.key, &r.inputs, etag), OL_OK);
    header(&r, "X-Lang", "");
    assert_true(changes(&r, etag));
    tear_down(&r);
}

static void what_no_program_sees_changes_nothing(void **state)
{
    (void)state;
    static const char *const private_params[] = {"X-Amz-Signature", "x-amz-date", "Signature",
                                                 "Expires", "x-id", "response-content-type",
                                                 "partNumber"};
    char etag[ETAG];
    rig r;
    set_up(&r);
    assert_code(ol_view_etag(&r.key, &r.inputs, etag), OL_OK);
    for (size_t i = 0; i < sizeof(private_params) / sizeof(private_params[0]); i++) {
        param(&r, private_params[i], "1");
        assert_false(changes(&r, etag));
    }
    r.address.param_count = 0;
    header(&r, "Range", "bytes=0-1");
    header(&r, "X-Other", "1");
    assert_false(changes(&r, etag));
    tear_down(&r);
}

static void callers_share_what_no_program_makes_for_one(void **state)
{
    (void)state;
    char etag[ETAG];
    rig r;
    set_up(&r);
    r.program.declared.ignores_identity = true;
    assert_code(ol_view_etag(&r.key, &r.inputs, etag), OL_OK);
    r.who = (ol_identity){.kind = OL_IDENTITY_ANONYMOUS};
    assert_false(changes(&r, etag));
    r.program.declared.ignores_identity = false;
    assert_true(changes(&r, etag));
    tear_down(&r);
}

static void a_view_of_the_request_itself_has_none(void **state)
{
    (void)state;
    char etag[ETAG];
    rig r;
    set_up(&r);
    r.program.declared.depends_request = true;
    assert_code(ol_view_etag(&r.key, &r.inputs, etag), OL_SKIP);
    tear_down(&r);
}

static void item(ol_buf *out, ol_slice bytes)
{
    uint64_t len = bytes.len;
    assert_code(ol_buf_add(out, ol_slice_of(&len, sizeof(len))), OL_OK);
    assert_code(ol_buf_add(out, bytes), OL_OK);
}

/* The whole input in one piece, as it is described: replicas of several versions must agree. */
static void in_one_piece(const rig *r, char etag[ETAG])
{
    static const uint8_t zeros[sizeof(r->program.digest)];
    uint8_t digest[OL_SHA256_BYTES];
    ol_buf all;
    ol_buf_init(&all, 64 * 1024);
    item(&all, OL_SLICE_LIT("objlens view 3, " OBJLENS_VERSION));
    item(&all, r->original.etag);
    item(&all, r->original.key);
    ol_buf_add(&all, ol_slice_of(&r->original.last_modified_ms, 8));
    item(&all, r->metadata[0].name);
    item(&all, r->metadata[0].value);
    item(&all, r->olap.arn);
    ol_buf_add(&all, ol_slice_of(zeros, sizeof(zeros)));
    item(&all, r->step.payload);
    item(&all, OL_SLICE_LIT("x-lang"));
    ol_buf_add_byte(&all, 0);
    item(&all, OL_SLICE_NONE);
    ol_buf_add_byte(&all, 1);
    item(&all, r->who.arn);
    item(&all, r->who.principal_id);
    item(&all, r->address.key);
    ol_hmac_sha256(ol_slice_of(r->key.bytes, sizeof(r->key.bytes)), ol_buf_slice(&all), digest);
    ol_hex_encode(digest, sizeof(digest), etag);
    memcpy(etag + 64, "-v", 3);
    ol_buf_fini(&all);
}

static void every_length_of_an_item_counts_wholly(void **state)
{
    (void)state;
    static char payload[2200];
    char etag[ETAG], wanted[ETAG];
    rig r;
    set_up(&r);
    memset(payload, 'p', sizeof(payload));
    for (size_t len = 0; len <= sizeof(payload); len++) {
        r.step.payload = ol_slice_of(payload, len);
        assert_code(ol_view_etag(&r.key, &r.inputs, etag), OL_OK);
        in_one_piece(&r, wanted);
        assert_string_equal(etag, wanted);
    }
    tear_down(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_seen_makes_another_view),
        cmocka_unit_test(an_empty_header_is_not_an_absent_one),
        cmocka_unit_test(what_no_program_sees_changes_nothing),
        cmocka_unit_test(callers_share_what_no_program_makes_for_one),
        cmocka_unit_test(a_view_of_the_request_itself_has_none),
        cmocka_unit_test(every_length_of_an_item_counts_wholly),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
