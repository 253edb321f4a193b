/* SPDX-License-Identifier: MIT */
#include "net/page_pipe.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/limits.h"

/* What is shown to a socket at once. More saves nothing, and is shown in vain when it is full. */
#define SHOWN_BYTES (256 * OL_KIB)

void ol_page_pipe_init(ol_page_pipe *pipe)
{
    *pipe = (ol_page_pipe){.in = -1, .out = -1};
}

void ol_page_pipe_fini(ol_page_pipe *pipe)
{
    if (pipe->in >= 0)
        close(pipe->in);
    if (pipe->out >= 0)
        close(pipe->out);
    pipe->in = pipe->out = -1;
}

static bool is_open(ol_page_pipe *pipe)
{
    int ends[2];
    if (pipe->in >= 0 || pipe->refused)
        return pipe->in >= 0;
    if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0)
        return false;
    pipe->out = ends[0];
    pipe->in = ends[1];
    /* A user may have had enough of them: then it has fewer places, and takes more turns. */
    (void)fcntl(pipe->in, F_SETPIPE_SZ, (int)SHOWN_BYTES);
    return true;
}

static ssize_t copy(int socket, ol_slice bytes, bool more)
{
    ssize_t sent;
    do {
        sent = send(socket, bytes.data, bytes.len,
                    MSG_NOSIGNAL | MSG_DONTWAIT | (more ? MSG_MORE : 0));
    } while (sent < 0 && errno == EINTR);
    return sent;
}

/* How many of the bytes the pipe shows now; 0: none, ever. */
static size_t show(ol_page_pipe *pipe, ol_slice bytes)
{
    ol_slice first = ol_slice_first(bytes, SHOWN_BYTES);
    struct iovec place = {.iov_base = (void *)first.data, .iov_len = first.len};
    ssize_t shown;
    do {
        shown = vmsplice(pipe->in, &place, 1, SPLICE_F_NONBLOCK);
    } while (shown < 0 && errno == EINTR);
    if (shown > 0)
        return (size_t)shown;
    pipe->refused = errno == ENOSYS || errno == EPERM || errno == EINVAL;
    return 0;
}

/* All that the pipe shows, or as much as the socket takes; the rest is dropped. */
static ssize_t move(ol_page_pipe *pipe, int socket, size_t shown, bool more)
{
    unsigned flags = SPLICE_F_NONBLOCK | SPLICE_F_MOVE | (more ? SPLICE_F_MORE : 0);
    ssize_t moved;
    do {
        moved = splice(pipe->out, NULL, socket, NULL, shown, flags);
    } while (moved < 0 && errno == EINTR);
    if (moved == (ssize_t)shown)
        return moved;
    int code = errno;
    ol_page_pipe_fini(pipe);
    errno = code;
    return moved;
}

ssize_t ol_page_pipe_send(ol_page_pipe *pipe, int socket, ol_slice bytes, bool more)
{
    size_t sent = 0;
    while (sent < bytes.len) {
        ol_slice rest = ol_slice_from(bytes, sent);
        size_t shown = is_open(pipe) ? show(pipe, rest) : 0;
        ssize_t moved = shown > 0 ? move(pipe, socket, shown, more || shown < rest.len)
                                  : copy(socket, rest, more);
        if (moved < 0)
            return sent > 0 ? (ssize_t)sent : -1;
        sent += (size_t)moved;
        if (moved < (ssize_t)(shown > 0 ? shown : rest.len))
            break;
    }
    return (ssize_t)sent;
}
