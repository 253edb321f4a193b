/* SPDX-License-Identifier: MIT */
#include "stream.h"

#include <string.h>

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

static void on_clean(void *arg, const uint8_t *bytes, size_t size)
{
    pii_output_copy(arg, bytes, size);
}

static void on_found(void *arg, const struct pii_match *m, const uint8_t *bytes, size_t size)
{
    (void)bytes;
    pii_output_match(arg, m->entity, size);
}

static void on_more(void *arg, const uint8_t *bytes, size_t size)
{
    (void)bytes;
    pii_output_more(arg, size);
}

void pii_stream_init(struct pii_stream *s, const struct objlens_host *host,
                     struct objlens_call *call, const struct pii_config *config)
{
    s->began = false;
    s->opening_size = 0;
    pii_output_init(&s->out, host, call, config);
    s->sink = (struct pii_sink){on_clean, on_found, on_more, &s->out, false};
    pii_rules_init(&s->rules, &config->entities, PII_SCORE_THRESHOLD);
    pii_engine_init(&s->engine, &s->rules, &s->sink);
}

static int feed(struct pii_stream *s, const uint8_t *bytes, size_t size, bool last)
{
    bool fed = pii_engine_feed(&s->engine, bytes, size, last);
    pii_output_flush(&s->out);
    if (!fed)
        return s->out.host->fail(s->out.call, 500, "InternalError", "pii: too many matches at once");
    return s->out.result;
}

/* Look at the first bytes, and let them in. */
static int begin(struct pii_stream *s)
{
    s->began = true;
    for (size_t i = 0; i < sizeof(openings) / sizeof(openings[0]); i++)
        if (s->opening_size >= openings[i].at + openings[i].size &&
            memcmp(s->opening + openings[i].at, openings[i].bytes, openings[i].size) == 0)
            return s->out.host->fail(s->out.call, 400, "InvalidTextEncoding", openings[i].message);
    return feed(s, s->opening, s->opening_size, false);
}

int pii_stream_write(struct pii_stream *s, const uint8_t *bytes, size_t size)
{
    if (!s->began) {
        size_t part = PII_OPENING_BYTES - s->opening_size;
        part = part < size ? part : size;
        memcpy(s->opening + s->opening_size, bytes, part);
        s->opening_size += part;
        bytes += part;
        size -= part;
        int rc = s->opening_size < PII_OPENING_BYTES ? OBJLENS_OK : begin(s);
        if (rc != OBJLENS_OK || size == 0)
            return rc;
    }
    return feed(s, bytes, size, false);
}

int pii_stream_finish(struct pii_stream *s)
{
    int rc = s->began ? OBJLENS_OK : begin(s);
    return rc == OBJLENS_OK ? feed(s, NULL, 0, true) : rc;
}
