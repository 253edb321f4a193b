/* SPDX-License-Identifier: MIT */
/*
 * From the key that a client asks an OLAP for to the key of the original behind it: the `request`
 * entry of the view's programs, which may map a key or hide it. Whoever opens an original for a
 * request through an OLAP asks here first: GET, HEAD, GetObjectAttributes.
 *
 * In a chain every program that declares the entry has its say, the last one (which stands next to
 * the client) first. Without one the names are equal and nothing runs.
 *
 * A hidden key is OL_ENOSUCHKEY, told as a missing one is. The programs see no original and the
 * origin is not asked about a hidden key, so that neither the answer nor its time says whether it
 * exists. Where the key is another one, the caller must be allowed to read that as well: a program
 * can narrow what somebody may see, never widen it.
 */
#ifndef OL_FRONT_VIEW_NAME_H
#define OL_FRONT_VIEW_NAME_H

#include "front/views/view_consult.h"

typedef struct ol_view_name {
    ol_slice original; /* the result: in `arena`, or the asked key itself */
    /* May be set by the caller, the rest zeroed. */
    ol_arena *arena; /* NULL = the request's */
    bool not_read;   /* for a listing: nothing is read by this name, so nothing is to be allowed */
    /* private */
    ol_request *request;
    const ol_s3_address *asked;
    ol_view_chain chain;
    size_t left; /* programs that have not been asked yet */
    ol_view_consult consult;
    ol_done_cb cb;
    void *arg;
} ol_view_name;

/* `view` answers the request; where it has no say about names, the view that GetObject gives has.
 * `name` is memory that outlives the callback, as `address` does: the asked key, and the query that
 * programs may see. OL_OK: known at once, cb does not run. OL_WAIT: cb runs once, on a later
 * turn; the caller holds a reference to the request until then. Negative: err is filled. */
int ol_view_name_find(ol_view_name *name, ol_request *request, const ol_realm_view *view,
                      const ol_s3_address *address, ol_done_cb cb, void *arg, ol_error *err);
/* The client left: the callback comes with this error. Harmless when nothing runs. */
void ol_view_name_abort(ol_view_name *name, const ol_error *err);
/* Does any program of this view map or hide keys? */
bool ol_view_name_is_mapped(ol_request *request, const ol_realm_view *view);

#endif
