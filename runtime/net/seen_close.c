/* SPDX-License-Identifier: MIT */
/*
 * For builds under ThreadSanitizer only; empty in every other.
 *
 * TSan watches descriptors as it watches memory. libuv closes its own by a bare system call, which
 * TSan does not see: the number's next owner, on another thread, then seems to race with the
 * first. Here that call is shown to TSan. Nothing is suppressed, so true races for a descriptor
 * are still found.
 */
#ifndef __has_feature
#define __has_feature(x) 0
#endif
#if defined(__SANITIZE_THREAD__) || __has_feature(thread_sanitizer)

#include <dlfcn.h>
#include <stdarg.h>
#include <sys/syscall.h>
#include <unistd.h>

/* clang's <sanitizer/linux_syscall_hooks.h> declares it; gcc has the function without the header. */
void __sanitizer_syscall_pre_impl_close(long fd);

typedef long (*syscall_fn)(long number, ...);

static syscall_fn next_syscall;

__attribute__((constructor)) static void find_next(void)
{
    next_syscall = (syscall_fn)dlsym(RTLD_NEXT, "syscall");
}

__attribute__((visibility("default"))) long syscall(long number, ...)
{
    long args[6];
    va_list list;
    va_start(list, number);
    for (unsigned i = 0; i < 6; i++)
        args[i] = va_arg(list, long);
    va_end(list);
    if (!next_syscall) /* somebody else's constructor: there is one thread yet */
        find_next();
    if (number == SYS_close)
        __sanitizer_syscall_pre_impl_close(args[0]);
    return next_syscall(number, args[0], args[1], args[2], args[3], args[4], args[5]);
}

#endif
