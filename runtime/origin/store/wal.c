/* SPDX-License-Identifier: MIT */
/*
 * Checkpoints are passive: they copy what no reader needs any more and wait for nobody. Since
 * only the committer writes, and readers' transactions are short, the log starts over soon after
 * a whole checkpoint; only when it has grown far past that does the committer wait for readers.
 */
#include "origin/store/wal.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "origin/store/db.h"

#define CHECKPOINT_FRAMES 4096                       /* 16 MiB */
#define CHECKPOINT_STEP 512                          /* after a try that left something */
#define RESTART_FRAMES (8 * CHECKPOINT_FRAMES)       /* 128 MiB: now wait for the readers */
#define LOG_HEAD_BYTES 32
#define FRAME_BYTES (24 + OL_DB_PAGE_BYTES)

static int on_commit(void *arg, sqlite3 *db, const char *name, int frames)
{
    (void)db, (void)name;
    ol_wal *wal = arg;
    /* Started over; unless a reader still had the old one, then it goes on growing a little. */
    if (frames < wal->frames || wal->frames == 0)
        wal->checkpoint_at =
            frames < CHECKPOINT_FRAMES ? CHECKPOINT_FRAMES : frames + CHECKPOINT_STEP;
    wal->frames = frames;
    return SQLITE_OK;
}

void ol_wal_init(ol_wal *wal, sqlite3 *db, int root_fd,
                 void (*on_broken)(void *arg, const char *reason), void *arg)
{
    *wal = (ol_wal){.db = db,
                    .root_fd = root_fd,
                    .checkpoint_at = CHECKPOINT_FRAMES,
                    .on_broken = on_broken,
                    .arg = arg};
    sqlite3_wal_hook(db, on_commit, wal);
}

void ol_wal_tidy(ol_wal *wal)
{
    if (wal->frames < wal->checkpoint_at)
        return;
    int mode = wal->frames > RESTART_FRAMES ? SQLITE_CHECKPOINT_RESTART : SQLITE_CHECKPOINT_PASSIVE;
    int frames = 0, copied = 0;
    int rc = sqlite3_wal_checkpoint_v2(wal->db, NULL, mode, &frames, &copied);
    wal->checkpoint_at = wal->frames + CHECKPOINT_STEP;
    if (rc == SQLITE_OK && frames == copied)
        wal->frames = 0;
    if ((rc & 0xff) == SQLITE_IOERR) {
        char reason[OL_ERROR_TEXT_SIZE];
        snprintf(reason, sizeof reason, "a checkpoint of the database failed: %s (%d, errno %d)",
                 sqlite3_errmsg(wal->db), rc, sqlite3_system_errno(wal->db));
        wal->on_broken(wal->arg, reason);
    }
}

void ol_wal_cut(ol_wal *wal)
{
    int fd = openat(wal->root_fd, OL_DB_NAME "-wal", O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return;
    off_t end = wal->frames ? LOG_HEAD_BYTES + (off_t)wal->frames * FRAME_BYTES : 0;
    off_t now = lseek(fd, 0, SEEK_END);
    /* If even this fails there is nothing left to try: the disk is lost. */
    if (now > end && ftruncate(fd, end) == 0)
        (void)fdatasync(fd);
    close(fd);
}
