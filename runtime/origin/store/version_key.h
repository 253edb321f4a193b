/* SPDX-License-Identifier: MIT */
/*
 * The data keys of encrypted versions: made for new ones, opened for those there are. A key of the
 * customer's does it at once; a KMS may take its time. Where a record belongs to (bucket and key) is
 * in its MAC, in a KMS's context, and in what a customer's key is checked against.
 */
#ifndef OL_ORIGIN_STORE_VERSION_KEY_H
#define OL_ORIGIN_STORE_VERSION_KEY_H

#include "crypto/at_rest/at_rest_record.h"
#include "crypto/kms/kms.h"
#include "origin/origin.h"
#include "origin/store/store.h"

/* One making or opening. Zeroed memory that stays where it is; on one loop. */
typedef struct ol_version_key {
    /* what came of it */
    ol_at_rest_key *key;
    ol_buf record; /* of a made one; of an opened one when its data key was wrapped anew, else empty */
    /* private */
    const ol_store_options *options_;
    ol_kms *kms_; /* a call is under way */
    ol_kms_call call_;
    ol_arena *arena_;
    ol_slice bucket_, key_name_;
    ol_at_rest_record record_;
    bool making_;
    ol_key_user *user_;
    ol_key_ask ask_;
    ol_key_use use_; /* for the audit */
    bool asks_;      /* the user has not answered yet */
    uint64_t epoch_; /* of the opened keys, before the KMS was asked */
    void (*cb_)(struct ol_version_key *self, const ol_error *err);
} ol_version_key;

typedef void (*ol_version_key_cb)(ol_version_key *self, const ol_error *err);

/* Whose key it is to be: where it stands, and on whose behalf. */
typedef struct ol_version_place {
    const ol_store_options *options;
    ol_loop *loop;
    ol_slice bucket, key;
    ol_key_user *user;
} ol_version_place;

/* OL_OK: key and record are there. OL_WAIT: cb runs. Everything but options and user is copied. */
int ol_version_key_make(ol_version_key *self, const ol_version_place *place, const ol_sse *sse,
                        ol_version_key_cb cb, ol_error *err);
/* The record's slices must stay until it is done. OL_ESSECNEEDED, OL_ESSECWRONG, OL_ESSECUNWANTED. */
int ol_version_key_open(ol_version_key *self, const ol_version_place *place,
                        const ol_at_rest_record *record, const uint8_t *customer_key,
                        ol_version_key_cb cb, ol_error *err);
/* Blocking-free, for any thread: of a record under a customer's key. */
int ol_version_key_of_customer(ol_at_rest_key **out, const ol_at_rest_record *record,
                               const uint8_t *customer_key, ol_slice bucket, ol_slice key,
                               ol_error *err);
/* The same of an upload's record, for what goes on with that upload: NULL for `customer_key` = none was
 * sent. OL_OK, *out NULL where a KMS has the key; OL_EINVALIDREQUEST with S3's words when what was
 * sent does not fit. */
int ol_version_key_of_upload(ol_at_rest_key **out, const ol_at_rest_record *record,
                             const uint8_t *customer_key, ol_slice bucket, ol_slice key,
                             ol_error *err);
/* Of an upload that is not encrypted, or not under a customer's key, to which one was sent; or none to
 * one that is. */
int ol_version_key_unfit(ol_error *err);
/* Gives up what is under way; releases what was not taken. Harmless on zeroed memory. */
void ol_version_key_fini(ol_version_key *self);

/* version_key_known.c: takes the key from the opened ones, once the user has been asked. */
bool ol_version_key_recall_(ol_version_key *self, ol_kms *kms);
/* The KMS has opened it, and it is the record's. */
void ol_version_key_remember_(const ol_version_key *self);

/* What an answer says of it. */
void ol_sse_of_record(const ol_at_rest_record *record, ol_sse *sse);
void ol_sse_tell(const ol_at_rest_record *record, ol_put_result *result);

/* The ETag is the MD5 of the body. */
static inline bool ol_sse_has_md5(enum ol_sse_mode mode)
{
    return mode == OL_SSE_NONE || mode == OL_SSE_S3;
}

#endif
