/* SPDX-License-Identifier: MIT */
/*
 * A transform's file: whether it may be trusted, and its bytes. Blocking; never on a loop.
 *
 * A file is trusted when it is a regular file, owned by the server's user or root, and nobody
 * else may write to it (writers.h). It is read once: what is hashed is what runs.
 */
#ifndef OL_TRANSFORM_SOURCE_FILE_H
#define OL_TRANSFORM_SOURCE_FILE_H

#include "base/buf.h"
#include "transform/program.h"

#define OL_SOURCE_LUA_BYTES_MAX (1u * 1024u * 1024u)
#define OL_SOURCE_SHARED_BYTES_MAX (64u * 1024u * 1024u)

/* Enough to tell that a file was written to or replaced. All zero: there is none. */
typedef struct ol_source_id {
    uint64_t device, inode, size;
    int64_t modified_ns, changed_ns;
    uint64_t libraries; /* stands for the ids of a Lua transform's libraries; libraries.h */
    uint64_t preloaded; /* for what a shared object reads while it loads; preload.h */
} ol_source_id;

/* OL_OK, or OL_ECONFIG unless the path ends in .lua or .so. */
int ol_source_kind(const char *path, enum ol_program_kind *kind, ol_error *err);
ol_source_id ol_source_id_of(const char *path);
bool ol_source_id_eq(const ol_source_id *a, const ol_source_id *b);

/* Read the file of program->path. Fills program->digest and, for Lua, program->source (which
 * then points into `text`), for a shared object program->image_fd (the caller's). *id is of the
 * very bytes that were read; of what there was when they were refused. OL_ECONFIG with the reason, or OL_ENOMEM. */
int ol_source_read(ol_program *program, ol_buf *text, ol_source_id *id, ol_error *err);

#endif
