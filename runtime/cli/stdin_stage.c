/* SPDX-License-Identifier: MIT */
#include "cli/stdin_stage.h"

#include <errno.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/limits.h"

#define READS_IN_A_ROW 16u /* then the loop has its turn */

int ol_stdin_init(ol_stdin *in)
{
    in->buffer = ol_malloc(OL_READ_BYTES);
    in->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (in->buffer && in->wake_fd >= 0)
        return OL_OK;
    ol_stdin_fini(in);
    return OL_ENOMEM;
}

void ol_stdin_fini(ol_stdin *in)
{
    ol_free(in->buffer);
    in->buffer = NULL;
    if (in->wake_fd >= 0)
        close(in->wake_fd);
    in->wake_fd = -1;
}

/* ---- on the reader's thread ---- */

/* False when the pipeline was closed meanwhile. */
static bool wait_for_input(ol_stdin *in)
{
    struct pollfd fds[2] = {{.fd = in->fd, .events = POLLIN},
                            {.fd = in->wake_fd, .events = POLLIN}};
    while (poll(fds, 2, -1) < 0)
        if (errno != EINTR)
            return true; /* read() says what is wrong */
    return !fds[1].revents;
}

static void read_some(ol_task *task)
{
    ol_stdin *in = task->arg;
    in->got = 0;
    in->failure = 0;
    while (wait_for_input(in)) {
        ssize_t got = read(in->fd, in->buffer, OL_READ_BYTES);
        if (got < 0 && (errno == EINTR || errno == EAGAIN))
            continue;
        if (got < 0)
            in->failure = errno;
        else
            in->got = (size_t)got;
        return;
    }
}

/* ---- on the loop ---- */

static void begin_read(ol_stdin *in)
{
    ol_error err = {0};
    in->reading = true;
    int rc = ol_offload_submit(in->readers, &in->task);
    if (rc == OL_OK)
        return;
    in->reading = false;
    ol_error_set(&err, rc, "standard input");
    ol_stage_fail(in->stage, &err);
}

/* What is there already is read without a thread, and straight to where the stage below wants it. False
 * when a thread has to wait for it, or cannot be told from here. */
static bool read_now(ol_stdin *in)
{
    ol_span span;
    if (ol_stage_reserve(in->stage, &span) != OL_OK)
        span = (ol_span){in->buffer, OL_READ_BYTES};
    struct iovec to = {.iov_base = span.data, .iov_len = span.len};
    ssize_t got = preadv2(in->fd, &to, 1, -1, RWF_NOWAIT);
    in->bytes = span.data;
    in->got = got > 0 ? (size_t)got : 0;
    in->failure = 0;
    return got >= 0;
}

/* True when the stage below has taken it, and more is to come. */
static bool pass_on(ol_stdin *in)
{
    ol_error err = {0};
    int rc;
    if (in->failure)
        rc = ol_error_set(&err, OL_EORIGIN, "standard input: %s", strerror(in->failure));
    else if (in->got == 0)
        rc = ol_stage_finish(in->stage, &err);
    else
        rc = ol_stage_write(in->stage, ol_slice_of(in->bytes, in->got), &err);
    if (rc < 0)
        ol_stage_fail(in->stage, &err);
    return rc == OL_OK && in->got > 0 && !in->failure;
}

static void go_on(ol_stdin *in)
{
    for (unsigned reads = 0; reads < READS_IN_A_ROW && read_now(in); reads++)
        if (!pass_on(in))
            return;
    begin_read(in);
}

static void on_read(ol_task *task)
{
    ol_stdin *in = task->arg;
    in->reading = false;
    in->bytes = in->buffer;
    if (!in->stage)
        in->on_idle(in->arg);
    else if (!ol_stage_is_over(in->stage) && pass_on(in))
        go_on(in);
}

static int open_stage(ol_stage *st, ol_error *err)
{
    (void)err;
    ol_stdin *in = (ol_stdin *)(uintptr_t)st->config;
    in->stage = st;
    in->task = (ol_task){.work = read_some, .done = on_read, .loop = in->loop, .arg = in};
    return OL_OK;
}

static void resume(ol_stage *st)
{
    ol_stdin *in = (ol_stdin *)(uintptr_t)st->config;
    if (!in->headed) {
        in->headed = true;
        ol_error err = {0};
        ol_head head = {.status = 200, .content_length = in->size};
        ol_headers_init(&head.headers, ol_stage_arena(st));
        if (ol_stage_head(st, &head, &err) < 0) {
            ol_stage_fail(st, &err);
            return;
        }
    }
    go_on(in);
}

static void close_stage(ol_stage *st)
{
    ol_stdin *in = (ol_stdin *)(uintptr_t)st->config;
    uint64_t one = 1;
    in->stage = NULL;
    if (in->reading && write(in->wake_fd, &one, sizeof(one)) < 0)
        return; /* the counter is not zero already: it wakes as well */
}

const ol_stage_ops ol_stdin_stage_ops = {
    .name = "stdin",
    .phase = OL_PHASE_SOURCE,
    .open = open_stage,
    .resume = resume,
    .close = close_stage,
};
