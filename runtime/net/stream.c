/* SPDX-License-Identifier: MIT */
/*
 * The socket side of a stream. Writes go to the kernel at once (uv_try_write); only what it
 * does not take is queued, by reference, until the socket drains. TLS is next door.
 */
#include "net/stream_private.h"

#include <assert.h>
#include <errno.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "base/alloc.h"
#include "net/loop_private.h"

void ol_stream_init(ol_stream *stream, ol_loop *loop, const ol_stream_ops *ops, void *arg)
{
    memset(stream, 0, sizeof(*stream));
    stream->loop = loop;
    stream->ops = ops;
    stream->arg = arg;
    int rc = uv_tcp_init(&loop->uv, &stream->tcp); /* cannot fail without a socket */
    assert(rc == 0);
    (void)rc;
    stream->tcp.data = stream;
}

void ol_stream_fail_(ol_stream *stream, int code)
{
    if (stream->failed_ || stream->closing_)
        return;
    stream->failed_ = true;
    ol_stream_update_reading_(stream);
    stream->ops->on_error(stream->arg, code);
}

static void fail_uv(ol_stream *stream, int code, int uv_code)
{
    if (!stream->failed_ && !stream->reason_[0])
        snprintf(stream->reason_, sizeof(stream->reason_), "%s", uv_strerror(uv_code));
    ol_stream_fail_(stream, code);
}

/* ---- reading ---- */

ol_span ol_stream_destination_(ol_stream *stream)
{
    ol_span span = {NULL, 0};
    stream->reading_into_ = NULL;
    if (stream->ops->on_alloc)
        stream->ops->on_alloc(stream->arg, &span);
    if (span.data)
        return span;
    ol_read_buf *buf = ol_read_pool_current(stream->loop->reads, stream->large_reads_);
    if (!buf)
        return span;
    stream->reading_into_ = buf;
    return (ol_span){buf->data, buf->size};
}

void ol_stream_deliver_(ol_stream *stream, ol_slice data)
{
    stream->bytes_in += data.len;
    stream->ops->on_read(stream->arg, data);
    if (stream->wipes_reads_ && stream->reading_into_)
        ol_wipe_slice(data);
    stream->reading_into_ = NULL;
}

void ol_stream_wipe_reads(ol_stream *stream)
{
    stream->wipes_reads_ = true;
}

ol_read_buf *ol_stream_keep(ol_stream *stream)
{
    ol_read_buf *buf = stream->reading_into_;
    stream->reading_into_ = NULL;
    if (buf)
        ol_read_buf_keep(buf);
    return buf;
}

static void on_uv_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *out)
{
    (void)suggested;
    ol_stream *stream = handle->data;
    stream->filling_ = NULL;
    if (!stream->tls_ && stream->ops->on_pipe)
        stream->filling_ = stream->ops->on_pipe(stream->arg, &stream->filling_max_);
    if (stream->filling_) { /* libuv then reads nothing, and says so: see read_piped */
        *out = uv_buf_init(NULL, 0);
        return;
    }
    ol_span span = stream->tls_ ? ol_stream_tls_alloc_(stream) : ol_stream_destination_(stream);
    *out = uv_buf_init((char *)span.data, (unsigned)span.len);
}

static int fd_of(const ol_stream *stream)
{
    uv_os_fd_t fd;
    return uv_fileno((const uv_handle_t *)&stream->tcp, &fd) == 0 ? fd : -1;
}

/* libuv calls it the end of the stream, too, when a reset comes right behind the last bytes. */
static bool was_reset(const ol_stream *stream)
{
    int error = 0;
    socklen_t len = sizeof(error);
    return getsockopt(fd_of(stream), SOL_SOCKET, SO_ERROR, &error, &len) == 0 && error != 0;
}

static void on_uv_eof(ol_stream *stream)
{
    if (was_reset(stream)) {
        fail_uv(stream, OL_EPEER, UV_ECONNRESET);
        return;
    }
    if (stream->tls_) {
        ol_stream_tls_eof_(stream);
        return;
    }
    stream->eof_ = true;
    ol_stream_update_reading_(stream);
    stream->ops->on_eof(stream->arg);
}

/* Too little to be worth a pipe, or to be told from what is gathered: it goes into memory after all. */
static void deliver_read_back(ol_stream *stream, ol_pipe *pipe)
{
    size_t held = ol_pipe_slice(pipe).len, got = 0;
    ol_read_buf *buf = ol_read_pool_current(stream->loop->reads, true);
    if (buf)
        got = ol_pipe_read(pipe, (ol_span){buf->data, buf->size});
    if (got < held) {
        ol_stream_fail_(stream, OL_ENOMEM);
        return;
    }
    stream->reading_into_ = buf;
    ol_stream_deliver_(stream, ol_slice_of(buf->data, got));
}

/* There are bytes, or the end: libuv asked for memory and got none. */
static void read_piped(ol_stream *stream)
{
    ol_pipe *pipe = stream->filling_;
    stream->filling_ = NULL;
    ssize_t got = ol_pipe_fill(pipe, fd_of(stream), stream->filling_max_);
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
        return;
    stream->reading_into_ = NULL;
    if (got < 0)
        fail_uv(stream, OL_EPEER, -errno);
    else if (got == 0)
        on_uv_eof(stream);
    else if ((size_t)got < OL_PIPED_BYTES_MIN)
        deliver_read_back(stream, pipe);
    else
        ol_stream_deliver_(stream, ol_pipe_slice(pipe));
}

static void on_uv_read(uv_stream_t *handle, ssize_t len, const uv_buf_t *buf)
{
    ol_stream *stream = handle->data;
    if (stream->closing_ || len == 0)
        return;
    if (len == UV_ENOBUFS && stream->filling_)
        read_piped(stream);
    else if (len == UV_EOF)
        on_uv_eof(stream);
    else if (len == UV_ENOBUFS)
        ol_stream_fail_(stream, OL_ENOMEM);
    else if (len < 0)
        fail_uv(stream, OL_EPEER, (int)len);
    else if (stream->tls_)
        ol_stream_tls_read_(stream, ol_slice_of(buf->base, (size_t)len));
    else
        ol_stream_deliver_(stream, ol_slice_of(buf->base, (size_t)len));
}

void ol_stream_update_reading_(ol_stream *stream)
{
    bool dead = stream->closing_ || stream->failed_ || stream->eof_ || !stream->connected_;
    bool wanted = !stream->open_ || (stream->reading_ && !stream->tls_more_);
    bool want = !dead && wanted;
    if (want == stream->socket_reading_)
        return;
    stream->socket_reading_ = want;
    if (!want)
        uv_read_stop((uv_stream_t *)&stream->tcp);
    else
        uv_read_start((uv_stream_t *)&stream->tcp, on_uv_alloc, on_uv_read);
}

void ol_stream_read_start(ol_stream *stream)
{
    stream->reading_ = true;
    if (stream->tls_more_)
        ol_stream_tls_resume_(stream);
    else
        ol_stream_update_reading_(stream);
}

void ol_stream_read_stop(ol_stream *stream)
{
    stream->reading_ = false;
    ol_stream_update_reading_(stream);
}

void ol_stream_read_large(ol_stream *stream, bool large)
{
    stream->large_reads_ = large;
}

/* ---- writing ---- */

size_t ol_stream_advance_(ol_slice *parts, size_t parts_count, size_t count)
{
    size_t done = 0;
    while (done < parts_count && count >= parts[done].len)
        count -= parts[done++].len;
    if (done < parts_count)
        parts[done] = ol_slice_from(parts[done], count);
    memmove(parts, parts + done, (parts_count - done) * sizeof(*parts));
    return parts_count - done;
}

static void to_uv(uv_buf_t *bufs, const ol_slice *parts, size_t count)
{
    for (size_t i = 0; i < count; i++)
        bufs[i] = uv_buf_init((char *)parts[i].data, (unsigned)parts[i].len);
}

ptrdiff_t ol_stream_try_(ol_stream *stream, const ol_slice *parts, size_t count)
{
    uv_buf_t bufs[OL_STREAM_PARTS_MAX];
    to_uv(bufs, parts, count);
    int rc = uv_try_write((uv_stream_t *)&stream->tcp, bufs, (unsigned)count);
    if (rc == UV_EAGAIN)
        return 0;
    if (rc >= 0)
        return rc;
    stream->failed_ = true;
    snprintf(stream->reason_, sizeof(stream->reason_), "%s", uv_strerror(rc));
    ol_stream_update_reading_(stream);
    return OL_EPEER;
}

/* A plain write of ours is through, or a piece of a direct one. */
static void on_landed(ol_stream *stream)
{
    int rc = stream->part_count_ > 0 ? ol_stream_send_rest_(stream) : OL_OK;
    if (rc == OL_WAIT)
        return;
    if (rc != OL_OK) {
        stream->failed_ = false; /* let it be told once */
        ol_stream_fail_(stream, rc);
        return;
    }
    stream->waiting_ = false;
    if (stream->shut_)
        ol_stream_fin_(stream);
    stream->ops->on_drain(stream->arg);
}

static void on_uv_written(uv_write_t *req, int status)
{
    ol_stream *stream = req->data;
    stream->flying_ = false;
    if (stream->closing_)
        return;
    if (status != 0) {
        fail_uv(stream, OL_EPEER, status);
        return;
    }
    if (stream->tls_) {
        ol_stream_tls_written_(stream);
        return;
    }
    on_landed(stream);
}

int ol_stream_fly_(ol_stream *stream, const ol_slice *parts, size_t count)
{
    uv_buf_t bufs[OL_STREAM_PARTS_MAX];
    to_uv(bufs, parts, count);
    stream->write_req_.data = stream;
    int rc = uv_write(&stream->write_req_, (uv_stream_t *)&stream->tcp, bufs, (unsigned)count,
                      on_uv_written);
    if (rc != 0) {
        stream->failed_ = true;
        ol_stream_update_reading_(stream);
        return rc == UV_ENOMEM ? OL_ENOMEM : OL_EPEER;
    }
    stream->flying_ = true;
    return OL_OK;
}

int ol_stream_write(ol_stream *stream, const ol_slice *parts, size_t count)
{
    assert(count <= OL_STREAM_PARTS_MAX && !stream->closing_ && !stream->shut_);
    assert(!stream->waiting_);
    if (stream->failed_)
        return OL_EPEER;
    assert(stream->open_);
    for (size_t i = 0; i < count; i++)
        stream->bytes_out += parts[i].len;
    if (stream->tls_)
        return ol_stream_tls_write_(stream, parts, count);
    if (ol_stream_is_direct_(stream, parts, count))
        return ol_stream_write_direct_(stream, parts, count);

    ptrdiff_t taken = ol_stream_try_(stream, parts, count);
    if (taken < 0)
        return (int)taken;
    ol_slice rest[OL_STREAM_PARTS_MAX];
    memcpy(rest, parts, count * sizeof(*parts));
    count = ol_stream_advance_(rest, count, (size_t)taken);
    if (count == 0)
        return OL_OK;
    int rc = ol_stream_fly_(stream, rest, count);
    if (rc != OL_OK)
        return rc;
    stream->waiting_ = true;
    return OL_WAIT;
}

bool ol_stream_takes_piped(const ol_stream *stream)
{
    return !stream->tls_ && stream->open_;
}

bool ol_stream_write_waits(const ol_stream *stream)
{
    return stream->waiting_;
}

bool ol_stream_is_flushed(const ol_stream *stream)
{
    return !stream->flying_ && !stream->waiting_;
}

uint64_t ol_stream_unsent(ol_stream *stream)
{
    int in_socket = 0;
    if (ioctl(fd_of(stream), SIOCOUTQ, &in_socket) != 0 || in_socket < 0)
        in_socket = 0;
    uint64_t waiting = uv_stream_get_write_queue_size((uv_stream_t *)&stream->tcp);
    for (size_t i = 0; i < stream->part_count_; i++)
        waiting += stream->parts_[i].len;
    return waiting + (uint64_t)in_socket;
}

/* ---- beginning ---- */

int ol_stream_accept(ol_stream *stream, uv_stream_t *listener, const ol_tls *tls)
{
    if (uv_accept(listener, (uv_stream_t *)&stream->tcp) != 0)
        return OL_EPEER;
    stream->connected_ = true;
    uv_tcp_nodelay(&stream->tcp, 1);
    if (!tls) {
        stream->open_ = true;
        return OL_OK;
    }
    int rc = ol_stream_tls_begin_(stream, tls, NULL);
    if (rc != OL_OK)
        return rc;
    ol_stream_update_reading_(stream);
    return OL_OK;
}

static void on_uv_connect(uv_connect_t *req, int status)
{
    ol_stream *stream = req->data;
    if (stream->closing_)
        return;
    if (status != 0) {
        fail_uv(stream, OL_EUNAVAILABLE, status);
        return;
    }
    stream->connected_ = true;
    uv_tcp_nodelay(&stream->tcp, 1);
    if (stream->tls_) {
        ol_stream_tls_connected_(stream);
        return;
    }
    stream->open_ = true;
    ol_stream_update_reading_(stream);
    if (stream->ops->on_open)
        stream->ops->on_open(stream->arg);
}

int ol_stream_connect(ol_stream *stream, const struct sockaddr *address, const ol_tls *tls,
                      const char *host)
{
    if (tls) {
        int rc = ol_stream_tls_begin_(stream, tls, host);
        if (rc != OL_OK)
            return rc;
    }
    stream->req_.connect.data = stream;
    int rc = uv_tcp_connect(&stream->req_.connect, &stream->tcp, address, on_uv_connect);
    return rc == 0 ? OL_OK : OL_EUNAVAILABLE;
}

/* ---- ending ---- */

static void on_uv_shutdown(uv_shutdown_t *req, int status)
{
    (void)req; /* a peer that is gone shows on reading */
    (void)status;
}

void ol_stream_fin_(ol_stream *stream)
{
    if (stream->shut_done_ || stream->failed_ || stream->closing_)
        return;
    stream->shut_done_ = true;
    uv_shutdown(&stream->req_.shutdown, (uv_stream_t *)&stream->tcp, on_uv_shutdown);
}

void ol_stream_shutdown(ol_stream *stream)
{
    if (stream->shut_ || stream->failed_)
        return;
    stream->shut_ = true;
    if (stream->tls_)
        ol_stream_tls_shutdown_(stream);
    else if (stream->part_count_ == 0)
        ol_stream_fin_(stream); /* else when they are through */
}

void ol_stream_closed_(ol_stream *stream)
{
    if (!stream->handle_gone_ || stream->pump_posted_)
        return;
    ol_stream_tls_end_(stream);
    ol_free(stream->flight_);
    stream->flight_ = NULL;
    stream->on_closed(stream->arg);
}

static void on_uv_closed(uv_handle_t *handle)
{
    ol_stream *stream = handle->data;
    stream->handle_gone_ = true;
    ol_stream_closed_(stream);
}

void ol_stream_close(ol_stream *stream, void (*on_closed)(void *arg))
{
    assert(!stream->closing_);
    stream->closing_ = true;
    stream->on_closed = on_closed;
    uv_close((uv_handle_t *)&stream->tcp, on_uv_closed);
}

void ol_stream_abort(ol_stream *stream, void (*on_closed)(void *arg))
{
    int fd = fd_of(stream);
    struct linger reset = {.l_onoff = 1, .l_linger = 0};
    if (fd >= 0)
        setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
    ol_stream_close(stream, on_closed);
}

/* ---- telling ---- */

void ol_stream_peer(const ol_stream *stream, char *text, size_t size)
{
    struct sockaddr_storage address;
    int len = sizeof(address);
    text[0] = '\0';
    if (uv_tcp_getpeername(&stream->tcp, (struct sockaddr *)&address, &len) != 0)
        return;
    if (address.ss_family == AF_INET) {
        uv_ip4_name((const struct sockaddr_in *)&address, text, size);
        return;
    }
    const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)&address;
    if (IN6_IS_ADDR_V4MAPPED(&six->sin6_addr))
        uv_inet_ntop(AF_INET, &six->sin6_addr.s6_addr[12], text, size);
    else
        uv_ip6_name(six, text, size);
}

const char *ol_stream_reason(const ol_stream *stream)
{
    return stream->reason_;
}
