/* SPDX-License-Identifier: MIT */
/*
 * The real executable, run with bytes on its standard input until it ends, with a bound.
 */
#ifndef OL_TESTS_CLI_PROCESS_H
#define OL_TESTS_CLI_PROCESS_H

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/limits.h"
#include "lib/check.h"
#include "lib/scratch.h"

#define OBJLENS OBJLENS_BINARY_DIR "/objlens"
#define PROCESS_BOUND_MS 60000
#define PROCESS_CLOSED (-2) /* for in_fd and out_fd */

extern char **environ;

typedef struct process {
    /* set by the caller; in_fd and out_fd go before `in` and `out` when >= 0 */
    ol_slice in;
    bool leave_in_open; /* the writing end stays open until the process has ended */
    int in_fd, out_fd;
    size_t out_bytes_max; /* then the reading end is closed; 0: read it all */
    /* results */
    int code; /* exit code; -1: it was ended by a signal */
    ol_buf out, err;
} process;

#define PROCESS_INIT ((process){.in_fd = -1, .out_fd = -1})

static inline void process_fini(process *p)
{
    ol_buf_fini(&p->out);
    ol_buf_fini(&p->err);
}

/* Appends what can be read; closes the end at its end, or past the maximum. */
static inline void process_read(struct pollfd *fd, ol_buf *to, size_t bytes_max)
{
    uint8_t bytes[65536];
    ssize_t got = read(fd->fd, bytes, sizeof(bytes));
    if (got > 0)
        assert_int_equal(ol_buf_add(to, ol_slice_of(bytes, (size_t)got)), OL_OK);
    if (got > 0 && !(bytes_max && to->len >= bytes_max))
        return;
    close(fd->fd);
    fd->fd = -1;
}

static inline void process_write(struct pollfd *fd, ol_slice *from, bool leave_open)
{
    ssize_t put = from->len ? write(fd->fd, from->data, from->len) : 0;
    if (put > 0)
        *from = ol_slice_from(*from, (size_t)put);
    if (put >= 0 && from->len > 0)
        return;
    if (!leave_open)
        close(fd->fd);
    fd->fd = -1;
}

static inline pid_t process_spawn(const process *p, char *const *argv, int in[2], int out[2],
                                  int err[2])
{
    posix_spawn_file_actions_t actions;
    pid_t pid;
    assert_int_equal(pipe2(in, O_CLOEXEC), 0);
    assert_int_equal(pipe2(out, O_CLOEXEC), 0);
    assert_int_equal(pipe2(err, O_CLOEXEC), 0);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, p->in_fd >= 0 ? p->in_fd : in[0], 0);
    posix_spawn_file_actions_adddup2(&actions, p->out_fd >= 0 ? p->out_fd : out[1], 1);
    if (p->in_fd == PROCESS_CLOSED)
        posix_spawn_file_actions_addclose(&actions, 0);
    if (p->out_fd == PROCESS_CLOSED)
        posix_spawn_file_actions_addclose(&actions, 1);
    posix_spawn_file_actions_adddup2(&actions, err[1], 2);
    if (posix_spawn(&pid, OBJLENS, &actions, NULL, argv, environ) != 0)
        fail_msg("%s is not built", OBJLENS);
    posix_spawn_file_actions_destroy(&actions);
    close(in[0]);
    close(out[1]);
    close(err[1]);
    return pid;
}

static inline void process_run_argv(process *p, char *const *argv)
{
    int in[2], out[2], err[2], status;
    ol_slice rest = p->in;
    ol_buf_init(&p->out, 64 * OL_MIB);
    ol_buf_init(&p->err, OL_MIB);
    signal(SIGPIPE, SIG_IGN);
    pid_t pid = process_spawn(p, argv, in, out, err);
    fcntl(in[1], F_SETFL, O_NONBLOCK);
    struct pollfd fds[3] = {{.fd = in[1], .events = POLLOUT},
                            {.fd = out[0], .events = POLLIN},
                            {.fd = err[0], .events = POLLIN}};
    uint64_t end_ms = ol_clock_mono_ms() + PROCESS_BOUND_MS;
    while (fds[1].fd >= 0 || fds[2].fd >= 0) {
        int ready = poll(fds, 3, (int)(end_ms - ol_clock_mono_ms()));
        if (ready <= 0 || ol_clock_mono_ms() >= end_ms) {
            kill(pid, SIGKILL);
            fail_msg("%s %s did not end", argv[0], argv[1]);
        }
        if (fds[0].fd >= 0 && fds[0].revents)
            process_write(&fds[0], &rest, p->leave_in_open);
        if (fds[1].fd >= 0 && fds[1].revents)
            process_read(&fds[1], &p->out, p->out_bytes_max);
        if (fds[2].fd >= 0 && fds[2].revents)
            process_read(&fds[2], &p->err, 0);
    }
    if (fds[0].fd >= 0 || p->leave_in_open)
        close(in[1]);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    p->code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

#define process_run(p, ...) process_run_argv(p, (char *const[]){"objlens", __VA_ARGS__, NULL})

/* Fails the test, showing what was said, unless it ended so. */
#define assert_ended(p, want) process_check_ended(p, want, __FILE__, __LINE__)
static inline void process_check_ended(process *p, int want, const char *file, int line)
{
    if (p->code == want)
        return;
    print_message("exit code %d, want %d\n%s\n", p->code, want, ol_buf_cstr(&p->err));
    _fail(file, line);
}

#define assert_says(p, text) process_check_says(p, text, __FILE__, __LINE__)
static inline void process_check_says(process *p, const char *text, const char *file, int line)
{
    if (strstr(ol_buf_cstr(&p->err), text))
        return;
    print_message("\"%s\" is not in:\n%s\n", text, ol_buf_cstr(&p->err));
    _fail(file, line);
}

#endif
