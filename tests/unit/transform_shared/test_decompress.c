/* SPDX-License-Identifier: MIT */
/*
 * The decompress transform: each format made by its own library, opened however it is cut; cut
 * short, damaged, padded, joined; the limits; no memory.
 */
#include <brotli/encode.h>
#include <bzlib.h>
#include <lz4frame.h>
#include <lzma.h>
#include <setjmp.h>
#include <snappy-c.h>
#include <stdarg.h>
#include <stdbool.h>
#include <zlib.h>
#include <zstd.h>

#include <cmocka.h>

#include "direct_host.h"

#define PLAIN_BYTES 150000u
#define ROOM(size) ((size) + (size) / 50 + 64 * 1024) /* for the worst that packing does */

static const struct objlens_transform *decompress;
static unsigned char plain[PLAIN_BYTES];

/* ---- packing ---- */

typedef size_t pack_fn(const unsigned char *from, size_t size, unsigned char *to);

static size_t pack_deflate(const unsigned char *from, size_t size, unsigned char *to, int window)
{
    z_stream z = {.next_in = (Bytef *)from, .avail_in = (uInt)size, .next_out = to, .avail_out = (uInt)ROOM(size)};
    assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, window, 8, Z_DEFAULT_STRATEGY), Z_OK);
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    deflateEnd(&z);
    return z.total_out;
}

static size_t pack_gzip(const unsigned char *from, size_t size, unsigned char *to)
{
    return pack_deflate(from, size, to, MAX_WBITS + 16);
}

static size_t pack_zlib(const unsigned char *from, size_t size, unsigned char *to)
{
    return pack_deflate(from, size, to, MAX_WBITS);
}

static size_t pack_zstd(const unsigned char *from, size_t size, unsigned char *to)
{
    ZSTD_CCtx *z = ZSTD_createCCtx();
    ZSTD_CCtx_setParameter(z, ZSTD_c_checksumFlag, 1);
    size_t n = ZSTD_compress2(z, to, ROOM(size), from, size);
    ZSTD_freeCCtx(z);
    assert_false(ZSTD_isError(n));
    return n;
}

static size_t pack_bzip2(const unsigned char *from, size_t size, unsigned char *to)
{
    unsigned n = (unsigned)ROOM(size);
    assert_int_equal(BZ2_bzBuffToBuffCompress((char *)to, &n, (char *)from, (unsigned)size, 1, 0, 0), BZ_OK);
    return n;
}

static size_t pack_xz(const unsigned char *from, size_t size, unsigned char *to)
{
    size_t n = 0;
    assert_int_equal(lzma_easy_buffer_encode(1, LZMA_CHECK_CRC64, NULL, from, size, to, &n, ROOM(size)), LZMA_OK);
    return n;
}

static size_t pack_lz4(const unsigned char *from, size_t size, unsigned char *to)
{
    LZ4F_preferences_t with = {.frameInfo = {.contentChecksumFlag = LZ4F_contentChecksumEnabled}};
    size_t n = LZ4F_compressFrame(to, ROOM(size), from, size, &with);
    assert_false(LZ4F_isError(n));
    return n;
}

static size_t pack_brotli(const unsigned char *from, size_t size, unsigned char *to)
{
    size_t n = ROOM(size);
    assert_true(BrotliEncoderCompress(4, 22, BROTLI_MODE_GENERIC, size, from, &n, to));
    return n;
}

/* By the definition of the CRC, so that it is not the transform's own code that is believed. */
static uint32_t crc32c_masked(const unsigned char *bytes, size_t size)
{
    uint32_t crc = ~0u;
    for (size_t i = 0; i < size; i++) {
        crc ^= bytes[i];
        for (unsigned bit = 0; bit < 8; bit++)
            crc = crc & 1 ? crc >> 1 ^ 0x82f63b78u : crc >> 1;
    }
    crc = ~crc;
    return (crc >> 15 | crc << 17) + 0xa282ead8u;
}

static size_t put_chunk(unsigned char *to, unsigned type, const void *body, size_t size)
{
    to[0] = (unsigned char)type;
    for (unsigned i = 0; i < 3; i++)
        to[1 + i] = (unsigned char)(size >> 8 * i);
    memcpy(to + 4, body, size);
    return 4 + size;
}

static size_t pack_snappy(const unsigned char *from, size_t size, unsigned char *to)
{
    static unsigned char body[4 + 80000];
    size_t at = put_chunk(to, 0xff, "sNaPpY", 6);
    at += put_chunk(to + at, 0x80, "to be skipped", 13);
    for (size_t done = 0, n; done < size; done += n) {
        n = size - done < 65536 ? size - done : 65536;
        size_t packed = sizeof(body) - 4;
        uint32_t crc = crc32c_masked(from + done, n);
        for (unsigned i = 0; i < 4; i++)
            body[i] = (unsigned char)(crc >> 8 * i);
        bool stored = done == 65536; /* one of each kind */
        if (stored)
            memcpy(body + 4, from + done, packed = n);
        else
            assert_int_equal(snappy_compress((const char *)from + done, n, (char *)body + 4, &packed), SNAPPY_OK);
        at += put_chunk(to + at, stored ? 0x01 : 0x00, body, 4 + packed);
    }
    return at;
}

static const struct format {
    const char *name, *url;
    pack_fn *pack;
    bool joins, checks; /* streams one behind the other; a checksum over everything */
} formats[] = {
    {"gzip", "/b/a.csv.gz", pack_gzip, true, true},
    {"zlib", "/b/a.csv.zz", pack_zlib, false, true},
    {"zstd", "/b/a.csv.zst", pack_zstd, true, true},
    {"bzip2", "/b/a.csv.bz2", pack_bzip2, true, true},
    {"xz", "/b/a.csv.xz", pack_xz, true, true},
    {"lz4", "/b/a.csv.lz4", pack_lz4, true, true},
    {"snappy", "/b/a.csv.sz?x=.gz", pack_snappy, true, true},
    {"brotli", "/b/a.csv.br", pack_brotli, false, false},
};

#define EACH_FORMAT(f) (const struct format *f = formats; f < formats + sizeof(formats) / sizeof(formats[0]); f++)

/* Lines with numbers, and a stretch that does not compress. */
static int make_plain(void **state)
{
    unsigned random = 7;
    (void)state;
    for (size_t i = 0; i < PLAIN_BYTES; i++) {
        random = random * 1103515245u + 12345u;
        plain[i] = i < 100000 ? (unsigned char)"order,17,name\n0"[(random >> 16) % 15] : (unsigned char)(random >> 16);
    }
    decompress = direct_load("decompress");
    return 0;
}

static unsigned char *packed_of(const struct format *f, size_t *size)
{
    unsigned char *packed = malloc(2 * ROOM(PLAIN_BYTES));
    assert_non_null(packed);
    *size = f->pack(plain, PLAIN_BYTES, packed);
    return packed;
}

/* ---- running ---- */

struct wanted {
    const char *code; /* NULL: it succeeds */
    size_t copies;    /* of `plain` */
};

static void run(const struct format *f, const char *payload, const unsigned char *packed, size_t size,
                direct_cut_fn *cut, struct wanted wanted)
{
    struct objlens_call c;
    direct_init(&c, payload, cut == direct_bytes ? 7 : 5000, (unsigned)size);
    c.url = f->url;
    int rc = direct_run(decompress, &c, packed, size, cut);
    if (wanted.code) {
        assert_int_equal(rc, OBJLENS_EFAILED);
        assert_string_equal(c.failed_code, wanted.code);
    } else {
        if (rc != OBJLENS_OK)
            fail_msg("%s: %d %s", f->name, rc, c.failed_message);
        assert_int_equal(c.size, wanted.copies * PLAIN_BYTES);
        for (size_t i = 0; i < wanted.copies; i++)
            assert_memory_equal(c.out + i * PLAIN_BYTES, plain, PLAIN_BYTES);
        assert_string_equal(c.content_type, "text/csv");
        assert_int_equal(direct_live_blocks(&c), 0);
    }
    direct_fini(&c);
}

static void test_formats_however_cut(void **state)
{
    (void)state;
    for EACH_FORMAT (f) {
        size_t size;
        unsigned char *packed = packed_of(f, &size);
        run(f, NULL, packed, size, direct_whole, (struct wanted){NULL, 1});
        run(f, NULL, packed, size, direct_bytes, (struct wanted){NULL, 1});
        run(f, NULL, packed, size, direct_chopped, (struct wanted){NULL, 1});
        char payload[64];
        snprintf(payload, sizeof(payload), "{\"format\":\"%s\"}", f->name);
        run(f, payload, packed, size, direct_whole, (struct wanted){NULL, 1});
        free(packed);
    }
}

static void test_cut_short(void **state)
{
    (void)state;
    for EACH_FORMAT (f) {
        size_t size;
        unsigned char *packed = packed_of(f, &size);
        size_t step = size / 97 + 1;
        for (size_t at = 16; at < size; at += step)
            run(f, NULL, packed, at, direct_whole, (struct wanted){"TruncatedInput", 0});
        run(f, NULL, packed, size - 1, direct_whole, (struct wanted){"TruncatedInput", 0});
        free(packed);
    }
}

/* A flipped bit is never taken for the original: an error, or the same bytes (a flipped bit in a
 * header's time or padding). */
static void test_damage(void **state)
{
    (void)state;
    for EACH_FORMAT (f) {
        size_t size;
        unsigned char *packed = packed_of(f, &size);
        size_t step = size / 211 + 1;
        for (size_t at = 12; f->checks && at < size; at += step) {
            struct objlens_call c;
            packed[at] ^= 0x10;
            direct_init(&c, NULL, 5000, 1);
            c.url = f->url;
            if (direct_run(decompress, &c, packed, size, direct_whole) == OBJLENS_OK) {
                assert_int_equal(c.size, PLAIN_BYTES);
                assert_memory_equal(c.out, plain, PLAIN_BYTES);
            }
            direct_fini(&c);
            packed[at] ^= 0x10;
        }
        free(packed);
    }
}

static void test_what_follows(void **state)
{
    (void)state;
    for EACH_FORMAT (f) {
        size_t size;
        unsigned char *packed = packed_of(f, &size);
        memset(packed + size, 0, 512);
        if (strcmp(f->name, "snappy") != 0) { /* to which zeros are a chunk */
            run(f, NULL, packed, size + 512, direct_bytes, (struct wanted){NULL, 1});
            memcpy(packed + size, "a text that no format begins with", 32);
            run(f, NULL, packed, size + 32, direct_chopped, (struct wanted){"InvalidCompressionFormat", 0});
            run(f, "{\"trailing\":\"ignore\"}", packed, size + 32, direct_bytes, (struct wanted){NULL, 1});
        }
        memcpy(packed + size, packed, size);
        struct wanted twice = f->joins ? (struct wanted){NULL, 2} : (struct wanted){"InvalidCompressionFormat", 0};
        run(f, NULL, packed, 2 * size, direct_chopped, twice);
        free(packed);
    }
}

static void test_padding_between_streams(void **state)
{
    (void)state;
    for EACH_FORMAT (f) {
        size_t size;
        if (strcmp(f->name, "xz") != 0 && strcmp(f->name, "gzip") != 0)
            continue;
        bool is_xz = f->name[0] == 'x';
        unsigned char *packed = packed_of(f, &size);
        memset(packed + size, 0, 4);
        memcpy(packed + size + 4, packed, size);
        run(f, NULL, packed, 2 * size + 4, direct_bytes,
            is_xz ? (struct wanted){NULL, 2} : (struct wanted){"InvalidCompressionFormat", 0});
        memmove(packed + size + 3, packed + size + 4, size);
        run(f, NULL, packed, 2 * size + 3, direct_bytes, (struct wanted){"InvalidCompressionFormat", 0});
        free(packed);
    }
}

/* What names a dictionary is told apart from damage. */
static void test_dictionaries(void **state)
{
    (void)state;
    static const struct {
        const char *payload, *bytes;
        size_t size;
    } cases[] = {
        {NULL, "\x28\xb5\x2f\xfd\x21\x07\x01\x09\x00\x00x", 11}, /* zstd: number 7 */
        {"{\"format\":\"zlib\"}", "\x78\xbb\x00\x00\x00\x07\x4b\x04\x00", 9},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct objlens_call c;
        direct_init(&c, cases[i].payload, 3, 1);
        assert_int_equal(direct_run(decompress, &c, cases[i].bytes, cases[i].size, direct_bytes), OBJLENS_EFAILED);
        assert_string_equal(c.failed_code, "InvalidCompressionFormat");
        assert_non_null(strstr(c.failed_message, "dictionary"));
        assert_int_equal(c.size, 0);
        direct_fini(&c);
    }
}

static void test_unrecognised(void **state)
{
    (void)state;
    struct objlens_call c;
    static const char *const texts[] = {"", "x", "hello, this is text", "BZh9 is no bzip2", "x\x9d is no zlib"};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        direct_init(&c, NULL, 3, 1);
        assert_int_equal(direct_run(decompress, &c, texts[i], strlen(texts[i]), direct_bytes), OBJLENS_EFAILED);
        assert_string_equal(c.failed_code, "InvalidCompressionFormat");
        assert_int_equal(c.size, 0);
        direct_fini(&c);
        direct_init(&c, "{\"unrecognised\":\"pass\"}", 3, 1);
        assert_int_equal(direct_run(decompress, &c, texts[i], strlen(texts[i]), direct_bytes), OBJLENS_OK);
        assert_int_equal(c.size, strlen(texts[i]));
        assert_memory_equal(c.out ? (char *)c.out : "", texts[i], c.size);
        direct_fini(&c);
    }
}

static void test_payloads(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "[]", "{", "{\"format\":\"rar\"}", "{\"format\":1}", "{\"ratio\":1}", "{\"max_ratio\":0}",
        "{\"max_ratio\":1.5}", "{\"memory_bytes\":1}", "{\"trailing\":\"keep\"}", "{\"unrecognised\":true}",
        "{\"file_name\":\"\"}", "{\"format\":\"gzip\",\"format\":\"gzip\"}"};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        struct objlens_call c;
        direct_init(&c, wrong[i], 100, 1);
        assert_int_equal(direct_run(decompress, &c, "x", 1, direct_whole), OBJLENS_EFAILED);
        assert_string_equal(c.failed_code, "InvalidTransformPayload");
        direct_fini(&c);
    }
}

/* ---- limits ---- */

static void test_bombs(void **state)
{
    (void)state;
    enum { BOMB_BYTES = 40 * 1024 * 1024 };
    unsigned char *zeros = calloc(1, BOMB_BYTES), *packed = malloc(ROOM(BOMB_BYTES));
    for EACH_FORMAT (f) {
        if (f->pack == pack_snappy) /* never more than 21 : 1 */
            continue;
        struct objlens_call c;
        size_t size = f->pack(zeros, BOMB_BYTES, packed);
        direct_init(&c, "{\"max_ratio\":200}", 100000, 1);
        c.url = f->url;
        assert_int_equal(direct_run(decompress, &c, packed, size, direct_whole), OBJLENS_EFAILED);
        assert_string_equal(c.failed_code, "EntityTooLarge");
        assert_true(c.size < BOMB_BYTES / 2);
        direct_fini(&c);
    }
    free(zeros);
    free(packed);
}

/* What says that it needs a window of 64 MiB is refused before it has one. */
static void test_windows(void **state)
{
    (void)state;
    unsigned char *packed = malloc(ROOM(PLAIN_BYTES));
    ZSTD_CCtx *z = ZSTD_createCCtx();
    ZSTD_CCtx_setParameter(z, ZSTD_c_windowLog, 26);
    ZSTD_CCtx_setParameter(z, ZSTD_c_contentSizeFlag, 0);
    ZSTD_inBuffer in = {plain, PLAIN_BYTES, 0};
    ZSTD_outBuffer out = {packed, ROOM(PLAIN_BYTES), 0};
    assert_int_equal(ZSTD_compressStream2(z, &out, &in, ZSTD_e_flush) > 0, 0);
    assert_int_equal(ZSTD_compressStream2(z, &out, &in, ZSTD_e_end), 0);
    ZSTD_freeCCtx(z);
    run(&formats[2], NULL, packed, out.pos, direct_whole, (struct wanted){"EntityTooLarge", 0});
    run(&formats[2], "{\"memory_bytes\":134217728}", packed, out.pos, direct_whole, (struct wanted){NULL, 1});

    size_t n = 0;
    assert_int_equal(lzma_easy_buffer_encode(9, LZMA_CHECK_CRC32, NULL, plain, PLAIN_BYTES, packed, &n, ROOM(PLAIN_BYTES)),
                     LZMA_OK);
    run(&formats[4], NULL, packed, n, direct_whole, (struct wanted){"EntityTooLarge", 0});
    run(&formats[4], "{\"memory_bytes\":134217728}", packed, n, direct_whole, (struct wanted){NULL, 1});
    free(packed);
}

static void test_no_memory(void **state)
{
    (void)state;
    size_t size;
    unsigned char *packed = packed_of(&formats[0], &size);
    for (unsigned n = 1;; n++) {
        struct objlens_call c;
        direct_init(&c, NULL, 5000, 1);
        c.allocs_left = n;
        int rc = direct_run(decompress, &c, packed, size, direct_whole);
        direct_fini(&c);
        if (rc == OBJLENS_OK)
            break;
        assert_int_equal(rc, OBJLENS_ENOMEM);
        assert_true(n < 100);
    }
    free(packed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_formats_however_cut), cmocka_unit_test(test_cut_short),
        cmocka_unit_test(test_damage),              cmocka_unit_test(test_what_follows),
        cmocka_unit_test(test_padding_between_streams), cmocka_unit_test(test_dictionaries), cmocka_unit_test(test_unrecognised),
        cmocka_unit_test(test_payloads),            cmocka_unit_test(test_bombs),
        cmocka_unit_test(test_windows),             cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, make_plain, NULL);
}
