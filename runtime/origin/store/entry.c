/* SPDX-License-Identifier: MIT */
/*
 * Entries. Layout of the one allocation: the struct, the array of headers, bucket, key, etag,
 * the headers' blob (into which the array points), the body.
 *
 * The blob is a sequence of name length (u16), value length (u32), name, value; numbers are
 * little-endian.
 */
#include "origin/store/entry.h"

#include <stdio.h>

#include "base/alloc.h"
#include "origin/store/janitor.h"

#define FIELD_HEAD_BYTES 6

int ol_headers_blob_make(ol_buf *out, const ol_header *headers, size_t count, ol_error *err)
{
    for (size_t i = 0; i < count; i++) {
        ol_slice name = headers[i].name, value = headers[i].value;
        if (name.len > UINT16_MAX || value.len > OL_HEADERS_BLOB_BYTES_MAX)
            return ol_error_set(err, OL_EMETADATATOOLARGE, "store: a header is too long");
        uint8_t head[FIELD_HEAD_BYTES] = {
            (uint8_t)name.len,  (uint8_t)(name.len >> 8),   (uint8_t)value.len,
            (uint8_t)(value.len >> 8), (uint8_t)(value.len >> 16), (uint8_t)(value.len >> 24),
        };
        int result = ol_buf_add(out, ol_slice_of(head, sizeof head));
        if (result == OL_OK)
            result = ol_buf_add(out, name);
        if (result == OL_OK)
            result = ol_buf_add(out, value);
        if (result == OL_ELIMIT)
            return ol_error_set(err, OL_EMETADATATOOLARGE, "store: the headers are too long");
        if (result != OL_OK)
            return ol_error_set(err, result, "store: no memory for headers");
    }
    return OL_OK;
}

/* Cut the next field off the blob. False when it is malformed. */
static bool next_field(ol_slice *blob, ol_header *field)
{
    if (blob->len < FIELD_HEAD_BYTES)
        return false;
    const uint8_t *p = blob->data;
    size_t name_len = (size_t)p[0] | (size_t)p[1] << 8;
    size_t value_len = (size_t)p[2] | (size_t)p[3] << 8 | (size_t)p[4] << 16 | (size_t)p[5] << 24;
    if (blob->len - FIELD_HEAD_BYTES < name_len ||
        blob->len - FIELD_HEAD_BYTES - name_len < value_len)
        return false;
    field->name = ol_slice_of(p + FIELD_HEAD_BYTES, name_len);
    field->value = ol_slice_of(p + FIELD_HEAD_BYTES + name_len, value_len);
    *blob = ol_slice_from(*blob, FIELD_HEAD_BYTES + name_len + value_len);
    return true;
}

/* The number of fields, or -1. */
static ptrdiff_t count_fields(ol_slice blob)
{
    ptrdiff_t count = 0;
    ol_header field;
    for (; blob.len > 0; count++) {
        if (!next_field(&blob, &field))
            return -1;
    }
    return count;
}

static ol_slice put(uint8_t **at, ol_slice bytes)
{
    if (bytes.len > 0)
        memcpy(*at, bytes.data, bytes.len);
    ol_slice copy = ol_slice_of(*at, bytes.len);
    *at += bytes.len;
    return copy;
}

static void fill_headers(ol_entry *entry, size_t count)
{
    ol_slice blob = entry->headers_blob;
    for (size_t i = 0; i < count; i++)
        next_field(&blob, &entry->headers[i]);
    snprintf(entry->etag_quoted, sizeof entry->etag_quoted, "\"%.*s\"",
             OL_SLICE_FMT(entry->info.etag));
    entry->headers[count] =
        (ol_header){OL_SLICE_LIT("etag"), ol_slice_cstr(entry->etag_quoted)};
    entry->headers_all = count + 2;
    entry->info.headers = entry->headers;
    entry->info.header_count = count;
}

void ol_entry_set_modified(ol_entry *entry, int64_t modified_ms)
{
    entry->info.last_modified_ms = modified_ms;
    ol_clock_http_date(modified_ms, entry->modified_text);
    entry->headers[entry->headers_all - 1] =
        (ol_header){OL_SLICE_LIT("last-modified"), ol_slice_cstr(entry->modified_text)};
}

int ol_entry_new(ol_entry **out, const ol_entry_spec *spec, ol_error *err)
{
    *out = NULL;
    ptrdiff_t count = count_fields(spec->headers_blob);
    if (count < 0 || spec->etag.len >= OL_ETAG_SIZE)
        return ol_error_set(err, OL_EORIGIN, "store: a row of the database is malformed");
    size_t headers_bytes = ((size_t)count + 2) * sizeof(ol_header);
    size_t bytes = sizeof(ol_entry) + headers_bytes + spec->bucket.len + spec->key.len +
                   spec->etag.len + spec->headers_blob.len +
                   (spec->in_memory ? (size_t)spec->size : 0);
    ol_entry *entry = ol_malloc(bytes);
    if (!entry)
        return ol_error_set(err, OL_ENOMEM, "store: no memory for an entry");
    *entry = (ol_entry){.self.object.origin = spec->origin, .cost = bytes, .fd = -1};
    entry->self.entry = entry;
    atomic_init(&entry->refs, 1);
    entry->headers = (ol_header *)(entry + 1);
    uint8_t *at = (uint8_t *)(entry + 1) + headers_bytes;
    entry->bucket = put(&at, spec->bucket);
    entry->info.key = put(&at, spec->key);
    entry->info.etag = put(&at, spec->etag);
    entry->info.size = spec->size;
    entry->headers_blob = put(&at, spec->headers_blob);
    entry->in_memory = spec->in_memory;
    entry->account = spec->account;
    if (entry->account)
        atomic_fetch_add_explicit(entry->account, bytes, memory_order_relaxed);
    entry->body_space = at;
    entry->body = ol_slice_of(at, spec->in_memory ? (size_t)spec->size : 0);
    fill_headers(entry, (size_t)count);
    ol_entry_set_modified(entry, spec->modified_ms);
    *out = entry;
    return OL_OK;
}

void ol_entry_release(ol_entry *entry)
{
    if (!entry || atomic_fetch_sub_explicit(&entry->refs, 1, memory_order_acq_rel) != 1)
        return;
    if (entry->account)
        atomic_fetch_sub_explicit(entry->account, entry->cost, memory_order_relaxed);
    if (entry->fd >= 0)
        ol_janitor_close(entry->janitor, entry->fd);
    ol_free(entry);
}
