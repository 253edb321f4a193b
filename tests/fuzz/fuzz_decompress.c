/* SPDX-License-Identifier: MIT */
/*
 * The decompress transform: any bytes, cut anywhere. The first byte picks the payload, what the
 * object's name says, and which file of an archive is asked for. Beyond not crashing: cuts do not
 * matter. The bytes are also tried as a payload.
 */
#include "shipped.h"

static const char *const payloads[] = {
    "", "{\"unrecognised\":\"pass\",\"trailing\":\"ignore\"}", "{\"max_ratio\":10}", "{\"format\":\"brotli\"}",
    "{\"format\":\"zlib\",\"trailing\":\"ignore\"}", "{\"format\":\"snappy\"}", "{\"file_name\":\"a\"}",
    "{\"format\":\"zip\"}"};
static const char *const urls[] = {NULL, "https://h/a.br?x", "https://h/a.csv.lz4", "https://h/.zz"};

static const struct objlens_transform *decompress;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int run(const char *payload, unsigned which, const uint8_t *data, size_t size, direct_cut_fn *cut,
               struct objlens_call *c)
{
    direct_init(c, payload, 1 + which % 5000, which);
    c->url = urls[which >> 3 & 3];
    c->file_name = which & 0x20 ? "a" : NULL;
    c->original = which & 0x40 ? NULL : data;
    c->original_size = size;
    return direct_run(decompress, c, data, size, cut);
}

static void run_both(const char *payload, unsigned which, const uint8_t *data, size_t size)
{
    struct objlens_call one, other;
    int rc = run(payload, which, data, size, direct_whole, &one);
    int again = run(payload, which, data, size, direct_chopped, &other);
    if (rc != again || strcmp(one.failed_message, other.failed_message) != 0)
        abort();
    if (rc == OBJLENS_OK &&
        (one.size != other.size || (one.size && memcmp(one.out, other.out, one.size) != 0)))
        abort();
    if (rc == OBJLENS_OK && direct_live_blocks(&one) > 0)
        abort();
    direct_fini(&one);
    direct_fini(&other);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!decompress)
        decompress = direct_load("decompress");
    if (size == 0)
        return 0;
    run_both(payloads[data[0] & 7], data[0], data + 1, size - 1);
    char *payload = strndup((const char *)data, size);
    run_both(payload, 0, (const uint8_t *)"x", 1);
    free(payload);
    return 0;
}
