/* SPDX-License-Identifier: MIT */
/*
 * A host's start. LOAD lies in the ring before the process starts: the program is taken out of the shared
 * memory, the wall goes up around its loading, LOADED is sent. A program that does not load is reported, and the process ends.
 */
#include <unistd.h>

#include "base/alloc.h"
#include "transform/host/host_private.h"
#include "transform/host/texts.h"

static int say_loaded(ol_host *h, const ol_program_declared *declared)
{
    ol_buf text;
    ol_buf_init(&text, OL_HOST_TEXT_BYTES_MAX);
    ol_msg msg = {.type = OL_MSG_LOADED, .slot = OL_WIRE_NONE, .a = h->held.walls,
                  .b = h->held.landlock};
    int rc = ol_text_declared_encode(&text, declared);
    if (rc == OL_OK) {
        ol_port_send_text(&h->port, &msg, ol_buf_slice(&text));
        ol_port_flush(&h->port);
    }
    ol_buf_fini(&text);
    return rc == OL_OK ? OL_OK : OL_HOST_EXIT_LOAD; /* which the server sees */
}

int ol_host_say_failed(ol_host *h, const ol_error *err, int status)
{
    ol_buf text;
    ol_buf_init(&text, OL_HOST_TEXT_BYTES_MAX);
    ol_msg msg = {.type = OL_MSG_LOADED, .flags = OL_MSG_F_ERROR, .slot = OL_WIRE_NONE,
                  .code = err->code, .a = h->held.walls, .b = h->held.landlock};
    ol_text_error_encode(&text, err);
    ol_port_send_text(&h->port, &msg, ol_buf_slice(&text));
    ol_port_flush(&h->port);
    ol_buf_fini(&text);
    return status;
}

int ol_host_take_program(ol_host *h)
{
    ol_msg msg;
    if (ol_port_receive(&h->port, &msg) != OL_OK || msg.type != OL_MSG_LOAD)
        return OL_EPROTOCOL;
    size_t room = (size_t)h->port.layout.slot_bytes * h->port.layout.slots;
    if (msg.length > room)
        return OL_EPROTOCOL;
    h->program_text = ol_malloc(msg.length);
    h->jobs = ol_calloc(h->jobs_max, sizeof(*h->jobs));
    if (!h->program_text || !h->jobs)
        return OL_ENOMEM;
    memcpy(h->program_text, ol_port_slot(&h->port, 0), msg.length);
    return ol_text_program_decode(ol_slice_of(h->program_text, msg.length), &h->program);
}

/* Out of the shared memory: from here on only this process can change them. */
static int take_filters(ol_host *h)
{
    h->filters = ol_malloc(sizeof(*h->filters));
    if (!h->filters)
        return OL_ENOMEM;
    memcpy(h->filters, h->port.base + h->port.layout.text, sizeof(*h->filters));
    return OL_OK;
}

static uint64_t memory_allowed(const ol_host *h)
{
    const ol_program *program = &h->program;
    uint64_t jobs = program->kind == OL_PROGRAM_SHARED ? 1 : h->jobs_max;
    uint64_t each = program->limits.memory_bytes;
    return each > UINT64_MAX / 4 / jobs ? UINT64_MAX / 4 : each * jobs;
}

static int load_behind_walls(ol_host *h, ol_program_declared *declared, ol_error *err)
{
    ol_sandbox_load load = {
        .kind = h->program.kind,
        .memory_bytes = memory_allowed(h),
        .shared_bytes = h->port.layout.total,
        .folders = h->program.preload_folders,
        .pinned = h->program.pinned,
        .namespaces = h->port.control->namespaces,
        .walls_required = h->port.control->walls_required,
        .cgroup = h->port.control->cgroup,
        .filters = h->filters,
    };
    int rc = ol_sandbox_loading(&load, &h->held, err);
    if (rc == OL_OK)
        rc = h->ops->load(&h->engine, &h->program, declared, err);
    if (rc == OL_OK)
        rc = ol_sandbox_running(declared->threads_max, h->filters, err);
    return rc;
}

int ol_host_begin(ol_host *h, ol_host_engines engines, ol_host_load_fn *load)
{
    ol_error err = {0};
    ol_program_declared declared = {0};
    h->ops = engines[h->program.kind];
    if (!h->ops) {
        ol_error_set(&err, OL_ETRANSFORM, "there is no engine for this kind of transform");
        return ol_host_say_failed(h, &err, OL_HOST_EXIT_LOAD);
    }
    if (load(h, &declared, &err) != OL_OK)
        return ol_host_say_failed(h, &err, OL_HOST_EXIT_LOAD);
    return say_loaded(h, &declared);
}

int ol_host_run(ol_host_engines engines)
{
    static ol_host h; /* large: the port keeps a table */
    ol_error err = {0};
    if (ol_port_open(&h.port, &err) != OL_OK)
        return OL_HOST_EXIT_SERVER;
    close(OL_HOST_FD_SHARED);
    if (ol_sandbox_birth(h.port.control, &err) != OL_OK)
        return ol_host_say_failed(&h, &err, OL_HOST_EXIT_WALL);
    h.jobs_max = h.port.control->jobs_max;
    if (ol_host_take_program(&h) != OL_OK || take_filters(&h) != OL_OK)
        return OL_HOST_EXIT_SERVER;
    int status = ol_host_begin(&h, engines, load_behind_walls);
    if (status != OL_OK)
        return status;
    ol_host_serve(&h);
    return OL_OK;
}
