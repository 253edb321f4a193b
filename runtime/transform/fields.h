/* SPDX-License-Identifier: MIT */
/*
 * A flat list of named byte strings: how an event, a head or an error crosses the wall
 * between server and host. Names are paths ("userIdentity.arn", "header.content-type").
 *
 * Encoding, little endian: u32 count, then per field u16 name length, u32 value length, name,
 * value. Readers check every length: the bytes may come from a hostile process.
 */
#ifndef OL_TRANSFORM_FIELDS_H
#define OL_TRANSFORM_FIELDS_H

#include "base/buf.h"
#include "base/error.h"

/* Start an encoding in an (empty) buffer. */
int ol_fields_begin(ol_buf *out);
int ol_fields_add(ol_buf *out, const char *name, ol_slice value);
/* name = prefix + suffix, e.g. "header." + "etag". */
int ol_fields_add_under(ol_buf *out, const char *prefix, ol_slice suffix, ol_slice value);

typedef struct ol_fields_iter {
    ol_slice rest;
    uint32_t left;
} ol_fields_iter;

/* OL_EINVAL when malformed anywhere; then nothing else may be called on it. */
int ol_fields_check(ol_slice encoded);
void ol_fields_iter_init(ol_fields_iter *it, ol_slice encoded);
bool ol_fields_next(ol_fields_iter *it, ol_slice *name, ol_slice *value);
/* False when absent; *value is then left alone. */
bool ol_fields_get(ol_slice encoded, const char *name, ol_slice *value);

#endif
