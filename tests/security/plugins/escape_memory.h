/* SPDX-License-Identifier: MIT */
/* Code that is made or changed, memory and time without end, ways to crash and to leave. */
#ifndef OL_TESTS_ESCAPE_MEMORY_H
#define OL_TESTS_ESCAPE_MEMORY_H

#include "escape.h"

/* ---- memory ---- */

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

/* ---- time ---- */

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

#endif
