/* SPDX-License-Identifier: MIT */
/*
 * A log: lines gather in one buffer while a thread writes out the other.
 *
 * A caller pays a lock and a copy. It wakes the writer only when the writer sleeps for want of
 * lines, or when its buffer gets half full; once awake the writer naps between writes, so that
 * a busy log costs one system call for many lines and none of them on a loop's thread.
 *
 * What the target refuses (disk full) is dropped and counted like what does not fit. A pipe or
 * terminal that nobody reads holds up the writer, never a caller, and a close only for a while.
 */
#include "observe/log.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/limits.h"

#define WRITE_POLL_MS 100

struct ol_log {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake; /* on the monotonic clock */
    char *path;          /* NULL: a standard descriptor */
    int fd;
    bool is_file; /* never waits long; anything else is written in small pieces */
    bool mid_line; /* a write broke off inside a line */
    uint64_t reported; /* of `dropped` */
    /* under the lock */
    uint8_t *filling;
    size_t filling_len;
    bool idle; /* the writer sleeps until somebody wakes it */
    bool hurry, reopen, closing;
    uint64_t close_by_ms;
    /* the writer's */
    uint8_t *writing;
    atomic_ullong dropped;
};

/* ---- callers ---- */

void ol_log_line(ol_log *log, ol_slice line)
{
    if (!log)
        return;
    bool wake = false;
    pthread_mutex_lock(&log->lock);
    if (line.len >= OL_LOG_QUEUE_BYTES - log->filling_len) {
        atomic_fetch_add_explicit(&log->dropped, 1, memory_order_relaxed);
    } else {
        if (line.len)
            memcpy(log->filling + log->filling_len, line.data, line.len);
        log->filling_len += line.len;
        log->filling[log->filling_len++] = '\n';
        bool half = log->filling_len > OL_LOG_QUEUE_BYTES / 2 && !log->hurry;
        log->hurry |= half;
        wake = log->idle || half;
        log->idle = false;
    }
    pthread_mutex_unlock(&log->lock);
    if (wake)
        pthread_cond_signal(&log->wake);
}

void ol_log_reopen(ol_log *log)
{
    if (!log)
        return;
    pthread_mutex_lock(&log->lock);
    log->reopen = true;
    pthread_mutex_unlock(&log->lock);
    pthread_cond_signal(&log->wake);
}

uint64_t ol_log_dropped(const ol_log *log)
{
    return log ? atomic_load_explicit(&log->dropped, memory_order_relaxed) : 0;
}

/* ---- the target ---- */

static int open_path(const char *path)
{
    /* O_NONBLOCK: a named pipe without a reader is an error now, not a hang. */
    return open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0600);
}

static void look_at_target(ol_log *log)
{
    struct stat about;
    log->is_file = fstat(log->fd, &about) == 0 && S_ISREG(about.st_mode);
}

static void reopen(ol_log *log)
{
    if (!log->path)
        return;
    int fd = open_path(log->path);
    if (fd < 0) {
        ol_say("error", "log %s could not be opened anew, the old file is used: %s", log->path,
               strerrordesc_np(errno));
        return;
    }
    close(log->fd);
    log->fd = fd;
    log->mid_line = false;
    look_at_target(log);
}

static bool is_given_up(ol_log *log)
{
    pthread_mutex_lock(&log->lock);
    bool given_up = log->closing && ol_clock_mono_ms() >= log->close_by_ms;
    pthread_mutex_unlock(&log->lock);
    return given_up;
}

/* Bytes taken, or -1. A pipe that can be written to takes PIPE_BUF bytes without waiting. */
static ssize_t write_piece(ol_log *log, const uint8_t *data, size_t len)
{
    if (log->is_file)
        return write(log->fd, data, len);
    struct pollfd writable = {.fd = log->fd, .events = POLLOUT};
    while (poll(&writable, 1, WRITE_POLL_MS) <= 0) {
        if (is_given_up(log))
            return -1;
    }
    return write(log->fd, data, len < PIPE_BUF ? len : PIPE_BUF);
}

static void count_lost(ol_log *log, const uint8_t *data, size_t len)
{
    unsigned long long lines = 0;
    for (size_t i = 0; i < len; i++)
        lines += data[i] == '\n';
    atomic_fetch_add_explicit(&log->dropped, lines, memory_order_relaxed);
}

/* How much of it was written. */
static size_t write_all(ol_log *log, const uint8_t *data, size_t len)
{
    /* Whatever the target was left with, a line begins on a line of its own. */
    if (log->mid_line && len && write_piece(log, (const uint8_t *)"\n", 1) == 1)
        log->mid_line = false;
    size_t at = 0;
    while (at < len) {
        ssize_t taken = write_piece(log, data + at, len - at);
        if (taken < 0 && (errno == EINTR || errno == EAGAIN) && !is_given_up(log))
            continue;
        if (taken <= 0)
            break;
        at += (size_t)taken;
    }
    if (at > 0)
        log->mid_line = data[at - 1] != '\n';
    return at;
}

static void report_dropped(ol_log *log)
{
    uint64_t dropped = ol_log_dropped(log);
    if (dropped == log->reported)
        return;
    char memory[128], now[OL_ISO8601_SIZE];
    ol_buf line;
    ol_buf_init_fixed(&line, memory, sizeof(memory));
    ol_clock_iso8601(ol_clock_wall_ms(), now);
    ol_buf_addf(&line, "{\"time\":\"%s\",\"log_lines_dropped\":%llu}\n", now,
                (unsigned long long)(dropped - log->reported));
    /* When this line is lost too, the whole count is told next time. */
    if (write_all(log, line.data, line.len) == line.len)
        log->reported = dropped;
}

/* ---- the writer ---- */

static struct timespec after_ms(unsigned ms)
{
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    at.tv_nsec += (long)ms * 1000000;
    at.tv_sec += at.tv_nsec / 1000000000;
    at.tv_nsec %= 1000000000;
    return at;
}

/* With the lock held: until there is something to do, and then a little longer. */
static void wait_for_work(ol_log *log)
{
    while (log->filling_len == 0 && !log->closing && !log->reopen) {
        log->idle = true;
        pthread_cond_wait(&log->wake, &log->lock);
    }
    log->idle = false;
    struct timespec until = after_ms(OL_LOG_GATHER_MS);
    while (!log->hurry && !log->closing && !log->reopen) {
        if (pthread_cond_timedwait(&log->wake, &log->lock, &until) == ETIMEDOUT)
            return;
    }
}

static void *run(void *arg)
{
    ol_log *log = arg;
    bool closing = false;
    while (!closing) {
        pthread_mutex_lock(&log->lock);
        wait_for_work(log);
        uint8_t *data = log->filling;
        size_t len = log->filling_len;
        bool reopening = log->reopen;
        closing = log->closing;
        log->filling = log->writing;
        log->writing = data;
        log->filling_len = 0;
        log->hurry = log->reopen = false;
        pthread_mutex_unlock(&log->lock);
        size_t written = write_all(log, data, len);
        count_lost(log, data + written, len - written);
        if (reopening)
            reopen(log);
        report_dropped(log);
    }
    return NULL;
}

/* ---- life ---- */

static void free_log(ol_log *log)
{
    if (log->path && log->fd >= 0)
        close(log->fd);
    ol_free(log->path);
    ol_free(log->filling);
    ol_free(log->writing);
    ol_free(log);
}

static int open_target(ol_log *log, const char *path, ol_error *err)
{
    log->fd = strcmp(path, "-") == 0 ? STDOUT_FILENO : strcmp(path, "--") == 0 ? STDERR_FILENO : -1;
    if (log->fd < 0) {
        log->path = ol_strdup(path);
        if (!log->path)
            return ol_error_set(err, OL_ENOMEM, "log");
        log->fd = open_path(path);
    }
    if (log->fd < 0)
        return ol_error_set(err, OL_ECONFIG, "log %s: %s", path, strerrordesc_np(errno));
    look_at_target(log);
    return OL_OK;
}

static int start_thread(ol_log *log)
{
    sigset_t all, before;
    pthread_condattr_t monotonic;
    if (pthread_condattr_init(&monotonic) != 0)
        return OL_ENOMEM;
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&log->wake, &monotonic);
    pthread_condattr_destroy(&monotonic);
    pthread_mutex_init(&log->lock, NULL);
    /* Signals are for the main thread; a closed pipe is an error of write. */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int rc = pthread_create(&log->thread, NULL, run, log);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (rc != 0) {
        pthread_mutex_destroy(&log->lock);
        pthread_cond_destroy(&log->wake);
        return OL_ENOMEM;
    }
    pthread_setname_np(log->thread, "ol-log");
    return OL_OK;
}

int ol_log_open(ol_log **out, const char *path, ol_error *err)
{
    ol_log *log = ol_calloc(1, sizeof(*log));
    if (!log)
        return ol_error_set(err, OL_ENOMEM, "log");
    log->fd = -1;
    log->filling = ol_malloc(OL_LOG_QUEUE_BYTES);
    log->writing = ol_malloc(OL_LOG_QUEUE_BYTES);
    int rc = log->filling && log->writing ? open_target(log, path, err)
                                          : ol_error_set(err, OL_ENOMEM, "log");
    if (rc == OL_OK && start_thread(log) != OL_OK)
        rc = ol_error_set(err, OL_ENOMEM, "log thread");
    if (rc != OL_OK) {
        free_log(log);
        return rc;
    }
    *out = log;
    return OL_OK;
}

void ol_log_close(ol_log *log)
{
    if (!log)
        return;
    pthread_mutex_lock(&log->lock);
    log->closing = true;
    log->close_by_ms = ol_clock_mono_ms() + OL_LOG_CLOSE_MS;
    pthread_mutex_unlock(&log->lock);
    pthread_cond_signal(&log->wake);
    pthread_join(log->thread, NULL);
    pthread_mutex_destroy(&log->lock);
    pthread_cond_destroy(&log->wake);
    free_log(log);
}
