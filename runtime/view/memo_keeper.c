/* SPDX-License-Identifier: MIT */
/*
 * Learning gathers for a while, or until there is a batch of it; asking interrupts that. A purge
 * comes before everything that was queued behind it: the epoch of the table tells what is older.
 */
#include "view/memo_keeper.h"

#include <assert.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <time.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "observe/log.h"

#define ASKS_MAX 1024u
#define NOTES_MAX 4096u
#define NOTES_BYTES_MAX (4u * 1024 * 1024)
#define BATCH 512u
#define GATHER_MS 200u

/* What waits to be written. */
typedef struct note {
    struct note *next;
    uint64_t epoch;
    char etag[OL_VIEW_ETAG_SIZE];
    size_t len; /* 0: it was used */
    uint8_t row[];
} note;

/* An ask under way. It holds its loop, and outlives an ask that would not wait for it any more. */
typedef struct question {
    struct question *next;
    ol_memo_keeper *keeper;
    ol_loop *loop;
    ol_view_ask *ask; /* the loop's; NULL: it was told that nothing is known */
    uv_timer_t patience;
    ol_post post;
    uint64_t epoch;
    uint8_t *row; /* the answer, NULL = not known */
    size_t len;
    char etag[OL_VIEW_ETAG_SIZE];
} question;

typedef struct work {
    question *asks;
    note *notes;
    bool purge, ending;
} work;

struct ol_memo_keeper {
    ol_memo_db *db; /* the thread's; NULL when there is none any more */
    bool failing;   /* the thread's: said already */
    ol_memo_table *table;
    uint32_t ask_ms;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    work waiting;
    question **last_ask;
    note **last_note;
    size_t asks, notes, note_bytes;
    uint64_t due_ms; /* when the notes are written; while there are some */
    atomic_bool broken;
    atomic_bool late; /* somebody waited in vain; until the next answer nobody else has to */
    atomic_ullong clock, hits, misses, unstable;
};

static void add_one(atomic_ullong *counter)
{
    atomic_fetch_add_explicit(counter, 1, memory_order_relaxed);
}

static void free_notes(note *first)
{
    while (first) {
        note *next = first->next;
        ol_free(first);
        first = next;
    }
}

/* ---- the database, which may fail ---- */

static void give_up_database(ol_memo_keeper *k, const ol_error *why)
{
    ol_say("warn", "what is known of views is kept in memory only: %s", why->detail);
    ol_memo_db_close(k->db);
    k->db = NULL;
    atomic_store(&k->broken, true);
}

/* `keep`: what was there is set aside, else it must not be there any more. */
static void begin_anew(ol_memo_keeper *k, bool keep)
{
    ol_error err = {0};
    if (ol_memo_db_renew(k->db, keep, &err) != OL_OK)
        give_up_database(k, &err);
}

/* False: this is given up. A damaged database is replaced, other failures may pass. */
static bool survive(ol_memo_keeper *k, const ol_error *err)
{
    if (err->code == OL_OK)
        return true;
    if (!k->failing)
        ol_say("warn", "what was learned of views cannot be kept or read: %s", err->detail);
    k->failing = true;
    ol_memo_db_roll_back(k->db);
    if (err->code == OL_ECORRUPT)
        begin_anew(k, true);
    return false;
}

static void purge_database(ol_memo_keeper *k)
{
    if (k->db && ol_memo_db_purge(k->db, NULL) != OL_OK)
        begin_anew(k, false);
}

/* ---- answers ---- */

static void on_closed(uv_handle_t *handle)
{
    question *q = handle->data;
    ol_free(q->row);
    ol_free(q);
}

static void on_answered(void *arg)
{
    question *q = arg;
    ol_memo_keeper *k = q->keeper;
    ol_view_ask *ask = q->ask;
    bool known = ask && q->row && q->epoch == ol_memo_table_epoch(k->table) &&
                 ol_memo_row_decode(ol_slice_of(q->row, q->len), ask->arena, &ask->facts) == OL_OK;
    uv_close((uv_handle_t *)&q->patience, on_closed); /* which comes behind this */
    if (ask) {
        add_one(known ? &k->hits : &k->misses);
        ask->cb(ask, known);
    }
    ol_loop_unhold(q->loop);
}

/* A disk that does not answer keeps nobody waiting: what is not known is found out. */
static void on_late(uv_timer_t *timer)
{
    question *q = timer->data;
    ol_memo_keeper *k = q->keeper;
    ol_view_ask *ask = q->ask;
    q->ask = NULL;
    if (!atomic_exchange(&k->late, true))
        ol_say("warn", "what is known of views cannot be read in time; it is done without");
    add_one(&k->misses);
    ask->cb(ask, false);
}

/* Into memory, where it may meet what was learned meanwhile. */
static void keep_answer(ol_memo_keeper *k, question *q, const ol_memo_db_row *row)
{
    ol_memo_arrival arrival = {.etag = q->etag,
                               .row = ol_slice_of(row->bytes, row->len),
                               .used = row->used,
                               .epoch = q->epoch};
    enum ol_memo_arrived arrived = ol_memo_table_merge(k->table, &arrival);
    bool unstable = arrived == OL_MEMO_ARRIVED_DIVERGED || arrived == OL_MEMO_ARRIVED_UNSTABLE;
    if (arrived == OL_MEMO_ARRIVED_DIVERGED)
        add_one(&k->unstable);
    q->len = unstable ? OL_MEMO_ROW_BYTES_MIN : row->len;
    q->row = ol_malloc(q->len);
    if (q->row && unstable)
        ol_memo_row_unstable(q->row);
    else if (q->row)
        memcpy(q->row, row->bytes, row->len);
}

static void answer(ol_memo_keeper *k, question *q)
{
    ol_memo_db_row row;
    ol_error err = {0};
    int rc = k->db ? ol_memo_db_get(k->db, q->etag, &row, &err) : OL_SKIP;
    if (survive(k, &err) && rc == OL_OK)
        keep_answer(k, q, &row);
    atomic_store(&k->late, false);
    ol_loop_post(q->loop, &q->post);
}

/* ---- what was learned ---- */

/* The database knew something else than what was learned with an empty memory. */
static void spread_unstable(ol_memo_keeper *k, const note *learned, enum ol_memo_arrived arrived)
{
    uint8_t unstable[OL_MEMO_ROW_BYTES_MIN];
    if (ol_memo_row_is_unstable(ol_slice_of(learned->row, learned->len)))
        return;
    if (arrived != OL_MEMO_ARRIVED_DIVERGED && arrived != OL_MEMO_ARRIVED_UNSTABLE)
        return;
    ol_memo_row_unstable(unstable);
    ol_memo_arrival arrival = {.etag = learned->etag,
                               .row = ol_slice_of(unstable, sizeof(unstable)),
                               .epoch = learned->epoch};
    ol_memo_table_merge(k->table, &arrival);
    if (arrived == OL_MEMO_ARRIVED_DIVERGED)
        add_one(&k->unstable);
}

static int write_note(ol_memo_keeper *k, const note *one, ol_error *err)
{
    enum ol_memo_arrived arrived;
    if (one->len == 0)
        return ol_memo_db_touch(k->db, one->etag, err);
    int rc = ol_memo_db_merge(k->db, one->etag, ol_slice_of(one->row, one->len), &arrived, err);
    if (rc == OL_OK)
        spread_unstable(k, one, arrived);
    return rc;
}

/* One transaction. What cannot be written is forgotten. */
static void write_notes(ol_memo_keeper *k, const note *first)
{
    ol_error err = {0};
    if (!k->db || !first)
        return;
    int rc = ol_memo_db_begin(k->db, &err);
    for (; rc == OL_OK && first; first = first->next)
        if (first->epoch == ol_memo_table_epoch(k->table))
            rc = write_note(k, first, &err);
    if (rc == OL_OK)
        ol_memo_db_commit(k->db, &err);
    if (!survive(k, &err))
        return;
    k->failing = false;
    atomic_store(&k->clock, ol_memo_db_clock(k->db));
}

/* ---- the thread ---- */

static bool is_due(const ol_memo_keeper *k)
{
    return k->waiting.notes && (k->notes >= BATCH || ol_clock_mono_ms() >= k->due_ms);
}

static void wait_for_work(ol_memo_keeper *k)
{
    struct timespec until = {.tv_sec = (time_t)(k->due_ms / 1000),
                             .tv_nsec = (long)(k->due_ms % 1000) * 1000000};
    if (k->waiting.notes)
        pthread_cond_timedwait(&k->wake, &k->lock, &until);
    else
        pthread_cond_wait(&k->wake, &k->lock);
}

static work take_work(ol_memo_keeper *k)
{
    work taken = {0};
    pthread_mutex_lock(&k->lock);
    while (!k->waiting.asks && !k->waiting.purge && !k->waiting.ending && !is_due(k))
        wait_for_work(k);
    taken.purge = k->waiting.purge;
    taken.ending = k->waiting.ending;
    taken.asks = k->waiting.asks;
    k->waiting.asks = NULL;
    k->last_ask = &k->waiting.asks;
    k->asks = 0;
    k->waiting.purge = false;
    if (taken.ending || is_due(k)) {
        taken.notes = k->waiting.notes;
        k->waiting.notes = NULL;
        k->last_note = &k->waiting.notes;
        k->notes = k->note_bytes = 0;
    }
    pthread_mutex_unlock(&k->lock);
    return taken;
}

static void *run(void *arg)
{
    ol_memo_keeper *k = arg;
    for (bool ending = false; !ending;) {
        work taken = take_work(k);
        ending = taken.ending;
        if (taken.purge)
            purge_database(k);
        for (question *q = taken.asks, *next; q; q = next) {
            next = q->next; /* it may be gone after its answer */
            answer(k, q);
        }
        write_notes(k, taken.notes);
        free_notes(taken.notes);
    }
    return NULL;
}

/* ---- life ---- */

/* Signals are for the main thread. */
static int start_thread(ol_memo_keeper *k)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int rc = pthread_create(&k->thread, NULL, run, k);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (rc == 0)
        pthread_setname_np(k->thread, "view-memo");
    return rc == 0 ? OL_OK : OL_ENOMEM;
}

static void finish_destroy(ol_memo_keeper *k)
{
    ol_memo_db_close(k->db);
    pthread_cond_destroy(&k->wake);
    pthread_mutex_destroy(&k->lock);
    ol_free(k);
}

int ol_memo_keeper_new(ol_memo_keeper **out, ol_memo_db *db, ol_memo_table *table, uint32_t ask_ms,
                       ol_error *err)
{
    *out = NULL;
    ol_memo_keeper *k = ol_calloc(1, sizeof(*k));
    if (!k) {
        ol_memo_db_close(db);
        return ol_error_set(err, OL_ENOMEM, "views: no memory for the memo");
    }
    k->db = db;
    k->table = table;
    k->ask_ms = ask_ms;
    k->last_ask = &k->waiting.asks;
    k->last_note = &k->waiting.notes;
    atomic_init(&k->clock, ol_memo_db_clock(db));
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_mutex_init(&k->lock, NULL);
    pthread_cond_init(&k->wake, &monotonic);
    pthread_condattr_destroy(&monotonic);
    if (start_thread(k) == OL_OK) {
        *out = k;
        return OL_OK;
    }
    finish_destroy(k);
    return ol_error_set(err, OL_ENOMEM, "views: no thread for the memo");
}

void ol_memo_keeper_destroy(ol_memo_keeper *k)
{
    if (!k)
        return;
    pthread_mutex_lock(&k->lock);
    assert(!k->waiting.asks);
    k->waiting.ending = true;
    pthread_cond_signal(&k->wake);
    pthread_mutex_unlock(&k->lock);
    pthread_join(k->thread, NULL);
    finish_destroy(k);
}

/* ---- from outside ---- */

static question *new_question(ol_memo_keeper *k, ol_view_ask *ask)
{
    question *q = ol_calloc(1, sizeof(*q));
    if (!q)
        return NULL;
    q->keeper = k;
    q->loop = ask->loop;
    q->ask = ask;
    q->post = (ol_post){.fn = on_answered, .arg = q};
    memcpy(q->etag, ask->etag, sizeof(q->etag));
    return q;
}

static bool enqueue(ol_memo_keeper *k, question *q)
{
    pthread_mutex_lock(&k->lock);
    bool full = k->asks >= ASKS_MAX;
    if (!full) {
        q->epoch = ol_memo_table_epoch(k->table);
        ol_loop_hold(q->loop);
        k->asks++;
        *k->last_ask = q;
        k->last_ask = &q->next;
        pthread_cond_signal(&k->wake);
    }
    pthread_mutex_unlock(&k->lock);
    return !full;
}

int ol_memo_keeper_ask(ol_memo_keeper *k, ol_view_ask *ask)
{
    if (atomic_load_explicit(&k->broken, memory_order_relaxed) ||
        atomic_load_explicit(&k->late, memory_order_relaxed))
        return OL_SKIP;
    question *q = new_question(k, ask);
    if (!q)
        return OL_SKIP;
    if (!enqueue(k, q)) {
        ol_free(q);
        return OL_SKIP;
    }
    /* Its answer comes on a later turn of this loop. */
    uv_timer_init(ol_loop_uv(q->loop), &q->patience);
    q->patience.data = q;
    uv_timer_start(&q->patience, on_late, k->ask_ms, 0);
    return OL_WAIT;
}

void ol_memo_keeper_tell(ol_memo_keeper *k, const char *etag, ol_slice row, uint64_t epoch)
{
    if (atomic_load_explicit(&k->broken, memory_order_relaxed))
        return;
    size_t bytes = sizeof(note) + row.len;
    note *one = ol_malloc(bytes);
    if (!one)
        return;
    *one = (note){.epoch = epoch, .len = row.len};
    memcpy(one->etag, etag, strlen(etag) + 1);
    if (row.len > 0)
        memcpy(one->row, row.data, row.len);
    pthread_mutex_lock(&k->lock);
    bool full = k->notes >= NOTES_MAX || k->note_bytes + bytes > NOTES_BYTES_MAX;
    if (!full) {
        if (k->notes == 0)
            k->due_ms = ol_clock_mono_ms() + GATHER_MS;
        *k->last_note = one;
        k->last_note = &one->next;
        k->note_bytes += bytes;
        k->notes++;
        if (k->notes == 1 || k->notes == BATCH)
            pthread_cond_signal(&k->wake);
    }
    pthread_mutex_unlock(&k->lock);
    if (full)
        ol_free(one);
}

void ol_memo_keeper_purge(ol_memo_keeper *k)
{
    pthread_mutex_lock(&k->lock); /* in which asks read the epoch */
    ol_memo_table_begin_epoch(k->table);
    k->waiting.purge = true;
    pthread_cond_signal(&k->wake);
    pthread_mutex_unlock(&k->lock);
}

uint64_t ol_memo_keeper_clock(const ol_memo_keeper *k)
{
    return atomic_load_explicit(&k->clock, memory_order_relaxed);
}

void ol_memo_keeper_read_stats(const ol_memo_keeper *k, ol_memo_keeper_stats *stats)
{
    *stats = (ol_memo_keeper_stats){
        .hits = atomic_load_explicit(&k->hits, memory_order_relaxed),
        .misses = atomic_load_explicit(&k->misses, memory_order_relaxed),
        .unstable = atomic_load_explicit(&k->unstable, memory_order_relaxed),
    };
}
