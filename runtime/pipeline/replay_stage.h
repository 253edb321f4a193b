/* SPDX-License-Identifier: MIT */
/*
 * Stands before the sink, remembers what was sent, and lets the same body be run again from its
 * beginning without the client noticing.
 *
 * First run: everything passes; the record keeps the number of bytes, their running digest and
 * the digest of the head. When the run failed for no fault of its own (its host died), the
 * caller closes that pipeline and builds a second one like it, with the same record:
 *
 * - If no byte had been passed on, the second run starts afresh, head included. (A sink sends its
 *   head with its first byte; one that does so earlier sets `head_sent`.)
 * - Otherwise head and bytes are compared with the record, and swallowed, up to the byte where
 *   the first run stopped; from there they pass. A different head, different bytes, or an end
 *   before that point fail with OL_EDIVERGED, and nothing more is sent. The sink of the second
 *   run is given no head.
 *
 * The last bytes of a transform that is done already are passed on without a digest (they are cold
 * in the cache, and a second run cannot be needed); a run against such a record diverges.
 *
 * A source that can bring the same bytes a second time, and is itself never changed, need not pay for
 * the digest: its record is `recallable`, and only counts what is passed on. Should the run break off
 * after all, the bytes so far are first recalled from that source into ol_replay_recall_ops; without
 * that nothing can go on behind them.
 *
 * A slice that the sink kept (OL_WAIT) counts as sent: before the first pipeline is closed, let
 * the sink have it wholly. A record serves any number of runs, one at a time.
 *
 * The digest protects against mistakes and nondeterminism, not against a forger: a transform
 * that diverges on purpose only harms its own response.
 */
#ifndef OL_PIPELINE_REPLAY_STAGE_H
#define OL_PIPELINE_REPLAY_STAGE_H

#include "pipeline/stage.h"

#define OL_REPLAY_DIGEST_BYTES 16
#define OL_REPLAY_HASH_BYTES 640

typedef struct ol_replay {
    uint64_t bytes; /* passed to the sink so far, all runs */
    bool head_sent; /* the client has the head */
    bool sealed;    /* the last bytes were passed on when nothing could fail any more */
    bool recallable; /* set before a first run, and while it lasts */
    uint64_t recalled_;
    uint8_t head_digest_[OL_REPLAY_DIGEST_BYTES];
    uint8_t hash_[OL_REPLAY_HASH_BYTES]; /* running digest of those bytes */
} ol_replay;

/* Before the first run. The record is the caller's, outlives the pipelines and must not be
 * moved. There is nothing to free. */
void ol_replay_init(ol_replay *replay);

/* config = ol_replay * */
extern const ol_stage_ops ol_replay_stage_ops;
/* A sink for the first `bytes` of the body, once more from where they came, after a recallable run;
 * the record is an ordinary one afterwards. config = ol_replay * */
extern const ol_stage_ops ol_replay_recall_ops;

#endif
