/* SPDX-License-Identifier: MIT */
/*
 * The generic cell rate algorithm: for each name one moment is kept, at which it would be as
 * rested as can be. Each time moves the moment on by one interval; it may lie in the future by as
 * much as the burst allows.
 *
 * The table is cut into sets of eight names; a set's lock is shared with other sets.
 */
#include "front/server/rate_limiter.h"

#include <openssl/rand.h>
#include <pthread.h>
#include <xxhash.h>

#include "base/alloc.h"

#define WAYS 8u
#define SETS (OL_RATE_NAMES_MAX / WAYS)
#define LOCKS 64u
#define NS_PER_1000_S 1000000000000u
#define RATE_MAX 1000000000u /* a million a second */
#define BURST_MAX 1000000u

typedef struct cell {
    uint64_t name;    /* 0: free */
    uint64_t rested_ns; /* when it will have rested */
} cell;

struct ol_rate_limiter {
    uint64_t seed; /* nobody outside can choose names that fall together */
    pthread_mutex_t locks[LOCKS];
    cell cells[SETS][WAYS];
};

ol_rate_limiter *ol_rate_limiter_new(void)
{
    ol_rate_limiter *limiter = ol_calloc(1, sizeof(*limiter));
    if (!limiter)
        return NULL;
    if (RAND_bytes((unsigned char *)&limiter->seed, sizeof(limiter->seed)) != 1) {
        ol_free(limiter);
        return NULL;
    }
    for (unsigned i = 0; i < LOCKS; i++)
        pthread_mutex_init(&limiter->locks[i], NULL);
    return limiter;
}

void ol_rate_limiter_destroy(ol_rate_limiter *limiter)
{
    if (!limiter)
        return;
    for (unsigned i = 0; i < LOCKS; i++)
        pthread_mutex_destroy(&limiter->locks[i]);
    ol_free(limiter);
}

/* The cell of the name, or the one to forget for it. */
static cell *find(cell *set, uint64_t name)
{
    cell *idle = &set[0];
    for (unsigned i = 0; i < WAYS; i++) {
        if (set[i].name == name)
            return &set[i];
        if (set[i].rested_ns < idle->rested_ns)
            idle = &set[i];
    }
    *idle = (cell){.name = name};
    return idle;
}

static bool take(cell *c, const ol_rate *rate, uint64_t now_ns, uint64_t *wait_ms)
{
    uint64_t interval = NS_PER_1000_S / rate->per_1000_s;
    uint64_t ahead = interval * (rate->burst - 1);
    uint64_t from = c->rested_ns > now_ns ? c->rested_ns : now_ns;
    if (from - now_ns > ahead) {
        *wait_ms = (from - now_ns - ahead + 999999) / 1000000;
        return false;
    }
    c->rested_ns = from + interval;
    return true;
}

bool ol_rate_limiter_take(ol_rate_limiter *limiter, ol_slice name, const ol_rate *rate,
                          uint64_t now_ns, uint64_t *wait_ms)
{
    uint64_t hash = XXH3_64bits_withSeed(name.data, name.len, limiter->seed) | 1;
    size_t set = (hash >> 32) % SETS;
    pthread_mutex_t *lock = &limiter->locks[set % LOCKS];
    pthread_mutex_lock(lock);
    bool taken = take(find(limiter->cells[set], hash), rate, now_ns, wait_ms);
    pthread_mutex_unlock(lock);
    return taken;
}

static bool cut_number(ol_slice *text, uint64_t max, uint64_t *number)
{
    ptrdiff_t space = ol_slice_find(*text, ' ');
    if (space < 0 || !ol_slice_u64(ol_slice_first(*text, (size_t)space), number))
        return false;
    *text = ol_slice_from(*text, (size_t)space + 1);
    return *number >= 1 && *number <= max;
}

bool ol_rate_parse(ol_slice text, ol_rate *rate, ol_slice *name)
{
    if (!cut_number(&text, RATE_MAX, &rate->per_1000_s) ||
        !cut_number(&text, BURST_MAX, &rate->burst))
        return false;
    *name = text;
    return name->len > 0;
}
