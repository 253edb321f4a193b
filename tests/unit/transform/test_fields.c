/* SPDX-License-Identifier: MIT */
/*
 * Field lists, and the texts made of them: what goes in comes out, and nothing malformed passes.
 */
#include "lib/check.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/limits.h"
#include "transform/fields.h"
#include "transform/host/texts.h"

static void test_round_trip(void **state)
{
    (void)state;
    ol_buf out;
    ol_slice value;
    ol_buf_init(&out, 1 << 20);
    assert_code(ol_fields_begin(&out), OL_OK);
    assert_code(ol_fields_check(ol_buf_slice(&out)), OL_OK);
    assert_code(ol_fields_add(&out, "a", OL_SLICE_LIT("1")), OL_OK);
    assert_code(ol_fields_add(&out, "empty", OL_SLICE_NONE), OL_OK);
    assert_code(ol_fields_add_under(&out, "header.", OL_SLICE_LIT("etag"), OL_SLICE_LIT("x\0y")),
                OL_OK);
    assert_code(ol_fields_check(ol_buf_slice(&out)), OL_OK);
    assert_true(ol_fields_get(ol_buf_slice(&out), "header.etag", &value));
    assert_slice(value, "x\0y");
    assert_true(ol_fields_get(ol_buf_slice(&out), "empty", &value));
    assert_int_equal(value.len, 0);
    value = OL_SLICE_LIT("kept");
    assert_false(ol_fields_get(ol_buf_slice(&out), "header", &value));
    assert_slice(value, "kept");
    ol_buf_fini(&out);
}

static void test_limits_of_encoding(void **state)
{
    (void)state;
    ol_buf out;
    ol_buf_init(&out, 40);
    assert_code(ol_fields_add(&out, "a", OL_SLICE_NONE), OL_EINVAL); /* not begun */
    assert_code(ol_fields_begin(&out), OL_OK);
    assert_code(ol_fields_add(&out, "", OL_SLICE_NONE), OL_EINVAL);
    assert_code(ol_fields_add(&out, "a", OL_SLICE_LIT("0123456789012345678901234567890")),
                OL_ELIMIT);
    assert_code(ol_fields_check(ol_buf_slice(&out)), OL_OK);
    assert_int_equal(out.len, 4);
    ol_buf_fini(&out);
    ol_buf_init(&out, 1 << 20);
    char *name = calloc(1, 70001);
    memset(name, 'n', 70000);
    assert_code(ol_fields_begin(&out), OL_OK);
    assert_code(ol_fields_add(&out, name, OL_SLICE_NONE), OL_ELIMIT);
    free(name);
    ol_buf_fini(&out);
}

/* Every prefix, and every change of one byte that touches a length, is refused or read in bounds;
 * a copy of exactly the size lets the sanitizer see. */
static void test_malformed(void **state)
{
    (void)state;
    ol_buf out;
    ol_buf_init(&out, 1000);
    assert_code(ol_fields_begin(&out), OL_OK);
    assert_code(ol_fields_add(&out, "name", OL_SLICE_LIT("value")), OL_OK);
    assert_code(ol_fields_add(&out, "n", OL_SLICE_LIT("v")), OL_OK);
    for (size_t len = 0; len < out.len; len++) {
        uint8_t *copy = malloc(len ? len : 1);
        memcpy(copy, out.data, len);
        assert_code(ol_fields_check(ol_slice_of(copy, len)), OL_EINVAL);
        free(copy);
    }
    for (size_t at = 0; at < out.len; at++)
        for (unsigned byte = 0; byte < 256; byte++) {
            uint8_t *copy = malloc(out.len);
            ol_slice value;
            memcpy(copy, out.data, out.len);
            copy[at] = (uint8_t)byte;
            ol_fields_get(ol_slice_of(copy, out.len), "none", &value);
            ol_fields_check(ol_slice_of(copy, out.len));
            free(copy);
        }
    uint8_t *longer = malloc(out.len + 1);
    memcpy(longer, out.data, out.len);
    longer[out.len] = 0;
    assert_code(ol_fields_check(ol_slice_of(longer, out.len + 1)), OL_EINVAL);
    free(longer);
    ol_buf_fini(&out);
}

static void test_program_text(void **state)
{
    (void)state;
    ol_buf out;
    ol_program got, program = {
        .name = "pii", .kind = OL_PROGRAM_SHARED, .share = OL_SHARE_ALL, .path = "/x/pii.so",
        .source = OL_SLICE_LIT("source"), .digest = {1, 2, 3}, .version = 77, .image_fd = -1,
    };
    ol_transform_limits_default(&program.limits);
    ol_buf_init(&out, 4096);
    assert_code(ol_text_program_encode(&out, &program, program.path), OL_OK);
    assert_code(ol_text_program_decode(ol_buf_slice(&out), &got), OL_OK);
    assert_string_equal(got.name, "pii");
    assert_string_equal(got.path, "/x/pii.so");
    assert_int_equal(got.kind, OL_PROGRAM_SHARED);
    assert_int_equal(got.share, OL_SHARE_ALL);
    assert_int_equal(got.version, 77);
    assert_slice(got.source, "source");
    assert_memory_equal(got.digest, program.digest, 32);
    assert_memory_equal(&got.limits, &program.limits, sizeof(got.limits));
    ol_buf_fini(&out);
}

static void test_error_text(void **state)
{
    (void)state;
    ol_buf out;
    ol_error err = {0}, got;
    ol_buf_init(&out, 4096);
    ol_error_custom(&err, OL_ETRANSFORM, 403, OL_SLICE_LIT("Mine"), OL_SLICE_LIT("my words"));
    snprintf(err.detail, sizeof(err.detail), "line %d", 3);
    assert_code(ol_text_error_encode(&out, &err), OL_OK);
    ol_text_error_decode(ol_buf_slice(&out), OL_ETRANSFORM, &got);
    assert_memory_equal(&got, &err, sizeof(err));
    ol_text_error_decode(ol_buf_slice(&out), OL_EACCESS, &got); /* not a host's to say */
    assert_code(got.code, OL_ETRANSFORM);
    ol_text_error_decode(OL_SLICE_LIT("junk"), OL_ETRANSFORMCPU, &got);
    assert_code(got.code, OL_ETRANSFORMCPU);
    assert_int_equal(got.status, 500);
    assert_true(got.message[0]);

    static const char *const evil[] = {"<code>", "a b", "", "\n"};
    for (size_t i = 0; i < 4; i++) {
        assert_code(ol_fields_begin(&out), OL_OK);
        ol_fields_add(&out, "status", OL_SLICE_LIT("599"));
        ol_fields_add(&out, "s3_code", ol_slice_cstr(evil[i]));
        ol_fields_add(&out, "message", OL_SLICE_LIT("one\ntwo\x1b[0m \xff"));
        ol_fields_add(&out, "detail", OL_SLICE_LIT("caf\xc3\xa9\r"));
        ol_text_error_decode(ol_buf_slice(&out), OL_ETRANSFORM, &got);
        assert_string_equal(got.s3_code, "LambdaRuntimeError");
        assert_string_equal(got.message, "one?two?[0m ?");
        assert_string_equal(got.detail, "caf\xc3\xa9?");
        assert_int_equal(got.status, 599);
    }
    ol_buf_fini(&out);
}

static void test_declared_text(void **state)
{
    (void)state;
    ol_buf out;
    ol_program_declared got, declared = {.depends_request = true, .has_get = true,
                                         .depends_headers = OL_SLICE_LIT("range\n")};
    ol_buf_init(&out, 16384);
    assert_code(ol_text_declared_encode(&out, &declared), OL_OK);
    assert_code(ol_text_declared_decode(ol_buf_slice(&out), &got), OL_OK);
    assert_true(got.depends_request && got.has_get && !got.reentrant);
    assert_slice(got.depends_headers, "range\n");
    assert_false(got.has_head || got.has_list || got.has_request || got.ignores_identity || got.keeps_positions);
    declared = (ol_program_declared){.has_head = true, .has_request = true, .ignores_identity = true,
                                     .keeps_positions = true, .positions_before = 1 * OL_MIB, .positions_after = 2};
    ol_buf_clear(&out);
    assert_code(ol_text_declared_encode(&out, &declared), OL_OK);
    assert_code(ol_text_declared_decode(ol_buf_slice(&out), &got), OL_OK);
    assert_true(got.has_head && !got.has_list && got.has_request && got.ignores_identity && got.keeps_positions);
    assert_int_equal(got.positions_before, 1 * OL_MIB);
    assert_int_equal(got.positions_after, 2);
    declared.positions_after = 1 * OL_MIB + 1;
    ol_buf_clear(&out);
    assert_code(ol_text_declared_encode(&out, &declared), OL_OK);
    assert_code(ol_text_declared_decode(ol_buf_slice(&out), &got), OL_EINVAL);
    static uint8_t many[5000];
    declared.positions_after = 0;
    ol_buf_clear(&out);
    declared.depends_headers = ol_slice_of(many, sizeof(many));
    assert_code(ol_text_declared_encode(&out, &declared), OL_OK);
    assert_code(ol_text_declared_decode(ol_buf_slice(&out), &got), OL_EINVAL);
    ol_buf_fini(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),    cmocka_unit_test(test_limits_of_encoding),
        cmocka_unit_test(test_malformed),     cmocka_unit_test(test_program_text),
        cmocka_unit_test(test_error_text),    cmocka_unit_test(test_declared_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
