/* SPDX-License-Identifier: MIT */
/*
 * Plays a hostile host against the server's end of the shared memory: any messages, any texts,
 * interleaved with what the server itself does to its jobs. Nothing may be read or written out
 * of bounds, and the accounts of slots must hold whatever is said.
 */
#include <assert.h>

#include "../unit/transform/link_kit.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct input {
    const uint8_t *data;
    size_t left;
} input;

static uint32_t take(input *in, size_t bytes)
{
    uint32_t value = 0;
    for (size_t i = 0; i < bytes && in->left > 0; i++, in->data++, in->left--)
        value |= (uint32_t)*in->data << (8 * i);
    return value;
}

/* Numbers near those that mean something are the interesting ones. */
static uint32_t take_number(input *in)
{
    static const uint32_t bases[] = {0,   4096, OL_WIRE_TEXT_MAX, OL_WIRE_TEXT_AREA, UINT32_MAX, 24,
                                     100, 16384};
    uint32_t how = take(in, 1);
    if (how >= 0xf0)
        return take(in, 4);
    return bases[how & 7] + (how >> 3 & 15) - 4;
}

static uint32_t take_job(const link_kit *k, input *in)
{
    uint32_t how = take(in, 1);
    if (how >= 0xf8)
        return take(in, 4);
    return k->link->jobs[how % LINK_KIT_JOBS].id;
}

static uint32_t take_slot(const link_kit *k, input *in)
{
    uint32_t how = take(in, 1);
    const ol_link_job *job = &k->link->jobs[how >> 6];
    if ((how & 63) < OL_LINK_JOB_SLOTS && (how & 63) < job->slot_count)
        return job->slots[how & 63];
    return how >= 0xf8 ? take(in, 4) : how % 32;
}

static void speak(link_kit *k, input *in)
{
    static const uint16_t types[] = {OL_MSG_LOADED, OL_MSG_HEAD,    OL_MSG_OUT, OL_MSG_RELEASE,
                                     OL_MSG_WANT,   OL_MSG_READ_AT, OL_MSG_LOG, OL_MSG_DONE,
                                     OL_MSG_FAIL,   OL_MSG_COUNT};
    uint32_t how = take(in, 1);
    ol_msg msg = {.type = how < 250 ? types[how % 10] : (uint16_t)take(in, 2)};
    msg.flags = (uint16_t)(take(in, 1) & 0x0f);
    msg.job = take_job(k, in);
    msg.slot = take_slot(k, in);
    msg.offset = take_number(in);
    msg.length = take_number(in);
    msg.code = (int32_t)take_number(in);
    msg.a = take(in, 4);
    msg.b = take(in, 4);
    link_kit_say(k, msg);
}

static void write_text(link_kit *k, input *in)
{
    uint32_t at = take(in, 1) % 8;
    uint32_t length = take(in, 1);
    for (uint32_t i = 0; i < length; i++)
        k->child.base[k->child.layout.text + at + i] = (uint8_t)take(in, 1);
}

/* The counters, the sleeping flags, what the watchdog reads: any word of the control page. */
static void meddle(link_kit *k, input *in)
{
    uint32_t line = 1 + take(in, 1) % 7;
    uint32_t how = take(in, 1);
    _Atomic uint32_t *word = (_Atomic uint32_t *)(void *)(k->child.base + (size_t)64 * line);
    uint32_t value = how & 1 ? take(in, 4) : atomic_load(word) + (how >> 1 & 15) - 8;
    uint32_t index, used_ms;
    atomic_store(word, value);
    ol_link_executing(k->link, &index, &used_ms);
    assert(index == OL_WIRE_NONE || index < LINK_KIT_JOBS);
    assert(ol_link_hogs(k->link) <= LINK_KIT_JOBS);
}

static void act(link_kit *k, input *in)
{
    uint32_t how = take(in, 1);
    unsigned n = how % LINK_KIT_JOBS;
    link_ticket *t = &k->tickets[n];
    ol_span space;
    if (!t->ticket.link) {
        link_kit_job(k, n);
        t->hold = how & 0x80;
        return;
    }
    switch (how >> 2 & 7) {
    case 0:
        ol_link_close(&t->ticket);
        break;
    case 1:
    case 2:
        if (ol_link_input_space(&t->ticket, &space)) {
            if (how & 0x80)
                ol_link_input_offered(&t->ticket);
            ol_link_input_commit(&t->ticket, how & 0x20 ? space.len : space.len / 2);
        }
        break;
    case 3:
        ol_link_input_end(&t->ticket);
        break;
    case 4:
        t->ticket.client_waits = how & 0x80;
        t->ticket.client_slow = how & 0x40;
        break;
    case 5:
        t->hold = false;
        link_on_output(&t->ticket);
        break;
    case 6:
        if (ol_link_read_space(&t->ticket, &space))
            ol_link_read_reply(&t->ticket, space.len, NULL);
        break;
    default:
        if (ol_link_input_space(&t->ticket, &space))
            ol_link_input_offered(&t->ticket);
        ol_link_tidy(k->link, k->link->now_ms + 7000);
    }
}

/* What will be sent is the job's own, and no more of it than there is. */
static void check_segment(const ol_link *link, const ol_link_job *job,
                          const ol_link_segment *segment)
{
    assert(ol_link_holds(job, segment->slot));
    uint32_t length = link->slots[segment->slot].length;
    assert(segment->length > 0 && segment->length <= length);
    assert(segment->offset <= length - segment->length);
}

/* Every slot is in one place, and the promises add up. */
static void check_accounts(const link_kit *k)
{
    const ol_link *link = k->link;
    uint32_t held = 0, promised = 0, taken = 0;
    for (unsigned i = 0; i < LINK_KIT_JOBS; i++) {
        const ol_link_job *job = &link->jobs[i];
        held += job->slot_count;
        taken += job->state != OL_LINK_FREE;
        for (unsigned use = 1; job->state == OL_LINK_OPEN && use <= OL_SLOT_KINDS; use++)
            promised += job->held[use] == 0;
        assert(job->state != OL_LINK_FREE || job->slot_count == 0);
        assert(job->segment_count <= OL_WIRE_CREDITS);
        for (unsigned n = 0; n < job->segment_count; n++)
            check_segment(link, job, &job->segments[(job->segment_first + n) % OL_WIRE_CREDITS]);
    }
    assert(held + link->free_count + link->limbo_count == link->layout.slots);
    assert(promised == link->promised && promised <= link->free_count);
    assert(taken == link->jobs_taken);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static link_kit k;
    input in = {data, size};
    ol_error err = {0};
    if (link_kit_open(&k) != OL_OK)
        return 0;
    if (take(&in, 1) % 8 != 0)
        link_kit_load(&k);
    while (in.left > 0) {
        uint32_t what = take(&in, 1);
        if (what < 120)
            speak(&k, &in);
        else if (what < 200)
            act(&k, &in);
        else if (what < 225)
            write_text(&k, &in);
        else if (what < 230)
            meddle(&k, &in);
        else
            link_kit_drain(&k, &err);
        check_accounts(&k);
    }
    link_kit_drain(&k, &err);
    check_accounts(&k);
    link_kit_close(&k);
    return 0;
}
