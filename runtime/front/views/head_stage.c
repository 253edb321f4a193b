/* SPDX-License-Identifier: MIT */
#include "front/views/head_stage.h"

#include "base/buf.h"
#include "base/clock.h"

#define ETAG_BYTES_MAX 96

typedef struct head_state {
    uint64_t passed;
} head_state;

static int set(ol_head *head, const char *name, ol_slice value)
{
    return ol_headers_set(&head->headers, ol_slice_cstr(name), value);
}

/* Of a 304, what the client holds may be a compressed answer: it is told that one's ETag. */
static const char *etag_ending(const ol_head_plan *plan, const ol_head *head)
{
    unsigned held = head->status == 304 && plan->view
                        ? ol_coding_held(plan->view->options->encodings,
                                         &plan->request->http->headers, ol_slice_cstr(plan->etag))
                        : 0;
    return ol_coding_ending(held);
}

static int set_etag(const ol_head_plan *plan, ol_head *head)
{
    char memory[ETAG_BYTES_MAX];
    ol_buf quoted;
    if (plan->drop_etag)
        ol_headers_remove(&head->headers, "etag");
    if (!plan->etag)
        return OL_OK;
    ol_buf_init_fixed(&quoted, memory, sizeof(memory));
    int rc = ol_buf_add_byte(&quoted, '"');
    if (rc == OL_OK)
        rc = ol_buf_add_cstr(&quoted, plan->etag);
    if (rc == OL_OK)
        rc = ol_buf_add_cstr(&quoted, etag_ending(plan, head));
    if (rc == OL_OK)
        rc = ol_buf_add_byte(&quoted, '"');
    return rc == OL_OK ? set(head, "ETag", ol_buf_slice(&quoted)) : rc;
}

static int set_last_modified(const ol_head_plan *plan, ol_head *head)
{
    char date[OL_HTTP_DATE_SIZE];
    if (plan->last_modified_ms == 0 || plan->view)
        return OL_OK; /* of a view, the transform may have said another */
    ol_clock_http_date(plan->last_modified_ms, date);
    return set(head, "Last-Modified", ol_slice_cstr(date));
}

static int set_range(const ol_head_plan *plan, ol_head *head)
{
    char text[80];
    if (!plan->has_range)
        return OL_OK;
    int len = snprintf(text, sizeof(text), "bytes %llu-%llu/%llu",
                       (unsigned long long)plan->range_start,
                       (unsigned long long)(plan->range_start + plan->range_length - 1),
                       (unsigned long long)plan->total);
    head->status = 206;
    return set(head, "Content-Range", ol_slice_of(text, (size_t)len));
}

static int set_extras(const ol_head_plan *plan, ol_head *head)
{
    int rc = OL_OK;
    for (size_t i = 0; plan->extras && rc == OL_OK && i < plan->extras->count; i++)
        rc = ol_headers_set(&head->headers, plan->extras->items[i].name,
                            plan->extras->items[i].value);
    return rc;
}

static int set_overrides(const ol_head_plan *plan, ol_head *head)
{
    static const char *const names[] = {"content-type",     "content-language", "expires",
                                        "cache-control",    "content-disposition",
                                        "content-encoding"};
    int rc = OL_OK;
    for (size_t i = 0; rc == OL_OK && i < sizeof(names) / sizeof(names[0]); i++) {
        char param[48];
        snprintf(param, sizeof(param), "response-%s", names[i]);
        if (ol_s3_param_has(&plan->request->address, param))
            rc = set(head, names[i], ol_s3_param_get(&plan->request->address, param));
    }
    return rc;
}

/* Ranges that a transform serves, or that are refused, are not the server's to promise. */
static int set_accept_ranges(const ol_head_plan *plan, ol_head *head)
{
    bool served = !plan->view || plan->view->options->ranges == OL_VIEW_RANGES_RUNTIME;
    if (plan->drop_etag || !served)
        return OL_OK;
    return set(head, "Accept-Ranges", OL_SLICE_LIT("bytes"));
}

int ol_head_plan_apply(const ol_head_plan *plan, ol_head *head)
{
    int rc = plan->view ? ol_view_head_apply(plan->view, head) : OL_OK;
    if (rc == OL_OK)
        rc = set_etag(plan, head);
    if (rc == OL_OK)
        rc = set_last_modified(plan, head);
    if (rc == OL_OK)
        rc = set_accept_ranges(plan, head);
    if (rc == OL_OK)
        rc = set_range(plan, head);
    if (rc == OL_OK)
        rc = set_extras(plan, head);
    if (rc == OL_OK && plan->request->address.param_count > 0)
        rc = set_overrides(plan, head);
    head->content_length = plan->content_length;
    if (rc == OL_OK && plan->view && plan->view->compression)
        rc = ol_compression_settle(plan->view->compression, head);
    return rc;
}

static int take_head(ol_stage *st, ol_head *head, ol_error *err)
{
    const ol_head_plan *plan = st->config;
    /* Part of a view that was a 200 when its length was learned. */
    if (plan->view && plan->has_range && head->status != 200 && head->status != 206)
        return ol_error_set(err, OL_EDIVERGED, "the view has status %d this time", head->status);
    int rc = ol_head_plan_apply(plan, head);
    if (rc != OL_OK)
        return ol_error_set(err, rc, "a response header");
    return ol_stage_head(st, head, err);
}

static int pass(ol_stage *st, ol_slice in, ol_error *err)
{
    const ol_head_plan *plan = st->config;
    head_state *self = st->state;
    self->passed += in.len;
    if (plan->content_length >= 0 && self->passed > (uint64_t)plan->content_length)
        return ol_error_set(err, OL_EDIVERGED, "the body is longer than announced");
    return ol_stage_write(st, in, err);
}

static int finish(ol_stage *st, ol_error *err)
{
    const ol_head_plan *plan = st->config;
    const head_state *self = st->state;
    if (plan->content_length >= 0 && self->passed != (uint64_t)plan->content_length)
        return ol_error_set(err, OL_EDIVERGED, "the body is shorter than announced");
    return ol_stage_finish(st, err);
}

const ol_stage_ops ol_head_stage_ops = {
    .name = "head",
    .phase = OL_PHASE_CHECKSUM,
    .state_size = sizeof(head_state),
    .head = take_head,
    .write = pass,
    .finish = finish,
    .takes_piped = ol_stage_takes_piped,
};
