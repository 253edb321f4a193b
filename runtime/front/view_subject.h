/* SPDX-License-Identifier: MIT */
/*
 * One object as it is seen through an OLAP: the opened original, the chain of programs, and the
 * identity of the view. Used to serve it (op_view_object), and to measure it for HEAD, Range and
 * listings (view_measure).
 */
#ifndef OL_FRONT_VIEW_SUBJECT_H
#define OL_FRONT_VIEW_SUBJECT_H

#include "front/view_chain.h"

typedef struct ol_view_subject {
    ol_request *request;
    ol_arena *arena;       /* for everything that belongs to this view alone */
    ol_s3_address address; /* of the object: its key, and the query that the view may depend on */
    const ol_realm_view *view;
    ol_object *object;
    const ol_object_info *original;
    ol_view_chain chain;
    char etag[OL_VIEW_ETAG_SIZE];
    bool has_etag; /* false: the view depends on the request itself */
    bool prepared_;
    ol_done_cb on_open_;
    void *arg_;
} ol_view_subject;

/* Take the programs, open the original, derive the identity. `cb` runs once: at once or on a later
 * turn. The caller holds a reference to the request until then. `subject` is
 * zeroed memory; whatever cb said, it is ended by fini. */
void ol_view_subject_open(ol_view_subject *subject, ol_request *request, const ol_realm_view *view,
                          ol_arena *arena, const ol_s3_address *address, ol_done_cb cb, void *arg);
/* After the last pipeline over it was closed. */
void ol_view_subject_fini(ol_view_subject *subject);

/* A new pipeline that begins with the whole original and the chain; the caller adds the rest. The
 * first one is made in the turn of open's callback: it shows the request to the transforms. */
int ol_view_subject_pipeline(ol_view_subject *subject, const ol_pipeline_ops *ops, void *arg,
                             ol_pipeline **pipeline, ol_error *err);
/* Before another run: what the failed one still reads lies in memory of a host that is gone. */
void ol_view_subject_drop_reads(ol_view_subject *subject);
/* May a run that ended with this error be tried again? (Once; the caller counts.) */
bool ol_view_subject_may_retry(const ol_view_subject *subject, const ol_error *err);

#endif
