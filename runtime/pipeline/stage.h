/* SPDX-License-Identifier: MIT */
/*
 * The stage contract: the one shape in which a body travels.
 *
 * A pipeline is a chain of stages, the source (an origin's body, an upload, a file) at its
 * head, a sink (the HTTP response, the store, a counter) at its tail. Data is pushed down;
 * demand travels up. One slice is in flight between two stages, so no stage needs a queue.
 * Everything runs on the pipeline's loop.
 *
 * The calls on a stage, in order:
 *   open    once, source first, before any head; makes the state ready. OL_SKIP leaves the
 *           stage out of the chain (close is then not called).
 *   head    once: status, length and headers of what will follow. The stage may change them,
 *           and passes them on with ol_stage_head() now or later, but before its first write
 *           (the struct is borrowed until head returns: to pass it on later, copy it; what the
 *           headers point to is arena memory). OL_OK or an error.
 *           Whoever changes bytes settles Content-Length, ETag and checksums here.
 *   write   any number of times, after head. Borrows `in` until it returns. OL_OK: consumed.
 *           OL_WAIT: `in` is kept and stays valid until the stage calls ol_stage_ready();
 *           upstream writes nothing until then. Negative: failed (err says why).
 *   finish  once, only after everything went well; never while a write waits. The stage may
 *           still be busy; it calls ol_stage_finish() on its own when its output is complete.
 *           It may also call that before its input has ended: then it is given nothing more, a
 *           write from above just waits (for good), and the sink's end ends the pipeline.
 *   resume  the stage below is ready again after a write that returned OL_WAIT (or the
 *           source is asked to begin). NULL: the call is handed on to the stage above,
 *           which is right when the wait was only passed on; a stage that writes on its own,
 *           from finish or from a callback, needs one.
 *   close   once for every opened stage, whatever happened, tail first. Frees everything
 *           that is not arena memory. After it no callback of this stage may run.
 *
 * The first error is latched: no stage is called again but for close, and the pipeline's
 * done callback carries it. A stage fails asynchronously by ol_stage_fail(). A stage whose
 * call below returned an error returns it unchanged and does nothing more.
 *
 * ol_stage_ready() may call resume, and through it this stage's own write, before it returns:
 * call it last. It is illegal inside the write that will return OL_WAIT.
 */
#ifndef OL_PIPELINE_STAGE_H
#define OL_PIPELINE_STAGE_H

#include "http/headers.h"
#include "net/loop.h"

typedef struct ol_pipeline ol_pipeline;
typedef struct ol_stage ol_stage;

enum ol_phase {
    OL_PHASE_SOURCE,
    OL_PHASE_VERIFY,
    OL_PHASE_DECRYPT,
    OL_PHASE_DECOMPRESS,
    OL_PHASE_TRANSFORM,
    OL_PHASE_RANGE,
    OL_PHASE_CHECKSUM,
    OL_PHASE_SINK
};

/* What is said about a body before its first byte. */
typedef struct ol_head {
    int status;             /* 200 unless a stage says otherwise */
    int64_t content_length; /* -1: not known */
    ol_headers headers;     /* content-type, etag, last-modified, x-amz-meta-…, … */
} ol_head;

typedef struct ol_stage_ops {
    const char *name;
    enum ol_phase phase;
    size_t state_size; /* zeroed arena memory at st->state */
    int (*open)(ol_stage *st, ol_error *err);
    int (*head)(ol_stage *st, ol_head *head, ol_error *err); /* NULL: handed on */
    int (*write)(ol_stage *st, ol_slice in, ol_error *err);  /* NULL only for a source */
    int (*finish)(ol_stage *st, ol_error *err);              /* NULL: handed on */
    void (*resume)(ol_stage *st);
    /* Optional: offer memory into which the stage above may read its next bytes, to save a
     * copy. OL_OK with a span valid until the next write, or OL_SKIP when there is none now.
     * A following write whose slice starts at span.data is that memory, filled. */
    int (*reserve)(ol_stage *st, ol_span *span);
    /* Optional: whether what is written to this stage may lie in a pipe (net/pipe.h), now. A
     * stage that only counts, and looks at no byte, puts ol_stage_takes_piped here. */
    bool (*takes_piped)(ol_stage *st);
    void (*close)(ol_stage *st);
} ol_stage_ops;

struct ol_stage {
    const ol_stage_ops *ops;
    void *state;        /* ops->state_size bytes, this request's */
    const void *config; /* as given to ol_pipeline_add; outlives the pipeline */
    ol_pipeline *pipeline;
    ol_stage *up;   /* towards the source */
    ol_stage *down; /* towards the sink */
    /* For the access log. A stage may add to its time what others spent for it; what it spent
     * itself is added when the pipeline is done. */
    uint64_t calls, bytes_in, bytes_out, busy_ns;
    uint64_t busy_ticks_; /* not added yet */
    /* Kept by the pipeline, for its assertions: was opened, got the head, passed it on, waits
     * (its last write returned OL_WAIT), its input ended, its output is complete. */
    /* Set by a stage that may fail on its own, before a write after which it cannot any more:
     * these bytes are its last, and finish follows. */
    bool last_write;
    bool opened_, headed_, head_out_, waiting_, ended_, finished_;
};

/* ---- what a stage calls ---- */

/* Hand the head to the stage below. The head is frozen when the sink has passed it on. */
int ol_stage_head(ol_stage *st, ol_head *head, ol_error *err);
/* Instead of ol_stage_head, when the stage below needs none because it goes on with what an
 * earlier pipeline began (replay_stage.h). Its head op is not called. */
void ol_stage_head_known(ol_stage *st);
/* Hand bytes to the stage below: its result, or the latched error. Nothing is called for an
 * empty slice. OL_ECANCELED once the sink is complete. */
int ol_stage_write(ol_stage *st, ol_slice out, ol_error *err);
/* My output is complete. */
int ol_stage_finish(ol_stage *st, ol_error *err);
/* I can take more: after I returned OL_WAIT from write. */
void ol_stage_ready(ol_stage *st);
/* Latch this error; the pipeline's done callback follows on a later turn. */
void ol_stage_fail(ol_stage *st, const ol_error *err);
/* Memory offered by the stage below; OL_SKIP when it has none to offer. */
int ol_stage_reserve(ol_stage *st, ol_span *span);
/* The stages below take slices that lie in a pipe. */
bool ol_stage_takes_piped(ol_stage *st);
ol_arena *ol_stage_arena(ol_stage *st);
ol_loop *ol_stage_loop(ol_stage *st);
/* True once an error is latched, the sink is complete, or the pipeline is being closed. */
bool ol_stage_is_over(const ol_stage *st);

#endif
