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
 *
 * Rules that hold everywhere
 * - Threads: all callbacks of a process run on one thread. A host function may be called only
 *   from inside a callback, with the `call` of that callback.
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
#define OBJLENS_ABI_MINOR 1

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

    /* Optional. Once in the life of the process, before any request, while files may still be
     * opened for reading: initialise libraries, load tables, pick code for the CPU. Nothing
     * can be opened, and nothing loaded, afterwards. On failure write the reason. */
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
