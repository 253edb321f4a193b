/* SPDX-License-Identifier: MIT */
/* A job of the fake engine, and what its verbs and its loading share: threads, time, system calls that are walled off. */
#ifndef TESTS_FAKE_RUN_H
#define TESTS_FAKE_RUN_H

#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "transform/fields.h"
#include "transform/host/engine.h"
#include "transform/host/job.h"
#include "transform/host/wire.h"

#define FAKE_IDLES 3u /* calls, each but the last of which says that there is more */

struct ol_engine {
    char line[256];
    char declared_headers[64];
    unsigned wipes, idles;
    bool opened; /* a job, once */
};

struct ol_run {
    ol_engine *engine;
    ol_job *job;
    char line[256];
    char verb[32];
    const char *rest;
    ol_slice piece;
    bool holding, headed;
    uint64_t count;
    uint64_t total;
    uint32_t slice_ms; /* of this step */
    long fuse; /* calls left before the process ends; 0 = none counted */
};

static inline void fake_forbidden(const char *name)
{
    char byte;
    if (!strcmp(name, "socket"))
        syscall(SYS_socket, AF_INET, SOCK_STREAM, 0);
    if (!strcmp(name, "fork"))
        syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL);
    if (!strcmp(name, "clone3"))
        syscall(SYS_clone3, NULL, 0);
    if (!strcmp(name, "execve"))
        syscall(SYS_execve, "/bin/true", NULL, NULL);
    if (!strcmp(name, "kill"))
        syscall(SYS_kill, getpid(), 0);
    if (!strcmp(name, "tgkill"))
        syscall(SYS_tgkill, getpid() + 1, getpid() + 1, 0);
    if (!strcmp(name, "ptrace"))
        syscall(SYS_ptrace, 0, 0, 0, 0);
    if (!strcmp(name, "write"))
        syscall(SYS_write, 7, &byte, 1);
    if (!strcmp(name, "close-wake"))
        syscall(SYS_close, OL_HOST_FD_WAKE);
    if (!strcmp(name, "sendmsg"))
        syscall(SYS_sendmsg, 4, NULL, 0);
    if (!strcmp(name, "exec-memory"))
        mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (!strcmp(name, "exec-protect"))
        mprotect((void *)((uintptr_t)&byte & ~4095ul), 4096, PROT_READ | PROT_EXEC);
    if (!strcmp(name, "memfd"))
        syscall(SYS_memfd_create, "x", 0);
    if (!strcmp(name, "seccomp"))
        syscall(SYS_seccomp, SECCOMP_SET_MODE_STRICT, 0, NULL);
    if (!strcmp(name, "listener"))
        syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, NULL);
    if (!strcmp(name, "dumpable"))
        syscall(SYS_prctl, PR_SET_DUMPABLE, 1, 0, 0, 0);
    if (!strcmp(name, "old-seccomp"))
        syscall(SYS_prctl, PR_SET_SECCOMP, SECCOMP_MODE_FILTER, NULL, 0, 0);
    if (!strcmp(name, "no-new-privs"))
        syscall(SYS_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    if (!strcmp(name, "limit"))
        syscall(SYS_prlimit64, 0, RLIMIT_AS, &(uint64_t[2]){~0ull, ~0ull}, NULL);
    if (!strcmp(name, "limit-of-another"))
        syscall(SYS_prlimit64, getpid() + 1, RLIMIT_NOFILE, NULL, NULL);
    if (!strcmp(name, "uname"))
        syscall(SYS_uname, NULL);
    if (!strcmp(name, "getuid"))
        syscall(SYS_getuid);
    if (!strcmp(name, "getegid"))
        syscall(SYS_getegid);
    if (!strcmp(name, "getppid"))
        syscall(SYS_getppid);
    if (!strcmp(name, "fcntl"))
        syscall(SYS_fcntl, STDOUT_FILENO, F_DUPFD_CLOEXEC, 0);
    if (!strcmp(name, "read"))
        syscall(SYS_read, STDIN_FILENO, &byte, 1);
    if (!strcmp(name, "lseek"))
        syscall(SYS_lseek, STDIN_FILENO, 0, SEEK_CUR);
    if (!strcmp(name, "unshare"))
        syscall(SYS_unshare, 0x10000000);
    if (!strcmp(name, "io_uring"))
        syscall(SYS_io_uring_setup, 1, NULL);
    if (!strcmp(name, "open-write"))
        syscall(SYS_openat, AT_FDCWD, "/tmp/objlens-never", O_WRONLY | O_CREAT, 0600);
    if (!strcmp(name, "mkdir"))
        syscall(SYS_mkdirat, AT_FDCWD, "/tmp/objlens-never", 0700);
}

static inline int fake_quiet(const char *name)
{
    errno = 0;
    if (!strcmp(name, "open"))
        syscall(SYS_openat, AT_FDCWD, "/etc/passwd", O_RDONLY);
    if (!strcmp(name, "stat"))
        syscall(SYS_newfstatat, AT_FDCWD, "/etc/passwd", NULL, 0);
    if (!strcmp(name, "map-code") &&
        mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED)
        return 0;
    return errno;
}

/* What computes for ever ends when this is set: threads cannot be killed. */
static _Atomic bool fake_let_go;

/* Set by "load-dodge"; only test_sandbox.c looks at it. */
static _Thread_local bool fake_dodges;

static inline void *fake_wait_for_ever(void *arg)
{
    for (;;)
        nanosleep(&(struct timespec){.tv_sec = 1}, NULL);
    return arg;
}

static inline void *fake_burn_for_ever(void *arg)
{
    while (!atomic_load_explicit(&fake_let_go, memory_order_relaxed))
        ;
    return arg;
}

static inline unsigned fake_threads(unsigned count, void *(*life)(void *))
{
    unsigned started = 0;
    pthread_t thread;
    while (started < count && pthread_create(&thread, NULL, life, NULL) == 0)
        started++;
    return started;
}

#endif
