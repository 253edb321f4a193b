/* SPDX-License-Identifier: MIT */
#include "origin/store/unseal.h"

#include <errno.h>

#include "origin/store/read.h"

#define CHUNK OL_AT_REST_CHUNK_BYTES
#define EXPONENT OL_AT_REST_CHUNK_EXPONENT

void ol_unsealer_init(ol_unsealer *u, ol_entry *entry, ol_at_rest_key *key)
{
    *u = (ol_unsealer){.entry = entry, .key = ol_at_rest_key_acquire(key)};
    ol_extent_init(&u->extent, entry);
}

void ol_unsealer_fini(ol_unsealer *u, struct ol_janitor *janitor)
{
    ol_extent_fini(&u->extent, janitor);
    ol_at_rest_part_fini(&u->part);
    ol_at_rest_key_release(u->key);
    u->key = NULL;
}

static int cannot_read(int fault, ol_error *err)
{
    return ol_error_set(err, OL_EORIGIN, "store: cannot read an original: %s", strerror(fault));
}

static int damaged(ol_error *err)
{
    return ol_error_set(err, OL_EORIGIN, "store: an encrypted original is damaged");
}

/* The key of the part in which `at` stands, once its mark has been found right. */
static int seek(ol_unsealer *u, const ol_folder *folder, uint64_t at, ol_error *err)
{
    const ol_entry *entry = u->entry;
    if (u->part.key && at >= u->start && (at < u->end || u->end == entry->info.size))
        return OL_OK;
    ol_at_rest_part_fini(&u->part);
    uint32_t number = 0;
    const uint8_t *mark = entry->mark.data;
    u->start = 0;
    u->end = entry->info.size;
    if (entry->parts) {
        const ol_entry_part *part = ol_entry_part_at(entry, at);
        int fault = ol_extent_seek(&u->extent, folder, entry, at);
        if (fault)
            return cannot_read(fault, err);
        if (!part->has_mark)
            return damaged(err);
        number = part->number;
        mark = part->mark;
        u->start = ol_entry_part_start(entry, part);
        u->end = part->end;
    }
    if (!ol_at_rest_mark_is(u->key, number, u->end - u->start, mark))
        return damaged(err);
    return ol_at_rest_part_init(&u->part, u->key, number, mark, err);
}

/* What is sealed from `offset` of the part on, of chunk `first` on, into `to` and opened. */
static int open_chunks(const ol_unsealer *u, uint64_t first, uint64_t offset, bool ends, ol_span to,
                       uint64_t ahead, ol_error *err)
{
    const ol_entry *entry = u->entry;
    bool good;
    if (entry->in_memory) {
        ol_slice sealed = ol_slice_of(entry->body.data + offset, to.len);
        good = ol_at_rest_open_into(&u->part, first, ends, sealed, to.data);
    } else {
        int fault = ol_read_wait(u->extent.fd, offset, to, ahead);
        if (fault)
            return cannot_read(fault, err);
        good = ol_at_rest_open(&u->part, first, ends, to);
    }
    return good ? OL_OK : damaged(err);
}

int ol_unseal_step(ol_unsealer *u, const ol_folder *folder, uint64_t at, uint64_t end,
                   ol_span buffer, uint64_t ahead, ol_error *err)
{
    u->at = u->until = 0;
    int rc = seek(u, folder, at, err);
    if (rc != OL_OK)
        return rc;
    uint64_t length = u->end - u->start, final = length >> EXPONENT;
    uint64_t first = (at - u->start) >> EXPONENT;
    uint64_t wanted = (end < u->end ? end : u->end) - u->start;
    /* What reaches the end proves it: the last chunk is looked at, also when it is empty. */
    uint64_t last = wanted == length ? final : (wanted - 1) >> EXPONENT;
    uint64_t most = (buffer.len - OL_AT_REST_TAG_BYTES) / OL_AT_REST_SEALED_CHUNK_BYTES;
    uint64_t count = last - first + 1;
    if (count > most) {
        bool only_empty_left = count == most + 1 && last == final && length == final << EXPONENT;
        count = only_empty_left ? count : most;
    }
    uint64_t offset = first * OL_AT_REST_SEALED_CHUNK_BYTES;
    uint64_t bytes = count * OL_AT_REST_SEALED_CHUNK_BYTES;
    uint64_t left = ol_at_rest_sealed_size(length) - offset;
    bool ends = first + count - 1 == final;
    ol_span sealed = {buffer.data, (size_t)(ends ? left : bytes)};
    rc = open_chunks(u, first, offset, ends, sealed, ahead, err);
    if (rc != OL_OK)
        return rc;
    uint64_t until = (first + count) << EXPONENT;
    u->buffer = buffer.data;
    u->base = u->start + (first << EXPONENT);
    u->at = at;
    u->until = u->start + (until < wanted ? until : wanted);
    return OL_OK;
}

ol_slice ol_unseal_next(ol_unsealer *u)
{
    if (u->at >= u->until)
        return OL_SLICE_NONE;
    uint64_t chunk = (u->at - u->base) >> EXPONENT;
    uint64_t chunk_end = u->base + ((chunk + 1) << EXPONENT);
    uint64_t end = chunk_end < u->until ? chunk_end : u->until;
    size_t within = (size_t)((u->at - u->base) & (CHUNK - 1));
    const uint8_t *data = u->buffer + chunk * OL_AT_REST_SEALED_CHUNK_BYTES + within;
    ol_slice piece = ol_slice_of(data, (size_t)(end - u->at));
    u->at = end;
    return piece;
}
