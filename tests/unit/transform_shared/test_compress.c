/* SPDX-License-Identifier: MIT */
/*
 * The compress transform: what it makes is opened again by decompress, is the same however the
 * original was cut, and never depends on anything but original and payload.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "direct_host.h"

#define BLOCK_BYTES (64 * 1024)
#define SIZE_MAX_TRIED (5 * BLOCK_BYTES + 77)
/* So many bytes one by one take long under a sanitizer. */
#define BYTEWISE_MAX 5000

static const struct objlens_transform *compress, *decompress;
static unsigned char input[SIZE_MAX_TRIED];

static const struct {
    const char *name, *type, *encoding;
    int levels[3];
} formats[] = {
    {"gzip", "application/gzip", "gzip", {1, 6, 9}},
    {"zlib", "application/zlib", "deflate", {1, 6, 9}},
    {"zstd", "application/zstd", "zstd", {1, 3, 16}},
    {"bzip2", "application/x-bzip2", NULL, {1, 9, 9}},
    {"xz", "application/x-xz", NULL, {0, 2, 4}},
    {"lz4", "application/x-lz4", NULL, {1, 2, 12}},
    {"brotli", "application/x-brotli", "br", {0, 5, 11}},
    {"snappy", "application/x-snappy-framed", NULL, {0, 0, 0}},
};
#define FORMATS (sizeof(formats) / sizeof(formats[0]))

static void payload_of(char out[200], size_t i, int level)
{
    if (strcmp(formats[i].name, "snappy") == 0)
        snprintf(out, 200, "{\"format\":\"snappy\"}");
    else
        snprintf(out, 200, "{\"level\":%d,\"format\":\"%s\",\"memory_bytes\":268435456}", level, formats[i].name);
}

/* Runs of words and of noise. */
static void fill_input(unsigned seed)
{
    static const char *const words[] = {"alpha ", "beta,", "gamma\n", "0123456789", "\0\0\0\0\0\0", "\xff"};
    struct objlens_call random = {.random = seed};
    for (size_t at = 0; at < sizeof(input);) {
        unsigned r = direct_random(&random), noise = r % 97 == 0 ? 3000 : 0;
        const char *word = words[(r >> 7) % 6];
        for (size_t i = 0; at < sizeof(input) && i < (noise ? noise : strlen(word) + 1); i++)
            input[at++] = (unsigned char)(noise ? direct_random(&random) : (unsigned)word[i]);
    }
}

static void check_opened(const char *format, const struct objlens_call *made, size_t size)
{
    char payload[100];
    struct objlens_call call;
    snprintf(payload, sizeof(payload), "{\"format\":\"%s\",\"memory_bytes\":67108864}", format);
    direct_init(&call, payload, 100000, 1);
    int rc = direct_run(decompress, &call, made->out, made->size, direct_whole);
    if (rc != OBJLENS_OK)
        fail_msg("%s, %zu bytes: %s", format, size, call.failed_message);
    assert_int_equal(call.size, size);
    if (size > 0)
        assert_memory_equal(call.out, input, size);
    direct_fini(&call);
}

static void check_round_trip(size_t i, const char *payload, size_t size)
{
    direct_cut_fn *const cuts[] = {direct_whole, direct_chopped, direct_bytes};
    struct objlens_call calls[3];
    for (unsigned k = 0; k < 3; k++) {
        direct_init(&calls[k], payload, k == 0 ? 200000 : k == 1 ? 7 : 500, k + 1);
        if (k == 2 && size > BYTEWISE_MAX)
            continue;
        int rc = direct_run(compress, &calls[k], input, size, cuts[k]);
        if (rc != OBJLENS_OK)
            fail_msg("%s: %d, %s", payload, rc, calls[k].failed_message);
        if (calls[k].size != calls[0].size || memcmp(calls[k].out, calls[0].out, calls[0].size) != 0)
            fail_msg("%s, %zu bytes: the cut matters", payload, size);
        assert_int_equal(direct_live_blocks(&calls[k]), 0);
    }
    check_opened(formats[i].name, &calls[0], size);
    for (unsigned k = 0; k < 3; k++)
        direct_fini(&calls[k]);
}

static void test_round_trips(void **state)
{
    (void)state;
    static const size_t sizes[] = {0, 1, 300, 4000, BLOCK_BYTES - 1, BLOCK_BYTES, BLOCK_BYTES + 1, SIZE_MAX_TRIED};
    char payload[200];
    fill_input(1);
    for (size_t i = 0; i < FORMATS; i++)
        for (size_t k = 0; k < 3; k++)
            for (size_t n = 0; n < sizeof(sizes) / sizeof(sizes[0]); n++) {
                payload_of(payload, i, formats[i].levels[k]);
                check_round_trip(i, payload, sizes[n]);
            }
}

static void test_random_inputs(void **state)
{
    (void)state;
    char payload[200];
    for (unsigned seed = 2; seed < 60; seed++) {
        size_t i = seed % FORMATS;
        fill_input(seed);
        payload_of(payload, i, formats[i].levels[1]);
        check_round_trip(i, payload, seed * 7919u % SIZE_MAX_TRIED);
    }
}

static void check_head(const char *payload, const char *type, const char *encoding)
{
    struct objlens_call call;
    direct_init(&call, payload, 1000, 1);
    int rc = direct_run(compress, &call, "x", 1, direct_whole);
    if (rc != OBJLENS_OK)
        fail_msg("%s: %s", payload, call.failed_message);
    assert_string_equal(call.content_type, type);
    assert_string_equal(call.content_encoding_set, encoding);
    direct_fini(&call);
}

static void test_heads(void **state)
{
    (void)state;
    char payload[200];
    check_head(NULL, "application/gzip", "");
    for (size_t i = 0; i < FORMATS; i++) {
        snprintf(payload, sizeof(payload), "{\"format\":\"%s\"}", formats[i].name);
        check_head(payload, formats[i].type, "");
        snprintf(payload, sizeof(payload), "{\"format\":\"%s\",\"as\":\"content-encoding\"}", formats[i].name);
        if (formats[i].encoding)
            check_head(payload, "", formats[i].encoding);
    }
}

/* No time, no name, no system: RFC 1952 2.3. */
static void test_gzip_header(void **state)
{
    (void)state;
    struct objlens_call call;
    direct_init(&call, NULL, 1000, 1);
    assert_int_equal(direct_run(compress, &call, "x", 1, direct_whole), OBJLENS_OK);
    assert_memory_equal(call.out, "\x1f\x8b\x08\0\0\0\0\0\0\xff", 10);
    direct_fini(&call);
}

static void check_refused(const char *payload, const char *encoding, const char *code, const char *says)
{
    struct objlens_call call;
    direct_init(&call, payload, 1000, 1);
    call.content_encoding = encoding;
    assert_int_equal(direct_run(compress, &call, "x", 1, direct_whole), OBJLENS_EFAILED);
    assert_string_equal(call.failed_code, code);
    if (!strstr(call.failed_message, says))
        fail_msg("%s: %s", payload, call.failed_message);
    direct_fini(&call);
}

static void test_refused(void **state)
{
    (void)state;
    static const char *const bad[][2] = {
        {"{\"colour\":1}", "unknown key, \"colour\""},
        {"{\"format\":\"zip\"}", "\"format\" must be gzip, zlib"},
        {"{\"format\":1}", "\"format\" must be gzip, zlib"},
        {"{\"level\":0}", "\"level\" of gzip must be a whole number from 1 to 9"},
        {"{\"level\":20,\"format\":\"zstd\"}", "\"level\" of zstd must be a whole number from 1 to 19"},
        {"{\"level\":1,\"format\":\"snappy\"}", "has no meaning with snappy"},
        {"{\"level\":6,\"format\":\"xz\"}", "xz at level 6 takes"},
        {"{\"level\":19,\"format\":\"zstd\"}", "more than \"memory_bytes\""},
        {"{\"as\":\"content-encoding\",\"format\":\"bzip2\"}", "bzip2 is no Content-Encoding"},
        {"{\"as\":\"gzip\"}", "\"as\" must be file or content-encoding"},
        {"{\"memory_bytes\":1}", "must be a whole number from"},
        {"[]", "must be a JSON object"},
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        check_refused(bad[i][0], NULL, "InvalidTransformPayload", bad[i][1]);
    check_refused(NULL, "gzip", "InvalidTextEncoding", "decompress it first");
}

/* Nothing stays behind, whenever the client goes away. */
static void test_closed_at_any_point(void **state)
{
    (void)state;
    char payload[200];
    fill_input(3);
    for (size_t i = 0; i < FORMATS; i++)
        for (size_t n = 0; n < 5; n++) {
            struct objlens_call call;
            void *instance;
            payload_of(payload, i, formats[i].levels[1]);
            direct_init(&call, payload, 3000, 1);
            assert_int_equal(direct_open(compress, &direct_host, &call, &instance), OBJLENS_OK);
            for (size_t k = 0; k < n; k++)
                assert_int_equal(compress->write(instance, input + k * 50000, 50000), OBJLENS_OK);
            compress->close(instance);
            assert_int_equal(direct_live_blocks(&call), 0);
            direct_fini(&call);
        }
}

static void test_output_fails(void **state)
{
    (void)state;
    char payload[200];
    fill_input(4);
    for (size_t i = 0; i < FORMATS; i++) {
        struct objlens_call call;
        void *instance;
        payload_of(payload, i, formats[i].levels[1]);
        direct_init(&call, payload, 3000, 1);
        assert_int_equal(direct_open(compress, &direct_host, &call, &instance), OBJLENS_OK);
        assert_int_equal(compress->write(instance, input, 1000), OBJLENS_OK);
        call.failed_status = 500;
        assert_int_equal(compress->finish(instance), OBJLENS_EFAILED);
        compress->close(instance);
        direct_fini(&call);
    }
}

static void test_no_memory(void **state)
{
    (void)state;
    struct objlens_call call;
    direct_init(&call, NULL, 1000, 1);
    call.allocs_left = 1;
    assert_int_equal(direct_run(compress, &call, "x", 1, direct_whole), OBJLENS_ENOMEM);
    direct_fini(&call);
}

int main(void)
{
    compress = direct_load("compress");
    decompress = direct_load("decompress");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trips),
        cmocka_unit_test(test_random_inputs),
        cmocka_unit_test(test_heads),
        cmocka_unit_test(test_gzip_header),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_closed_at_any_point),
        cmocka_unit_test(test_output_fails),
        cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
