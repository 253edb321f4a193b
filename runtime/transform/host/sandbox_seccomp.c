/* SPDX-License-Identifier: MIT */
/*
 * The two system-call filters. They stack: what the first refuses the second cannot allow.
 * Refusal is death of the whole process, so nothing can be tried twice.
 */
#include "transform/host/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <seccomp.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "transform/host/wire.h"

/* Filters are made of one rule a call: any argument, or the one condition given. */
typedef struct rule {
    int call;
    unsigned count; /* of conditions, all of which must hold */
    struct scmp_arg_cmp conditions[2];
} rule;

#define ANY(name) {SCMP_SYS(name), 0, {{0}}}
#define WHEN(name, ...) {SCMP_SYS(name), 1, {__VA_ARGS__}}
#define MASKED_OFF(arg, bits) {(arg), SCMP_CMP_MASKED_EQ, (bits), 0}
#define EQUALS(arg, value) {(arg), SCMP_CMP_EQ, (value), 0}
/* Without the descriptor that wakes the server a host would fall silent instead of ending. */
#define CLOSE_OTHERS WHEN(close, {0, SCMP_CMP_NE, OL_HOST_FD_WAKE, 0})

/* What code that computes needs, loading or running. */
static const rule common[] = {
    ANY(brk),
    ANY(munmap),
    ANY(mremap),
    ANY(madvise),
    ANY(futex),
    ANY(clock_gettime),
    ANY(clock_getres),
    ANY(clock_nanosleep),
    ANY(gettimeofday),
    ANY(time),
    ANY(nanosleep),
    ANY(sched_yield),
    ANY(poll),
    ANY(ppoll),
    ANY(rt_sigreturn),
    ANY(rt_sigprocmask),
    ANY(rt_sigaction),
    ANY(sigaltstack),
    ANY(timer_settime),
    ANY(timer_gettime),
    ANY(timer_getoverrun),
    ANY(timer_delete),
    ANY(restart_syscall),
    ANY(getpid),
    ANY(gettid),
    ANY(getrandom), /* malloc seeds itself */
    ANY(sysinfo),   /* qsort asks for the size of memory */
    ANY(exit),
    ANY(exit_group),
    WHEN(write, EQUALS(0, OL_HOST_FD_WAKE)),
    WHEN(write, EQUALS(0, STDOUT_FILENO)), /* the null device, as is standard error */
    WHEN(write, EQUALS(0, STDERR_FILENO)),
    WHEN(writev, EQUALS(0, STDERR_FILENO)),
    WHEN(mprotect, MASKED_OFF(2, PROT_EXEC)),
    WHEN(mmap, MASKED_OFF(2, PROT_EXEC)),
};

static const rule loading[] = {
    ANY(read),
    ANY(pread64),
    ANY(lseek),
    CLOSE_OTHERS,
    ANY(fstat),
    ANY(newfstatat),
    ANY(readlink),
    ANY(readlinkat),
    ANY(access),
    ANY(faccessat),
    ANY(faccessat2),
    ANY(getcwd),
    WHEN(fcntl, EQUALS(1, F_GETFD)),
    WHEN(fcntl, EQUALS(1, F_SETFD)),
    WHEN(fcntl, EQUALS(1, F_GETFL)),
    WHEN(fcntl, EQUALS(1, F_DUPFD_CLOEXEC)),
    ANY(timer_create),
    WHEN(prlimit64, EQUALS(0, 0)), /* our own limits, nobody else's */
    ANY(getrlimit),
    ANY(setrlimit),
    ANY(uname),
    ANY(sched_getaffinity),
    ANY(getuid),
    ANY(geteuid),
    ANY(getgid),
    ANY(getegid),
    ANY(getppid),
    ANY(seccomp),
    WHEN(prctl, EQUALS(0, PR_SET_NO_NEW_PRIVS)),
    WHEN(prctl, EQUALS(0, PR_SET_SECCOMP)),
    WHEN(open, MASKED_OFF(1, O_WRONLY | O_RDWR | O_CREAT | O_TRUNC)),
    WHEN(openat, MASKED_OFF(2, O_WRONLY | O_RDWR | O_CREAT | O_TRUNC)),
    /* Code is mapped from files, and never writable at the same time. */
    {SCMP_SYS(mmap), 1, {{2, SCMP_CMP_MASKED_EQ, PROT_EXEC | PROT_WRITE, PROT_EXEC}}},
    {SCMP_SYS(mprotect), 1, {{2, SCMP_CMP_MASKED_EQ, PROT_EXEC | PROT_WRITE, PROT_EXEC}}},
};

/* Libraries look for optional files (locales, character sets) and cope when there are none. */
static const int refused_while_running[] = {
    SCMP_SYS(open),       SCMP_SYS(openat), SCMP_SYS(access),     SCMP_SYS(faccessat),
    SCMP_SYS(faccessat2), SCMP_SYS(stat),   SCMP_SYS(lstat),      SCMP_SYS(fstat),
    SCMP_SYS(newfstatat), SCMP_SYS(statx),  SCMP_SYS(readlink),   SCMP_SYS(readlinkat),
    SCMP_SYS(ioctl),
};

#ifdef OBJLENS_SANITIZED
/* Shadow memory, reports, symbolizing, and the thread that TSan keeps. */
static const rule sanitizer[] = {
    ANY(getrusage), ANY(sched_getaffinity), ANY(prlimit64), ANY(getrlimit),  ANY(set_robust_list),
    ANY(rseq),      ANY(membarrier),        ANY(mincore),   ANY(getppid),    ANY(read),
    CLOSE_OTHERS,   ANY(dup),               ANY(pipe2),     ANY(getuid),     ANY(uname),
    ANY(lseek),     ANY(munlock),           ANY(fcntl),     ANY(getdents64),
    WHEN(prctl, {0, SCMP_CMP_NE, PR_SET_DUMPABLE, 0}),
};
#endif

static int add_rules(scmp_filter_ctx filter, const rule *rules, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        int rc = seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, rules[i].call, rules[i].count,
                                        rules[i].conditions);
        if (rc != 0)
            return rc;
    }
    return 0;
}

#define ADD(filter, rules) add_rules(filter, rules, sizeof(rules) / sizeof(rules[0]))

/* abort() and failed assertions signal themselves, nobody else. */
static int add_self_signals(scmp_filter_ctx filter)
{
    return seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1,
                            SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)getpid()));
}

static int add_refusals(scmp_filter_ctx filter)
{
    for (size_t i = 0; i < sizeof(refused_while_running) / sizeof(refused_while_running[0]); i++) {
        int rc = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EACCES), refused_while_running[i], 0);
        if (rc != 0)
            return rc;
    }
    return 0;
}

static int fill(scmp_filter_ctx filter, bool run)
{
    int rc = seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
    if (rc == 0)
        rc = seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1);
    if (rc == 0)
        rc = ADD(filter, common);
    if (rc == 0)
        rc = add_self_signals(filter);
#ifdef OBJLENS_SANITIZED
    if (rc == 0)
        rc = ADD(filter, sanitizer);
#endif
    if (rc == 0)
        rc = run ? add_refusals(filter) : ADD(filter, loading);
    return rc == 0 ? seccomp_load(filter) : rc;
}

static int install(bool run, ol_error *err)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
    if (!filter)
        return ol_error_set(err, OL_ETRANSFORM, "sandbox: seccomp: out of memory");
    int rc = fill(filter, run);
    seccomp_release(filter);
    if (rc != 0)
        return ol_error_set(err, OL_ETRANSFORM, "sandbox: seccomp: %s", strerror(-rc));
    return OL_OK;
}

int ol_sandbox_filter_loading(ol_error *err)
{
    return install(false, err);
}

int ol_sandbox_filter_running(ol_error *err)
{
    return install(true, err);
}
