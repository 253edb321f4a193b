/* SPDX-License-Identifier: MIT */
/*
 * An opened object of a remote service. What pins it is its ETag: whatever is read of it later
 * must bear the same one. For origin/s3/ only.
 */
#ifndef OL_ORIGIN_S3_OBJECT_H
#define OL_ORIGIN_S3_OBJECT_H

#include "origin/s3/answer.h"
#include "origin/s3/call.h"
#include "origin/s3/encryption.h"

typedef struct ol_s3_read ol_s3_read;     /* read_at.c */
typedef struct ol_s3_window ol_s3_window; /* read_at.c */

typedef struct ol_s3_object {
    ol_object object;
    ol_s3_attachment *at;
    ol_arena *arena; /* this struct is in it */
    ol_slice bucket, key, version;
    ol_object_info info;
    ol_s3_fields fields;
    ol_s3_encryption encryption; /* a customer's key */
    ol_slice pin; /* the ETag in quotes, for If-Match; empty: there is none to be had */

    /* Opening. */
    ol_object_cb cb;
    void *arg;
    ol_slice if_match;
    uint32_t part_number;
    bool hinted;

    /* The answer that open asked for, paused until somebody wants the body. */
    ol_s3_call *held;
    ol_byte_range held_range;
    ol_slice held_data; /* lent by the call, not yet taken */

    ol_s3_read *reads;
    ol_s3_window *window;
} ol_s3_object;

static inline ol_s3_object *ol_s3_object_of(ol_object *object)
{
    return (ol_s3_object *)object;
}

/* Ask for a range of the pinned object. `arena` as for ol_s3_call_start. */
int ol_s3_object_fetch(const ol_s3_object *object, ol_byte_range range, ol_arena *arena,
                       ol_s3_call **call, const ol_s3_call_ops *ops, void *arg, ol_error *err);
/* Whether the answer is that range of the pinned object. OL_OK or OL_EORIGIN. */
int ol_s3_object_check(const ol_s3_object *object, ol_byte_range range,
                       const ol_http_answer *answer, ol_error *err);
/* What a fetch means that failed, or (failed NULL) brought too little: a precondition that does not
 * hold is a change. */
void ol_s3_object_judge(const ol_s3_object *object, const ol_error *failed, ol_error *err);
/* Give the held answer up. */
void ol_s3_object_let_go(ol_s3_object *object);

/* read_at.c: the memory that reads share, if any. */
void ol_s3_window_free(ol_s3_object *object);

#endif
