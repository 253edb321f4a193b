/* SPDX-License-Identifier: MIT */
/*
 * Starting host processes: the memory, the program in it, the descriptors. The process itself is
 * made in spawn.c.
 */
#include "transform/child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/memory_file.h"
#include "transform/child_left.h"
#include "transform/host/filters.h"
#include "transform/host/host.h"
#include "transform/host/ring.h"
#include "transform/host/texts.h"
#include "transform/spawn.h"

#define GROUP_SLACK_BYTES (64ull * OL_MIB) /* program, libraries, stacks, page tables */
#ifndef P_PIDFD
#define P_PIDFD 3
#endif

static _Atomic uint32_t walls_required;

void ol_child_require_walls(uint32_t walls)
{
    atomic_store(&walls_required, walls);
}

static int unavailable(ol_error *err, const char *what)
{
    return ol_error_set(err, OL_EUNAVAILABLE, "starting a host: %s: %s", what, strerror(errno));
}

/* ---- memory ---- */

static int make_memory_file(size_t size)
{
    int fd = ol_memory_file("objlens-host");
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
    if (fd < 0 || fd >= OL_SPAWN_FD_FLOOR)
        return fd;
    int moved = fcntl(fd, F_DUPFD_CLOEXEC, OL_SPAWN_FD_FLOOR);
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
    control->namespaces = ol_spawn_namespaces();
    control->walls_required = atomic_load(&walls_required);
    control->cgroup = ol_cgroups_controllers();
    control->uid = (uint32_t)geteuid();
    control->gid = (uint32_t)getegid();
    atomic_store(&control->server_sleeps, 1);
}

/* A thread of ours puts up none. */
static int lay_filters(ol_child *child, const ol_program *program, ol_error *err)
{
    _Static_assert(sizeof(ol_filters) <= OL_WIRE_TEXT_AREA, "the filters fit the area for texts");
    if (program->isolation == OL_ISOLATION_INLINE)
        return OL_OK;
    const ol_filters *filters = ol_filters_of(program->kind, err);
    if (!filters)
        return OL_EUNAVAILABLE;
    memcpy(child->base + child->layout.text, filters, sizeof(*filters));
    return OL_OK;
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
    *child = OL_CHILD_NONE;
    if (!ol_wire_layout_make(&child->layout, options->slot_bytes, options->slots) ||
        options->jobs_max == 0 || options->jobs_max > OL_WIRE_JOBS_MAX)
        return ol_error_set(err, OL_ECONFIG, "%u slots of %u bytes for %u jobs", options->slots,
                            options->slot_bytes, options->jobs_max);
    int rc = map_memory(child, err, memory_fd);
    if (rc != OL_OK)
        return rc;
    write_control(child, options);
    rc = lay_program(child, program, err);
    if (rc == OL_OK)
        rc = lay_filters(child, program, err);
    if (rc != OL_OK) {
        close(*memory_fd);
        ol_child_fini(child);
    }
    return rc;
}

int ol_child_start_memory(ol_child *child, const ol_child_options *options,
                          const ol_program *program, ol_error *err)
{
    int memory_fd = -1;
    int rc = make_memory(child, options, program, &memory_fd, err);
    if (rc == OL_OK)
        close(memory_fd);
    return rc;
}

/* ---- process ---- */

/* One end is the host's; it also learns by it that we are gone. */
static int make_control(ol_child *child, int *host_end, ol_error *err)
{
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
        return unavailable(err, "control socket");
    child->warden.socket_fd = ends[0];
    *host_end = move_up(ends[1]);
    return *host_end >= 0 ? OL_OK : unavailable(err, "control socket");
}

/* All that the process may take: its transform's memory, what it shares with us, and itself. */
static int make_group(ol_child *child, const ol_program *program, ol_error *err)
{
    bool shared = program->kind == OL_PROGRAM_SHARED;
    uint64_t jobs = shared ? 1 : ((ol_wire_control *)child->base)->jobs_max;
    uint64_t each = program->limits.memory_bytes;
    if (each > UINT64_MAX / 4 / jobs)
        each = UINT64_MAX / 4 / jobs;
    int rc = ol_cgroup_make(&child->cgroup, each * jobs + child->layout.total + GROUP_SLACK_BYTES,
                            shared ? OL_PROGRAM_THREADS_MAX : 0, err);
    if (rc == OL_OK && child->cgroup.join_fd >= 0) {
        child->cgroup.join_fd = move_up(child->cgroup.join_fd);
        if (child->cgroup.join_fd < 0)
            rc = unavailable(err, "control group");
    }
    return rc;
}

static int spawn(ol_child *child, ol_spawn_options *options, ol_error *err)
{
    pid_t pid;
    int pidfd;
    options->namespaces = ((ol_wire_control *)child->base)->namespaces;
    int rc = ol_spawn(options, &pid, &pidfd, err);
    if (rc != OL_OK)
        return rc;
    child->pid = child->warden.pid = pid;
    child->pidfd = pidfd;
    errno = clock_getcpuclockid(pid, &child->cpu_clock);
    return errno == 0 ? OL_OK : unavailable(err, "CPU clock");
}

static int start_process(ol_child *child, ol_spawn_options *options, const ol_program *program,
                         ol_error *err)
{
    child->wake_fd = move_up(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (child->wake_fd < 0)
        return unavailable(err, "eventfd");
    options->wake_fd = child->wake_fd;
    int rc = make_control(child, &options->control_fd, err);
    if (rc == OL_OK)
        rc = make_group(child, program, err);
    options->cgroup_fd = child->cgroup.join_fd;
    if (rc == OL_OK)
        rc = spawn(child, options, err);
    ol_cgroup_close(&child->cgroup);
    if (options->control_fd >= 0)
        close(options->control_fd);
    return rc;
}

static int start_inline(ol_child *child, const ol_program *program, ol_error *err)
{
    int rc = ol_inline_host_start(&child->thread, child->base, child->layout.total, program, err);
    if (rc != OL_OK)
        return rc;
    child->thread_lives = true;
    child->pidfd = ol_inline_host_end_fd(child->thread);
    child->wake_fd = ol_inline_host_wake_fd(child->thread);
    child->cpu_clock = ol_inline_host_cpu_clock(child->thread);
    return OL_OK;
}

static int start_as_process(ol_child *child, const ol_program *program,
                            ol_spawn_options *spawn_options, ol_error *err)
{
    int rc = OL_OK;
    if (ol_children_left() >= OL_CHILDREN_LEFT_MAX)
        return ol_error_set(err, OL_EUNAVAILABLE,
                            "starting a host: %u processes were killed and do not end",
                            OL_CHILDREN_LEFT_MAX);
    if (program->image_fd >= 0) {
        spawn_options->image_fd = fcntl(program->image_fd, F_DUPFD_CLOEXEC, OL_SPAWN_FD_FLOOR);
        if (spawn_options->image_fd < 0)
            rc = unavailable(err, "the shared object's image");
    }
    if (rc == OL_OK)
        rc = start_process(child, spawn_options, program, err);
    if (spawn_options->image_fd >= 0)
        close(spawn_options->image_fd);
    return rc;
}

int ol_child_start(ol_child *child, const ol_child_options *options, const ol_program *program,
                   ol_error *err)
{
    ol_spawn_options spawn_options = {.image_fd = -1, .control_fd = -1, .cgroup_fd = -1};
    int rc = make_memory(child, options, program, &spawn_options.memory_fd, err);
    if (rc != OL_OK)
        return rc;
    rc = program->isolation == OL_ISOLATION_INLINE
             ? start_inline(child, program, err)
             : start_as_process(child, program, &spawn_options, err);
    close(spawn_options.memory_fd);
    if (rc != OL_OK)
        ol_child_stop(child);
    return rc;
}

/* ---- the end ---- */

void ol_child_kill(ol_child *child)
{
    if (child->pid > 0)
        kill(child->pid, SIGKILL); /* not reaped yet, so the number is still its own */
    if (child->thread_lives)
        ol_inline_host_stop(child->thread);
}

static bool reap_thread(ol_child *child, ol_child_end *end)
{
    if (!child->thread_lives || !ol_inline_host_is_over(child->thread))
        return false;
    child->thread_lives = false;
    *end = (ol_child_end){.value = OL_HOST_EXIT_LOAD};
    return true;
}

bool ol_child_reap(ol_child *child, ol_child_end *end)
{
    siginfo_t info = {0};
    if (child->thread)
        return reap_thread(child, end);
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
    if ((child->pid <= 0 && !child->thread_lives) || clock_gettime(child->cpu_clock, &now) != 0)
        return 0;
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void fini_thread(ol_child *child)
{
    if (child->thread_lives) /* it was never to run for anybody */
        ol_inline_host_stop(child->thread);
    ol_inline_host_release(child->thread, child->base == NULL);
    child->base = NULL;
    child->pidfd = child->wake_fd = -1;
}

void ol_child_fini(ol_child *child)
{
    if (child->thread)
        fini_thread(child);
    if (child->base)
        munmap(child->base, child->layout.total);
    if (child->pidfd >= 0)
        close(child->pidfd);
    if (child->wake_fd >= 0)
        close(child->wake_fd);
    ol_warden_fini(&child->warden);
    ol_cgroup_remove(&child->cgroup);
    *child = OL_CHILD_NONE;
}

static bool ends_in_time(ol_child *child)
{
    struct pollfd exited = {.fd = child->pidfd, .events = POLLIN};
    uint64_t until_ms = ol_clock_mono_ms() + OL_CHILD_STOP_MS;
    ol_child_end end;
    while (child->pid > 0 && !ol_child_reap(child, &end)) {
        uint64_t now_ms = ol_clock_mono_ms();
        if (now_ms >= until_ms)
            return false;
        poll(&exited, 1, (int)(until_ms - now_ms));
    }
    return true;
}

void ol_child_stop(ol_child *child)
{
    ol_child_kill(child);
    while (!ends_in_time(child) && !ol_child_leave(child))
        ;
    ol_children_left();
    ol_child_fini(child);
}

void ol_child_end_text(const ol_child_end *end, char *out, size_t size)
{
    if (end->signaled && end->value == SIGSYS)
        snprintf(out, size, "was killed for a forbidden system call");
    else if (end->signaled)
        snprintf(out, size, "was killed by signal %d (%s)", end->value, strsignal(end->value));
    else if (end->value == OL_HOST_EXIT_ABORT)
        snprintf(out, size, "was killed by signal %d (%s)", SIGABRT, strsignal(SIGABRT));
    else
        snprintf(out, size, "ended with status %d", end->value);
}
