/* SPDX-License-Identifier: MIT */
/*
 * Bytes on their way from one socket to another that nobody looks at: they lie in a pipe of the
 * kernel's, and splice moves references to their pages, so that nothing is copied.
 *
 * What travels through the server is a slice as any other, but there is no memory where it points
 * to: reading it is a crash, not a leak. So it is handed only to those who said that they can take it
 * (pipeline/stage.h), and in the end to ol_stream_write, which sends it in order.
 *
 * Of one loop, on its thread. A pipe is filled when it is empty, so the slice in flight is all that
 * it holds.
 */
#ifndef OL_NET_PIPE_H
#define OL_NET_PIPE_H

#include <sys/types.h>

#include "base/limits.h"
#include "net/loop.h"

#define OL_PIPE_BYTES (256 * OL_KIB)
/* Less is read into memory: what is small may be gathered, and is cheap to copy. */
#define OL_PIPED_BYTES_MIN (16 * OL_KIB)

typedef struct ol_pipe ol_pipe;
typedef struct ol_pipes ol_pipes;

/* NULL where there can be none now: bytes are copied then. */
ol_pipe *ol_pipe_open(ol_loop *loop);
/* Whatever it still holds is dropped, and a slice of it must not be written any more. NULL is fine. */
void ol_pipe_close(ol_pipe *pipe);

/* Take up to `max` bytes from the socket. As recv with MSG_DONTWAIT. Only when it is empty. */
ssize_t ol_pipe_fill(ol_pipe *pipe, int socket, size_t max);
/* All that it holds. */
ol_slice ol_pipe_slice(const ol_pipe *pipe);
/* The next bytes, into memory: how many, 0 when that failed. */
size_t ol_pipe_read(ol_pipe *pipe, ol_span into);
/* As send with MSG_DONTWAIT, of a slice of the pipe's next bytes. */
ssize_t ol_pipe_send(ol_pipe *pipe, int socket, ol_slice bytes, bool more);

/* The pipe that the slice lies in, or NULL: it is memory. */
ol_pipe *ol_pipe_of(const ol_loop *loop, ol_slice slice);

/* ---- for the loop ---- */

/* Every pipe is closed. NULL is fine. */
void ol_pipes_destroy(ol_pipes *pipes);

#endif
