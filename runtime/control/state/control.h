/* SPDX-License-Identifier: MIT */
/*
 * What the API may change: rules of buckets, access points, Object Lambda access points, the
 * accounts' public access blocks. Lives in one document, in the data folder or in a bucket of an
 * origin; every change is durable, and every worker uses it, before its callback runs.
 *
 * A thread with a loop of its own does the work, one change after the other: worker loops never
 * wait. Where neither place is set, reads work and changes are refused.
 */
#ifndef OL_CONTROL_CONTROL_H
#define OL_CONTROL_CONTROL_H

#include "control/config/config.h"
#include "control/state/realm.h"
#include "origin/origin.h"

typedef struct ol_control ol_control;

enum ol_edit_kind {
    /* ---- of the bucket `name` ---- */
    OL_EDIT_BUCKET_CREATED,   /* a new one: owner (`account`), ownership, acl; what was kept under
                                 that name goes */
    OL_EDIT_BUCKET_DELETED,   /* what is kept of it goes; OL_EINVALIDREQUEST
                                 (BucketHasAccessPointsAttached) while access points stand on it */
    OL_EDIT_BUCKET_POLICY,    /* `text`: JSON; none = deleted */
    OL_EDIT_BUCKET_CORS,      /* `text`: XML; none = deleted */
    OL_EDIT_BUCKET_TAGS,      /* `text`: "k=v&…"; none = deleted */
    OL_EDIT_BUCKET_ACL,       /* `text`: as ol_acl_text makes it; none = private */
    OL_EDIT_BUCKET_OWNERSHIP, /* `ownership`; OL_OWNERSHIP_NONE = deleted */
    OL_EDIT_BUCKET_ENCRYPTION, /* `text`: as ol_bucket_encryption_write makes it; none = deleted */
    OL_EDIT_BUCKET_PUBLIC_ACCESS_BLOCK, /* `public_access_block`; NULL = deleted */
    /* ---- of `account` ---- */
    OL_EDIT_ACCOUNT_PUBLIC_ACCESS_BLOCK,
    /* ---- of the access point `name` of `account`: OL_ENOSUCHACCESSPOINT ---- */
    OL_EDIT_ACCESS_POINT_CREATED, /* `access_point`; AccessPointAlreadyOwnedByYou when there is one */
    OL_EDIT_ACCESS_POINT_DELETED,
    OL_EDIT_ACCESS_POINT_POLICY, /* `text` */
    /* ---- of the Object Lambda access point `name` of `account` ---- */
    OL_EDIT_OLAP_CREATED, /* `olap` */
    OL_EDIT_OLAP_DELETED,
    OL_EDIT_OLAP_CONFIGURATION, /* `olap` */
    OL_EDIT_OLAP_POLICY,        /* `text` */
    OL_EDITS
};

typedef struct ol_edit {
    enum ol_edit_kind kind;
    ol_slice account;
    ol_slice name;
    ol_slice text; /* data NULL = none */
    bool binds_root; /* of OL_EDIT_BUCKET_POLICY: x-amz-confirm-remove-self-bucket-access */
    enum ol_ownership ownership;
    const ol_public_access_block *public_access_block;
    const ol_control_access_point *access_point; /* without a block: all on */
    const ol_control_olap *olap;
} ol_edit;

/* Ask for a change, from any loop. Everything is copied. OL_WAIT: `cb` runs once on `loop`, which
 * is held until then; `err` is NULL when it holds. Negative: refused at once, `cb` does not run.
 *
 * Errors: OL_EACCESS when the file declares it; OL_ENOTIMPLEMENTED when there is no place to keep
 * changes; OL_EUNAVAILABLE when the place cannot be reached; OL_EMALFORMEDPOLICY and what else
 * parsing `text` says; and the S3 codes above. After any error nothing has changed, but for one:
 * an origin that answers no write may have made it; the next re-reading tells. */
int ol_control_edit(ol_control *control, ol_loop *loop, const ol_edit *edit, ol_done_cb cb,
                    void *arg, ol_error *err);
/* May changes be asked for at all? */
bool ol_control_is_writable(const ol_control *control);

/* ---- life; used by front/server/app.c and crew.c ---- */

typedef struct ol_control_options {
    ol_config *config;
    ol_origin *origin; /* when config->control says so; attached to no loop yet; else NULL */
    /* An origin of S3 wants to be told which loops use it; both may be NULL. */
    int (*attach)(ol_origin *origin, ol_loop *loop, ol_error *err);
    void (*detach)(ol_origin *origin, ol_loop *loop, void (*cb)(void *arg), void *arg);
    /* Make every worker use this realm, and return when they do. On the control thread. */
    void (*publish)(void *arg, ol_realm *realm);
    void *publish_arg;
} ol_control_options;

/* Reads what there is (blocking, at start) and starts the thread. A document that is damaged is
 * OL_ECONFIG; an origin that does not answer is not: then changes are refused until it does. */
int ol_control_open(ol_control **control, const ol_control_options *options, ol_error *err);
/* The current realm; the caller releases it. Waits while a realm is made or published, and that
 * waits for every worker: not on a worker's loop, which has ol_worker.realm. */
ol_realm *ol_control_realm(ol_control *control);
/* Changes are published from now on. Before it, nobody is told. */
void ol_control_start(ol_control *control);
/* A new configuration (blocking, on the main thread): makes a realm of it and of what the API has
 * made, and calls `use` with it while no change can come between. */
int ol_control_reconfigure(ol_control *control, ol_config *config,
                           void (*use)(void *arg, ol_realm *realm), void *arg, ol_error *err);
/* Blocking; when nobody asks for changes any more. Finishes what was asked for. */
void ol_control_close(ol_control *control);

/* ---- without a server ---- */

/* What a server of this configuration would go by: what the file declares, and what the API keeps in
 * the data folder. Nothing is locked or made there. What is kept in a bucket is left out
 * (ol_realm_is_complete). Blocking. OL_OK, OL_ECONFIG, OL_ENOMEM. */
int ol_realm_read(ol_realm **realm, ol_config *config, ol_error *err);

#endif
