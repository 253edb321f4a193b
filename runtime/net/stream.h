/* SPDX-License-Identifier: MIT */
/*
 * A byte stream over TCP, plain or TLS, that lives on one loop. It is embedded in its owner.
 *
 * Life: init → accept or connect → on_open (once the stream can carry bytes; TLS: once the
 * handshake is done) → reads and writes → close or abort → the closed callback, after which
 * the memory may be reused. Callbacks never run from inside a call of the owner into the same
 * stream, and never after close or abort, the closed callback excepted.
 */
#ifndef OL_NET_STREAM_H
#define OL_NET_STREAM_H

#include "base/buf.h"
#include "net/loop.h"
#include "net/pipe.h"
#include "net/read_pool.h"
#include "net/tls.h"

#define OL_STREAM_PARTS_MAX 4

struct ol_tls_session;
typedef struct ol_stream ol_stream;

typedef struct ol_stream_ops {
    /* After connect, and after any TLS handshake: bytes can be written now. May be NULL. */
    void (*on_open)(void *arg);
    /* Bytes from the peer, borrowed until it returns; see ol_stream_keep. */
    void (*on_read)(void *arg, ol_slice data);
    /* Optional: set *span to memory of your own for the next read; leave it for ours. */
    void (*on_alloc)(void *arg, ol_span *span);
    /* Optional, of plain streams: an empty pipe for the next read, of *max bytes at most. What
     * on_read is then given may lie in it (net/pipe.h). NULL: the read goes into memory. */
    ol_pipe *(*on_pipe)(void *arg, size_t *max);
    /* The peer has ended its direction properly; writing is still possible. Once. */
    void (*on_eof)(void *arg);
    /* A write that returned OL_WAIT has been taken wholly. */
    void (*on_drain)(void *arg);
    /* The stream broke: OL_EPEER, OL_EPROTOCOL (TLS), OL_EUNAVAILABLE (could not connect),
     * OL_ENOMEM. Once; only close or abort are legal afterwards. */
    void (*on_error)(void *arg, int code);
} ol_stream_ops;

struct ol_stream {
    uv_tcp_t tcp;
    ol_loop *loop;
    const ol_stream_ops *ops;
    void *arg;
    void (*on_closed)(void *arg);
    uint64_t bytes_in, bytes_out; /* plain bytes; out: handed to the socket or its queue */

    /* private */
    uv_write_t write_req_;
    union {
        uv_connect_t connect;
        uv_shutdown_t shutdown;
    } req_;
    struct ol_tls_session *tls_;
    ol_read_buf *reading_into_; /* lent to the read now being delivered */
    ol_pipe *filling_;          /* where the next read goes; NULL: into memory */
    size_t filling_max_;
    uint8_t *flight_;           /* piped bytes that fly, FLY_BYTES of them; NULL: none ever did */
    bool large_reads_, reading_, socket_reading_, connected_, open_;
    bool wipes_reads_;
    bool flying_;  /* the socket has a write of ours */
    bool waiting_; /* the owner waits for on_drain */
    bool shut_, shut_done_, eof_, failed_, closing_, handle_gone_;
    bool pump_posted_;
    bool tls_more_; /* there may be plain bytes left in cipher_in_ or in OpenSSL */
    uint8_t part_count_;
    uint8_t gathering_;                   /* index into cipher_out_; the other one flies */
    ol_slice parts_[OL_STREAM_PARTS_MAX]; /* the rest of a waiting write that is not in flight */
    ol_buf cipher_in_;                    /* TLS: came while the reader had stopped */
    ol_buf cipher_out_[2];
    ol_post pump_post_;
    char reason_[80];
};

/* From here on it must be closed (or aborted) in the end, whatever accept or connect said. */
void ol_stream_init(ol_stream *stream, ol_loop *loop, const ol_stream_ops *ops, void *arg);
/* Take a connection from a listener. `tls` NULL: plain, and the stream is open at once. */
int ol_stream_accept(ol_stream *stream, uv_stream_t *listener, const ol_tls *tls);
/* on_open or on_error follows. `host` is what a TLS certificate must be for. */
int ol_stream_connect(ol_stream *stream, const struct sockaddr *address, const ol_tls *tls,
                      const char *host);

/* Reading is off at first. Stopping takes effect at once, inside on_read as well. */
void ol_stream_read_start(ol_stream *stream);
void ol_stream_read_stop(ol_stream *stream);
/* Whether reads should be large (bodies) or small (heads). */
void ol_stream_read_large(ol_stream *stream, bool large);
/* What was read is overwritten behind on_read, unless it was kept: it bears secrets. Of what comes
 * through TLS see ol_tls_client_cleanse too. */
void ol_stream_wipe_reads(ol_stream *stream);
/* Only inside on_read: own the memory of `data` from now on. NULL when it came from on_alloc
 * (it is yours anyway). Give it back with ol_read_buf_release. */
ol_read_buf *ol_stream_keep(ol_stream *stream);

/* Up to OL_STREAM_PARTS_MAX slices, in order. OL_OK: taken wholly. OL_WAIT: the bytes must stay
 * valid until on_drain (or close), and no other write is legal before it. Negative: the stream
 * broke; on_error does not follow for it. */
int ol_stream_write(ol_stream *stream, const ol_slice *parts, size_t count);
/* True between an OL_WAIT and its on_drain. */
bool ol_stream_write_waits(const ol_stream *stream);
/* The socket has taken everything that was written. */
bool ol_stream_is_flushed(const ol_stream *stream);
/* Bytes of ours that the peer has not acknowledged yet: queue and socket. A system call. */
uint64_t ol_stream_unsent(ol_stream *stream);

/* After the last write: say close_notify (TLS), then FIN. Reading goes on. */
void ol_stream_shutdown(ol_stream *stream);
/* `on_closed` on a later turn. What the socket holds is still delivered. */
void ol_stream_close(ol_stream *stream, void (*on_closed)(void *arg));
/* As close, but the peer gets a reset and no close_notify: it can see that something is missing. */
void ol_stream_abort(ol_stream *stream, void (*on_closed)(void *arg));

/* Address without port, "" when unknown; IPv4 in IPv6 is shown as IPv4. */
void ol_stream_peer(const ol_stream *stream, char *text, size_t size);
/* Written bytes may lie in a pipe. */
bool ol_stream_takes_piped(const ol_stream *stream);
/* Who the peer is by TLS, as long as the stream is open; NULL when it is plain. */
const ol_tls_peer *ol_stream_tls_peer(const ol_stream *stream);
/* Why it broke, for the log; "" when there is nothing to add to the code. */
const char *ol_stream_reason(const ol_stream *stream);

#endif
