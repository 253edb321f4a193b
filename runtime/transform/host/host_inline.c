/* SPDX-License-Identifier: MIT */
/*
 * A host on a thread of the server: the same loop over the same rings, without walls.
 */
#include "base/alloc.h"
#include "transform/host/host_private.h"

/* Without walls the order is the same, and there is nothing to raise. */
static int load_inline(ol_host *h, ol_program_declared *declared, ol_error *err)
{
    return h->ops->load(&h->engine, &h->program, declared, err);
}

/* Told to stop in the middle of what it did: each run is unwound as one that was given up. */
static void end_all(ol_host *h, ol_host_inline *in)
{
    for (unsigned i = 0; h->jobs && i < h->jobs_max; i++) {
        if (h->jobs[i].state == OL_JOB_FREE)
            continue;
        ol_host_close_run(h, &h->jobs[i]);
        ol_job_reset(&h->jobs[i]);
    }
    if (h->ops)
        h->ops->unload(h->engine, &in->library);
    ol_free(h->jobs);
    ol_free(h->program_text);
}

static void serve_inline(ol_host *h, ol_host_engines engines, ol_host_inline *in)
{
    if (ol_port_attach(&h->port, in->base, in->size) != OL_OK)
        return;
    h->port.wake_fd = in->wake_fd;
    h->jobs_max = h->port.control->jobs_max;
    if (ol_host_take_program(h) != OL_OK) {
        ol_error err = {0};
        ol_error_set(&err, OL_ENOMEM, "a program's text");
        ol_host_say_failed(h, &err, OL_HOST_EXIT_SERVER);
    } else {
        if (h->program.kind == OL_PROGRAM_SHARED)
            h->program.path = in->image_path;
        if (ol_host_begin(h, engines, load_inline) == OL_OK)
            ol_host_serve(h);
    }
    end_all(h, in);
}

void ol_host_run_inline(ol_host_engines engines, ol_host_inline *in)
{
    ol_host *h = ol_calloc(1, sizeof(*h));
    in->library = NULL;
    if (!h)
        return; /* the server sees it end without a word */
    serve_inline(h, engines, in);
    ol_free(h);
}
