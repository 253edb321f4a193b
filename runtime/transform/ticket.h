/* SPDX-License-Identifier: MIT */
/*
 * One request's place in a pool: waiting for a host, then served by one. The stage makes it and
 * owns its memory; the pool moves it; the link tells it what the host said. Everything runs on
 * the pool's loop.
 *
 * Callbacks never close the pipeline they serve, and may call any ol_link_ function on the same
 * ticket.
 */
#ifndef OL_TRANSFORM_TICKET_H
#define OL_TRANSFORM_TICKET_H

#include "transform/host/wire.h"
#include "transform/program.h"

typedef struct ol_ticket ol_ticket;
struct ol_pool;
struct ol_link;

typedef struct ol_ticket_ops {
    void (*on_start)(ol_ticket *t); /* it has a host: input may flow */
    void (*on_room)(ol_ticket *t);  /* there may be room for input again */
    /* Borrowed; well-formed as a field list, nothing more. */
    void (*on_head)(ol_ticket *t, ol_slice fields);
    void (*on_output)(ol_ticket *t); /* see ol_link_output */
    void (*on_read_at)(ol_ticket *t, uint64_t offset, uint32_t length);
    void (*on_log)(ol_ticket *t, enum ol_log_level level, ol_slice text);
    /* Optional. Checked to be within bounds; there may be no counter of that number. */
    void (*on_count)(ol_ticket *t, unsigned counter, uint64_t more);
    /* Once, the last callback. NULL: done, what ol_link_output still has is the rest. An error
     * is final; `retryable` says that this request was not the cause. */
    void (*on_end)(ol_ticket *t, const ol_error *err, bool retryable);
} ol_ticket_ops;

enum ol_ticket_state { OL_TICKET_IDLE, OL_TICKET_QUEUED, OL_TICKET_RUNNING, OL_TICKET_OVER };

struct ol_ticket {
    const ol_ticket_ops *ops;
    void *arg;
    ol_program *program; /* the maker's */
    enum ol_transform_entry entry;
    ol_slice group;      /* the trust group; the maker's */
    ol_slice event;      /* encoded; needed until on_start */
    /* Kept up to date by the maker: a write below is waiting; the client has shown to be slow. */
    bool client_waits, client_slow;
    ol_transform_trial trial; /* the maker's */
    ol_transform_usage usage; /* what the host says it took, when it ended */
    bool alone; /* wants a host without other requests */
    /* The host's DONE is in hand already: on_end without an error follows on_output at once. */
    bool ending;

    /* private: the pool's */
    enum ol_ticket_state state;
    struct ol_pool *pool;
    ol_ticket *prev, *next;
    uint64_t queued_ms;
    uint64_t wall_ms; /* used so far */
    /* private: the link's */
    struct ol_link *link;
    uint32_t index;
};

#endif
