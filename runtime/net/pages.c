/* SPDX-License-Identifier: MIT */
/*
 * One sealed memfd, mapped once, and a map of the pages in use. A place is found by looking on
 * from where the last one was found. Memory is asked of the kernel when a place is taken, by
 * fallocate, which can say no; a store into the mapping could only kill the process.
 *
 * Giving a place back punches a hole: whatever a socket still holds are then the old pages, and
 * the next user of the place gets new ones. Of a huge page that a socket holds nothing can be
 * given back: the hole would be zeros in what is still to be sent, and the next body after them.
 * So there are no places where the kernel makes huge pages of memfds.
 */
#include "net/pages.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "net/stable_memory.h"

#define PAGE_BYTES 4096u

struct ol_pages {
    int fd;
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

static int open_file(size_t bytes)
{
    int fd = memfd_create("objlens-cache", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (fd < 0)
        return -1;
    if (ftruncate(fd, (off_t)bytes) == 0 &&
        fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) == 0)
        return fd;
    close(fd);
    return -1;
}

/* A file that may get huge pages says so by its block size. */
bool ol_pages_are_single(int fd)
{
    struct stat st;
    return fstat(fd, &st) == 0 && st.st_blksize == PAGE_BYTES;
}

static uint8_t *map_file(int fd, size_t bytes)
{
    void *base = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, fd, 0);
    if (base == MAP_FAILED)
        return NULL;
    /* Not to be gathered into huge pages behind our back. */
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
    pages->fd = pages->used && bytes > 0 && sysconf(_SC_PAGESIZE) == PAGE_BYTES ? open_file(bytes)
                                                                                  : -1;
    pages->base = pages->fd >= 0 ? map_file(pages->fd, bytes) : NULL;
    pthread_mutex_init(&pages->lock, NULL);
    if (pages->base && ol_stable_memory_add(pages->base, bytes, pages->fd))
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
    if (pages->fd >= 0)
        close(pages->fd);
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

uint8_t *ol_pages_take(ol_pages *pages, size_t bytes)
{
    size_t want = pages_for(bytes);
    /* Asked each time: it is a switch of the running kernel. */
    if (want == 0 || want > pages->count || !ol_pages_are_single(pages->fd))
        return NULL;
    size_t at = reserve(pages, want);
    if (at == SIZE_MAX)
        return NULL;
    if (fallocate(pages->fd, 0, (off_t)(at * PAGE_BYTES), (off_t)(want * PAGE_BYTES)) == 0)
        return pages->base + at * PAGE_BYTES;
    unreserve(pages, at, want);
    return NULL;
}

void ol_pages_give(ol_pages *pages, uint8_t *data, size_t bytes)
{
    size_t at = (size_t)(data - pages->base) / PAGE_BYTES, count = pages_for(bytes);
    if (fallocate(pages->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)(at * PAGE_BYTES),
                  (off_t)(count * PAGE_BYTES)) == 0)
        unreserve(pages, at, count);
}
