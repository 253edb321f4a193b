/* SPDX-License-Identifier: MIT */
/*
 * A run that fills an entry of the view cache. It belongs to no client: whoever asked first only
 * reads the entry like all others, on whatever loop. A run owns its subject, its arena and a
 * reference to the request that began it (whose events, identity and original it uses, and whose
 * access-log line has its stages); of that request's exchange it touches nothing.
 *
 * Happy path: original → chain → digest → replay → fill; the memo learns, the entry is whole. When
 * the host dies for another request's sake, it is run again once behind what the entry has. It ends
 * early when nobody reads any more (unless it may linger), or when the worker ends; what readers
 * then get is an error after which they run the view for themselves.
 */
#ifndef OL_FRONT_VIEW_RUN_H
#define OL_FRONT_VIEW_RUN_H

#include "front/views/view_subject.h"
#include "view/cache.h"

typedef struct ol_view_run ol_view_run;

/* Fill `entry`, which the caller was given as OL_VIEW_LEAD, on the loop of the subject's request, and
 * while its client is there. Takes the subject over, whatever happens. An error: the entry has been
 * settled with it. *handle is the run until it ends, then NULL; it outlives the run, or is let go. */
int ol_view_run_start(ol_view_run **handle, ol_view_subject *subject, ol_view_entry *entry,
                      ol_error *err);
/* *handle is not touched any more. A run that lingers goes on when nobody reads: somebody who read a
 * range will want the next one. */
void ol_view_run_let_go(ol_view_run *run, bool lingers);

/* `cb` runs as soon as this worker has no run: at once or on a later turn. */
void ol_view_runs_wait(ol_worker *worker, void (*cb)(void *arg), void *arg);
/* The same, and all runs are aborted. */
void ol_view_runs_end(ol_worker *worker, void (*cb)(void *arg), void *arg);

/* After this error of an entry's, a reader may well succeed by itself: it was not the view's. */
bool ol_view_run_error_is_passing(const ol_error *err);

#endif
