/* SPDX-License-Identifier: MIT */
/*
 * Heads on both sides of a transform: what it is told about the original, and what it may say
 * about its response.
 */
#ifndef OL_TRANSFORM_HEAD_H
#define OL_TRANSFORM_HEAD_H

#include "base/buf.h"
#include "pipeline/stage.h"
#include "transform/program.h"

/* Of OL_ENTRY_REQUEST: "PER_1000_S BURST NAME" for each limit that the program wants counted. */
#define OL_TRANSFORM_LIMIT_HEADER "x-objlens-limit"
#define OL_TRANSFORM_LIMITS_MAX 8

/* Whether an entry is about one original, and is told of it. */
bool ol_transform_has_original(enum ol_transform_entry entry);
/* What may come out of an entry at most. */
uint64_t ol_transform_out_bytes_max(enum ol_transform_entry entry);

/* Append what the entry is told beside the request: of an original "object.size", "object.etag"
 * (no quotes), "object.header.…" and "object.metadata.…"; "object.key" to OL_ENTRY_REQUEST. */
int ol_transform_event_complete(ol_buf *event, enum ol_transform_entry entry, ol_slice key,
                                const ol_head *head);

/* The head of a response whose transform has said nothing yet: 200, the original's content
 * type (NULL: there is no original), no length, nothing else of it. */
int ol_transform_head_default(ol_head *response, const ol_head *original, ol_arena *arena);

/* Put what the transform set ("status", "header.…", "metadata.…", "size" for OL_ENTRY_HEAD, "limit"
 * for OL_ENTRY_REQUEST) over it. The fields come from a host. OL_OK, OL_ENOMEM, or
 * OL_ETRANSFORMRESPONSE with the reason. */
int ol_transform_head_apply(ol_head *response, enum ol_transform_entry entry, ol_slice fields,
                            ol_error *err);

#endif
