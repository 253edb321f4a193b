/* SPDX-License-Identifier: MIT */
/*
 * Standard input as the source of a pipeline: pipe, terminal or file. What the kernel has at hand is
 * read at once, for the rest there is a thread, so that the loop never waits. The struct outlives the
 * pipeline, because a read may.
 */
#ifndef OL_CLI_STDIN_STAGE_H
#define OL_CLI_STDIN_STAGE_H

#include "net/offload.h"
#include "pipeline/stage.h"

typedef struct ol_stdin {
    int fd;
    int64_t size;       /* of a regular file; -1: not known */
    ol_loop *loop;
    ol_offload *readers;
    /* A read that the closed pipeline had left behind is over. */
    void (*on_idle)(void *arg);
    void *arg;
    /* private */
    ol_stage *stage; /* NULL: closed */
    uint8_t *buffer;
    int wake_fd; /* ends a read that waits */
    ol_task task;
    const uint8_t *bytes; /* of the last read: `buffer`, or memory of the stage below */
    size_t got;
    int failure; /* errno of the last read, or 0 */
    bool headed, reading;
} ol_stdin;

/* The fields above "private" are set. OL_OK or OL_ENOMEM. */
int ol_stdin_init(ol_stdin *in);
/* Not while it is reading. */
void ol_stdin_fini(ol_stdin *in);

/* config of the stage = ol_stdin *. */
extern const ol_stage_ops ol_stdin_stage_ops;

#endif
