/* SPDX-License-Identifier: MIT */
/*
 * What travels between server and host as field lists: the program to load, what it declared,
 * and errors. The server's own side of it, the event and the head, stands in fields.h and
 * head.h.
 *
 * Programs come from the server and are believed. Declarations and errors come from a host:
 * their readers accept anything and make something harmless of it, or refuse.
 */
#ifndef OL_TRANSFORM_HOST_TEXTS_H
#define OL_TRANSFORM_HOST_TEXTS_H

#include "transform/fields.h"
#include "transform/program.h"

#define OL_TEXT_DECLARED_HEADERS_MAX (4u * 1024u)

/* `path` is where the host finds the program: not always where the server does. */
int ol_text_program_encode(ol_buf *out, const ol_program *program, const char *path);
/* Slices and strings point into `encoded`, which is followed by nothing that matters: names and
 * paths carry their NUL. OL_OK or OL_EINVAL. */
int ol_text_program_decode(ol_slice encoded, ol_program *program);

int ol_text_declared_encode(ol_buf *out, const ol_program_declared *declared);
/* depends_headers points into `encoded`. OL_EINVAL when malformed or too large. */
int ol_text_declared_decode(ol_slice encoded, ol_program_declared *declared);

int ol_text_error_encode(ol_buf *out, const ol_error *err);
/* Always leaves a well-formed error in *err (which is cleared first): a code that a transform may
 * have, a status of 400..599, a plain S3 code, texts without control characters. */
void ol_text_error_decode(ol_slice encoded, int code, ol_error *err);

#endif
