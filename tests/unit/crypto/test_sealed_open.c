/* SPDX-License-Identifier: MIT */
/*
 * Opening what clients encrypted, each format, from the fuzzers' seeds (their AES key is all zeroes):
 * it opens, little memory is survived, and no cut or changed byte of a header opens.
 */
#include "lib/alloc_check.h"
#include "lib/check.h"

#include "base/alloc.h"
#include "crypto/content/sealed.h"
#include "crypto/content/sealed_text.h"
#include "crypto/formats/s3_envelope.h"
#include "crypto/keys/secret.h"

#define BYTES_MAX 8192u
#define HEADERS_MAX 16u

typedef struct seed {
    const char *path; /* below the corpus; NULL: `bytes` */
    ol_slice bytes;
    enum ol_sealed_format format;
} seed;

static const uint8_t rclone_empty[32] = "RCLONE\0";
static const uint8_t openssl_file[32] = "Salted__saltsalt";

static const seed seeds[] = {
    {"crypto_s3/v1", {0}, OL_SEALED_S3_V1},
    {"crypto_s3/v2", {0}, OL_SEALED_S3_V2},
    {"crypto_s3/v2-cbc", {0}, OL_SEALED_S3_V2},
    {"crypto_s3/v2-file", {0}, OL_SEALED_S3_V2},
    {"crypto_s3/encoded", {0}, OL_SEALED_S3_V2},
    {"crypto_s3/v3", {0}, OL_SEALED_S3_V3},
    {"crypto_s3/v3-file", {0}, OL_SEALED_S3_V3},
    {"crypto_s3/old-file", {0}, OL_SEALED_S3_V1},
    {"crypto_sdk/0078-10", {0}, OL_SEALED_AWS_SDK},
    {"crypto_sdk/0178-0", {0}, OL_SEALED_AWS_SDK},
    {"crypto_sdk/0478-10", {0}, OL_SEALED_AWS_SDK},
    {"crypto_texts/age", {0}, OL_SEALED_AGE},
    {NULL, {rclone_empty, sizeof(rclone_empty)}, OL_SEALED_RCLONE},
    {NULL, {openssl_file, sizeof(openssl_file)}, OL_SEALED_OPENSSL},
};
#define SEEDS (sizeof(seeds) / sizeof(seeds[0]))

static ol_slice read_seed(const char *path, uint8_t room[BYTES_MAX])
{
    char full[512];
    snprintf(full, sizeof(full), "%s/tests/fuzz/corpus/%s", OBJLENS_SOURCE_DIR, path);
    FILE *file = fopen(full, "rb");
    assert_non_null(file);
    size_t len = fread(room, 1, BYTES_MAX, file);
    fclose(file);
    bool has_mark = strncmp(path, "crypto_texts/", 13) == 0;
    return ol_slice_of(room + has_mark, len - has_mark);
}

static size_t read_headers(ol_slice *rest, ol_header *headers)
{
    size_t count = 0;
    for (;;) {
        ptrdiff_t end = ol_slice_find(*rest, '\n');
        assert_true(end >= 0);
        ol_slice line = ol_slice_first(*rest, (size_t)end);
        *rest = ol_slice_from(*rest, (size_t)end + 1);
        if (line.len == 0)
            return count;
        assert_true(count < HEADERS_MAX);
        ptrdiff_t colon = ol_slice_find(line, ':');
        headers[count].name = ol_slice_first(line, (size_t)colon);
        headers[count++].value = ol_slice_from(line, (size_t)colon + 2);
    }
}

/* ---- keys ---- */

static int add_keys(ol_keys *keys)
{
    static uint8_t zeroes[32], room[BYTES_MAX];
    ol_error err = {0};
    ol_slice identity = read_seed("crypto_texts/identity", room);
    ol_key aes = {.kind = OL_KEY_AES, .id = OL_SLICE_LIT("k"), .material = zeroes, .material_len = 32};
    ol_key text = {.kind = OL_KEY_PASSWORD,
                   .material = (uint8_t *)(uintptr_t)identity.data,
                   .material_len = identity.len};
    int rc = ol_keys_add(keys, &aes, &err);
    return rc == OL_OK ? ol_keys_add(keys, &text, &err) : rc;
}

static int open_with(const ol_keys *keys, const seed *from, ol_slice bytes, bool *opened)
{
    static const ol_sealed_rules rules = {.formats = ~0u, .legacy = true};
    ol_header headers[HEADERS_MAX];
    ol_error err = {0};
    ol_sealed_ask ask = {.keys = keys, .rules = &rules, .size = UINT64_MAX, .headers = headers};
    bool in_headers = from->path && strncmp(from->path, "crypto_s3/", 10) == 0;
    ask.arena = ol_arena_new(1 << 20);
    if (!ask.arena)
        return OL_ENOMEM;
    if (in_headers)
        ask.header_count = read_headers(&bytes, headers);
    *(in_headers ? &ask.instruction : &ask.first) = bytes;
    int rc = ol_sealed_open(&ask, &err);
    *opened = rc == OL_OK;
    assert_true(*opened == (ask.sealed != NULL));
    if (*opened)
        assert_int_equal(ol_sealed_format_of(ask.sealed), from->format);
    ol_sealed_release(ask.sealed);
    ol_arena_destroy(ask.arena);
    return rc;
}

static int open_seed(void *arg)
{
    static uint8_t room[BYTES_MAX];
    const seed *from = arg;
    ol_keys *keys = NULL;
    bool opened;
    ol_slice bytes = from->path ? read_seed(from->path, room) : from->bytes;
    int rc = ol_keys_new(&keys);
    if (rc == OL_OK)
        rc = add_keys(keys);
    if (rc == OL_OK)
        rc = open_with(keys, from, bytes, &opened);
    ol_keys_release(keys);
    return rc;
}

/* ---- tests ---- */

static void every_format_opens_also_with_little_memory(void **state)
{
    (void)state;
    for (size_t i = 0; i < SEEDS; i++) {
        assert_code(open_seed((void *)(uintptr_t)&seeds[i]), OL_OK);
        assert_true(ol_test_fail_each(open_seed, (void *)(uintptr_t)&seeds[i]) > 2);
    }
}

/* Of the formats whose header is authenticated when they are opened: up to `len`. */
static void damage(const char *path, size_t len)
{
    static uint8_t room[BYTES_MAX], copy[BYTES_MAX];
    seed from = {path, {0}, OL_SEALED_AGE};
    from.format = strstr(path, "sdk") ? OL_SEALED_AWS_SDK : OL_SEALED_AGE;
    ol_slice bytes = read_seed(path, room);
    ol_keys *keys = NULL;
    bool opened;
    assert_code(ol_keys_new(&keys), OL_OK);
    assert_code(add_keys(keys), OL_OK);
    for (size_t at = 0; at < len; at++) {
        memcpy(copy, bytes.data, bytes.len);
        copy[at] ^= 1;
        assert_code(open_with(keys, &from, ol_slice_of(copy, bytes.len), &opened), OL_EDECRYPT);
        assert_code(open_with(keys, &from, ol_slice_first(bytes, at), &opened), OL_EDECRYPT);
    }
    assert_code(open_with(keys, &from, bytes, &opened), OL_OK);
    ol_keys_release(keys);
}

static void no_damaged_header_opens(void **state)
{
    (void)state;
    damage("crypto_sdk/0078-10", 150);
    damage("crypto_sdk/0178-0", 130);
    damage("crypto_sdk/0478-10", 170);
    damage("crypto_texts/age", 160);
}

static int parse_keys(void *arg)
{
    static uint8_t room[BYTES_MAX];
    ol_keys *keys = NULL;
    ol_error err = {0};
    (void)arg;
    int rc = ol_keys_new(&keys);
    if (rc == OL_OK)
        rc = ol_keys_parse_json(keys, read_seed("crypto_texts/keys", room), &err);
    if (rc == OL_OK)
        assert_int_equal(ol_keys_count(keys), 5); /* a password that may be base64 is two */
    ol_keys_release(keys);
    return rc;
}

static void a_list_of_keys(void **state)
{
    (void)state;
    assert_code(parse_keys(NULL), OL_OK);
    assert_true(ol_test_fail_each(parse_keys, NULL) > 1);
}

static void check_base64(const char *text, const char *want)
{
    uint8_t out[8];
    size_t len;
    int rc = ol_sealed_base64(ol_slice_cstr(text), out, want ? strlen(want) : 8, &len);
    assert_code(rc, want ? OL_OK : OL_EINVAL);
    if (want)
        assert_slices(ol_slice_of(out, len), ol_slice_cstr(want));
}

static void base64_as_people_write_it(void **state)
{
    (void)state;
    static const char *const wrong[] = {"A", "QUJDR", "QQ==QQ==", "QQ==x", "=", "Q Q = = A",
                                        "QR==", "QUJ-", "QUJD=", NULL};
    check_base64("", "");
    check_base64(" \n", "");
    check_base64("QUJDREU=", "ABCDE");
    check_base64("QUJDREU", "ABCDE");
    check_base64("QUJD\r\nRE U = \n", "ABCDE");
    check_base64("QQ", "A");
    for (size_t i = 0; wrong[i]; i++)
        check_base64(wrong[i], NULL);
}

static void check_text(const char *value, const char *want)
{
    ol_arena *arena = ol_arena_new(1 << 16);
    ol_slice text;
    int rc = ol_s3_header_text(ol_slice_cstr(value), arena, &text);
    assert_code(rc, want ? OL_OK : OL_EDECRYPT);
    if (want)
        assert_slices(text, ol_slice_cstr(want));
    ol_arena_destroy(arena);
}

static void texts_of_headers(void **state)
{
    (void)state;
    check_text("", "");
    check_text("plain =?", "plain =?");
    check_text("=?UTF-8?B?" "?=", "");
    check_text("=?utf-8?q?a_b=C3=BC?= =?UTF-8?B?w7w=?= x", "a büü x");
    check_text("=?UTF-8?B?w4PCvA==?=", "ü");
    check_text("\xc3\x83\xc2\xbc", "ü");
    check_text("\xc3\xbc", "ü");
    check_text("=?UTF-8?X?abc?=", NULL);
    check_text("=?UTF-8?Q?=C3?=", NULL);
    check_text("=?UTF-8?Q?=4?=", NULL);
    check_text("\xff", NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_format_opens_also_with_little_memory),
        cmocka_unit_test(no_damaged_header_opens),
        cmocka_unit_test(a_list_of_keys),
        cmocka_unit_test(base64_as_people_write_it),
        cmocka_unit_test(texts_of_headers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
