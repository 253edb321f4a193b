/* SPDX-License-Identifier: MIT */
/*
 * objlens transforms as shared objects: the C ABI.
 *
 * A transform sees one request's original as a stream of bytes and writes the answer. It is
 * loaded into a sandboxed host process (no files, no network, no new processes or threads),
 * exports one function, objlens_transform_v1(), and links to nothing of objlens: what it needs
 * from the host comes in a table of functions. This header is all there is to include.
 * Guide and worked examples: docs/plugin_abi.md.
 *
 * Diary. An addition raises the minor number and only ever appends to the structs below; an
 * incompatible change raises the major number and renames the entry function.
 *
 *   1.0  2026-11-21  first version
 *   1.1  2026-11-21  flags OBJLENS_IGNORES_IDENTITY and OBJLENS_KEEPS_POSITIONS; descriptor:
 *                    positions_before, positions_after
 *   1.2  2026-11-21  descriptor: threads_max, counters, configure, unconfigure, worker_start,
 *                    worker_stop, head; host: config, worker, yield, limits, count,
 *                    set_length; struct objlens_limits
 *   1.3  2026-11-21  flag OBJLENS_NAMES_WHAT_IT_SEES; host: preload_folder
 *
 * Rules that hold everywhere
 * - Threads: the callbacks for one request run on one thread, its worker; a host process has one.
 *   A host function may be called only from inside a callback, with the `call` of that callback,
 *   never from a thread that the transform or one of its libraries made.
 * - Waiting: a host function marked "may wait" suspends the request until it can go on, while
 *   the thread works on other requests (if the transform is OBJLENS_REENTRANT). Nothing has to
 *   be done about it; static data may have been changed by those other requests meanwhile.
 * - Units: sizes and offsets are bytes. Texts are UTF-8. A `const char *` is NUL-terminated,
 *   a struct objlens_bytes is not.
 * - Ownership: memory belongs to the side that made it. Pointers that the host hands out stay
 *   valid as long as the function says; pointers handed to the host are read before it returns.
 * - Results: 0 is success, negative is failure. Once the request has failed (host->fail, a
 *   limit, a client that went away) every output function answers so again: return at once.
 */
#ifndef OBJLENS_TRANSFORM_H
#define OBJLENS_TRANSFORM_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define OBJLENS_ABI_MAJOR 1
#define OBJLENS_ABI_MINOR 3

#if defined(__GNUC__)
#define OBJLENS_EXPORT __attribute__((visibility("default")))
#else
#define OBJLENS_EXPORT
#endif

/* Results of callbacks and host functions. Numbers never change their meaning. */
enum objlens_result {
    OBJLENS_OK = 0,
    OBJLENS_DONE = 1,       /* from write(): no more input is wanted; finish() comes next */
    OBJLENS_EFAILED = -1,   /* the request has failed; what failed is known to the host */
    OBJLENS_ECANCELED = -2, /* nobody waits for the answer any more */
    OBJLENS_ENOTFOUND = -3, /* there is no such field */
    OBJLENS_EINVAL = -4,    /* an argument is not allowed */
    OBJLENS_ELIMIT = -5,    /* an argument is over a limit of the host */
    OBJLENS_ENOMEM = -6,
    OBJLENS_EDENIED = -7,   /* the descriptor does not declare that it depends on this */
    OBJLENS_ESTATE = -8,    /* not now: e.g. the head has left, or not from this callback */
    OBJLENS_EREADAT = -9    /* the range could not be read; the log says why */
};

enum objlens_level {
    OBJLENS_DEBUG = 0,
    OBJLENS_INFO = 1,
    OBJLENS_WARN = 2,
    OBJLENS_ERROR = 3
};

/* One request. Opaque; made by the host; valid from open() until close() returns. */
struct objlens_call;

/* Borrowed bytes. `data` may be NULL when `size` is 0. */
struct objlens_bytes {
    const void *data;
    size_t size;
};

/*
 * Since 1.2. What a request may use. Set `size` to sizeof(struct objlens_limits) before asking; the
 * host fills the fields that both sides know and sets the others to 0. Times are those of the
 * whole request, not what is left of them.
 */
struct objlens_limits {
    uint32_t size;
    uint32_t cpu_ms;
    uint32_t wall_ms;       /* waiting for a slow client not counted */
    uint32_t read_at_calls;
    uint64_t memory_bytes;  /* of the process */
    uint64_t output_bytes;
    uint64_t read_at_bytes;
    uint64_t cpu_used_us;   /* by this request, so far; 0 unless OBJLENS_SEES_REQUEST: it is never
                               the same twice, and a view that depends on it must not be kept */

    /* Later versions append here. */
};

/*
 * What the host offers. The first three fields are in every version. A function that came
 * after 1.0 may be used only if OBJLENS_HOST_HAS says so.
 */
struct objlens_host {
    uint16_t abi_major;
    uint16_t abi_minor;
    uint32_t size;       /* of this struct, as the host was built */
    const char *version; /* of objlens, for messages */

    /* ---- output ------------------------------------------------------------------------ */

    /* Append bytes to the answer. May wait. The first byte sends the head. A part of the chunk
     * that write() is working on may be passed on without a copy. */
    int (*emit)(struct objlens_call *call, const void *bytes, size_t size);

    /* Room to write output into without a copy: at least 1 byte, commonly a hundred thousand.
     * May wait. Sends the head. The room is lost when out_commit, emit or out_span is called or
     * the callback returns; what was not committed is not part of the answer. */
    int (*out_span)(struct objlens_call *call, void **data, size_t *size);
    /* The first `size` bytes of the last span were filled. Never waits. */
    int (*out_commit)(struct objlens_call *call, size_t size);

    /* ---- head: only before the first output; else OBJLENS_ESTATE ------------------------ */

    /* 200 to 599. Default 200. For an error that stops the transform use fail(). */
    int (*set_status)(struct objlens_call *call, int status);
    /* Set or replace a response header (at most 64, 16 KiB together with metadata). Names are
     * case-insensitive. Framing and connection headers (content-length, transfer-encoding,
     * connection, …) are refused. */
    int (*set_header)(struct objlens_call *call, const char *name, const void *value, size_t size);
    /* As set_header, for x-amz-meta-<name>. */
    int (*set_metadata)(struct objlens_call *call, const char *name, const void *value,
                        size_t size);

    /* ---- failure ------------------------------------------------------------------------ */

    /* Fail this request. Before the first output the client reads an S3 error document with
     * this status (400 to 599), code ("InvalidObject") and message; after it the body breaks off,
     * so that it cannot be taken for whole. The first failure stands. Neither text may hold
     * bytes of the object. Returns OBJLENS_EFAILED: `return host->fail(call, …);` */
    int (*fail)(struct objlens_call *call, int status, const char *code, const char *message);

    /* ---- the request: values stay valid until close() or OBJLENS_ECANCELED -------------- */

    /* A field of the event by its path, e.g. "userIdentity.arn", "userRequest.headers.accept".
     * OBJLENS_ENOTFOUND when absent, OBJLENS_EDENIED when it must be declared first. */
    int (*event_get)(struct objlens_call *call, const char *path, struct objlens_bytes *value);
    /* Visit every field whose path starts with `prefix`, e.g. "object.metadata.". A non-zero
     * result of `visit` ends the walk and becomes the result. */
    int (*event_each)(struct objlens_call *call, const char *prefix,
                      int (*visit)(void *arg, struct objlens_bytes path,
                                   struct objlens_bytes value),
                      void *arg);
    /* The payload text of the transformation configuration; empty when it has none. */
    int (*payload)(struct objlens_call *call, struct objlens_bytes *value);
    /* Size of the original. OBJLENS_ENOTFOUND when unknown (behind another transform). */
    int (*object_size)(struct objlens_call *call, uint64_t *size);
    int (*object_etag)(struct objlens_call *call, struct objlens_bytes *value);
    /* A header or user metadata of the original, by lower-case name. */
    int (*object_header)(struct objlens_call *call, const char *name, struct objlens_bytes *value);
    int (*object_metadata)(struct objlens_call *call, const char *name,
                           struct objlens_bytes *value);

    /* ---- the original, out of order ----------------------------------------------------- */

    /* Read `size` bytes at `offset` of the original, pinned by its ETag. May wait. *got is
     * smaller than `size` only at the end. Calls and bytes are counted against limits;
     * OBJLENS_EREADAT where the origin cannot or a limit is reached. */
    int (*read_at)(struct objlens_call *call, uint64_t offset, void *buffer, size_t size,
                   size_t *got);

    /* ---- services ----------------------------------------------------------------------- */

    /* One line for the transform log; capped a request. Do not log bytes of the object. */
    void (*log)(struct objlens_call *call, enum objlens_level level, const char *text,
                size_t size);
    /* Zeroed memory that belongs to this request: wiped and freed after close() if free() did
     * not do so before. NULL when out of memory. Plain malloc may be used as well. */
    void *(*alloc)(struct objlens_call *call, size_t size);
    void (*free)(struct objlens_call *call, void *block);

    /* ---- since 1.2 ---------------------------------------------------------------------- */

    /* What configure() made of this request's payload; NULL without configure(). */
    void *(*config)(struct objlens_call *call);
    /* What worker_start() made for the thread that this request runs on; NULL without it. */
    void *(*worker)(struct objlens_call *call);
    /* Let others work, in the middle of a long computation. May wait. OBJLENS_ECANCELED when the
     * client went away meanwhile: nothing else tells a callback that neither reads nor writes.
     * Cheap while the time slice lasts; call it every millisecond or so. */
    int (*yield)(struct objlens_call *call);
    /* See struct objlens_limits. OBJLENS_EINVAL when `limits->size` is too small to hold itself. */
    int (*limits)(struct objlens_call *call, struct objlens_limits *limits);
    /* Add to a counter: its place in the descriptor's `counters`. The operator sees the sums of
     * all requests, labelled with the transform's and the counter's name. Also from close().
     * OBJLENS_EINVAL when there is no such counter; OBJLENS_ECANCELED, and nothing is added, once the
     * client went away. */
    int (*count)(struct objlens_call *call, uint32_t counter, uint64_t more);
    /* From head() only (else OBJLENS_ESTATE): the length that the answer to a GET would have. */
    int (*set_length)(struct objlens_call *call, uint64_t size);

    /* ---- since 1.3 ---------------------------------------------------------------------- */

    /* From load() only (else OBJLENS_ESTATE): the folders that the operator lists as
     * preload_folders, from 0 on. The path is NUL-terminated and valid until the next call.
     * OBJLENS_ENOTFOUND behind the last. */
    int (*preload_folder)(uint32_t index, const char **path);

    /* Later versions append here. */
};

#define OBJLENS_HOST_HAS(host, member)                                                            \
    ((host)->size >= offsetof(struct objlens_host, member) + sizeof((host)->member))

/* The transform keeps no state between callbacks outside its instance, so that several
 * requests may be under way at a time, each suspended where it waits. Without it a host
 * process runs one request after the other. */
#define OBJLENS_REENTRANT 1u
/* The transform may see the request id and the time; its answers are never cached. */
#define OBJLENS_SEES_REQUEST 2u
/* Since 1.1. The answer does not depend on who asks, so that one serves all: userIdentity cannot
 * be read (OBJLENS_EDENIED). */
#define OBJLENS_IGNORES_IDENTITY 4u
/* Since 1.1. The answer is as long as the original, and its byte i depends on the original's bytes
 * i - positions_before to i + positions_after alone. For a range of the answer the transform is
 * then given that piece of the original and its context as if it were the whole (object_size
 * still tells the whole's); what it makes of the context is thrown away. The status stays 200,
 * and read_at is refused (OBJLENS_EREADAT): a piece does not know where it lies. Another length
 * than the input's fails the request. */
#define OBJLENS_KEEPS_POSITIONS 8u
/* Since 1.3. What the answer depends on stands in the payload, by name, and nothing else of it can
 * be read (OBJLENS_ENOTFOUND): userIdentity only where the word "userIdentity" stands somewhere in the
 * payload's text, request id and time (with OBJLENS_SEES_REQUEST) only where "xAmzRequestId" does, a
 * header of depends_headers only where its name does. So a view that names nothing is one for all. */
#define OBJLENS_NAMES_WHAT_IT_SEES 16u

/*
 * What the transform is. Constant for the life of the process. Fill `abi_major`, `abi_minor`
 * and `size` from this header: OBJLENS_TRANSFORM_HEAD.
 */
struct objlens_transform {
    uint16_t abi_major;
    uint16_t abi_minor;
    uint32_t size;       /* of this struct, as the transform was built */
    const char *name;    /* for messages: 1 to 64 characters, printable */
    const char *version; /* of the transform, free text; may be NULL */
    uint32_t flags;
    uint32_t reserved;   /* 0 */
    /* Request headers that the answer depends on: lower-case names, the last followed by
     * NULL. Others cannot be read. NULL means none. */
    const char *const *depends_headers;

    /* Optional: the preload step. Once in the life of the process, before any request, while files
     * may still be opened for reading (system libraries, and the folders that the operator lists
     * as preload_folders): initialise libraries, read fonts, modules and tables, pick code for the
     * CPU, start what threads there are to be (threads_max). Nothing can be opened, and nothing
     * loaded, afterwards. On failure write the reason. */
    int (*load)(const struct objlens_host *host, char *reason, size_t reason_size);

    /* A request begins. *instance is handed to the other three. May set the head, write output
     * and wait. When it fails, close() is not called. `host` stays valid for ever. */
    int (*open)(const struct objlens_host *host, struct objlens_call *call, void **instance);
    /* The next bytes of the original; size > 0. Cut anywhere: the answer must not depend on
     * where. `bytes` is valid until write returns. OBJLENS_DONE to get no more. */
    int (*write)(void *instance, const void *bytes, size_t size);
    /* The original ended well. Write what is left. Never called after a failure. */
    int (*finish)(void *instance);
    /* Once for every open() that succeeded, whatever happened: free what is yours. Of the host
     * only log() and free() may be called. After a client went away it comes late, but comes. */
    void (*close)(void *instance);

    /* Since 1.1, with OBJLENS_KEEPS_POSITIONS: at most 1 MiB each. Else 0. */
    uint32_t positions_before;
    uint32_t positions_after;

    /* ---- since 1.2; 0 and NULL where not needed ------------------------------------------ */

    /* Threads that may be there at a time beside the worker, made by libraries of the transform;
     * at most 64. Without it the sandbox lets none be made. */
    uint32_t threads_max;
    uint32_t reserved2; /* 0 */
    /* Names of counters (see host->count), the last followed by NULL: at most 16, each 1 to 48
     * characters of a-z, 0-9 and _, no two alike. */
    const char *const *counters;
    /* A payload is parsed once, not in every request: called before the first open() or head()
     * with that payload in this process, and again should it have been forgotten meanwhile.
     * *config is what host->config then gives; it is shared by all requests with this payload and
     * must not change. On failure write the reason, for the operator: it stands in the access log, as
     * the request's detail. The request fails. Cannot wait. */
    int (*configure)(const struct objlens_host *host, const void *payload, size_t size,
                     void **config, char *reason, size_t reason_size);
    /* No request uses it any more. May be NULL when there is nothing to free. */
    void (*unconfigure)(void *config);
    /* Once for each worker, on its thread, before its first request and behind the closed
     * sandbox: what requests can share, such as buffers and compiled code. (A process serves the
     * callers of one trust group, never another's after them: see `share`.) On failure write the
     * reason: the request that came first fails, and the next one tries again. */
    int (*worker_start)(const struct objlens_host *host, void **worker, char *reason,
                        size_t reason_size);
    /* The worker ends. Not called when its process is ended from outside. May be NULL. */
    void (*worker_stop)(void *worker);
    /* Answers a HEAD without the original's bytes: set status, headers, metadata and, when known,
     * the length (set_length). May use read_at; nothing can be emitted. Without it objlens answers
     * from the view itself. There is no instance, and no close(). */
    int (*head)(const struct objlens_host *host, struct objlens_call *call);

    /* Later versions append here. */
};

#define OBJLENS_TRANSFORM_HEAD                                                                    \
    OBJLENS_ABI_MAJOR, OBJLENS_ABI_MINOR, (uint32_t)sizeof(struct objlens_transform)

/* The one exported symbol. Called once, first. */
OBJLENS_EXPORT const struct objlens_transform *objlens_transform_v1(void);

#ifdef __cplusplus
}
#endif

#endif
