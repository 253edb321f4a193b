/* SPDX-License-Identifier: MIT */
#include "out.h"

#include <stdbool.h>
#include <string.h>
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include "limits.h"

void xj_out_init(struct xj_out *out, const struct objlens_host *host, struct objlens_call *call,
                 uint8_t *held)
{
    *out = (struct xj_out){.host = host, .call = call, .held = held};
    if (held) {
        out->room = held;
        out->size = XJ_OUTPUT_HELD_BYTES;
    }
}

void xj_out_flush(struct xj_out *out)
{
    if (out->held)
        return;
    if (out->used > 0 && out->result == OBJLENS_OK)
        out->result = out->host->out_commit(out->call, out->used);
    out->room = NULL;
    out->size = out->used = 0;
}

void xj_out_finish(struct xj_out *out)
{
    if (!out->held) {
        xj_out_flush(out);
        return;
    }
    const uint8_t *held = out->held;
    size_t used = out->used;
    out->held = out->room = NULL;
    out->size = out->used = 0;
    if (used > 0 && out->result == OBJLENS_OK)
        out->result = out->host->emit(out->call, held, used);
}

/* Room for at least one byte; false after a failure. */
static bool has_room(struct xj_out *out)
{
    if (out->used < out->size)
        return true;
    xj_out_finish(out);
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

void xj_out_across(struct xj_out *out, const void *bytes, size_t size)
{
    const uint8_t *from = bytes;
    while (size > 0 && has_room(out)) {
        size_t part = out->size - out->used;
        part = part < size ? part : size;
        memcpy(out->room + out->used, from, part);
        out->used += part;
        from += part;
        size -= part;
    }
}

static bool is_plain(uint8_t c)
{
    return c >= 0x20 && c != '"' && c != '\\';
}

/* Has one of these eight bytes to be escaped? Each test sets the high bit of such a byte; it may
 * also do so for a byte behind one, which does no harm. */
static bool needs_escape8(uint64_t w)
{
    const uint64_t ones = 0x0101010101010101u, highs = 0x8080808080808080u;
    uint64_t quote = w ^ ones * '"', backslash = w ^ ones * '\\';
    return (((w - ones * 0x20) | (quote - ones) | (backslash - ones)) & ~w & highs) != 0;
}

#if defined(__SSE2__)
/* Of these 16 bytes, how many at the beginning can be written as they are. */
static unsigned plain16(const uint8_t *bytes)
{
    __m128i w = _mm_loadu_si128((const __m128i *)(const void *)bytes);
    __m128i low = _mm_cmpeq_epi8(_mm_max_epu8(w, _mm_set1_epi8(0x1f)), _mm_set1_epi8(0x1f));
    __m128i quote = _mm_cmpeq_epi8(w, _mm_set1_epi8('"'));
    __m128i backslash = _mm_cmpeq_epi8(w, _mm_set1_epi8('\\'));
    unsigned found = (unsigned)_mm_movemask_epi8(_mm_or_si128(low, _mm_or_si128(quote, backslash)));
    return found ? (unsigned)__builtin_ctz(found) : 16;
}
#endif

/* How many bytes at the beginning can be written as they are. */
static size_t plain_run(const uint8_t *bytes, size_t size)
{
    size_t i = 0;
#if defined(__SSE2__)
    for (; i + 16 <= size; i += 16) {
        unsigned n = plain16(bytes + i);
        if (n < 16)
            return i + n;
    }
#endif
    for (uint64_t w; i + 8 <= size; i += 8) {
        memcpy(&w, bytes + i, 8);
        if (needs_escape8(w))
            break;
    }
    while (i < size && is_plain(bytes[i]))
        i++;
    return i;
}

static void escape(struct xj_out *out, uint8_t c)
{
    static const char hex[] = "0123456789abcdef";
    static const char shorts[0x20] = {
        ['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r'};
    char text[6] = {'\\', (char)c};
    size_t size = 2;
    if (c < 0x20 && shorts[c]) {
        text[1] = shorts[c];
    } else if (c < 0x20) {
        memcpy(text + 1, "u00", 3);
        text[4] = hex[c >> 4];
        text[5] = hex[c & 15];
        size = 6;
    }
    xj_out_raw(out, text, size);
}

void xj_out_text(struct xj_out *out, const uint8_t *bytes, size_t size)
{
    while (size > 0 && out->result == OBJLENS_OK) {
        size_t run = plain_run(bytes, size);
        xj_out_raw(out, bytes, run);
        bytes += run;
        size -= run;
        if (size == 0)
            return;
        escape(out, *bytes++);
        size--;
    }
}
