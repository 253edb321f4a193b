/* SPDX-License-Identifier: MIT */
/*
 * The libraries of a Lua transform: files that stand beside it and are named in a require("name")
 * of its text, or of another library's. They are found by reading the texts, before anything
 * runs: a host opens no files.
 */
#ifndef OL_TRANSFORM_LIBRARIES_H
#define OL_TRANSFORM_LIBRARIES_H

#include "base/buf.h"
#include "transform/program.h"
#include "transform/source_file.h"

#define OL_LIBRARIES_MAX 32
#define OL_LIBRARY_NAME_MAX 64

typedef struct ol_libraries {
    size_t count;
    char names[OL_LIBRARIES_MAX][OL_LIBRARY_NAME_MAX + 1]; /* also of those that are missing */
} ol_libraries;

/* Read what program->source requires. Fills *libraries and program->libraries (which then points
 * into `texts`), makes program->digest one of all texts, and adds to *id. Files are trusted as
 * the transform's own is; missing ones are left to fail where they are required. OL_OK, OL_ECONFIG with
 * the reason, OL_ENOMEM. */
int ol_libraries_read(ol_libraries *libraries, ol_program *program, ol_buf *texts,
                      ol_source_id *id, ol_error *err);

/* What the files are now, for ol_source_id.libraries. 0 without any. */
uint64_t ol_libraries_id(const ol_libraries *libraries, const char *path);

/* The next name that is required by the text from *at on; false when there are none. */
bool ol_libraries_next(ol_slice text, size_t *at, ol_slice *name);

#endif
