/* SPDX-License-Identifier: MIT */
/*
 * The pipeline stage that runs a program in a host.
 *
 * Its head is what the transform says: status 200 and the original's content-type unless it
 * sets others, no length, no ETag or checksum of the original. An error that the transform
 * makes (response:error) or meets becomes the pipeline's error.
 *
 * When the host dies under a request that it was *not* executing at that moment, the pipeline
 * fails with OL_EHOSTLOST and *retryable is true: the caller may run the whole pipeline again once.
 */
#ifndef OL_TRANSFORM_STAGE_H
#define OL_TRANSFORM_STAGE_H

#include "origin/origin.h"
#include "transform/pool.h"

typedef struct ol_transform_call {
    ol_pool *pool;
    ol_program *program;  /* held by the caller until the pipeline is closed */
    enum ol_transform_entry entry; /* OL_ENOTIMPLEMENTED for one that the program lacks */
    ol_slice key;                  /* OL_ENTRY_REQUEST: what is asked for */
    ol_slice trust_group; /* compared bytewise; made by the caller according to program->share */
    /* The event, encoded by transform/fields.h, only what the program may see. The stage adds
     * "object.size", "object.etag", "object.header.…" and "object.metadata.…" from the head that it
     * gets. */
    ol_slice event;
    ol_object *original; /* for read_at; NULL: read_at answers OL_EREADAT */
    /* What a script logged: one line, escaped by the receiver. Called on the loop. May be NULL. */
    void (*on_log)(void *arg, const char *level, ol_slice text);
    void *log_arg;
    ol_transform_trial trial;  /* all 0 in service */
    ol_transform_usage *usage; /* filled when the host has ended it; may be NULL */
    bool *retryable; /* set when the failure was not this request's doing; may be NULL */
    /* Set together with it, and kept by the caller for the second run: that has a host for itself,
     * so that nobody else can end it. May be NULL. */
    bool *alone;
} ol_transform_call;

/* config of the stage = const ol_transform_call *. */
extern const ol_stage_ops ol_transform_stage_ops;

#endif
