/* SPDX-License-Identifier: MIT */
/* The read buffers: one of each size is current, kept ones are only counted, some spares wait. */
#include "net/read_pool.h"

#include <assert.h>

#include "base/alloc.h"

#define SCRATCH_BYTES (OL_READ_BYTES + 8 * OL_KIB)
#define SPARE_MAX 8 /* of each size: more go back to the heap */

enum { SMALL, LARGE, SIZES };

struct ol_read_pool {
    ol_read_buf *current[SIZES];
    ol_read_buf *spare[SIZES];
    size_t spares[SIZES];
    size_t kept[SIZES];
    uint8_t *scratch[2];
};

static const size_t bytes_of[SIZES] = {OL_READ_SMALL_BYTES, OL_READ_BYTES};

static ol_read_buf *buf_new(ol_read_pool *pool, int which)
{
    ol_read_buf *buf = ol_malloc(sizeof(*buf) + bytes_of[which]);
    if (!buf)
        return NULL;
    buf->next_ = NULL;
    buf->pool = pool;
    buf->size = bytes_of[which];
    return buf;
}

ol_read_pool *ol_read_pool_new(void)
{
    ol_read_pool *pool = ol_calloc(1, sizeof(*pool));
    if (!pool)
        return NULL;
    for (int i = 0; i < SIZES; i++) {
        pool->current[i] = buf_new(pool, i);
        if (!pool->current[i]) {
            ol_read_pool_destroy(pool);
            return NULL;
        }
    }
    return pool;
}

void ol_read_pool_destroy(ol_read_pool *pool)
{
    if (!pool)
        return;
    for (int i = 0; i < SIZES; i++) {
        assert(pool->kept[i] == 0);
        ol_free(pool->current[i]);
        while (pool->spare[i]) {
            ol_read_buf *next = pool->spare[i]->next_;
            ol_free(pool->spare[i]);
            pool->spare[i] = next;
        }
    }
    ol_free(pool->scratch[0]);
    ol_free(pool->scratch[1]);
    ol_free(pool);
}

ol_read_buf *ol_read_pool_current(ol_read_pool *pool, bool large)
{
    int which = large && pool->kept[LARGE] < OL_READ_LARGE_KEPT_MAX ? LARGE : SMALL;
    if (pool->current[which])
        return pool->current[which];
    if (pool->spare[which]) {
        pool->current[which] = pool->spare[which];
        pool->spare[which] = pool->current[which]->next_;
        pool->spares[which]--;
    } else {
        pool->current[which] = buf_new(pool, which);
    }
    return pool->current[which];
}

static int size_of(const ol_read_buf *buf)
{
    return buf->size == OL_READ_BYTES ? LARGE : SMALL;
}

void ol_read_buf_keep(ol_read_buf *buf)
{
    int which = size_of(buf);
    assert(buf->pool->current[which] == buf);
    buf->pool->current[which] = NULL;
    buf->pool->kept[which]++;
}

void ol_read_buf_release(ol_read_buf *buf)
{
    if (!buf)
        return;
    ol_read_pool *pool = buf->pool;
    int which = size_of(buf);
    assert(pool->kept[which] > 0);
    pool->kept[which]--;
    if (!pool->current[which]) {
        pool->current[which] = buf;
        return;
    }
    if (pool->spares[which] >= SPARE_MAX) {
        ol_free(buf);
        return;
    }
    buf->next_ = pool->spare[which];
    pool->spare[which] = buf;
    pool->spares[which]++;
}

size_t ol_read_pool_kept(const ol_read_pool *pool)
{
    return pool->kept[SMALL] + pool->kept[LARGE];
}

ol_span ol_read_pool_scratch(ol_read_pool *pool, bool outgoing)
{
    uint8_t **area = &pool->scratch[outgoing];
    if (!*area)
        *area = ol_malloc(SCRATCH_BYTES);
    return (ol_span){*area, *area ? SCRATCH_BYTES : 0};
}
