/* SPDX-License-Identifier: MIT */
#include "structure/front.h"

#include <string.h>
#include <strings.h>

#include "structure/format.h"

#define DECODED_BYTES 4096
#define BINARY_SHARE 100 /* one NUL in so many bytes makes the opening binary */

/* What cannot be read as text, by its first bytes. */
static const struct opening {
    const char *bytes;
    size_t size;
    const char *message;
    size_t at;
} openings[] = {
    {"\xff\xfe\x00\x00", 4, "pii: the object is UTF-32; only UTF-8, UTF-16 and other text based on ASCII can be read", 0},
    {"\x00\x00\xfe\xff", 4, "pii: the object is UTF-32; only UTF-8, UTF-16 and other text based on ASCII can be read", 0},
    {"\x1f\x8b\x08", 3, "pii: the object is compressed (gzip); decompress it first", 0},
    {"\x28\xb5\x2f\xfd", 4, "pii: the object is compressed (zstd); decompress it first", 0},
    {"\xfd" "7zXZ", 5, "pii: the object is compressed (xz); decompress it first", 0},
    {"1AY&SY", 6, "pii: the object is compressed (bzip2); decompress it first", 4}, /* behind BZh9 */
    {"PK\x03\x04", 4, "pii: the object is a ZIP archive; its text cannot be seen", 0},
    {"%PDF-", 5, "pii: the object is a PDF; its text cannot be seen", 0},
};

/* ---- the opening -------------------------------------------------------------------------- */

static const char *unsupported(const struct pii_front *f)
{
    const uint8_t *p = f->opening;
    size_t size = f->opening_size;
    if (f->encoded)
        return "pii: the object has a Content-Encoding; decompress it first";
    for (size_t i = 0; i < sizeof(openings) / sizeof(openings[0]); i++)
        if (size >= openings[i].at + openings[i].size &&
            memcmp(p + openings[i].at, openings[i].bytes, openings[i].size) == 0)
            return openings[i].message;
    bool utf16 = size >= 2 && ((p[0] == 0xff && p[1] == 0xfe) || (p[0] == 0xfe && p[1] == 0xff));
    size_t nuls = 0;
    for (size_t i = 0; i < size; i++)
        nuls += p[i] == 0;
    if (!utf16 && nuls > 0 && nuls * BINARY_SHARE >= size)
        return "pii: the object is binary: it has NUL bytes";
    return NULL;
}

static bool refuse(struct pii_front *f, const char *message)
{
    if (!message)
        return false;
    if (f->config->unsupported_pass)
        f->phase = PII_FRONT_PASS;
    else
        pii_output_fail(&f->out, 400, "InvalidTextEncoding", message);
    return true;
}

/* The mark leaves as it came. Returns its length. */
static size_t take_mark(struct pii_front *f)
{
    static const uint8_t mark[] = {0xef, 0xbb, 0xbf};
    const uint8_t *p = f->opening;
    if (f->opening_size >= 2 && p[0] == 0xff && p[1] == 0xfe)
        f->out.coding = PII_UTF16LE;
    else if (f->opening_size >= 2 && p[0] == 0xfe && p[1] == 0xff)
        f->out.coding = PII_UTF16BE;
    bool utf16 = f->out.coding != PII_UTF8;
    bool utf8 = f->opening_size >= sizeof(mark) && memcmp(p, mark, sizeof(mark)) == 0;
    if (utf16 || utf8)
        pii_output_copy(&f->out, mark, sizeof(mark));
    return utf16 ? 2 : utf8 ? sizeof(mark) : 0;
}

/* ---- UTF-16 ------------------------------------------------------------------------------- */

struct decoded {
    struct pii_front *front;
    size_t size;
    uint8_t bytes[DECODED_BYTES];
};

static void give(struct decoded *d)
{
    if (d->size > 0)
        d->front->tokeniser->write(d->front->state, d->bytes, d->size);
    d->size = 0;
}

static void add_code(struct decoded *d, uint32_t code)
{
    if (sizeof(d->bytes) - d->size < 4)
        give(d);
    d->size += pii_utf8_encode(code, d->bytes + d->size);
}

static void add_unit(struct decoded *d, unsigned unit)
{
    struct pii_front *f = d->front;
    if (f->high && unit >= 0xdc00 && unit < 0xe000) {
        add_code(d, 0x10000 + ((f->high - 0xd800) << 10) + (unit - 0xdc00));
        f->high = 0;
        return;
    }
    if (f->high)
        add_code(d, f->high);
    f->high = unit >= 0xd800 && unit < 0xdc00 ? unit : 0;
    if (!f->high)
        add_code(d, unit);
}

static void write_utf16(struct pii_front *f, const uint8_t *bytes, size_t size)
{
    struct decoded d = {.front = f};
    bool little = f->out.coding == PII_UTF16LE;
    for (size_t i = 0; i < size; i++) {
        if (f->has_odd)
            add_unit(&d, little ? f->odd | (unsigned)bytes[i] << 8 : (unsigned)f->odd << 8 | bytes[i]);
        f->odd = bytes[i];
        f->has_odd = !f->has_odd;
    }
    give(&d);
}

static void finish_utf16(struct pii_front *f)
{
    struct decoded d = {.front = f};
    if (f->high)
        add_code(&d, f->high);
    give(&d);
    if (f->has_odd)
        pii_output_fail(&f->out, 400, "InvalidTextEncoding",
                        "pii: the UTF-16 ends in the middle of a character");
}

/* ---- the way in --------------------------------------------------------------------------- */

static void write_text(struct pii_front *f, const uint8_t *bytes, size_t size)
{
    if (size == 0 || f->out.result != OBJLENS_OK)
        return;
    if (f->phase == PII_FRONT_PASS)
        pii_output_copy(&f->out, bytes, size);
    else if (f->out.coding != PII_UTF8)
        write_utf16(f, bytes, size);
    else
        f->tokeniser->write(f->state, bytes, size);
}

static void open_text(struct pii_front *f)
{
    size_t mark = 0;
    f->phase = PII_FRONT_TEXT;
    if (!refuse(f, unsupported(f)))
        mark = take_mark(f);
    write_text(f, f->opening + mark, f->opening_size - mark);
}

int pii_front_write(struct pii_front *f, const uint8_t *bytes, size_t size)
{
    size_t part = 0;
    if (f->phase == PII_FRONT_OPENING) {
        part = sizeof(f->opening) - f->opening_size;
        part = part < size ? part : size;
        memcpy(f->opening + f->opening_size, bytes, part);
        f->opening_size += part;
        if (f->opening_size < sizeof(f->opening))
            return OBJLENS_OK;
        open_text(f);
    }
    write_text(f, bytes + part, size - part);
    pii_output_flush(&f->out);
    return f->out.result;
}

int pii_front_finish(struct pii_front *f)
{
    if (f->phase == PII_FRONT_OPENING)
        open_text(f);
    if (f->phase == PII_FRONT_TEXT && f->out.result == OBJLENS_OK) {
        if (f->out.coding != PII_UTF8)
            finish_utf16(f);
        if (f->out.result == OBJLENS_OK)
            f->tokeniser->finish(f->state);
    }
    pii_output_flush(&f->out);
    return f->out.result;
}

/* ---- life --------------------------------------------------------------------------------- */

static bool has_content_encoding(const struct objlens_host *host, struct objlens_call *call)
{
    static const char *const harmless[] = {"", "identity", "aws-chunked"};
    struct objlens_bytes encoding;
    if (host->object_header(call, "content-encoding", &encoding) != OBJLENS_OK)
        return false;
    for (size_t i = 0; i < sizeof(harmless) / sizeof(harmless[0]); i++)
        if (encoding.size == strlen(harmless[i]) &&
            strncasecmp(encoding.data, harmless[i], encoding.size) == 0)
            return false;
    return true;
}

int pii_front_init(struct pii_front *f, const struct objlens_host *host, struct objlens_call *call,
                   const struct pii_config *config)
{
    f->config = config;
    pii_output_init(&f->out, host, call);
    f->out.silent = config->mode == PII_MODE_REPORT || config->mode == PII_MODE_DENY;
    pii_decision_init(&f->decision, config, &f->out);
    pii_values_init(&f->values, &f->decision, &f->out);
    f->encoded = has_content_encoding(host, call);
    f->tokeniser = pii_format_choose(config, host, call, &f->values.delimiter);
    f->state = host->alloc(call, f->tokeniser->size);
    if (!f->state)
        return OBJLENS_ENOMEM;
    f->tokeniser->begin(f->state, &f->values);
    return OBJLENS_OK;
}

void pii_front_fini(struct pii_front *f)
{
    pii_values_fini(&f->values);
    if (f->out.held)
        f->out.host->free(f->out.call, f->out.held);
    if (f->state)
        f->out.host->free(f->out.call, f->state);
}
