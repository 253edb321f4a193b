/* SPDX-License-Identifier: MIT */
/*
 * Programs: one block of memory each, texts behind the struct.
 */
#include "transform/program.h"

#include <assert.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/limits.h"
#include "transform/counters.h"

void ol_transform_limits_default(ol_transform_limits *limits)
{
    *limits = (ol_transform_limits){
        .memory_bytes = OL_TRANSFORM_MEMORY_BYTES,
        .cpu_ms = OL_TRANSFORM_CPU_MS,
        .wall_ms = OL_TRANSFORM_WALL_MS,
        .output_bytes = OL_TRANSFORM_OUTPUT_BYTES,
        .pattern_steps = OL_TRANSFORM_PATTERN_STEPS,
        .unyieldable_ms = OL_TRANSFORM_UNYIELDABLE_MS,
        .load_ms = OL_TRANSFORM_LOAD_MS,
        .slice_ms = OL_TRANSFORM_SLICE_MS,
        .read_at_calls = OL_TRANSFORM_READ_AT_CALLS,
        .read_at_bytes = OL_TRANSFORM_READ_AT_BYTES,
        .log_bytes = OL_TRANSFORM_LOG_BYTES,
    };
}

uint32_t ol_transform_load_wall_ms(const ol_transform_limits *limits)
{
    uint32_t ms = limits->load_ms * OL_TRANSFORM_LOAD_WALL_FACTOR;
    return ms > OL_TRANSFORM_LOAD_WALL_MS_MIN ? ms : OL_TRANSFORM_LOAD_WALL_MS_MIN;
}

/* Copies to *at, with a NUL behind it, and moves *at on. */
static const uint8_t *place(uint8_t **at, ol_slice bytes)
{
    uint8_t *start = *at;
    if (bytes.len)
        memcpy(start, bytes.data, bytes.len);
    start[bytes.len] = '\0';
    *at = start + bytes.len + 1;
    return start;
}

int ol_program_new(ol_program **out, const ol_program *like)
{
    ol_slice name = ol_slice_cstr(like->name);
    ol_slice path = ol_slice_cstr(like->path);
    ol_slice headers = like->declared.depends_headers;
    ol_slice counters = like->declared.counters, folders = like->preload_folders;
    size_t texts = name.len + path.len + headers.len + counters.len + folders.len +
                   like->source.len + like->libraries.len + 7;
    ol_program *program = ol_malloc(sizeof(*program) + texts);
    if (!program)
        return OL_ENOMEM;
    *program = *like;
    program->counters = NULL;
    if (counters.len > 0 && ol_counters_acquire(&program->counters, name, counters) != OL_OK) {
        ol_free(program);
        return OL_ENOMEM;
    }
    uint8_t *at = (uint8_t *)(program + 1);
    program->name = (const char *)place(&at, name);
    program->path = (const char *)place(&at, path);
    program->declared.depends_headers = ol_slice_of(place(&at, headers), headers.len);
    program->declared.counters = ol_slice_of(place(&at, counters), counters.len);
    program->preload_folders = ol_slice_of(place(&at, folders), folders.len);
    program->source = ol_slice_of(place(&at, like->source), like->source.len);
    program->libraries = ol_slice_of(place(&at, like->libraries), like->libraries.len);
    program->references_ = 1;
    *out = program;
    return OL_OK;
}

ol_program *ol_program_acquire(ol_program *program)
{
    int before = __atomic_fetch_add(&program->references_, 1, __ATOMIC_RELAXED);
    assert(before > 0);
    (void)before;
    return program;
}

void ol_program_release(ol_program *program)
{
    if (!program)
        return;
    int before = __atomic_fetch_sub(&program->references_, 1, __ATOMIC_ACQ_REL);
    assert(before > 0);
    if (before > 1)
        return;
    if (program->image_fd >= 0)
        close(program->image_fd);
    ol_counters_release(program->counters);
    ol_free(program);
}

/* Whoever writes a name in JSON's escapes only keeps it from himself. */
static bool names(const ol_program *program, ol_slice payload, ol_slice name)
{
    if (!program->declared.names_what_it_sees)
        return true;
    return payload.len > 0 && name.len > 0 && memmem(payload.data, payload.len, name.data, name.len);
}

bool ol_program_sees_identity(const ol_program *program, ol_slice payload)
{
    return !program->declared.ignores_identity &&
           names(program, payload, OL_SLICE_LIT("userIdentity"));
}

bool ol_program_sees_request(const ol_program *program, ol_slice payload)
{
    return program->declared.depends_request &&
           names(program, payload, OL_SLICE_LIT("xAmzRequestId"));
}

bool ol_program_sees_header(const ol_program *program, ol_slice payload, ol_slice name)
{
    return names(program, payload, name);
}
