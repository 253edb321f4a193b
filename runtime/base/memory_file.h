/* SPDX-License-Identifier: MIT */
/*
 * Files that exist in memory alone (memfd), to be sealed and handed to another process.
 */
#ifndef OL_BASE_MEMORY_FILE_H
#define OL_BASE_MEMORY_FILE_H

/* A descriptor, close-on-exec, or -1 and errno. It cannot be executed as a program, so that it can be had where
 * the machine forbids others (vm.memfd_noexec); code can be mapped from it all the same. */
int ol_memory_file(const char *name);

#endif
