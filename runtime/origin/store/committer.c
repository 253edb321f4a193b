/* SPDX-License-Identifier: MIT */
/*
 * The committer's thread and queue. What a batch does step by step is in batch.c; the log of
 * the database, its checkpoints and its loss, in wal.c.
 */
#include "origin/store/committer.h"

#include <pthread.h>

#include "base/alloc.h"
#include "origin/store/batch.h"
#include "origin/store/db.h"
#include "origin/store/store_private.h"
#include "origin/store/threads.h"

#define QUEUE_MAX 16384u
#define BATCH_MAX 1024u

struct ol_committer {
    ol_batcher batcher;
    ol_store *store;
    pthread_t thread;
    bool running;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    ol_change *first, **last;
    size_t queued;
    bool ending;
    atomic_bool broken;
    atomic_ullong commits, batches;
};

/* Everything that is queued, up to a bound, oldest first. NULL: the end. */
static ol_change *take(ol_committer *c)
{
    pthread_mutex_lock(&c->lock);
    while (!c->first && !c->ending)
        pthread_cond_wait(&c->wake, &c->lock);
    ol_change *batch = c->first, *newest = batch;
    size_t count = 0;
    for (ol_change *change = batch; change && count < BATCH_MAX; change = change->next_, count++) {
        change->queued_ = false;
        newest = change;
    }
    if (batch) {
        c->first = newest->next_;
        newest->next_ = NULL;
        c->queued -= count;
        if (!c->first)
            c->last = &c->first;
    }
    pthread_mutex_unlock(&c->lock);
    return batch;
}

static void answer(ol_committer *c, ol_change *batch)
{
    uint64_t durable = 0;
    for (const ol_change *change = batch; change; change = change->next_)
        durable += change->err.code == 0;
    atomic_fetch_add_explicit(&c->commits, durable, memory_order_relaxed);
    atomic_fetch_add_explicit(&c->batches, 1, memory_order_relaxed);
    for (ol_change *change = batch, *next; change; change = next) {
        next = change->next_; /* the change may be gone after done */
        change->done(change);
    }
}

static void *run(void *arg)
{
    ol_committer *c = arg;
    ol_thread_stand_back(OL_NICE_COMMITTER);
    for (ol_change *batch; (batch = take(c)) != NULL;) {
        ol_batch_commit(&c->batcher, batch);
        answer(c, batch);
        if (!ol_committer_is_broken(c))
            ol_wal_tidy(&c->batcher.wal);
    }
    return NULL;
}

void ol_committer_break(ol_committer *c, const char *reason)
{
    if (!atomic_exchange(&c->broken, true))
        ol_store_warn(&c->store->options,
                      "%s; no change will be accepted until the store is opened anew", reason);
}

bool ol_committer_is_broken(const ol_committer *c)
{
    return atomic_load_explicit(&c->broken, memory_order_acquire);
}

static void on_broken(void *arg, const char *reason)
{
    ol_committer_break(arg, reason);
}

int ol_committer_new(ol_committer **out, ol_store *store, sqlite3 *db, ol_error *err)
{
    *out = NULL;
    ol_committer *c = ol_calloc(1, sizeof *c);
    if (!c) {
        ol_db_close(db);
        return ol_error_set(err, OL_ENOMEM, "store: no memory for the committer");
    }
    c->store = store;
    c->last = &c->first;
    pthread_mutex_init(&c->lock, NULL);
    pthread_cond_init(&c->wake, NULL);
    int result = ol_batcher_init(&c->batcher, store, db, on_broken, c, err);
    if (result == OL_OK && ol_thread_start(&c->thread, "store-commit", run, c) != OL_OK)
        result = ol_error_set(err, OL_ENOMEM, "store: cannot start the committer");
    c->running = result == OL_OK;
    if (result != OL_OK) {
        ol_committer_destroy(c, false);
        return result;
    }
    *out = c;
    return OL_OK;
}

void ol_committer_stop(ol_committer *c)
{
    if (!c || !c->running)
        return;
    pthread_mutex_lock(&c->lock);
    c->ending = true;
    pthread_cond_signal(&c->wake);
    pthread_mutex_unlock(&c->lock);
    pthread_join(c->thread, NULL);
    c->running = false;
}

void ol_committer_destroy(ol_committer *c, bool clean)
{
    if (!c)
        return;
    ol_committer_stop(c);
    if (clean && !ol_committer_is_broken(c))
        ol_db_state_set(c->batcher.rows.db, "clean", 1, NULL);
    ol_batcher_fini(&c->batcher, ol_committer_is_broken(c));
    pthread_mutex_destroy(&c->lock);
    pthread_cond_destroy(&c->wake);
    ol_free(c);
}

int ol_committer_submit(ol_committer *c, ol_change *change, ol_error *err)
{
    if (ol_committer_is_broken(c))
        return ol_error_set(err, OL_EUNAVAILABLE, "store: broken since a failed write");
    change->next_ = NULL;
    change->hash_ = ol_cache_hash(c->store->cache, change->bucket, change->key);
    pthread_mutex_lock(&c->lock);
    bool full = c->queued >= QUEUE_MAX || c->ending;
    if (!full) {
        change->queued_ = true;
        *c->last = change;
        c->last = &change->next_;
        c->queued++;
        pthread_cond_signal(&c->wake);
    }
    pthread_mutex_unlock(&c->lock);
    return full ? ol_error_set(err, OL_ESLOWDOWN, "store: too many changes wait") : OL_OK;
}

bool ol_committer_cancel(ol_committer *c, ol_change *change)
{
    pthread_mutex_lock(&c->lock);
    bool found = change->queued_;
    if (found) {
        ol_change **at = &c->first;
        while (*at != change)
            at = &(*at)->next_;
        *at = change->next_;
        if (c->last == &change->next_)
            c->last = at;
        c->queued--;
        change->queued_ = false;
    }
    pthread_mutex_unlock(&c->lock);
    return found;
}

size_t ol_committer_queued(ol_committer *c)
{
    pthread_mutex_lock(&c->lock);
    size_t queued = c->queued;
    pthread_mutex_unlock(&c->lock);
    return queued;
}

void ol_committer_stats(ol_committer *c, uint64_t *commits, uint64_t *batches)
{
    *commits = atomic_load_explicit(&c->commits, memory_order_relaxed);
    *batches = atomic_load_explicit(&c->batches, memory_order_relaxed);
}
