/* SPDX-License-Identifier: MIT */
/*
 * Points at which a test looks at the store's durable steps or makes them fail. Production
 * never sets a hook; a step then costs one relaxed load.
 */
#ifndef OL_ORIGIN_STORE_HOOKS_H
#define OL_ORIGIN_STORE_HOOKS_H

enum ol_store_point {
    OL_STORE_TEMP_CREATE,  /* before a temporary file is made */
    OL_STORE_FILE_WRITE,   /* before bytes go into it */
    OL_STORE_FILE_SYNC,    /* before its fdatasync */
    OL_STORE_FILE_SYNCED,  /* after it succeeded */
    OL_STORE_RENAME,       /* before it moves to its shelf */
    OL_STORE_RENAMED,
    OL_STORE_SHELF_SYNC,   /* before the shelf's fsync */
    OL_STORE_SHELF_SYNCED,
    OL_STORE_COMMIT,       /* before the metadata's COMMIT */
    OL_STORE_COMMITTED,    /* durable; nobody has been told yet */
    OL_STORE_PUBLISHED,    /* the cache is right; answers follow */
    OL_STORE_UNLINK,       /* before a replaced file goes */
    OL_STORE_FILE_OPEN,    /* before an original is opened */
    OL_STORE_READ_NOWAIT,  /* before a read on a loop thread */
    OL_STORE_READ,         /* before a read on a pool thread */
    OL_STORE_ROW_READ      /* a row has been read; the cache has not been filled yet */
};

/* Runs on the thread that is at the point. `name` is the path in the data folder, or "".
 * 0 goes on; an errno makes the step fail with it (where a step follows). */
typedef int (*ol_store_hook)(void *arg, enum ol_store_point point, const char *name);

/* Set while no store works; NULL removes it. */
void ol_store_hook_set(ol_store_hook hook, void *arg);
/* What the store calls. */
int ol_store_at(enum ol_store_point point, const char *name);

#endif
