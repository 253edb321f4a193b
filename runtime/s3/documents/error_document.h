/* SPDX-License-Identifier: MIT */
/*
 * Error documents: S3's own, s3control's and those of STS.
 *
 * Extra elements say more about one error (AWSAccessKeyId, StringToSign, BucketName, …). Whoever
 * makes them keeps secrets out: tokens and Authorization headers are never among them.
 */
#ifndef OL_S3_ERROR_DOCUMENT_H
#define OL_S3_ERROR_DOCUMENT_H

#include "base/buf.h"
#include "base/error.h"

typedef struct ol_s3_error_extra {
    const char *name; /* the element's: a literal */
    ol_slice value;
} ol_s3_error_extra;

/* Hands an extra element to whoever will write the document. `value` is borrowed until it
 * returns. */
typedef void (*ol_s3_error_note_fn)(void *arg, const char *name, ol_slice value);

enum ol_s3_error_shape {
    OL_S3_ERROR_PLAIN,   /* <Error>… */
    OL_S3_ERROR_CONTROL, /* <ErrorResponse><Error>…</Error><RequestId/><HostId/> */
    OL_S3_ERROR_STS      /* <ErrorResponse xmlns=…><Error><Type/>…</Error><RequestId/> */
};

typedef struct ol_s3_error_document {
    enum ol_s3_error_shape shape;
    const ol_error *err;
    ol_slice resource;      /* the path as sent; left out of the other two shapes */
    const char *request_id;
    const ol_s3_error_extra *extras;
    size_t extra_count;
} ol_s3_error_document;

/* Room for this many bytes in `out` is enough for any document whose extras come from this room
 * (a canonical request is the largest; one above OL_S3_ERROR_CANONICAL_BYTES_MAX is left out). */
#define OL_S3_ERROR_DOCUMENT_BYTES_MAX (64 * 1024)
#define OL_S3_ERROR_CANONICAL_BYTES_MAX (4 * 1024)

/* Appends the document. Extras that do not fit any more are left out, all of them, rather than
 * giving no document. OL_OK, OL_ELIMIT, OL_ENOMEM. */
int ol_s3_error_document_write(ol_buf *out, const ol_s3_error_document *document);

#endif
