/* SPDX-License-Identifier: MIT */
/*
 * A look at a shared object before the dynamic loader has it: what is no ELF file, was built for another
 * machine, or has lost its end would else be refused in words that mislead, or end the process.
 */
#ifndef OL_TRANSFORM_SHARED_ELF_LOOK_H
#define OL_TRANSFORM_SHARED_ELF_LOOK_H

#include <stdbool.h>
#include <stddef.h>

#define OL_ELF_WHY_SIZE 160u

/* True when it cannot be loaded; `why` (OL_ELF_WHY_SIZE bytes) then has a sentence. False says no more than
 * that nothing wrong was seen, also of a file that cannot be opened. */
bool ol_elf_is_wrong(const char *path, char *why);

#endif
