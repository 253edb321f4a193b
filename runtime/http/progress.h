/* SPDX-License-Identifier: MIT */
/*
 * Does a body get ahead? Looked at by a sweep, so a request starts no timer of its own. Time
 * in milliseconds of the loop; `rate` in bytes a second, measured over windows of the timeout.
 */
#ifndef OL_HTTP_PROGRESS_H
#define OL_HTTP_PROGRESS_H

#include "net/stream.h"

typedef struct ol_progress {
    uint64_t rx_start_, rx_last_, rx_paused_at_, rx_bytes_;
    uint64_t tx_start_; /* 0: no window open */
    uint64_t tx_unsent_, tx_out_;
} ol_progress;

/* Receiving: begin, count, and leave out the time in which we did not want to read. */
void ol_progress_begin(ol_progress *progress, uint64_t now);
void ol_progress_count(ol_progress *progress, size_t bytes, uint64_t now);
void ol_progress_pause(ol_progress *progress, uint64_t now);
void ol_progress_resume(ol_progress *progress, uint64_t now);
/* Only while we are waiting for the peer. */
bool ol_progress_reading_late(ol_progress *progress, uint64_t now, uint32_t timeout_ms,
                              uint32_t rate);
/* Sending: to be asked at every sweep. */
bool ol_progress_writing_late(ol_progress *progress, ol_stream *stream, uint64_t now,
                              uint32_t timeout_ms, uint32_t rate);

#endif
