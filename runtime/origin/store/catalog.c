/* SPDX-License-Identifier: MIT */
/* The buckets: a sorted array, since there are few and they hardly change. */
#include "origin/store/catalog.h"

#include "base/alloc.h"
#include "base/limits.h"
#include "origin/store/db.h"

#define CAP_MIN 16u

void ol_catalog_init(ol_catalog *catalog)
{
    *catalog = (ol_catalog){.count = 0};
    pthread_rwlock_init(&catalog->lock, NULL);
}

void ol_catalog_fini(ol_catalog *catalog)
{
    ol_free(catalog->items);
    pthread_rwlock_destroy(&catalog->lock);
}

/* Where `name` stands or would stand. */
static size_t position(const ol_catalog *catalog, ol_slice name, bool *found)
{
    size_t low = 0, high = catalog->count;
    *found = false;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const ol_bucket *bucket = &catalog->items[middle];
        int order = ol_slice_cmp(ol_slice_of(bucket->name, bucket->name_len), name);
        if (order == 0) {
            *found = true;
            return middle;
        }
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

bool ol_catalog_find(ol_catalog *catalog, ol_slice name, int64_t *id)
{
    bool found;
    pthread_rwlock_rdlock(&catalog->lock);
    size_t at = position(catalog, name, &found);
    if (found && id)
        *id = catalog->items[at].id;
    pthread_rwlock_unlock(&catalog->lock);
    return found;
}

int ol_catalog_reserve(ol_catalog *catalog, size_t more)
{
    int result = OL_OK;
    pthread_rwlock_wrlock(&catalog->lock);
    size_t need = catalog->count + more;
    if (need > OL_BUCKETS_MAX) {
        result = OL_ELIMIT;
    } else if (need > catalog->cap) {
        size_t cap = catalog->cap ? 2 * catalog->cap : CAP_MIN;
        if (cap < need)
            cap = need;
        ol_bucket *items = ol_realloc(catalog->items, cap * sizeof *items);
        if (items) {
            catalog->items = items;
            catalog->cap = cap;
        } else {
            result = OL_ENOMEM;
        }
    }
    pthread_rwlock_unlock(&catalog->lock);
    return result;
}

void ol_catalog_add(ol_catalog *catalog, ol_slice name, int64_t id, int64_t created_ms)
{
    bool found;
    pthread_rwlock_wrlock(&catalog->lock);
    size_t at = position(catalog, name, &found);
    if (!found) {
        memmove(catalog->items + at + 1, catalog->items + at,
                (catalog->count - at) * sizeof *catalog->items);
        catalog->count++;
    }
    catalog->items[at] = (ol_bucket){.id = id, .created_ms = created_ms, .name_len = name.len};
    memcpy(catalog->items[at].name, name.data, name.len);
    pthread_rwlock_unlock(&catalog->lock);
}

void ol_catalog_remove(ol_catalog *catalog, ol_slice name)
{
    bool found;
    pthread_rwlock_wrlock(&catalog->lock);
    size_t at = position(catalog, name, &found);
    if (found) {
        catalog->count--;
        memmove(catalog->items + at, catalog->items + at + 1,
                (catalog->count - at) * sizeof *catalog->items);
    }
    pthread_rwlock_unlock(&catalog->lock);
}

int ol_catalog_load(ol_catalog *catalog, sqlite3 *db, ol_error *err)
{
    sqlite3_stmt *stmt = NULL;
    int result = ol_db_prepare(db, &stmt, "SELECT name, id, created_ms FROM buckets", err);
    int rc = SQLITE_DONE;
    while (result == OL_OK && (rc = sqlite3_step(stmt)) == SQLITE_ROW) {
        ol_slice name = ol_db_column(stmt, 0);
        result = ol_catalog_reserve(catalog, 1);
        if (result == OL_OK && name.len > OL_BUCKET_NAME_MAX)
            result = OL_EORIGIN;
        if (result == OL_OK)
            ol_catalog_add(catalog, name, sqlite3_column_int64(stmt, 1),
                           sqlite3_column_int64(stmt, 2));
        else
            ol_error_set(err, result, "store: cannot load the buckets");
    }
    if (result == OL_OK && rc != SQLITE_DONE)
        result = ol_db_fail(db, rc, "load the buckets", err);
    sqlite3_finalize(stmt);
    return result;
}

static int fill_list(const ol_catalog *catalog, ol_bucket_list *list)
{
    list->buckets = ol_arena_alloc(list->arena, (catalog->count + 1) * sizeof *list->buckets);
    if (!list->buckets)
        return OL_ENOMEM;
    for (size_t i = 0; i < catalog->count; i++) {
        const ol_bucket *bucket = &catalog->items[i];
        ol_slice name = ol_arena_copy(list->arena, ol_slice_of(bucket->name, bucket->name_len));
        if (!name.data)
            return OL_ENOMEM;
        list->buckets[i] = (ol_bucket_info){.name = name, .created_ms = bucket->created_ms};
    }
    list->count = catalog->count;
    return OL_OK;
}

int ol_catalog_list(ol_catalog *catalog, ol_bucket_list **out)
{
    *out = NULL;
    ol_arena *arena = ol_arena_new(OL_BUCKETS_MAX * (sizeof(ol_bucket_info) + sizeof(ol_bucket)) +
                                   64 * OL_KIB);
    if (!arena)
        return OL_ENOMEM;
    ol_bucket_list *list = ol_arena_calloc(arena, sizeof *list);
    int result = OL_ENOMEM;
    if (list) {
        list->arena = arena;
        pthread_rwlock_rdlock(&catalog->lock);
        result = fill_list(catalog, list);
        pthread_rwlock_unlock(&catalog->lock);
    }
    if (result != OL_OK)
        ol_arena_destroy(arena);
    else
        *out = list;
    return result;
}
