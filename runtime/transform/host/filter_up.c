/* SPDX-License-Identifier: MIT */
#include "transform/host/filter_up.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <sys/syscall.h>
#include <unistd.h>

int ol_filter_up(const ol_filter *filter, unsigned flags)
{
    struct sock_fprog program = {.len = filter->count,
                                 .filter = (struct sock_filter *)filter->steps};
    long rc = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);
    if (rc < 0)
        return -errno;
    if (rc > 0 && !(flags & SECCOMP_FILTER_FLAG_NEW_LISTENER))
        return -ESRCH; /* a thread that could not be given it */
    return (int)rc;
}
