/* SPDX-License-Identifier: MIT */
/*
 * What server and host say to each other, and where: the layout of the memory that they
 * share, the messages, and the bounds that both keep.
 *
 * The memory is one sealed memory file: a control page, two rings of messages (one writer and
 * one reader each), an area for texts from the host, and the slots in which bodies travel. At the
 * start the program lies in the slots, and what the host is to put up (filters.h) in the area for texts.
 * The server never believes a value that stands there: it copies once, then checks the copy.
 *
 * Who may touch a slot is a matter of messages. OPEN lends one with the event; DATA lends one
 * with a piece of the original; GRANT (or a `grant` that rides on OPEN and DATA) lends an
 * empty one for output. RELEASE, and the flag of that name on OUT, give one back; DONE and FAIL
 * give back all that the job still has.
 *
 * Output is bounded by credits: each OUT spends one, OPEN brings OL_WIRE_CREDITS, and GRANT
 * and DATA bring back those whose bytes have gone to the client. A host that lacks a slot or
 * credits says WANT once and waits for GRANT.
 */
#ifndef OL_TRANSFORM_HOST_WIRE_H
#define OL_TRANSFORM_HOST_WIRE_H

#include <stdatomic.h>

#include "base/error.h"
#include "base/limits.h"

#define OL_WIRE_MAGIC 0x6f6c7731u
#define OL_WIRE_RING 2048u /* messages; a power of two; see OL_WIRE_JOBS_MAX */
/* Not consumed by the host there can be, for each job index: what one job is sent (OPEN, 4 DATA,
 * 3 GRANT, READ_AT_REPLY, CANCEL) and what was left of the one before it. */
#define OL_WIRE_JOBS_MAX 96u
#define OL_WIRE_TEXT_AREA (256u * OL_KIB)
#define OL_WIRE_TEXT_MAX (32u * OL_KIB) /* one text */
#define OL_WIRE_CREDITS 8u
#define OL_WIRE_NONE UINT32_MAX /* no slot */
#define OL_WIRE_COUNT_MAX (1ull << 40) /* what one job adds to one counter */
#define OL_WIRE_SLOT_BYTES_MIN 4096u
#define OL_WIRE_SLOT_BYTES_MAX (4u * OL_MIB)
#define OL_WIRE_SLOTS_MIN 8u
#define OL_WIRE_SLOTS_MAX 4096u

/* Descriptors that a host is born with, beside 0 to 2. */
#define OL_HOST_FD_SHARED 3 /* the memory */
#define OL_HOST_FD_WAKE 4   /* eventfd: the server has messages */
#define OL_HOST_FD_IMAGE 5  /* the shared object's bytes; absent for Lua */
#define OL_HOST_IMAGE_PATH "/proc/self/fd/5"
#define OL_HOST_FD_CGROUP 7 /* what it joins its control group by; absent without one */
#define OL_HOST_FD_CONTROL 6 /* a socket: the host hands over what rules its filter, see warden.h */

enum ol_msg_type {
    /* server to host */
    OL_MSG_LOAD = 1,      /* length: of the encoded program, at the start of the slots */
    OL_MSG_OPEN,          /* code: the entry; slot, length: event; grant; a, b: how the original
                             is cut (ol_transform_trial); METER? */
    OL_MSG_DATA,          /* slot, length, END?; grant, credits */
    OL_MSG_GRANT,         /* grant (or none), credits */
    OL_MSG_READ_AT_REPLY, /* slot, length; with ERROR the bytes are a reason */
    OL_MSG_CANCEL,        /* the host answers DONE (if it has not said DONE or FAIL) */
    OL_MSG_WIPE,          /* the next job is another trust group's */
    /* host to server */
    OL_MSG_LOADED = 32, /* offset, length: text, what was declared; with ERROR: an error; a: walls
                           that stand; b: Landlock's ABI number */
    OL_MSG_HEAD,        /* offset, length: text, fields of the head */
    OL_MSG_OUT,         /* slot, offset, length, RELEASE? */
    OL_MSG_RELEASE,     /* slot */
    OL_MSG_WANT,
    OL_MSG_READ_AT, /* a: offset; length */
    OL_MSG_LOG,     /* code: level; offset, length: text */
    OL_MSG_COUNT,   /* a: the counter; b: how much more; each at most once a job */
    OL_MSG_DONE,    /* a: cpu us; b: preemptions; spare: memory, instructions; SPOILED? */
    OL_MSG_FAIL     /* as DONE; offset, length: text, fields of the error */
};

enum {
    OL_MSG_F_END = 1,     /* DATA: the original ends with this piece (which may be absent) */
    OL_MSG_F_RELEASE = 2, /* OUT: the host is done with the slot */
    OL_MSG_F_ERROR = 4,
    OL_MSG_F_SPOILED = 8, /* the engine must not be used again */
    OL_MSG_F_METER = 16   /* OPEN: count what it takes, even where that costs */
};

enum ol_log_level { OL_LOG_DEBUG, OL_LOG_INFO, OL_LOG_WARN, OL_LOG_ERROR, OL_LOG_LEVELS };

typedef struct ol_msg {
    uint16_t type;
    uint16_t flags;
    uint32_t job; /* index in the low 8 bits, a generation (never 0) above */
    uint32_t slot;
    uint32_t offset;
    uint32_t length;
    uint32_t grant;
    uint32_t credits;
    int32_t code;
    uint64_t a;
    uint64_t b;
    uint64_t spare[2];
} ol_msg;

_Static_assert(sizeof(ol_msg) == 64, "a message is a cache line");

/* The control page. What the server set up stands first; after the start only the fields below
 * `line` breaks change. */
typedef struct ol_wire_control {
    uint32_t magic;
    uint32_t slot_bytes;
    uint32_t slots;
    uint32_t jobs_max;
    uint32_t spin_us;
    uint32_t namespaces;     /* of OL_WALLS_ALL: what it was born in */
    uint32_t walls_required; /* likewise: without them it loads nothing */
    uint32_t cgroup;         /* of OL_CGROUP_*: what limits the group that it is to join; 0: none */
    uint32_t uid, gid;       /* the server's, as its own user namespace has them */
    _Alignas(64) _Atomic uint32_t to_host_tail;
    _Alignas(64) _Atomic uint32_t to_host_head;
    _Alignas(64) _Atomic uint32_t to_server_tail;
    _Alignas(64) _Atomic uint32_t to_server_head;
    _Alignas(64) _Atomic uint32_t host_sleeps; /* a futex */
    _Alignas(64) _Atomic uint32_t server_sleeps;
    /* A host that is a thread is asked to end by it: nobody can kill a thread. */
    _Atomic uint32_t stop;
    /* For the watchdog, written by the host: a step counter above, the job index + 1 below (0
     * between steps); CPU that job had used when the step began; jobs that use up their slices. */
    _Alignas(64) _Atomic uint64_t executing;
    _Atomic uint32_t executing_used_ms;
    _Atomic uint32_t hogs;
} ol_wire_control;

_Static_assert(sizeof(ol_wire_control) <= 4096, "control is one page");

typedef struct ol_wire_layout {
    uint32_t slot_bytes, slots;
    size_t to_host, to_server, text, slot_base, total; /* offsets */
} ol_wire_layout;

/* False when the numbers are out of bounds (slot_bytes: whole pages). */
bool ol_wire_layout_make(ol_wire_layout *layout, uint32_t slot_bytes, uint32_t slots);

#endif
