/* SPDX-License-Identifier: MIT */
/*
 * Process attributes and resource limits, and the order in which the wall goes up.
 */
#include "transform/host/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/limits.h"
#include "transform/cgroup.h"
#include "transform/host/host.h"

#define FILES_WHILE_LOADING 24
/* Address space beyond memory_bytes, for what libraries map. Measured by halving, with small inputs:
 * `image` needs 98 MiB to write AVIF and 67 to write WebP, xml_json 2; the other plugins that ship none. */
#define STACK_AND_SLACK_BYTES (104ull * OL_MIB)
#define THREAD_STACK_BYTES OL_MIB
#define GROUP_CONTROLLERS (OL_CGROUP_MEMORY | OL_CGROUP_PIDS | OL_CGROUP_CPU)

static int failed(ol_error *err, const char *what)
{
    return ol_error_set(err, OL_ETRANSFORM, "sandbox: %s: %s", what, strerror(errno));
}

/* ---- birth ---- */

static bool write_file(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    ssize_t length = (ssize_t)strlen(text);
    bool written = write(fd, text, (size_t)length) == length;
    close(fd);
    return written;
}

/* One identity, and it is nobody's. Without it the namespace holds all the same, but no root can be
 * made in it: so failing is no error. */
static void take_identity(const ol_wire_control *control)
{
    char text[64];
    if (!(control->namespaces & OL_WALL_USER_NAMESPACE))
        return;
    if (!write_file("/proc/self/setgroups", "deny"))
        return;
    snprintf(text, sizeof(text), "65534 %u 1\n", control->gid);
    if (!write_file("/proc/self/gid_map", text))
        return;
    snprintf(text, sizeof(text), "65534 %u 1\n", control->uid);
    write_file("/proc/self/uid_map", text);
}

/* The first process of a PID namespace is deaf to its own signals. */
static void on_abort(int number)
{
    (void)number;
    _exit(OL_HOST_EXIT_ABORT);
}

/* From here on what it takes counts there. */
static bool join_group(const ol_wire_control *control)
{
    if (control->cgroup == 0)
        return true;
    bool joined = write(OL_HOST_FD_CGROUP, "0", 1) == 1;
    close(OL_HOST_FD_CGROUP);
    return joined;
}

/* When memory runs out for more than this host (at a container's limit, on the machine) the kernel is
 * to kill a host and not the server. Without /proc it chooses by size. */
static void prefer_for_oom_kill(void)
{
    write_file("/proc/self/oom_score_adj", "1000");
}

int ol_sandbox_birth(const ol_wire_control *control, ol_error *err)
{
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0)
        return failed(err, "parent-death signal");
    /* The server may have died before the signal was armed: then its end is closed. */
    struct pollfd server = {.fd = OL_HOST_FD_CONTROL};
    if (poll(&server, 1, 0) != 0)
        return ol_error_set(err, OL_ETRANSFORM, "sandbox: the server is gone");
    if (!join_group(control))
        return failed(err, "control group");
    prefer_for_oom_kill();
    take_identity(control);
    if (prctl(PR_SET_DUMPABLE, 0) != 0)
        return failed(err, "dumpable");
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return failed(err, "no_new_privs");
    if ((control->namespaces & OL_WALL_PID_NAMESPACE) && signal(SIGABRT, on_abort) == SIG_ERR)
        return failed(err, "signals");
    return OL_OK;
}

/* ---- limits ---- */

static int limit(int resource, uint64_t value)
{
    struct rlimit now;
    if (getrlimit(resource, &now) != 0)
        return -1;
    rlim_t max = now.rlim_max < value ? now.rlim_max : value;
    return setrlimit(resource, &(struct rlimit){.rlim_cur = max, .rlim_max = max});
}

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

static int limit_memory(const ol_sandbox_load *load, uint64_t mapped)
{
#ifdef OBJLENS_SANITIZED
    (void)load; /* shadow memory takes terabytes of address space */
    (void)mapped;
    return 0;
#else
    /* Where `mapped` contains the shared mapping already, it is counted twice: a wider bound, no harm. */
    uint64_t own = mapped + load->memory_bytes + STACK_AND_SLACK_BYTES;
    if (limit(RLIMIT_AS, own + load->shared_bytes) != 0)
        return -1;
    return limit(RLIMIT_DATA, own);
#endif
}

/* Threads count as processes of the user: of all that user's, unless it has a namespace of its own.
 * Elsewhere the server counts them. */
static int limit_processes(const ol_sandbox_load *load)
{
    if (load->kind != OL_PROGRAM_SHARED)
        return limit(RLIMIT_NPROC, 0);
    if (!(load->namespaces & OL_WALL_USER_NAMESPACE))
        return 0;
    return limit(RLIMIT_NPROC, 1 + OL_PROGRAM_THREADS_MAX);
}

static int limit_all(const ol_sandbox_load *load, uint64_t mapped)
{
    if (limit(RLIMIT_CORE, 0) != 0 || limit(RLIMIT_FSIZE, 0) != 0 || limit_processes(load) != 0 ||
        limit(RLIMIT_MEMLOCK, 0) != 0 || limit(RLIMIT_MSGQUEUE, 0) != 0 ||
        limit(RLIMIT_NOFILE, FILES_WHILE_LOADING) != 0)
        return -1;
    return limit_memory(load, mapped);
}

/* Threads of a shared object share one heap and have small stacks: address space is limited. */
static void prepare_threads(void)
{
    pthread_attr_t attributes;
    mallopt(M_ARENA_MAX, 1);
    if (pthread_attr_init(&attributes) != 0)
        return;
    if (pthread_attr_setstacksize(&attributes, THREAD_STACK_BYTES) == 0)
        pthread_setattr_default_np(&attributes);
    pthread_attr_destroy(&attributes);
}

/* ---- the order ---- */

int ol_sandbox_check(const ol_sandbox_load *load, const ol_sandbox_held *held, ol_error *err)
{
    char names[256];
    uint32_t missing = load->walls_required & ~held->walls;
    ol_walls_text(missing, names, sizeof(names));
    if (missing)
        return ol_error_set(err, OL_ETRANSFORM, "sandbox: required, and not to be had here: %s",
                            names);
    if (load->kind == OL_PROGRAM_SHARED && held->landlock == 0 && !load->pinned)
        return ol_error_set(err, OL_ETRANSFORM,
                            "sandbox: this kernel has no Landlock, so a shared object is loaded only "
                            "when it is pinned (sha256) or signed");
    return OL_OK;
}

int ol_sandbox_loading(const ol_sandbox_load *load, ol_sandbox_held *held, ol_error *err)
{
    uint64_t mapped = mapped_bytes();
    *held = (ol_sandbox_held){.walls = OL_WALL_SECCOMP | OL_WALL_LIMITS};
    if ((load->cgroup & GROUP_CONTROLLERS) == GROUP_CONTROLLERS)
        held->walls |= OL_WALL_CGROUP;
    if (load->kind == OL_PROGRAM_SHARED)
        prepare_threads();
    held->walls |= load->namespaces & OL_WALLS_NAMESPACES & ~OL_WALL_MOUNT_NAMESPACE;
    if ((load->namespaces & OL_WALL_MOUNT_NAMESPACE) && ol_sandbox_change_root(load))
        held->walls |= OL_WALL_MOUNT_NAMESPACE;
    if (ol_sandbox_drop_capabilities())
        held->walls |= OL_WALL_CAPABILITIES;
    int rc = ol_sandbox_landlock(load, &held->landlock, err);
    if (rc != OL_OK)
        return rc;
    if (held->landlock > 0)
        held->walls |= OL_WALL_LANDLOCK;
    if (limit_all(load, mapped) != 0)
        return failed(err, "resource limits");
    rc = ol_sandbox_check(load, held, err);
    return rc == OL_OK ? ol_sandbox_filter_loading(load->kind, load->filters, err) : rc;
}

int ol_sandbox_running(uint32_t threads_max, ol_filters *filters, ol_error *err)
{
    /* Nothing above this is ever open, see FILES_WHILE_LOADING. */
    for (int fd = STDERR_FILENO + 1; fd < FILES_WHILE_LOADING; fd++)
        if (fd != OL_HOST_FD_WAKE)
            close(fd);
    if (limit(RLIMIT_NOFILE, 0) != 0)
        return failed(err, "descriptor limit");
    if (limit(RLIMIT_NPROC, threads_max > 0 ? 1 + OL_PROGRAM_THREADS_MAX : 0) != 0)
        return failed(err, "process limit");
    return ol_sandbox_filter_running(threads_max, filters, err);
}
