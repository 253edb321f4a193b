/* SPDX-License-Identifier: MIT */
/*
 * The smaller texts of crypto/. Input: a character that says which, then the text: 'a' an age header,
 * 'i' an age identity, 'm' an age file as text, 'p' packets of OpenPGP, 'c' a context, 'k' a list of keys,
 * 'h' a header's value, 'b' base64.
 */
#include <assert.h>

#include "base/alloc.h"
#include "crypto/content/sealed_text.h"
#include "crypto/formats/age_armor.h"
#include "crypto/formats/age_header.h"
#include "crypto/formats/pgp_packets.h"
#include "crypto/formats/s3_envelope.h"
#include "crypto/keys/keys.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_age(ol_slice text)
{
    static ol_age_header header;
    int rc = ol_age_header_read(&header, text);
    assert(rc == OL_OK || rc == OL_WAIT || rc == OL_EDECRYPT);
    if (rc != OL_OK)
        return;
    assert(header.size <= text.len && header.authenticated.len < header.size);
    for (size_t i = 0; i < header.count; i++)
        assert(header.stanzas[i].argument.len <= 32 && header.stanzas[i].body.len <= 64);
}

/* Cut anywhere, it means the same. */
static void read_armor(ol_slice text)
{
    ol_age_armor whole = {.len = 0}, cut = {.len = 0};
    ol_buf at_once, by_bytes;
    ol_buf_init(&at_once, 1 << 20);
    ol_buf_init(&by_bytes, 1 << 20);
    int rc = ol_age_armor_take(&whole, text, &at_once), by = OL_OK;
    for (size_t i = 0; by == OL_OK && i < text.len; i++)
        by = ol_age_armor_take(&cut, ol_slice_of(text.data + i, 1), &by_bytes);
    assert(rc == by && ol_slice_eq(ol_buf_slice(&at_once), ol_buf_slice(&by_bytes)));
    if (rc == OL_OK)
        assert(ol_age_armor_end(&whole, &at_once) == ol_age_armor_end(&cut, &by_bytes));
    ol_buf_fini(&at_once);
    ol_buf_fini(&by_bytes);
}

static void read_packets(ol_slice bytes)
{
    ol_pgp_packets whole = {.tag = 0}, cut = {.tag = 0};
    int rc = ol_pgp_packets_take(&whole, bytes), by = OL_OK;
    for (size_t i = 0; by == OL_OK && i < bytes.len; i++)
        by = ol_pgp_packets_take(&cut, ol_slice_of(bytes.data + i, 1));
    assert(rc == by);
    if (rc == OL_OK)
        assert(ol_pgp_packets_is_whole(&whole) == ol_pgp_packets_is_whole(&cut));
    ol_pgp_is_message(bytes);
    ol_pgp_is_secret_key(bytes);
}

/* What is written is read back as the same. */
static void read_context(ol_slice text, ol_arena *arena)
{
    ol_context context, again;
    ol_error err = {0};
    ol_buf json;
    if (ol_context_parse(&context, text, arena, &err) != OL_OK)
        return;
    ol_buf_init(&json, 1 << 20);
    assert(ol_context_write(&context, &json) == OL_OK);
    if (json.len <= 2 * OL_CONTEXT_BYTES_MAX) {
        assert(ol_context_parse(&again, ol_buf_slice(&json), arena, &err) == OL_OK);
        assert(ol_context_equal(&context, &again));
    }
    ol_buf_fini(&json);
}

static void read_keys(ol_slice text)
{
    ol_keys *keys = NULL;
    ol_error err = {0};
    assert(ol_keys_new(&keys) == OL_OK);
    int rc = ol_keys_parse_json(keys, text, &err);
    assert(rc == err.code && (rc == OL_OK || rc == OL_ECONFIG || rc == OL_ENOMEM));
    assert(ol_keys_count(keys) <= OL_KEYS_MAX);
    ol_keys_release(keys);
}

static void read_value(ol_slice text, ol_arena *arena)
{
    ol_slice meant;
    int rc = ol_s3_header_text(text, arena, &meant);
    assert(rc == OL_OK || rc == OL_EDECRYPT);
    assert(rc != OL_OK || (ol_slice_is_utf8(meant) && meant.len <= text.len));
}

static void read_base64(ol_slice text)
{
    size_t room = text.len / 4 * 3, len;
    uint8_t *out = ol_malloc(room + 1);
    if (ol_sealed_base64(text, out, room, &len) == OL_OK)
        assert(len <= room);
    ol_free(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t secret[32];
    ol_slice text = ol_slice_from(ol_slice_of(data, size), 1);
    ol_arena *arena = ol_arena_new(4 << 20);
    if (size == 0 || !arena)
        text = OL_SLICE_NONE;
    else if (data[0] == 'a')
        read_age(text);
    else if (data[0] == 'i')
        ol_age_identity_read(text, secret);
    else if (data[0] == 'm')
        read_armor(text);
    else if (data[0] == 'p')
        read_packets(text);
    else if (data[0] == 'c')
        read_context(text, arena);
    else if (data[0] == 'k')
        read_keys(text);
    else if (data[0] == 'h')
        read_value(text, arena);
    else if (data[0] == 'b')
        read_base64(text);
    ol_arena_destroy(arena);
    return 0;
}
