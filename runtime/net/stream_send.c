/* SPDX-License-Identifier: MIT */
/*
 * Writes that have bytes in stable memory (net/stable_memory.h) or in a pipe (net/pipe.h): sockets are
 * shown those in place (net/page_pipe.h), or given them; what stands before them is sent with MSG_MORE,
 * so that both share segments.
 *
 * When the socket is full the rest waits in parts_. A little of it flies through libuv, whose
 * callback then tells that there is room again for more.
 */
#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>

#include "base/alloc.h"
#include "net/loop_private.h"
#include "net/stable_memory.h"
#include "net/stream_private.h"

#define FLY_BYTES 4096 /* of direct bytes: the price of being told */

static bool is_direct(const ol_stream *stream, ol_slice part)
{
    return ol_stable_memory_has(part) || ol_pipe_of(stream->loop, part);
}

bool ol_stream_is_direct_(const ol_stream *stream, const ol_slice *parts, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (is_direct(stream, parts[i]))
            return true;
    }
    return false;
}

/* What the socket took, or -1 with errno. */
static ssize_t send_one(ol_stream *stream, int fd, ol_slice part, bool more)
{
    ssize_t sent;
    ol_pipe *pipe = ol_pipe_of(stream->loop, part);
    if (pipe)
        return ol_pipe_send(pipe, fd, part, more);
    if (ol_stable_memory_has(part))
        return ol_page_pipe_send(&stream->loop->page_pipe, fd, part, more);
    do {
        sent = send(fd, part.data, part.len, MSG_NOSIGNAL | (more ? MSG_MORE : 0));
    } while (sent < 0 && errno == EINTR);
    return sent;
}

ptrdiff_t ol_stream_send_(ol_stream *stream, const ol_slice *parts, size_t count)
{
    uv_os_fd_t fd;
    if (uv_fileno((const uv_handle_t *)&stream->tcp, &fd) != 0)
        return OL_EPEER;
    ptrdiff_t taken = 0;
    for (size_t i = 0; i < count; i++) {
        if (parts[i].len == 0)
            continue;
        ssize_t sent = send_one(stream, fd, parts[i], i + 1 < count);
        if (sent < 0 && errno != EAGAIN && errno != EWOULDBLOCK) {
            stream->failed_ = true;
            snprintf(stream->reason_, sizeof(stream->reason_), "%s", uv_strerror(-errno));
            ol_stream_update_reading_(stream);
            return OL_EPEER;
        }
        taken += sent > 0 ? sent : 0;
        if (sent < (ssize_t)parts[i].len)
            break;
    }
    return taken;
}

/* A little of a piped part, read into memory. Empty when there is none. */
static ol_slice read_flight(ol_stream *stream, ol_pipe *pipe, ol_slice part)
{
    if (!stream->flight_)
        stream->flight_ = ol_malloc(FLY_BYTES);
    if (!stream->flight_)
        return OL_SLICE_NONE;
    size_t wanted = part.len < FLY_BYTES ? part.len : FLY_BYTES;
    size_t got = ol_pipe_read(pipe, (ol_span){stream->flight_, wanted});
    return ol_slice_of(stream->flight_, got);
}

/* How much of the waiting parts flies: all, unless something direct is among them. 0: no memory. */
static size_t choose_flight(ol_stream *stream, ol_slice *flight)
{
    size_t count = 0;
    while (count < stream->part_count_ && !is_direct(stream, stream->parts_[count])) {
        flight[count] = stream->parts_[count];
        count++;
    }
    if (count > 0)
        return count;
    ol_pipe *pipe = ol_pipe_of(stream->loop, stream->parts_[0]);
    flight[0] = pipe ? read_flight(stream, pipe, stream->parts_[0])
                     : ol_slice_first(stream->parts_[0], FLY_BYTES);
    return flight[0].len > 0 ? 1 : 0;
}

/* Some of the waiting parts take off. */
static int take_off(ol_stream *stream)
{
    ol_slice flight[OL_STREAM_PARTS_MAX];
    size_t count = choose_flight(stream, flight), bytes = 0;
    for (size_t i = 0; i < count; i++)
        bytes += flight[i].len;
    stream->part_count_ =
        (uint8_t)ol_stream_advance_(stream->parts_, stream->part_count_, bytes);
    int rc = count > 0 ? ol_stream_fly_(stream, flight, count) : OL_ENOMEM;
    if (rc != OL_OK) {
        stream->part_count_ = 0;
        return rc;
    }
    stream->waiting_ = true;
    return OL_WAIT;
}

int ol_stream_send_rest_(ol_stream *stream)
{
    ptrdiff_t taken = ol_stream_send_(stream, stream->parts_, stream->part_count_);
    if (taken < 0) {
        stream->part_count_ = 0;
        return (int)taken;
    }
    stream->part_count_ =
        (uint8_t)ol_stream_advance_(stream->parts_, stream->part_count_, (size_t)taken);
    return stream->part_count_ == 0 ? OL_OK : take_off(stream);
}

int ol_stream_write_direct_(ol_stream *stream, const ol_slice *parts, size_t count)
{
    memcpy(stream->parts_, parts, count * sizeof(*parts));
    stream->part_count_ = (uint8_t)count;
    return ol_stream_send_rest_(stream);
}
