/* SPDX-License-Identifier: MIT */
/*
 * A regular file under standard input, as much of an original as read_at needs. Reads happen on
 * a thread, into memory of their own, so that closing is legal while one runs.
 */
#ifndef OL_CLI_FILE_OBJECT_H
#define OL_CLI_FILE_OBJECT_H

#include "net/offload.h"
#include "origin/origin.h"

/* `fd` is borrowed and outlives the object and its reads. OL_OK or OL_ENOMEM. The object is freed
 * by origin->ops->close_object, or after the last read that runs then. */
int ol_file_object_new(ol_object **object, int fd, uint64_t size, ol_loop *loop,
                       ol_offload *readers);

#endif
