/* SPDX-License-Identifier: MIT */
/*
 * Continuation tokens (xml.h): base64 of a format byte, a CRC-32C of the key, and the key.
 * The check catches tokens that were cut, mixed up or made up; it keeps no secret, because a
 * token says no more than start-after does.
 */
#include "base/encode.h"
#include "base/error.h"
#include "base/limits.h"
#include "s3/documents/xml.h"
#include "s3/upload/crc.h"

#define FORMAT 1
#define HEAD_BYTES 5
/* A listing may resume behind a common prefix, which a store may mark with some bytes more. */
#define KEY_BYTES_MAX (OL_KEY_BYTES_MAX + 16)

static void put_head(uint8_t head[HEAD_BYTES], ol_slice key)
{
    uint32_t crc = (uint32_t)ol_crc_update(OL_CRC32C, 0, key);
    head[0] = FORMAT;
    for (int i = 0; i < 4; i++)
        head[1 + i] = (uint8_t)(crc >> (24 - 8 * i));
}

int ol_s3_token_encode(ol_buf *out, ol_slice last_key)
{
    uint8_t bytes[HEAD_BYTES + KEY_BYTES_MAX];
    if (last_key.len > KEY_BYTES_MAX)
        return OL_ELIMIT;
    put_head(bytes, last_key);
    if (last_key.len > 0)
        memcpy(bytes + HEAD_BYTES, last_key.data, last_key.len);
    return ol_base64_encode(out, ol_slice_of(bytes, HEAD_BYTES + last_key.len));
}

int ol_s3_token_decode(ol_buf *out, ol_slice token)
{
    uint8_t bytes[HEAD_BYTES + KEY_BYTES_MAX], head[HEAD_BYTES];
    size_t len;
    if (ol_base64_decode(token, bytes, sizeof bytes, &len) != OL_OK || len < HEAD_BYTES)
        return OL_EINVAL;
    ol_slice key = ol_slice_of(bytes + HEAD_BYTES, len - HEAD_BYTES);
    put_head(head, key);
    if (memcmp(head, bytes, HEAD_BYTES) != 0)
        return OL_EINVAL;
    return ol_buf_add(out, key);
}
