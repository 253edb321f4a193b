/* SPDX-License-Identifier: MIT */
/*
 * What an OpenPGP host may do once it has its keys: read and write its socket, allocate memory, end.
 */
#include <errno.h>
#include <sched.h>
#include <seccomp.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "crypto/formats/pgp_host.h"

#define MEMORY_BYTES_MAX (512ull << 20) /* the library streams; the rest is itself */

static const int allowed[] = {
    SCMP_SYS(brk),           SCMP_SYS(munmap),       SCMP_SYS(mremap),     SCMP_SYS(madvise),
    SCMP_SYS(futex),         SCMP_SYS(clock_gettime), SCMP_SYS(gettimeofday), SCMP_SYS(time),
    SCMP_SYS(getrandom),     SCMP_SYS(sched_yield),  SCMP_SYS(getpid),     SCMP_SYS(gettid),
    SCMP_SYS(rt_sigreturn),  SCMP_SYS(rt_sigprocmask), SCMP_SYS(munlock),  SCMP_SYS(restart_syscall),
    SCMP_SYS(exit),          SCMP_SYS(exit_group),
    /* The library has its arithmetic done by a thread. */
    SCMP_SYS(rt_sigaction),  SCMP_SYS(set_robust_list), SCMP_SYS(rseq),    SCMP_SYS(sched_getaffinity),
    SCMP_SYS(read), /* of the socket, and of the source of randomness that the library has open */
};

/* The library and libc look for optional files and cope when there are none. */
static const int refused[] = {SCMP_SYS(open),  SCMP_SYS(openat),     SCMP_SYS(access),
                              SCMP_SYS(stat),  SCMP_SYS(fstat),      SCMP_SYS(newfstatat),
                              SCMP_SYS(statx), SCMP_SYS(readlink),   SCMP_SYS(ioctl),
                              SCMP_SYS(mlock), SCMP_SYS(prlimit64),  SCMP_SYS(sysinfo)};

#ifdef OBJLENS_SANITIZED
static const int sanitizer[] = {SCMP_SYS(sigaltstack), SCMP_SYS(getrlimit), SCMP_SYS(close),
                                SCMP_SYS(lseek), SCMP_SYS(getrusage)};
#else
static const int sanitizer[] = {SCMP_SYS(restart_syscall)};
#endif

static int allow(scmp_filter_ctx filter, const int *calls, size_t count, uint32_t action)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < count; i++)
        rc = seccomp_rule_add(filter, action, calls[i], 0);
    return rc;
}

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

static int fill(scmp_filter_ctx filter)
{
    int rc = seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
    if (rc == 0)
        rc = allow(filter, allowed, COUNT(allowed), SCMP_ACT_ALLOW);
    if (rc == 0)
        rc = allow(filter, sanitizer, COUNT(sanitizer), SCMP_ACT_ALLOW);
    if (rc == 0)
        rc = allow(filter, refused, COUNT(refused), SCMP_ACT_ERRNO(EACCES));
    /* Standard output and error are the null device. */
    if (rc == 0)
        rc = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(write), 1, SCMP_A0(SCMP_CMP_LE, 2));
    /* Threads, not processes; the newer call hides which it is. */
    if (rc == 0)
        rc = seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
    if (rc == 0)
        rc = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1,
                              SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD));
    if (rc == 0)
        rc = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1,
                              SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
    if (rc == 0)
        rc = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1,
                              SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
    return rc == 0 ? seccomp_load(filter) : rc;
}

static int limit(int what, rlim_t most)
{
    struct rlimit limits = {most, most};
    return setrlimit(what, &limits);
}

int ol_pgp_host_wall(ol_error *err)
{
    bool limited = limit(RLIMIT_CORE, 0) == 0 && limit(RLIMIT_FSIZE, 0) == 0;
#ifndef OBJLENS_SANITIZED /* whose shadow is larger than any limit */
    limited = limited && limit(RLIMIT_AS, MEMORY_BYTES_MAX) == 0;
#endif
    if (!limited || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
        prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
        return ol_error_set(err, OL_EINTERNAL, "openpgp host: %s", strerror(errno));
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
    int rc = filter ? fill(filter) : -ENOMEM;
    seccomp_release(filter);
    return rc == 0 ? OL_OK : ol_error_set(err, OL_EINTERNAL, "openpgp host: %s", strerror(-rc));
}
