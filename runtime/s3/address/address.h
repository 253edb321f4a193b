/* SPDX-License-Identifier: MIT */
/*
 * Turns host, path, query and headers of a request into an operation on a target, in every form
 * that S3 clients use: path and virtual-host style, aliases, {name}-{account} labels of access
 * points, ARNs, s3control, STS. Keys are decoded exactly once and never normalised. Nothing is
 * looked up: what a name stands for, the caller knows.
 */
#ifndef OL_S3_ADDRESS_H
#define OL_S3_ADDRESS_H

#include "http/server.h"

enum ol_s3_operation {
    OL_S3_UNKNOWN, /* what a failed parse leaves */
    OL_S3_LIST_BUCKETS,
    OL_S3_CREATE_BUCKET,
    OL_S3_HEAD_BUCKET,
    OL_S3_DELETE_BUCKET,
    OL_S3_GET_BUCKET_LOCATION,
    OL_S3_LIST_OBJECTS_V2,
    OL_S3_LIST_OBJECTS, /* v1 */
    OL_S3_GET_OBJECT,
    OL_S3_HEAD_OBJECT,
    OL_S3_PUT_OBJECT,
    OL_S3_DELETE_OBJECT,
    OL_S3_DELETE_OBJECTS, /* POST /?delete */
    OL_S3_CORS_PREFLIGHT, /* OPTIONS of anything */
    /* objects */
    OL_S3_COPY_OBJECT,
    OL_S3_POST_OBJECT, /* a form from a browser */
    OL_S3_GET_OBJECT_TAGGING,
    OL_S3_PUT_OBJECT_TAGGING,
    OL_S3_DELETE_OBJECT_TAGGING,
    OL_S3_GET_OBJECT_ACL,
    OL_S3_PUT_OBJECT_ACL,
    OL_S3_GET_OBJECT_ATTRIBUTES,
    OL_S3_LIST_OBJECT_VERSIONS,
    /* uploads in parts */
    OL_S3_CREATE_MULTIPART_UPLOAD,
    OL_S3_UPLOAD_PART,
    OL_S3_UPLOAD_PART_COPY,
    OL_S3_COMPLETE_MULTIPART_UPLOAD,
    OL_S3_ABORT_MULTIPART_UPLOAD,
    OL_S3_LIST_MULTIPART_UPLOADS,
    OL_S3_LIST_PARTS,
    /* what is configured of a bucket */
    OL_S3_GET_BUCKET_POLICY,
    OL_S3_PUT_BUCKET_POLICY,
    OL_S3_DELETE_BUCKET_POLICY,
    OL_S3_GET_BUCKET_POLICY_STATUS,
    OL_S3_GET_BUCKET_CORS,
    OL_S3_PUT_BUCKET_CORS,
    OL_S3_DELETE_BUCKET_CORS,
    OL_S3_GET_PUBLIC_ACCESS_BLOCK,
    OL_S3_PUT_PUBLIC_ACCESS_BLOCK,
    OL_S3_DELETE_PUBLIC_ACCESS_BLOCK,
    OL_S3_GET_BUCKET_OWNERSHIP_CONTROLS,
    OL_S3_PUT_BUCKET_OWNERSHIP_CONTROLS,
    OL_S3_DELETE_BUCKET_OWNERSHIP_CONTROLS,
    OL_S3_GET_BUCKET_ENCRYPTION,
    OL_S3_PUT_BUCKET_ENCRYPTION,
    OL_S3_DELETE_BUCKET_ENCRYPTION,
    OL_S3_GET_BUCKET_ACL,
    OL_S3_PUT_BUCKET_ACL,
    OL_S3_GET_BUCKET_TAGGING,
    OL_S3_PUT_BUCKET_TAGGING,
    OL_S3_DELETE_BUCKET_TAGGING,
    OL_S3_GET_BUCKET_VERSIONING, /* always: never enabled */
    OL_S3_OPERATIONS
};

typedef struct ol_s3_param {
    ol_slice name;  /* decoded */
    ol_slice value; /* decoded; empty without '=' */
} ol_s3_param;

/* Which API a request speaks. */
enum ol_s3_api {
    OL_S3_API_S3,
    OL_S3_API_CONTROL,       /* s3control: /v20180820/… */
    OL_S3_API_STS,           /* POST / with a form, or GET /?Action=… */
    OL_S3_API_WRITE_RESPONSE /* WriteGetObjectResponse: recognised, for an answer of its own */
};

/* What else than a bucket a name may stand for. */
enum ol_s3_door {
    OL_S3_DOOR_NONE,
    /* {name}-{account} before one of our domains: with the scope service s3-object-lambda an
     * OLAP; with s3 the access point of that name if there is one, else the bucket `bucket`. */
    OL_S3_DOOR_BY_SERVICE,
    OL_S3_DOOR_ACCESS_POINT, /* surely: an ARN, or AWS's own host name */
    OL_S3_DOOR_OBJECT_LAMBDA
};

/* How hosts are read. Everything is borrowed until the parse returns. */
typedef struct ol_s3_address_rules {
    /* Names that are this server, lower-case, without ports: "s3.example.test". The name itself is
     * path style; what stands before it names a bucket or a door. IPv4 addresses and "localhost"
     * are always ours, with a label before them or without; so are IPv6 addresses.
     * When there are no domains, any other host is taken as path style too; when there are, it is
     * refused. An absolute-form target ("GET http://HOST/…", as sent to a proxy) is always held
     * to the list, loopback addresses and localhost: other addresses are refused there. */
    const ol_slice *domains;
    size_t domain_count;
    ol_slice base_path; /* "/s3": a prefix of every path, except under AWS's own hosts; or empty */
    /* AWS's own host names (NAME-ACCOUNT.s3-object-lambda.REGION.amazonaws.com and the like) are
     * ours too: for clients that know no other, behind a proxy or a name server of one's own. */
    bool amazon_hosts;
} ol_s3_address_rules;

typedef struct ol_s3_address {
    enum ol_s3_api api;
    enum ol_s3_operation operation; /* of OL_S3_API_S3; else OL_S3_UNKNOWN */
    bool virtual_host; /* the bucket or door was named by the host */
    ol_slice bucket; /* bucket name, an access point's or OLAP's alias, an ARN, or the label of a
                        door; empty for the service */
    enum ol_s3_door door;
    ol_slice door_name, door_account, door_region; /* region: of an ARN or AWS's host; else empty */
    ol_slice key;    /* decoded bytes; empty for bucket operations */
    ol_slice path;   /* as sent, without the base path: what s3control is routed by */
    ol_slice account; /* s3control: x-amz-account-id, or the host's label; may be empty */
    ol_s3_param *params;
    size_t param_count;
} ol_s3_address;

/* `rules` NULL: no domains, no base path. Slices live in `arena` or in the request.
 * Errors: OL_EINVALIDURI, OL_EINVALIDBUCKET (can never be a bucket's name), OL_EKEYTOOLONG,
 * OL_EINVAL (a parameter given twice, two subresources, a version id or part number where none
 * can be), OL_EINVALIDREQUEST (a host that is not ours, two account ids), OL_EPRECONDITION (POST
 * to a bucket that is no form), OL_ENOTIMPLEMENTED (names the subresource), OL_EMETHOD (also
 * CONNECT), OL_ELIMIT, OL_ENOMEM. After an error `operation` is OL_S3_UNKNOWN; the other fields
 * hold what had been found.
 *
 * Parameters that S3 does not know are left to the caller; those that change an answer and are
 * not served (?lifecycle, ?torrent, …) never get through. versionId gets through wherever an
 * operation on an object takes one. */
int ol_s3_address_parse(const ol_http_request *req, const ol_s3_address_rules *rules,
                        ol_arena *arena, ol_s3_address *out, ol_error *err);
/* The empty slice (data NULL) when absent. */
ol_slice ol_s3_param_get(const ol_s3_address *address, const char *name);
bool ol_s3_param_has(const ol_s3_address *address, const char *name);
/* "GetObject"; "Unknown". */
const char *ol_s3_operation_name(enum ol_s3_operation operation);
/* 3..63, lower-case letters, digits, '-' and '.', S3's rules; no reserved beginning or ending
 * (--ol-s3, -s3alias, …). */
bool ol_s3_bucket_name_ok(ol_slice name);

/* ---- names that more than the address is made of ---- */

typedef struct ol_s3_arn {
    ol_slice partition, service, region, account;
    ol_slice name;         /* of the access point or OLAP; a bucket's for arn:aws:s3:::BUCKET */
    ol_slice key;          /* behind "/object/"; data NULL when there is none */
    enum ol_s3_door door;  /* OL_S3_DOOR_NONE: a bucket's ARN */
} ol_s3_arn;

/* arn:PARTITION:s3:REGION:ACCOUNT:accesspoint/NAME[/object/KEY], the same with
 * s3-object-lambda, ':' before NAME taken too, and arn:PARTITION:s3:::BUCKET[/KEY]. Slices point
 * into `text`. False when it is none of these. */
bool ol_s3_arn_parse(ol_slice text, ol_s3_arn *out);
/* "name-123456789012", split at its last hyphen. */
bool ol_s3_split_door(ol_slice label, ol_slice *name, ol_slice *account);

/* x-amz-copy-source: [/]BUCKET/KEY[?versionId=ID] or ARN/object/KEY, percent-encoded or not. */
typedef struct ol_s3_copy_source {
    ol_slice bucket;  /* a bucket's name, an alias, or an access point's ARN without its key */
    ol_slice key;
    ol_slice version; /* data NULL when none was named */
} ol_s3_copy_source;
/* OL_OK, OL_EINVAL, OL_EINVALIDURI, OL_EKEYTOOLONG, OL_ENOMEM. */
int ol_s3_copy_source_parse(ol_slice header, ol_arena *arena, ol_s3_copy_source *out,
                            ol_error *err);

/* application/x-www-form-urlencoded: what STS is asked with. OL_EINVALIDURI (bad escape), OL_EINVAL
 * (a name given twice), OL_ELIMIT, OL_ENOMEM. The query of a GET is read the same way. */
int ol_s3_form_parse(ol_slice body, ol_arena *arena, ol_s3_param **params, size_t *count,
                     ol_error *err);
ol_slice ol_s3_params_get(const ol_s3_param *params, size_t count, const char *name);

#endif
