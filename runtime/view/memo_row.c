/* SPDX-License-Identifier: MIT */
#include "view/memo_row.h"

#include "base/limits.h"

#define VERSION 1u

enum { FLAG_CHECKSUMS = 1, FLAG_UNSTABLE = 2 };

/* Where the fixed fields stand. */
enum {
    AT_VERSION = 0,
    AT_FLAGS = 1,
    AT_STATUS = 2,
    AT_LENGTH = 4,
    AT_CRC64 = 12,
    AT_CRC32 = 20,
    AT_COUNT = 24,
    AT_HEADERS = OL_MEMO_ROW_BYTES_MIN
};

#define PAIR_BYTES 3u /* before a header's name */

static void put_number(uint8_t *out, uint64_t value, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++)
        out[i] = (uint8_t)(value >> 8 * i);
}

static uint64_t get_number(const uint8_t *in, unsigned bytes)
{
    uint64_t value = 0;
    for (unsigned i = 0; i < bytes; i++)
        value |= (uint64_t)in[i] << 8 * i;
    return value;
}

/* ---- making rows ---- */

static bool add_header(uint8_t *out, size_t *len, const ol_header *header)
{
    size_t room = OL_MEMO_ROW_BYTES_MAX - *len;
    ol_slice name = header->name, value = header->value;
    if (name.len > UINT8_MAX || value.len > room || PAIR_BYTES + name.len + value.len > room)
        return false;
    uint8_t *at = out + *len;
    at[0] = (uint8_t)name.len;
    put_number(at + 1, value.len, 2);
    memcpy(at + PAIR_BYTES, name.data, name.len);
    if (value.len > 0)
        memcpy(at + PAIR_BYTES + name.len, value.data, value.len);
    *len += PAIR_BYTES + name.len + value.len;
    return true;
}

void ol_memo_row_unstable(uint8_t out[OL_MEMO_ROW_BYTES_MIN])
{
    memset(out, 0, OL_MEMO_ROW_BYTES_MIN);
    out[AT_VERSION] = VERSION;
    out[AT_FLAGS] = FLAG_UNSTABLE;
}

int ol_memo_row_encode(const ol_view_facts *facts, uint8_t out[OL_MEMO_ROW_BYTES_MAX],
                       size_t *len)
{
    const ol_headers *headers = &facts->head.headers;
    ol_memo_row_unstable(out);
    *len = AT_HEADERS;
    if (facts->unstable)
        return OL_OK;
    if (facts->head.content_length < 0 || headers->count > OL_HTTP_HEADERS_MAX)
        return OL_SKIP;
    out[AT_FLAGS] = facts->has_checksums ? FLAG_CHECKSUMS : 0;
    put_number(out + AT_STATUS, (uint64_t)facts->head.status, 2);
    put_number(out + AT_LENGTH, (uint64_t)facts->head.content_length, 8);
    if (facts->has_checksums) {
        put_number(out + AT_CRC64, facts->crc64nvme, 8);
        put_number(out + AT_CRC32, facts->crc32, 4);
    }
    out[AT_COUNT] = (uint8_t)headers->count;
    for (size_t i = 0; i < headers->count; i++)
        if (!add_header(out, len, &headers->items[i]))
            return OL_SKIP;
    return ol_memo_row_check(ol_slice_of(out, *len)) ? OL_OK : OL_SKIP;
}

/* ---- reading them ---- */

/* The header at *at, which is moved behind it. False at an end that comes too early. */
static bool next_header(ol_slice row, size_t *at, ol_slice *name, ol_slice *value)
{
    ol_slice rest = ol_slice_from(row, *at);
    if (rest.len < PAIR_BYTES)
        return false;
    size_t name_len = rest.data[0], value_len = get_number(rest.data + 1, 2);
    if (rest.len - PAIR_BYTES < name_len + value_len)
        return false;
    *name = ol_slice_of(rest.data + PAIR_BYTES, name_len);
    *value = ol_slice_of(rest.data + PAIR_BYTES + name_len, value_len);
    *at += PAIR_BYTES + name_len + value_len;
    return true;
}

static bool headers_are_valid(ol_slice row)
{
    size_t at = AT_HEADERS;
    ol_slice name, value;
    for (unsigned i = 0; i < row.data[AT_COUNT]; i++)
        if (!next_header(row, &at, &name, &value) || !ol_header_is_valid(name, value))
            return false;
    return at == row.len;
}

static bool is_the_unstable_one(ol_slice row)
{
    uint8_t wanted[OL_MEMO_ROW_BYTES_MIN];
    ol_memo_row_unstable(wanted);
    return ol_slice_eq(row, ol_slice_of(wanted, sizeof(wanted)));
}

bool ol_memo_row_check(ol_slice row)
{
    if (row.len < OL_MEMO_ROW_BYTES_MIN || row.len > OL_MEMO_ROW_BYTES_MAX ||
        row.data[AT_VERSION] != VERSION)
        return false;
    unsigned flags = row.data[AT_FLAGS];
    if (flags == FLAG_UNSTABLE)
        return is_the_unstable_one(row);
    if (flags > FLAG_CHECKSUMS || row.data[AT_COUNT] > OL_HTTP_HEADERS_MAX)
        return false;
    if (flags == 0 && (get_number(row.data + AT_CRC64, 8) || get_number(row.data + AT_CRC32, 4)))
        return false;
    uint64_t status = get_number(row.data + AT_STATUS, 2);
    return status >= 200 && status <= 299 && get_number(row.data + AT_LENGTH, 8) <= INT64_MAX &&
           headers_are_valid(row);
}

bool ol_memo_row_is_unstable(ol_slice row)
{
    return (row.data[AT_FLAGS] & FLAG_UNSTABLE) != 0;
}

int ol_memo_row_decode(ol_slice row, ol_arena *arena, ol_view_facts *facts)
{
    *facts = (ol_view_facts){.unstable = ol_memo_row_is_unstable(row)};
    ol_headers_init(&facts->head.headers, arena);
    if (facts->unstable)
        return OL_OK;
    facts->has_checksums = (row.data[AT_FLAGS] & FLAG_CHECKSUMS) != 0;
    facts->head.status = (int)get_number(row.data + AT_STATUS, 2);
    facts->head.content_length = (int64_t)get_number(row.data + AT_LENGTH, 8);
    facts->crc64nvme = get_number(row.data + AT_CRC64, 8);
    facts->crc32 = (uint32_t)get_number(row.data + AT_CRC32, 4);
    ol_slice copy = ol_arena_copy(arena, row), name, value;
    int rc = copy.data ? OL_OK : OL_ENOMEM;
    size_t at = AT_HEADERS;
    for (unsigned i = 0; rc == OL_OK && i < row.data[AT_COUNT]; i++)
        if (next_header(copy, &at, &name, &value))
            rc = ol_headers_borrow(&facts->head.headers, name, value);
    return rc;
}

/* ---- two rows of one view ---- */

static bool same_but_for_checksums(ol_slice a, ol_slice b)
{
    return ol_slice_eq(ol_slice_of(a.data + AT_STATUS, AT_CRC64 - AT_STATUS),
                       ol_slice_of(b.data + AT_STATUS, AT_CRC64 - AT_STATUS)) &&
           ol_slice_eq(ol_slice_from(a, AT_COUNT), ol_slice_from(b, AT_COUNT));
}

enum ol_memo_merged ol_memo_row_merge(ol_slice old_row, ol_slice new_row)
{
    if (ol_memo_row_is_unstable(old_row) || ol_slice_eq(old_row, new_row))
        return OL_MEMO_MERGED_SAME;
    if (ol_memo_row_is_unstable(new_row) || !same_but_for_checksums(old_row, new_row) ||
        old_row.data[AT_FLAGS] == new_row.data[AT_FLAGS])
        return OL_MEMO_MERGED_OTHER;
    return new_row.data[AT_FLAGS] == FLAG_CHECKSUMS ? OL_MEMO_MERGED_MORE : OL_MEMO_MERGED_SAME;
}
