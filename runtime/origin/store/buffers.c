/* SPDX-License-Identifier: MIT */
/* Free lists of read buffers; the links stand in the idle buffers themselves. */
#include "origin/store/buffers.h"

#include <pthread.h>
#include <stdatomic.h>

#include "base/alloc.h"
#include "base/limits.h"

#define LANES 8u
#define IDLE_MAX 4u /* a lane: 1 MiB */
#define MANY 64     /* out at once: 16 MiB */
#define SMALL_BYTES (32 * OL_KIB)

typedef struct idle {
    struct idle *next;
} idle;

typedef struct lane {
    pthread_mutex_t lock;
    idle *first;
    unsigned count;
} lane;

struct ol_buffers {
    atomic_int out;
    lane lanes[LANES];
};

ol_buffers *ol_buffers_new(void)
{
    ol_buffers *buffers = ol_calloc(1, sizeof *buffers);
    for (unsigned i = 0; buffers && i < LANES; i++)
        pthread_mutex_init(&buffers->lanes[i].lock, NULL);
    return buffers;
}

void ol_buffers_destroy(ol_buffers *buffers)
{
    if (!buffers)
        return;
    for (unsigned i = 0; i < LANES; i++) {
        for (idle *b = buffers->lanes[i].first, *next; b; b = next) {
            next = b->next;
            ol_free(b);
        }
        pthread_mutex_destroy(&buffers->lanes[i].lock);
    }
    ol_free(buffers);
}

ol_span ol_buffers_take(ol_buffers *buffers, unsigned index)
{
    lane *l = &buffers->lanes[index % LANES];
    pthread_mutex_lock(&l->lock);
    void *data = l->first;
    if (data) {
        l->first = l->first->next;
        l->count--;
    }
    pthread_mutex_unlock(&l->lock);
    if (!data)
        data = ol_malloc(OL_READ_BYTES);
    if (!data)
        return (ol_span){NULL, 0};
    bool many = atomic_fetch_add_explicit(&buffers->out, 1, memory_order_relaxed) >= MANY;
    return (ol_span){data, many ? SMALL_BYTES : OL_READ_BYTES};
}

void ol_buffers_give(ol_buffers *buffers, unsigned index, uint8_t *data)
{
    lane *l = &buffers->lanes[index % LANES];
    idle *b = (idle *)data;
    atomic_fetch_sub_explicit(&buffers->out, 1, memory_order_relaxed);
    pthread_mutex_lock(&l->lock);
    bool keep = l->count < IDLE_MAX;
    if (keep) {
        b->next = l->first;
        l->first = b;
        l->count++;
    }
    pthread_mutex_unlock(&l->lock);
    if (!keep)
        ol_free(data);
}
