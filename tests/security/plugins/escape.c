/* SPDX-License-Identifier: MIT */
/*
 * A plugin that tries to get out. The configuration's payload names the attempt, which is made in
 * the middle of a request. An attempt returns true when it got somewhere; then the answer says so.
 * Most end the process, some are refused, and both are fine.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <mqueue.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/msg.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "objlens/transform.h"

#define WAKE_FD 4
#define SERVER 1 /* not even its number is to be had */

static const struct objlens_host *host;
static struct objlens_call *the_call;

/* ---- the shared memory: what stands where is the host's own knowledge, and an attacker's ---- */

#define MAGIC 0x6f6c7731u
#define RING 2048u

struct message {
    uint16_t type, flags;
    uint32_t job, slot, offset, length, grant, credits;
    int32_t code;
    uint64_t a, b, spare[2];
};

static uint8_t *base; /* the control page */

static volatile uint32_t *word_at(size_t line)
{
    return (volatile uint32_t *)(base + line * 64);
}

#define TO_HOST_TAIL word_at(1)
#define TO_HOST_HEAD word_at(2)
#define TO_SERVER_TAIL word_at(3)
#define TO_SERVER_HEAD word_at(4)
#define HOST_SLEEPS word_at(5)
#define SERVER_SLEEPS word_at(6)
#define EXECUTING ((volatile uint64_t *)(base + 7 * 64))

static struct message *to_server(uint32_t i)
{
    return (struct message *)(base + 4096 + RING * 64) + i % RING;
}

/* From a slot that we were lent, down to the page that begins it all. */
static void find_memory(void)
{
    void *span;
    size_t size;
    if (host->out_span(the_call, &span, &size) != OBJLENS_OK)
        abort();
    uint8_t *page = (uint8_t *)((uintptr_t)span & ~(uintptr_t)4095);
    while (*(volatile uint32_t *)page != MAGIC)
        page -= 4096;
    base = page;
}

static void wake_server(void)
{
    uint64_t one = 1;
    if (write(WAKE_FD, &one, sizeof(one)) < 0)
        abort();
}

static void say(struct message message)
{
    uint32_t tail = *TO_SERVER_TAIL;
    *to_server(tail) = message;
    *TO_SERVER_TAIL = tail + 1;
    wake_server();
}

/* Until the server has had enough. */
static bool wait_for_the_end(void)
{
    for (;;)
        poll(NULL, 0, 1000);
    return false;
}

static uint64_t random_word(void)
{
    static uint64_t state = 88172645463325252ull;
    state ^= state << 13;
    state ^= state >> 7;
    return state ^= state << 17;
}

/* ---- attempts ---- */

#define TRY(name) static bool name(void)
#define SYS(...) (syscall(__VA_ARGS__) >= 0)

/* files */
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

/* network */
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

/* processes */
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

/* descriptors and kernel objects */
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

/* memory */
TRY(executable_memory)
{
    return mmap(0, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) !=
           MAP_FAILED;
}
TRY(make_executable)
{
    void *page = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return mprotect(page, 4096, PROT_READ | PROT_EXEC) == 0;
}
TRY(make_executable_by_key)
{
    void *page = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return SYS(SYS_pkey_mprotect, page, 4096, PROT_READ | PROT_EXEC, -1);
}
TRY(rewrite_code)
{
    uintptr_t page = (uintptr_t)&rewrite_code & ~(uintptr_t)4095;
    if (mprotect((void *)page, 4096, PROT_READ | PROT_WRITE) != 0)
        return false;
    memset((void *)page, 0xc3, 64);
    return mprotect((void *)page, 4096, PROT_READ | PROT_EXEC) == 0;
}
TRY(memory_bomb)
{
    for (;;) {
        char *block = malloc(1 << 20);
        if (!block)
            abort();
        memset(block, 1, 1 << 20);
    }
}
TRY(shared_memory_bomb)
{
    for (size_t total = 0; total < (size_t)1 << 34; total += 1 << 20) {
        char *block = mmap(0, 1 << 20, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        if (block == MAP_FAILED)
            abort();
        memset(block, 1, 1 << 20);
    }
    return true;
}
static void *fill(size_t bytes)
{
    void *block = mmap(0, bytes, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_GROWSDOWN | MAP_NORESERVE, -1, 0);
    if (block == MAP_FAILED)
        abort();
    return memset(block, 1, bytes);
}
/* What grows downwards counts as a stack, and not as data. */
TRY(stack_bomb)
{
    for (size_t total = 0; total < (size_t)1 << 34; total += 1 << 20)
        fill(1 << 20);
    return true;
}
TRY(lock_memory) { return mlockall(MCL_CURRENT | MCL_FUTURE) == 0; }
static int deeper(int depth) { volatile char frame[4096]; frame[0] = (char)depth; return deeper(depth + 1) + frame[0]; }
TRY(stack_overflow) { return deeper(0) == 1; }
TRY(null_pointer) { *(volatile int *)NULL = 1; return true; }
TRY(wild_jump) { ((void (*)(void))(uintptr_t)0x4141414141414141ull)(); return true; }
TRY(free_foreign) { free((void *)((uintptr_t)host + 8)); return false; }
TRY(free_twice) { void *volatile block = malloc(64); free(block); free(block); abort(); }
TRY(divide) { volatile int zero = 0, quotient = 7 / zero; return quotient == 1; }
TRY(trap) { __builtin_trap(); }

/* time */
TRY(endless) { for (;;) __asm__ volatile(""); }
TRY(endless_deaf)
{
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, NULL);
    for (;;)
        __asm__ volatile("");
}
TRY(endless_liar)
{
    find_memory();
    for (uint64_t step = 0;; step++)
        *EXECUTING = step << 33;
}
TRY(sleep_for_ever) { return wait_for_the_end(); }
TRY(stop_itself) { raise(SIGSTOP); return wait_for_the_end(); }
TRY(wait_for_nobody)
{
    uint32_t word = 0;
    syscall(SYS_futex, &word, 0, 0, NULL, NULL, 0);
    return wait_for_the_end();
}
TRY(wait_for_the_lock_of_another)
{
    uint32_t owner = 0x7fffffff;
    syscall(SYS_futex, &owner, 6 /* FUTEX_LOCK_PI */, 0, NULL, NULL, 0);
    return wait_for_the_end();
}
TRY(exit_well) { _exit(0); }
TRY(exit_handlers) { exit(0); }
TRY(abort_it) { abort(); }
static jmp_buf nowhere;
TRY(jump_out) { longjmp(nowhere, 1); }

/* the ring */
TRY(ring_tail_far) { find_memory(); *TO_SERVER_TAIL += 100000; wake_server(); return wait_for_the_end(); }
TRY(ring_tail_back) { find_memory(); *TO_SERVER_TAIL -= 1; wake_server(); return wait_for_the_end(); }
TRY(ring_head_far) { find_memory(); *TO_HOST_HEAD += 100000; wake_server(); return wait_for_the_end(); }
TRY(ring_server_words)
{
    find_memory();
    *TO_HOST_TAIL = *TO_SERVER_HEAD = 0xffffffff;
    wake_server();
    return wait_for_the_end();
}
TRY(ring_control_page) { find_memory(); memset(base, 0xff, 4096); wake_server(); return wait_for_the_end(); }
TRY(ring_all_of_it) { find_memory(); memset(base, 0xa5, 4096 + 2 * RING * 64); wake_server(); return wait_for_the_end(); }
TRY(ring_random_messages)
{
    find_memory();
    for (uint32_t i = 0; i < RING; i++) {
        uint64_t *words = (uint64_t *)to_server(i);
        for (int k = 0; k < 8; k++)
            words[k] = random_word();
    }
    *TO_SERVER_TAIL = *TO_SERVER_HEAD + RING;
    wake_server();
    return wait_for_the_end();
}
/* The pages go, in the middle of what the server reads. */
TRY(ring_torn)
{
    find_memory();
    for (;;) {
        madvise(base, 4096 + 2 * RING * 64 + (1 << 20), 9 /* MADV_REMOVE */);
        wake_server();
    }
}
#define FORGE(name, ...)                                                                           \
    TRY(name)                                                                                      \
    {                                                                                              \
        find_memory();                                                                             \
        say((struct message){__VA_ARGS__});                                                        \
        return wait_for_the_end();                                                                 \
    }
#define JOB_0 (1u << 8)
FORGE(forge_loaded, .type = 32, .length = 10)
FORGE(forge_other_job, .type = 40, .job = 5 | 1 << 8)
FORGE(forge_unknown, .type = 77, .job = JOB_0)
FORGE(forge_server_message, .type = 2, .job = JOB_0)
FORGE(forge_output, .type = 34, .job = JOB_0, .slot = 0xfffffff0, .offset = 0xfffffff0, .length = 0x7fffffff)
FORGE(forge_text, .type = 33, .job = JOB_0, .offset = 0xffffff00, .length = 0x00100000)
FORGE(forge_failure, .type = 41, .job = JOB_0, .code = 0x7fffffff, .offset = 0x7fffffff, .length = 32768)
FORGE(forge_read, .type = 37, .job = JOB_0, .a = UINT64_MAX, .length = UINT32_MAX)
FORGE(forge_log, .type = 38, .job = JOB_0, .code = -1, .offset = 0, .length = 4)
TRY(forge_wants)
{
    find_memory();
    for (;;) {
        say((struct message){.type = 36, .job = JOB_0});
        while (*TO_SERVER_HEAD != *TO_SERVER_TAIL)
            sched_yield();
    }
}
TRY(wake_storm)
{
    for (;;)
        wake_server();
}
/* Texts and counters change while the server reads them. */
TRY(ring_flicker)
{
    find_memory();
    for (uint32_t i = 0;; i++) {
        *to_server(i) = (struct message){.type = (uint16_t)(32 + i % 10), .job = JOB_0, .length = i};
        *TO_SERVER_TAIL = i;
        *SERVER_SLEEPS = *HOST_SLEEPS = i & 1;
        if (i % 64 == 0)
            wake_server();
    }
}

/* the host's table */
TRY(output_flood)
{
    static char block[65536];
    while (host->emit(the_call, block, sizeof(block)) == OBJLENS_OK)
        ;
    return false;
}
TRY(slow_drip)
{
    while (host->emit(the_call, "x", 1) == OBJLENS_OK)
        poll(NULL, 0, 5);
    return false;
}
TRY(log_flood)
{
    for (int i = 0; i < 200000; i++)
        host->log(the_call, OBJLENS_ERROR, "flood flood flood flood\n{\"a\":1}\0\x1b[2J", 36);
    return false;
}
TRY(head_flood)
{
    char name[32];
    for (int i = 0; i < 100000; i++) {
        snprintf(name, sizeof(name), "x-flood-%d", i);
        host->set_header(the_call, name, "0123456789", 10);
    }
    return host->set_header(the_call, "x-last", "1", 1) == OBJLENS_OK;
}
TRY(split_head)
{
    return host->set_header(the_call, "x-evil", "a\r\nset-cookie: b=c", 18) == OBJLENS_OK ||
           host->set_header(the_call, "content-length", "1", 1) == OBJLENS_OK ||
           host->set_header(the_call, "x:evil", "1", 1) == OBJLENS_OK;
}
TRY(fail_loudly)
{
    static char message[1 << 20];
    memset(message, 'A', sizeof(message) - 1);
    host->fail(the_call, 200, "Not<An>Error\r\n", message);
    return false;
}
TRY(emit_from_nowhere) { return host->emit(the_call, (void *)8, 100) == OBJLENS_OK; }
/* Its own memory it may show, the original in it too: so behind this page lies one that cannot be read. */
TRY(emit_too_much)
{
    char *bytes = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (bytes == MAP_FAILED || mprotect(bytes + 4096, 4096, PROT_NONE) != 0)
        return 0;
    return host->emit(the_call, bytes, SIZE_MAX / 2) == OBJLENS_OK;
}
TRY(commit_too_much)
{
    void *span;
    size_t size;
    host->out_span(the_call, &span, &size);
    return host->out_commit(the_call, size + 1) == OBJLENS_OK;
}
TRY(wrong_call) { return host->emit((struct objlens_call *)(void *)&nowhere, "x", 1) == OBJLENS_OK; }
TRY(undeclared_header)
{
    struct objlens_bytes value;
    return host->event_get(the_call, "userRequest.headers.authorization", &value) == OBJLENS_OK;
}

static const struct attempt {
    const char *name;
    bool (*run)(void);
} attempts[] = {
#define A(name, end) {#name, name},
#include "escape_list.h"
#undef A
};

/* ---- the plugin ---- */

static int open_call(const struct objlens_host *table, struct objlens_call *call, void **instance)
{
    host = table;
    the_call = call;
    *instance = &the_call;
    return OBJLENS_OK;
}

static int attempt(bool (*run)(void))
{
    errno = 0;
    bool through = run();
    const char *how = through ? "got through" : errno == EACCES ? "refused" : "denied";
    return host->emit(the_call, how, strlen(how)) < 0 ? OBJLENS_EFAILED : OBJLENS_DONE;
}

static int write_call(void *instance, const void *bytes, size_t size)
{
    struct objlens_bytes payload;
    (void)instance;
    (void)bytes;
    (void)size;
    if (host->payload(the_call, &payload) != OBJLENS_OK)
        return OBJLENS_EFAILED;
    for (size_t i = 0; i < sizeof(attempts) / sizeof(attempts[0]); i++)
        if (strlen(attempts[i].name) == payload.size &&
            memcmp(attempts[i].name, payload.data, payload.size) == 0)
            return attempt(attempts[i].run);
    return host->fail(the_call, 400, "NoSuchAttempt", "no such attempt");
}

static int finish_call(void *instance)
{
    (void)instance;
    return OBJLENS_OK;
}

static void close_call(void *instance)
{
    (void)instance;
}

OBJLENS_EXPORT const struct objlens_transform *objlens_transform_v1(void)
{
    static const struct objlens_transform self = {
        OBJLENS_TRANSFORM_HEAD, .name = "escape",     .version = "1",         .open = open_call,
        .write = write_call,    .finish = finish_call, .close = close_call,
    };
    return &self;
}
