/* SPDX-License-Identifier: MIT */
/*
 * What the two filters allow, and their compilation. They stack: what the first refuses the second
 * cannot allow. Refusal is death of the whole process, so nothing can be tried twice.
 *
 * Whoever runs foreign code while the first filter stands could keep the second from being put up.
 * So what the first allows for the sake of loading alone is not in that process's hands: those calls
 * are put to the server, one by one (warden.h). Lua needs none of them.
 */
#include "transform/host/filters.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sched.h>
#include <seccomp.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/memory_file.h"
#include "transform/host/wire.h"

/* Filters are made of one rule a call: any argument, or the one condition given. */
typedef struct rule {
    int call;
    unsigned count; /* of conditions, all of which must hold */
    struct scmp_arg_cmp conditions[2];
} rule;

#define ANY(name) {SCMP_SYS(name), 0, {{0}}}
#define WHEN(name, ...) {SCMP_SYS(name), 1, {__VA_ARGS__}}
#define BOTH(name, ...) {SCMP_SYS(name), 2, {__VA_ARGS__}}
#define MASKED_OFF(arg, bits) {(arg), SCMP_CMP_MASKED_EQ, (bits), 0}
#define FOR_READING(arg) MASKED_OFF(arg, O_WRONLY | O_RDWR | O_CREAT | O_TRUNC)
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

/* The host's own way from the first filter to the second, see ol_sandbox_running. */
static const rule second_step[] = {
    CLOSE_OTHERS,
    BOTH(prlimit64, EQUALS(0, 0), EQUALS(1, RLIMIT_NOFILE)), /* of this process, nobody else's */
    BOTH(prlimit64, EQUALS(0, 0), EQUALS(1, RLIMIT_NPROC)),
    BOTH(seccomp, EQUALS(0, SECCOMP_SET_MODE_FILTER), EQUALS(1, SECCOMP_FILTER_FLAG_TSYNC)),
};

/* What is done with files that the server let a shared object open, and limits that libraries look at
 * (how large a stack may be) without setting them. */
static const rule linking[] = {
    ANY(read),
    ANY(pread64),
    ANY(lseek),
    BOTH(prlimit64, EQUALS(0, 0), EQUALS(2, 0)),
};

/* The Lua engine's timer for time slices. Each timer takes memory of the kernel, without a bound: so a
 * shared object gets none. */
static const rule slices[] = {ANY(timer_create)};

#define THREAD_FLAGS                                                                               \
    (CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM |            \
     CLONE_SETTLS | CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID)
#define A_THREAD WHEN(clone, EQUALS(0, THREAD_FLAGS))

/* What threads do besides. */
static const rule threads[] = {
    ANY(set_robust_list),
    ANY(rseq),
    WHEN(prctl, EQUALS(0, PR_SET_NAME)),
    ANY(sched_getaffinity),
};

/* What loading a shared object takes: asked of the server. */
static const rule asked[] = {
    ANY(fstat),
    ANY(stat),
    ANY(lstat),
    ANY(statx),
    ANY(newfstatat),
    ANY(statfs),
    ANY(fstatfs),
    ANY(getdents64),
    ANY(readlink),
    ANY(readlinkat),
    ANY(access),
    ANY(faccessat),
    ANY(faccessat2),
    ANY(getcwd),
    A_THREAD,
    WHEN(open, FOR_READING(1)),
    WHEN(openat, FOR_READING(2)),
    /* Code is mapped from files, and never writable at the same time. */
    {SCMP_SYS(mmap), 1, {{2, SCMP_CMP_MASKED_EQ, PROT_EXEC | PROT_WRITE, PROT_EXEC}}},
    {SCMP_SYS(mprotect), 1, {{2, SCMP_CMP_MASKED_EQ, PROT_EXEC | PROT_WRITE, PROT_EXEC}}},
};

/* The listener's way to the server. What gets this number after the socket was closed is a file. */
static const rule handing_over[] = {WHEN(sendmsg, EQUALS(0, OL_HOST_FD_CONTROL))};

/* Libraries look for optional files (locales, character sets) and cope when there are none. */
static const rule refused[] = {
    WHEN(open, FOR_READING(1)),
    WHEN(openat, FOR_READING(2)),
    ANY(access),
    ANY(faccessat),
    ANY(faccessat2),
    ANY(stat),
    ANY(lstat),
    ANY(fstat),
    ANY(newfstatat),
    ANY(statx),
    ANY(statfs),
    ANY(fstatfs),
    ANY(getdents64),
    ANY(readlink),
    ANY(readlinkat),
    ANY(getcwd),
    ANY(ioctl),
};

/* Codec libraries ask where memory is near, and cope when there is no telling. */
static const rule unknown[] = {
    ANY(get_mempolicy),
    ANY(set_mempolicy),
    ANY(mbind),
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

/* ---- putting them together ---- */

static int add_rules(scmp_filter_ctx filter, uint32_t action, const rule *rules, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        int rc = seccomp_rule_add_array(filter, action, rules[i].call, rules[i].count,
                                        rules[i].conditions);
        if (rc != 0)
            return rc;
    }
    return 0;
}

#define ADD(filter, action, rules)                                                                 \
    add_rules(filter, action, rules, sizeof(rules) / sizeof(rules[0]))
#define ALLOW(filter, rules) ADD(filter, SCMP_ACT_ALLOW, rules)
#define REFUSE(filter, rules) ADD(filter, SCMP_ACT_ERRNO(EACCES), rules)
#define LACK(filter, rules) ADD(filter, SCMP_ACT_ERRNO(ENOSYS), rules)

/* abort() and failed assertions signal themselves, nobody else. */
static int add_self_signals(scmp_filter_ctx filter)
{
    return seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1,
                            SCMP_A0(SCMP_CMP_EQ, OL_FILTER_SELF));
}

/* What clone3 is asked for lies in memory and cannot be judged; without it clone is used. */
static int add_threads(scmp_filter_ctx filter)
{
    int rc = seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
    return rc == 0 ? ALLOW(filter, threads) : rc;
}

static int fill_loading(scmp_filter_ctx filter, bool shared)
{
    int rc = ALLOW(filter, second_step);
    if (rc == 0 && !shared)
        rc = ALLOW(filter, slices);
    if (rc != 0 || !shared)
        return rc != 0 ? rc : REFUSE(filter, refused);
    rc = ALLOW(filter, linking);
    if (rc == 0)
        rc = add_threads(filter);
    if (rc == 0)
        rc = LACK(filter, unknown);
    if (rc == 0)
        rc = ALLOW(filter, handing_over);
    return rc == 0 ? ADD(filter, SCMP_ACT_NOTIFY, asked) : rc;
}

static int fill_running(scmp_filter_ctx filter, bool may_thread)
{
    static const rule a_thread[] = {A_THREAD};
    int rc = REFUSE(filter, refused);
    if (rc == 0)
        rc = LACK(filter, unknown);
    if (rc != 0 || !may_thread)
        return rc;
    rc = add_threads(filter);
    return rc == 0 ? ALLOW(filter, a_thread) : rc;
}

static int fill_common(scmp_filter_ctx filter)
{
    int rc = seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
    /* A tree, no list: the kernel tries it for each number when it is put up, and for each call with
     * arguments that matter. */
    if (rc == 0)
        rc = seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
    if (rc == 0)
        rc = ALLOW(filter, common);
    if (rc == 0)
        rc = add_self_signals(filter);
#ifdef OBJLENS_SANITIZED
    if (rc == 0)
        rc = ALLOW(filter, sanitizer);
#endif
    return rc;
}

/* ---- compiling ---- */

/* libseccomp writes its result to a descriptor. */
static int take_steps(scmp_filter_ctx from, int fd, ol_filter *to)
{
    int rc = seccomp_export_bpf(from, fd);
    if (rc != 0)
        return rc;
    off_t bytes = lseek(fd, 0, SEEK_END);
    if (bytes <= 0 || (size_t)bytes > sizeof(to->steps) || (size_t)bytes % sizeof(to->steps[0]) != 0)
        return -E2BIG;
    if (pread(fd, to->steps, (size_t)bytes, 0) != bytes)
        return -EIO;
    to->count = (uint16_t)((size_t)bytes / sizeof(to->steps[0]));
    return 0;
}

static int export(scmp_filter_ctx from, ol_filter *to)
{
    int fd = ol_memory_file("objlens-filter");
    if (fd < 0)
        return -errno;
    int rc = take_steps(from, fd, to);
    close(fd);
    return rc;
}

typedef int fill_fn(scmp_filter_ctx filter, bool flag);

static int compile(ol_filter *to, fill_fn *fill, bool flag)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
    if (!filter)
        return -ENOMEM;
    int rc = fill_common(filter);
    if (rc == 0)
        rc = fill(filter, flag);
    if (rc == 0)
        rc = export(filter, to);
    seccomp_release(filter);
    return rc;
}

/* ---- once for all hosts ---- */

typedef struct compiled_filters {
    bool done;
    ol_filters filters;
} compiled_filters;

static pthread_mutex_t compiling = PTHREAD_MUTEX_INITIALIZER;
static compiled_filters compiled[OL_PROGRAM_SHARED + 1];

static int compile_kind(ol_filters *filters, bool shared)
{
    int rc = compile(&filters->loading, fill_loading, shared);
    if (rc == 0)
        rc = compile(&filters->running, fill_running, false);
    if (rc == 0 && shared)
        rc = compile(&filters->threading, fill_running, true);
    return rc;
}

/* Each kind by itself: a kernel that cannot ask the server about calls runs Lua all the same. */
const ol_filters *ol_filters_of(enum ol_program_kind kind, ol_error *err)
{
    compiled_filters *of_kind = &compiled[kind];
    int rc = 0;
    pthread_mutex_lock(&compiling);
    if (!of_kind->done)
        rc = compile_kind(&of_kind->filters, kind == OL_PROGRAM_SHARED);
    of_kind->done = rc == 0; /* where memory or descriptors were short, the next host tries again */
    pthread_mutex_unlock(&compiling);
    if (rc == 0)
        return &of_kind->filters;
    ol_error_set(err, OL_EUNAVAILABLE, "sandbox: seccomp: %s", strerror(-rc));
    return NULL;
}
