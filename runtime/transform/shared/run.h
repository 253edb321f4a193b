/* SPDX-License-Identifier: MIT */
/*
 * Private to this room: the engine's state, and one request (a run) as the host functions see
 * it. `struct objlens_call` of the ABI is an ol_run.
 */
#ifndef OL_TRANSFORM_SHARED_RUN_H
#define OL_TRANSFORM_SHARED_RUN_H

#include "transform/host/engine.h"
#include "transform/shared/fiber.h"
#include "transform/shared/kept.h"
#include "transform/shared/plugin.h"

#define OL_SHARED_HEAD_BYTES_MAX (16 * 1024)
/* From here on a part of the input is passed on without a copy: below, the message about it costs
 * as much as the copy. */
#define OL_SHARED_FORWARD_BYTES_MIN (16 * 1024)
#define OL_SHARED_HEAD_FIELDS_MAX 65 /* the status and 64 others */

struct ol_engine {
    ol_plugin plugin;
    ol_kept kept;
    ol_fiber_pool fibers;
    ol_run *current;   /* whose callback is running */
    size_t open_runs;
};

/* What a callback may do. */
enum ol_run_phase { OL_RUN_WORKING, OL_RUN_CLOSING };

typedef struct ol_run_block ol_run_block;

struct ol_run {
    ol_engine *engine;
    ol_job *job; /* NULL once the job was given up */
    ol_fiber *fiber;
    void *instance;
    ol_kept_config *config; /* NULL: the plugin parses no payload */
    enum ol_run_phase phase;
    bool canceled;
    int verdict;           /* what step answers while the fiber stands still */
    uint64_t slice_end_ns; /* of this step */
    ol_error error;        /* the failure of the run; the first stands */
    ol_error refused;      /* why read_at was refused last */
    ol_slice piece;        /* being written by the plugin */
    ol_span span;          /* lent by out_span */
    ol_buf head;           /* fields, until the head has left */
    bool head_sent;
    ol_run_block *blocks; /* of alloc */
    size_t block_bytes;
};

static inline ol_run *ol_run_of(struct objlens_call *call)
{
    return (ol_run *)call;
}

/* OBJLENS_OK when this call's callback is the one running, is not close(), and the run is
 * neither failed nor given up; else what the host function answers. */
int ol_run_check(const ol_run *run);
/* Stand still. OBJLENS_OK when it may go on, OBJLENS_ECANCELED. */
int ol_run_suspend(ol_run *run, int verdict);
/* The end of a slice, or of the job's CPU time: stand still if it has come. OBJLENS_OK to go on,
 * OBJLENS_ECANCELED, or OBJLENS_EFAILED. */
int ol_run_take_turn(ol_run *run);
/* Put a field of the head, in place of one of that name. */
int ol_run_set_field(ol_run *run, const char *name, ol_slice value);
/* Send the head if it has not left yet. OBJLENS_OK or OBJLENS_EFAILED. */
int ol_run_send_head(ol_run *run);
/* Wipe and free what alloc gave out. */
void ol_run_free_blocks(ol_run *run);

extern const struct objlens_host ol_shared_host;

/* host_*.c: the functions of the table. */
int ol_host_emit(struct objlens_call *call, const void *bytes, size_t size);
int ol_host_out_span(struct objlens_call *call, void **data, size_t *size);
int ol_host_out_commit(struct objlens_call *call, size_t size);
int ol_host_set_status(struct objlens_call *call, int status);
int ol_host_set_header(struct objlens_call *call, const char *name, const void *value, size_t size);
int ol_host_set_metadata(struct objlens_call *call, const char *name, const void *value,
                         size_t size);
int ol_host_fail(struct objlens_call *call, int status, const char *code, const char *message);
int ol_host_event_get(struct objlens_call *call, const char *path, struct objlens_bytes *value);
int ol_host_event_each(struct objlens_call *call, const char *prefix,
                       int (*visit)(void *arg, struct objlens_bytes path,
                                    struct objlens_bytes value),
                       void *arg);
int ol_host_payload(struct objlens_call *call, struct objlens_bytes *value);
int ol_host_object_size(struct objlens_call *call, uint64_t *size);
int ol_host_object_etag(struct objlens_call *call, struct objlens_bytes *value);
int ol_host_object_header(struct objlens_call *call, const char *name, struct objlens_bytes *value);
int ol_host_object_metadata(struct objlens_call *call, const char *name,
                            struct objlens_bytes *value);
int ol_host_read_at(struct objlens_call *call, uint64_t offset, void *buffer, size_t size,
                    size_t *got);
void ol_host_log(struct objlens_call *call, enum objlens_level level, const char *text,
                 size_t size);
void *ol_host_alloc(struct objlens_call *call, size_t size);
void ol_host_free(struct objlens_call *call, void *block);
void *ol_host_config(struct objlens_call *call);
void *ol_host_worker(struct objlens_call *call);
int ol_host_yield(struct objlens_call *call);
int ol_host_limits(struct objlens_call *call, struct objlens_limits *limits);
int ol_host_count(struct objlens_call *call, uint32_t counter, uint64_t more);
int ol_host_set_length(struct objlens_call *call, uint64_t size);
int ol_host_preload_folder(uint32_t index, const char **path);
/* While a plugin loads on this thread: what preload_folder tells it. NULL afterwards. */
void ol_host_show_folders(const ol_slice *of);

/* For tests: unload the plugin, free the engine. Hosts never do so:
 * they end. Every run must have been closed. */
void ol_shared_engine_destroy(ol_engine *engine);

#endif
