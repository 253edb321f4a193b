/* SPDX-License-Identifier: MIT */
/*
 * Opening and closing the store, and its face as an origin. Opening goes from the folder up to
 * the threads; closing goes back: pools first (nothing new comes), then the committer, the cache
 * and the janitor (what was accepted is finished), then the database and the lock.
 */
#include <stdarg.h>
#include <stdio.h>
#include <sys/resource.h>

#include "base/alloc.h"
#include "base/limits.h"
#include "net/stable_memory.h"
#include "origin/store/recovery.h"
#include "origin/store/store_private.h"

#define CACHE_OBJECT_BYTES_CEILING (1 * OL_MIB)
#define THREADS_MAX 64u

static const ol_origin_ops store_ops = {
    .name = "store",
    .open = ol_store_open_object,
    .body = ol_store_body,
    .read_at = ol_store_read_at,
    .info = ol_store_info,
    .drop_reads = ol_store_drop_object_reads,
    .close_object = ol_store_close_object,
    .put = ol_store_put,
    .remove = ol_store_remove,
    .list = ol_store_list,
    .bucket_create = ol_store_bucket_create,
    .bucket_remove = ol_store_bucket_remove,
    .bucket_exists = ol_store_bucket_exists,
    .bucket_list = ol_store_bucket_list,
    .attribute_get = ol_store_attribute_get,
    .attribute_set = ol_store_attribute_set,
    .upload_create = ol_store_upload_create,
    .upload_part = ol_store_upload_part,
    .upload_complete = ol_store_upload_complete,
    .upload_abort = ol_store_upload_abort,
    .upload_list = ol_store_upload_list,
    .parts_list = ol_store_parts_list,
};

void ol_store_options_default(ol_store_options *options)
{
    *options = (ol_store_options){
        .path = "objlens-data",
        .cache_bytes_max = 64 * OL_MIB,
        .cache_object_bytes_max = 256 * OL_KIB,
        .read_threads = 4,
        .write_threads = 4,
    };
}

void ol_store_warn(const ol_store_options *options, const char *format, ...)
{
    char line[OL_ERROR_TEXT_SIZE + 128];
    int len = snprintf(line, sizeof line, "store %s: ", options->path);
    if (len < 0 || (size_t)len >= sizeof line)
        len = 0;
    va_list args;
    va_start(args, format);
    vsnprintf(line + len, sizeof line - (size_t)len, format, args);
    va_end(args);
    if (options->warn)
        options->warn(options->warn_arg, line);
    else
        fprintf(stderr, "objlens: %s\n", line);
}

int ol_store_check_key(ol_slice key, ol_error *err)
{
    if (key.len > OL_KEY_BYTES_MAX)
        return ol_error_set(err, OL_EKEYTOOLONG, NULL);
    if (key.len == 0)
        return ol_error_set(err, OL_EINVAL, "store: an empty key");
    return OL_OK;
}

int ol_store_check_text(ol_slice text, ol_error *err)
{
    if (text.len <= OL_STORE_TEXT_BYTES_MAX)
        return OL_OK;
    return ol_error_set(err, OL_EINVAL, "store: a text of an object is too long");
}

int ol_store_check_version(ol_slice version, ol_error *err)
{
    if (version.len == 0 || ol_slice_eq_cstr(version, "null"))
        return OL_OK;
    return ol_error_set(err, OL_ENOSUCHVERSION, NULL);
}

int ol_store_check_object(ol_store *store, ol_slice bucket, ol_slice key, ol_slice version,
                          int64_t *bucket_id, ol_error *err)
{
    int result = ol_store_check_key(key, err);
    if (result == OL_OK)
        result = ol_store_find_bucket(store, bucket, bucket_id, err);
    return result == OL_OK ? ol_store_check_version(version, err) : result;
}

int ol_store_find_bucket(ol_store *store, ol_slice bucket, int64_t *id, ol_error *err)
{
    if (ol_catalog_find(&store->catalog, bucket, id))
        return OL_OK;
    return ol_error_set(err, OL_ENOSUCHBUCKET, NULL);
}

/* Descriptors for the cache: a part of what the process may have. */
static size_t files_max(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return 0;
    rlim_t part = limit.rlim_cur / 8;
    return part < OL_STORE_FILES_MAX ? (size_t)part : OL_STORE_FILES_MAX;
}

static int take_options(ol_store *store, const ol_store_options *options, ol_error *err)
{
    ol_store_options *mine = &store->options;
    *mine = *options;
    mine->path = NULL;
    if (!options->path || !*options->path)
        return ol_error_say(err, OL_ECONFIG, "the store needs a data folder");
    if (mine->read_threads < 1 || mine->read_threads > THREADS_MAX || mine->write_threads < 1 ||
        mine->write_threads > THREADS_MAX)
        return ol_error_say(err, OL_ECONFIG, "the store needs 1 to %u threads of a kind",
                            THREADS_MAX);
    if (mine->cache_object_bytes_max > CACHE_OBJECT_BYTES_CEILING)
        mine->cache_object_bytes_max = CACHE_OBJECT_BYTES_CEILING;
    mine->path = ol_strdup(options->path);
    return mine->path ? OL_OK : ol_error_set(err, OL_ENOMEM, "store: no memory");
}

static int open_memory(ol_store *store, ol_error *err)
{
    store->md5 = EVP_MD_fetch(NULL, "MD5", NULL);
    if (!store->md5)
        return ol_error_set(err, OL_EINTERNAL, "store: OpenSSL offers no MD5");
    store->buffers = ol_buffers_new();
    if (!store->buffers)
        return ol_error_set(err, OL_ENOMEM, "store: no memory");
    /* Entries that requests hold are outside the cache's bound: see load.c. Without pages
     * everything works, only slower. */
    if (store->options.cache_object_bytes_max >= OL_STABLE_BYTES_MIN)
        store->pages = ol_pages_new(3 * store->options.cache_bytes_max);
    int result = ol_cache_new(&store->cache, store->options.cache_bytes_max, files_max());
    return result == OL_OK ? OL_OK : ol_error_set(err, result, "store: no cache");
}

static int open_disk(ol_store *store, sqlite3 **db, ol_error *err)
{
    int result = ol_folder_open(&store->folder, store->options.path, err);
    if (result == OL_OK)
        result = ol_db_open_writer(db, store->folder.path, err);
    uint64_t removed = 0;
    if (result == OL_OK)
        result = ol_store_recover(&store->folder, *db, &removed, err);
    if (removed > 0)
        ol_store_warn(&store->options, "removed %llu files that a crash had left over",
                      (unsigned long long)removed);
    if (result == OL_OK)
        result = ol_catalog_load(&store->catalog, *db, err);
    return result;
}

static int open_threads(ol_store *store, ol_error *err)
{
    const ol_store_options *options = &store->options;
    int result = ol_janitor_new(&store->janitor, &store->folder);
    if (result == OL_OK && !(store->pins = ol_pins_new(store->janitor)))
        result = OL_ENOMEM;
    if (result == OL_OK)
        result = ol_offload_new(&store->read_pool, "store-read", options->read_threads,
                                OL_STORE_QUEUE_MAX);
    if (result == OL_OK)
        result = ol_offload_new(&store->write_pool, "store-write", options->write_threads,
                                OL_STORE_QUEUE_MAX);
    if (result != OL_OK)
        return ol_error_set(err, result, "store: cannot start its threads");
    return ol_readers_open(&store->readers, store->folder.path,
                           options->read_threads + options->write_threads, err);
}

int ol_store_open(ol_origin **origin, const ol_store_options *options, ol_error *err)
{
    *origin = NULL;
    ol_store *store = ol_calloc(1, sizeof *store);
    if (!store)
        return ol_error_set(err, OL_ENOMEM, "store: no memory");
    store->origin.ops = &store_ops;
    store->folder = (ol_folder){.root_fd = -1, .tmp_fd = -1, .objects_fd = -1, .lock_fd = -1};
    ol_catalog_init(&store->catalog);
    sqlite3 *db = NULL;
    int result = take_options(store, options, err);
    if (result == OL_OK)
        result = open_memory(store, err);
    if (result == OL_OK)
        result = open_disk(store, &db, err);
    if (result == OL_OK)
        result = open_threads(store, err);
    if (result == OL_OK)
        result = ol_committer_new(&store->committer, store, db, err);
    else
        ol_db_close(db);
    if (result != OL_OK) {
        ol_store_close(&store->origin);
        return result;
    }
    *origin = &store->origin;
    return OL_OK;
}

void ol_store_close(ol_origin *origin)
{
    if (!origin)
        return;
    ol_store *store = ol_store_of(origin);
    ol_offload_destroy(store->read_pool);
    ol_offload_destroy(store->write_pool);
    ol_committer_stop(store->committer);
    ol_cache_destroy(store->cache);
    ol_pins_destroy(store->pins);
    bool tidy = ol_janitor_destroy(store->janitor);
    ol_readers_close(&store->readers);
    ol_committer_destroy(store->committer, tidy);
    ol_buffers_destroy(store->buffers);
    ol_pages_destroy(store->pages);
    ol_catalog_fini(&store->catalog);
    ol_folder_close(&store->folder);
    EVP_MD_free(store->md5);
    ol_free((char *)store->options.path);
    ol_free(store);
}

void ol_store_stats_get(ol_origin *origin, ol_store_stats *out)
{
    ol_store *store = ol_store_of(origin);
    ol_cache_stats(store->cache, &out->cache_hits, &out->cache_misses, &out->cache_bytes);
    ol_committer_stats(store->committer, &out->commits, &out->commit_batches);
    out->rewrapped = __atomic_load_n(&store->rewrapped, __ATOMIC_RELAXED);
}
