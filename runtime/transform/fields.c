/* SPDX-License-Identifier: MIT */
/*
 * Encoding and checked reading of field lists. The count at the front is kept up to date by
 * every add, so an encoding is whole at any moment.
 */
#include "transform/fields.h"

#define COUNT_BYTES 4
#define ENTRY_BYTES 6 /* u16 name length, u32 value length */

static void put_u32(uint8_t *at, uint32_t n)
{
    for (int i = 0; i < 4; i++)
        at[i] = (uint8_t)(n >> (8 * i));
}

static uint32_t get_u32(const uint8_t *at)
{
    return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

int ol_fields_begin(ol_buf *out)
{
    static const uint8_t none[COUNT_BYTES];
    ol_buf_clear(out);
    return ol_buf_add(out, ol_slice_of(none, sizeof(none)));
}

int ol_fields_add_under(ol_buf *out, const char *prefix, ol_slice suffix, ol_slice value)
{
    ol_slice head = ol_slice_cstr(prefix);
    size_t name_len = head.len + suffix.len;
    if (out->len < COUNT_BYTES || name_len == 0)
        return OL_EINVAL;
    if (name_len > UINT16_MAX || value.len > UINT32_MAX)
        return OL_ELIMIT;
    int rc = ol_buf_reserve(out, ENTRY_BYTES + name_len + value.len);
    if (rc != OL_OK)
        return rc;
    uint8_t entry[ENTRY_BYTES] = {(uint8_t)name_len, (uint8_t)(name_len >> 8)};
    put_u32(entry + 2, (uint32_t)value.len);
    ol_slice parts[] = {ol_slice_of(entry, sizeof(entry)), head, suffix, value};
    size_t before = out->len;
    for (size_t i = 0; rc == OL_OK && i < sizeof(parts) / sizeof(parts[0]); i++)
        rc = ol_buf_add(out, parts[i]);
    if (rc != OL_OK) {
        out->len = before;
        return rc;
    }
    put_u32(out->data, get_u32(out->data) + 1);
    return OL_OK;
}

int ol_fields_add(ol_buf *out, const char *name, ol_slice value)
{
    return ol_fields_add_under(out, name, OL_SLICE_NONE, value);
}

void ol_fields_iter_init(ol_fields_iter *it, ol_slice encoded)
{
    it->left = encoded.len >= COUNT_BYTES ? get_u32(encoded.data) : 0;
    it->rest = ol_slice_from(encoded, COUNT_BYTES);
}

bool ol_fields_next(ol_fields_iter *it, ol_slice *name, ol_slice *value)
{
    if (it->left == 0 || it->rest.len < ENTRY_BYTES)
        return false;
    const uint8_t *at = it->rest.data;
    size_t name_len = (size_t)at[0] | (size_t)at[1] << 8;
    size_t value_len = get_u32(at + 2);
    if (name_len == 0 || name_len > it->rest.len - ENTRY_BYTES ||
        value_len > it->rest.len - ENTRY_BYTES - name_len)
        return false;
    *name = ol_slice_of(at + ENTRY_BYTES, name_len);
    *value = ol_slice_of(at + ENTRY_BYTES + name_len, value_len);
    it->rest = ol_slice_from(it->rest, ENTRY_BYTES + name_len + value_len);
    it->left--;
    return true;
}

int ol_fields_check(ol_slice encoded)
{
    if (encoded.len < COUNT_BYTES)
        return OL_EINVAL;
    ol_fields_iter it;
    ol_slice name, value;
    ol_fields_iter_init(&it, encoded);
    while (ol_fields_next(&it, &name, &value))
        ;
    return it.left == 0 && it.rest.len == 0 ? OL_OK : OL_EINVAL;
}

bool ol_fields_get(ol_slice encoded, const char *wanted, ol_slice *value)
{
    ol_fields_iter it;
    ol_slice name, found;
    ol_fields_iter_init(&it, encoded);
    while (ol_fields_next(&it, &name, &found)) {
        if (!ol_slice_eq_cstr(name, wanted))
            continue;
        *value = found;
        return true;
    }
    return false;
}
