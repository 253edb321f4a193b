/* SPDX-License-Identifier: MIT */
/*
 * Shows a page of a listing to each program of a view that declares `list`, in order: what one has
 * made of it the next one is given. The last may answer with a document of its own.
 */
#ifndef OL_FRONT_VIEW_REWRITE_H
#define OL_FRONT_VIEW_REWRITE_H

#include "front/operations/list_query.h"
#include "front/views/view_consult.h"
#include "front/views/view_listing.h"

typedef struct ol_view_rewrite {
    /* Set by the caller, the rest zeroed; all of it outlives the callback and the listing. */
    ol_request *request;
    ol_list_query *query;
    ol_list_result *page; /* the origin's; cut when it is too large for a program */
    ol_arena *arena;      /* for the listing */
    ol_done_cb cb;
    void *arg;
    /* The result. */
    ol_view_listing listing;
    bool rewritten; /* a program has been asked: where the page ends is to be sealed */
    /* private */
    ol_view_chain chain_;
    size_t step_;
    ol_buf text_;
    ol_view_consult consult_;
} ol_view_rewrite;

/* OL_OK: no program has a say, the listing is the page. OL_WAIT: cb runs once, on a later turn; the
 * caller holds a reference to the request until then. Negative: err is filled. Ended by fini,
 * whatever it said. */
int ol_view_rewrite_start(ol_view_rewrite *rewrite, ol_error *err);
/* The client left: the callback comes with this error. Harmless when nothing runs. */
void ol_view_rewrite_abort(ol_view_rewrite *rewrite, const ol_error *err);
/* Harmless before start. */
void ol_view_rewrite_fini(ol_view_rewrite *rewrite);

/* Has every program that maps names also said what names there are? Until fini. */
bool ol_view_rewrite_settles_names(const ol_view_rewrite *rewrite);
/* The position behind a truncated page, sealed where a program has a say in what is shown: the
 * query's page.next. */
int ol_view_rewrite_seal(ol_view_rewrite *rewrite, ol_error *err);

#endif
