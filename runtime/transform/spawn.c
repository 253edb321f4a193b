/* SPDX-License-Identifier: MIT */
/*
 * The child shares our memory, and we stand still, until it has become another program: so a large
 * server starts a host as fast as a small one. That is what posix_spawn does too, which cannot make
 * namespaces. Until then the child makes bare system calls only and touches no lock, no allocator and
 * no variable but its own stack's and the one that takes its error.
 *
 * A host in a user namespace of its own keeps one capability over that namespace across the exec,
 * to write its identity and to empty its root. It drops it before the program is loaded.
 */
#include "transform/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/bare.h"
#include "base/turns.h"
#include "transform/host/wire.h"
#include "transform/host/walls.h"

#define STACK_BYTES 65536u
#define SIGNALS 64

typedef struct flag_of_wall {
    uint32_t wall;
    int flag;
} flag_of_wall;

static const flag_of_wall flags_of_walls[] = {
    {OL_WALL_USER_NAMESPACE, CLONE_NEWUSER},   {OL_WALL_PID_NAMESPACE, CLONE_NEWPID},
    {OL_WALL_NETWORK_NAMESPACE, CLONE_NEWNET}, {OL_WALL_IPC_NAMESPACE, CLONE_NEWIPC},
    {OL_WALL_MOUNT_NAMESPACE, CLONE_NEWNS},
};

#define FLAGS (sizeof(flags_of_walls) / sizeof(flags_of_walls[0]))

static int clone_flags(uint32_t walls)
{
    int flags = 0;
    for (size_t i = 0; i < FLAGS; i++)
        if (walls & flags_of_walls[i].wall)
            flags |= flags_of_walls[i].flag;
    return flags;
}

/* ---- the child, before it is another program ---- */

typedef struct child_start {
    const ol_spawn_options *options;
    const char *volatile failed; /* what, or NULL; out */
    volatile int error;          /* and why */
} child_start;

/* As the kernel has it: glibc's is larger. */
typedef struct kernel_sigaction {
    void *handler;
    unsigned long flags;
    void *restorer;
    uint64_t mask;
} kernel_sigaction;

OL_BARE static void reset_signals(void)
{
    const kernel_sigaction by_default = {0};
    const uint64_t none = 0;
    for (int number = 1; number <= SIGNALS; number++)
        syscall(SYS_rt_sigaction, number, &by_default, NULL, sizeof(uint64_t));
    syscall(SYS_rt_sigprocmask, SIG_SETMASK, &none, NULL, sizeof(none));
}

OL_BARE static int place(int from, int to)
{
    return syscall(SYS_dup3, from, to, 0) < 0 ? -1 : 0;
}

/* Close a descriptor of the child, whose table is its own. Not by SYS_close: a thread sanitizer sees
 * that, and since the child still has the parent's memory, it would note that the parent closed its
 * descriptor of that number. */
OL_BARE static void vacate(int fd)
{
    syscall(SYS_close_range, fd, fd, 0);
}

/* Standard input, output and error. */
OL_BARE static int place_null_device(void)
{
    long null_fd = syscall(SYS_openat, AT_FDCWD, "/dev/null", O_RDWR);
    if (null_fd < 0)
        return -1;
    for (int fd = 0; fd <= STDERR_FILENO; fd++) {
#ifdef OBJLENS_SANITIZED /* whose reports must reach somebody */
        if (fd == STDERR_FILENO)
            break;
#endif
        if (null_fd != fd && place((int)null_fd, fd) != 0)
            return -1;
    }
    return 0;
}

OL_BARE static int place_descriptors(const ol_spawn_options *options)
{
    if (place(options->memory_fd, OL_HOST_FD_SHARED) != 0 ||
        place(options->wake_fd, OL_HOST_FD_WAKE) != 0 ||
        place(options->control_fd, OL_HOST_FD_CONTROL) != 0)
        return -1;
    if (options->image_fd < 0)
        vacate(OL_HOST_FD_IMAGE);
    else if (place(options->image_fd, OL_HOST_FD_IMAGE) != 0)
        return -1;
    if (options->cgroup_fd < 0)
        vacate(OL_HOST_FD_CGROUP);
    else if (place(options->cgroup_fd, OL_HOST_FD_CGROUP) != 0)
        return -1;
    return (int)syscall(SYS_close_range, OL_HOST_FD_CGROUP + 1, ~0u, 0);
}

OL_BARE static int keep_one_capability(void)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[2] = {{0}};
    if (syscall(SYS_capget, &header, data) != 0)
        return -1;
    data[0].inheritable |= 1u << CAP_SYS_ADMIN;
    if (syscall(SYS_capset, &header, data) != 0)
        return -1;
    return (int)syscall(SYS_prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_SYS_ADMIN, 0, 0);
}

/* Returns what could not be done, with errno. When all goes well it does not return. */
OL_BARE static const char *become_host(const ol_spawn_options *options)
{
    static const char *const argv[] = {"objlens", "host", NULL};
    static const char *const environment[] = {NULL};
    reset_signals();
    syscall(SYS_setsid);
    ol_turns_take(OL_TURNS_LAST);
    if (syscall(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0)
        return "parent-death signal";
    if (place_null_device() != 0)
        return "/dev/null";
    if (place_descriptors(options) != 0)
        return "descriptors";
    if ((options->namespaces & OL_WALL_USER_NAMESPACE) && keep_one_capability() != 0)
        return "capabilities";
    syscall(SYS_execve, "/proc/self/exe", argv, environment);
    return "/proc/self/exe";
}

OL_BARE static int run_child(void *arg)
{
    child_start *start = arg;
    start->failed = become_host(start->options);
    start->error = errno;
    syscall(SYS_exit, 127);
    return 127;
}

OL_BARE static int do_nothing(void *arg)
{
    (void)arg;
    syscall(SYS_exit, 0);
    return 0;
}

/* ---- the parent ---- */

/* A thread sanitizer takes clone() for a fork, and its own state for the child's. This is the same
 * function by the name that it does not know. */
int __clone(int (*child)(void *), void *stack, int flags, void *arg, ...);

static int clone_with(int (*child)(void *), void *arg, int flags, pid_t *pid, int *pidfd)
{
    sigset_t all, before;
    void *stack = mmap(NULL, STACK_BYTES, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
    if (stack == MAP_FAILED)
        return errno;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before); /* no handler of ours may run in the child */
    *pid = __clone(child, (char *)stack + STACK_BYTES,
                   CLONE_VM | CLONE_VFORK | CLONE_PIDFD | SIGCHLD | flags, arg, pidfd);
    int error = *pid < 0 ? errno : 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    munmap(stack, STACK_BYTES);
    return error;
}

static void reap(pid_t pid, int pidfd)
{
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
        ;
    close(pidfd);
}

static int failed(ol_error *err, const char *what, int number)
{
    return ol_error_set(err, OL_EUNAVAILABLE, "starting a host: %s: %s", what, strerror(number));
}

int ol_spawn(const ol_spawn_options *options, pid_t *pid, int *pidfd, ol_error *err)
{
    child_start start = {.options = options};
    uint32_t at_birth = options->namespaces & ~OL_WALL_MOUNT_NAMESPACE; /* that one: sandbox_root.c */
    int error = clone_with(run_child, &start, clone_flags(at_birth), pid, pidfd);
    if (error != 0)
        return failed(err, "process", error);
    if (!start.failed)
        return OL_OK;
    reap(*pid, *pidfd);
    return failed(err, start.failed, start.error);
}

/* ---- what is permitted here ---- */

static bool permitted(uint32_t walls)
{
    pid_t pid;
    int pidfd;
    if (clone_with(do_nothing, NULL, clone_flags(walls), &pid, &pidfd) != 0)
        return false;
    reap(pid, pidfd);
    return true;
}

static uint32_t found;

static uint32_t all_walls(void)
{
    uint32_t walls = 0;
    for (size_t i = 0; i < FLAGS; i++)
        walls |= flags_of_walls[i].wall;
    return walls;
}

/* Making a network namespace takes its time: on most machines the first attempt is the only one. */
static void find_out(void)
{
    found = all_walls();
    if (permitted(found))
        return;
    found = 0;
    /* A user namespace is what lets an unprivileged process have the others. */
    uint32_t base = permitted(OL_WALL_USER_NAMESPACE) ? OL_WALL_USER_NAMESPACE : 0;
    uint32_t walls = base;
    for (size_t i = 1; i < FLAGS; i++)
        if (permitted(base | flags_of_walls[i].wall))
            walls |= flags_of_walls[i].wall;
    if (walls == 0 || permitted(walls))
        found = walls;
}

uint32_t ol_spawn_namespaces(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, find_out);
    return found;
}
