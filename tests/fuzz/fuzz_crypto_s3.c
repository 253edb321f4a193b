/* SPDX-License-Identifier: MIT */
/*
 * What an S3 encryption client says of its object. Input: lines "name: value", an empty line, then the
 * instruction file. What is read is within its bounds, and nothing opens without a key.
 */
#include <assert.h>

#include "crypto/content/sealed_private.h"
#include "crypto/formats/s3_envelope.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define HEADERS_MAX 64

static size_t read_lines(ol_slice *rest, ol_header *headers)
{
    size_t count = 0;
    while (count < HEADERS_MAX && rest->len > 0) {
        ptrdiff_t end = ol_slice_find(*rest, '\n');
        ol_slice line = end < 0 ? *rest : ol_slice_first(*rest, (size_t)end);
        *rest = end < 0 ? OL_SLICE_NONE : ol_slice_from(*rest, (size_t)end + 1);
        ptrdiff_t colon = ol_slice_find(line, ':');
        if (colon < 0)
            break;
        headers[count].name = ol_slice_first(line, (size_t)colon);
        headers[count++].value = ol_slice_trim(ol_slice_from(line, (size_t)colon + 1));
    }
    return count;
}

static void read_as(enum ol_sealed_format format, const ol_header *headers, size_t count,
                    ol_slice file, ol_arena *arena)
{
    ol_s3_envelope e;
    ol_error err = {0};
    int rc = ol_s3_envelope_read(&e, format, headers, count, file, arena, &err);
    assert(rc == OL_OK || rc == OL_EDECRYPT);
    if (rc != OL_OK)
        return;
    assert(e.key.len > 0 && e.iv_len == (e.cipher == OL_S3_GCM ? 12u : 16u));
    assert((format == OL_SEALED_S3_V3) == (e.name.len == 3));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ol_header headers[HEADERS_MAX];
    ol_slice rest = ol_slice_of(data, size);
    size_t count = read_lines(&rest, headers);
    ol_arena *arena = ol_arena_new(4 << 20);
    ol_keys *keys = NULL;
    ol_error err = {0};
    assert(arena && ol_keys_new(&keys) == OL_OK);
    read_as(OL_SEALED_S3_V1, headers, count, rest, arena);
    read_as(OL_SEALED_S3_V2, headers, count, rest, arena);
    read_as(OL_SEALED_S3_V3, headers, count, rest, arena);
    ol_sealed_rules rules = {.formats = ~0u, .legacy = true};
    ol_sealed_ask ask = {.arena = arena, .keys = keys, .rules = &rules, .headers = headers,
                         .header_count = count, .instruction = rest, .size = UINT64_MAX};
    assert(ol_sealed_open(&ask, &err) == OL_EDECRYPT && !ask.sealed);
    ol_keys_release(keys);
    ol_arena_destroy(arena);
    return 0;
}
