/* SPDX-License-Identifier: MIT */
#include "cli/stdout_stage.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/limits.h"
#include "cli/head_text.h"

/* As much as can be written without waiting. */
static void write_now(ol_stdout *out)
{
    while (out->data.len > 0 && !out->always_waits) {
        struct iovec from = {.iov_base = (void *)out->data.data, .iov_len = out->data.len};
        ssize_t put = pwritev2(out->fd, &from, 1, -1, RWF_NOWAIT);
        if (put <= 0) { /* a failure is the thread's to meet */
            out->always_waits = put < 0 && errno != EAGAIN && errno != EINTR;
            return;
        }
        out->data = ol_slice_from(out->data, (size_t)put);
        out->written += (uint64_t)put;
    }
}

/* On the writer's thread. Whoever gave us standard output may have made it non-blocking. */
static void write_data(ol_task *task)
{
    ol_stdout *out = task->arg;
    out->failure = 0;
    while (out->data.len > 0) {
        ssize_t put = write(out->fd, out->data.data, out->data.len);
        if (put >= 0) {
            out->data = ol_slice_from(out->data, (size_t)put);
            out->written += (uint64_t)put;
        } else if (errno == EAGAIN) {
            struct pollfd fd = {.fd = out->fd, .events = POLLOUT};
            poll(&fd, 1, -1);
        } else if (errno != EINTR) {
            out->failure = errno;
            return;
        }
    }
}

static void on_written(ol_task *task)
{
    ol_stdout *out = task->arg;
    out->writing = false;
    if (ol_stage_is_over(out->stage)) {
        out->on_idle(out->arg);
        return;
    }
    if (out->failure) {
        ol_error err = {0};
        ol_error_set(&err, OL_EPEER, "standard output: %s", strerror(out->failure));
        ol_stage_fail(out->stage, &err);
        return;
    }
    ol_stage_ready(out->stage);
}

static int open_stage(ol_stage *st, ol_error *err)
{
    (void)err;
    ol_stdout *out = (ol_stdout *)(uintptr_t)st->config;
    out->stage = st;
    out->task = (ol_task){.work = write_data, .done = on_written, .loop = out->loop, .arg = out};
    return OL_OK;
}

/* Status and headers have no place on standard output: who wants them reads standard error. */
static int take_head(ol_stage *st, ol_head *head, ol_error *err)
{
    const ol_stdout *out = (const ol_stdout *)st->config;
    ol_buf text;
    if (!out->shows_head)
        return OL_OK;
    ol_buf_init(&text, OL_HTTP_HEAD_BYTES_MAX);
    int rc = ol_head_text(&text, head);
    if (rc == OL_OK)
        fputs(ol_buf_cstr(&text), stderr);
    ol_buf_fini(&text);
    return rc == OL_OK ? OL_OK : ol_error_set(err, rc, "the head");
}

static int take_data(ol_stage *st, ol_slice in, ol_error *err)
{
    ol_stdout *out = (ol_stdout *)(uintptr_t)st->config;
    out->data = in;
    write_now(out);
    if (out->data.len == 0)
        return OL_OK;
    int rc = ol_offload_submit(out->writers, &out->task);
    if (rc != OL_OK)
        return ol_error_set(err, rc, "standard output");
    out->writing = true;
    return OL_WAIT;
}

static int finish(ol_stage *st, ol_error *err)
{
    return ol_stage_finish(st, err);
}

static void close_stage(ol_stage *st)
{
    ol_stdout *out = (ol_stdout *)(uintptr_t)st->config;
    assert(!out->writing);
    out->stage = NULL;
}

const ol_stage_ops ol_stdout_stage_ops = {
    .name = "stdout",
    .phase = OL_PHASE_SINK,
    .open = open_stage,
    .head = take_head,
    .write = take_data,
    .finish = finish,
    .close = close_stage,
};
