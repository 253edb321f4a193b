/* SPDX-License-Identifier: MIT */
/*
 * The transforms of one request through an OLAP: the programs of the chain, and for each the
 * call (event, trust group, log) that its stage needs.
 */
#ifndef OL_FRONT_VIEW_CHAIN_H
#define OL_FRONT_VIEW_CHAIN_H

#include "front/request/request.h"
#include "transform/stage.h"

typedef struct ol_view_step {
    ol_request *request;
    ol_program *program;
    ol_buf event;
    ol_transform_call call;
} ol_view_step;

typedef struct ol_view_chain {
    ol_view_step steps[OL_TRANSFORM_CHAIN_MAX];
    ol_program *programs[OL_TRANSFORM_CHAIN_MAX];
    const ol_realm_view *view;
    size_t count;
    bool shows_part; /* set before prepare: Range and partNumber are the transforms' to answer */
    bool retryable;  /* set by a stage whose host died for another request's sake */
    bool alone;      /* likewise, and stays: the second run has its hosts for itself */
} ol_view_chain;

/* Take the current version of each program of `view`. OL_ENOTRANSFORM when one is not there. The
 * chain must be ended with fini whatever init said. */
int ol_view_chain_init(ol_view_chain *chain, ol_request *request, const ol_realm_view *view,
                       ol_error *err);
/* Make the calls, for the object at `address`; `original` serves read_at to the first step. While
 * the client is there. */
int ol_view_chain_prepare(ol_view_chain *chain, const ol_s3_address *address, ol_object *original,
                          ol_error *err);
/* Make the call of one step alone, for any of its entries. */
int ol_view_chain_prepare_step(ol_view_chain *chain, size_t step_index,
                               enum ol_transform_entry entry, const ol_s3_address *address,
                               ol_error *err);
/* Append one stage a step. */
int ol_view_chain_add(const ol_view_chain *chain, ol_pipeline *pipeline);
/* How far around a byte of the view the bytes of the original lie that it depends on. */
typedef struct ol_view_reach {
    uint64_t before, after;
} ol_view_reach;
/* True when every program declares so: the chain's reach is the sum of theirs. */
bool ol_view_chain_keeps_positions(const ol_view_chain *chain, ol_view_reach *reach);
/* True when a program declared that it depends on this request header. */
bool ol_view_chain_declares_header(const ol_view_chain *chain, const char *name);
/* After the last pipeline was closed. */
void ol_view_chain_fini(ol_view_chain *chain);

#endif
