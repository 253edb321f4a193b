/* SPDX-License-Identifier: MIT */
/* System calls that a transform must not have: files, the network, processes, what the kernel offers besides. */
#ifndef OL_TESTS_ESCAPE_CALLS_H
#define OL_TESTS_ESCAPE_CALLS_H

#include "escape.h"

/* ---- files ---- */

TRY(open_file) { return open("/etc/passwd", O_RDONLY) >= 0; }
TRY(open_library) { return open("/etc/ld.so.cache", O_RDONLY) >= 0; }
TRY(open_for_writing) { return open("/tmp/objlens-was-here", O_CREAT | O_WRONLY, 0600) >= 0; }
TRY(open_append) { return open("/tmp/objlens-was-here", O_WRONLY | O_APPEND) >= 0; }
TRY(open_how)
{
    uint64_t how[3] = {O_RDONLY, 0, 0};
    return SYS(SYS_openat2, AT_FDCWD, "/etc/passwd", how, sizeof(how));
}
TRY(open_root) { return open("/", O_RDONLY | O_DIRECTORY) >= 0; }
TRY(open_path) { return open("/", O_PATH) >= 0; }
TRY(open_null) { return open("/dev/null", O_RDWR) >= 0; }
TRY(open_own_memory) { return open("/proc/self/mem", O_RDWR) >= 0; }
TRY(open_own_maps) { return open("/proc/self/maps", O_RDONLY) >= 0; }
TRY(open_server_environment)
{
    return open("/proc/1/environ", O_RDONLY) >= 0 || open("/proc/self/environ", O_RDONLY) >= 0;
}
TRY(open_own_descriptors)
{
    char path[64];
    for (int fd = 0; fd < 16; fd++) {
        snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
        if (open(path, O_RDONLY) >= 0)
            return true;
    }
    return false;
}
TRY(look_at_file)
{
    struct stat info;
    return stat("/etc/passwd", &info) == 0;
}
TRY(read_link)
{
    char text[64];
    return readlink("/proc/self/exe", text, sizeof(text)) >= 0;
}
TRY(where_am_i)
{
    char text[256];
    return getcwd(text, sizeof(text)) != NULL;
}
TRY(make_folder) { return mkdir("/tmp/objlens-was-here", 0700) == 0; }
TRY(remove_file) { return unlink("/tmp/objlens-was-here") == 0; }
TRY(rename_file) { return rename("/tmp/a", "/tmp/b") == 0; }
TRY(link_file) { return symlink("/etc/passwd", "/tmp/objlens-was-here") == 0; }
TRY(make_device) { return mknod("/tmp/objlens-was-here", S_IFCHR | 0600, 0x0103) == 0; }
TRY(change_mode) { return chmod("/tmp", 0777) == 0; }
TRY(cut_file) { return truncate("/tmp/x", 0) == 0; }
TRY(cut_descriptors)
{
    for (int fd = 0; fd < 16; fd++)
        if (ftruncate(fd, 0) == 0)
            return true;
    return false;
}
TRY(file_handle)
{
    char handle[256] = {0};
    int mount_id;
    return SYS(SYS_name_to_handle_at, AT_FDCWD, "/", handle, &mount_id, 0);
}
TRY(change_root) { return chroot("/") == 0; }
TRY(mount_something) { return mount("none", "/", "tmpfs", 0, NULL) == 0; }
TRY(watch_files) { return inotify_init1(0) >= 0; }
TRY(load_library) { return SYS(SYS_mmap, 0, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, 0, 0); }

/* ---- network ---- */

TRY(socket_inet) { return socket(AF_INET, SOCK_STREAM, 0) >= 0; }
TRY(socket_datagram) { return socket(AF_INET6, SOCK_DGRAM, 0) >= 0; }
TRY(socket_unix) { return socket(AF_UNIX, SOCK_STREAM, 0) >= 0; }
TRY(socket_netlink) { return socket(AF_NETLINK, SOCK_RAW, 0) >= 0; }
TRY(socket_pair)
{
    int ends[2];
    return socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0;
}
TRY(send_descriptor)
{
    struct msghdr message = {0};
    return sendmsg(6, &message, 0) >= 0;
}
TRY(receive_something)
{
    struct msghdr message = {0};
    return recvmsg(WAKE_FD, &message, 0) >= 0;
}

/* ---- processes ---- */

TRY(fork_it) { return fork() >= 0; }
TRY(fork_bomb)
{
    for (;;)
        if (fork() < 0)
            return false;
}
TRY(clone_it) { return SYS(SYS_clone, SIGCHLD, 0, 0, 0, 0); }
TRY(clone_with_memory) { return SYS(SYS_clone, CLONE_VM | CLONE_VFORK | SIGCHLD, 0, 0, 0, 0); }
TRY(clone_new) { uint64_t arguments[11] = {0}; return SYS(SYS_clone3, arguments, sizeof(arguments)); }
static void *rest(void *arg) { pause(); return arg; }
TRY(start_thread)
{
    pthread_t thread;
    return pthread_create(&thread, NULL, rest, NULL) == 0;
}
TRY(run_shell)
{
    char *const argv[] = {"sh", "-c", "echo > /tmp/objlens-was-here", NULL};
    return execve("/bin/sh", argv, NULL) == 0;
}
TRY(run_descriptor) { return SYS(SYS_execveat, 0, "", NULL, NULL, AT_EMPTY_PATH); }
TRY(trace_server) { return ptrace(PTRACE_ATTACH, SERVER, 0, 0) == 0; }
TRY(trace_me) { return ptrace(PTRACE_TRACEME, 0, 0, 0) == 0; }
TRY(read_server_memory)
{
    char byte;
    struct iovec mine = {&byte, 1}, theirs = {(void *)(uintptr_t)host, 1};
    return process_vm_readv(SERVER, &mine, 1, &theirs, 1, 0) >= 0;
}
TRY(write_server_memory)
{
    char byte = 0;
    struct iovec mine = {&byte, 1}, theirs = {base, 1};
    return process_vm_writev(SERVER, &mine, 1, &theirs, 1, 0) >= 0;
}
TRY(kill_server) { return kill(SERVER, SIGTERM) == 0; }
TRY(kill_everybody) { return kill(-1, SIGKILL) == 0; }
TRY(kill_group) { return kill(0, SIGKILL) == 0; }
TRY(signal_thread) { return SYS(SYS_tgkill, getpid() + 1, getpid() + 1, SIGTERM); }
TRY(signal_old_way) { return SYS(SYS_tkill, getpid() + 1, SIGTERM); }
TRY(queue_signal)
{
    union sigval value = {0};
    return sigqueue(getpid() + 1, SIGTERM, value) == 0;
}
TRY(hold_process) { return SYS(SYS_pidfd_open, 1, 0); }
TRY(steal_descriptor) { return SYS(SYS_pidfd_getfd, 0, 3, 0); }
TRY(new_namespace) { return SYS(SYS_unshare, 0x10000000); }
TRY(join_namespace) { return SYS(SYS_setns, 0, 0); }
TRY(become_root) { return setuid(0) == 0; }
TRY(take_capabilities) { uint32_t header[2] = {0x20080522, 0}, data[6] = {~0u}; return SYS(SYS_capset, header, data); }
TRY(be_dumpable) { return prctl(PR_SET_DUMPABLE, 1) == 0; }
TRY(outlive_server) { return prctl(PR_SET_PDEATHSIG, 0) == 0; }
TRY(new_filter) { return SYS(SYS_seccomp, 1, 0, NULL); }
TRY(raise_limits)
{
    struct rlimit all = {RLIM_INFINITY, RLIM_INFINITY};
    return setrlimit(RLIMIT_AS, &all) == 0;
}
TRY(be_important) { return setpriority(PRIO_PROCESS, 0, -20) == 0; }
TRY(choose_cores) { uint64_t all = ~0ull; return SYS(SYS_sched_setaffinity, 0, sizeof(all), &all); }
TRY(be_in_a_hurry)
{
    struct sched_param most = {.sched_priority = 99};
    return SYS(SYS_sched_setscheduler, 0, SCHED_FIFO, &most);
}
TRY(debug_registers) { return SYS(SYS_personality, 0x0040000); }

/* ---- descriptors and kernel objects ---- */

TRY(read_descriptors)
{
    char byte;
    for (int fd = 0; fd < 64; fd++)
        if (fd != WAKE_FD && read(fd, &byte, 1) > 0)
            return true;
    return false;
}
TRY(double_descriptor) { return dup(WAKE_FD) >= 0; }
TRY(replace_descriptor) { return dup2(0, WAKE_FD) >= 0; }
TRY(close_descriptors)
{
    for (int fd = 0; fd < 64; fd++)
        close(fd);
    return false;
}
TRY(make_pipe) { int ends[2]; return pipe(ends) == 0; }
TRY(splice_descriptors) { return SYS(SYS_splice, 0, NULL, WAKE_FD, NULL, 8, 0); }
TRY(make_event) { return eventfd(0, 0) >= 0; }
TRY(make_timer) { return timerfd_create(CLOCK_MONOTONIC, 0) >= 0; }
TRY(make_memory_file) { return SYS(SYS_memfd_create, "x", 0); }
TRY(make_poller) { return SYS(SYS_epoll_create1, 0); }
TRY(io_ring) { return SYS(SYS_io_uring_setup, 1, NULL); }
TRY(page_faults) { return SYS(SYS_userfaultfd, 0); }
TRY(kernel_program) { return SYS(SYS_bpf, 0, NULL, 0); }
TRY(count_cycles) { return SYS(SYS_perf_event_open, NULL, 0, -1, -1, 0); }
TRY(kernel_keys) { return SYS(SYS_keyctl, 0, -3, 1); }
TRY(shared_segment) { return shmget(IPC_PRIVATE, 4096, IPC_CREAT | 0600) >= 0; }
TRY(message_queue) { return msgget(IPC_PRIVATE, IPC_CREAT | 0600) >= 0; }
TRY(posix_queue) { return SYS(SYS_mq_open, "x", O_CREAT | O_RDWR, 0600, NULL); }
TRY(semaphores) { return semget(IPC_PRIVATE, 1, IPC_CREAT | 0600) >= 0; }
TRY(set_clock) { struct timeval now = {0}; return settimeofday(&now, NULL) == 0; }
TRY(kernel_module) { return SYS(SYS_init_module, NULL, 0, ""); }
TRY(input_output_ports)
{
#if defined(__x86_64__)
    return SYS(SYS_ioperm, 0, 1024, 1);
#else
    return SYS(SYS_init_module, NULL, 0, "");
#endif
}
TRY(own_segments)
{
#if defined(__x86_64__)
    return SYS(SYS_modify_ldt, 0, NULL, 0) || SYS(SYS_arch_prctl, 0x1002, 0);
#else
    return SYS(SYS_init_module, NULL, 0, "");
#endif
}
TRY(restart_machine) { return SYS(SYS_reboot, 0, 0, 0, 0); }
TRY(old_system_calls)
{
#if defined(__x86_64__)
    long result; /* the 32-bit entry, whose numbers mean other calls */
    __asm__ volatile("int $0x80" : "=a"(result) : "a"(20L) : "memory");
    return result > 0;
#else
    return false;
#endif
}
/* getpid() is allowed, by its number and not by the other ABI's. */
TRY(x32_system_calls)
{
#if defined(__x86_64__)
    return SYS(SYS_getpid | 0x40000000);
#else
    return SYS(SYS_init_module, NULL, 0, "");
#endif
}

#endif
