/* SPDX-License-Identifier: MIT */
/*
 * The data folder: who may use it, and the names of the files in it.
 *
 *   objlens.db      metadata and small bodies (with SQLite's -wal and -shm beside it)
 *   objects/xx/ID   larger bodies; xx is a shelf, ID 32 random hex digits, never a key
 *   tmp/ID          uploads that have not been committed
 *   lock            held (flock) by the one process that has the folder open
 *
 * All calls block: pool threads, the committer and start-up only. Failures are -errno.
 */
#ifndef OL_ORIGIN_STORE_FOLDER_H
#define OL_ORIGIN_STORE_FOLDER_H

#include <sys/types.h>

#include "base/error.h"

#define OL_FILE_SHELVES 256
#define OL_FILE_ID_BYTES 17
#define OL_FILE_PATH_SIZE 48 /* "objects/xx/" + 32 digits + NUL, or "tmp/…" */

/* As it is kept in the database: shelf, then the random part. */
typedef struct ol_file_id {
    uint8_t bytes[OL_FILE_ID_BYTES];
} ol_file_id;

typedef struct ol_folder {
    char *path; /* absolute */
    int root_fd;
    int tmp_fd;
    int objects_fd;
    int lock_fd;
} ol_folder;

/* Makes what is missing, takes the lock, empties tmp/. */
int ol_folder_open(ol_folder *folder, const char *path, ol_error *err);
/* Gives the lock back. Harmless after a failed open. */
void ol_folder_close(ol_folder *folder);

/* A new random id on shelf 0. OL_OK or OL_EINTERNAL. */
int ol_file_id_make(ol_file_id *id);

/* An empty file in tmp/, open for writing: its descriptor. */
int ol_folder_temp_create(const ol_folder *folder, const ol_file_id *id);
int ol_folder_temp_remove(const ol_folder *folder, const ol_file_id *id);
/* Write all of it at `offset`. */
int ol_folder_temp_write(int fd, const ol_file_id *id, ol_slice bytes, uint64_t offset);
int ol_folder_temp_sync(int fd, const ol_file_id *id);
/* Move from tmp/ to the id's shelf; durable after ol_folder_shelf_sync. */
int ol_folder_publish(const ol_folder *folder, const ol_file_id *id);
int ol_folder_shelf_sync(const ol_folder *folder, uint8_t shelf);
/* A descriptor for reading. */
int ol_folder_object_open(const ol_folder *folder, const ol_file_id *id);
int ol_folder_object_remove(const ol_folder *folder, const ol_file_id *id);

/* Visit every file on every shelf, in any order. `visit` may remove what it is shown. */
int ol_folder_each_object(const ol_folder *folder, void (*visit)(void *arg, const ol_file_id *id),
                          void *arg);

#endif
