/* SPDX-License-Identifier: MIT */
/*
 * One answer about one object through an OLAP (GetObject, HeadObject, GetObjectAttributes), from
 * what is asked for to the source that answers. Its steps:
 *
 *   view_object.c         the original's name, the original, the view's identity, what the memo
 *                         knows, conditions; the end
 *   view_source.c         which source answers: the memo, the cache, a run
 *   op_view_object.c      GET and HEAD: the answer's head, and the body by view_reply
 *   op_view_attributes.c  GetObjectAttributes
 *
 * The client may leave at any time. What can be stopped is; a callback that cannot be recalled finds
 * the request gone, and ends. A run that fills the cache goes on for others (view_run.h).
 */
#ifndef OL_FRONT_VIEW_OBJECT_H
#define OL_FRONT_VIEW_OBJECT_H

#include "front/views/view_measure.h"
#include "front/views/view_name.h"
#include "front/views/view_reply.h"
#include "front/views/view_run.h"
#include "front/views/view_want.h"

/* What is under way, and so what the client's leaving means to it. */
enum ol_view_step_under_way {
    OL_VIEW_CALLED, /* a callback comes that cannot be recalled */
    OL_VIEW_NAMING,
    OL_VIEW_WAITING, /* for an entry */
    OL_VIEW_MEASURING,
    OL_VIEW_REPLYING
};

typedef struct ol_view_object ol_view_object;
struct ol_view_object {
    ol_request *request;
    enum ol_view_step_under_way under_way;
    ol_view_want want;
    bool tells_head; /* no body is wanted: HEAD, attributes */
    bool tells_identity; /* nor a length, only who the view is */
    /* The answer is ready to be made. Head: what there is to be told of the view; content_length -1
     * when it is not known. Body: `part` of it, from the source that `reply` has. */
    void (*on_head)(ol_view_object *self, const ol_head *head);
    void (*on_body)(ol_view_object *self);

    ol_view_name name;
    uint64_t hint; /* its name in the table of hints */
    ol_view_subject *subject; /* NULL: not open any more, or a run's */
    ol_object_info original;  /* a copy that outlives the opened object */
    char etag[OL_VIEW_ETAG_SIZE];
    bool has_etag; /* false: not known to be the same next time */
    bool handed;   /* the part is the transform's to answer */
    bool has_head_entry;
    bool keeps_positions;
    ol_view_reach reach;
    ol_view_answer answer; /* what the head says beside the transform's own */

    ol_view_ask ask;
    bool known; /* facts are; checksums maybe not */
    ol_view_facts facts;

    bool alone; /* the cache has failed us: run for ourselves */
    ol_view_entry *entry;
    ol_view_run *run; /* that we began, while it runs */
    ol_view_wait wait;
    ol_view_measure measure;
    ol_view_part part;
    bool served;   /* the body went out as it was wanted */
    bool resolved; /* `part` is what was wanted; until then it is all */
    ol_view_reply reply;
};

/* NULL: there is no memory, and the request is answered. */
ol_view_object *ol_view_object_new(ol_request *request);
/* Everything is set that was asked for: find the original, and so on, until on_head or on_body. */
void ol_view_object_begin(ol_view_object *self);
/* The request is answered, or nobody waits. Closes what is open. */
void ol_view_object_end(ol_view_object *self);
/* Answer with this error, and end. */
void ol_view_object_fail(ol_view_object *self, const ol_error *err);
/* Answer 304, and end. In op_view_object.c. */
void ol_view_object_not_modified(ol_view_object *self);

/* ---- view_source.c ---- */

/* The identity is settled, the conditions hold. */
void ol_view_object_choose(ol_view_object *self);
/* The source of `reply` was lost with this error. False: for good. Else another one is looked for, and
 * on_body comes again. */
bool ol_view_object_choose_again(ol_view_object *self, const ol_error *err);
/* The original was opened a second time, for that. */
void ol_view_object_go_on(ol_view_object *self);
/* The original is not needed any more: the body comes from the cache. */
void ol_view_object_close_original(ol_view_object *self);
/* Open the original (again). */
void ol_view_object_open_original(ol_view_object *self);

#endif
