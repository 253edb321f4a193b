/* SPDX-License-Identifier: MIT */
/* A read that is under way cannot be recalled: its buffer is then freed when it comes back. */
#include "view/fetch.h"

#include "base/alloc.h"
#include "view/cache_private.h"

struct ol_view_fetched {
    ol_view_block block;
    ol_view_cache *cache;
    ol_view_fetch *owner; /* NULL: nobody wants it any more */
    bool reading;
    ol_error err;
    uint8_t data[OL_VIEW_BLOCK_BYTES];
};

static void free_fetched(ol_view_fetched *fetched)
{
    atomic_fetch_sub(&fetched->cache->memory_used, sizeof *fetched);
    ol_free(fetched);
}

static void let_go(ol_view_fetched *fetched)
{
    if (!fetched)
        return;
    if (fetched->reading)
        fetched->owner = NULL;
    else
        free_fetched(fetched);
}

static void on_read(ol_view_block *block, const ol_error *err)
{
    ol_view_fetched *fetched = block->arg;
    ol_view_fetch *owner = fetched->owner;
    fetched->reading = false;
    if (err)
        fetched->err = *err;
    if (!owner) {
        free_fetched(fetched);
        return;
    }
    if (owner->waits && fetched == owner->now) {
        owner->waits = false;
        owner->fn(owner->arg);
    }
}

/* NULL: it cannot be had. */
static ol_view_fetched *begin(ol_view_fetch *fetch, uint64_t block, size_t len)
{
    ol_view_fetched *fetched = ol_malloc(sizeof *fetched);
    if (!fetched)
        return NULL;
    fetched->cache = fetch->entry->cache;
    fetched->owner = fetch;
    fetched->reading = true;
    fetched->err = (ol_error){0};
    fetched->block = (ol_view_block){.file = fetch->entry->file,
                                     .index = block,
                                     .bytes = {fetched->data, len},
                                     .loop = fetch->loop,
                                     .cb = on_read,
                                     .arg = fetched};
    atomic_fetch_add(&fetched->cache->memory_used, sizeof *fetched);
    if (ol_view_file_read(&fetched->block) == OL_OK)
        return fetched;
    free_fetched(fetched);
    return NULL;
}

/* What is damaged is of no use to others either. */
static int report(ol_view_fetch *fetch, ol_error *err)
{
    if (err->code == 0)
        *err = fetch->now->err;
    ol_view_entry_drop(fetch->entry);
    return fetch->now->err.code;
}

int ol_view_fetch_block(ol_view_fetch *fetch, uint64_t block, size_t len, ol_slice *bytes,
                        ol_error *err)
{
    if (!fetch->now || fetch->now->block.index != block) {
        let_go(fetch->now);
        fetch->now = fetch->next;
        fetch->next = NULL;
    }
    if (fetch->now && fetch->now->block.index != block) {
        let_go(fetch->now);
        fetch->now = NULL;
    }
    if (!fetch->now)
        fetch->now = begin(fetch, block, len);
    if (!fetch->now)
        return ol_error_set(err, OL_EOUTGROWN, "view: block %llu cannot be read now",
                            (unsigned long long)block);
    if (fetch->now->reading) {
        fetch->waits = true;
        return OL_WAIT;
    }
    if (fetch->now->err.code != 0)
        return report(fetch, err);
    *bytes = ol_slice_of(fetch->now->data, fetch->now->block.bytes.len);
    return OL_OK;
}

void ol_view_fetch_ahead(ol_view_fetch *fetch, uint64_t block, size_t len)
{
    ol_view_cache *cache = fetch->entry->cache;
    if (!fetch->next && atomic_load(&cache->memory_used) + sizeof(ol_view_fetched) <=
                            cache->memory_max)
        fetch->next = begin(fetch, block, len);
}

void ol_view_fetch_fini(ol_view_fetch *fetch)
{
    let_go(fetch->now);
    let_go(fetch->next);
    fetch->now = fetch->next = NULL;
}
