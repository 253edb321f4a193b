/* SPDX-License-Identifier: MIT */
#include "front/views/view_chain.h"

#include "base/clock.h"
#include "base/encode.h"
#include "front/request/dev.h"
#include "front/views/event.h"

#define EVENT_BYTES_MAX (96 * OL_KIB)
#define LOG_LINE_BYTES_MAX (64 * OL_KIB)

/* A script's line goes to the transforms' own log, escaped, with the request id. */
static int build_line(ol_buf *line, const ol_view_step *step, const char *level, ol_slice text)
{
    char now[OL_ISO8601_SIZE];
    ol_clock_iso8601(ol_clock_wall_ms(), now);
    int rc = ol_buf_addf(line, "{\"time\":\"%s\",\"request_id\":\"%s\",\"level\":\"%s\",\"transform\":",
                         now, step->request->id, level);
    if (rc == OL_OK)
        rc = ol_json_string(line, ol_slice_cstr(step->program->name));
    if (rc == OL_OK)
        rc = ol_buf_add_cstr(line, ",\"message\":");
    if (rc == OL_OK)
        rc = ol_json_string(line, text);
    return rc == OL_OK ? ol_buf_add_byte(line, '}') : rc;
}

static void on_log(void *arg, const char *level, ol_slice text)
{
    const ol_view_step *step = arg;
    ol_dev_note(step->request, level, text);
    ol_log *log = step->request->worker->shared->transform_log;
    if (!log)
        return;
    ol_buf line;
    ol_buf_init(&line, LOG_LINE_BYTES_MAX);
    if (build_line(&line, step, level, text) == OL_OK)
        ol_log_line(log, ol_buf_slice(&line));
    ol_buf_fini(&line);
}

/* The chain's names for the access log, once a request. */
static void note_transforms(ol_request *request, const ol_realm_view *view)
{
    ol_buf names;
    if (request->line.transforms.len > 0)
        return;
    ol_buf_init(&names, 4 * OL_KIB);
    for (size_t i = 0; i < view->step_count; i++) {
        if (i > 0)
            ol_buf_add_byte(&names, ',');
        ol_buf_add(&names, view->steps[i].transform);
    }
    request->line.transforms = ol_arena_copy(request->arena, ol_buf_slice(&names));
    ol_buf_fini(&names);
}

int ol_view_chain_init(ol_view_chain *chain, ol_request *request, const ol_realm_view *view,
                       ol_error *err)
{
    chain->view = view;
    note_transforms(request, view);
    for (size_t i = 0; i < view->step_count; i++) {
        ol_slice name = view->steps[i].transform;
        ol_program *program = ol_registry_get(request->generation->registry, name);
        if (!program)
            return ol_error_set(err, OL_ENOTRANSFORM, "no transform %.*s", OL_SLICE_FMT(name));
        ol_view_step *step = &chain->steps[chain->count];
        chain->programs[chain->count++] = program;
        step->request = request;
        step->program = program;
        ol_buf_init(&step->event, EVENT_BYTES_MAX);
    }
    return OL_OK;
}

static ol_slice trust_group(const ol_request *request, const ol_program *program)
{
    if (program->share == OL_SHARE_ALL)
        return OL_SLICE_NONE;
    return program->share == OL_SHARE_IDENTITY ? ol_identity_label(request->who)
                                                : ol_slice_cstr(request->id);
}

int ol_view_chain_prepare_step(ol_view_chain *chain, size_t step_index,
                               enum ol_transform_entry entry, const ol_s3_address *address,
                               ol_error *err)
{
    ol_view_step *step = &chain->steps[step_index];
    ol_request *request = step->request;
    const ol_event_ask ask = {.request = request,
                              .address = address,
                              .sight = {.program = step->program,
                                        .payload = chain->view->steps[step_index].payload,
                                        .shows_caller = entry == OL_ENTRY_REQUEST,
                                        .shows_part = chain->shows_part}};
    ol_buf_clear(&step->event);
    int rc = ol_event_encode(&step->event, &ask);
    if (rc != OL_OK)
        return ol_error_say(err, OL_EINVALIDREQUEST,
                            "The request is too large to be shown to a transform.");
    step->call = (ol_transform_call){
        .pool = request->worker->pool,
        .program = step->program,
        .entry = entry,
        .key = address->key,
        .trust_group = trust_group(request, step->program),
        .event = ol_buf_slice(&step->event),
        .on_log = on_log,
        .log_arg = step,
        .retryable = &chain->retryable,
        .alone = &chain->alone,
    };
    return OL_OK;
}

int ol_view_chain_prepare(ol_view_chain *chain, const ol_s3_address *address, ol_object *original,
                          ol_error *err)
{
    int rc = OL_OK;
    for (size_t i = 0; rc == OL_OK && i < chain->count; i++)
        rc = ol_view_chain_prepare_step(chain, i, OL_ENTRY_GET, address, err);
    if (rc == OL_OK && chain->count > 0)
        chain->steps[0].call.original = original;
    return rc;
}

int ol_view_chain_add(const ol_view_chain *chain, ol_pipeline *pipeline)
{
    int rc = OL_OK;
    for (size_t i = 0; rc == OL_OK && i < chain->count; i++)
        rc = ol_pipeline_add(pipeline, &ol_transform_stage_ops, &chain->steps[i].call, NULL);
    return rc;
}

bool ol_view_chain_keeps_positions(const ol_view_chain *chain, ol_view_reach *reach)
{
    *reach = (ol_view_reach){0};
    for (size_t i = 0; i < chain->count; i++) {
        const ol_program_declared *declared = &chain->programs[i]->declared;
        if (!declared->keeps_positions)
            return false;
        reach->before += declared->positions_before;
        reach->after += declared->positions_after;
    }
    return chain->count > 0;
}

static bool declares(ol_slice names, ol_slice wanted)
{
    while (names.len > 0) {
        ptrdiff_t end = ol_slice_find(names, '\n');
        ol_slice name = end < 0 ? names : ol_slice_first(names, (size_t)end);
        if (ol_slice_ieq(name, wanted))
            return true;
        names = end < 0 ? OL_SLICE_NONE : ol_slice_from(names, (size_t)end + 1);
    }
    return false;
}

bool ol_view_chain_declares_header(const ol_view_chain *chain, const char *name)
{
    for (size_t i = 0; i < chain->count; i++)
        if (declares(chain->programs[i]->declared.depends_headers, ol_slice_cstr(name)))
            return true;
    return false;
}

void ol_view_chain_fini(ol_view_chain *chain)
{
    for (size_t i = 0; i < chain->count; i++) {
        ol_buf_fini(&chain->steps[i].event);
        ol_program_release(chain->programs[i]);
    }
    chain->count = 0;
}
