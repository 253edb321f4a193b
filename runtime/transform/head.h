/* SPDX-License-Identifier: MIT */
/*
 * Heads on both sides of a transform: what it is told about the original, and what it may say
 * about its response.
 */
#ifndef OL_TRANSFORM_HEAD_H
#define OL_TRANSFORM_HEAD_H

#include "base/buf.h"
#include "pipeline/stage.h"

/* Append "object.size", "object.etag" (no quotes), "object.header.…" and "object.metadata.…". */
int ol_transform_head_describe(ol_buf *event, const ol_head *head);

/* The head of a response whose transform has said nothing yet: 200, the original's content
 * type, no length, nothing else of the original. */
int ol_transform_head_default(ol_head *response, const ol_head *original, ol_arena *arena);

/* Put what the transform set ("status", "header.…", "metadata.…") over it. The fields come from a
 * host. OL_OK, OL_ENOMEM, or OL_ETRANSFORMRESPONSE with the reason. */
int ol_transform_head_apply(ol_head *response, ol_slice fields, ol_error *err);

#endif
