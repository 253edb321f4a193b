/* SPDX-License-Identifier: MIT */
/*
 * A program: one loaded version of a transform (a Lua text or a shared object) with its
 * limits. Immutable and counted; requests in flight keep the version they began with.
 */
#ifndef OL_TRANSFORM_PROGRAM_H
#define OL_TRANSFORM_PROGRAM_H

#include "base/error.h"

enum ol_program_kind { OL_PROGRAM_LUA, OL_PROGRAM_SHARED };
/* Which function of a program runs. What goes in and comes out are a pipeline's bytes and head. */
enum ol_transform_entry {
    OL_ENTRY_GET,  /* the original in, the view out */
    /* Nothing in but the original's head, nothing out but the view's: status, headers, and the
     * length where the program promises one (else -1). */
    OL_ENTRY_HEAD,
    /* A listing in AWS's JSON (the members of listBucketResult) in; the same out, content type
     * application/json, or a document of the program's own, application/xml. */
    OL_ENTRY_LIST,
    /* Nothing in; out: the key of the original, 1 to 1024 bytes of UTF-8. Status 404, and nothing
     * out: there is none for this caller. */
    OL_ENTRY_REQUEST,
    OL_ENTRIES
};

/* Where it runs. */
enum ol_isolation {
    OL_ISOLATION_PROCESS, /* in a process of its own, behind the walls */
    OL_ISOLATION_INLINE   /* on a thread of the server's own process: no wall but the language's */
};

enum ol_share { OL_SHARE_IDENTITY, OL_SHARE_REQUEST, OL_SHARE_ALL };

/* Config keys of the same names; defaults in base/limits.h. */
typedef struct ol_transform_limits {
    uint64_t memory_bytes;    /* a request's Lua heap; for a shared object, its host */
    uint32_t cpu_ms;          /* a request */
    uint32_t wall_ms;         /* a request, waiting for a slow client not counted */
    uint64_t output_bytes;    /* a request */
    uint64_t pattern_steps;   /* one call of a pattern function */
    uint32_t unyieldable_ms;  /* a stretch that cannot be preempted */
    uint32_t load_ms;         /* CPU time of loading a Lua state, and of any stretch of that */
    uint32_t slice_ms;        /* time slice */
    uint32_t read_at_calls;   /* a request */
    uint64_t read_at_bytes;   /* a request */
    uint32_t log_bytes;       /* a request */
} ol_transform_limits;

void ol_transform_limits_default(ol_transform_limits *limits);
/* How long a host may take on the clock until its program is loaded. */
uint32_t ol_transform_load_wall_ms(const ol_transform_limits *limits);

#define OL_PROGRAM_THREADS_MAX 64u
#ifdef __SANITIZE_THREAD__
#define OL_PROGRAM_THREADS_OURS 1u /* the sanitizer keeps one of its own */
#else
#define OL_PROGRAM_THREADS_OURS 0u
#endif

/* What the module or plugin declared about itself, known once a host has loaded it. */
typedef struct ol_program_declared {
    bool depends_request;     /* may see request id and clock */
    ol_slice depends_headers; /* lower-case names, each followed by '\n' */
    bool reentrant;           /* shared object: several requests at a time */
    bool has_get;
    bool has_head;    /* answers HEAD itself; otherwise the runtime does, from the view */
    bool has_list;    /* rewrites listings */
    bool has_request; /* maps the key that is asked for to the original's, or hides it */
    /* The view does not depend on who asks: it is kept once for all, and userIdentity cannot be
     * read. */
    bool ignores_identity;
    /* A shared object: of the caller, the request id and the declared headers, requests see what their
     * payload names. See ol_program_sees_identity. */
    bool names_what_it_sees;
    /* Byte i of the view depends on the bytes i-before … i+after of the original alone, and the
     * lengths are equal: a range needs no more than that. */
    bool keeps_positions;
    uint32_t positions_before, positions_after;
    /* A shared object's libraries may have so many threads beside the host's. */
    uint32_t threads_max;
    ol_slice counters; /* names, each followed by '\n'; see counters.h */
} ol_program_declared;

static inline bool ol_program_declares(const ol_program_declared *declared,
                                       enum ol_transform_entry entry)
{
    switch (entry) {
    case OL_ENTRY_GET: return declared->has_get;
    case OL_ENTRY_HEAD: return declared->has_head;
    case OL_ENTRY_LIST: return declared->has_list;
    case OL_ENTRY_REQUEST: return declared->has_request;
    default: return false;
    }
}

/* For authors who try a program: how its input is cut up, whatever the pieces are. A first part of
 * first_bytes, others of each_bytes (0: as long as the piece is); both 0: as in service. */
typedef struct ol_transform_trial {
    uint64_t first_bytes, each_bytes;
    bool meters; /* count instructions, which slows it down */
} ol_transform_trial;

/* What a run took. */
typedef struct ol_transform_usage {
    uint64_t cpu_us;
    uint64_t memory_bytes;  /* at its highest; of a shared object what it got by host->alloc */
    uint64_t instructions;  /* of the Lua VM, about; 0 unless metered */
} ol_transform_usage;

typedef struct ol_program {
    const char *name; /* as configured */
    enum ol_program_kind kind;
    enum ol_share share;
    enum ol_isolation isolation;
    const char *path;        /* the file, for messages and for dlopen */
    ol_slice source;         /* Lua text; empty for shared objects */
    ol_slice libraries;      /* of a Lua text: encoded fields, text by name; empty without */
    /* A shared object: a sealed memory file with the very bytes that `digest` was computed
     * from. Hosts load this, never the path, so that neither a swap nor an edit in place of the
     * file can bring in other code. -1 for Lua. Inside a host, `path` opens it. */
    int image_fd;
    uint8_t digest[32];      /* SHA-256 of the file's bytes */
    ol_transform_limits limits;
    ol_program_declared declared;
    /* What the bytes are vouched for by: a pinned digest, a signature, or that they ship. */
    bool pinned;
    /* Folders that a shared object may read from while it loads: absolute paths, each followed by
     * '\n'. */
    ol_slice preload_folders;
    struct ol_counters *counters; /* held; NULL when none are declared, and inside a host */
    uint64_t version;        /* grows with each reload in this process */
    int references_;         /* private, atomic */
} ol_program;

/* A copy of `like` and all it points to, counted once. Takes over like->image_fd on success; finds
 * the counters itself.
 * OL_OK or OL_ENOMEM. */
int ol_program_new(ol_program **program, const ol_program *like);
ol_program *ol_program_acquire(ol_program *program);
void ol_program_release(ol_program *program);
/* What a request with that payload can see, and so what its view depends on. */
bool ol_program_sees_identity(const ol_program *program, ol_slice payload);
bool ol_program_sees_request(const ol_program *program, ol_slice payload);
/* `name`: one of declared.depends_headers. */
bool ol_program_sees_header(const ol_program *program, ol_slice payload, ol_slice name);
static inline bool ol_program_has(const ol_program *program, enum ol_transform_entry entry)
{
    return ol_program_declares(&program->declared, entry);
}
/* A host of it takes one request at a time. Known once it has been loaded. */
static inline bool ol_program_takes_one(const ol_program *program)
{
    return program->kind == OL_PROGRAM_SHARED && !program->declared.reentrant;
}
/* A host of it has a filter that asks the server for some calls; see warden.h. */
static inline bool ol_program_asks_warden(const ol_program *program)
{
    return program->kind == OL_PROGRAM_SHARED && program->isolation == OL_ISOLATION_PROCESS;
}

#endif
