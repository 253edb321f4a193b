/* SPDX-License-Identifier: MIT */
/*
 * Messages of the AWS Encryption SDK under a key of zeroes ("k" of "n"): header, opening, body. Only
 * what the seeds hold is authentic; whatever opens keeps to its bounds.
 */
#include <assert.h>

#include "crypto/content/content_sync.h"
#include "crypto/formats/sdk_message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int read_body(void *arg, uint64_t offset, ol_span span, size_t *got, ol_error *err)
{
    (void)err;
    ol_slice rest = ol_slice_from(*(ol_slice *)arg, (size_t)offset);
    *got = rest.len < span.len ? rest.len : span.len;
    if (*got > 0)
        memcpy(span.data, rest.data, *got);
    return OL_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t zeroes[32];
    ol_slice all = ol_slice_of(data, size);
    ol_sdk_header header;
    ol_error err = {0};
    int rc = ol_sdk_header_read(&header, all);
    assert(rc == OL_OK || rc == OL_WAIT || rc == OL_EDECRYPT);
    if (rc != OL_OK)
        return 0;
    assert(header.size <= size && header.key_count <= OL_SDK_KEYS_MAX);
    ol_arena *arena = ol_arena_new(4 << 20);
    ol_keys *keys = NULL;
    ol_key key = {.kind = OL_KEY_AES, .id = OL_SLICE_LIT("k"), .name_space = OL_SLICE_LIT("n"),
                  .material = zeroes, .material_len = sizeof(zeroes)};
    assert(arena && ol_keys_new(&keys) == OL_OK && ol_keys_add(keys, &key, &err) == OL_OK);
    ol_sealed_rules rules = {.formats = ~0u};
    ol_sealed_ask ask = {.arena = arena, .keys = keys, .rules = &rules, .first = all, .size = size};
    if (ol_sealed_open(&ask, &err) == OL_OK) {
        uint64_t made, claimed = ol_sealed_plain_size(ask.sealed);
        ol_content_io io = {.read = read_body, .arg = &all};
        if (ol_content_run(ask.sealed, &io, &made, &err) == OL_OK)
            assert(made <= size && (claimed == UINT64_MAX || claimed == made));
    }
    ol_sealed_release(ask.sealed);
    ol_keys_release(keys);
    ol_arena_destroy(arena);
    return 0;
}
