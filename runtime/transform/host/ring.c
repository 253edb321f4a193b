/* SPDX-License-Identifier: MIT */
/*
 * Rings over the shared memory. Counters run freely and wrap; each side trusts its own only.
 */
#include "transform/host/ring.h"

#define MASK (OL_WIRE_RING - 1)

_Static_assert((OL_WIRE_RING & MASK) == 0, "a power of two");

bool ol_wire_layout_make(ol_wire_layout *layout, uint32_t slot_bytes, uint32_t slots)
{
    const size_t page = 4096;
    if (slot_bytes < OL_WIRE_SLOT_BYTES_MIN || slot_bytes > OL_WIRE_SLOT_BYTES_MAX ||
        slot_bytes % page != 0 || slots < OL_WIRE_SLOTS_MIN || slots > OL_WIRE_SLOTS_MAX)
        return false;
    layout->slot_bytes = slot_bytes;
    layout->slots = slots;
    layout->to_host = page;
    layout->to_server = layout->to_host + OL_WIRE_RING * sizeof(ol_msg);
    layout->text = layout->to_server + OL_WIRE_RING * sizeof(ol_msg);
    layout->slot_base = layout->text + OL_WIRE_TEXT_AREA;
    layout->total = layout->slot_base + (size_t)slot_bytes * slots;
    return true;
}

void ol_ring_writer_to_host(ol_ring_writer *w, uint8_t *base, const ol_wire_layout *layout)
{
    ol_wire_control *control = (ol_wire_control *)base;
    *w = (ol_ring_writer){
        .messages = (ol_msg *)(base + layout->to_host),
        .head = &control->to_host_head,
        .tail = &control->to_host_tail,
        .reader_sleeps = &control->host_sleeps,
    };
}

void ol_ring_reader_to_host(ol_ring_reader *r, uint8_t *base, const ol_wire_layout *layout)
{
    ol_wire_control *control = (ol_wire_control *)base;
    *r = (ol_ring_reader){
        .messages = (const ol_msg *)(base + layout->to_host),
        .head = &control->to_host_head,
        .tail = &control->to_host_tail,
        .sleeps = &control->host_sleeps,
    };
}

void ol_ring_writer_to_server(ol_ring_writer *w, uint8_t *base, const ol_wire_layout *layout)
{
    ol_wire_control *control = (ol_wire_control *)base;
    *w = (ol_ring_writer){
        .messages = (ol_msg *)(base + layout->to_server),
        .head = &control->to_server_head,
        .tail = &control->to_server_tail,
        .reader_sleeps = &control->server_sleeps,
    };
}

void ol_ring_reader_to_server(ol_ring_reader *r, uint8_t *base, const ol_wire_layout *layout)
{
    ol_wire_control *control = (ol_wire_control *)base;
    *r = (ol_ring_reader){
        .messages = (const ol_msg *)(base + layout->to_server),
        .head = &control->to_server_head,
        .tail = &control->to_server_tail,
        .sleeps = &control->server_sleeps,
    };
}

uint32_t ol_ring_consumed(ol_ring_writer *w)
{
    w->seen_head = atomic_load_explicit(w->head, memory_order_acquire);
    return w->seen_head;
}

int ol_ring_put(ol_ring_writer *w, const ol_msg *msg)
{
    if (w->next - w->seen_head >= OL_WIRE_RING) {
        uint32_t waiting = w->next - ol_ring_consumed(w);
        if (waiting > OL_WIRE_RING)
            return OL_EPROTOCOL;
        if (waiting == OL_WIRE_RING)
            return OL_WAIT;
    }
    w->messages[w->next & MASK] = *msg;
    w->next++;
    return OL_OK;
}

bool ol_ring_publish(ol_ring_writer *w)
{
    if (w->published == w->next)
        return false;
    w->published = w->next;
    atomic_store(w->tail, w->next);
    return atomic_load(w->reader_sleeps) != 0 && atomic_exchange(w->reader_sleeps, 0) != 0;
}

int ol_ring_get(ol_ring_reader *r, ol_msg *copy)
{
    if (r->next == r->seen_tail) {
        uint32_t tail = atomic_load_explicit(r->tail, memory_order_acquire);
        if (tail - r->next > OL_WIRE_RING)
            return OL_EPROTOCOL;
        if (tail == r->next)
            return OL_WAIT;
        r->seen_tail = tail;
    }
    *copy = *(const volatile ol_msg *)&r->messages[r->next & MASK];
    r->next++;
    atomic_store_explicit(r->head, r->next, memory_order_release);
    return OL_OK;
}

bool ol_ring_sleep(ol_ring_reader *r)
{
    atomic_store(r->sleeps, 1);
    if (atomic_load(r->tail) == r->next)
        return true;
    atomic_store(r->sleeps, 0);
    return false;
}

void ol_ring_awake(ol_ring_reader *r)
{
    atomic_store_explicit(r->sleeps, 0, memory_order_relaxed);
}
