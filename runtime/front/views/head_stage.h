/* SPDX-License-Identifier: MIT */
/*
 * Settles the response head of a GET: status and Content-Range of a range, the view's ETag,
 * Accept-Ranges, the length where it is known, and the response-* overrides. Passes bytes
 * through; when a length was promised, it fails on a body that turns out longer or shorter.
 */
#ifndef OL_FRONT_HEAD_STAGE_H
#define OL_FRONT_HEAD_STAGE_H

#include "front/request/request.h"
#include "front/views/view_head.h"

typedef struct ol_head_plan {
    ol_request *request;
    const char *etag;         /* without quotes; NULL = leave the head's own */
    bool drop_etag;           /* a view without identity */
    int64_t last_modified_ms; /* 0 = leave the head's own */
    int64_t content_length;   /* of what is sent; -1 = not known */
    bool has_range;           /* 206 */
    uint64_t range_start, range_length, total;
    const ol_headers *extras; /* set beside what the origin says; NULL = none */
    const ol_view_answer *view; /* NULL: the answer is an original */
} ol_head_plan;

/* config = const ol_head_plan * */
extern const ol_stage_ops ol_head_stage_ops;

/* An answer that may be compressed (plan.view->compression) has ol_compress_stage_ops behind the
 * replay stage; its length, ETag and ranges are settled here. */

/* The same on a head alone: for HEAD and 304. OL_OK, OL_ENOMEM, or OL_EINVAL (an override
 * that is no header value). */
int ol_head_plan_apply(const ol_head_plan *plan, ol_head *head);

#endif
