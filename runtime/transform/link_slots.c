/* SPDX-License-Identifier: MIT */
/*
 * Whose slot is which. `promised` counts the slots that open jobs may rely on (one of each use)
 * and do not hold at the moment; free slots never fall below it.
 */
#include <assert.h>
#include <sys/mman.h>

#include "base/alloc.h"
#include "transform/link_private.h"

#define COLD_MS 1000u      /* a slot unused for so long gives its memory back */
#define LIMBO_MS 15000u    /* longer than a read takes */
#define TRIM_SLOTS_MAX 32u /* a tidy */

static uint32_t promise(const ol_link_job *job)
{
    if (job->state != OL_LINK_OPEN)
        return 0;
    return (uint32_t)(job->held[OL_SLOT_INPUT] == 0) + (job->held[OL_SLOT_OUTPUT] == 0) +
           (job->held[OL_SLOT_SIDE] == 0);
}

void ol_link_set_state(ol_link *link, ol_link_job *job, enum ol_link_job_state state)
{
    link->promised -= promise(job);
    job->state = state;
    link->promised += promise(job);
    assert(link->promised <= link->free_count);
}

bool ol_link_holds(const ol_link_job *job, uint32_t slot)
{
    for (unsigned i = 0; i < job->slot_count; i++)
        if (job->slots[i] == slot)
            return true;
    return false;
}

uint32_t ol_link_slot_take(ol_link *link, ol_link_job *job, enum ol_slot_use use)
{
    assert(job->state == OL_LINK_OPEN);
    bool mine = job->held[use] == 0;
    if (job->slot_count == OL_LINK_JOB_SLOTS || (!mine && link->free_count <= link->promised))
        return OL_WIRE_NONE;
    assert(link->free_count > 0);
    uint32_t slot = link->free_slots[--link->free_count];
    if (mine)
        link->promised--;
    job->held[use]++;
    job->slots[job->slot_count++] = slot;
    ol_link_slot *s = &link->slots[slot];
    s->use = (uint8_t)use;
    s->lent = false;
    s->pending = 0;
    s->length = 0;
    return slot;
}

static void detach(ol_link *link, ol_link_job *job, uint32_t slot)
{
    enum ol_slot_use use = link->slots[slot].use;
    unsigned i = 0;
    while (i < job->slot_count && job->slots[i] != slot)
        i++;
    assert(i < job->slot_count && job->held[use] > 0);
    job->slots[i] = job->slots[--job->slot_count];
    link->promised -= promise(job);
    job->held[use]--;
    link->promised += promise(job);
    link->slots[slot].lent = false;
    link->slots[slot].since_ms = link->now_ms;
}

void ol_link_slot_give(ol_link *link, ol_link_job *job, uint32_t slot)
{
    assert(link->slots[slot].pending == 0);
    detach(link, job, slot);
    link->slots[slot].use = OL_SLOT_FREE;
    link->free_slots[link->free_count++] = slot;
}

void ol_link_slot_give_if_done(ol_link *link, ol_link_job *job, uint32_t slot)
{
    if (!link->slots[slot].lent && link->slots[slot].pending == 0)
        ol_link_slot_give(link, job, slot);
}

uint32_t ol_link_lend_output(ol_link *link, ol_link_job *job)
{
    uint32_t slot = ol_link_slot_take(link, job, OL_SLOT_OUTPUT);
    if (slot == OL_WIRE_NONE)
        return OL_WIRE_NONE;
    link->slots[slot].lent = true;
    link->slots[slot].length = link->layout.slot_bytes;
    link->slots[slot].dirty = link->layout.slot_bytes;
    job->outputs_lent++;
    return slot;
}

void ol_link_mark_dirty(ol_link *link, uint32_t slot, size_t bytes)
{
    if (link->slots[slot].dirty < bytes)
        link->slots[slot].dirty = (uint32_t)bytes;
}

void ol_link_slot_doubt(ol_link *link, ol_link_job *job, uint32_t slot)
{
    assert(job->state != OL_LINK_OPEN);
    detach(link, job, slot);
    link->slots[slot].use = OL_SLOT_LIMBO;
    link->slots[slot].dirty = link->layout.slot_bytes;
    link->limbo_count++;
}

unsigned ol_link_limbo(const ol_link *link)
{
    return link->limbo_count;
}

/* ---- forgetting ---- */

/* The pages go back; what is read there next is zero. */
static void punch(ol_link *link, uint32_t slot)
{
    ol_link_slot *s = &link->slots[slot];
    uint8_t *data = ol_link_slot_data(link, slot);
    if (madvise(data, link->layout.slot_bytes, MADV_REMOVE) != 0)
        ol_wipe(data, link->layout.slot_bytes);
    s->dirty = 0;
    s->sent_from = false;
}

void ol_link_slots_clear(ol_link *link)
{
    size_t size = (size_t)link->layout.slot_bytes * link->layout.slots;
    assert(link->free_count == link->layout.slots);
    if (madvise(ol_link_slot_data(link, 0), size, MADV_REMOVE) != 0)
        ol_wipe(ol_link_slot_data(link, 0), size);
}

static void wipe_slot(ol_link *link, uint32_t slot)
{
    ol_link_slot *s = &link->slots[slot];
    if (s->dirty == 0)
        return;
    /* Lent for output, and nothing came of it: most likely it was never touched, and writing
     * zeros would only bring pages to life. */
    if (s->dirty == link->layout.slot_bytes && !s->sent_from) {
        punch(link, slot);
        return;
    }
    ol_wipe(ol_link_slot_data(link, slot), s->dirty);
    s->dirty = 0;
    s->sent_from = false;
}

void ol_link_wipe(ol_link *link)
{
    assert(link->jobs_taken == 0 && link->limbo_count == 0);
    for (uint32_t slot = 0; slot < link->layout.slots; slot++)
        wipe_slot(link, slot);
    ol_wipe(link->base + link->layout.text, link->text_dirty);
    link->text_dirty = 0;
    ol_link_send(link, &(ol_msg){.type = OL_MSG_WIPE});
}

static void end_limbo(ol_link *link)
{
    for (uint32_t slot = 0; link->limbo_count > 0 && slot < link->layout.slots; slot++) {
        ol_link_slot *s = &link->slots[slot];
        if (s->use != OL_SLOT_LIMBO || link->now_ms - s->since_ms < LIMBO_MS)
            continue;
        s->use = OL_SLOT_FREE;
        s->since_ms = link->now_ms;
        link->free_slots[link->free_count++] = slot;
        link->limbo_count--;
    }
}

void ol_link_tidy(ol_link *link, uint64_t now_ms)
{
    link->now_ms = now_ms;
    end_limbo(link);
    uint32_t trimmed = 0;
    for (uint32_t i = 0; i < link->free_count && trimmed < TRIM_SLOTS_MAX; i++) {
        uint32_t slot = link->free_slots[i];
        ol_link_slot *s = &link->slots[slot];
        if (s->dirty == 0 || now_ms - s->since_ms < COLD_MS)
            continue;
        punch(link, slot);
        trimmed++;
    }
}
