/* SPDX-License-Identifier: MIT */
/*
 * Asks one program of a chain about something that is no object: its `list` entry about a page of
 * a listing, its `request` entry about a key. Bytes from memory in, bytes in memory out. A run
 * whose host was lost for another request's sake is begun again, once.
 */
#ifndef OL_FRONT_VIEW_CONSULT_H
#define OL_FRONT_VIEW_CONSULT_H

#include "front/views/view_chain.h"
#include "pipeline/memory_stages.h"

typedef struct ol_view_consult {
    /* Set by the caller, the rest zeroed; all of it outlives the callback. */
    ol_view_chain *chain; /* initialised */
    size_t step;
    enum ol_transform_entry entry;
    ol_s3_address address; /* what the program is shown; with the key that is asked for */
    ol_slice input;        /* JSON, or empty */
    size_t answer_bytes_max; /* past it: OL_ETRANSFORMOUTPUT */
    ol_arena *arena;
    ol_done_cb cb;
    void *arg;
    ol_memory_sink answer; /* the result: head and bytes, valid until fini */
    /* private */
    ol_memory_source source_;
    ol_pipeline *pipeline_;
    bool retried_;
} ol_view_consult;

/* OL_WAIT: cb runs once, on a later turn; the caller holds a reference to the request until then.
 * Negative: err is filled. */
int ol_view_consult_start(ol_view_consult *consult, ol_error *err);
/* The callback comes with this error. Harmless when nothing runs. */
void ol_view_consult_abort(ol_view_consult *consult, const ol_error *err);
/* After the callback, or when start failed. Harmless before start. */
void ol_view_consult_fini(ol_view_consult *consult);

#endif
