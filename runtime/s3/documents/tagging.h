/* SPDX-License-Identifier: MIT */
/*
 * Tags of objects and buckets: the x-amz-tagging header, the <Tagging> document, and the one
 * text form in which they are kept: "k=v&k2=v2", percent-encoded like a signature's query, sorted
 * by key, no key twice. An empty text means no tags. A header's form may be any; only what
 * ol_tags_text made is kept.
 */
#ifndef OL_S3_TAGGING_H
#define OL_S3_TAGGING_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"

#define OL_TAGS_OBJECT_MAX 10
#define OL_TAGS_BUCKET_MAX 50
#define OL_TAG_KEY_CHARS_MAX 128
#define OL_TAG_VALUE_CHARS_MAX 256
/* Of a canonical text: each character up to 4 bytes, each byte up to 3. */
#define OL_TAGS_TEXT_BYTES_MAX (OL_TAGS_BUCKET_MAX * (128 + 256) * 12)

typedef struct ol_tag {
    ol_slice key, value; /* decoded, UTF-8 */
} ol_tag;

typedef struct ol_tags {
    ol_tag *items; /* sorted by key */
    size_t count;
} ol_tags;

/* Everything lives in `arena`. OL_EINVALIDTAG (too many, a key or value too long, empty or with
 * characters that tags do not have, a key twice, the prefix "aws:"), OL_EINVAL (not a query),
 * OL_EMALFORMEDXML, OL_ENOMEM. */
int ol_tags_parse_query(ol_slice query, size_t tags_max, ol_arena *arena, ol_tags *out,
                        ol_error *err);
int ol_tags_parse_xml(ol_slice xml, size_t tags_max, ol_arena *arena, ol_tags *out, ol_error *err);

/* The canonical text, in `arena`; empty (data NULL) for no tags. OL_ENOMEM. */
int ol_tags_text(const ol_tags *tags, ol_arena *arena, ol_slice *text, ol_error *err);

/* ---- of a canonical text, which is trusted: it came out of ol_tags_text ---- */

uint32_t ol_tags_count(ol_slice text);
/* The value of one tag, decoded into `arena`. OL_OK (value->data is NULL when there is no such
 * tag, not NULL when its value is empty) or OL_ENOMEM. Keys are compared with their case. */
int ol_tags_find(ol_slice text, ol_slice key, ol_arena *arena, ol_slice *value);
/* All of them; an origin of another make may have kept what we would refuse, so limits and
 * characters are not checked. OL_EINVAL, OL_ENOMEM. */
int ol_tags_read(ol_slice text, ol_arena *arena, ol_tags *out, ol_error *err);
/* <Tagging><TagSet>…; the buffer's errors, or OL_EINVAL for a text that is none. */
int ol_tags_write_xml(ol_buf *out, ol_slice text);

#endif
