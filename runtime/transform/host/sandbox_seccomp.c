/* SPDX-License-Identifier: MIT */
/*
 * Putting up the two filters that the server compiled.
 */
#include "transform/host/sandbox.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "transform/host/filter_up.h"
#include "transform/host/wire.h"

/* Put in the number of this process; it must be asked for exactly once. */
static int make_own(ol_filter *filter)
{
    unsigned found = 0;
    if (filter->count == 0 || filter->count > OL_FILTER_STEPS_MAX)
        return -EINVAL;
    for (unsigned i = 0; i < filter->count; i++) {
        if (filter->steps[i].code != (BPF_JMP | BPF_JEQ | BPF_K) || filter->steps[i].k != OL_FILTER_SELF)
            continue;
        filter->steps[i].k = (uint32_t)getpid();
        found++;
    }
    return found == 1 ? 0 : -EINVAL;
}

static int put_up(ol_filter *filter, unsigned flags)
{
    int rc = make_own(filter);
    return rc == 0 ? ol_filter_up(filter, flags) : rc;
}

/* ---- the listener ---- */

static int hand_over(int listener)
{
    char byte = 0;
    union {
        struct cmsghdr header;
        char room[CMSG_SPACE(sizeof(int))];
    } control = {0};
    struct iovec iov = {.iov_base = &byte, .iov_len = 1};
    struct msghdr message = {.msg_iov = &iov,
                             .msg_iovlen = 1,
                             .msg_control = &control,
                             .msg_controllen = sizeof(control)};
    control.header = (struct cmsghdr){
        .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(sizeof(int))};
    memcpy(CMSG_DATA(&control.header), &listener, sizeof(listener));
    ssize_t sent = sendmsg(OL_HOST_FD_CONTROL, &message, MSG_NOSIGNAL);
    return sent == 1 ? 0 : -EPIPE;
}

static int give_listener_away(int listener)
{
    int rc = hand_over(listener);
    close(listener);
    close(OL_HOST_FD_CONTROL);
    return rc;
}

/* ---- for the sandbox ---- */

static int said(int rc, ol_error *err)
{
    if (rc >= 0)
        return OL_OK;
    return ol_error_set(err, OL_ETRANSFORM, "sandbox: seccomp: %s", strerror(-rc));
}

int ol_sandbox_filter_loading(enum ol_program_kind kind, ol_filters *filters, ol_error *err)
{
    unsigned flags = SECCOMP_FILTER_FLAG_TSYNC;
    if (kind != OL_PROGRAM_SHARED)
        return said(put_up(&filters->loading, flags), err);
    flags |= SECCOMP_FILTER_FLAG_NEW_LISTENER | SECCOMP_FILTER_FLAG_TSYNC_ESRCH;
    int listener = put_up(&filters->loading, flags);
    return said(listener >= 0 ? give_listener_away(listener) : listener, err);
}

int ol_sandbox_filter_running(uint32_t threads_max, ol_filters *filters, ol_error *err)
{
    ol_filter *filter = threads_max > 0 ? &filters->threading : &filters->running;
    return said(put_up(filter, SECCOMP_FILTER_FLAG_TSYNC), err);
}
