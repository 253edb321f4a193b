/* SPDX-License-Identifier: MIT */
#include "front/request/dev.h"

static bool is_on(const ol_request *request)
{
    return request->generation->config->dev;
}

int ol_dev_begin(ol_request *request)
{
    if (!is_on(request))
        return OL_OK;
    return ol_request_standing_header(request, OL_DEV_HEADER, OL_SLICE_LIT("true"));
}

static void free_log(void *arg)
{
    ol_buf_fini(arg);
}

static ol_buf *log_of(ol_request *request)
{
    if (request->dev_log)
        return request->dev_log;
    ol_buf *log = ol_arena_alloc(request->arena, sizeof(*log));
    if (!log || ol_arena_on_end(request->arena, free_log, log) != OL_OK)
        return NULL;
    ol_buf_init(log, OL_DEV_LOG_BYTES_MAX);
    request->dev_log = log;
    return log;
}

void ol_dev_note(ol_request *request, const char *level, ol_slice text)
{
    ol_buf *log = is_on(request) ? log_of(request) : NULL;
    if (!log)
        return;
    size_t before = log->len;
    if (ol_buf_addf(log, "%s: %.*s\n", level, OL_SLICE_FMT(text)) != OL_OK)
        log->len = before; /* what came first says most */
}

/* Anything else may be a matter between the caller and the server's policies. */
static bool is_transforms(int code)
{
    static const int codes[] = {OL_ETRANSFORM,       OL_EHOSTLOST,         OL_ETRANSFORMTIME,
                                OL_ETRANSFORMCPU,    OL_ETRANSFORMMEMORY,  OL_ETRANSFORMOUTPUT,
                                OL_ETRANSFORMPATTERN, OL_ETRANSFORMRESPONSE, OL_EREADAT};
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
        if (codes[i] == code)
            return true;
    return false;
}

void ol_dev_explain(ol_request *request, const ol_error *err)
{
    if (!is_on(request) || !is_transforms(err->code))
        return;
    if (err->detail[0])
        ol_request_error_extra(request, "Detail", ol_slice_cstr(err->detail));
    if (request->dev_log && request->dev_log->len > 0)
        ol_request_error_extra(request, "TransformLog", ol_buf_slice(request->dev_log));
}
