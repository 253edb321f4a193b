/* SPDX-License-Identifier: MIT */
/*
 * A small request and its whole answer: what listings, attributes and the calls of an upload have
 * in common. An error document under status 200 (copies and completed uploads send their head
 * before they know) is an error here.
 */
#ifndef OL_ORIGIN_S3_DOCUMENT_H
#define OL_ORIGIN_S3_DOCUMENT_H

#include "origin/s3/call.h"

typedef struct ol_s3_document ol_s3_document;

/* `answer` and `xml` are borrowed until it returns; NULL and empty when err is not NULL. The
 * document is gone after it returns, its arena with it. */
typedef void (*ol_s3_document_fn)(ol_s3_document *doc, const ol_http_answer *answer, ol_slice xml,
                                  const ol_error *err);

#define OL_S3_PARAMS_MAX 8
#define OL_S3_DOCUMENT_HEADERS_MAX 80

/* Filled by the operation between new and start. */
struct ol_s3_document {
    ol_s3_attachment *at;
    ol_arena *arena; /* of this request */
    ol_s3_request request;
    ol_s3_document_fn done;
    void *op;        /* the operation's own, in the arena */
    size_t bytes_max;
    bool no_object;  /* an answer with an ETag is the object itself, from a service that does not
                        know the request: it is given up at its head, xml is empty */

    /* private */
    bool object_came_;
    ol_s3_param params_[OL_S3_PARAMS_MAX];
    ol_header headers_[OL_S3_DOCUMENT_HEADERS_MAX];
    int fault_;
    ol_s3_call *call_;
    const ol_http_answer *answer_;
    ol_buf sent_, got_;
};

/* NULL: err is filled. `op_size` bytes, zeroed, are at doc->op. */
ol_s3_document *ol_s3_document_new(ol_origin *o, ol_loop *loop, const char *method,
                                   size_t op_size, ol_error *err);
/* These copy what they are given; what goes wrong is kept for start. */
void ol_s3_document_target(ol_s3_document *doc, ol_slice bucket, ol_slice key);
/* In ascending order of names. */
void ol_s3_document_param(ol_s3_document *doc, const char *name, ol_slice value);
void ol_s3_document_number(ol_s3_document *doc, const char *name, uint64_t number);
void ol_s3_document_header(ol_s3_document *doc, const char *name, ol_slice value);
/* With quotes around it; nothing when it is empty. For reads: in the conditions of a write Ceph
 * compares the text as it stands, and the others do not mind when the quotes are missing. */
void ol_s3_document_etag(ol_s3_document *doc, const char *name, ol_slice etag);
/* As the origin's users know them: content-type and so on, x-amz-meta-*. */
void ol_s3_document_headers(ol_s3_document *doc, const ol_header *headers, size_t count);
/* These are not copied: they live as long as the document's arena. */
void ol_s3_document_own_headers(ol_s3_document *doc, const ol_header *headers, size_t count);
/* Takes over the buffer's bytes; content-type and content-md5 go with it. */
void ol_s3_document_body(ol_s3_document *doc, ol_buf *xml);
/* The same with a copy of bytes. Nothing when there are none. */
void ol_s3_document_bytes(ol_s3_document *doc, ol_slice bytes, const char *content_type);
/* OL_WAIT, or an error: then the document is gone. */
int ol_s3_document_start(ol_s3_document *doc, ol_error *err);
/* The same from a callback: an error goes to done. */
void ol_s3_document_go_on(ol_s3_document *doc);
/* For an operation that gives up before it starts. */
void ol_s3_document_drop(ol_s3_document *doc);

/* A service may say NoSuchKey of an upload that does not exist: the error to be told, in `room`
 * or `err` itself. NULL for NULL. */
const ol_error *ol_s3_upload_error(const ol_error *err, ol_error *room);

/* What must hold of the object that the request names. Services that do not know the headers for
 * it ignore them: so a HEAD looks first, which leaves a gap, and the headers go along all the
 * same, which closes it where they are known. */
typedef struct ol_s3_conditions {
    ol_slice if_match;         /* "*": any; empty: anything */
    bool if_none_match_any;
    ol_slice if_none_match;
    int64_t if_modified_ms;    /* -1: anything */
    int64_t if_size;           /* -1: anything */
} ol_s3_conditions;
bool ol_s3_has_conditions(const ol_s3_conditions *conditions);
/* As ol_s3_document_start. A missing object is OL_ENOSUCHKEY unless it may be missing. */
int ol_s3_document_start_if(ol_s3_document *doc, const ol_s3_conditions *conditions, ol_error *err);

#endif
