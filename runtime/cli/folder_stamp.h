/* SPDX-License-Identifier: MIT */
/* Whether anything in a folder is another than before: for `objlens test --watch`. */
#ifndef OL_CLI_FOLDER_STAMP_H
#define OL_CLI_FOLDER_STAMP_H

#include <stdint.h>

#define OL_FOLDER_STAMP_DEPTH 6u
#define OL_FOLDER_STAMP_FILES_MAX 20000u /* what lies behind them is not looked at */

/* Of names, sizes and times of all that lies there (files, and folders with what is below); another
 * number when one of them is another. Hidden files count, what cannot be read does not. NULL ends `paths`. */
uint64_t ol_folder_stamp(const char *const *paths);
/* Blocking, without an end of its own: until the stamp is another than that, and has been the same for
 * a moment, since an editor writes in several steps. Returns the new one. */
uint64_t ol_folder_stamp_wait(const char *const *paths, uint64_t stamp);

#endif
