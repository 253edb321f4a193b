/* SPDX-License-Identifier: MIT */
/*
 * Which call is granted when. The filter has looked at the arguments already: what comes here is an
 * open for reading, a look at a file, code mapped from a file, or a thread.
 */
#include "transform/warden.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#define STATUS_BYTES 4096

/* ---- the listener ---- */

static int receive_descriptor(int socket_fd)
{
    char byte;
    union {
        struct cmsghdr header;
        char room[CMSG_SPACE(sizeof(int))];
    } control = {0};
    struct iovec iov = {.iov_base = &byte, .iov_len = 1};
    struct msghdr message = {.msg_iov = &iov,
                             .msg_iovlen = 1,
                             .msg_control = &control,
                             .msg_controllen = sizeof(control)};
    if (recvmsg(socket_fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC) != 1)
        return -1;
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    if (!header || header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS ||
        header->cmsg_len != CMSG_LEN(sizeof(int)))
        return -1;
    int fd;
    memcpy(&fd, CMSG_DATA(header), sizeof(fd));
    return fd;
}

bool ol_warden_take(ol_warden *warden)
{
    warden->listener_fd = receive_descriptor(warden->socket_fd);
    close(warden->socket_fd);
    warden->socket_fd = -1;
    return warden->listener_fd >= 0;
}

/* ---- answers ---- */

/* By /proc. 0 when the process has ended; -1 when it cannot be known. */
static long threads_by_proc(pid_t pid)
{
    char path[64], text[STATUS_BYTES];
    snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) /* ended; or hidden (hidepid), and then kill() still finds it */
        return errno == ENOENT && kill(pid, 0) != 0 && errno == ESRCH ? 0 : -1;
    ssize_t got = read(fd, text, sizeof(text) - 1);
    bool gone = got < 0 && errno == ESRCH;
    close(fd);
    if (got <= 0)
        return gone ? 0 : -1;
    text[got] = '\0';
    const char *line = strstr(text, "\nThreads:");
    return line ? strtol(line + 9, NULL, 10) : -1;
}

/* Of the whole process. Where /proc does not say, all that were ever granted count as running. */
static uint32_t count_threads(const ol_warden *warden)
{
    long threads = threads_by_proc(warden->pid);
    return threads >= 0 ? (uint32_t)threads : 1 + OL_PROGRAM_THREADS_OURS + warden->granted;
}

static bool is_thread(int number)
{
    return number == SYS_clone;
}

static int judge(const ol_warden *warden, int number)
{
    uint32_t threads_max = warden->sealed ? warden->threads_max : OL_PROGRAM_THREADS_MAX;
    if (is_thread(number))
        return count_threads(warden) < 1 + OL_PROGRAM_THREADS_OURS + threads_max ? 0 : -EAGAIN;
    return warden->sealed ? -EACCES : 0;
}

/* When the last thread behind the filter is gone, the kernel hangs the listener up. */
static bool anybody_left(const ol_warden *warden)
{
    struct pollfd listener = {.fd = warden->listener_fd};
    return poll(&listener, 1, 0) <= 0 || !(listener.revents & POLLHUP);
}

bool ol_warden_answer(ol_warden *warden)
{
    struct seccomp_notif call = {0};
    if (ioctl(warden->listener_fd, SECCOMP_IOCTL_NOTIF_RECV, &call) != 0)
        return anybody_left(warden); /* whoever asked is gone */
    struct seccomp_notif_resp answer = {.id = call.id, .error = judge(warden, call.data.nr)};
    if (answer.error != 0 && warden->sealed)
        warden->refusals++;
    if (answer.error == 0) {
        answer.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
        warden->granted += is_thread(call.data.nr);
    }
    ioctl(warden->listener_fd, SECCOMP_IOCTL_NOTIF_SEND, &answer);
    return true;
}

bool ol_warden_is_flooded(const ol_warden *warden)
{
    return warden->refusals > OL_WARDEN_REFUSALS_MAX;
}

void ol_warden_forgive(ol_warden *warden, uint32_t refusals)
{
    warden->refusals -= refusals < warden->refusals ? refusals : warden->refusals;
}

bool ol_warden_seal(ol_warden *warden, uint32_t threads_max)
{
    warden->sealed = true;
    warden->threads_max = threads_max;
    return count_threads(warden) <= 1 + OL_PROGRAM_THREADS_OURS + threads_max;
}

bool ol_warden_is_over(const ol_warden *warden)
{
    return warden->sealed && warden->threads_max == 0;
}

void ol_warden_close_listener(ol_warden *warden)
{
    if (warden->listener_fd >= 0)
        close(warden->listener_fd);
    warden->listener_fd = -1;
}

void ol_warden_fini(ol_warden *warden)
{
    ol_warden_close_listener(warden);
    if (warden->socket_fd >= 0)
        close(warden->socket_fd);
    *warden = OL_WARDEN_NONE;
}
