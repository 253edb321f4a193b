/* SPDX-License-Identifier: MIT */
/*
 * The wall around a host, raised by the host itself in three moves, each irrevocable:
 *
 *   birth    dies with its server; no core dump, no tracing; nothing gained by exec. It was born in
 *            namespaces of its own where the kernel permits them (spawn.h).
 *   loading  mounts of its own, with a root that holds the listed folders alone; no capabilities;
 *            memory, files and processes limited; Landlock lets nothing be opened but those folders
 *            (nothing at all for Lua); a system-call filter without writing, sockets, processes or
 *            signals. What a shared object's loading needs beyond computing (files, code, threads)
 *            the filter allows only as long as the server says yes to each call (warden.h): so step
 *            two holds even for an object that keeps this process from taking it.
 *   running  a filter that leaves what a computing loop needs: memory without PROT_EXEC, its own
 *            eventfd, futex, clocks, its timer. Looking for files is answered EACCES, since
 *            libraries probe for optional ones; anything else kills the process.
 *
 * Namespaces, the root and Landlock are had where the kernel has them; whatever else cannot be
 * raised is an error and the host ends, as it does when a wall is missing that is required.
 *
 * Sanitizer builds (OBJLENS_SANITIZED) need more to report at all: no address-space limits, the
 * root as it is, files may be read while loading, writing to standard error, sigaltstack and the
 * like.
 */
#ifndef OL_TRANSFORM_HOST_SANDBOX_H
#define OL_TRANSFORM_HOST_SANDBOX_H

#include "transform/host/filters.h"
#include "transform/host/wire.h"
#include "transform/program.h"
#include "transform/host/walls.h"

/* Call first of all. Takes on its identity in the user namespace of `control`, if it has one. */
int ol_sandbox_birth(const ol_wire_control *control, ol_error *err);

typedef struct ol_sandbox_load {
    enum ol_program_kind kind;
    uint64_t memory_bytes; /* all jobs together */
    uint64_t shared_bytes; /* the mapping shared with the server */
    ol_slice folders;      /* absolute paths, each followed by '\n', to be read while loading */
    bool pinned;           /* its bytes are known to be the operator's choice */
    uint32_t namespaces;   /* it was born in */
    uint32_t walls_required;
    uint32_t cgroup;       /* of OL_CGROUP_*: what limits the group that it joined */
    ol_filters *filters;   /* this process's own copy */
} ol_sandbox_load;

/* What stands. */
typedef struct ol_sandbox_held {
    uint32_t walls;    /* of OL_WALLS_ALL */
    uint32_t landlock; /* the ABI number in force, 0 when the kernel has none */
} ol_sandbox_held;

int ol_sandbox_loading(const ol_sandbox_load *load, ol_sandbox_held *held, ol_error *err);
/* Closes every descriptor but 0 to 2 and the eventfd. */
int ol_sandbox_running(uint32_t threads_max, ol_filters *filters, ol_error *err);

/* The parts, for the above and for tests. */

/* The folders that may be read while loading, one after the other: `visit` until it fails. */
int ol_sandbox_each_folder(const ol_sandbox_load *load, int (*visit)(void *arg, const char *path),
                           void *arg);
/* A root of the listed folders, in a mount namespace of its own. False: it is as it was. */
bool ol_sandbox_change_root(const ol_sandbox_load *load);
bool ol_sandbox_drop_capabilities(void);
int ol_sandbox_landlock(const ol_sandbox_load *load, uint32_t *abi, ol_error *err);
/* For a shared object, its listener goes to the server, who must answer from here on. */
int ol_sandbox_filter_loading(enum ol_program_kind kind, ol_filters *filters, ol_error *err);
int ol_sandbox_filter_running(uint32_t threads_max, ol_filters *filters, ol_error *err);
/* May this program be loaded behind these walls? */
int ol_sandbox_check(const ol_sandbox_load *load, const ol_sandbox_held *held, ol_error *err);

#endif
