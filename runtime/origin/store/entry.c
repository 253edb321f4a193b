/* SPDX-License-Identifier: MIT */
/*
 * Entries. Layout of the one allocation: the struct, the array of headers, the record, the parts, bucket,
 * the headers' blob (into which the array points), key and what else is text, the body unless it
 * stands in pages.
 *
 * The blob is a sequence of name length (u16), value length (u32), name, value; numbers are
 * little-endian.
 */
#include "origin/store/entry.h"

#include <openssl/crypto.h>
#include <stdio.h>

#include "base/alloc.h"
#include "net/pages.h"
#include "net/stable_memory.h"
#include "origin/store/copy.h"
#include "origin/store/janitor.h"
#include "origin/store/pins.h"
#include "origin/store/version_key.h"

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

/* "a=1&b=2" has two. */
static uint32_t count_tags(ol_slice tags)
{
    uint32_t count = tags.len > 0;
    for (size_t i = 0; i < tags.len; i++)
        count += tags.data[i] == '&';
    return count;
}

/* Everything of variable length, behind the headers. */
static void fill(ol_entry *entry, const ol_entry_spec *spec, uint8_t *at)
{
    ol_object_info *info = &entry->info;
    if (spec->record.len > 0) {
        entry->record = (const ol_at_rest_record *)at;
        at += sizeof(ol_at_rest_record);
    }
    size_t parts_bytes = spec->part_count * sizeof *spec->parts;
    if (spec->part_count > 0)
        entry->parts = memcpy(at, spec->parts, parts_bytes);
    at += parts_bytes;
    entry->bucket = ol_put_slice(&at, spec->bucket);
    entry->headers_blob = ol_put_slice(&at, spec->headers_blob);
    *info = (ol_object_info){
        .size = spec->size,
        .checksum = spec->checksum,
        .part_count = spec->part_count,
        .tag_count = count_tags(spec->tags),
    };
    info->key = ol_put_slice(&at, spec->key);
    info->etag = ol_put_slice(&at, spec->etag);
    info->tags = ol_put_slice(&at, spec->tags);
    info->acl = ol_put_slice(&at, spec->acl);
    entry->mark = ol_put_slice(&at, spec->mark);
    entry->record_bytes = ol_put_slice(&at, spec->record);
    if (!entry->body_space)
        entry->body_space = at;
    entry->body = ol_slice_of(entry->body_space, spec->in_memory ? (size_t)entry->stored_bytes : 0);
}

static bool fill_record(ol_entry *entry)
{
    ol_at_rest_record record;
    if (!entry->record)
        return true;
    if (!ol_at_rest_record_read(&record, entry->record_bytes))
        return false;
    memcpy((void *)(uintptr_t)entry->record, &record, sizeof record);
    ol_sse_of_record(entry->record, &entry->info.sse);
    size_t mark_bytes = entry->info.part_count ? OL_AT_REST_MAC_BYTES : OL_AT_REST_MARK_BYTES;
    bool needed = !entry->info.part_count || record.mode != OL_SSE_C;
    return entry->mark.len == mark_bytes || (!needed && entry->mark.len == 0);
}

/* A large body goes into pages from which it can be sent without a copy, if there is room. */
static uint8_t *take_pages(const ol_entry_spec *spec)
{
    bool large = spec->in_memory && spec->size >= OL_STABLE_BYTES_MIN;
    /* What is encrypted is never sent as it stands. */
    return large && spec->pages && spec->record.len == 0
               ? ol_pages_take(spec->pages, (size_t)spec->size)
               : NULL;
}

int ol_entry_new(ol_entry **out, const ol_entry_spec *spec, ol_error *err)
{
    *out = NULL;
    ptrdiff_t count = count_fields(spec->headers_blob);
    if (count < 0 || spec->etag.len >= OL_ETAG_SIZE)
        return ol_error_set(err, OL_EORIGIN, "store: a row of the database is malformed");
    size_t headers_bytes = ((size_t)count + 2) * sizeof(ol_header);
    bool sealed = spec->record.len > 0;
    uint64_t stored = sealed ? ol_at_rest_sealed_size(spec->size) : spec->size;
    size_t body_bytes = spec->in_memory ? (size_t)stored : 0;
    size_t bytes = sizeof(ol_entry) + headers_bytes + spec->part_count * sizeof *spec->parts +
                   spec->bucket.len + spec->key.len + spec->etag.len + spec->headers_blob.len +
                   spec->tags.len + spec->acl.len + spec->mark.len + spec->record.len +
                   (sealed ? sizeof(ol_at_rest_record) : 0);
    uint8_t *pages = take_pages(spec);
    ol_entry *entry = ol_malloc(bytes + (pages ? 0 : body_bytes));
    if (!entry) {
        if (pages)
            ol_pages_give(spec->pages, pages, body_bytes);
        return ol_error_set(err, OL_ENOMEM, "store: no memory for an entry");
    }
    bytes += pages ? ol_pages_cost(body_bytes) : body_bytes;
    *entry = (ol_entry){.self.object.origin = spec->origin,
                        .cost = bytes,
                        .pages = pages ? spec->pages : NULL,
                        .body_space = pages,
                        .fd = -1,
                        .stored_bytes = stored,
                        .in_memory = spec->in_memory,
                        .account = spec->account};
    entry->self.entry = entry;
    entry->self.info = &entry->info;
    atomic_init(&entry->refs, 1);
    entry->headers = (ol_header *)(entry + 1);
    if (entry->account)
        atomic_fetch_add_explicit(entry->account, bytes, memory_order_relaxed);
    fill(entry, spec, (uint8_t *)(entry + 1) + headers_bytes);
    fill_headers(entry, (size_t)count);
    if (!fill_record(entry)) {
        ol_entry_release(entry);
        return ol_error_set(err, OL_EORIGIN, "store: the record of an encrypted object is damaged");
    }
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
    if (entry->pins)
        ol_pins_give(entry->pins, entry->part_set);
    if (entry->pages)
        ol_pages_give(entry->pages, entry->body_space, entry->body.len);
    ol_free(entry);
}

/* ---- what a key vouches for ---- */

static bool table_is(const ol_entry *entry, const ol_at_rest_key *key)
{
    ol_at_rest_table table;
    uint8_t mac[OL_AT_REST_MAC_BYTES];
    ol_at_rest_table_init(&table);
    for (uint32_t i = 0; i < entry->info.part_count; i++) {
        const ol_entry_part *part = &entry->parts[i];
        ol_at_rest_table_add(&table, part->number, part->end - ol_entry_part_start(entry, part),
                             part->mark);
    }
    if (entry->record->table_signed) {
        uint8_t table_key[OL_AT_REST_KEY_BYTES];
        ol_at_rest_table_key(key, table_key);
        ol_at_rest_table_end_by(&table, table_key, mac);
        ol_wipe(table_key, sizeof table_key);
    } else {
        ol_at_rest_table_end(&table, key, mac);
    }
    return CRYPTO_memcmp(mac, entry->mark.data, sizeof mac) == 0;
}

bool ol_entry_is_authentic(ol_entry *entry, const ol_at_rest_key *key)
{
    if (entry->info.part_count == 0)
        return ol_at_rest_mark_is(key, 0, entry->info.size, entry->mark.data);
    /* Of old ones: nothing vouched for the parts of an upload under a customer's key that was completed
     * without it. */
    if (entry->mark.len == 0)
        return entry->record->mode == OL_SSE_C && !entry->record->table_signed;
    if (atomic_load_explicit(&entry->table_known, memory_order_relaxed))
        return true;
    bool good = table_is(entry, key);
    if (good)
        atomic_store_explicit(&entry->table_known, true, memory_order_relaxed);
    return good;
}

/* ---- parts ---- */

const ol_entry_part *ol_entry_part_at(const ol_entry *entry, uint64_t at)
{
    size_t low = 0, high = entry->info.part_count - 1;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (entry->parts[middle].end <= at)
            low = middle + 1;
        else
            high = middle;
    }
    return &entry->parts[low];
}

uint64_t ol_entry_part_start(const ol_entry *entry, const ol_entry_part *part)
{
    return part == entry->parts ? 0 : part[-1].end;
}

const ol_entry_part *ol_entry_part_find(const ol_entry *entry, uint32_t number)
{
    for (uint32_t i = 0; i < entry->info.part_count; i++) {
        if (entry->parts[i].number == number)
            return &entry->parts[i];
    }
    return NULL;
}
