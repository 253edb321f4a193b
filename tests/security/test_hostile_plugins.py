# SPDX-License-Identifier: MIT
"""Shared objects that do the worst they can: each attempt ends its host, or fails; the server and
the neighbours do not notice."""
from kit.raw import get

HEAD = r"""
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "objlens/transform.h"
static const struct objlens_host *host;
static void attack(struct objlens_call *call);
"""

TAIL = r"""
static struct objlens_call *the_call;
static int open_call(const struct objlens_host *h, struct objlens_call *call, void **instance)
{ host = h; the_call = call; *instance = &the_call; return OBJLENS_OK; }
static int write_call(void *instance, const void *bytes, size_t size)
{ (void)instance; (void)bytes; (void)size; attack(the_call); return host->emit(the_call, "got through", 11); }
static int finish_call(void *instance) { (void)instance; return OBJLENS_OK; }
static void close_call(void *instance) { (void)instance; }
OBJLENS_EXPORT const struct objlens_transform *objlens_transform_v1(void)
{
    static const struct objlens_transform self = {
        OBJLENS_TRANSFORM_HEAD, "attack", "1", 0, 0, NULL, NULL,
        open_call, write_call, finish_call, close_call };
    return &self;
}
"""

# name -> what attack() does; reaching "got through" is a failure of the wall.
ATTACKS = {
    "open_file": 'int fd = open("/etc/passwd", O_RDONLY); if (fd < 0) abort();',
    "write_file": 'int fd = open("/tmp/objlens-was-here", O_CREAT | O_WRONLY, 0600); if (fd < 0) abort();',
    "socket": "if (socket(AF_INET, SOCK_STREAM, 0) < 0) abort();",
    "unix_socket": "if (socket(AF_UNIX, SOCK_STREAM, 0) < 0) abort();",
    "fork": "if (fork() < 0) abort();",
    "vfork_clone": "if (syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0) < 0) abort();",
    "exec": 'char *const argv[] = {"sh", 0}; execve("/bin/sh", argv, 0); abort();',
    "ptrace_parent": "if (ptrace(PTRACE_ATTACH, getppid(), 0, 0) < 0) abort();",
    "kill_parent": "if (kill(getppid(), SIGTERM) < 0) abort();",
    "tgkill_parent": "if (syscall(SYS_tgkill, getppid(), getppid(), SIGTERM) < 0) abort();",
    "executable_memory": "void *p = mmap(0, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0); if (p == MAP_FAILED) abort();",
    "make_executable": "void *p = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0); if (mprotect(p, 4096, PROT_READ | PROT_EXEC) < 0) abort();",
    "read_parent_memory": 'int fd = open("/proc/self/mem", O_RDWR); if (fd < 0) abort();',
    "process_vm_readv": "if (syscall(SYS_process_vm_readv, getppid(), 0, 0, 0, 0, 0) < 0) abort();",
    "bpf": "if (syscall(SYS_bpf, 0, 0, 0) < 0) abort();",
    "unshare": "if (syscall(SYS_unshare, 0x10000000) < 0) abort();",
    "setuid": "if (setuid(0) < 0) abort(); ",
    "memory_bomb": "for (;;) { char *p = malloc(1 << 20); if (!p) abort(); memset(p, 1, 1 << 20); }",
    "stack_overflow": "volatile char big[16 << 20]; for (size_t i = 0; i < sizeof big; i += 4096) big[i] = 1;",
    "null_pointer": "volatile int *volatile nowhere = 0; *nowhere = 1;",
    "endless": "for (;;) __asm__ volatile (\"\");",
    "exit_cleanly": "_exit(0);",
    "close_descriptors": "for (int fd = 0; fd < 64; fd++) close(fd);",
    "grow_shared_memory": "for (int fd = 0; fd < 16; fd++) if (ftruncate(fd, 0) == 0) return; abort();",
    "inotify": "if (syscall(SYS_inotify_init1, 0) < 0) abort();",
    "io_uring": "if (syscall(SYS_io_uring_setup, 1, 0) < 0) abort();",
    "memfd": "if (syscall(SYS_memfd_create, \"x\", 0) < 0) abort();",
    "prctl_dumpable": "if (syscall(SYS_prctl, 4, 1, 0, 0, 0) < 0) abort();",
}


def test_every_attack_is_contained(hostile, plugin):
    plugins = {name: plugin(name, HEAD + "static void attack(struct objlens_call *call)\n"
                            "{ (void)call; " + body + " }\n" + TAIL)
               for name, body in ATTACKS.items()}
    server = hostile({}, plugins)
    wrong = {}
    for name in ATTACKS:
        answer = get(server, f"/try-{name.replace('_', '-')}--ol-s3/k")
        if answer.status == 200 or b"original that" in answer.raw:
            wrong[name] = (answer.status, answer.body[:100])
        if get(server, "/try-good--ol-s3/k").body != b"262144":
            wrong[name] = "the neighbour suffered"
    assert not wrong
