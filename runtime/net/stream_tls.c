/* SPDX-License-Identifier: MIT */
/*
 * The TLS side of a stream: records between the socket and the owner.
 *
 * In:  ciphertext is read into the loop's scratch, decrypted into a read buffer (many records
 *      at once) and delivered. When the owner stops reading half way, what is left is kept
 *      in cipher_in_ and the socket is not read before it is used up.
 * Out: plain bytes are encrypted into the other scratch, some records at a time, and written.
 *      What the socket does not take is copied to cipher_out_ (bounded by those records);
 *      plain bytes behind it stay borrowed in parts_ until it has drained.
 */
#include "net/stream_private.h"

#include <assert.h>
#include <stdio.h>

#include "base/alloc.h"
#include "net/loop_private.h"
#include "net/tls_session.h"

#define RECORD_BYTES_MAX (16 * OL_KIB)
#define BURST_BYTES (128 * OL_KIB) /* ciphertext made before it is handed to the socket */
#define CIPHER_OUT_BYTES_MAX (512 * OL_KIB)
#define CIPHER_IN_BYTES_MAX (OL_READ_BYTES + 8 * OL_KIB)
#define KEEP_BYTES (32 * OL_KIB) /* an idle connection gives larger buffers back */

int ol_stream_tls_begin_(ol_stream *stream, const ol_tls *tls, const char *host)
{
    ol_buf_init(&stream->cipher_in_, CIPHER_IN_BYTES_MAX);
    ol_buf_init(&stream->cipher_out_[0], CIPHER_OUT_BYTES_MAX);
    ol_buf_init(&stream->cipher_out_[1], CIPHER_OUT_BYTES_MAX);
    return ol_tls_session_new(&stream->tls_, tls, host);
}

void ol_stream_tls_end_(ol_stream *stream)
{
    if (!stream->tls_)
        return;
    ol_tls_session_destroy(stream->tls_);
    stream->tls_ = NULL;
    ol_buf_fini(&stream->cipher_in_);
    ol_buf_fini(&stream->cipher_out_[0]);
    ol_buf_fini(&stream->cipher_out_[1]);
}

const ol_tls_peer *ol_stream_tls_peer(const ol_stream *stream)
{
    return stream->tls_ ? &stream->tls_->peer : NULL;
}

/* ---- out ---- */

/* Lend the scratch to the session; nothing of it is left over from before. */
static int begin_out(ol_stream *stream)
{
    stream->tls_->out = ol_read_pool_scratch(stream->loop->reads, true);
    stream->tls_->out_len = 0;
    return stream->tls_->out.data ? OL_OK : OL_ENOMEM;
}

static int fly_gathered(ol_stream *stream)
{
    ol_buf *gathered = &stream->cipher_out_[stream->gathering_];
    if (stream->flying_ || gathered->len == 0)
        return OL_OK;
    stream->gathering_ ^= 1;
    ol_slice part = ol_buf_slice(gathered);
    return ol_stream_fly_(stream, &part, 1);
}

/* Hand to the socket what the session has put out. */
static int flush_out(ol_stream *stream)
{
    ol_slice made = ol_slice_of(stream->tls_->out.data, stream->tls_->out_len);
    stream->tls_->out_len = 0;
    if (made.len == 0)
        return OL_OK;
    ol_buf *gathered = &stream->cipher_out_[stream->gathering_];
    if (!stream->flying_ && gathered->len == 0) {
        ptrdiff_t taken = ol_stream_try_(stream, &made, 1);
        if (taken < 0)
            return (int)taken;
        made = ol_slice_from(made, (size_t)taken);
    }
    int rc = ol_buf_add(gathered, made);
    if (rc != OL_OK) {
        stream->failed_ = true; /* a record is lost: nothing may follow it */
        return rc == OL_ELIMIT ? OL_EPROTOCOL : rc;
    }
    return fly_gathered(stream);
}

/* The bytes of the next record: small parts are put together. */
static ol_slice next_record(const ol_stream *stream, uint8_t *together)
{
    const ol_slice *parts = stream->parts_;
    if (stream->part_count_ == 1 || parts[0].len >= RECORD_BYTES_MAX)
        return ol_slice_first(parts[0], RECORD_BYTES_MAX);
    size_t len = 0;
    for (size_t i = 0; i < stream->part_count_ && len < RECORD_BYTES_MAX; i++) {
        ol_slice piece = ol_slice_first(parts[i], RECORD_BYTES_MAX - len);
        if (piece.len > 0)
            memcpy(together + len, piece.data, piece.len);
        len += piece.len;
    }
    return ol_slice_of(together, len);
}

static int encrypt_burst(ol_stream *stream)
{
    uint8_t together[RECORD_BYTES_MAX];
    size_t used = 0;
    int rc = begin_out(stream);
    while (rc == OL_OK && stream->part_count_ > 0 && stream->tls_->out_len < BURST_BYTES) {
        size_t taken;
        ol_slice record = next_record(stream, together);
        if (record.data == together && record.len > used)
            used = record.len;
        rc = ol_tls_session_write(stream->tls_, record, &taken);
        stream->part_count_ =
            (uint8_t)ol_stream_advance_(stream->parts_, stream->part_count_, taken);
    }
    ol_wipe(together, used); /* a head may hold keys */
    if (rc != OL_OK)
        stream->failed_ = true;
    return rc;
}

/* Encrypt and send until all is taken or the socket is full. */
static int push_parts(ol_stream *stream)
{
    while (stream->part_count_ > 0 && !stream->flying_) {
        int rc = encrypt_burst(stream);
        if (rc == OL_OK)
            rc = flush_out(stream);
        if (rc != OL_OK)
            return rc;
    }
    return OL_OK;
}

int ol_stream_tls_write_(ol_stream *stream, const ol_slice *parts, size_t count)
{
    stream->part_count_ = 0;
    for (size_t i = 0; i < count; i++) {
        if (parts[i].len > 0)
            stream->parts_[stream->part_count_++] = parts[i];
    }
    int rc = push_parts(stream);
    if (rc != OL_OK) {
        ol_stream_update_reading_(stream);
        return rc;
    }
    if (!stream->flying_)
        return OL_OK;
    stream->waiting_ = true;
    return OL_WAIT;
}

static void say_close_notify(ol_stream *stream)
{
    if (begin_out(stream) != OL_OK)
        return;
    ol_tls_session_shutdown(stream->tls_);
    flush_out(stream);
}

void ol_stream_tls_shutdown_(ol_stream *stream)
{
    if (stream->part_count_ > 0)
        return; /* when they are through */
    say_close_notify(stream);
    if (!stream->flying_)
        ol_stream_fin_(stream);
}

static void give_back(ol_buf *buf)
{
    if (buf->cap > KEEP_BYTES) {
        size_t max = buf->max;
        ol_buf_fini(buf);
        ol_buf_init(buf, max);
    }
    ol_buf_clear(buf);
}

void ol_stream_tls_written_(ol_stream *stream)
{
    give_back(&stream->cipher_out_[stream->gathering_ ^ 1]);
    bool had_parts = stream->part_count_ > 0;
    int rc = fly_gathered(stream);
    if (rc == OL_OK)
        rc = push_parts(stream);
    if (rc != OL_OK) {
        stream->failed_ = false; /* let it be told once */
        ol_stream_fail_(stream, rc);
        return;
    }
    if (stream->shut_ && !stream->shut_done_ && stream->part_count_ == 0) {
        if (had_parts)
            say_close_notify(stream);
        if (!stream->flying_)
            ol_stream_fin_(stream);
    }
    if (stream->flying_ || !stream->waiting_)
        return;
    stream->waiting_ = false;
    stream->ops->on_drain(stream->arg);
}

/* ---- in ---- */

static void keep_rest(ol_stream *stream)
{
    ol_slice rest = stream->tls_->in;
    stream->tls_->in = OL_SLICE_NONE;
    ol_buf *kept = &stream->cipher_in_;
    bool within = kept->len > 0 && rest.data >= kept->data && rest.data <= kept->data + kept->len;
    if (within && rest.len > 0) {
        ol_buf_consume(kept, kept->len - rest.len);
        return;
    }
    give_back(kept);
    if (rest.len > 0 && ol_buf_add(kept, rest) != OL_OK)
        ol_stream_fail_(stream, OL_ENOMEM);
}

static void refuse(ol_stream *stream, int code)
{
    if (stream->failed_ || stream->closing_)
        return;
    ol_tls_session_reason(stream->tls_, stream->reason_, sizeof(stream->reason_));
    ol_stream_fail_(stream, code);
}

/* Fill one destination with plain bytes, deliver them. The result of the last read. */
static int deliver_once(ol_stream *stream)
{
    ol_span span = ol_stream_destination_(stream);
    if (!span.data || begin_out(stream) != OL_OK)
        return OL_ENOMEM;
    size_t len = 0;
    int rc = OL_OK;
    while (rc == OL_OK && len < span.len) {
        size_t got;
        rc = ol_tls_session_read(stream->tls_, (ol_span){span.data + len, span.len - len}, &got);
        len += got;
        if (rc == OL_OK && ol_tls_session_is_dry(stream->tls_))
            rc = OL_WAIT;
    }
    int flushed = flush_out(stream); /* alerts, answers to key updates */
    if (len > 0)
        ol_stream_deliver_(stream, ol_slice_of(span.data, len));
    if (flushed != OL_OK && rc >= 0) {
        stream->failed_ = false;
        return flushed;
    }
    return rc;
}

/* False: not there yet, or failed. */
static bool shake_hands(ol_stream *stream)
{
    if (begin_out(stream) != OL_OK) {
        ol_stream_fail_(stream, OL_ENOMEM);
        return false;
    }
    int rc = ol_tls_session_handshake(stream->tls_);
    if (rc < 0)
        ol_tls_session_reason(stream->tls_, stream->reason_, sizeof(stream->reason_));
    int flushed = flush_out(stream);
    if (rc == OL_WAIT && flushed == OL_OK)
        return false;
    if (rc != OL_OK || flushed != OL_OK) {
        stream->failed_ = false;
        ol_stream_fail_(stream, rc < 0 ? rc : flushed);
        return false;
    }
    stream->open_ = true;
    if (stream->ops->on_open)
        stream->ops->on_open(stream->arg);
    return !stream->closing_ && !stream->failed_;
}

/* Use up session->in as far as the owner wants. */
static void pump(ol_stream *stream)
{
    stream->tls_more_ = false;
    int rc = OL_OK;
    if (!stream->open_ && !shake_hands(stream))
        rc = OL_WAIT;
    while (rc == OL_OK && stream->reading_ && !stream->closing_ && !stream->failed_)
        rc = deliver_once(stream);
    if (stream->closing_)
        return;
    if (rc == OL_DONE) {
        stream->eof_ = true;
        ol_stream_update_reading_(stream);
        stream->ops->on_eof(stream->arg);
        return;
    }
    if (rc < 0) {
        refuse(stream, rc);
        return;
    }
    stream->tls_more_ = rc == OL_OK;
    keep_rest(stream);
    if (!stream->closing_)
        ol_stream_update_reading_(stream);
}

void ol_stream_tls_connected_(ol_stream *stream)
{
    stream->tls_->in = OL_SLICE_NONE;
    pump(stream);
}

ol_span ol_stream_tls_alloc_(ol_stream *stream)
{
    ol_span span = ol_read_pool_scratch(stream->loop->reads, false);
    size_t most = stream->large_reads_ ? OL_READ_BYTES : RECORD_BYTES_MAX + OL_KIB;
    if (span.len > most)
        span.len = most;
    return span;
}

void ol_stream_tls_read_(ol_stream *stream, ol_slice cipher)
{
    assert(stream->cipher_in_.len == 0);
    stream->tls_->in = cipher;
    pump(stream);
}

void ol_stream_tls_eof_(ol_stream *stream)
{
    snprintf(stream->reason_, sizeof(stream->reason_), "closed without close_notify");
    ol_stream_fail_(stream, OL_EPEER);
}

static void on_resume(void *arg)
{
    ol_stream *stream = arg;
    stream->pump_posted_ = false;
    if (stream->closing_) {
        ol_stream_closed_(stream);
        return;
    }
    if (stream->failed_ || stream->eof_ || !stream->reading_)
        return;
    stream->tls_->in = ol_buf_slice(&stream->cipher_in_);
    pump(stream);
}

void ol_stream_tls_resume_(ol_stream *stream)
{
    if (stream->pump_posted_)
        return;
    stream->pump_posted_ = true;
    stream->pump_post_.fn = on_resume;
    stream->pump_post_.arg = stream;
    ol_loop_defer(stream->loop, &stream->pump_post_);
}
