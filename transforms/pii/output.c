/* SPDX-License-Identifier: MIT */
#include "output.h"

#include <string.h>

/* Longer clean spans are handed to the host as they are: it may pass them on uncopied. */
#define EMIT_MIN (16 * 1024)
#define HELD_FIRST_BYTES ((size_t)16 * 1024)

void pii_output_init(struct pii_output *out, const struct objlens_host *host,
                     struct objlens_call *call)
{
    *out = (struct pii_output){.host = host, .call = call};
}

void pii_output_flush(struct pii_output *out)
{
    if (out->used > 0 && out->result == OBJLENS_OK)
        out->result = out->host->out_commit(out->call, out->used);
    out->room = NULL;
    out->size = out->used = 0;
}

/* Room for at least one byte; false after a failure. */
static bool has_room(struct pii_output *out)
{
    if (out->used < out->size)
        return true;
    pii_output_flush(out);
    if (out->result != OBJLENS_OK)
        return false;
    void *room;
    size_t size;
    out->result = out->host->out_span(out->call, &room, &size);
    if (out->result != OBJLENS_OK)
        return false;
    out->room = room;
    out->size = size;
    return true;
}

static void put(struct pii_output *out, const uint8_t *bytes, size_t size)
{
    while (size > 0 && out->result == OBJLENS_OK && has_room(out)) {
        size_t part = out->size - out->used;
        part = part < size ? part : size;
        memcpy(out->room + out->used, bytes, part);
        out->used += part;
        bytes += part;
        size -= part;
    }
}

/* ---- UTF-16 ------------------------------------------------------------------------------- */

static void put_unit(struct pii_output *out, unsigned unit)
{
    bool little = out->coding == PII_UTF16LE;
    uint8_t bytes[2] = {(uint8_t)(little ? unit : unit >> 8), (uint8_t)(little ? unit >> 8 : unit)};
    put(out, bytes, 2);
}

static size_t length_of(uint8_t lead)
{
    return lead < 0xc0 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
}

static void put_character(struct pii_output *out, const uint8_t *c, size_t size)
{
    uint32_t code = size == 1   ? c[0]
                    : size == 2 ? (c[0] & 0x1fu) << 6 | (c[1] & 0x3fu)
                    : size == 3 ? (c[0] & 0xfu) << 12 | (c[1] & 0x3fu) << 6 | (c[2] & 0x3fu)
                                : (c[0] & 7u) << 18 | (c[1] & 0x3fu) << 12 | (c[2] & 0x3fu) << 6 |
                                      (c[3] & 0x3fu);
    if (code < 0x10000) {
        put_unit(out, code);
        return;
    }
    put_unit(out, 0xd800 + ((code - 0x10000) >> 10));
    put_unit(out, 0xdc00 + ((code - 0x10000) & 0x3ff));
}

/* What is read as UTF-16 was made into well-formed UTF-8 (lone surrogates as three bytes), and
 * replacements are UTF-8. */
static void put_utf16(struct pii_output *out, const uint8_t *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        out->part[out->part_size++] = bytes[i];
        if (out->part_size < length_of(out->part[0]))
            continue;
        put_character(out, out->part, out->part_size);
        out->part_size = 0;
    }
}

/* ---- what leaves -------------------------------------------------------------------------- */

void pii_output_write(struct pii_output *out, const uint8_t *bytes, size_t size)
{
    if (out->silent || size == 0)
        return;
    if (out->coding != PII_UTF8) {
        put_utf16(out, bytes, size);
        return;
    }
    if (size < EMIT_MIN) {
        put(out, bytes, size);
        return;
    }
    pii_output_flush(out);
    if (out->result == OBJLENS_OK)
        out->result = out->host->emit(out->call, bytes, size);
}

void pii_output_skip(struct pii_output *out, const uint8_t *bytes, size_t size)
{
    if (out->coding == PII_UTF8) {
        out->source += size;
        return;
    }
    for (size_t i = 0; i < size; i++)
        if ((bytes[i] & 0xc0) != 0x80)
            out->source += bytes[i] < 0xf0 ? 2 : 4;
}

void pii_output_copy(struct pii_output *out, const uint8_t *bytes, size_t size)
{
    pii_output_skip(out, bytes, size);
    pii_output_write(out, bytes, size);
}

/* ---- reports ------------------------------------------------------------------------------ */

void pii_output_hold(struct pii_output *out)
{
    out->held = out->host->alloc(out->call, HELD_FIRST_BYTES);
    out->held_room = HELD_FIRST_BYTES;
    if (!out->held)
        out->result = OBJLENS_ENOMEM;
}

/* Twice the room, up to the most there may be. False: so much is not held. */
static bool hold_more(struct pii_output *out)
{
    size_t room = 2 * out->held_room;
    uint8_t *more = room <= PII_HELD_REPORT_BYTES ? out->host->alloc(out->call, room) : NULL;
    if (!more)
        return false;
    memcpy(more, out->held, out->held_size);
    out->host->free(out->call, out->held);
    out->held = more;
    out->held_room = room;
    return true;
}

bool pii_output_holds(const struct pii_output *out)
{
    return out->held != NULL;
}

void pii_output_release(struct pii_output *out)
{
    if (!out->held)
        return;
    put(out, out->held, out->held_size);
    out->host->free(out->call, out->held);
    out->held = NULL;
}

void pii_output_report(struct pii_output *out, const void *bytes, size_t size)
{
    if (out->held && size > out->held_room - out->held_size && !hold_more(out))
        pii_output_release(out);
    if (!out->held) {
        put(out, bytes, size);
        return;
    }
    memcpy(out->held + out->held_size, bytes, size);
    out->held_size += size;
}

void pii_output_fail(struct pii_output *out, int status, const char *code, const char *message)
{
    if (out->result == OBJLENS_OK)
        out->result = out->host->fail(out->call, status, code, message);
}
