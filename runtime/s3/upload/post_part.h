/* SPDX-License-Identifier: MIT */
/* The heads of a form's parts, and what is done to the fields: private to post_form.c. */
#ifndef OL_S3_POST_PART_H
#define OL_S3_POST_PART_H

#include "s3/upload/post_form.h"

typedef struct ol_post_part {
    ol_slice name;
    ol_slice file_name; /* behind its last '/' or '\'; empty when there is none */
    ol_slice content_type;
} ol_post_part;

/* `head` ends with an empty line. Everything is copied. OL_EMALFORMEDPOST, OL_ENOMEM. */
int ol_post_part_read(ol_slice head, ol_arena *arena, ol_post_part *out, ol_error *err);
/* The boundary of a multipart/form-data Content-Type; false when it is another, or bad. */
bool ol_post_boundary(ol_slice content_type, ol_slice *boundary);
/* Fields named x-ignore-… are nobody's business. */
bool ol_post_is_ignored(ol_slice name);
/* Replaces ${filename} in a value, where the field may have it. */
int ol_post_fill_in(ol_post_field *field, ol_slice file_name, ol_arena *arena, ol_error *err);

#endif
