/* SPDX-License-Identifier: MIT */
/*
 * What a request says about itself, for the conditions of policies: the keys that the access room
 * asks the request for (access/context.h, trait REQUEST). Each is computed when it is asked for.
 */
#ifndef OL_FRONT_CONDITION_VALUES_H
#define OL_FRONT_CONDITION_VALUES_H

#include "access/context.h"
#include "front/request/request.h"

typedef struct ol_condition_source {
    ol_request *request;
    ol_arena *arena; /* for values that are made; lives as long as the decision */
    bool as_source;  /* a copy's source: headers are about something else */
    ol_slice version;
    ol_slice prefix; /* instead of the request's; data NULL = the request's own */
    ol_slice request_tags; /* where the x-amz-tagging header does not say it */
    ol_slice bucket_tags;
    bool has_existing_tags;
    ol_slice existing_tags;
    bool wants_existing_tags; /* set when they were asked for and are not there */
    /* How an upload is encrypted, for the requests that go on with it and say nothing of it. */
    bool has_upload_sse, wants_upload_sse; /* as above */
    ol_sse upload_sse;
} ol_condition_source;

/* An ol_context_values_cb; `arg` is an ol_condition_source. OL_WAIT when the tags of the object, or
 * the encryption of an upload, are asked for and are not known yet. */
int ol_condition_values(void *arg, enum ol_context_key key, ol_slice suffix,
                        ol_context_values *values, ol_error *err);

#endif
