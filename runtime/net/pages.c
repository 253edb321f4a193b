/* SPDX-License-Identifier: MIT */
/*
 * One private mapping and a map of the pages in use. A place is found by looking on from where the
 * last one was found. Memory is asked of the kernel when a place is taken (MADV_POPULATE_WRITE),
 * which can say no; a store into the mapping could only kill the process.
 *
 * Giving a place back drops its pages (MADV_DONTNEED): whatever a socket still holds are then the
 * old ones, and the next user of the place gets new ones.
 */
#include "net/pages.h"

#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/alloc.h"
#include "net/stable_memory.h"

#define PAGE_BYTES 4096u

struct ol_pages {
    uint8_t *base;
    size_t count; /* pages */
    pthread_mutex_t lock;
    size_t hint;
    uint8_t *used; /* one a page; a page that could not be given back stays used for ever */
};

static size_t pages_for(size_t bytes)
{
    return (bytes + PAGE_BYTES - 1) / PAGE_BYTES;
}

size_t ol_pages_cost(size_t bytes)
{
    return pages_for(bytes) * PAGE_BYTES;
}

static uint8_t *map(size_t bytes)
{
    void *base = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (base == MAP_FAILED)
        return NULL;
    /* A place takes what it needs, and no huge page around it. */
    (void)madvise(base, bytes, MADV_NOHUGEPAGE);
    /* Bodies belong neither into a core file nor into a child. */
    (void)madvise(base, bytes, MADV_DONTDUMP);
    (void)madvise(base, bytes, MADV_DONTFORK);
    return base;
}

ol_pages *ol_pages_new(size_t bytes_max)
{
    ol_pages *pages = ol_calloc(1, sizeof *pages);
    if (!pages)
        return NULL;
    pages->count = pages_for(bytes_max);
    size_t bytes = pages->count * PAGE_BYTES;
    pages->used = ol_calloc(pages->count, 1);
    if (pages->used && bytes > 0 && sysconf(_SC_PAGESIZE) == PAGE_BYTES)
        pages->base = map(bytes);
    pthread_mutex_init(&pages->lock, NULL);
    if (pages->base && ol_stable_memory_add(pages->base, bytes))
        return pages;
    ol_pages_destroy(pages);
    return NULL;
}

void ol_pages_destroy(ol_pages *pages)
{
    if (!pages)
        return;
    if (pages->base) {
        ol_stable_memory_remove(pages->base);
        munmap(pages->base, pages->count * PAGE_BYTES);
    }
    pthread_mutex_destroy(&pages->lock);
    ol_free(pages->used);
    ol_free(pages);
}

/* The first of `want` free pages between `from` and `to`, or `to`. */
static size_t find_run(const ol_pages *pages, size_t want, size_t from, size_t to)
{
    size_t run = 0;
    for (size_t i = from; i < to; i++) {
        run = pages->used[i] ? 0 : run + 1;
        if (run == want)
            return i + 1 - want;
    }
    return to;
}

/* Marks them used. SIZE_MAX: there are none. */
static size_t reserve(ol_pages *pages, size_t want)
{
    pthread_mutex_lock(&pages->lock);
    size_t at = find_run(pages, want, pages->hint, pages->count);
    if (at == pages->count) {
        size_t end = pages->hint + want < pages->count ? pages->hint + want : pages->count;
        at = find_run(pages, want, 0, end);
        at = at == end ? SIZE_MAX : at;
    }
    if (at != SIZE_MAX) {
        memset(pages->used + at, 1, want);
        pages->hint = at + want;
    }
    pthread_mutex_unlock(&pages->lock);
    return at;
}

static void unreserve(ol_pages *pages, size_t at, size_t count)
{
    pthread_mutex_lock(&pages->lock);
    memset(pages->used + at, 0, count);
    pthread_mutex_unlock(&pages->lock);
}

static bool drop(ol_pages *pages, size_t at, size_t count)
{
    return madvise(pages->base + at * PAGE_BYTES, count * PAGE_BYTES, MADV_DONTNEED) == 0;
}

uint8_t *ol_pages_take(ol_pages *pages, size_t bytes)
{
    size_t want = pages_for(bytes);
    if (want == 0 || want > pages->count)
        return NULL;
    size_t at = reserve(pages, want);
    if (at == SIZE_MAX)
        return NULL;
    uint8_t *place = pages->base + at * PAGE_BYTES;
    if (madvise(place, want * PAGE_BYTES, MADV_POPULATE_WRITE) == 0)
        return place;
    if (drop(pages, at, want)) /* some may have been there */
        unreserve(pages, at, want);
    return NULL;
}

void ol_pages_give(ol_pages *pages, uint8_t *data, size_t bytes)
{
    size_t at = (size_t)(data - pages->base) / PAGE_BYTES, count = pages_for(bytes);
    if (drop(pages, at, count))
        unreserve(pages, at, count);
}
