/* SPDX-License-Identifier: MIT */
/* The headers of encryption, one a line ("name: value"), and a bucket's configuration behind an
 * empty line. A key that is taken has 32 bytes; one that is not leaves nothing behind. */
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "s3/documents/bucket_encryption.h"
#include "s3/request/sse_headers.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static ol_slice read_headers(ol_headers *headers, ol_slice text)
{
    while (text.len > 0) {
        ptrdiff_t end = ol_slice_find(text, '\n');
        ol_slice line = end < 0 ? text : ol_slice_first(text, (size_t)end);
        text = end < 0 ? OL_SLICE_NONE : ol_slice_from(text, (size_t)end + 1);
        if (line.len == 0)
            break;
        ptrdiff_t colon = ol_slice_find(line, ':');
        if (colon > 0)
            (void)ol_headers_add(headers, ol_slice_first(line, (size_t)colon),
                                 ol_slice_from(line, (size_t)colon + 1));
    }
    return text;
}

static void read_key(const ol_headers *headers, enum ol_s3_sse_whose whose)
{
    uint8_t room[OL_S3_SSE_KEY_ROOM] = {0};
    char md5[OL_S3_SSE_MD5_SIZE];
    ol_s3_sse_fault fault = {0};
    ol_error err = {0};
    const ol_s3_sse_customer ask = {.whose = whose, .secure = true, .headers = headers};
    int rc = ol_s3_sse_customer_read(&ask, room, md5, &fault, &err);
    size_t from = rc == OL_OK ? OL_S3_SSE_KEY_BYTES : 0;
    for (size_t i = from; i < sizeof room; i++)
        if (room[i])
            abort();
    if (rc == OL_OK && strlen(md5) != OL_S3_SSE_MD5_SIZE - 1)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ol_arena *arena = ol_arena_new(1 << 20);
    ol_s3_sse_fault fault = {0};
    ol_error err = {0};
    ol_headers headers;
    ol_s3_sse_asked asked;
    ol_bucket_encryption encryption;
    if (!arena)
        return 0;
    ol_headers_init(&headers, arena);
    ol_slice xml = read_headers(&headers, ol_slice_of(data, size));
    (void)ol_s3_sse_read(&headers, arena, &asked, &fault, &err);
    read_key(&headers, OL_S3_SSE_OF_OBJECT);
    read_key(&headers, OL_S3_SSE_OF_SOURCE);
    (void)ol_bucket_encryption_parse(xml, arena, &encryption, &fault, &err);
    ol_arena_destroy(arena);
    return 0;
}
