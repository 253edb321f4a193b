/* SPDX-License-Identifier: MIT */
/*
 * Group commit: the one thread that writes the database. It takes every change that is queued,
 * applies them in one transaction, makes it durable with one commit, and only then tells each
 * change how it went. While a commit waits for the disk, the next batch gathers.
 *
 * Order of a batch: rows (conditions are decided here), files to their shelf, sync of the
 * shelf, COMMIT (which syncs the log), cache and catalog, answers. A file was synced before its
 * change was queued. What fails before the commit fails the whole batch and leaves nothing
 * visible. When a sync fails, what is on the disk is unknown: the store then refuses every
 * further change until it is opened anew.
 */
#ifndef OL_ORIGIN_STORE_COMMITTER_H
#define OL_ORIGIN_STORE_COMMITTER_H

#include <sqlite3.h>

#include "origin/store/entry.h"
#include "origin/store/file_list.h"

typedef struct ol_committer ol_committer;
struct ol_store;

enum ol_change_kind {
    OL_CHANGE_PUT,
    OL_CHANGE_REMOVE,
    OL_CHANGE_ATTRIBUTE,
    OL_CHANGE_RECORD, /* a data key was wrapped anew */
    OL_CHANGE_UPLOAD, /* one in parts begins */
    OL_CHANGE_PART,
    OL_CHANGE_COMPLETE,
    OL_CHANGE_ABORT,
    OL_CHANGE_BUCKET_CREATE,
    OL_CHANGE_BUCKET_REMOVE
};

/* What must be so before a change, else it is refused. Zeroed: anything. */
typedef struct ol_conditions {
    bool if_none_match_any;
    ol_slice if_none_match; /* refused when it is this one; empty = any */
    ol_slice if_match;      /* empty = any; "*" = whatever is there */
    bool has_modified, has_size;
    int64_t if_modified_ms;
    int64_t if_size;
} ol_conditions;

/* An upload in parts that begins. */
typedef struct ol_upload_row {
    ol_slice headers_blob, tags, acl;
    ol_slice checksum_name;
    bool checksum_composite;
    ol_slice initiator, owner;
    ol_slice record; /* how its parts are encrypted; empty: they are not */
    ol_slice table_key; /* by which the table of its parts is signed; empty: by the data key */
    int64_t initiated_ms;
} ol_upload_row;

/* A change that is wanted. The memory is the caller's until `done` has been called. */
typedef struct ol_change {
    enum ol_change_kind kind;
    ol_slice bucket;
    ol_slice key;
    ol_conditions conditions;
    ol_entry *entry;          /* PUT, PART: what to store. Its time is set by the commit. */
    ol_slice upload_id;       /* UPLOAD, PART, COMPLETE, ABORT */
    uint32_t part_number;     /* PART */
    const ol_upload_row *upload;      /* UPLOAD */
    struct ol_assembly *assembly;     /* COMPLETE: what is wanted, and what came of it */
    const ol_at_rest_key *data_key;   /* COMPLETE: the upload's, where it can be had */
    enum ol_attribute attribute;      /* ATTRIBUTE */
    ol_slice text;                    /* ATTRIBUTE, RECORD */
    ol_slice old_record;              /* RECORD: what it must be before */
    /* On the committer's thread, after the commit or instead of it: see err. The change may be
     * freed in it. */
    void (*done)(struct ol_change *change);
    ol_error err; /* code 0: durable and visible */

    /* The committer's. */
    struct ol_change *next_;
    uint64_t hash_;
    bool queued_, applied_, published_;
    int64_t bucket_id_;
    bool has_old_file_;
    ol_file_id old_file_;
    int64_t old_parts_;         /* the set of a multipart object that goes; 0 = none */
    ol_file_list old_part_files_;
    ol_file_list dropped_files_; /* parts that nobody reads: of uploads */
} ol_change;

/* Takes over the connection. */
int ol_committer_new(ol_committer **committer, struct ol_store *store, sqlite3 *db, ol_error *err);
/* Finishes what is queued, closes the connection; `clean` says whether to note in the database
 * that no file is left over. NULL is fine. */
void ol_committer_stop(ol_committer *committer);
void ol_committer_destroy(ol_committer *committer, bool clean);

/* OL_OK: done will be called once. Otherwise never: OL_ESLOWDOWN, or OL_EUNAVAILABLE when the
 * store is broken. */
int ol_committer_submit(ol_committer *committer, ol_change *change, ol_error *err);
/* True: it was still queued, and will neither happen nor be answered. */
bool ol_committer_cancel(ol_committer *committer, ol_change *change);

/* A sync of an upload failed: refuse changes from now on. */
void ol_committer_break(ol_committer *committer, const char *reason);
bool ol_committer_is_broken(const ol_committer *committer);
/* Changes that wait for the next batch. */
size_t ol_committer_queued(ol_committer *committer);
void ol_committer_stats(ol_committer *committer, uint64_t *commits, uint64_t *batches);

#endif
