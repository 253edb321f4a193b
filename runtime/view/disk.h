/* SPDX-License-Identifier: MIT */
/*
 * Views on disk: numbered blocks in a file that has no name, encrypted and authenticated
 * (AES-256-GCM) under a key that is made at start and dies with the process. What a crash leaves
 * behind is free space. Reading and writing happen in threads of the module's own.
 *
 * All views share one file of the system's (a view costs no descriptor); an `ol_view_file` is the
 * list of its blocks, which holds 40 bytes of memory a block.
 */
#ifndef OL_VIEW_DISK_H
#define OL_VIEW_DISK_H

#include "net/loop.h"

#define OL_VIEW_BLOCK_BYTES (256u * 1024)

typedef struct ol_view_disk ol_view_disk;
typedef struct ol_view_file ol_view_file;

/* Blocking. Makes the folder (0700) when it is missing. OL_EINVAL when it cannot be written. */
int ol_view_disk_open(ol_view_disk **disk, const char *folder, uint64_t bytes_max, ol_error *err);
/* No file is open, nothing is under way any more. Wipes the key. */
void ol_view_disk_close(ol_view_disk *disk);

/* What a block of so many bytes takes of the disk: whole pages, or a whole place where the file
 * system cannot have single pages back. */
uint64_t ol_view_disk_cost(const ol_view_disk *disk, size_t len);
/* Room for `bytes`: false when there is none (the caller evicts, or does without). Any thread. */
bool ol_view_disk_reserve(ol_view_disk *disk, uint64_t bytes);
void ol_view_disk_unreserve(ol_view_disk *disk, uint64_t bytes);

typedef struct ol_view_block {
    ol_view_file *file;
    uint64_t index;  /* 0, 1, … */
    ol_span bytes;   /* a whole block, but for the last one of a file; stays valid until cb */
    ol_loop *loop;
    /* NULL: done; OL_ECORRUPT when what was read is not what was written; OL_ENOSPACE. */
    void (*cb)(struct ol_view_block *block, const ol_error *err);
    void *arg;
    void *private_[24];
} ol_view_block;

/* Any thread; takes no room before its first block. NULL when out of memory. */
ol_view_file *ol_view_file_new(ol_view_disk *disk);
ol_view_file *ol_view_file_acquire(ol_view_file *file);
/* With the last reference the space is free. Any thread, does not block. */
void ol_view_file_release(ol_view_file *file);
/* Any thread. OL_OK: under way, cb runs once, on a later turn of `loop`, which is held so long;
 * OL_ESLOWDOWN: too much is under way, OL_ENOMEM: then it may be tried again. The block keeps a
 * reference to the file meanwhile (it is gone when cb runs). Each block is written once, also when
 * that failed: OL_EINVAL. */
int ol_view_file_write(ol_view_block *block);
/* As write, of a block whose write has been called back as done; `bytes` is as long as it was then
 * (else OL_EINVAL). After OL_ECORRUPT the bytes are wiped. */
int ol_view_file_read(ol_view_block *block);

#endif
