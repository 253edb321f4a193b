/* SPDX-License-Identifier: MIT */
/*
 * Lines to a file or descriptor, written by a thread of their own: the loop never waits for
 * a disk. The queue is bounded; lines that do not fit are counted and the count is logged.
 * A line is taken whole, '\n' is added; control characters must have been escaped before.
 */
#ifndef OL_OBSERVE_LOG_H
#define OL_OBSERVE_LOG_H

#include "base/error.h"

typedef struct ol_log ol_log;

/* `path` "-" is standard output, "--" standard error; otherwise the file is appended to (0600). */
int ol_log_open(ol_log **log, const char *path, ol_error *err);
/* Any thread. Never blocks, never fails visibly. NULL log: nothing happens. The line reaches the
 * file within OL_LOG_GATHER_MS and what the disk takes. */
void ol_log_line(ol_log *log, ol_slice line);
/* Open the path anew (after rotation), on the log's thread; what was queued goes to the old file.
 * Any thread. */
void ol_log_reopen(ol_log *log);
/* Lines that did not fit or that the target refused. Also reported in the log itself, as
 * {"time":…,"log_lines_dropped":N}, when it takes lines again. */
uint64_t ol_log_dropped(const ol_log *log);
/* Writes what is queued, joins the thread. Waits at most OL_LOG_CLOSE_MS for a stuck reader. */
void ol_log_close(ol_log *log);

/* Messages of the server itself to standard error: "objlens: text", or "objlens: warn: text" for
 * any level but "info". One line of at most 1 KiB; lost when standard error is stuck. */
void ol_say(const char *level, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
