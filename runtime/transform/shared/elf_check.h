/* SPDX-License-Identifier: MIT */
/*
 * Checks a shared object's file before dlopen() gets it. Of a file that is no ELF file, or was built
 * for another machine, the dynamic loader speaks in words that mislead; one that was cut off can even
 * kill the process (SIGBUS). Here each of them gets a sentence that its author understands.
 */
#ifndef OL_TRANSFORM_SHARED_ELF_CHECK_H
#define OL_TRANSFORM_SHARED_ELF_CHECK_H

#include <stdbool.h>
#include <stddef.h>

#define OL_ELF_WHY_SIZE 160u

/* False: it cannot be loaded, and `why` (OL_ELF_WHY_SIZE bytes) holds a sentence that says why not.
 * True: nothing wrong was seen, which is no promise that it loads; also for a file that cannot be
 * opened, since dlopen() says that well enough. */
bool ol_elf_check(const char *path, char *why);

#endif
