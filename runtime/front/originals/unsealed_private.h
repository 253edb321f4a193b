/* SPDX-License-Identifier: MIT */
/* What the files of unsealed.h share. */
#ifndef OL_FRONT_UNSEALED_PRIVATE_H
#define OL_FRONT_UNSEALED_PRIVATE_H

#include "crypto/content/content_stage.h"
#include "front/originals/unsealed.h"
#include "pipeline/pipeline.h"

#define OL_UNSEALED_BLOCK_BYTES OL_VIEW_BLOCK_BYTES
#define OL_UNSEALED_ARENA_BYTES_MAX (4u << 20)

typedef struct ol_unsealed ol_unsealed;

/* ---- unsealed_kept.c: plaintext that was verified, or is about to be ---- */

typedef struct ol_unsealed_kept {
    ol_view_disk *disk;
    ol_view_file *file;    /* NULL: it is one block, in memory */
    uint8_t *block;        /* the one that is being filled, or the only one */
    size_t block_have;
    uint64_t size;         /* of all */
    uint64_t taken;        /* of the disk */
    struct ol_unsealed_store *store; /* a block that is being written */
} ol_unsealed_kept;

/* OL_OK with how many bytes were taken; OL_WAIT: none for now, `cb` runs when there is room again (or
 * with an error); negative: failed. */
int ol_unsealed_keep(ol_unsealed_kept *kept, ol_loop *loop, ol_slice in, size_t *taken,
                     ol_done_cb cb, void *arg, ol_error *err);
/* Nothing more comes. OL_OK, OL_WAIT (cb) or negative. */
int ol_unsealed_keep_end(ol_unsealed_kept *kept, ol_loop *loop, ol_done_cb cb, void *arg,
                         ol_error *err);
/* Wipes. A write that is under way ends by itself; its cb is dropped. */
void ol_unsealed_kept_fini(ol_unsealed_kept *kept);

/* A read of up to a block. Zeroed memory that stays until cb or cancel. */
typedef struct ol_unsealed_load {
    ol_done_cb cb;
    void *arg;
    ol_slice bytes; /* what is there from the offset on; valid until the next load or fini */
    struct ol_unsealed_loading *loading_;
} ol_unsealed_load;
/* OL_OK at once, OL_WAIT or negative. offset < kept->size. */
int ol_unsealed_kept_load(const ol_unsealed_kept *kept, ol_loop *loop, uint64_t offset,
                          ol_unsealed_load *load, ol_error *err);
void ol_unsealed_load_fini(ol_unsealed_load *load);

/* ---- the object ---- */

typedef struct ol_unsealed_wait {
    ol_done_cb cb;
    void *arg;
    struct ol_unsealed_wait *next, **back;
} ol_unsealed_wait;

struct ol_unsealed {
    ol_object base; /* first */
    ol_loop *loop;
    ol_object *sealed;
    ol_opened *opened;
    const ol_client_encryption *rule;
    ol_opened_book *book;
    ol_opened_note note;
    bool keeps_opened;
    ol_object_info info;
    ol_arena *arena; /* headers, and the pass */
    uint64_t object_bytes_max, verify_bytes_max;
    ol_view_disk *spool;
    struct ol_unsealed_reading *reads;
    /* the pass */
    bool verified;   /* the whole was found authentic, here or not long ago */
    ol_segments *segments; /* what it was then; NULL: not known */
    ol_segments *noting;   /* of the pass that runs */
    bool has_kept;   /* `kept` is all of it */
    bool settled;    /* info.size is known */
    bool passing, notifying, closed;
    bool keeps;      /* the pass that runs keeps what it sees */
    ol_pipeline *pass;
    uint64_t passed; /* bytes of plaintext so far */
    const bool *gone;
    ol_error failure; /* of the pass, for good */
    ol_unsealed_wait *waits;
    ol_unsealed_kept kept;
    ol_unsealed_wait settle_wait;
};

/* ---- unsealed_pass.c ---- */

/* May plaintext be given out, of the whole body or of a piece? OL_OK; OL_WAIT: a pass is under way, and
 * `wait` (zeroed, with cb and arg) is called once; negative: it never will. */
int ol_unsealed_ready(ol_unsealed *self, bool whole, ol_unsealed_wait *wait, ol_error *err);
void ol_unsealed_wait_cancel(ol_unsealed_wait *wait);
void ol_unsealed_pass_end(ol_unsealed *self); /* whatever it does; nobody is told */
void ol_unsealed_free(ol_unsealed *self);

/* ---- unsealed_source.c and unsealed_read.c ---- */

int ol_unsealed_body(ol_object *object, ol_byte_range range, ol_arena *arena,
                     const ol_stage_ops **ops, const void **config);
int ol_unsealed_read_at(ol_object *object, uint64_t offset, ol_span span, size_t *got, ol_read_cb cb,
                        void *arg, ol_error *err);
void ol_unsealed_drop_reads(ol_object *object);

/* Headers that say something of the encrypted bytes, or of the encryption. */
bool ol_unsealed_hides(ol_slice name);

#endif
