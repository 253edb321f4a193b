/* SPDX-License-Identifier: MIT */
/*
 * A link over bare memory, with the test (or the fuzzer) in the place of the host.
 */
#ifndef TESTS_LINK_KIT_H
#define TESTS_LINK_KIT_H

#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "transform/child.h"
#include "transform/fields.h"
#include "transform/host/texts.h"
#include "transform/link_private.h"

#define LINK_KIT_JOBS 4u

typedef struct link_ticket {
    ol_ticket ticket;
    unsigned starts, rooms, heads, outputs, reads, logs, ends;
    ol_error err;
    bool retryable;
    bool hold; /* leave output where it is */
    uint64_t out_bytes;
} link_ticket;

typedef struct link_kit {
    ol_child child;
    ol_program program;
    ol_link *link;
    ol_ring_writer say;  /* as the host */
    ol_ring_reader hear; /* likewise */
    link_ticket tickets[LINK_KIT_JOBS];
    unsigned loaded, loaded_ok, over, dirty;
} link_kit;

static inline void link_on_room(ol_ticket *t)
{
    ((link_ticket *)t->arg)->rooms++;
}

static inline void link_on_head(ol_ticket *t, ol_slice fields)
{
    ol_fields_iter it;
    ol_slice name, value;
    ol_fields_iter_init(&it, fields);
    while (ol_fields_next(&it, &name, &value))
        ;
    ((link_ticket *)t->arg)->heads++;
}

static inline void link_on_output(ol_ticket *t)
{
    link_ticket *k = t->arg;
    ol_slice bytes;
    k->outputs++;
    while (!k->hold && ol_link_output(t, &bytes)) {
        for (size_t i = 0; i < bytes.len; i += 512) /* the sanitizer looks */
            k->out_bytes += bytes.data[i] & 0;
        k->out_bytes += bytes.len;
        ol_link_output_done(t);
    }
}

static inline void link_on_read_at(ol_ticket *t, uint64_t offset, uint32_t length)
{
    link_ticket *k = t->arg;
    ol_span space;
    (void)offset;
    k->reads++;
    if (!k->hold && ol_link_read_space(t, &space)) {
        memset(space.data, 'r', space.len);
        ol_link_read_reply(t, length, NULL);
    }
}

static inline void link_on_log(ol_ticket *t, enum ol_log_level level, ol_slice text)
{
    (void)level;
    (void)text;
    ((link_ticket *)t->arg)->logs++;
}

static inline void link_on_end(ol_ticket *t, const ol_error *err, bool retryable)
{
    link_ticket *k = t->arg;
    k->ends++;
    k->retryable = retryable;
    if (err)
        k->err = *err;
}

static const ol_ticket_ops link_ticket_ops = {
    .on_room = link_on_room,
    .on_head = link_on_head,
    .on_output = link_on_output,
    .on_read_at = link_on_read_at,
    .on_log = link_on_log,
    .on_end = link_on_end,
};

static inline void link_on_loaded(void *arg, const ol_link_loaded *loaded)
{
    link_kit *k = arg;
    k->loaded++;
    k->loaded_ok += loaded->ok;
}

static inline void link_on_job_over(void *arg)
{
    ((link_kit *)arg)->over++;
}

static inline void link_on_dirty(void *arg)
{
    ((link_kit *)arg)->dirty++;
}

static const ol_link_ops link_kit_ops = {
    .on_loaded = link_on_loaded,
    .on_job_over = link_on_job_over,
    .on_dirty = link_on_dirty,
};

static inline int link_kit_open(link_kit *k)
{
    memset(k, 0, sizeof(*k));
    k->program =
        (ol_program){.name = "n", .path = "p", .source = OL_SLICE_LIT("s"), .image_fd = -1};
    ol_transform_limits_default(&k->program.limits);
    ol_child_options options = {.slot_bytes = 4096, .slots = 24, .jobs_max = LINK_KIT_JOBS};
    int rc = ol_child_start_memory(&k->child, &options, &k->program, NULL);
    if (rc != OL_OK)
        return rc;
    rc = ol_link_new(&k->link, k->child.base, &k->child.layout, LINK_KIT_JOBS, &k->program.limits,
                     &link_kit_ops, k);
    if (rc != OL_OK) {
        ol_child_fini(&k->child);
        return rc;
    }
    ol_ring_writer_to_server(&k->say, k->child.base, &k->child.layout);
    ol_ring_reader_to_host(&k->hear, k->child.base, &k->child.layout);
    return OL_OK;
}

static inline void link_kit_close(link_kit *k)
{
    ol_error lost = {.code = OL_ETRANSFORM};
    ol_link_lost(k->link, OL_WIRE_NONE, &lost);
    for (unsigned i = 0; i < LINK_KIT_JOBS; i++)
        if (k->tickets[i].ticket.link)
            ol_link_close(&k->tickets[i].ticket);
    ol_link_destroy(k->link);
    ol_child_fini(&k->child);
}

static inline void link_kit_say(link_kit *k, ol_msg msg)
{
    ol_ring_put(&k->say, &msg);
    ol_ring_publish(&k->say);
}

static inline int link_kit_drain(link_kit *k, ol_error *err)
{
    uint32_t culprit;
    int rc = ol_link_drain(k->link, &culprit, err);
    ol_link_publish(k->link);
    return rc;
}

static inline void link_kit_text(link_kit *k, ol_msg *msg, uint32_t offset, ol_slice text)
{
    memcpy(k->child.base + k->child.layout.text + offset, text.data, text.len);
    msg->offset = offset;
    msg->length = (uint32_t)text.len;
}

static inline int link_kit_load(link_kit *k)
{
    ol_buf text;
    ol_msg msg = {.type = OL_MSG_LOADED};
    ol_program_declared declared = {.has_get = true};
    ol_error err = {0};
    ol_buf_init(&text, 4096);
    int rc = ol_text_declared_encode(&text, &declared);
    if (rc == OL_OK) {
        link_kit_text(k, &msg, 0, ol_buf_slice(&text));
        link_kit_say(k, msg);
        rc = link_kit_drain(k, &err);
    }
    ol_buf_fini(&text);
    return rc;
}

/* Open the n-th ticket; returns the job id that the host was told. */
static inline uint32_t link_kit_job(link_kit *k, unsigned n)
{
    static const uint8_t event[4];
    link_ticket *t = &k->tickets[n];
    *t = (link_ticket){.ticket = {.ops = &link_ticket_ops, .arg = t, .program = &k->program,
                                  .event = ol_slice_of(event, sizeof(event))}};
    if (!ol_link_can_open(k->link) || ol_link_open(k->link, &t->ticket, NULL) != OL_OK)
        return 0;
    ol_link_publish(k->link);
    return k->link->jobs[t->ticket.index].id;
}

/* The next message of that type that the host was sent; type 0 when there is none. */
static inline ol_msg link_kit_hear(link_kit *k, uint16_t type)
{
    ol_msg msg;
    ol_link_publish(k->link);
    while (ol_ring_get(&k->hear, &msg) == OL_OK)
        if (msg.type == type)
            return msg;
    return (ol_msg){0};
}

#endif
