/* SPDX-License-Identifier: MIT */
/*
 * The wall around a host, raised by the host itself in three moves, each irrevocable:
 *
 *   birth    dies with its server; no core dump, no tracing; nothing gained by exec.
 *   loading  memory, files and processes limited; Landlock lets nothing be opened but what the
 *            dynamic loader needs (nothing at all for Lua); a system-call filter without
 *            writing, sockets, processes or signals.
 *   running  a filter that leaves what a computing loop needs: memory without PROT_EXEC, its own
 *            eventfd, futex, clocks, its timer. Looking for files is answered EACCES, since
 *            libraries probe for optional ones; anything else kills the process.
 *
 * Whatever cannot be raised is an error and the host ends, with one exception: a kernel without
 * Landlock. Then the filter stands alone, and the server is told.
 *
 * Sanitizer builds (OBJLENS_SANITIZED) need more to report at all: no address-space limits,
 * files may be read while loading, writing to standard error, sigaltstack and the like.
 */
#ifndef OL_TRANSFORM_HOST_SANDBOX_H
#define OL_TRANSFORM_HOST_SANDBOX_H

#include "transform/program.h"

/* Call first of all. */
int ol_sandbox_birth(int32_t server_pid, ol_error *err);

typedef struct ol_sandbox_load {
    enum ol_program_kind kind;
    uint64_t memory_bytes; /* all jobs together */
    uint64_t shared_bytes; /* the mapping shared with the server */
} ol_sandbox_load;

/* *landlock: the ABI number in force, 0 when the kernel has none. */
int ol_sandbox_loading(const ol_sandbox_load *load, uint32_t *landlock, ol_error *err);
/* Closes every descriptor but 0 to 2 and the eventfd. */
int ol_sandbox_running(ol_error *err);

/* The parts, for the above and for tests. */
int ol_sandbox_landlock(enum ol_program_kind kind, uint32_t *abi, ol_error *err);
int ol_sandbox_filter_loading(ol_error *err);
int ol_sandbox_filter_running(ol_error *err);

#endif
