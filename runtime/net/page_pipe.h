/* SPDX-License-Identifier: MIT */
/*
 * A pipe through which a loop shows pages of its own memory to sockets: vmsplice puts references to
 * the pages into the pipe, splice moves them on into the socket, and nothing is copied. Cheaper than
 * sendfile from a memory file, which looks up and locks each page.
 *
 * One a loop, on its thread. Between two calls the pipe is empty: what a socket did not take is
 * dropped together with the pipe, and never reaches another socket.
 *
 * Only for memory that is not written again while a socket may have it: net/stable_memory.h.
 */
#ifndef OL_NET_PAGE_PIPE_H
#define OL_NET_PAGE_PIPE_H

#include <sys/types.h>

#include "base/slice.h"

typedef struct ol_page_pipe {
    int in, out;  /* the ends, -1: not open */
    bool refused; /* the kernel does not let us */
} ol_page_pipe;

void ol_page_pipe_init(ol_page_pipe *pipe);
void ol_page_pipe_fini(ol_page_pipe *pipe);

/* As send with MSG_DONTWAIT: how much of the bytes the socket took, or -1 with errno. Where there
 * can be no pipe the bytes are copied. */
ssize_t ol_page_pipe_send(ol_page_pipe *pipe, int socket, ol_slice bytes, bool more);

#endif
