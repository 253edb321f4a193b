/* SPDX-License-Identifier: MIT */
#include "out.h"

#include <stdbool.h>
#include <string.h>
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

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

#if defined(__SSE2__)
size_t xj_out_copy_plain(uint8_t *to, const uint8_t *from, size_t size)
{
    for (size_t i = 0; i < size; i += 16) {
        unsigned n = plain16(from + i);
        memcpy(to + i, from + i, 16);
        if (n < 16)
            return i + n < size ? i + n : size;
    }
    return size;
}
#else
size_t xj_out_copy_plain(uint8_t *to, const uint8_t *from, size_t size)
{
    size_t i = 0;
    for (; i < size && is_plain(from[i]); i++)
        to[i] = from[i];
    return i;
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

static void escape(struct kit_output *out, uint8_t c)
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
    kit_output_write(out, text, size);
}

void xj_out_text(struct kit_output *out, const uint8_t *bytes, size_t size)
{
    while (size > 0 && out->result == OBJLENS_OK) {
        size_t run = plain_run(bytes, size);
        kit_output_write(out, bytes, run);
        bytes += run;
        size -= run;
        if (size == 0)
            return;
        escape(out, *bytes++);
        size--;
    }
}
