/* SPDX-License-Identifier: MIT */
/*
 * A host that is a thread of this process: for code that the operator trusts (isolation =
 * "inline"). The same loop, the same messages and the same memory as of a process; what is missing
 * is everything that only a process can give: it cannot be killed, and what it breaks is ours.
 *
 * So the end is another one. Told to stop, a thread ends as soon as its transform lets it, at the
 * latest at the end of a time slice for Lua, and never for a plugin that computes without end. Its
 * owner does not wait: it lets go at once, and what is left (thread, memory, descriptors, library)
 * is cleared away when the thread has ended, on another one: a library's destructors are code of its
 * author's too. Where too many do not end no more are started.
 *
 * Any thread; one at a time for each host.
 */
#ifndef OL_TRANSFORM_INLINE_HOST_H
#define OL_TRANSFORM_INLINE_HOST_H

#include <time.h>

#include "transform/host/host.h"

/* So many hosts that were let go OL_INLINE_STUCK_MS ago and whose threads or destructors run on, in the
 * whole process. */
#define OL_INLINE_STUCK_MAX 16u
#define OL_INLINE_STUCK_MS 2000u

typedef struct ol_inline_host ol_inline_host;

/* `base` holds what ol_child_start laid out, and is this host's from here on, unless this fails.
 * OL_OK, OL_ENOMEM, or OL_EUNAVAILABLE (no thread or descriptor to be had, or too many are stuck). */
int ol_inline_host_start(ol_inline_host **host, uint8_t *base, size_t size,
                         const ol_program *program, ol_error *err);
/* An eventfd, readable when it has messages. The host's. */
int ol_inline_host_wake_fd(const ol_inline_host *host);
/* Readable when the thread has ended or was told to stop. The host's. */
int ol_inline_host_end_fd(const ol_inline_host *host);
/* Of its thread; gives no time when that has ended. */
clockid_t ol_inline_host_cpu_clock(const ol_inline_host *host);
/* Returns at once. */
void ol_inline_host_stop(ol_inline_host *host);
bool ol_inline_host_is_over(const ol_inline_host *host);
/* After stop, or its end. Returns at once. Everything goes when the thread has ended; but the memory stays
 * mapped for good if `keep_memory`. */
void ol_inline_host_release(ol_inline_host *host, bool keep_memory);

/* Wait until all that were released are cleared away, but no longer than that: at the end of a process, so
 * that nothing runs while it is taken down. Returns how many run on. */
unsigned ol_inline_hosts_settle(uint32_t ms);
/* For tests: run these engines. NULL: those that objlens has. */
void ol_inline_hosts_engines(ol_host_engines *engines);

#endif
