/* SPDX-License-Identifier: MIT */
/*
 * Jobs of one host as the server sees them: opened, given up, lost. How bytes go in and out
 * stands in link_flow.c, what the host says is checked in link_inbox.c.
 */
#include <assert.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/alloc.h"
#include "transform/link_private.h"

/* ---- life ---- */

static void init_slots(ol_link *link)
{
    link->free_count = link->layout.slots;
    for (uint32_t i = 0; i < link->layout.slots; i++)
        link->free_slots[i] = link->layout.slots - 1 - i;
}

int ol_link_new(ol_link **out, uint8_t *base, const ol_wire_layout *layout, unsigned jobs_max,
                const ol_transform_limits *limits, const ol_link_ops *ops, void *arg)
{
    assert(jobs_max > 0 && jobs_max <= OL_WIRE_JOBS_MAX);
    ol_link *link = ol_calloc(1, sizeof(*link));
    if (!link)
        return OL_ENOMEM;
    link->base = base;
    link->control = (ol_wire_control *)base;
    link->layout = *layout;
    link->limits = *limits;
    link->ops = ops;
    link->arg = arg;
    link->jobs_max = jobs_max;
    link->jobs = ol_calloc(jobs_max, sizeof(*link->jobs));
    link->slots = ol_calloc(layout->slots, sizeof(*link->slots));
    link->free_slots = ol_calloc(layout->slots, sizeof(*link->free_slots));
    link->text = ol_malloc(OL_WIRE_TEXT_MAX);
    if (!link->jobs || !link->slots || !link->free_slots || !link->text) {
        ol_link_destroy(link);
        return OL_ENOMEM;
    }
    init_slots(link);
    ol_ring_writer_to_host(&link->out, base, layout);
    ol_ring_reader_to_server(&link->in, base, layout);
    /* The LOAD message lies there already. The host runs: its word on that is not asked for. */
    link->out.next = link->out.published = 1;
    *out = link;
    return OL_OK;
}

void ol_link_destroy(ol_link *link)
{
    if (!link)
        return;
    assert(link->jobs_taken == 0);
    if (link->text)
        ol_wipe(link->text, OL_WIRE_TEXT_MAX);
    ol_free(link->text);
    ol_free(link->free_slots);
    ol_free(link->slots);
    ol_free(link->jobs);
    ol_free(link);
}

/* ---- sending ---- */

void ol_link_send(ol_link *link, const ol_msg *msg)
{
    if (link->broken)
        return;
    /* OL_WIRE_RING has room for all that can be under way, so this means a meddled counter. */
    if (ol_ring_put(&link->out, msg) != OL_OK)
        link->broken = true;
    if (link->dirty)
        return;
    link->dirty = true;
    link->ops->on_dirty(link->arg);
}

bool ol_link_has_unsent(const ol_link *link)
{
    return link->out.published != link->out.next;
}

bool ol_link_publish(ol_link *link)
{
    link->dirty = false;
    return !link->broken && ol_ring_publish(&link->out);
}

void ol_link_wake(ol_link *link)
{
    syscall(SYS_futex, &link->control->host_sleeps, FUTEX_WAKE, 1, NULL, NULL, 0);
}

bool ol_link_sleep(ol_link *link)
{
    return ol_ring_sleep(&link->in);
}

void ol_link_awake(ol_link *link)
{
    ol_ring_awake(&link->in);
}

bool ol_link_has_news(const ol_link *link)
{
    return link->broken ||
           atomic_load_explicit(link->in.tail, memory_order_acquire) != link->in.next;
}

/* ---- jobs ---- */

bool ol_link_can_open(const ol_link *link)
{
    return link->loaded && !link->broken && !link->spoiled && !link->overspent &&
           link->jobs_taken < link->jobs_max &&
           link->free_count - link->promised >= OL_SLOT_KINDS;
}

static ol_link_job *find_free(ol_link *link)
{
    for (unsigned i = 0; i < link->jobs_max; i++)
        if (link->jobs[i].state == OL_LINK_FREE)
            return &link->jobs[i];
    return NULL;
}

static void init_job(ol_link *link, ol_link_job *job, ol_ticket *ticket)
{
    uint32_t generation = (job->generation + 1) & 0xffffff;
    *job = (ol_link_job){
        .generation = generation ? generation : 1,
        .ticket = ticket,
        .fill = OL_WIRE_NONE,
        .read = OL_WIRE_NONE,
        .credits = OL_WIRE_CREDITS,
        .wants_left = OL_LINK_WANTS,
    };
    ticket->index = (uint32_t)(job - link->jobs);
    ticket->link = link;
    job->id = ticket->index | job->generation << 8;
    link->jobs_taken++;
    ol_link_set_state(link, job, OL_LINK_OPEN);
}

int ol_link_open(ol_link *link, ol_ticket *ticket, ol_error *err)
{
    assert(ol_link_can_open(link));
    if (ticket->event.len > link->layout.slot_bytes)
        return ol_error_set(err, OL_ELIMIT, "an event of %zu bytes", ticket->event.len);
    ol_link_job *job = find_free(link);
    assert(job);
    init_job(link, job, ticket);
    uint32_t slot = ol_link_slot_take(link, job, OL_SLOT_SIDE);
    memcpy(ol_link_slot_data(link, slot), ticket->event.data, ticket->event.len);
    ol_link_mark_dirty(link, slot, ticket->event.len);
    link->slots[slot].lent = true;
    ol_msg msg = {
        .type = OL_MSG_OPEN,
        .job = job->id,
        .code = (int32_t)ticket->entry,
        .slot = slot,
        .length = (uint32_t)ticket->event.len,
        .grant = ol_link_lend_output(link, job),
        .flags = ticket->trial.meters ? OL_MSG_F_METER : 0,
        .a = ticket->trial.first_bytes,
        .b = ticket->trial.each_bytes,
    };
    ol_link_send(link, &msg);
    return OL_OK;
}

void ol_link_free_job(ol_link *link, ol_link_job *job)
{
    assert(job->slot_count == 0);
    ol_link_set_state(link, job, OL_LINK_FREE);
    job->ticket = NULL;
    link->jobs_taken--;
    link->ops->on_job_over(link->arg);
}

void ol_link_take_back(ol_link *link, ol_link_job *job)
{
    for (unsigned i = job->slot_count; i-- > 0;) {
        uint32_t slot = job->slots[i];
        if (!link->slots[slot].lent)
            continue;
        link->slots[slot].lent = false;
        ol_link_slot_give_if_done(link, job, slot);
    }
    job->outputs_lent = 0;
}

static void drop_segments(ol_link *link, ol_link_job *job)
{
    while (job->segment_count > 0) {
        uint32_t slot = job->segments[job->segment_first].slot;
        job->segment_first = (job->segment_first + 1) % OL_WIRE_CREDITS;
        job->segment_count--;
        link->slots[slot].pending--;
        ol_link_slot_give_if_done(link, job, slot);
    }
}

/* A slot into which somebody may still be reading on another thread is not given to anybody:
 * there is no way to learn when that ends. */
static void drop_own(ol_link *link, ol_link_job *job, uint32_t *slot, bool offered)
{
    if (*slot == OL_WIRE_NONE)
        return;
    if (offered)
        ol_link_slot_doubt(link, job, *slot);
    else
        ol_link_slot_give(link, job, *slot);
    *slot = OL_WIRE_NONE;
}

void ol_link_close(ol_ticket *ticket)
{
    ol_link *link = ticket->link;
    ol_link_job *job = ol_link_job_of(ticket);
    bool working = job->state == OL_LINK_OPEN;
    ticket->link = NULL;
    ol_link_set_state(link, job, OL_LINK_CANCELED);
    job->ticket = NULL;
    drop_segments(link, job);
    drop_own(link, job, &job->fill, job->fill_offered);
    drop_own(link, job, &job->read, job->read_offered);
    if (working)
        ol_link_send(link, &(ol_msg){.type = OL_MSG_CANCEL, .job = job->id, .slot = OL_WIRE_NONE});
    else
        ol_link_free_job(link, job);
}

void ol_link_lost(ol_link *link, uint32_t culprit, const ol_error *err)
{
    ol_error lost = {0};
    link->broken = true;
    ol_error_set(&lost, OL_EHOSTLOST, "%s", err->detail);
    for (uint32_t i = 0; i < link->jobs_max; i++) {
        ol_link_job *job = &link->jobs[i];
        if (job->state == OL_LINK_CANCELED) {
            ol_link_take_back(link, job);
            ol_link_free_job(link, job);
        } else if (job->state == OL_LINK_OPEN) {
            ol_ticket *ticket = job->ticket;
            ol_link_set_state(link, job, OL_LINK_OVER);
            ol_link_take_back(link, job);
            ticket->ops->on_end(ticket, i == culprit ? err : &lost, i != culprit);
        }
    }
}

unsigned ol_link_jobs(const ol_link *link)
{
    return link->jobs_taken;
}

unsigned ol_link_jobs_max(const ol_link *link)
{
    return link->jobs_max;
}

bool ol_link_is_working(const ol_link *link, uint32_t index)
{
    return link->jobs[index].state == OL_LINK_OPEN;
}

bool ol_link_is_canceled(const ol_link *link, uint32_t index)
{
    return link->jobs[index].state == OL_LINK_CANCELED;
}

ol_ticket *ol_link_ticket(const ol_link *link, uint32_t index)
{
    return link->jobs[index].ticket;
}

bool ol_link_is_spoiled(const ol_link *link)
{
    return link->spoiled;
}

bool ol_link_is_overspent(const ol_link *link)
{
    return link->overspent;
}

unsigned ol_link_preempted_take(ol_link *link)
{
    unsigned count = link->preempted;
    link->preempted = 0;
    return count;
}

uint64_t ol_link_executing(const ol_link *link, uint32_t *index, uint32_t *used_ms)
{
    uint64_t word = atomic_load_explicit(&link->control->executing, memory_order_acquire);
    uint32_t low = (uint32_t)word;
    *used_ms = atomic_load_explicit(&link->control->executing_used_ms, memory_order_relaxed);
    bool working = low >= 1 && low <= link->jobs_max &&
                   (link->jobs[low - 1].state == OL_LINK_OPEN ||
                    link->jobs[low - 1].state == OL_LINK_CANCELED);
    *index = working ? low - 1 : OL_WIRE_NONE;
    return word;
}

unsigned ol_link_hogs(const ol_link *link)
{
    uint32_t hogs = atomic_load_explicit(&link->control->hogs, memory_order_relaxed);
    return hogs < link->jobs_max ? hogs : link->jobs_max;
}
