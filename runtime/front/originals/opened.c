/* SPDX-License-Identifier: MIT */
/*
 * The book is a table with one place a digest: what falls on a taken place replaces it. Content keys
 * are few (they lie in locked memory): the oldest goes when one more comes. So do segments.
 */
#include "front/originals/opened.h"

#include <pthread.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/limits.h"

#define ARENA_BYTES_MAX (8u * OL_MIB)
#define PLACES 8192u
#define KEYS_MAX 256u
#define SEGMENTS_MAX 256u

/* ---- one ---- */

ol_opened *ol_opened_new(void)
{
    ol_opened *opened = ol_calloc(1, sizeof(*opened));
    ol_arena *arena = opened ? ol_arena_new(ARENA_BYTES_MAX) : NULL;
    if (!arena) {
        ol_free(opened);
        return NULL;
    }
    opened->arena = arena;
    opened->references_ = 1;
    return opened;
}

ol_opened *ol_opened_acquire(ol_opened *opened)
{
    __atomic_add_fetch(&opened->references_, 1, __ATOMIC_RELAXED);
    return opened;
}

void ol_opened_release(ol_opened *opened)
{
    if (!opened || __atomic_sub_fetch(&opened->references_, 1, __ATOMIC_ACQ_REL) > 0)
        return;
    ol_sealed_release(opened->sealed);
    ol_arena_destroy(opened->arena);
    ol_free(opened);
}

/* ---- the book ---- */

typedef struct place {
    ol_opened_note note; /* note.opened is held by the ring below, if at all; segments here */
    uint64_t until_ms;   /* 0 = empty */
} place;

typedef struct held {
    uint8_t digest[OL_OPENED_DIGEST_BYTES];
    ol_keys *keys;
    ol_opened *opened;
    uint64_t until_ms;
} held;

struct ol_opened_book {
    pthread_mutex_t lock;
    uint32_t age_ms;
    unsigned next; /* of the ring */
    held ring[KEYS_MAX];
    /* which places have segments, in the order in which these came; some do not any more */
    place *segmented[SEGMENTS_MAX];
    unsigned segmented_first, segmented_count;
    size_t segments_bytes;
    place places[PLACES];
};

ol_opened_book *ol_opened_book_new(uint32_t age_ms)
{
    ol_opened_book *book = ol_calloc(1, sizeof(*book));
    if (!book)
        return NULL;
    pthread_mutex_init(&book->lock, NULL);
    book->age_ms = age_ms;
    return book;
}

static void drop(held *h)
{
    ol_opened_release(h->opened);
    ol_keys_release(h->keys);
    *h = (held){.until_ms = 0};
}

void ol_opened_book_destroy(ol_opened_book *book)
{
    if (!book)
        return;
    for (unsigned i = 0; i < KEYS_MAX; i++)
        if (book->ring[i].opened)
            drop(&book->ring[i]);
    for (unsigned i = 0; i < PLACES; i++)
        ol_segments_release(book->places[i].note.segments);
    pthread_mutex_destroy(&book->lock);
    ol_free(book);
}

static place *place_of(ol_opened_book *book, const uint8_t *digest)
{
    uint32_t hash;
    memcpy(&hash, digest, sizeof(hash));
    return &book->places[hash % PLACES];
}

/* ---- segments ---- */

static void forget_segments(ol_opened_book *book, place *at)
{
    if (!at->note.segments)
        return;
    book->segments_bytes -= ol_segments_memory(at->note.segments);
    ol_segments_release(at->note.segments);
    at->note.segments = NULL;
}

/* True: they were (or had been) of this place. */
static bool forget_oldest_segments(ol_opened_book *book, const place *of)
{
    place *oldest = book->segmented[book->segmented_first];
    forget_segments(book, oldest);
    book->segmented_first = (book->segmented_first + 1) % SEGMENTS_MAX;
    book->segmented_count--;
    return oldest == of;
}

static bool is_listed(const ol_opened_book *book, const place *at)
{
    for (unsigned i = 0; i < book->segmented_count; i++)
        if (book->segmented[(book->segmented_first + i) % SEGMENTS_MAX] == at)
            return true;
    return false;
}

/* At a place that has none. */
static void keep_segments(ol_opened_book *book, place *at, ol_segments *segments)
{
    size_t bytes = segments ? ol_segments_memory(segments) : 0;
    if (!segments || bytes > OL_OPENED_SEGMENTS_BYTES_MAX)
        return;
    bool listed = is_listed(book, at);
    while ((book->segmented_count == SEGMENTS_MAX && !listed) ||
           (book->segmented_count > 0 &&
            book->segments_bytes + bytes > OL_OPENED_SEGMENTS_BYTES_MAX))
        listed = !forget_oldest_segments(book, at) && listed;
    unsigned next = (book->segmented_first + book->segmented_count) % SEGMENTS_MAX;
    if (!listed) {
        book->segmented[next] = at;
        book->segmented_count++;
    }
    at->note.segments = ol_segments_acquire(segments);
    book->segments_bytes += bytes;
}

/* ---- finding and putting ---- */

static bool is_same(const uint8_t *a, const uint8_t *b)
{
    return memcmp(a, b, OL_OPENED_DIGEST_BYTES) == 0;
}

/* What is too old goes, whoever comes by. */
static ol_opened *find_held(ol_opened_book *book, const ol_opened_note *note, uint64_t now_ms)
{
    ol_opened *found = NULL;
    for (unsigned i = 0; i < KEYS_MAX; i++) {
        held *h = &book->ring[i];
        if (h->opened && h->until_ms <= now_ms)
            drop(h);
        else if (h->opened && h->keys == note->keys && is_same(h->digest, note->digest))
            found = h->opened;
    }
    return found ? ol_opened_acquire(found) : NULL;
}

bool ol_opened_book_find(ol_opened_book *book, ol_opened_note *note)
{
    uint64_t now_ms = ol_clock_mono_ms();
    note->opened = NULL;
    note->segments = NULL;
    if (!book || book->age_ms == 0)
        return false;
    pthread_mutex_lock(&book->lock);
    const place *at = place_of(book, note->digest);
    bool found = at->until_ms > now_ms && is_same(at->note.digest, note->digest);
    if (found) {
        note->verified = at->note.verified;
        note->plain_size = at->note.plain_size;
        note->segments = ol_segments_acquire(at->note.segments);
        note->opened = find_held(book, note, now_ms);
    }
    pthread_mutex_unlock(&book->lock);
    return found;
}

void ol_opened_book_put(ol_opened_book *book, const ol_opened_note *note)
{
    if (!book || book->age_ms == 0)
        return;
    uint64_t until_ms = ol_clock_mono_ms() + book->age_ms;
    pthread_mutex_lock(&book->lock);
    place *at = place_of(book, note->digest);
    forget_segments(book, at);
    at->note = *note;
    at->note.opened = NULL;
    at->note.segments = NULL;
    keep_segments(book, at, note->segments);
    at->until_ms = until_ms;
    ol_opened *known = note->opened ? find_held(book, note, until_ms - book->age_ms) : NULL;
    if (note->opened && !known) {
        held *h = &book->ring[book->next++ % KEYS_MAX];
        if (h->opened)
            drop(h);
        memcpy(h->digest, note->digest, sizeof(h->digest));
        h->keys = ol_keys_acquire((ol_keys *)(uintptr_t)note->keys);
        h->opened = ol_opened_acquire(note->opened);
        h->until_ms = until_ms;
    }
    pthread_mutex_unlock(&book->lock);
    ol_opened_release(known);
}
