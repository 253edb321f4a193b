/* SPDX-License-Identifier: MIT */
/*
 * Signatures: RFC 1952 2.3.1 (gzip), RFC 1950 2.2 (zlib), RFC 8878 3.1.1 and 3.1.2 (zstd), the
 * formats' own documents for bzip2, xz, lz4 and Snappy's frames, APPNOTE.TXT 4.3.7 (zip).
 */
#include "detect.h"

#include <string.h>
#include <strings.h>

#include "ending.h"

static const struct dc_format *const all[] = {&dc_gzip, &dc_zlib,   &dc_zstd, &dc_bzip2,
                                              &dc_xz,   &dc_lz4, &dc_snappy, &dc_brotli};

const struct dc_format *dc_format_named(const char *name)
{
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        if (strcmp(all[i]->name, name) == 0)
            return all[i];
    return NULL;
}

/* ---- hints ---- */

struct word {
    const char *text;
    const struct dc_format *format;
};

static const struct word encodings[] = {
    {"gzip", &dc_gzip},   {"x-gzip", &dc_gzip}, {"deflate", &dc_zlib}, {"br", &dc_brotli},
    {"zstd", &dc_zstd},   {"bzip2", &dc_bzip2}, {"xz", &dc_xz},        {"lz4", &dc_lz4},
    {"snappy", &dc_snappy}, {NULL, NULL}};

static const struct word endings[] = {
    {".gz", &dc_gzip},  {".tgz", &dc_gzip},   {".zlib", &dc_zlib},    {".zz", &dc_zlib},
    {".zst", &dc_zstd}, {".bz2", &dc_bzip2},  {".xz", &dc_xz},        {".lz4", &dc_lz4},
    {".sz", &dc_snappy}, {".snappy", &dc_snappy}, {".br", &dc_brotli}, {NULL, NULL}};

static const struct dc_format *by_encoding(const struct objlens_bytes *value)
{
    for (const struct word *w = encodings; w->text; w++)
        if (value->size == strlen(w->text) && strncasecmp(value->data, w->text, value->size) == 0)
            return w->format;
    return NULL;
}

static const struct dc_format *by_ending(const struct objlens_bytes *url)
{
    const char *query = memchr(url->data, '?', url->size);
    size_t size = query ? (size_t)(query - (const char *)url->data) : url->size;
    for (const struct word *w = endings; w->text; w++)
        if (dc_ends_with(url->data, size, w->text))
            return w->format;
    return NULL;
}

const struct dc_format *dc_hint(const struct objlens_host *host, struct objlens_call *call)
{
    struct objlens_bytes value;
    const struct dc_format *format = NULL;
    if (host->object_header(call, "content-encoding", &value) == OBJLENS_OK)
        format = by_encoding(&value);
    if (!format && host->event_get(call, "userRequest.url", &value) == OBJLENS_OK)
        format = by_ending(&value);
    return format;
}

/* ---- signatures ---- */

static bool begins(const uint8_t *head, size_t size, const void *signature, size_t n)
{
    return size >= n && memcmp(head, signature, n) == 0;
}

#define BEGINS(signature) begins(head, size, signature, sizeof(signature) - 1)

/* A skippable frame: zstd and lz4 share the numbers. */
static bool is_skippable(const uint8_t *head, size_t size)
{
    return size >= 4 && (head[0] & 0xf0) == 0x50 && memcmp(head + 1, "\x2a\x4d\x18", 3) == 0;
}

/* Two bytes are a weak signature: without a hint only what compressors really write counts. */
static bool is_zlib(const uint8_t *head, size_t size, const struct dc_format *hint)
{
    if (size < 2 || (head[0] & 0x0f) != 8 || (head[0] << 8 | head[1]) % 31 != 0 || head[1] & 0x20)
        return false;
    return hint == &dc_zlib || (head[0] == 0x78 && strchr("\x01\x5e\x9c\xda", head[1]));
}

static const struct dc_format *by_signature(const uint8_t *head, size_t size,
                                            const struct dc_format *hint)
{
    if (BEGINS("\x1f\x8b\x08"))
        return &dc_gzip;
    if (BEGINS("\x28\xb5\x2f\xfd"))
        return &dc_zstd;
    if (BEGINS("\x04\x22\x4d\x18"))
        return &dc_lz4;
    if (is_skippable(head, size))
        return hint == &dc_lz4 ? &dc_lz4 : &dc_zstd;
    if (BEGINS("\xfd" "7zXZ\0"))
        return &dc_xz;
    if (BEGINS("\xff\x06\0\0sNaPpY"))
        return &dc_snappy;
    if (size >= 10 && BEGINS("BZh") && head[3] >= '1' && head[3] <= '9' &&
        (memcmp(head + 4, "1AY&SY", 6) == 0 || memcmp(head + 4, "\x17rE8P\x90", 6) == 0))
        return &dc_bzip2;
    return is_zlib(head, size, hint) ? &dc_zlib : NULL;
}

struct dc_found dc_detect(const uint8_t *head, size_t size, const struct dc_format *hint)
{
    if (BEGINS("PK\3\4") || BEGINS("PK\5\6"))
        return (struct dc_found){DC_KIND_ZIP, NULL};
    const struct dc_format *format = by_signature(head, size, hint);
    if (!format && hint == &dc_brotli)
        format = hint; /* it has none */
    return (struct dc_found){format ? DC_KIND_STREAM : DC_KIND_UNKNOWN, format};
}
