/* SPDX-License-Identifier: MIT */
/*
 * multipart/form-data (RFC 7578) as browsers post it to a bucket, parsed as it streams in: first
 * the fields, gathered and bounded, then the file, handed on piece by piece. What follows the
 * file is read and ignored, as S3 does.
 *
 * The caller feeds and pulls:
 *
 *     for (ol_slice in = data;;) switch (ol_post_form_next(form, &in, &piece, err)) {
 *         case OL_POST_MORE: …wait for more of the body…
 *         case OL_POST_FILE: …all fields are in: check them, open the object…
 *         case OL_POST_DATA: …pass `piece` on; stop here, keeping `in`, when it is not taken…
 *         case OL_POST_END:  …the file is whole; the rest of the body is of no interest…
 *         default: …refused, err says why…
 *     }
 *
 * and calls ol_post_form_finish when the body has ended.
 */
#ifndef OL_S3_POST_FORM_H
#define OL_S3_POST_FORM_H

#include "base/arena.h"
#include "base/error.h"

#define OL_POST_FIELDS_MAX 100
#define OL_POST_FIELDS_BYTES_MAX (20u * 1024) /* names and values of all but the file */
#define OL_POST_PART_HEAD_BYTES_MAX (4u * 1024)
#define OL_POST_BOUNDARY_MAX 70

enum { OL_POST_MORE = 10, OL_POST_FILE, OL_POST_DATA, OL_POST_END };

typedef struct ol_post_field {
    ol_slice name; /* as sent; compare without case */
    ol_slice value;
} ol_post_field;

typedef struct ol_post_form ol_post_form;

/* Lives in `arena`. `content_type` is the request's header. OL_EPRECONDITION (not
 * multipart/form-data with a boundary), OL_ENOMEM. */
int ol_post_form_new(ol_post_form **form, ol_slice content_type, ol_arena *arena, ol_error *err);
/* Takes from the front of *in. A piece is borrowed from *in or from the form and valid until the
 * next call. Negative: OL_EMALFORMEDPOST, MaxPostPreDataLengthExceeded, OL_EINVAL (a field twice),
 * OL_ENOMEM. */
int ol_post_form_next(ol_post_form *form, ol_slice *in, ol_slice *piece, ol_error *err);
/* OL_OK when the file has come wholly; OL_EINVAL ("POST requires exactly one file upload per
 * request.") when there was none, OL_EMALFORMEDPOST when the body broke off. */
int ol_post_form_finish(const ol_post_form *form, ol_error *err);

/* From OL_POST_FILE on: ${filename} has been replaced in all values but the policy's and the
 * signature's. */
size_t ol_post_form_count(const ol_post_form *form);
const ol_post_field *ol_post_form_field(const ol_post_form *form, size_t index);
/* The value of that field, case of the name ignored; data NULL when absent. */
ol_slice ol_post_form_get(const ol_post_form *form, const char *name);
/* Of the file's part. */
ol_slice ol_post_form_file_name(const ol_post_form *form); /* behind its last slash */
ol_slice ol_post_form_file_type(const ol_post_form *form); /* its Content-Type */

#endif
