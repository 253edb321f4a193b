/* SPDX-License-Identifier: MIT */
/*
 * Whether a path leads where the operator meant it to: nobody but the server's user and root may
 * write to the folder at its end, or replace a folder or a symbolic link on the way there. The path is
 * walked as the kernel walks it, link by link. A folder on the way may also be like /tmp: writable for
 * all, with the sticky bit, so that nobody can replace what is not theirs.
 *
 * The file itself (its owner, its mode) is judged when it is read: source_file.h.
 */
#ifndef OL_TRANSFORM_TRUSTED_PATH_H
#define OL_TRANSFORM_TRUSTED_PATH_H

#include "base/error.h"

/* Both block, and return OL_OK, or OL_ECONFIG with the reason. */
int ol_trusted_folder(const char *folder, ol_error *err);
/* The folder in which the file lies that `path` leads to: `path` may be a link to elsewhere. */
int ol_trusted_file(const char *path, ol_error *err);

#endif
