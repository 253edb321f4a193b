/* SPDX-License-Identifier: MIT */
/*
 * What a listing says of its entries: for many keys at once the ETag of the view, its length, its
 * date. Originals are opened and the memo is asked for many at a time; what nobody knows is
 * computed, a few at a time, in order; so are names that only the `request` entry can say, which
 * may also hide an item. A transform queue that is full is waited out.
 *
 * When the deadline nears, the survey ends with the leading items that are settled, at least one.
 * An item whose transform fails is settled without a length: reading it gives the error, and leaving
 * it out would hide it. A failure that is not the transform's fails the survey.
 */
#ifndef OL_FRONT_VIEW_SURVEY_H
#define OL_FRONT_VIEW_SURVEY_H

#include "front/views/view_measure.h"

enum ol_view_survey_state {
    OL_VIEW_SURVEY_OPEN,
    OL_VIEW_SURVEY_SETTLED,
    OL_VIEW_SURVEY_MISSING /* there is no original (any more), or the view hides it */
};

typedef struct ol_view_survey_item {
    ol_slice key;      /* as it is listed */
    ol_slice original; /* items of one original stand together, and are settled together */
    bool unnamed;      /* which original is opened is for the `request` entry to say, if there is one */
    uint64_t size;     /* in: what is told of it when sizes are "original"; out: what is to be told */
    /* the result */
    enum ol_view_survey_state state;
    char etag[OL_VIEW_ETAG_SIZE]; /* empty: the view has none */
    int64_t last_modified_ms; /* in: should nothing else be found out */
} ol_view_survey_item;

typedef struct ol_view_survey {
    /* Set by the caller, the rest zeroed; all of it outlives the callback. */
    ol_request *request;
    const ol_realm_view *view; /* what a GET of an entry runs */
    ol_view_survey_item *items;
    size_t count;
    uint64_t deadline_ms; /* on the monotonic clock */
    ol_done_cb cb;
    void *arg;
    size_t settled; /* the result: so many of the first items */
    /* private */
    ol_arena *arena_;
    struct ol_view_survey_slot *slots_;
    struct ol_view_survey_timer *timer_;
    size_t next_;
    unsigned active_, running_, run_max_;
    bool mapped_;   /* there is a `request` entry */
    bool pressed_;  /* the transforms' queue was full: no new run before the next tick */
    bool refused_;  /* likewise, and nothing could be run since */
    bool stopping_;
    bool inside_;   /* pump is on the stack */
    ol_post turn_;  /* goes on with pump, when turn_waits_ */
    bool turn_waits_;
    ol_error failure_;
} ol_view_survey;

/* `cb` runs once, at once or on a later turn. The caller holds a reference to the request until then;
 * `arena` is for the survey's own use, which is bounded. */
void ol_view_survey_start(ol_view_survey *survey, ol_arena *arena);
/* The client left: the callback comes with this error. Harmless before start and after the
 * callback. */
void ol_view_survey_abort(ol_view_survey *survey, const ol_error *err);

#endif
