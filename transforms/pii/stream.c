/* SPDX-License-Identifier: MIT */
/*
 * A piece is worked on in two passes. The first joins what is held with the beginning of the
 * piece, and goes PII_BACK bytes into it; the second goes through the piece where it lies.
 * Whatever is left is held for the next one. Small pieces are just collected.
 */
#include "stream.h"

#include <string.h>

#include "find.h"

#define ASCII_BASED "only UTF-8 and other ASCII-based text can be read"

/* What cannot be read as text, by its first bytes. */
static const struct opening {
    const char *bytes;
    size_t size;
    const char *message;
    size_t at;
} openings[] = {
    {"\xff\xfe", 2, "pii: the object is UTF-16 or UTF-32; " ASCII_BASED, 0},
    {"\xfe\xff", 2, "pii: the object is UTF-16; " ASCII_BASED, 0},
    {"\x00\x00\xfe\xff", 4, "pii: the object is UTF-32; " ASCII_BASED, 0},
    {"\x1f\x8b\x08", 3, "pii: the object is compressed (gzip); decompress it first", 0},
    {"\x28\xb5\x2f\xfd", 4, "pii: the object is compressed (zstd); decompress it first", 0},
    {"\xfd" "7zXZ", 5, "pii: the object is compressed (xz); decompress it first", 0},
    {"1AY&SY", 6, "pii: the object is compressed (bzip2); decompress it first", 4}, /* behind BZh9 */
    {"PK\x03\x04", 4, "pii: the object is a ZIP archive; its text cannot be seen", 0},
};

void pii_stream_init(struct pii_stream *s, const struct objlens_host *host,
                     struct objlens_call *call, const struct pii_config *config, pii_scan_fn *scan)
{
    memset(s, 0, sizeof(*s));
    s->config = config;
    s->scan = scan;
    pii_output_init(&s->out, host, call, config);
    s->resolver.out = &s->out;
}

static int check_opening(struct pii_stream *s)
{
    s->began = true;
    for (size_t i = 0; i < sizeof(openings) / sizeof(openings[0]); i++)
        if (s->size >= openings[i].at + openings[i].size &&
            memcmp(s->held + openings[i].at, openings[i].bytes, openings[i].size) == 0)
            return s->out.host->fail(s->out.call, 400, "InvalidTextEncoding", openings[i].message);
    return OBJLENS_OK;
}

static size_t find(struct pii_stream *s, const struct pii_text *text, size_t from, size_t limit)
{
    if (limit < from)
        limit = from;
    return pii_find(&s->resolver, s->scan, &s->config->entities, PII_SCORE_THRESHOLD, text, from,
                    limit);
}

/* Hold text[done..), and the context before it. */
static void hold(struct pii_stream *s, const struct pii_text *text, size_t done)
{
    s->past = done < PII_BACK ? done : PII_BACK;
    s->size = text->len - done + s->past;
    memmove(s->held, text->p + done - s->past, s->size);
}

static size_t less(size_t a, size_t b)
{
    return a > b ? a - b : 0;
}

static int result(struct pii_stream *s)
{
    pii_output_flush(&s->out);
    if (s->resolver.overflow)
        return s->out.host->fail(s->out.call, 500, "InternalError", "pii: too many matches at once");
    return s->out.result;
}

int pii_stream_write(struct pii_stream *s, const uint8_t *bytes, size_t size)
{
    size_t before = s->size, joined = size < PII_BACK + PII_AHEAD ? size : PII_BACK + PII_AHEAD;
    bool small = before + size <= PII_HOLD_BYTES;
    if (small)
        joined = size;
    memcpy(s->held + before, bytes, joined);
    s->size += joined;
    if (small)
        return OBJLENS_OK;
    if (!s->began && check_opening(s) != OBJLENS_OK)
        return OBJLENS_EFAILED;

    struct pii_text junction = {.p = s->held, .len = s->size};
    if (joined == size) {
        hold(s, &junction, find(s, &junction, s->past, less(s->size, PII_AHEAD)));
        return result(s);
    }
    size_t done = find(s, &junction, s->past, before + PII_BACK) - before;
    struct pii_text piece = {.p = bytes, .len = size};
    done = find(s, &piece, done, less(size, PII_AHEAD));
    hold(s, &piece, done);
    return result(s);
}

int pii_stream_finish(struct pii_stream *s)
{
    if (!s->began && check_opening(s) != OBJLENS_OK)
        return OBJLENS_EFAILED;
    struct pii_text rest = {.p = s->held, .len = s->size};
    find(s, &rest, s->past, s->size);
    return result(s);
}
