/* SPDX-License-Identifier: MIT */
/* The stage that takes aws-chunked framing off an upload (see s3/upload/aws_chunked.h). */
#ifndef OL_S3_UPLOAD_CHUNKED_H
#define OL_S3_UPLOAD_CHUNKED_H

#include "pipeline/stage.h"
#include "s3/upload/aws_chunked.h"

typedef struct ol_upload_chunked_config {
    ol_aws_chunked_config decoder;
    char *trailer_value; /* OL_AWS_TRAILER_VALUE_SIZE bytes, filled before finish is passed on */
} ol_upload_chunked_config;

extern const ol_stage_ops ol_upload_chunked_ops;

#endif
