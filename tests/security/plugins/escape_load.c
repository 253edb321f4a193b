/* SPDX-License-Identifier: MIT */
/*
 * Plugins that attack before the first request: compiled once for each ATTEMPT. What they try runs
 * in a constructor, so before the host has even looked at the description.
 */
#define _GNU_SOURCE
#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "objlens/transform.h"

static bool through; /* what the attempt came to, said by the first request */

/* ---- the hole that there once was: keep the host from closing the door behind us ---- */

static long all_but_seccomp(long number, long a, long b, long c, long d, long e, long f)
{
    return number == SYS_seccomp ? 0 : syscall(number, a, b, c, d, e, f);
}

/* In the host's own table of imported functions, syscall puts up no filter any more. */
static int patch(struct dl_phdr_info *info, size_t size, void *arg)
{
    const ElfW(Dyn) *dynamic = NULL;
    const ElfW(Rela) *relocations = NULL;
    const ElfW(Sym) *symbols = NULL;
    const char *names = NULL;
    size_t bytes = 0;
    (void)size;
    for (int i = 0; i < info->dlpi_phnum; i++)
        if (info->dlpi_phdr[i].p_type == PT_DYNAMIC)
            dynamic = (const void *)(info->dlpi_addr + info->dlpi_phdr[i].p_vaddr);
    for (; dynamic && dynamic->d_tag != DT_NULL; dynamic++) {
        if (dynamic->d_tag == DT_JMPREL)
            relocations = (const void *)dynamic->d_un.d_ptr;
        if (dynamic->d_tag == DT_PLTRELSZ)
            bytes = dynamic->d_un.d_val;
        if (dynamic->d_tag == DT_SYMTAB)
            symbols = (const void *)dynamic->d_un.d_ptr;
        if (dynamic->d_tag == DT_STRTAB)
            names = (const char *)dynamic->d_un.d_ptr;
    }
    for (size_t i = 0; relocations && symbols && names && i < bytes / sizeof(*relocations); i++) {
        if (strcmp(names + symbols[ELF64_R_SYM(relocations[i].r_info)].st_name, "syscall") != 0)
            continue;
        void **entry = (void **)(info->dlpi_addr + relocations[i].r_offset);
        void *page = (void *)((uintptr_t)entry & ~(uintptr_t)4095);
        if (mprotect(page, 4096, PROT_READ | PROT_WRITE) != 0)
            return 1;
        *entry = (void *)(uintptr_t)all_but_seccomp;
        *(bool *)arg = true;
    }
    return 1; /* the program itself comes first */
}

static bool patched;

static void dodge(void)
{
    dl_iterate_phdr(patch, &patched);
}

/* What step one allowed, tried once step two should stand. */
static bool after_dodging(void)
{
    struct stat info;
    if (!patched)
        return true; /* the attempt itself is out of order: say so */
    return open("/etc/ld.so.cache", O_RDONLY) >= 0 || stat("/usr/lib", &info) == 0 ||
           mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED ||
           syscall(SYS_clone, 0x3d0f00, 0, 0, 0, 0) >= 0;
}

/* ---- attempts ---- */

static void *rest(void *arg)
{
    for (;;)
        nanosleep(&(struct timespec){.tv_sec = 1}, NULL);
    return arg;
}

static void attempt(void)
{
    const char *name = ATTEMPT;
    pthread_t thread;
    if (!strcmp(name, "dodge"))
        dodge();
    if (!strcmp(name, "open_passwd"))
        through = open("/etc/passwd", O_RDONLY) >= 0;
    if (!strcmp(name, "open_environment"))
        through = open("/proc/self/environ", O_RDONLY) >= 0 || open("/proc/1/environ", O_RDONLY) >= 0;
    if (!strcmp(name, "look_around")) {
        struct stat info;
        through = stat("/etc/passwd", &info) == 0 || stat("/home", &info) == 0;
    }
    if (!strcmp(name, "open_write"))
        through = open("/usr/lib/objlens-was-here", O_CREAT | O_WRONLY, 0600) >= 0;
    if (!strcmp(name, "socket"))
        through = socket(AF_INET, SOCK_STREAM, 0) >= 0;
    if (!strcmp(name, "fork"))
        through = fork() >= 0;
    if (!strcmp(name, "kill_server"))
        through = kill(1, SIGTERM) == 0; /* the server has no number here */
    if (!strcmp(name, "exec"))
        through = execl("/bin/true", "true", (char *)NULL) == 0;
    if (!strcmp(name, "listener"))
        through = sendmsg(6, &(struct msghdr){0}, 0) >= 0 || read(5, &name, 1) < 0;
    if (!strcmp(name, "threads"))
        through = pthread_create(&thread, NULL, rest, NULL) == 0;
    if (!strcmp(name, "memory"))
        while (malloc(1 << 20))
            ;
    if (!strcmp(name, "timers"))
        for (timer_t timer; timer_create(CLOCK_MONOTONIC, NULL, &timer) == 0;)
            through = true;
    if (!strcmp(name, "exit"))
        _exit(0);
    if (!strcmp(name, "executable_memory"))
        through = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS,
                       -1, 0) != MAP_FAILED;
}

__attribute__((constructor)) static void before_everything(void)
{
    attempt();
}

/* ---- the plugin ---- */

static struct objlens_call *the_call;
static const struct objlens_host *host;

static int open_call(const struct objlens_host *table, struct objlens_call *call, void **instance)
{
    host = table;
    the_call = call;
    *instance = &the_call;
    if (!strcmp(ATTEMPT, "dodge"))
        through = after_dodging();
    return host->emit(call, through ? "got through" : "refused....", 11);
}

static int write_call(void *instance, const void *bytes, size_t size)
{
    (void)instance;
    (void)bytes;
    (void)size;
    return OBJLENS_DONE;
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
        OBJLENS_TRANSFORM_HEAD, .name = "escape_load", .version = "1",        .open = open_call,
        .write = write_call,    .finish = finish_call, .close = close_call,
    };
    return &self;
}
