/* SPDX-License-Identifier: MIT */
/* Splitting of query strings and the two directions of percent-encoding. */
#include "s3/request/query.h"

static const bool unreserved[256] = {
    ['A' ... 'Z'] = true, ['a' ... 'z'] = true, ['0' ... '9'] = true,
    ['-'] = true,         ['.'] = true,         ['_'] = true,
    ['~'] = true,
};

static const char hex_digits[] = "0123456789ABCDEF";

bool ol_query_next(ol_slice *rest, ol_slice *name, ol_slice *value)
{
    while (rest->len > 0) {
        ptrdiff_t end = ol_slice_find(*rest, '&');
        ol_slice piece = end < 0 ? *rest : ol_slice_first(*rest, (size_t)end);
        *rest = end < 0 ? OL_SLICE_NONE : ol_slice_from(*rest, (size_t)end + 1);
        if (piece.len == 0)
            continue;
        ptrdiff_t equals = ol_slice_find(piece, '=');
        *name = equals < 0 ? piece : ol_slice_first(piece, (size_t)equals);
        *value = equals < 0 ? OL_SLICE_NONE
                            : ol_slice_of(piece.data + equals + 1, piece.len - (size_t)equals - 1);
        return true;
    }
    return false;
}

static int hex_value(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

/* The byte that %XX at text[i] stands for, or -1. */
static int escaped_byte(ol_slice text, size_t i)
{
    if (text.len - i < 3)
        return -1;
    int high = hex_value(text.data[i + 1]);
    int low = hex_value(text.data[i + 2]);
    return high < 0 || low < 0 ? -1 : high << 4 | low;
}

bool ol_percent_decode(ol_slice text, bool plus_is_space, uint8_t *out, size_t *out_len)
{
    size_t n = 0;
    for (size_t i = 0; i < text.len; i++) {
        int byte = text.data[i];
        if (byte == '%') {
            byte = escaped_byte(text, i);
            if (byte < 0)
                return false;
            i += 2;
        } else if (byte == '+' && plus_is_space) {
            byte = ' ';
        }
        out[n++] = (uint8_t)byte;
    }
    *out_len = n;
    return true;
}

static size_t put_escaped(uint8_t *out, uint8_t byte)
{
    out[0] = '%';
    out[1] = (uint8_t)hex_digits[byte >> 4];
    out[2] = (uint8_t)hex_digits[byte & 15];
    return 3;
}

bool ol_percent_canonical(ol_slice text, enum ol_percent_part part, uint8_t *out, size_t *out_len)
{
    size_t n = 0;
    for (size_t i = 0; i < text.len; i++) {
        int byte = text.data[i];
        if (byte == '/' && part == OL_PERCENT_PATH) {
            out[n++] = '/';
            continue;
        }
        if (byte == '%') {
            byte = escaped_byte(text, i);
            if (byte < 0)
                return false;
            i += 2;
        } else if (byte == '+' && part == OL_PERCENT_QUERY) {
            byte = ' ';
        }
        if (unreserved[byte])
            out[n++] = (uint8_t)byte;
        else
            n += put_escaped(out + n, (uint8_t)byte);
    }
    *out_len = n;
    return true;
}

bool ol_percent_path_is_plain(ol_slice path)
{
    for (size_t i = 0; i < path.len; i++)
        if (!unreserved[path.data[i]] && path.data[i] != '/')
            return false;
    return true;
}
