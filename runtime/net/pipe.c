/* SPDX-License-Identifier: MIT */
/*
 * Each pipe of a loop has a window of address space that is never mapped to memory: by it a slice is
 * known. Empty pipes are kept for the next body; one that is closed with bytes in it is closed for
 * good.
 */
#include "net/pipe.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/alloc.h"
#include "net/loop_private.h"

#define PIPES_MAX 256u /* of a loop: two descriptors each */
#define DESCRIPTORS_PER_PIPE 16u /* that the process may have, for each of its pipes: connections come first */
#define KEPT_MAX 16u   /* open and unused */

static atomic_uint process_pipes; /* open, those of all loops */

struct ol_pipe {
    ol_pipes *home;
    ol_pipe *next; /* in home->kept or home->closed */
    int in, out;   /* the ends; -1: closed */
    size_t start, held; /* what of the window its bytes stand for */
};

struct ol_pipes {
    uint8_t *windows;
    ol_pipe all[PIPES_MAX];
    unsigned used; /* how many of them ever were open */
    unsigned process_max;
    ol_pipe *kept, *closed;
    unsigned kept_count, open_count;
};

/* ---- all of a loop's ---- */

static unsigned process_pipes_max(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return 1;
    rlim_t max = limit.rlim_cur / DESCRIPTORS_PER_PIPE;
    return max < UINT_MAX ? (unsigned)max : UINT_MAX;
}

static ol_pipes *pipes_new(void)
{
    ol_pipes *pipes = ol_calloc(1, sizeof(*pipes));
    if (!pipes)
        return NULL;
    void *windows = mmap(NULL, PIPES_MAX * (size_t)OL_PIPE_BYTES, PROT_NONE,
                         MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (windows == MAP_FAILED) {
        ol_free(pipes);
        return NULL;
    }
    pipes->windows = windows;
    pipes->process_max = process_pipes_max();
    return pipes;
}

static void close_ends(ol_pipe *pipe)
{
    close(pipe->in);
    close(pipe->out);
    pipe->in = pipe->out = -1;
    pipe->home->open_count--;
    atomic_fetch_sub_explicit(&process_pipes, 1, memory_order_relaxed);
    pipe->next = pipe->home->closed;
    pipe->home->closed = pipe;
}

static ol_pipe *take_kept(ol_pipes *pipes)
{
    ol_pipe *pipe = pipes->kept;
    if (!pipe)
        return NULL;
    pipes->kept = pipe->next;
    pipes->kept_count--;
    return pipe;
}

void ol_pipes_destroy(ol_pipes *pipes)
{
    if (!pipes)
        return;
    for (ol_pipe *pipe = take_kept(pipes); pipe; pipe = take_kept(pipes))
        close_ends(pipe);
    assert(pipes->open_count == 0);
    munmap(pipes->windows, PIPES_MAX * (size_t)OL_PIPE_BYTES);
    ol_free(pipes);
}

/* ---- one ---- */

static uint8_t *window_of(const ol_pipe *pipe)
{
    return pipe->home->windows + (size_t)(pipe - pipe->home->all) * OL_PIPE_BYTES;
}

static bool process_may_open(const ol_pipes *pipes)
{
    if (atomic_fetch_add_explicit(&process_pipes, 1, memory_order_relaxed) < pipes->process_max)
        return true;
    atomic_fetch_sub_explicit(&process_pipes, 1, memory_order_relaxed);
    return false;
}

/* A small one (a user may have had enough of them) is of little use. */
static bool open_ends(ol_pipe *pipe)
{
    int ends[2];
    if (!process_may_open(pipe->home))
        return false;
    if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) {
        atomic_fetch_sub_explicit(&process_pipes, 1, memory_order_relaxed);
        return false;
    }
    pipe->out = ends[0];
    pipe->in = ends[1];
    pipe->home->open_count++;
    return fcntl(pipe->in, F_SETPIPE_SZ, (int)OL_PIPE_BYTES) >= (int)OL_PIPE_BYTES;
}

static ol_pipe *take_closed(ol_pipes *pipes)
{
    ol_pipe *pipe = pipes->closed;
    if (pipe)
        pipes->closed = pipe->next;
    else if (pipes->used < PIPES_MAX)
        pipe = &pipes->all[pipes->used++];
    if (!pipe)
        return NULL;
    *pipe = (ol_pipe){.home = pipes, .in = -1, .out = -1};
    return pipe;
}

static ol_pipe *open_new(ol_pipes *pipes)
{
    ol_pipe *pipe = take_closed(pipes);
    if (!pipe || open_ends(pipe))
        return pipe;
    if (pipe->in >= 0) {
        close_ends(pipe);
        return NULL;
    }
    pipe->next = pipes->closed;
    pipes->closed = pipe;
    return NULL;
}

ol_pipe *ol_pipe_open(ol_loop *loop)
{
    assert(ol_loop_is_current(loop));
    if (!loop->pipes)
        loop->pipes = pipes_new();
    if (!loop->pipes)
        return NULL;
    ol_pipe *pipe = take_kept(loop->pipes);
    return pipe ? pipe : open_new(loop->pipes);
}

void ol_pipe_close(ol_pipe *pipe)
{
    if (!pipe)
        return;
    ol_pipes *pipes = pipe->home;
    if (pipe->held > 0 || pipes->kept_count >= KEPT_MAX) {
        pipe->held = 0;
        close_ends(pipe);
        return;
    }
    pipe->next = pipes->kept;
    pipes->kept = pipe;
    pipes->kept_count++;
}

/* ---- bytes ---- */

static ssize_t move(int from, int to, size_t max, unsigned more)
{
    ssize_t moved;
    do {
        moved = splice(from, NULL, to, NULL, max, SPLICE_F_NONBLOCK | SPLICE_F_MOVE | more);
    } while (moved < 0 && errno == EINTR);
    return moved;
}

static void took(ol_pipe *pipe, size_t count)
{
    pipe->start += count;
    pipe->held -= count;
}

ssize_t ol_pipe_fill(ol_pipe *pipe, int socket, size_t max)
{
    assert(pipe->held == 0 && pipe->in >= 0);
    ssize_t moved = move(socket, pipe->in, max < OL_PIPE_BYTES ? max : OL_PIPE_BYTES, 0);
    pipe->start = 0;
    pipe->held = moved > 0 ? (size_t)moved : 0;
    return moved;
}

ol_slice ol_pipe_slice(const ol_pipe *pipe)
{
    return ol_slice_of(window_of(pipe) + pipe->start, pipe->held);
}

size_t ol_pipe_read(ol_pipe *pipe, ol_span into)
{
    ssize_t got;
    size_t wanted = into.len < pipe->held ? into.len : pipe->held;
    do {
        got = read(pipe->out, into.data, wanted);
    } while (got < 0 && errno == EINTR);
    if (got <= 0)
        return 0;
    took(pipe, (size_t)got);
    return (size_t)got;
}

ssize_t ol_pipe_send(ol_pipe *pipe, int socket, ol_slice bytes, bool more)
{
    size_t sent = 0;
    assert(bytes.data == window_of(pipe) + pipe->start && bytes.len <= pipe->held);
    while (sent < bytes.len) {
        ssize_t moved = move(pipe->out, socket, bytes.len - sent, more ? SPLICE_F_MORE : 0);
        if (moved <= 0)
            return sent > 0 || moved == 0 ? (ssize_t)sent : -1;
        took(pipe, (size_t)moved);
        sent += (size_t)moved;
    }
    return (ssize_t)sent;
}

ol_pipe *ol_pipe_of(const ol_loop *loop, ol_slice slice)
{
    ol_pipes *pipes = loop->pipes;
    if (!pipes)
        return NULL;
    uintptr_t at = (uintptr_t)slice.data, base = (uintptr_t)pipes->windows;
    if (at < base || at - base >= PIPES_MAX * (size_t)OL_PIPE_BYTES)
        return NULL;
    return &pipes->all[(at - base) / OL_PIPE_BYTES];
}
