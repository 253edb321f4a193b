/* SPDX-License-Identifier: MIT */
/*
 * objlens run --head, --list and --request: a transform's other functions, tried by hand. Blocking.
 */
#ifndef OL_CLI_RUN_ENTRY_H
#define OL_CLI_RUN_ENTRY_H

#include "base/buf.h"
#include "transform/program.h"

typedef struct ol_run_entry {
    enum ol_transform_entry entry;
    ol_program *program; /* borrowed, as all else here */
    ol_slice event;      /* encoded */
    ol_slice key;        /* OL_ENTRY_REQUEST */
    uint32_t chunk_bytes; /* 0: the default */
    int in_fd, out_fd;
} ol_run_entry;

/* Writes the head as lines, the listing, or the original's key. OL_ENOSUCHKEY: request hides the
 * key; OL_EINVAL: there is no such function. */
int ol_run_entry_run(const ol_run_entry *run, ol_error *err);

/* All of a descriptor. OL_OK, OL_ELIMIT (named), OL_ENOMEM or OL_EORIGIN. */
int ol_run_read_all(int fd, ol_buf *out, ol_error *err);

#endif
