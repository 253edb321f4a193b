/* SPDX-License-Identifier: MIT */
/*
 * One object as it is seen through an OLAP: the opened original, the chain of programs, and the
 * identity of the view. Whatever runs the chain begins here: an answer (view_answer), a run that
 * fills the cache (view_run), a measurement for HEAD and listings (view_measure).
 *
 * It lives in memory of the request and points to the request's; whoever holds it holds a reference
 * to the request. The client may leave: once its calls are made (by the first pipeline) a subject
 * needs nothing of the exchange any more.
 */
#ifndef OL_FRONT_VIEW_SUBJECT_H
#define OL_FRONT_VIEW_SUBJECT_H

#include "front/views/view_chain.h"
#include "s3/request/range.h"

typedef struct ol_view_subject {
    ol_request *request;
    ol_arena *arena;       /* for what its pipelines need; may be changed between two of them */
    ol_s3_address address; /* as the client named it: the key, and the query it may depend on */
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

typedef struct ol_view_open {
    const ol_realm_view *view;
    ol_arena *arena;
    const ol_s3_address *address; /* copied; what it points to is not */
    ol_slice key;                 /* the original's, where it is not address->key */
    enum ol_open_for open_for;
    const ol_range_spec *part;    /* what will be wanted of the view; NULL = all of it */
    ol_slice if_match;            /* as in ol_object_ref */
} ol_view_open;

/* Take the programs, open the original, derive the identity. `cb` runs once: at once or on a later
 * turn. The caller holds a reference to the request until then. `subject` is zeroed memory; whatever
 * cb said, it is ended by fini. The address' texts live as long as the subject. */
void ol_view_subject_open(ol_view_subject *subject, ol_request *request, const ol_view_open *how,
                          ol_done_cb cb, void *arg);
/* After the last pipeline over it was closed. Once more is harmless. */
void ol_view_subject_fini(ol_view_subject *subject);

/* A new pipeline that begins with the original and ends with the chain; the caller adds the rest.
 * `piece` NULL: the whole original; else these bytes of it, for a chain that keeps positions. The
 * first one is made while the client is there: it shows the request to the transforms. */
int ol_view_subject_pipeline(ol_view_subject *subject, const ol_byte_range *piece,
                             const ol_pipeline_ops *ops, void *arg, ol_pipeline **pipeline,
                             ol_error *err);
/* The same for an entry that reads no original: OL_ENTRY_HEAD of the chain's only program. */
int ol_view_subject_head_pipeline(ol_view_subject *subject, const ol_pipeline_ops *ops, void *arg,
                                  ol_pipeline **pipeline, ol_error *err);
/* Before another run: what the failed one still reads lies in memory of a host that is gone. */
void ol_view_subject_drop_reads(ol_view_subject *subject);
/* The run ended with this error for no fault of its own: it may be tried again (once; the caller
 * counts). */
bool ol_view_subject_may_retry(const ol_view_subject *subject, const ol_error *err);

#endif
