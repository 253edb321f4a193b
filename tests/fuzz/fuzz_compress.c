/* SPDX-License-Identifier: MIT */
/*
 * The compress transform: any bytes, cut anywhere. The first byte picks the payload. Beyond not
 * crashing: cuts do not matter, and decompress makes the same bytes of it again. What looks
 * like a payload is tried as one.
 */
#include "shipped.h"

static const char *const payloads[] = {
    "{}", "{\"format\":\"zlib\",\"level\":9}", "{\"format\":\"zstd\"}", "{\"format\":\"bzip2\",\"level\":1}",
    "{\"format\":\"xz\",\"level\":0}", "{\"format\":\"lz4\"}", "{\"format\":\"snappy\"}",
    "{\"format\":\"brotli\",\"level\":3}"};
/* What repeats itself compresses better than any real thing: it is no bomb here. */
static const char *const opened[] = {"gzip", "zlib", "zstd", "bzip2", "xz", "lz4", "snappy", "brotli"};

/* The bytes, so often that several blocks come of it. */
#define REPEATED_BYTES_MAX 150000

static const struct objlens_transform *compress, *decompress;
static uint8_t repeated[REPEATED_BYTES_MAX];

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_round_trip(unsigned which, unsigned seed, const uint8_t *data, size_t size)
{
    struct objlens_call packed, plain;
    char payload[80];
    if (run_twice(compress, payloads[which], seed, data, size, &packed) != OBJLENS_OK)
        abort();
    snprintf(payload, sizeof(payload), "{\"format\":\"%s\",\"max_ratio\":1000000}", opened[which]);
    direct_init(&plain, payload, 3000, seed);
    if (direct_run(decompress, &plain, packed.out, packed.size, direct_whole) != OBJLENS_OK)
        abort();
    if (plain.size != size || (size && memcmp(plain.out, data, size) != 0))
        abort();
    direct_fini(&plain);
    direct_fini(&packed);
}

static size_t repeat(const uint8_t *data, size_t size, size_t times)
{
    size_t used = 0;
    for (; times > 0 && used + size <= sizeof(repeated); times--, used += size)
        memcpy(repeated + used, data, size);
    return used;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!compress) {
        compress = direct_load("compress");
        decompress = direct_load("decompress");
    }
    if (size < 2)
        return 0;
    check_round_trip(data[0] & 7, data[0], data + 2, size - 2);
    if ((data[0] & 0xf0) == 0xf0 && size > 2)
        check_round_trip(data[0] & 7, data[1], repeated, repeat(data + 2, size - 2, 1 + data[1] * 40u));

    struct objlens_call call;
    if (data[0] != '{')
        return 0;
    char *payload = strndup((const char *)data, size);
    run_twice(compress, payload, 1, (const uint8_t *)"x", 1, &call);
    direct_fini(&call);
    free(payload);
    return 0;
}
