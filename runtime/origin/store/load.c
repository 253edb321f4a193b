/* SPDX-License-Identifier: MIT */
/*
 * From the disk to an entry, on a read thread: the row, then the file that it names. A file may
 * be replaced and removed between the two; then the row is read again. A file that the same row
 * names twice and that is not there is lost. Parts are pinned (see pins.h) and the row is read
 * again, since their files are opened later.
 */
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "origin/store/hooks.h"
#include "origin/store/store_private.h"

#define TRIES_MAX 16

static int file_fault(int number, ol_error *err)
{
    if (number == EMFILE || number == ENFILE)
        return ol_error_set(err, OL_ESLOWDOWN, "store: no file descriptor is free");
    return ol_error_set(err, OL_EORIGIN, "store: cannot open an original: %s", strerror(number));
}

static int read_whole(int fd, uint8_t *to, size_t size, ol_error *err)
{
    for (size_t got = 0; got < size;) {
        int fault = ol_store_at(OL_STORE_READ, "");
        ssize_t part = fault ? -1 : pread(fd, to + got, size - got, (off_t)got);
        if (part < 0 && !fault && errno == EINTR)
            continue;
        if (part <= 0)
            return ol_error_set(err, OL_EORIGIN, "store: cannot read an original: %s",
                                part < 0 ? strerror(fault ? fault : errno) : "it is too short");
        got += (size_t)part;
    }
    return OL_OK;
}

/* The bytes of all parts, read into the entry. */
static int read_parts(ol_store *store, ol_entry *entry, ol_error *err)
{
    for (uint32_t i = 0; i < entry->info.part_count; i++) {
        const ol_entry_part *part = &entry->parts[i];
        uint64_t start = ol_entry_part_start(entry, part);
        int fd = ol_folder_object_open(&store->folder, &part->file);
        if (fd < 0)
            return file_fault(-fd, err);
        int result = read_whole(fd, entry->body_space + start, (size_t)(part->end - start), err);
        close(fd);
        if (result != OL_OK)
            return result;
    }
    return OL_OK;
}

/* The entry's file, opened and measured; its bytes too when there is room for them. OL_SKIP:
 * there is no such file. */
static int attach_file(ol_store *store, ol_entry *entry, ol_error *err)
{
    int fd = ol_folder_object_open(&store->folder, &entry->file);
    if (fd == -ENOENT)
        return OL_SKIP;
    if (fd < 0)
        return file_fault(-fd, err);
    struct stat st;
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || (uint64_t)st.st_size != entry->stored_bytes) {
        close(fd);
        return ol_error_set(err, OL_EORIGIN, "store: the file of an original has another size");
    }
    if (!entry->in_memory) {
        entry->fd = fd;
        entry->janitor = store->janitor;
        return OL_OK;
    }
    int result = read_whole(fd, entry->body_space, (size_t)entry->stored_bytes, err);
    close(fd);
    return result;
}

/* How large a body may be to be read as a whole. Entries that slow clients pin are outside the
 * cache's bound; when there are too many, larger bodies go the way of files. */
static uint64_t memory_bytes_max(ol_store *store)
{
    size_t live = atomic_load_explicit(&store->live_bytes, memory_order_relaxed);
    size_t most = 2 * store->options.cache_bytes_max;
    return live < most ? store->options.cache_object_bytes_max : 0;
}

/* The pin that an attempt holds, from one attempt to the next. */
typedef struct attempt {
    ol_store *store;
    uint64_t hash;
    ol_row_want want;
    int64_t pinned;      /* 0 = none */
    ol_file_id missing;  /* a file that a row named and that was not there */
} attempt;

static void unpin(attempt *a)
{
    if (a->pinned)
        ol_pins_give(a->store->pins, a->pinned);
    a->pinned = 0;
}

/* The row names parts: hold them and look again. */
static int pin(attempt *a, ol_error *err)
{
    unpin(a);
    if (ol_pins_take(a->store->pins, a->want.part_set) != OL_OK)
        return ol_error_set(err, OL_ENOMEM, "store: no memory to open an object");
    a->pinned = a->want.part_set;
    return OL_SKIP;
}

/* The entry takes over the pin, unless its bytes are in memory. */
static int attach_parts(attempt *a, ol_entry *entry, ol_error *err)
{
    if (entry->in_memory)
        return read_parts(a->store, entry, err);
    entry->pins = a->store->pins;
    entry->part_set = a->pinned;
    a->pinned = 0;
    return OL_OK;
}

static int attach(attempt *a, ol_entry *entry, ol_error *err)
{
    if (entry->parts)
        return attach_parts(a, entry, err);
    if (!entry->has_file)
        return OL_OK;
    int result = attach_file(a->store, entry, err);
    if (result != OL_SKIP)
        return result;
    if (memcmp(&a->missing, &entry->file, sizeof a->missing) == 0)
        return ol_error_set(err, OL_EORIGIN, "store: the file of an original is not there");
    a->missing = entry->file;
    return OL_SKIP;
}

/* OL_SKIP: something changed meanwhile, or must be held first; try again. */
static int try_load(attempt *a, ol_entry **out, ol_error *err)
{
    ol_store *store = a->store;
    ol_cache_ticket ticket = ol_cache_ticket_take(store->cache, a->hash);
    ol_reader *reader = ol_readers_take(&store->readers);
    int result = ol_reader_find(reader, &a->want, out, err);
    ol_readers_give(&store->readers, reader);
    ol_store_at(OL_STORE_ROW_READ, "");
    if (result == OL_SKIP)
        return pin(a, err);
    if (result != OL_OK)
        return result;
    (*out)->hash = a->hash;
    result = attach(a, *out, err);
    if (result == OL_OK) {
        ol_cache_offer(store->cache, ticket, *out);
        return OL_OK;
    }
    ol_entry_release(*out);
    *out = NULL;
    return result;
}

int ol_store_load(ol_store *store, uint64_t hash, int64_t bucket_id, ol_slice bucket, ol_slice key,
                  ol_entry **out, ol_error *err)
{
    attempt a = {.store = store,
                 .hash = hash,
                 .want = {.origin = &store->origin,
                          .bucket_id = bucket_id,
                          .bucket = bucket,
                          .key = key,
                          .memory_bytes_max = memory_bytes_max(store),
                          .pages = store->pages,
                          .account = &store->live_bytes}};
    int result = OL_SKIP;
    for (int i = 0; result == OL_SKIP && i < TRIES_MAX; i++)
        result = try_load(&a, out, err);
    unpin(&a);
    if (result == OL_SKIP)
        return ol_error_set(err, OL_ESLOWDOWN,
                            "store: the object is replaced faster than it is read");
    return result;
}
