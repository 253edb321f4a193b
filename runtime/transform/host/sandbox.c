/* SPDX-License-Identifier: MIT */
/*
 * Process attributes and resource limits, and the order in which the wall goes up.
 */
#include "transform/host/sandbox.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/limits.h"
#include "transform/host/wire.h"

#define FILES_WHILE_LOADING 24
#define STACK_AND_SLACK_BYTES (64ull * OL_MIB)

static int failed(ol_error *err, const char *what)
{
    return ol_error_set(err, OL_ETRANSFORM, "sandbox: %s: %s", what, strerror(errno));
}

int ol_sandbox_birth(int32_t server_pid, ol_error *err)
{
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0)
        return failed(err, "parent-death signal");
    /* The server may have died before the signal was armed. */
    if (getppid() != server_pid)
        return ol_error_set(err, OL_ETRANSFORM, "sandbox: the server is gone");
    if (prctl(PR_SET_DUMPABLE, 0) != 0)
        return failed(err, "dumpable");
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return failed(err, "no_new_privs");
    return OL_OK;
}

static int limit(int resource, uint64_t value)
{
    struct rlimit now;
    if (getrlimit(resource, &now) != 0)
        return -1;
    rlim_t max = now.rlim_max < value ? now.rlim_max : value;
    return setrlimit(resource, &(struct rlimit){.rlim_cur = max, .rlim_max = max});
}

#ifdef OBJLENS_SANITIZED
static int limit_memory(const ol_sandbox_load *load)
{
    (void)load; /* shadow memory takes terabytes of address space */
    return 0;
}
#else
/* What the process is made of already: program, libraries, stack. */
static uint64_t mapped_bytes(void)
{
    unsigned long long pages = 0;
    FILE *file = fopen("/proc/self/statm", "re");
    if (!file)
        return 256ull * OL_MIB;
    if (fscanf(file, "%llu", &pages) != 1)
        pages = 256ull * OL_MIB / 4096;
    fclose(file);
    return pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

static int limit_memory(const ol_sandbox_load *load)
{
    /* The mapping is counted twice when it was there before: that only loosens the bound. */
    uint64_t own = mapped_bytes() + load->memory_bytes + STACK_AND_SLACK_BYTES;
    if (limit(RLIMIT_AS, own + load->shared_bytes) != 0)
        return -1;
    return limit(RLIMIT_DATA, own);
}
#endif

int ol_sandbox_loading(const ol_sandbox_load *load, uint32_t *landlock, ol_error *err)
{
    if (limit(RLIMIT_CORE, 0) != 0 || limit(RLIMIT_FSIZE, 0) != 0 || limit(RLIMIT_NPROC, 0) != 0 ||
        limit(RLIMIT_MEMLOCK, 0) != 0 || limit(RLIMIT_MSGQUEUE, 0) != 0 ||
        limit(RLIMIT_NOFILE, FILES_WHILE_LOADING) != 0 || limit_memory(load) != 0)
        return failed(err, "resource limits");
    int rc = ol_sandbox_landlock(load->kind, landlock, err);
    return rc == OL_OK ? ol_sandbox_filter_loading(err) : rc;
}

int ol_sandbox_running(ol_error *err)
{
    /* Nothing above this is ever open, see FILES_WHILE_LOADING. */
    for (int fd = STDERR_FILENO + 1; fd < FILES_WHILE_LOADING; fd++)
        if (fd != OL_HOST_FD_WAKE)
            close(fd);
    if (limit(RLIMIT_NOFILE, 0) != 0)
        return failed(err, "descriptor limit");
    return ol_sandbox_filter_running(err);
}
