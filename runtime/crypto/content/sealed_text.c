/* SPDX-License-Identifier: MIT */
#include "crypto/content/sealed_text.h"

#include "base/encode.h"

static bool is_white(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* The last group, filled up. One character alone means nothing. */
static int decode_group(uint8_t *group, size_t have, uint8_t *out, size_t out_size, size_t *len)
{
    uint8_t bytes[3];
    if (have == 1)
        return OL_EINVAL;
    memset(group + have, '=', 4 - have);
    if (ol_base64_decode(ol_slice_of(group, 4), bytes, sizeof(bytes), len) != OL_OK ||
        *len > out_size)
        return OL_EINVAL;
    memcpy(out, bytes, *len);
    return OL_OK;
}

int ol_sealed_base64(ol_slice text, uint8_t *out, size_t out_size, size_t *out_len)
{
    uint8_t group[4];
    size_t have = 0, len = 3, at = 0;
    *out_len = 0;
    for (; at < text.len; at++) {
        if (is_white(text.data[at]))
            continue;
        if (*out_len > 0 && len < 3)
            return OL_EINVAL; /* something behind the padding */
        group[have++] = text.data[at];
        if (have < 4)
            continue;
        have = 0;
        if (decode_group(group, 4, out + *out_len, out_size - *out_len, &len) != OL_OK)
            return OL_EINVAL;
        *out_len += len;
    }
    if (have == 0)
        return OL_OK;
    if (decode_group(group, have, out + *out_len, out_size - *out_len, &len) != OL_OK)
        return OL_EINVAL;
    *out_len += len;
    return OL_OK;
}

ol_slice ol_sealed_skip_white(ol_slice text)
{
    size_t at = 0;
    while (at < text.len && is_white(text.data[at]))
        at++;
    return ol_slice_from(text, at);
}
