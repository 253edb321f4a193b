/* SPDX-License-Identifier: MIT */
/*
 * The realm: who there is and what belongs to whom. One immutable, counted snapshot of what the
 * configuration file declares and what the API has made (control.h), merged: accounts, keys,
 * identities, roles, rules of buckets, access points, Object Lambda access points.
 *
 * A request acquires its worker's realm when it begins and releases it when it ends; everything
 * found here lives until then. Lookups are by hash and safe on any thread.
 *
 * What the file declares, the API shows and may not change: an access point or an Object Lambda
 * access point as a whole; of a bucket each part by itself (see `declared`).
 */
#ifndef OL_CONTROL_REALM_H
#define OL_CONTROL_REALM_H

#include "access/access.h"
#include "control/config/client_encryption.h"
#include "http/headers.h"
#include "s3/documents/acl.h"
#include "s3/documents/bucket_encryption.h"
#include "s3/documents/control_documents.h"
#include "s3/documents/cors.h"

struct ol_policy; /* access/policy.h */
struct ol_config; /* control/config/config.h */

typedef struct ol_realm ol_realm;

ol_realm *ol_realm_acquire(ol_realm *realm);
/* Any thread. */
void ol_realm_release(ol_realm *realm);
/* False while what the API made could not be read yet: then nothing may be served, because what it
 * denies is not known. */
bool ol_realm_is_complete(const ol_realm *realm);
/* The configuration that it was made of: region, domains, base path, origins, limits. */
const struct ol_config *ol_realm_config(const ol_realm *realm);

/* ---- policies, CORS, ACLs as they are kept ---- */

/* A policy with its text: what the API shows, and what decides. */
typedef struct ol_realm_policy {
    ol_slice text;                  /* JSON */
    const struct ol_policy *policy; /* compiled; NULL = there is none */
} ol_realm_policy;

/* ---- accounts and identities ---- */

typedef struct ol_realm_account {
    ol_slice id;           /* 12 digits */
    ol_slice canonical_id;
    ol_slice display_name; /* may be empty */
    bool has_public_access_block;
    bool public_access_block_declared; /* by the file: the API may not change it */
    ol_public_access_block public_access_block; /* all off when there is none */
} ol_realm_account;

typedef struct ol_realm_key {
    ol_slice access_key, secret_key;
    const ol_identity *identity;
    bool active; /* an inactive one is answered InvalidAccessKeyId */
} ol_realm_key;

/* A device for one-time codes. */
typedef struct ol_realm_mfa {
    const ol_identity *identity; /* whose it is */
    ol_slice serial; /* arn:aws:iam::ACCOUNT:mfa/NAME, or a serial number */
    ol_slice secret; /* decoded bytes */
} ol_realm_mfa;

typedef struct ol_realm_role {
    ol_slice name;
    const ol_identity *identity; /* account, ARN, id, policies: what a session starts from */
    ol_realm_policy trust;       /* who may assume it */
    uint32_t session_seconds_max;
} ol_realm_role;

const ol_realm_account *ol_realm_default_account(const ol_realm *realm);
/* NULL when there is none; so are all that are called find. */
const ol_realm_account *ol_realm_find_account(const ol_realm *realm, ol_slice id);
const ol_realm_account *ol_realm_find_account_by_canonical_id(const ol_realm *realm, ol_slice id);

const ol_realm_key *ol_realm_find_key(const ol_realm *realm, ol_slice access_key);
/* By ARN: …:root of every account, …:user/NAME, …:role/NAME. */
const ol_identity *ol_realm_find_identity(const ol_realm *realm, ol_slice arn);
const ol_realm_role *ol_realm_find_role(const ol_realm *realm, ol_slice arn);
/* Whom a client's certificate stands for: its subject as RFC 2253 writes it ("CN=ann,O=example"). */
const ol_identity *ol_realm_find_certificate(const ol_realm *realm, ol_slice subject);
/* The device of that serial, if it is this identity's. */
const ol_realm_mfa *ol_realm_find_mfa(const ol_realm *realm, const ol_identity *identity,
                                      ol_slice serial);

/* ---- buckets ---- */

/* What of a bucket the file declares. */
enum ol_realm_declared {
    OL_DECLARED_BLOCK = 1 << 0, /* there is a block for it at all */
    OL_DECLARED_OWNER = 1 << 1,
    OL_DECLARED_POLICY = 1 << 2,
    OL_DECLARED_CORS = 1 << 3,
    OL_DECLARED_PUBLIC_ACCESS_BLOCK = 1 << 4,
    OL_DECLARED_OWNERSHIP = 1 << 5,
    OL_DECLARED_ENCRYPTION = 1 << 6
};

/* The rules of a bucket. Whether it exists, only its origin knows. */
typedef struct ol_realm_bucket {
    ol_slice name;  /* empty in the rules for all that nothing is said about */
    const ol_realm_account *owner;
    ol_realm_policy policy;
    bool policy_binds_root; /* the owner's root is held to it too, where it denies */
    ol_slice cors_text; /* XML, empty = none */
    const ol_cors *cors;
    ol_slice acl_text; /* as ol_acl_text makes it; empty = private */
    const ol_acl *acl; /* NULL = the private one of the owner */
    ol_slice tags_text; /* "k=v&k2=v2"; empty = none */
    bool has_public_access_block; /* false: it was deleted, or the defaults are off */
    ol_public_access_block public_access_block; /* all off when there is none */
    enum ol_ownership ownership;
    ol_bucket_encryption encryption; /* of new objects; !given = there is no default */
    unsigned origin;             /* index into the origins: ol_shared.origins */
    bool subresources_of_origin; /* policy, CORS, … calls are forwarded to the origin */
    unsigned declared;           /* enum ol_realm_declared */
    const ol_client_encryption *client_encryption; /* NULL = nothing is said here */
} ol_realm_bucket;

/* Never NULL: the bucket's own rules, or those that hold for all others. */
const ol_realm_bucket *ol_realm_bucket_of(const ol_realm *realm, ol_slice name);
/* Buckets that something is said about (by the file or the API), by name: the first that sorts
 * behind `after`. For listing a page. */
const ol_realm_bucket *ol_realm_next_bucket(const ol_realm *realm, ol_slice after);

/* ---- access points ---- */

typedef struct ol_realm_access_point {
    ol_slice name;
    const ol_realm_account *account;
    ol_slice alias; /* …-s3alias */
    ol_slice arn;   /* arn:aws:s3:REGION:ACCOUNT:accesspoint/NAME */
    ol_slice bucket;
    ol_slice bucket_account; /* as it was given; empty = the access point's own */
    ol_realm_policy policy;
    const ol_slice *prefixes; /* its scope: keys that begin with one of these; none = all */
    size_t prefix_count;
    ol_slice vpc; /* "vpc-…": reachable from there only; empty = Internet */
    ol_public_access_block public_access_block;
    int64_t created_ms; /* of a declared one: when this process started */
    bool declared;
} ol_realm_access_point;

const ol_realm_access_point *ol_realm_find_access_point(const ol_realm *realm, ol_slice account,
                                                        ol_slice name);
const ol_realm_access_point *ol_realm_find_access_point_by_alias(const ol_realm *realm,
                                                                 ol_slice alias);
/* By account and name; with a bucket (not empty), those of this bucket only. The first of the
 * account whose name sorts behind `after` (empty: the very first). */
const ol_realm_access_point *ol_realm_next_access_point(const ol_realm *realm, ol_slice account,
                                                        ol_slice bucket, ol_slice after);
/* How many access points of any account stand on the bucket. */
size_t ol_realm_access_points_of(const ol_realm *realm, ol_slice bucket);

/* ---- Object Lambda access points ---- */

enum ol_realm_action { /* 1 << it is the enum ol_control_action */
    OL_ACTION_GET_OBJECT,
    OL_ACTION_HEAD_OBJECT,
    OL_ACTION_LIST_OBJECTS,
    OL_ACTION_LIST_OBJECTS_V2,
    OL_ACTIONS
};

typedef struct ol_realm_step {
    ol_slice transform; /* name in the registry */
    ol_slice payload;   /* as the transform sees it; may be empty */
} ol_realm_step;

/* What one configuration of transforms says: for these actions, these steps. */
typedef struct ol_realm_view {
    unsigned actions;           /* enum ol_control_action */
    ol_slice payload;           /* FunctionPayload as it was given; empty of a chain of several */
    ol_slice function;          /* FunctionArn as it was given; of a declared one: made from the steps */
    const ol_realm_step *steps; /* in order, 1..OL_TRANSFORM_CHAIN_MAX */
    size_t step_count;
} ol_realm_view;

/* How an Object Lambda access point answers, beside what it runs. Config keys of the same names; an
 * access point made by the API has the defaults, which are the zeroes. */
enum ol_view_ranges {
    OL_VIEW_RANGES_RUNTIME,   /* the runtime cuts the view; a transform that declares the header
                                 "range" takes it itself where AllowedFeatures say so */
    OL_VIEW_RANGES_TRANSFORM, /* always handed to the transform */
    OL_VIEW_RANGES_REFUSE     /* 501 as AWS without AllowedFeatures */
};
enum ol_view_head { OL_VIEW_HEAD_EXACT, OL_VIEW_HEAD_CHEAP /* no length unless it is known */ };
enum ol_view_unconfigured {
    OL_VIEW_UNCONFIGURED_VIEW,    /* HEAD, attributes and listings describe what GET gives */
    OL_VIEW_UNCONFIGURED_DELEGATE /* AWS's way: what is not configured shows the original */
};
enum ol_view_sizes {
    OL_VIEW_SIZES_EXACT, /* unknown ones are computed */
    OL_VIEW_SIZES_KNOWN, /* unknown ones are listed with size 0 */
    OL_VIEW_SIZES_ORIGINAL
};
enum ol_view_encoding { OL_VIEW_GZIP = 1 << 0, OL_VIEW_ZSTD = 1 << 1 };

typedef struct ol_view_options {
    enum ol_view_ranges ranges;
    enum ol_view_head head;
    enum ol_view_unconfigured unconfigured;
    enum ol_view_sizes list_sizes;
    bool forward_metadata;    /* metadata = "forward": the original's user metadata, save digests */
    bool uncached;            /* cache = false */
    bool customer_keys;       /* sse_c = "allow": the caller's key opens the original */
    unsigned encodings;       /* enum ol_view_encoding: made on the fly for clients that ask */
    const ol_header *headers; /* of answers with a body, unless the transform sets its own */
    size_t header_count;
    const ol_client_encryption *client_encryption; /* NULL = nothing is said here */
} ol_view_options;

typedef struct ol_realm_olap {
    ol_slice name;
    const ol_realm_account *account;
    ol_slice alias; /* …--ol-s3 */
    ol_slice arn;   /* arn:aws:s3-object-lambda:REGION:ACCOUNT:accesspoint/NAME */
    ol_slice supporting_arn; /* as it was given, or made */
    const ol_realm_access_point *access_point; /* NULL: it was deleted meanwhile */
    const ol_realm_view *views;
    size_t view_count;
    const ol_realm_view *by_action[OL_ACTIONS]; /* NULL: delegated to the access point */
    unsigned features; /* enum ol_control_feature */
    bool metrics;      /* CloudWatchMetricsEnabled */
    ol_view_options options;
    ol_realm_policy policy;
    int64_t created_ms;
    bool declared;
} ol_realm_olap;

const ol_realm_olap *ol_realm_find_olap(const ol_realm *realm, ol_slice account, ol_slice name);
const ol_realm_olap *ol_realm_find_olap_by_alias(const ol_realm *realm, ol_slice alias);
/* As ol_realm_next_access_point. */
const ol_realm_olap *ol_realm_next_olap(const ol_realm *realm, ol_slice account, ol_slice after);
/* What answers this action: its own transforms; else those of GetObject, unless what is not
 * configured is delegated (and where GetObject is). NULL: the access point answers. */
const ol_realm_view *ol_realm_view_for(const ol_realm_olap *olap, enum ol_realm_action action);
/* Is the permission for the OLAP enough for it, because nothing of originals is shown? */
bool ol_realm_view_suffices(const ol_realm_olap *olap, enum ol_realm_action action);
/* "GetObject" … "ListObjectsV2", and back; false when there is no such action. */
const char *ol_realm_action_name(enum ol_realm_action action);
bool ol_realm_action_parse(ol_slice name, enum ol_realm_action *action);

#endif
