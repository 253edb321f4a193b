/* SPDX-License-Identifier: MIT */
/*
 * One upload, apart from the stage that feeds it: hashing, the temporary file, and the change
 * that makes it visible. Heap memory: when its stage is closed early it outlives it until the
 * thread that works for it is done, and then takes what it left with it.
 */
#ifndef OL_ORIGIN_STORE_UPLOAD_H
#define OL_ORIGIN_STORE_UPLOAD_H

#include "base/limits.h"
#include "origin/store/store_private.h"
#include "origin/store/version_key.h"
#include "s3/upload/checksum_parts.h"

#define OL_UPLOAD_CHUNK_BYTES OL_READ_BYTES

typedef struct ol_upload_chunk {
    uint8_t *data;
    size_t len;
} ol_upload_chunk;

/* What is to be stored: an object, or a part of an upload. Everything lives as long as the sink. */
typedef struct ol_upload_plan {
    ol_store *store;
    ol_slice bucket, key;
    int64_t bucket_id;
    int64_t size; /* declared, or -1 */
    const ol_object_checksum *checksum; /* read when the sink is told to finish; may be NULL */
    ol_put_result *result;              /* may be NULL */
    ol_key_user *key_user;
    /* An object. */
    ol_slice headers_blob, tags, acl;
    const ol_sse *sse; /* read when the sink is opened; may be NULL */
    bool if_none_match_any;
    ol_slice if_none_match, if_match;
    /* A part. */
    uint32_t part_number; /* 0: an object */
    ol_slice upload_id;
    const uint8_t *customer_key; /* read when the sink is opened */
} ol_upload_plan;

typedef struct ol_upload {
    const ol_upload_plan *plan; /* while the stage is open */
    ol_store *store;
    ol_loop *loop;
    ol_stage *stage; /* NULL once closed; the loop's */

    ol_upload_chunk chunks[2]; /* one is filled while the other is written */
    unsigned filling;
    size_t chunk_bytes;
    uint64_t total;   /* received */
    bool ended;       /* nothing more will come */
    bool to_file;

    /* The write thread's while `writing`. */
    ol_task task;
    bool writing;
    bool last;        /* this write is the last one: seal the file */
    uint64_t written;
    EVP_MD_CTX *md5;
    int fd;
    ol_file_id file;
    bool has_file;
    ol_error err;
    uint8_t digest[16];
    bool sums; /* a part that brings no checksum: compute what its upload wants */
    bool summing;
    ol_checksum sum;
    ol_object_checksum checksum; /* to be stored */

    /* Encryption. The key of an object is asked for when the sink opens, that of a part once its
     * upload's record has been read. */
    ol_version_key key_op;
    bool waits_key;
    void (*on_key)(struct ol_upload *upload, const ol_error *err);
    bool needs_key;         /* the thread says so: nothing has been written yet */
    bool looked;            /* a part's upload has been read */
    uint8_t *customer_key;  /* a part's, secret memory; NULL: none was sent */
    ol_buf record_bytes;
    ol_at_rest_record record; /* points there */
    ol_at_rest_key *key;    /* NULL: not encrypted */
    ol_at_rest_part part;
    uint64_t chunk_index;   /* of the next to be sealed */
    uint8_t *sealed;        /* room for what a write seals */
    uint8_t mark[OL_AT_REST_MARK_BYTES];

    /* The commit. */
    ol_entry *entry;
    ol_change change;
    void (*on_answered)(struct ol_upload *upload);
    ol_post answered;
    bool committing;
    char if_none_match[OL_ETAG_SIZE], if_match[OL_ETAG_SIZE];

    /* Of a part, since the upload may outlive its plan. */
    int64_t bucket_id;
    uint32_t part_number;
    ol_slice upload_id, bucket_name, key_name;
    uint8_t bytes[];
} ol_upload;

/* `chunk_bytes`: of each chunk; small uploads need not make large ones. */
int ol_upload_new(ol_upload **upload, const ol_upload_plan *plan, ol_stage *stage,
                  size_t chunk_bytes, ol_error *err);
/* The stage is closed: nothing of it is left, now or once its thread is done. */
void ol_upload_close(ol_upload *upload);

/* Ask for the key of an encrypted object. OL_OK: it is there, or none is needed. OL_WAIT: `on_key`
 * runs on the loop, unless closed before. */
int ol_upload_make_key(ol_upload *upload, const ol_sse *sse,
                       void (*on_key)(ol_upload *upload, const ol_error *err), ol_error *err);
/* The same for a part whose upload was found to be encrypted (needs_key). */
int ol_upload_open_key(ol_upload *upload,
                       void (*on_key)(ol_upload *upload, const ol_error *err), ol_error *err);
/* The write that could not begin without the key. */
int ol_upload_write_again(ol_upload *upload, ol_error *err);

/* Hand the filled chunk to a write thread and go on with the other one. */
int ol_upload_start_write(ol_upload *upload, bool last, void (*done)(ol_task *task),
                          ol_error *err);
/* What a write's `done` does first. False: the stage is gone, and so is the upload now. */
bool ol_upload_after_write(ol_upload *upload);

/* Ask for the commit. `on_answered` runs on the loop, unless closed before; change.err says how
 * it went. */
int ol_upload_commit(ol_upload *upload, void (*on_answered)(ol_upload *upload), ol_error *err);

/* put.c: the sink that fills an upload. Its config is an ol_upload_plan. */
extern const ol_stage_ops ol_upload_sink;

#endif
