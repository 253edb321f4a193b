/* SPDX-License-Identifier: MIT */
/*
 * The document in the data folder: DATA/control.json, readable by its owner only, replaced as a
 * whole, so that a crash leaves either the old one or the new one. Blocking.
 */
#ifndef OL_CONTROL_KEPT_FILE_H
#define OL_CONTROL_KEPT_FILE_H

#include "base/buf.h"
#include "base/error.h"

typedef struct ol_kept_file {
    char path[4096];
    int lock_fd; /* held while it is open: one process may change it; -1 = not */
} ol_kept_file;

/* Makes the folder when it is absent. OL_OK, or OL_ECONFIG when another process has it or it
 * cannot be made. */
int ol_kept_file_open(ol_kept_file *file, const char *data_path, ol_error *err);
void ol_kept_file_close(ol_kept_file *file);
/* For reading only: nothing is locked or made. OL_OK or OL_ECONFIG; needs no close. */
int ol_kept_file_look(ol_kept_file *file, const char *data_path, ol_error *err);
/* OL_OK, OL_SKIP (there is none), OL_ECONFIG (cannot be read, or too large), OL_ENOMEM. */
int ol_kept_file_read(ol_kept_file *file, ol_buf *text, ol_error *err);
/* Durable when it returns OL_OK; else nothing has changed. OL_ENOSPACE, OL_EINTERNAL. */
int ol_kept_file_write(ol_kept_file *file, ol_slice text, ol_error *err);

#endif
