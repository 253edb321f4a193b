/* SPDX-License-Identifier: MIT */
/* Windows of progress, one for each direction. */
#include "http/progress.h"

void ol_progress_begin(ol_progress *progress, uint64_t now)
{
    progress->rx_start_ = progress->rx_last_ = now;
    progress->rx_bytes_ = 0;
}

void ol_progress_count(ol_progress *progress, size_t bytes, uint64_t now)
{
    progress->rx_bytes_ += bytes;
    progress->rx_last_ = now;
}

void ol_progress_pause(ol_progress *progress, uint64_t now)
{
    progress->rx_paused_at_ = now;
}

void ol_progress_resume(ol_progress *progress, uint64_t now)
{
    uint64_t pause = now - progress->rx_paused_at_;
    progress->rx_start_ += pause;
    progress->rx_last_ += pause;
}

/* At least one byte, whatever the rate. */
static uint64_t least_bytes(uint32_t rate, uint64_t elapsed_ms)
{
    uint64_t bytes = rate * elapsed_ms / 1000;
    return bytes > 0 ? bytes : 1;
}

bool ol_progress_reading_late(ol_progress *progress, uint64_t now, uint32_t timeout_ms,
                              uint32_t rate)
{
    if (now - progress->rx_last_ >= timeout_ms)
        return true;
    uint64_t elapsed = now - progress->rx_start_;
    if (elapsed < timeout_ms)
        return false;
    if (progress->rx_bytes_ < least_bytes(rate, elapsed))
        return true;
    progress->rx_start_ = now;
    progress->rx_bytes_ = 0;
    return false;
}

/* Progress is what the peer's machine has acknowledged: our socket's own buffer is large, and
 * it asks for more long before a slow peer has seen what is in it. */
bool ol_progress_writing_late(ol_progress *progress, ol_stream *stream, uint64_t now,
                              uint32_t timeout_ms, uint32_t rate)
{
    if (!ol_stream_write_waits(stream)) {
        progress->tx_start_ = 0;
        return false;
    }
    uint64_t elapsed = now - progress->tx_start_;
    if (progress->tx_start_ && elapsed < timeout_ms)
        return false;
    uint64_t unsent = ol_stream_unsent(stream), out = stream->bytes_out;
    uint64_t had = progress->tx_unsent_ + (out - progress->tx_out_);
    uint64_t acknowledged = had > unsent ? had - unsent : 0;
    if (progress->tx_start_ && acknowledged < least_bytes(rate, elapsed))
        return true;
    progress->tx_start_ = now;
    progress->tx_unsent_ = unsent;
    progress->tx_out_ = out;
    return false;
}
