/* SPDX-License-Identifier: MIT */
/*
 * What the sinks of a body have in common: where it goes and what goes with it. For origin/s3/.
 */
#ifndef OL_ORIGIN_S3_PUT_H
#define OL_ORIGIN_S3_PUT_H

#include "origin/s3/call.h"
#include "origin/s3/chunks.h"

#define OL_S3_PUT_HEADERS_MAX 64

typedef struct ol_s3_put_config {
    ol_s3_origin *origin;
    ol_slice bucket, key;
    ol_slice upload_id;  /* of a part; empty: an object */
    uint32_t number;
    int64_t size;        /* -1: not known */
    const ol_object_checksum *checksum; /* the caller's; NULL: none */
    ol_put_result *result;              /* the caller's; may be NULL */
    bool conditional;    /* a second try after a lost answer could be refused */
    ol_header headers[OL_S3_PUT_HEADERS_MAX];
    size_t header_count;
    size_t customer_count; /* of them, a customer's key: the first; parts need it too */
    size_t metadata_count; /* of them, the caller's own and what says how it is encrypted: the first */
    ol_slice tags, acl, if_match, if_none_match; /* as asked for, of an unknown length only */
    bool if_none_match_any;
    ol_s3_param params[2];
    size_t param_count;
    char number_text[12];
} ol_s3_put_config;

/* The sink of a body whose length is known (put.c). */
extern const ol_stage_ops ol_s3_put_ops;
/* The sink of an object whose length is not known beforehand (put_unknown.c). */
extern const ol_stage_ops ol_s3_put_unknown_ops;

#endif
