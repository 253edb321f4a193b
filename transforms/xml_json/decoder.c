/* SPDX-License-Identifier: MIT */
#include "decoder.h"

#include <string.h>
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

/* Plain bytes are looked at in runs of this size. As many characters are then decoded one by one before
 * the next run is tried. */
#define RUN_BYTES 32

/* Where the next byte goes. */
struct sink {
    uint8_t *at, *end;
};

void xj_decoder_init(struct xj_decoder *d, struct xj_failure *failure)
{
    memset(d, 0, sizeof(*d));
    d->failure = failure;
}

void xj_decoder_fini(struct xj_decoder *d)
{
    xj_foreign_fini(&d->foreign);
}

static void fail(struct xj_decoder *d, const char *text)
{
    xj_failure_set(d->failure, XJ_MALFORMED, "%s", text);
}

static const char not_of_encoding[] = "bytes that are no character of the declared encoding";

static void put_utf8(struct sink *out, uint32_t c)
{
    if (c < 0x80) {
        *out->at++ = (uint8_t)c;
    } else if (c < 0x800) {
        *out->at++ = (uint8_t)(0xc0 | c >> 6);
        *out->at++ = (uint8_t)(0x80 | (c & 0x3f));
    } else if (c < 0x10000) {
        *out->at++ = (uint8_t)(0xe0 | c >> 12);
        *out->at++ = (uint8_t)(0x80 | (c >> 6 & 0x3f));
        *out->at++ = (uint8_t)(0x80 | (c & 0x3f));
    } else {
        *out->at++ = (uint8_t)(0xf0 | c >> 18);
        *out->at++ = (uint8_t)(0x80 | (c >> 12 & 0x3f));
        *out->at++ = (uint8_t)(0x80 | (c >> 6 & 0x3f));
        *out->at++ = (uint8_t)(0x80 | (c & 0x3f));
    }
}

/* One character, with XML's rules for line ends. */
static void put(struct xj_decoder *d, struct sink *out, uint32_t c)
{
    bool second = d->after_cr && c == '\n';
    d->after_cr = c == '\r';
    if (second)
        return;
    if ((c < 0x20 && c != '\t' && c != '\n' && c != '\r') || c == 0xfffe || c == 0xffff)
        fail(d, "a character that XML does not allow");
    else
        put_utf8(out, c == '\r' ? '\n' : c);
}

/* How many bytes a character has, by the first; 0: none begins so. */
static size_t utf8_size(uint8_t c)
{
    return c < 0x80 ? 1 : c < 0xc2 ? 0 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : c < 0xf5 ? 4 : 0;
}

/* Can these be the first `size` bytes of a character? Shortest forms, no surrogates, nothing
 * above U+10FFFF. */
static bool utf8_may_begin(const uint8_t *p, size_t size)
{
    for (size_t i = 1; i < size; i++)
        if ((p[i] & 0xc0) != 0x80)
            return false;
    if (size < 2)
        return true;
    return !(p[0] == 0xe0 && p[1] < 0xa0) && !(p[0] == 0xed && p[1] > 0x9f) &&
           !(p[0] == 0xf0 && p[1] < 0x90) && !(p[0] == 0xf4 && p[1] > 0x8f);
}

static uint32_t utf8_value(const uint8_t *p, size_t size)
{
    static const uint8_t first[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
    uint32_t c = p[0] & first[size];
    for (size_t i = 1; i < size; i++)
        c = c << 6 | (p[i] & 0x3f);
    return c;
}

/* Is there another byte than printable ASCII, tab and LF in this run? */
#if defined(__SSE2__)
static bool is_odd16(__m128i w)
{
    /* Signed, so that the bytes above 0x7f are below 0x20 as well. */
    __m128i low = _mm_cmplt_epi8(w, _mm_set1_epi8(0x20));
    __m128i fine = _mm_or_si128(_mm_cmpeq_epi8(w, _mm_set1_epi8('\n')), _mm_cmpeq_epi8(w, _mm_set1_epi8('\t')));
    return _mm_movemask_epi8(_mm_andnot_si128(fine, low)) != 0;
}

static bool is_odd_run(const uint8_t *bytes)
{
    return is_odd16(_mm_loadu_si128((const __m128i *)(const void *)bytes)) ||
           is_odd16(_mm_loadu_si128((const __m128i *)(const void *)(bytes + 16)));
}
#else
static bool is_odd_run(const uint8_t *bytes)
{
    unsigned odd = 0;
    for (size_t i = 0; i < RUN_BYTES; i++) {
        uint8_t c = bytes[i];
        odd |= (c < 0x20) & (c != '\t') & (c != '\n');
        odd |= c >= 0x80;
    }
    return odd;
}
#endif

/* Printable ASCII, tabs and LF pass as they are: copy as many as there are. */
static void copy_plain(struct xj_decoder *d, struct xj_input *in, struct sink *out)
{
    if (d->after_cr)
        return;
    while (in->end - in->at >= RUN_BYTES && out->end - out->at >= RUN_BYTES) {
        if (is_odd_run(in->at))
            return;
        memcpy(out->at, in->at, RUN_BYTES);
        in->at += RUN_BYTES;
        out->at += RUN_BYTES;
    }
}

/* One byte more of a character that was cut. */
static void continue_utf8(struct xj_decoder *d, struct xj_input *in, struct sink *out)
{
    d->part[d->part_size++] = *in->at++;
    size_t size = utf8_size(d->part[0]);
    if (size == 0 || !utf8_may_begin(d->part, d->part_size)) {
        fail(d, "a character that is not valid UTF-8");
    } else if (d->part_size == size) {
        put(d, out, utf8_value(d->part, size));
        d->part_size = 0;
    }
}

/* One character, or what is there of it. */
static void decode_utf8(struct xj_decoder *d, struct xj_input *in, struct sink *out)
{
    const uint8_t *p = in->at;
    size_t size = utf8_size(p[0]);
    bool is_whole = d->part_size == 0 && size > 0 && (size_t)(in->end - p) >= size;
    if (!is_whole || size == 1 || p[0] == 0xef) {
        continue_utf8(d, in, out);
        return;
    }
    if (!utf8_may_begin(p, size)) {
        fail(d, "a character that is not valid UTF-8");
        return;
    }
    for (size_t i = 0; i < size; i++)
        *out->at++ = p[i];
    in->at += size;
    d->after_cr = false;
}

static void put_unit(struct xj_decoder *d, struct sink *out, uint32_t unit)
{
    bool is_low = unit >= 0xdc00 && unit <= 0xdfff;
    if (is_low != (d->high != 0)) {
        fail(d, "a character that is not valid UTF-16");
    } else if (unit >= 0xd800 && unit <= 0xdbff) {
        d->high = unit;
    } else if (is_low) {
        put(d, out, 0x10000 + ((d->high - 0xd800) << 10) + (unit - 0xdc00));
        d->high = 0;
    } else {
        put(d, out, unit);
    }
}

static void decode_utf16(struct xj_decoder *d, struct xj_input *in, struct sink *out)
{
    d->part[d->part_size++] = *in->at++;
    if (d->part_size < 2)
        return;
    d->part_size = 0;
    bool big = d->encoding.encoding == XJ_UTF16BE;
    put_unit(d, out, (uint32_t)d->part[big ? 0 : 1] << 8 | d->part[big ? 1 : 0]);
}

static void decode_utf32(struct xj_decoder *d, struct xj_input *in, struct sink *out)
{
    uint32_t c = 0;
    d->part[d->part_size++] = *in->at++;
    if (d->part_size < 4)
        return;
    d->part_size = 0;
    for (size_t i = 0; i < 4; i++)
        c = c << 8 | d->part[d->encoding.encoding == XJ_UTF32BE ? i : 3 - i];
    if (c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
        fail(d, "a character that is not valid UTF-32");
    else
        put(d, out, c);
}

static void decode_byte(struct xj_decoder *d, struct xj_input *in, struct sink *out)
{
    uint8_t c = *in->at++;
    if (d->encoding.encoding == XJ_ASCII && c >= 0x80)
        fail(d, "a character that is not US-ASCII");
    else
        put(d, out, c);
}

static void decode_by_table(struct xj_decoder *d, struct xj_input *in, struct sink *out)
{
    uint16_t c = d->encoding.charset->table[*in->at++];
    if (c == XJ_NO_CHARACTER)
        fail(d, not_of_encoding);
    else
        put(d, out, c);
}

static void take_foreign(struct xj_decoder *d, struct sink *out)
{
    struct xj_foreign *f = &d->foreign;
    while (f->done < f->count && out->end - out->at >= XJ_DECODED_BYTES_MIN && d->failure->reason == XJ_NONE)
        put(d, out, (uint32_t)f->characters[f->done++]);
}

/* Characters come in lots: what there is no room for waits. */
static void decode_foreign(struct xj_decoder *d, struct xj_input *in, struct sink *out)
{
    struct xj_foreign *f = &d->foreign;
    for (;;) {
        take_foreign(d, out);
        if (d->failure->reason != XJ_NONE || f->done < f->count)
            return;
        if (f->broken)
            fail(d, not_of_encoding);
        if (f->broken || in->at == in->end)
            return;
        xj_foreign_fill(f, &in->at, in->end);
    }
}

static void decode_character(struct xj_decoder *d, struct xj_input *in, struct sink *out)
{
    uint8_t c = *in->at;
    if (d->encoding.encoding == XJ_UTF16LE || d->encoding.encoding == XJ_UTF16BE) {
        decode_utf16(d, in, out);
    } else if (d->encoding.encoding == XJ_UTF32LE || d->encoding.encoding == XJ_UTF32BE) {
        decode_utf32(d, in, out);
    } else if (d->encoding.encoding == XJ_TABLE) {
        decode_by_table(d, in, out);
    } else if (c >= 0x20 && c < 0x80 && d->part_size == 0) {
        *out->at++ = c;
        in->at++;
        d->after_cr = false;
    } else if (d->encoding.encoding == XJ_UTF8) {
        decode_utf8(d, in, out);
    } else {
        decode_byte(d, in, out);
    }
}

static bool can_go_on(const struct xj_decoder *d, const struct xj_input *in, const struct sink *out)
{
    return in->at < in->end && out->end - out->at >= XJ_DECODED_BYTES_MIN &&
           d->failure->reason == XJ_NONE;
}

static void decode(struct xj_decoder *d, struct xj_input *in, struct sink *out)
{
    if (d->encoding.encoding == XJ_FOREIGN) {
        decode_foreign(d, in, out);
        return;
    }
    while (can_go_on(d, in, out)) {
        if (d->encoding.is_ascii && d->part_size == 0)
            copy_plain(d, in, out);
        for (size_t i = 0; i < RUN_BYTES && can_go_on(d, in, out); i++)
            decode_character(d, in, out);
    }
}

static void decide(struct xj_decoder *d)
{
    d->decided = true;
    if (xj_encoding_decide(d->head, d->head_size, &d->encoding, d->failure) &&
        d->encoding.encoding == XJ_FOREIGN && !xj_foreign_init(&d->foreign, d->encoding.charset))
        xj_failure_set(d->failure, XJ_NO_MEMORY, "out of memory");
}

/* Bytes go to the head until it is known what they are. */
static void fill_head(struct xj_decoder *d, struct xj_input *in)
{
    while (!d->decided && in->at < in->end) {
        d->head[d->head_size++] = *in->at++;
        bool worth_looking = d->head_size <= 8 || d->head[d->head_size - 1] == '>' ||
                             d->head[d->head_size - 2] == '>' ||
                             d->head_size >= XJ_DECLARATION_BYTES_MAX;
        if ((worth_looking && xj_encoding_is_decidable(d->head, d->head_size)) ||
            d->head_size == sizeof(d->head))
            decide(d);
    }
}

size_t xj_decoder_run(struct xj_decoder *d, struct xj_input *in, uint8_t *out, size_t room)
{
    struct sink sink = {out, out + room};
    if (!d->decided)
        fill_head(d, in);
    if (!d->decided || d->failure->reason != XJ_NONE)
        return 0;
    if (d->head_done < d->head_size) {
        struct xj_input head = {d->head + d->head_done, d->head + d->head_size};
        decode(d, &head, &sink);
        d->head_done = (size_t)(head.at - d->head);
        if (d->head_done < d->head_size)
            return (size_t)(sink.at - out);
    }
    decode(d, in, &sink);
    return (size_t)(sink.at - out);
}

void xj_decoder_finish(struct xj_decoder *d)
{
    if (!d->decided)
        decide(d);
}

bool xj_decoder_holds(const struct xj_decoder *d)
{
    return d->head_done < d->head_size || d->foreign.done < d->foreign.count;
}

bool xj_decoder_is_whole(struct xj_decoder *d)
{
    if (d->part_size > 0 || d->high || d->foreign.part_size > 0)
        fail(d, "the document ends inside a character");
    return d->failure->reason == XJ_NONE;
}
