/* SPDX-License-Identifier: MIT */
/*
 * A direct-mapped table: an entry is found at the place its ETag names, and a newer one
 * simply takes that place. ETags are keyed digests, so nobody can aim at a place.
 */
#include "front/view_memo.h"

#include <pthread.h>
#include <stdio.h>

#include "base/alloc.h"
#include "front/view_identity.h"
#include "transform/fields.h"

#define ENTRIES 4096u
#define LOCKS 64u
#define HEAD_BYTES_MAX 512u

typedef struct entry {
    char etag[OL_VIEW_ETAG_SIZE];
    int status;
    int64_t length;
    uint32_t head_len;
    uint8_t head[HEAD_BYTES_MAX]; /* transform/fields.h: header name to value */
} entry;

struct ol_view_memo {
    pthread_mutex_t locks[LOCKS];
    entry entries[ENTRIES];
};

static unsigned hex_value(char c)
{
    return c <= '9' ? (unsigned)(c - '0') & 15u : ((unsigned)(c - 'a') + 10u) & 15u;
}

static unsigned place_of(const char *etag)
{
    unsigned place = 0;
    for (int i = 0; i < 4 && etag[i]; i++)
        place = place << 4 | hex_value(etag[i]);
    return place % ENTRIES;
}

int ol_view_memo_new(ol_view_memo **out)
{
    ol_view_memo *memo = ol_calloc(1, sizeof(*memo));
    if (!memo)
        return OL_ENOMEM;
    for (unsigned i = 0; i < LOCKS; i++)
        pthread_mutex_init(&memo->locks[i], NULL);
    *out = memo;
    return OL_OK;
}

void ol_view_memo_destroy(ol_view_memo *memo)
{
    if (!memo)
        return;
    for (unsigned i = 0; i < LOCKS; i++)
        pthread_mutex_destroy(&memo->locks[i]);
    ol_free(memo);
}

static bool decode(const entry *found, ol_arena *arena, ol_head *head)
{
    ol_fields_iter it;
    ol_slice name, value;
    head->status = found->status;
    head->content_length = found->length;
    ol_headers_init(&head->headers, arena);
    ol_fields_iter_init(&it, ol_slice_of(found->head, found->head_len));
    while (ol_fields_next(&it, &name, &value))
        if (ol_headers_add(&head->headers, name, value) != OL_OK)
            return false;
    return true;
}

bool ol_view_memo_get(ol_view_memo *memo, const char *etag, ol_arena *arena, ol_head *head)
{
    unsigned place = place_of(etag);
    pthread_mutex_t *lock = &memo->locks[place % LOCKS];
    pthread_mutex_lock(lock);
    const entry *found = &memo->entries[place];
    bool known = strcmp(found->etag, etag) == 0 && decode(found, arena, head);
    pthread_mutex_unlock(lock);
    return known;
}

static int encode(ol_buf *out, const ol_head *head)
{
    int rc = ol_fields_begin(out);
    for (size_t i = 0; rc == OL_OK && i < head->headers.count; i++)
        rc = ol_fields_add_under(out, "", head->headers.items[i].name,
                                 head->headers.items[i].value);
    return rc;
}

void ol_view_memo_put(ol_view_memo *memo, const char *etag, const ol_head *head)
{
    ol_buf blob;
    ol_buf_init(&blob, HEAD_BYTES_MAX);
    if (encode(&blob, head) == OL_OK) {
        unsigned place = place_of(etag);
        pthread_mutex_t *lock = &memo->locks[place % LOCKS];
        pthread_mutex_lock(lock);
        entry *self = &memo->entries[place];
        snprintf(self->etag, sizeof(self->etag), "%s", etag);
        self->status = head->status;
        self->length = head->content_length;
        self->head_len = (uint32_t)blob.len;
        memcpy(self->head, blob.data, blob.len);
        pthread_mutex_unlock(lock);
    }
    ol_buf_fini(&blob);
}
