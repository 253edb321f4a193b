/* SPDX-License-Identifier: MIT */
/*
 * Hex, base64 and percent-encoding. Escaping of text is in escape.c.
 */
#include "base/encode.h"

#include "base/error.h"

static const char hex_upper[] = "0123456789ABCDEF";
static const char base64_alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* Both digits of a byte: digests are written several times a request. */
#define PAIRS(high)                                                                                \
    {high, '0'}, {high, '1'}, {high, '2'}, {high, '3'}, {high, '4'}, {high, '5'}, {high, '6'},     \
        {high, '7'}, {high, '8'}, {high, '9'}, {high, 'a'}, {high, 'b'}, {high, 'c'}, {high, 'd'}, \
        {high, 'e'}, {high, 'f'}
static const char hex_pairs[256][2] = {
    PAIRS('0'), PAIRS('1'), PAIRS('2'), PAIRS('3'), PAIRS('4'), PAIRS('5'), PAIRS('6'), PAIRS('7'),
    PAIRS('8'), PAIRS('9'), PAIRS('a'), PAIRS('b'), PAIRS('c'), PAIRS('d'), PAIRS('e'), PAIRS('f'),
};
#undef PAIRS

void ol_hex_encode(const uint8_t *data, size_t len, char *out)
{
    for (size_t i = 0; i < len; i++, out += 2)
        memcpy(out, hex_pairs[data[i]], 2);
    *out = '\0';
}

/* 0..15, or -1. */
static int hex_value(uint8_t digit)
{
    if (digit >= '0' && digit <= '9')
        return digit - '0';
    uint8_t lower = digit | 0x20;
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/* The byte that two hex digits make, or -1. */
static int hex_byte(const uint8_t *digits)
{
    int high = hex_value(digits[0]);
    int low = hex_value(digits[1]);
    return high < 0 || low < 0 ? -1 : high << 4 | low;
}

int ol_hex_decode(ol_slice text, uint8_t *out, size_t out_size, size_t *out_len)
{
    if (text.len % 2 != 0 || text.len / 2 > out_size)
        return OL_EINVAL;
    for (size_t i = 0; i < text.len / 2; i++) {
        int byte = hex_byte(text.data + 2 * i);
        if (byte < 0)
            return OL_EINVAL;
        out[i] = (uint8_t)byte;
    }
    *out_len = text.len / 2;
    return OL_OK;
}

int ol_base64_encode(ol_buf *out, ol_slice data)
{
    if (data.len > SIZE_MAX / 4)
        return OL_ELIMIT;
    size_t text_len = (data.len + 2) / 3 * 4;
    int rc = ol_buf_reserve(out, text_len);
    if (rc != OL_OK)
        return rc;
    uint8_t *to = out->data + out->len;
    for (size_t at = 0; at < data.len; at += 3) {
        size_t left = data.len - at;
        uint32_t bits = (uint32_t)data.data[at] << 16;
        bits |= left > 1 ? (uint32_t)data.data[at + 1] << 8 : 0;
        bits |= left > 2 ? data.data[at + 2] : 0;
        *to++ = (uint8_t)base64_alphabet[bits >> 18];
        *to++ = (uint8_t)base64_alphabet[bits >> 12 & 63];
        *to++ = left > 1 ? (uint8_t)base64_alphabet[bits >> 6 & 63] : '=';
        *to++ = left > 2 ? (uint8_t)base64_alphabet[bits & 63] : '=';
    }
    out->len += text_len;
    return OL_OK;
}

/* 0..63, or -1. */
static int base64_value(uint8_t c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* Four characters, of which the last `padding` are '=', to 3 - padding bytes. The bits that
 * padding leaves over must be zero, so that one value has one spelling. */
static bool base64_group(const uint8_t *text, size_t padding, uint8_t *out)
{
    uint32_t bits = 0;
    for (size_t i = 0; i < 4; i++) {
        int value = i < 4 - padding ? base64_value(text[i]) : 0;
        if (value < 0)
            return false;
        bits = bits << 6 | (uint32_t)value;
    }
    if (bits & ((1u << 8 * padding) - 1))
        return false;
    for (size_t i = 0; i < 3 - padding; i++)
        out[i] = (uint8_t)(bits >> (16 - 8 * i));
    return true;
}

int ol_base64_decode(ol_slice text, uint8_t *out, size_t out_size, size_t *out_len)
{
    *out_len = 0;
    if (text.len == 0)
        return OL_OK;
    if (text.len % 4 != 0)
        return OL_EINVAL;
    size_t padding = text.data[text.len - 1] != '=' ? 0 : text.data[text.len - 2] != '=' ? 1 : 2;
    size_t len = text.len / 4 * 3 - padding;
    if (len > out_size)
        return OL_EINVAL;
    for (size_t group = 0; group < text.len / 4; group++) {
        bool last = group == text.len / 4 - 1;
        if (!base64_group(text.data + 4 * group, last ? padding : 0, out + 3 * group))
            return OL_EINVAL;
    }
    *out_len = len;
    return OL_OK;
}

static bool is_unreserved(uint8_t c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_' || c == '~';
}

int ol_uri_encode(ol_buf *out, ol_slice data, bool keep_slash)
{
    size_t text_len = data.len;
    for (size_t i = 0; i < data.len; i++)
        text_len += is_unreserved(data.data[i]) || (keep_slash && data.data[i] == '/') ? 0 : 2;
    int rc = ol_buf_reserve(out, text_len);
    if (rc != OL_OK)
        return rc;
    uint8_t *to = out->data + out->len;
    for (size_t i = 0; i < data.len; i++) {
        uint8_t c = data.data[i];
        if (is_unreserved(c) || (keep_slash && c == '/')) {
            *to++ = c;
            continue;
        }
        *to++ = '%';
        *to++ = (uint8_t)hex_upper[c >> 4];
        *to++ = (uint8_t)hex_upper[c & 15];
    }
    out->len += text_len;
    return OL_OK;
}

/* The length of the decoded form, or -1 when it has none. */
static ptrdiff_t uri_decoded_len(ol_slice text)
{
    ptrdiff_t len = 0;
    for (size_t i = 0; i < text.len; i++, len++) {
        if (text.data[i] != '%')
            continue;
        if (text.len - i < 3 || hex_byte(text.data + i + 1) < 0)
            return -1;
        i += 2;
    }
    return len;
}

int ol_uri_decode(ol_buf *out, ol_slice text, bool plus_is_space)
{
    ptrdiff_t len = uri_decoded_len(text);
    if (len < 0)
        return OL_EINVAL;
    int rc = ol_buf_reserve(out, (size_t)len);
    if (rc != OL_OK)
        return rc;
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.data[i];
        if (c == '%') {
            c = (uint8_t)hex_byte(text.data + i + 1);
            i += 2;
        } else if (c == '+' && plus_is_space) {
            c = ' ';
        }
        out->data[out->len++] = c;
    }
    return OL_OK;
}
