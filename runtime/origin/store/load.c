/* SPDX-License-Identifier: MIT */
/*
 * From the disk to an entry, on a read thread: the row, then the file that it names. A file may
 * be replaced and removed between the two; then the row is read again. A file that the same row
 * names twice and that is not there is lost.
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
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || (uint64_t)st.st_size != entry->info.size) {
        close(fd);
        return ol_error_set(err, OL_EORIGIN, "store: the file of an original has another size");
    }
    if (!entry->in_memory) {
        entry->fd = fd;
        entry->janitor = store->janitor;
        return OL_OK;
    }
    int result = read_whole(fd, entry->body_space, (size_t)entry->info.size, err);
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

int ol_store_load(ol_store *store, uint64_t hash, int64_t bucket_id, ol_slice bucket, ol_slice key,
                  ol_entry **out, ol_error *err)
{
    ol_row_want want = {.origin = &store->origin,
                        .bucket_id = bucket_id,
                        .bucket = bucket,
                        .key = key,
                        .memory_bytes_max = memory_bytes_max(store),
                        .account = &store->live_bytes};
    ol_file_id missing = {{0}};
    for (int i = 0; i < TRIES_MAX; i++) {
        ol_cache_ticket ticket = ol_cache_ticket_take(store->cache, hash);
        ol_reader *reader = ol_readers_take(&store->readers);
        int result = ol_reader_find(reader, &want, out, err);
        ol_readers_give(&store->readers, reader);
        ol_store_at(OL_STORE_ROW_READ, "");
        if (result != OL_OK)
            return result;
        (*out)->hash = hash;
        if ((*out)->has_file)
            result = attach_file(store, *out, err);
        if (result == OL_OK) {
            ol_cache_offer(store->cache, ticket, *out);
            return OL_OK;
        }
        ol_file_id file = (*out)->file;
        ol_entry_release(*out);
        *out = NULL;
        if (result < 0)
            return result;
        if (memcmp(&file, &missing, sizeof file) == 0)
            return ol_error_set(err, OL_EORIGIN, "store: the file of an original is not there");
        missing = file;
    }
    return ol_error_set(err, OL_ESLOWDOWN, "store: the object is replaced faster than it is read");
}
