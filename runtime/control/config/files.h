/* SPDX-License-Identifier: MIT */
/*
 * Small files read whole: configuration texts, secrets, credentials. Blocking.
 */
#ifndef OL_CONTROL_FILES_H
#define OL_CONTROL_FILES_H

#include "base/buf.h"
#include "base/error.h"

#define OL_SECRET_FILE_BYTES_MAX (64 * 1024)

/* Append the content of a regular file, up to the buffer's maximum. OL_OK, OL_ENOMEM, or
 * OL_ECONFIG with a detail that names the path. The caller frees the buffer in every case. */
int ol_file_read(const char *path, ol_buf *content, ol_error *err);
/* As above, without the newline at its end. */
int ol_file_read_text(const char *path, ol_buf *content, ol_error *err);
/* As ol_file_read, and the file must belong to this user or root and be closed to group and others;
 * symbolic links are refused. OL_SKIP when there is no such file. */
int ol_file_read_private(const char *path, ol_buf *content, ol_error *err);
/* NULL when `path` is a regular file that can be read; else why not, as the end of a sentence. */
const char *ol_file_unreadable(const char *path);

#endif
