/* SPDX-License-Identifier: MIT */
/*
 * Host functions that came with 1.2: what is kept beyond a request, limits, giving way, counting,
 * and the length that a head tells.
 */
#include <stdio.h>

#include "base/clock.h"
#include "transform/shared/run.h"

void *ol_host_config(struct objlens_call *call)
{
    const ol_run *run = ol_run_of(call);
    return run->config ? run->config->config : NULL;
}

void *ol_host_worker(struct objlens_call *call)
{
    return ol_run_of(call)->engine->kept.worker;
}

int ol_host_yield(struct objlens_call *call)
{
    ol_run *run = ol_run_of(call);
    int rc = ol_run_check(run);
    if (rc != OBJLENS_OK)
        return rc;
    run->span = (ol_span){0};
    return ol_run_take_turn(run);
}

int ol_host_limits(struct objlens_call *call, struct objlens_limits *limits)
{
    ol_run *run = ol_run_of(call);
    int rc = ol_run_check(run);
    if (rc != OBJLENS_OK)
        return rc;
    uint32_t size = limits->size;
    if (size < sizeof(limits->size))
        return OBJLENS_EINVAL;
    const ol_transform_limits *from = ol_job_limits(run->job);
    struct objlens_limits known = {
        .size = size,
        .cpu_ms = from->cpu_ms,
        .wall_ms = from->wall_ms,
        .read_at_calls = from->read_at_calls,
        .memory_bytes = from->memory_bytes,
        .output_bytes = from->output_bytes,
        .read_at_bytes = from->read_at_bytes,
    };
    /* What cannot be the same twice is only for those whose views are never taken for another's. */
    if (run->engine->plugin.transform.flags & OBJLENS_SEES_REQUEST)
        known.cpu_used_us = ol_job_cpu_us(run->job);
    memset(limits, 0, size);
    memcpy(limits, &known, size < sizeof(known) ? size : sizeof(known));
    return OBJLENS_OK;
}

int ol_host_count(struct objlens_call *call, uint32_t counter, uint64_t more)
{
    ol_run *run = ol_run_of(call);
    if (run->engine->current != run)
        return OBJLENS_ESTATE;
    if (counter >= run->engine->plugin.counter_count)
        return OBJLENS_EINVAL;
    if (!run->job) /* given up: nobody is left to tell */
        return OBJLENS_ECANCELED;
    return ol_job_count(run->job, counter, more) ? OBJLENS_OK : OBJLENS_EINVAL;
}

int ol_host_set_length(struct objlens_call *call, uint64_t size)
{
    ol_run *run = ol_run_of(call);
    int rc = ol_run_check(run);
    if (rc != OBJLENS_OK)
        return rc;
    if (ol_job_entry(run->job) != OL_ENTRY_HEAD)
        return OBJLENS_ESTATE;
    if (size > INT64_MAX)
        return OBJLENS_EINVAL;
    char text[24];
    snprintf(text, sizeof(text), "%llu", (unsigned long long)size);
    return ol_run_set_field(run, "size", ol_slice_cstr(text));
}
