/* SPDX-License-Identifier: MIT */
/*
 * Whether what stands at a path is what the operator put there: nobody but the server's user and root
 * can put files into the folder where it lies, or another folder or link in the place of one that leads
 * there. Paths are walked as the kernel walks them, link by link. Of a folder on the way it is enough
 * that it is like /tmp, where each keeps their own. What lies at the end is for others to judge.
 */
#ifndef OL_TRANSFORM_TRUSTED_PATH_H
#define OL_TRANSFORM_TRUSTED_PATH_H

#include "base/error.h"

/* Both: OL_OK, or OL_ECONFIG with the reason. */
int ol_trusted_folder(const char *folder, ol_error *err);
int ol_trusted_file(const char *path, ol_error *err);

#endif
