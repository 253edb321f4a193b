/* SPDX-License-Identifier: MIT */
/*
 * The origin interface: where originals live. The embedded store implements it now, remote
 * S3 services later. Every call belongs to the loop it is made on; callbacks run there.
 *
 * Async calls follow one pattern: a negative return means "never started" (err is filled, the
 * callback will not run); OL_OK means the result is in *out already; OL_WAIT means the
 * callback will run once, on a later turn.
 */
#ifndef OL_ORIGIN_ORIGIN_H
#define OL_ORIGIN_ORIGIN_H

#include "crypto/kms/kms.h"
#include "pipeline/stage.h"

typedef struct ol_origin ol_origin;
typedef struct ol_object ol_object; /* an opened, pinned version of an original */

typedef struct ol_byte_range {
    uint64_t start;
    uint64_t length;
} ol_byte_range;

/* An x-amz-checksum-*: its name in capitals ("CRC32C"), its base64 text (with "-N" behind it when
 * it is composite), and whether it is over the whole object or over its parts' checksums. */
#define OL_OBJECT_CHECKSUM_TEXT_SIZE 56
typedef struct ol_object_checksum {
    char name[12];                           /* empty = none */
    char text[OL_OBJECT_CHECKSUM_TEXT_SIZE]; /* empty = none */
    bool composite;
} ol_object_checksum;

/* One use of a master key, to be permitted. Memory of whoever asks, until it is decided. */
typedef struct ol_key_ask {
    bool decrypt;              /* a data key is opened (kms:Decrypt); else made (kms:GenerateDataKey) */
    ol_slice key_id;           /* when opening the key's ARN; when making as it was asked for */
    const ol_context *context; /* all of it */
    ol_loop *loop;
    /* After OL_WAIT, once, on a later turn; unless the ask was dropped. */
    void (*cb)(struct ol_key_ask *ask, const ol_error *err);
    void *arg;
    char *arn; /* what came of it, for the making: the key's ARN, where the name had to be looked up
                  (ol_malloc, the asker's to free); NULL = use key_id */
    void *private_;
} ol_key_ask;

/* On whose behalf master keys are used: lives until the call that was given it is over. The origin
 * asks before each data key that it has made or opened for aws:kms and aws:kms:dsse, whether or not
 * it, or a KMS, remembers it. Without a user it does neither. AES256 needs no permission. */
typedef struct ol_key_user {
    ol_key_use use; /* for the audit; the object is filled in by the origin */
    ol_slice request_id;
    /* OL_OK: permitted. OL_WAIT. Negative: not, and cb does not run. */
    int (*ask)(struct ol_key_user *user, ol_key_ask *ask, ol_error *err);
    void (*drop)(struct ol_key_user *user, ol_key_ask *ask); /* one that waits */
} ol_key_user;

/* Encryption at rest. Modes as S3 names them: AES256, aws:kms, aws:kms:dsse, and a key of the
 * customer's. The origin makes and opens data keys. */
enum ol_sse_mode { OL_SSE_NONE, OL_SSE_S3, OL_SSE_KMS, OL_SSE_DSSE, OL_SSE_C };

#define OL_SSE_KEY_BYTES 32u
typedef struct ol_sse {
    enum ol_sse_mode mode; /* asked for: NONE = nothing was said and the bucket has no default */
    ol_slice kms_key;      /* as asked for (id, ARN, alias; empty = the account's own); of an object: its ARN */
    ol_slice context;      /* JSON, canonical; empty = none. Never shown of an object */
    bool bucket_key;
    /* OL_SSE_C: the customer's key (secret memory of the caller's, until the call's end) and base64 of
     * its MD5 for the answer. */
    const uint8_t *customer_key;
    ol_slice customer_md5;
} ol_sse;

/* Metadata of an object. Slices live as long as the ol_object (or the list result). */
typedef struct ol_object_info {
    ol_slice key;
    uint64_t size;
    ol_slice etag;            /* without quotes */
    int64_t last_modified_ms; /* wall clock; whole seconds */
    const ol_header *headers; /* content-type, cache-control, content-disposition, content-encoding,
                                 content-language, expires, x-amz-meta-*; lower-case names. A remote
                                 origin adds what S3 says of an object and a client may want
                                 (x-amz-version-id, x-amz-server-side-encryption, …) */
    size_t header_count;
    ol_object_checksum checksum; /* when opened by part_number: of that part */
    uint32_t part_count;  /* of a multipart object; 0 = it was not uploaded in parts */
    ol_byte_range part;   /* when opened by part_number: where that part lies */
    uint32_t tag_count;
    ol_slice tags; /* "k=v&k2=v2", percent-encoded; filled where the origin has them at hand */
    ol_slice acl;  /* opaque to the origin; the same */
    ol_sse sse;    /* how it is encrypted; customer_key is never filled */
} ol_object_info;

/* What an object is opened for. A remote origin spends one round trip when it is told. */
enum ol_open_for {
    OL_OPEN_FOR_BODY, /* its body follows, from `hint` on; read_at is possible as well */
    OL_OPEN_FOR_INFO, /* its metadata; a body may be asked for and costs another round trip */
};

typedef struct ol_object_ref {
    ol_slice bucket;
    ol_slice key;
    ol_slice version;  /* empty = the current one; "null" = the one of an unversioned bucket */
    ol_slice if_match; /* pin: OL_EPRECONDITION unless the etag is this one; empty = any */
    enum ol_open_for open_for;
    ol_slice range_hint;  /* the client's Range header when the body will be read by it; a wrong
                             hint costs time only. Empty = all of it */
    uint32_t part_number; /* 1..10000: info.part is filled; OL_ERANGE when there is none. 0 = all */
    /* Of an OL_SSE_C object: what the client sent; NULL = nothing. OL_ESSECNEEDED, OL_ESSECWRONG (403),
     * OL_ESSECUNWANTED. Needed for INFO too: a HEAD without it tells nothing. */
    const uint8_t *customer_key;
    bool without_key; /* open for INFO only, whatever it is encrypted with (delete, tags, ACLs) */
    ol_key_user *key_user;
} ol_object_ref;

/* On success `object` is the callee's to close; on failure it is NULL and err is filled. */
typedef void (*ol_object_cb)(void *arg, const ol_error *err, ol_object *object);
typedef void (*ol_done_cb)(void *arg, const ol_error *err);

#define OL_ETAG_SIZE 72
#define OL_VERSION_ID_SIZE 128
#define OL_UPLOAD_ID_SIZE 256

/* What a PUT, a copy or a completed upload answers. */
typedef struct ol_put_result {
    char etag[OL_ETAG_SIZE]; /* without quotes, NUL-terminated */
    int64_t last_modified_ms;
    char version_id[OL_VERSION_ID_SIZE]; /* empty = unversioned */
    ol_object_checksum checksum;         /* as stored */
    enum ol_sse_mode sse;                /* how it is encrypted */
    char sse_key[2049];                  /* ARN of its KMS key; empty = none */
    bool sse_bucket_key;
} ol_put_result;

typedef struct ol_put_request {
    ol_slice bucket;
    ol_slice key;
    const ol_header *headers; /* what to keep, lower-case names; copied */
    size_t header_count;
    int64_t size;            /* declared length, or -1 */
    bool if_none_match_any;  /* fail with OL_EPRECONDITION if the key exists */
    ol_slice if_none_match;  /* fail with OL_EPRECONDITION if the etag is this; empty = anything */
    ol_slice if_match;       /* fail with OL_EPRECONDITION unless the etag is this ("*": any there
                                is), with OL_ENOSUCHKEY if there is no object; empty = anything */
    ol_slice tags, acl;      /* as in ol_object_info; copied */
    const ol_object_checksum *checksum; /* to be stored: read when the sink is told to finish, so
                                           that a trailer can fill it; NULL = none */
    ol_put_result *result;   /* filled before the sink reports itself finished */
    const ol_sse *sse;       /* NULL = as OL_SSE_NONE; read until the sink is opened */
    ol_key_user *key_user;   /* until the sink is closed */
} ol_put_request;

typedef struct ol_remove_request {
    ol_slice bucket, key, version;
    ol_slice if_match; /* OL_EPRECONDITION unless the etag is this one ("*": any there is);
                          empty = anything. With any condition a missing object is OL_ENOSUCHKEY */
    int64_t if_modified_ms; /* unless last modified then (whole seconds); -1 = anything */
    int64_t if_size;        /* unless it has this size; -1 = anything */
} ol_remove_request;

typedef struct ol_remove_result {
    char version_id[OL_VERSION_ID_SIZE]; /* empty = unversioned */
    bool delete_marker;
} ol_remove_result;
/* `result` is NULL when err is not; borrowed until it returns. */
typedef void (*ol_remove_cb)(void *arg, const ol_error *err, const ol_remove_result *result);

/* What is kept beside an object and may change without changing it. */
enum ol_attribute { OL_ATTRIBUTE_TAGS, OL_ATTRIBUTE_ACL };
/* `text` is borrowed until it returns; empty = there is none. */
typedef void (*ol_text_cb)(void *arg, const ol_error *err, ol_slice text);

/* ---- uploads in parts ---- */

#define OL_PARTS_MAX 10000
#define OL_PART_BYTES_MIN (5ull * 1024 * 1024) /* all but the last */

typedef struct ol_upload_request {
    ol_slice bucket, key;
    const ol_header *headers; /* as in ol_put_request; copied, like the rest */
    size_t header_count;
    ol_slice tags, acl;
    ol_slice checksum_name; /* "CRC32C": what parts are to bear; empty = whatever they bring,
                               and CRC64NVME (over the whole) for those that bring nothing */
    bool checksum_composite;
    ol_slice initiator, owner; /* ids, for listings */
    const ol_sse *sse;
    ol_key_user *key_user;
} ol_upload_request;
typedef void (*ol_upload_cb)(void *arg, const ol_error *err, ol_slice upload_id);

typedef struct ol_part_request {
    ol_slice bucket, key, upload_id;
    uint32_t number; /* 1..OL_PARTS_MAX */
    int64_t size;    /* declared length, or -1 */
    const ol_object_checksum *checksum; /* as in ol_put_request */
    ol_put_result *result;
    const uint8_t *customer_key; /* must be the upload's: OL_EINVALIDREQUEST with S3's words otherwise */
    ol_key_user *key_user;       /* until the sink is closed */
} ol_part_request;

typedef struct ol_part {
    uint32_t number;
    uint64_t size;
    ol_slice etag; /* without quotes */
    int64_t last_modified_ms;
    ol_object_checksum checksum;
} ol_part;

typedef struct ol_complete_request {
    ol_slice bucket, key, upload_id;
    const ol_part *parts; /* number, etag (and checksum, may be empty) as the client names them;
                             ascending, or OL_EINVALIDPARTORDER; copied */
    size_t part_count;
    bool if_none_match_any; /* these as in ol_put_request */
    ol_slice if_none_match;
    ol_slice if_match;
    ol_object_checksum checksum; /* of the whole, as the client claims it; BadDigest when wrong */
    int64_t size;                /* x-amz-mp-object-size; -1 = not said */
    const uint8_t *customer_key; /* NULL = not said; else as in ol_part_request */
    ol_key_user *key_user;
} ol_complete_request;
/* `result` is borrowed until it returns. */
typedef void (*ol_put_cb)(void *arg, const ol_error *err, const ol_put_result *result);

/* Parts of an upload, or of an object that was uploaded in parts. */
typedef struct ol_part_list {
    ol_arena *arena; /* owns everything; the receiver destroys it */
    ol_part *parts;  /* by number */
    size_t count;
    bool truncated;
    uint32_t total; /* parts of the object; of an upload: those there are */
    ol_slice checksum_name; /* of the upload */
    bool checksum_composite;
    ol_slice initiator, owner;
    ol_sse sse; /* of the upload (with an upload id), where the origin makes its keys itself: mode, kms_key
                   (the ARN), context, bucket_key */
} ol_part_list;
typedef void (*ol_part_list_cb)(void *arg, const ol_error *err, ol_part_list *list);

typedef struct ol_uploads_request {
    ol_slice bucket, prefix, delimiter;
    ol_slice key_marker, id_marker; /* id_marker only together with key_marker */
    uint32_t max_uploads;           /* 0..OL_LIST_KEYS_MAX */
} ol_uploads_request;

typedef struct ol_upload_item {
    ol_slice key, upload_id;
    int64_t initiated_ms;
    ol_slice checksum_name;
    bool checksum_composite;
    ol_slice initiator, owner;
} ol_upload_item;

typedef struct ol_uploads_result {
    ol_arena *arena; /* as above */
    ol_upload_item *uploads; /* by key, then by time of initiation */
    size_t count;
    ol_slice *common_prefixes;
    size_t common_prefix_count;
    bool truncated;
    ol_slice next_key_marker, next_id_marker;
} ol_uploads_result;
typedef void (*ol_uploads_cb)(void *arg, const ol_error *err, ol_uploads_result *result);

/* A copy that the origin makes itself, both objects being its own. */
typedef struct ol_copy_request {
    ol_object_ref source; /* pinned by if_match */
    ol_slice bucket, key;
    bool replace_headers, replace_tags; /* else those of the source go with it */
    const ol_header *headers;
    size_t header_count;
    ol_slice tags, acl;
    bool if_none_match_any; /* these as in ol_put_request */
    ol_slice if_none_match;
    ol_slice if_match;
    /* As a part of an upload: number not 0, and maybe only a range of the source. */
    ol_slice upload_id;
    uint32_t part_number;
    bool has_range;
    ol_byte_range range;
    const ol_sse *sse; /* of the target; the source's key is in source.customer_key */
    ol_key_user *key_user; /* of the target; the source has its own */
} ol_copy_request;

typedef struct ol_list_request {
    ol_slice bucket;
    ol_slice prefix;
    ol_slice delimiter;
    ol_slice start_after; /* keys and common prefixes strictly greater than this; may be empty */
    uint32_t max_keys;    /* 0..OL_LIST_KEYS_MAX */
} ol_list_request;

typedef struct ol_list_result {
    ol_arena *arena; /* owns everything below; the receiver destroys it */
    ol_object_info *objects; /* headers, tags and acl are not filled */
    size_t object_count;
    ol_slice *common_prefixes;
    size_t common_prefix_count;
    bool truncated;
    ol_slice next_start_after; /* pass as start_after for the next page */
} ol_list_result;
typedef void (*ol_list_cb)(void *arg, const ol_error *err, ol_list_result *result);

typedef struct ol_bucket_info {
    ol_slice name;
    int64_t created_ms;
} ol_bucket_info;

typedef struct ol_bucket_list {
    ol_arena *arena; /* as above */
    ol_bucket_info *buckets; /* by name */
    size_t count;
} ol_bucket_list;
typedef void (*ol_bucket_list_cb)(void *arg, const ol_error *err, ol_bucket_list *list);

typedef struct ol_read_cb_arg ol_read_cb_arg;
/* `got` bytes are in the span (fewer than asked only at the end of the object). */
typedef void (*ol_read_cb)(void *arg, const ol_error *err, size_t got);

typedef struct ol_origin_ops {
    const char *name;
    int (*open)(ol_origin *o, ol_loop *loop, const ol_object_ref *ref, ol_object **out,
                ol_object_cb cb, void *arg, ol_error *err);
    /* A source stage over `object`: *ops and *config for ol_pipeline_add. The object must stay
     * open until the pipeline is closed. The head it sends has the object's headers, ETag
     * (quoted), last-modified and content_length = range length. `arena` holds the config. */
    int (*body)(ol_object *object, ol_byte_range range, ol_arena *arena, const ol_stage_ops **ops,
                const void **config);
    /* Read up to span.len bytes at `offset`. The span stays valid until the callback. */
    int (*read_at)(ol_object *object, uint64_t offset, ol_span span, size_t *got, ol_read_cb cb,
                   void *arg, ol_error *err);
    const ol_object_info *(*info)(const ol_object *object);
    /* Give up every read_at that is under way: its span is not touched again, its callback is
     * dropped. The object stays open. */
    void (*drop_reads)(ol_object *object);
    void (*close_object)(ol_object *object); /* legal while a read_at runs: its callback is dropped */
    /* A sink stage that stores what it is given. Nothing is visible before it finishes; nothing
     * is left when it is closed unfinished. */
    int (*put)(ol_origin *o, const ol_put_request *req, ol_arena *arena, const ol_stage_ops **ops,
               const void **config, ol_error *err);
    /* Deleting what is not there succeeds, unless there is a condition. */
    int (*remove)(ol_origin *o, ol_loop *loop, const ol_remove_request *req, ol_remove_cb cb,
                  void *arg, ol_error *err);
    int (*list)(ol_origin *o, ol_loop *loop, const ol_list_request *req, ol_list_cb cb, void *arg,
                ol_error *err);
    int (*bucket_create)(ol_origin *o, ol_loop *loop, ol_slice bucket, ol_done_cb cb, void *arg,
                         ol_error *err);
    int (*bucket_remove)(ol_origin *o, ol_loop *loop, ol_slice bucket, ol_done_cb cb, void *arg,
                         ol_error *err);
    /* OL_OK or OL_ENOSUCHBUCKET through the same pattern (OL_OK = exists). */
    int (*bucket_exists)(ol_origin *o, ol_loop *loop, ol_slice bucket, ol_done_cb cb, void *arg,
                         ol_error *err);
    int (*bucket_list)(ol_origin *o, ol_loop *loop, ol_bucket_list_cb cb, void *arg, ol_error *err);

    /* ---- attributes; OL_ENOSUCHKEY. An empty text removes. ---- */
    int (*attribute_get)(ol_origin *o, ol_loop *loop, const ol_object_ref *ref,
                         enum ol_attribute which, ol_text_cb cb, void *arg, ol_error *err);
    int (*attribute_set)(ol_origin *o, ol_loop *loop, const ol_object_ref *ref,
                         enum ol_attribute which, ol_slice text, ol_done_cb cb, void *arg,
                         ol_error *err);

    /* ---- uploads in parts; OL_ENOSUCHUPLOAD, OL_EINVALIDPART, OL_EINVALIDPARTORDER,
     * OL_EPARTTOOSMALL, OL_EBADDIGEST ---- */
    int (*upload_create)(ol_origin *o, ol_loop *loop, const ol_upload_request *req, ol_upload_cb cb,
                         void *arg, ol_error *err);
    /* A sink stage, like put. */
    int (*upload_part)(ol_origin *o, const ol_part_request *req, ol_arena *arena,
                       const ol_stage_ops **ops, const void **config, ol_error *err);
    int (*upload_complete)(ol_origin *o, ol_loop *loop, const ol_complete_request *req,
                           ol_put_cb cb, void *arg, ol_error *err);
    int (*upload_abort)(ol_origin *o, ol_loop *loop, ol_slice bucket, ol_slice key,
                        ol_slice upload_id, ol_done_cb cb, void *arg, ol_error *err);
    int (*upload_list)(ol_origin *o, ol_loop *loop, const ol_uploads_request *req, ol_uploads_cb cb,
                       void *arg, ol_error *err);
    /* Parts with a number above `marker`, `max` at most, of this upload; with an empty upload_id
     * those of the object. */
    int (*parts_list)(ol_origin *o, ol_loop *loop, const ol_object_ref *ref, ol_slice upload_id,
                      uint32_t marker, uint32_t max, ol_part_list_cb cb, void *arg, ol_error *err);

    /* May be NULL: then a copy is read and written through us. */
    int (*copy)(ol_origin *o, ol_loop *loop, const ol_copy_request *req, ol_put_cb cb, void *arg,
                ol_error *err);
} ol_origin_ops;

struct ol_origin {
    const ol_origin_ops *ops; /* first member of every implementation */
};

struct ol_object {
    ol_origin *origin; /* first member of every implementation */
};

#endif
