/* SPDX-License-Identifier: MIT */
/*
 * Starting host processes.
 *
 * posix_spawn shares the address space until exec, so a large server starts a host as fast as a
 * small one. The child gets an empty environment, default signals, a session of its own (no
 * terminal signals), and these descriptors: the null device three times, the memory, the
 * eventfd, and the shared object's image if there is one.
 */
#include "transform/child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "transform/host/ring.h"
#include "transform/host/texts.h"

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 8u
#endif
#ifndef P_PIDFD
#define P_PIDFD 3
#endif

#define FD_FLOOR 16 /* above every number that the child is given, so that no dup2 hits another */

static int unavailable(ol_error *err, const char *what)
{
    return ol_error_set(err, OL_EUNAVAILABLE, "starting a host: %s: %s", what, strerror(errno));
}

/* ---- memory ---- */

static int make_memory_file(size_t size)
{
    int fd = memfd_create("objlens-host", MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_NOEXEC_SEAL);
    if (fd < 0 && errno == EINVAL) /* a kernel before 6.3 */
        fd = memfd_create("objlens-host", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (fd < 0)
        return -1;
    /* Sealed, so that the host cannot cut it short under the server's feet. */
    if (ftruncate(fd, (off_t)size) == 0 &&
        fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) == 0)
        return fd;
    int kept = errno;
    close(fd);
    errno = kept;
    return -1;
}

static int move_up(int fd)
{
    if (fd < 0 || fd >= FD_FLOOR)
        return fd;
    int moved = fcntl(fd, F_DUPFD_CLOEXEC, FD_FLOOR);
    int kept = errno;
    close(fd);
    errno = kept;
    return moved;
}

static int map_memory(ol_child *child, ol_error *err, int *memory_fd)
{
    *memory_fd = move_up(make_memory_file(child->layout.total));
    if (*memory_fd < 0)
        return unavailable(err, "shared memory");
    void *base = mmap(NULL, child->layout.total, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE,
                      *memory_fd, 0);
    if (base == MAP_FAILED) {
        close(*memory_fd);
        return ol_error_set(err, OL_ENOMEM, "mapping a host's memory");
    }
    child->base = base;
    return OL_OK;
}

static void write_control(ol_child *child, const ol_child_options *options)
{
    ol_wire_control *control = (ol_wire_control *)child->base;
    control->magic = OL_WIRE_MAGIC;
    control->slot_bytes = options->slot_bytes;
    control->slots = options->slots;
    control->jobs_max = options->jobs_max;
    control->spin_us = options->spin_us;
    control->server_pid = (int32_t)getpid();
    atomic_store(&control->server_sleeps, 1);
}

/* The program lies in the slots, the message that names it in the ring. */
static int lay_program(ol_child *child, const ol_program *program, ol_error *err)
{
    size_t room = (size_t)child->layout.slot_bytes * child->layout.slots;
    bool shared = program->kind == OL_PROGRAM_SHARED;
    ol_buf text;
    ol_buf_init(&text, room);
    int rc = ol_text_program_encode(&text, program, shared ? OL_HOST_IMAGE_PATH : program->path);
    if (rc == OL_OK) {
        memcpy(child->base + child->layout.slot_base, text.data, text.len);
        ol_ring_writer ring;
        ol_ring_writer_to_host(&ring, child->base, &child->layout);
        ol_msg msg = {.type = OL_MSG_LOAD, .slot = 0, .length = (uint32_t)text.len};
        ol_ring_put(&ring, &msg);
        ol_ring_publish(&ring);
    }
    ol_buf_fini(&text);
    return rc == OL_OK ? OL_OK : ol_error_set(err, rc, "the program does not fit the slots");
}

static int make_memory(ol_child *child, const ol_child_options *options, const ol_program *program,
                       int *memory_fd, ol_error *err)
{
    *child = (ol_child){.pidfd = -1, .wake_fd = -1};
    if (!ol_wire_layout_make(&child->layout, options->slot_bytes, options->slots) ||
        options->jobs_max == 0 || options->jobs_max > OL_WIRE_JOBS_MAX)
        return ol_error_set(err, OL_ECONFIG, "%u slots of %u bytes for %u jobs", options->slots,
                            options->slot_bytes, options->jobs_max);
    int rc = map_memory(child, err, memory_fd);
    if (rc != OL_OK)
        return rc;
    write_control(child, options);
    rc = lay_program(child, program, err);
    if (rc != OL_OK) {
        close(*memory_fd);
        ol_child_fini(child);
    }
    return rc;
}

int ol_child_start_memory(ol_child *child, const ol_child_options *options,
                          const ol_program *program, ol_error *err)
{
    int memory_fd;
    int rc = make_memory(child, options, program, &memory_fd, err);
    if (rc == OL_OK)
        close(memory_fd);
    return rc;
}

/* ---- process ---- */

static int add_descriptors(posix_spawn_file_actions_t *actions, int memory_fd, int wake_fd,
                           int image_fd)
{
    int rc = posix_spawn_file_actions_addopen(actions, 0, "/dev/null", O_RDONLY, 0);
    if (rc == 0)
        rc = posix_spawn_file_actions_addopen(actions, 1, "/dev/null", O_WRONLY, 0);
#ifndef OBJLENS_SANITIZED /* whose reports must reach somebody */
    if (rc == 0)
        rc = posix_spawn_file_actions_addopen(actions, 2, "/dev/null", O_WRONLY, 0);
#endif
    if (rc == 0)
        rc = posix_spawn_file_actions_adddup2(actions, memory_fd, OL_HOST_FD_SHARED);
    if (rc == 0)
        rc = posix_spawn_file_actions_adddup2(actions, wake_fd, OL_HOST_FD_WAKE);
    if (rc == 0 && image_fd >= 0)
        rc = posix_spawn_file_actions_adddup2(actions, image_fd, OL_HOST_FD_IMAGE);
    if (rc == 0)
        rc = posix_spawn_file_actions_addclosefrom_np(
            actions, image_fd >= 0 ? OL_HOST_FD_IMAGE + 1 : OL_HOST_FD_IMAGE);
    return rc;
}

static int set_attributes(posix_spawnattr_t *attributes)
{
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    int rc = posix_spawnattr_setflags(
        attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSID);
    if (rc == 0)
        rc = posix_spawnattr_setsigmask(attributes, &none);
    if (rc == 0)
        rc = posix_spawnattr_setsigdefault(attributes, &all);
    return rc;
}

static int spawn(pid_t *pid, int memory_fd, int wake_fd, int image_fd)
{
    static char *const argv[] = {"objlens", "host", NULL};
    static char *const environment[] = {NULL};
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    int rc = posix_spawn_file_actions_init(&actions);
    if (rc != 0)
        return rc;
    rc = posix_spawnattr_init(&attributes);
    if (rc == 0) {
        rc = set_attributes(&attributes);
        if (rc == 0)
            rc = add_descriptors(&actions, memory_fd, wake_fd, image_fd);
        if (rc == 0)
            rc = posix_spawn(pid, "/proc/self/exe", &actions, &attributes, argv, environment);
        posix_spawnattr_destroy(&attributes);
    }
    posix_spawn_file_actions_destroy(&actions);
    return rc;
}

static void reap_blocking(pid_t pid)
{
    kill(pid, SIGKILL);
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
        ;
}

static int start_process(ol_child *child, int memory_fd, int image_fd, ol_error *err)
{
    child->wake_fd = move_up(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (child->wake_fd < 0)
        return unavailable(err, "eventfd");
    pid_t pid;
    errno = spawn(&pid, memory_fd, child->wake_fd, image_fd);
    if (errno != 0)
        return unavailable(err, "spawn");
    child->pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
    if (child->pidfd < 0 || clock_getcpuclockid(pid, &child->cpu_clock) != 0) {
        unavailable(err, "pidfd");
        reap_blocking(pid);
        return OL_EUNAVAILABLE;
    }
    child->pid = pid;
    return OL_OK;
}

int ol_child_start(ol_child *child, const ol_child_options *options, const ol_program *program,
                   ol_error *err)
{
    int memory_fd;
    int rc = make_memory(child, options, program, &memory_fd, err);
    if (rc != OL_OK)
        return rc;
    int image_fd = -1;
    if (program->image_fd >= 0) {
        image_fd = fcntl(program->image_fd, F_DUPFD_CLOEXEC, FD_FLOOR);
        if (image_fd < 0)
            rc = unavailable(err, "the shared object's image");
    }
    if (rc == OL_OK)
        rc = start_process(child, memory_fd, image_fd, err);
    if (image_fd >= 0)
        close(image_fd);
    close(memory_fd);
    if (rc != OL_OK)
        ol_child_fini(child);
    return rc;
}

/* ---- the end ---- */

void ol_child_kill(ol_child *child)
{
    if (child->pid > 0)
        kill(child->pid, SIGKILL); /* not reaped yet, so the number is still its own */
}

bool ol_child_reap(ol_child *child, ol_child_end *end)
{
    siginfo_t info = {0};
    if (child->pid <= 0 ||
        waitid((idtype_t)P_PIDFD, (id_t)child->pidfd, &info, WEXITED | WNOHANG) != 0 ||
        info.si_pid == 0)
        return false;
    child->pid = 0;
    end->signaled = info.si_code != CLD_EXITED;
    end->value = info.si_status;
    return true;
}

uint64_t ol_child_cpu_ns(const ol_child *child)
{
    struct timespec now;
    if (child->pid <= 0 || clock_gettime(child->cpu_clock, &now) != 0)
        return 0;
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

void ol_child_fini(ol_child *child)
{
    if (child->base)
        munmap(child->base, child->layout.total);
    if (child->pidfd >= 0)
        close(child->pidfd);
    if (child->wake_fd >= 0)
        close(child->wake_fd);
    *child = (ol_child){.pidfd = -1, .wake_fd = -1};
}

void ol_child_end_text(const ol_child_end *end, char *out, size_t size)
{
    if (end->signaled && end->value == SIGSYS)
        snprintf(out, size, "was killed for a forbidden system call");
    else if (end->signaled)
        snprintf(out, size, "was killed by signal %d (%s)", end->value, strsignal(end->value));
    else
        snprintf(out, size, "ended with status %d", end->value);
}
