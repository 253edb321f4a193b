/* SPDX-License-Identifier: MIT */
/*
 * What stream.c (sockets), stream_send.c (sending without copies) and stream_tls.c (records) need of
 * each other.
 */
#ifndef OL_NET_STREAM_PRIVATE_H
#define OL_NET_STREAM_PRIVATE_H

#include "net/stream.h"

/* ---- stream.c ---- */

/* Start or stop the socket's reading, as the state demands. */
void ol_stream_update_reading_(ol_stream *stream);
/* Latch a failure and tell the owner. Only from an event, never from a call of the owner. */
void ol_stream_fail_(ol_stream *stream, int code);
/* Where the next bytes shall go: the owner's memory or a buffer of the pool. */
ol_span ol_stream_destination_(ol_stream *stream);
void ol_stream_deliver_(ol_stream *stream, ol_slice data);
/* Write as much as the socket takes now: the count, or a negative OL_ code. */
ptrdiff_t ol_stream_try_(ol_stream *stream, const ol_slice *parts, size_t count);
/* Queue the rest; ol_stream_tls_written_ or on_drain follows. */
int ol_stream_fly_(ol_stream *stream, const ol_slice *parts, size_t count);
/* The handle is closed and nothing is posted any more: tell the owner. */
void ol_stream_closed_(ol_stream *stream);
void ol_stream_fin_(ol_stream *stream);
/* Drop `count` bytes from the front of the slices; returns how many slices are left. */
size_t ol_stream_advance_(ol_slice *parts, size_t parts_count, size_t count);

/* ---- stream_send.c: plain streams ---- */

/* Some of it lies in stable memory, or in a pipe. */
bool ol_stream_is_direct_(const ol_stream *stream, const ol_slice *parts, size_t count);
/* As ol_stream_try_, but without copying what need not be copied. */
ptrdiff_t ol_stream_send_(ol_stream *stream, const ol_slice *parts, size_t count);
/* A whole write of the owner's: OL_OK, OL_WAIT or an error, as ol_stream_write. */
int ol_stream_write_direct_(ol_stream *stream, const ol_slice *parts, size_t count);
/* Its rest, once what flew has landed: the same. */
int ol_stream_send_rest_(ol_stream *stream);

/* ---- stream_tls.c ---- */

int ol_stream_tls_begin_(ol_stream *stream, const ol_tls *tls, const char *host);
/* A client's first flight. */
void ol_stream_tls_connected_(ol_stream *stream);
ol_span ol_stream_tls_alloc_(ol_stream *stream);
void ol_stream_tls_read_(ol_stream *stream, ol_slice cipher);
void ol_stream_tls_eof_(ol_stream *stream);
int ol_stream_tls_write_(ol_stream *stream, const ol_slice *parts, size_t count);
void ol_stream_tls_written_(ol_stream *stream);
void ol_stream_tls_shutdown_(ol_stream *stream);
/* Reading is wanted again and bytes may be lying around: deliver them on a later turn. */
void ol_stream_tls_resume_(ol_stream *stream);
void ol_stream_tls_end_(ol_stream *stream);

#endif
