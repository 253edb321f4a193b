/* SPDX-License-Identifier: MIT */
/*
 * The body of a view on its way to the client, from one of two sources: an entry of the view cache,
 * or a run of the view's own.
 *
 *   entry | original → chain → digest [→ range]  →  head → replay [→ compress] → respond
 *
 * A source may be lost for no fault of the view: the host of a run dies (then the run is made again
 * here, once), an entry outgrows the cache (then whoever started this one may give it another
 * source). What the client already has is compared and skipped (pipeline/replay_stage.h). Whatever
 * else fails, fails closed: the callback's error is an error document before the first byte, a cut
 * connection after it.
 *
 * A whole run of a view's own is told to the memo.
 */
#ifndef OL_FRONT_VIEW_REPLY_H
#define OL_FRONT_VIEW_REPLY_H

#include "front/views/head_stage.h"
#include "front/views/view_positions.h"
#include "front/views/view_subject.h"
#include "pipeline/replay_stage.h"
#include "view/cache.h"
#include "view/digest_stage.h"

typedef struct ol_view_reply {
    /* Filled before start. */
    ol_request *request;
    ol_head_plan plan;
    bool trailers;      /* checksums follow the body */
    bool has_cut;       /* the wanted part of what the source gives */
    ol_range_config cut;
    bool notes_stages;  /* for the access log: false when a run of ours notes its own */
    /* The source: an entry (referenced until the reply is closed), or else a subject. */
    ol_view_read read;  /* of an entry */
    bool entry_is_safe;  /* whole, and in memory: it cannot be lost */
    bool entry_is_whole; /* it can be lost, but what was read of it can be read again */
    ol_view_subject *subject;
    bool has_piece;     /* only these bytes of the original are run */
    ol_byte_range piece;
    bool learns;        /* the run is a whole one, and the view has an identity */
    const ol_view_facts *known; /* of that view, its checksums too; NULL = nothing */
    /* `err` NULL: the body went out whole. Once for each start that succeeded. */
    void (*on_done)(struct ol_view_reply *reply, const ol_error *err);
    void *arg;
    /* private */
    ol_view_digest digest_;
    ol_replay replay_;
    ol_pipeline *pipeline_;
    bool retried_;
    void (*after_drain_)(struct ol_view_reply *reply); /* the last slice is still being written */
    void (*after_recall_)(struct ol_view_reply *reply);
} ol_view_reply;

/* Zeroed memory of the request's. */
void ol_view_reply_init(ol_view_reply *reply, ol_request *request);
int ol_view_reply_start(ol_view_reply *reply, ol_error *err);
/* The client left. True: the reply has nothing under way any more, and on_done will not run; else it
 * comes with this error. */
bool ol_view_reply_abort(ol_view_reply *reply, const ol_error *err);
void ol_view_reply_close(ol_view_reply *reply);

/* After a failure: the client has the head already. */
bool ol_view_reply_has_begun(const ol_view_reply *reply);
/* After a failure: another source may go on where this one stopped. */
bool ol_view_reply_can_go_on(const ol_view_reply *reply);
/* Close the failed pipeline, once the client has what is being written of its memory; `then` follows,
 * at once or on a later turn, with the source free to be changed. Of a whole entry the bytes that went
 * out are read once more before that, to compare others with; where that fails, on_done comes with
 * the reason instead. */
void ol_view_reply_clear(ol_view_reply *reply, void (*then)(ol_view_reply *reply));

#endif
