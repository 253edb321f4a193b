/* SPDX-License-Identifier: MIT */
/*
 * Reading what a service answers in XML: small helpers that every listing needs.
 */
#ifndef OL_ORIGIN_S3_READING_H
#define OL_ORIGIN_S3_READING_H

#include "base/arena.h"
#include "s3/documents/xml_reader.h"

/* OL_OK, or OL_EORIGIN when it is not well-formed; or what an event returned. */
int ol_s3_read_xml(ol_slice xml, const ol_xml_events *events, ol_error *err);
/* The innermost element. */
bool ol_s3_element_is(const ol_xml_path *path, const char *name);
/* The element at that depth, 1 being the root. */
bool ol_s3_element_at(const ol_xml_path *path, size_t depth, const char *name);
/* Copies; `url`: percent-decoded first. OL_OK, OL_ENOMEM or OL_EORIGIN. */
int ol_s3_keep_text(ol_slice *out, ol_arena *arena, ol_slice text, bool url, ol_error *err);
/* Without the quotes. */
int ol_s3_keep_etag(ol_slice *out, ol_arena *arena, ol_slice text, ol_error *err);
/* 0 when malformed. */
int64_t ol_s3_date_of(ol_slice text);
uint64_t ol_s3_number_of(ol_slice text);
bool ol_s3_is_true(ol_slice text);
/* `size` zeroed bytes in an arena of their own, which the receiver of a result destroys. */
void *ol_s3_result_new(size_t arena_bytes_max, size_t size, ol_arena **arena, ol_error *err);

#endif
