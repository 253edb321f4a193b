/* SPDX-License-Identifier: MIT */
/*
 * A list of sets under a lock; the numbers themselves are atomics, because requests add to them
 * from every loop.
 */
#include "transform/counters.h"

#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>

#include "base/alloc.h"

struct ol_counters {
    ol_counters *next; /* under the lock, like the references */
    unsigned references;
    unsigned count;
    ol_slice transform, names; /* behind the struct */
    _Atomic uint64_t values[OL_COUNTERS_MAX];
    uint8_t text[];
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static ol_counters *sets;

/* ---- names ---- */

static bool take_name(ol_slice *rest, ol_slice *name)
{
    ptrdiff_t end = ol_slice_find(*rest, '\n');
    if (end < 0)
        return false;
    *name = ol_slice_first(*rest, (size_t)end);
    *rest = ol_slice_from(*rest, (size_t)end + 1);
    return true;
}

static bool name_good(ol_slice name)
{
    if (name.len == 0 || name.len > OL_COUNTER_NAME_MAX)
        return false;
    for (size_t i = 0; i < name.len; i++) {
        uint8_t c = name.data[i];
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'))
            return false;
    }
    return true;
}

bool ol_counters_names_good(ol_slice names)
{
    ol_slice seen[OL_COUNTERS_MAX], name;
    size_t count = 0;
    while (names.len > 0) {
        if (count == OL_COUNTERS_MAX || !take_name(&names, &name) || !name_good(name))
            return false;
        for (size_t i = 0; i < count; i++)
            if (ol_slice_eq(seen[i], name))
                return false;
        seen[count++] = name;
    }
    return true;
}

unsigned ol_counters_names_count(ol_slice names)
{
    ol_slice name;
    unsigned count = 0;
    while (take_name(&names, &name))
        count++;
    return count;
}

/* ---- sets ---- */

static ol_counters *find(ol_slice transform, ol_slice names)
{
    ol_counters *set = sets;
    while (set && !(ol_slice_eq(set->transform, transform) && ol_slice_eq(set->names, names)))
        set = set->next;
    return set;
}

static ol_counters *make(ol_slice transform, ol_slice names)
{
    ol_counters *set = ol_calloc(1, sizeof(*set) + transform.len + names.len);
    if (!set)
        return NULL;
    memcpy(set->text, transform.data, transform.len);
    memcpy(set->text + transform.len, names.data, names.len);
    set->transform = ol_slice_of(set->text, transform.len);
    set->names = ol_slice_of(set->text + transform.len, names.len);
    set->count = ol_counters_names_count(names);
    set->next = sets;
    sets = set;
    return set;
}

int ol_counters_acquire(ol_counters **counters, ol_slice transform, ol_slice names)
{
    assert(ol_counters_names_good(names));
    pthread_mutex_lock(&lock);
    ol_counters *set = find(transform, names);
    if (!set)
        set = make(transform, names);
    if (set)
        set->references++;
    pthread_mutex_unlock(&lock);
    *counters = set;
    return set ? OL_OK : OL_ENOMEM;
}

void ol_counters_release(ol_counters *counters)
{
    if (!counters)
        return;
    pthread_mutex_lock(&lock);
    assert(counters->references > 0);
    bool last = --counters->references == 0;
    if (last) {
        ol_counters **at = &sets;
        while (*at != counters)
            at = &(*at)->next;
        *at = counters->next;
    }
    pthread_mutex_unlock(&lock);
    if (last)
        ol_free(counters);
}

bool ol_counters_add(ol_counters *counters, unsigned index, uint64_t more)
{
    if (!counters || index >= counters->count)
        return false;
    atomic_fetch_add_explicit(&counters->values[index], more, memory_order_relaxed);
    return true;
}

/* Where the set has a counter of that name; -1: nowhere. */
static int index_of(const ol_counters *set, ol_slice name)
{
    ol_slice rest = set->names, other;
    for (int i = 0; take_name(&rest, &other); i++)
        if (ol_slice_eq(other, name))
            return i;
    return -1;
}

/* The sum over `set` and those behind it: a transform that was loaded anew with other counters has
 * two sets for a while. */
static uint64_t sum_from(const ol_counters *set, ol_slice transform, ol_slice name)
{
    uint64_t sum = 0;
    for (; set; set = set->next) {
        int index = ol_slice_eq(set->transform, transform) ? index_of(set, name) : -1;
        if (index >= 0)
            sum += atomic_load_explicit(&set->values[index], memory_order_relaxed);
    }
    return sum;
}

static bool was_before(const ol_counters *set, ol_slice name)
{
    for (const ol_counters *other = sets; other != set; other = other->next)
        if (ol_slice_eq(other->transform, set->transform) && index_of(other, name) >= 0)
            return true;
    return false;
}

int ol_counters_each(int (*visit)(void *arg, ol_slice transform, ol_slice counter, uint64_t value),
                     void *arg)
{
    int rc = 0;
    pthread_mutex_lock(&lock);
    for (ol_counters *set = sets; rc == 0 && set; set = set->next) {
        ol_slice rest = set->names, name;
        while (rc == 0 && take_name(&rest, &name))
            if (!was_before(set, name))
                rc = visit(arg, set->transform, name, sum_from(set, set->transform, name));
    }
    pthread_mutex_unlock(&lock);
    return rc;
}
