/* SPDX-License-Identifier: MIT */
/* Tells when files in a folder change: for `objlens test --watch`. */
#ifndef OL_CLI_FOLDER_STAMP_H
#define OL_CLI_FOLDER_STAMP_H

#include <stdint.h>

#define OL_FOLDER_STAMP_DEPTH 6u
#define OL_FOLDER_STAMP_FILES_MAX 20000u /* more are not looked at */

/* A number made of the names, sizes and times of everything at `paths` (files, or folders and what is below
 * them): when one of these changes, so does the number. Hidden files count; what cannot be read is passed
 * over. NULL ends `paths`. */
uint64_t ol_folder_stamp(const char *const *paths);
/* Blocks, for ever if need be, until the stamp differs from `stamp` and has then stayed the same for a
 * moment, because editors save in several steps. Returns the new stamp. */
uint64_t ol_folder_stamp_wait(const char *const *paths, uint64_t stamp);

#endif
