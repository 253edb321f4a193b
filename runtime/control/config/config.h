/* SPDX-License-Identifier: MIT */
/*
 * The configuration: one immutable, counted snapshot. Made from objlens.lua or from the
 * command line, swapped atomically on reload; a request keeps the snapshot it began with.
 * Every string lives in the snapshot.
 */
#ifndef OL_CONTROL_CONFIG_H
#define OL_CONTROL_CONFIG_H

#include "base/limits.h"
#include "control/config/key_config.h"
#include "control/state/realm.h"
#include "http/server.h"
#include "net/tls.h"
#include "origin/s3/s3_origin.h"
#include "transform/registry.h"
#include "view/cache.h"

/* A network: an address (IPv4 ones mapped into IPv6) and how many of its bits count. */
typedef struct ol_config_range {
    uint8_t address[16];
    uint8_t bits;
} ol_config_range;

typedef struct ol_config_listener {
    const char *address; /* IP literal */
    uint16_t port;
    const ol_tls_certificate *certificates; /* the first is for clients that name no host */
    size_t certificate_count;                  /* 0 = plain TCP */
    const char *client_ca_file;                /* NULL = clients are not asked for certificates */
    bool client_certificate_required;
    uint32_t hsts_s;        /* Strict-Transport-Security: max-age; 0 = none */
    ol_slice vpc;           /* what comes in here comes from that VPC; empty = see ol_config_vpc_of */
    ol_slice endpoint;      /* "vpce-…", for aws:SourceVpce; empty = none */
    ol_realm_policy policy; /* an endpoint policy: what may be done through this listener at all */
} ol_config_listener;

/* Address ranges that are a VPC. */
typedef struct ol_config_vpc {
    ol_slice name; /* "vpc-…" */
    const ol_config_range *ranges;
    size_t range_count;
} ol_config_vpc;

typedef struct ol_config_origin {
    ol_slice name;
    bool is_store;               /* the embedded store: the first one, named "store" */
    ol_s3_origin_options options; /* of the others */
    const ol_client_encryption *client_encryption; /* NULL = nothing is said here */
} ol_config_origin;

/* Who may use a master key. Without one of these the key's account decides by what its identities'
 * policies allow. */
typedef struct ol_config_master_key {
    ol_slice name; /* the key's id or ARN */
    ol_realm_policy policy;
} ol_config_master_key;

/* Where what the API makes is kept. */
enum ol_config_control_place {
    OL_CONTROL_IN_DATA_FOLDER, /* one process */
    OL_CONTROL_IN_BUCKET,
    OL_CONTROL_NOWHERE /* the API only reads */
};

typedef struct ol_config_control {
    enum ol_config_control_place place;
    ol_slice bucket, prefix; /* the object is PREFIXcontrol.json */
    unsigned origin;
    uint32_t refresh_s;
} ol_config_control;

/* Where originals wait until they are verified. */
typedef struct ol_config_spool {
    const char *folder; /* NULL = there is none */
    uint64_t bytes, object_bytes;
} ol_config_spool;

typedef struct ol_limits {
    ol_http_limits http;
    unsigned hosts_max;
    unsigned host_jobs_max;
    uint32_t host_pause_ms;
    unsigned transform_queue_max;
    uint32_t slot_bytes;
    uint32_t slots;
    uint64_t put_bytes_max;
    uint64_t cache_bytes_max;
    uint64_t cache_object_bytes_max;
    uint32_t drain_ms;    /* SIGTERM: how long running requests may take */
    uint32_t policy_bytes_max;         /* one policy's text */
    uint32_t access_points_max;        /* of an account; declared ones count */
    uint32_t olaps_max;                /* the same of Object Lambda access points */
    uint64_t control_bytes_max;        /* the whole document of what the API made */
    uint32_t control_timeout_ms;       /* for one change; then it fails */
    unsigned list_concurrency; /* views that one listing computes at a time */
    uint32_t list_deadline_ms; /* then its page ends with what is known */
    uint64_t verify_bytes_max; /* of an encrypted original that is verified before it is shown */
    uint32_t opened_age_ms;    /* how long its key and its verification are remembered */
} ol_limits;

typedef struct ol_config {
    int references_; /* private, atomic */
    ol_arena *arena; /* private */
    const char *file; /* NULL when made from the command line */
    ol_slice region;
    ol_slice account_id; /* the default one */
    const char *data_path;
    const char *keyring_path; /* of the local keyring; NULL: "keyring" in the data folder */
    unsigned loops; /* 0 = one a core */
    bool dev; /* front/request/dev.h; the command line's alone, and on loopback only */
    const ol_slice *domains; /* host names whose labels before them are buckets and access points */
    size_t domain_count;
    uint32_t walls_required;     /* of OL_WALLS_ALL: without them nothing is served */
    bool amazon_hosts;           /* AWS's own host names are ours too */
    bool sse_c_over_http; /* keys of the customer's are taken without TLS */
    bool legacy_form_signatures; /* forms from browsers may be signed as before version 4 */
    ol_slice base_path; /* "/s3": a prefix of every path; empty = none */
    const ol_config_listener *listeners;
    size_t listener_count;
    ol_config_listener admin; /* address NULL = none */
    bool admin_optional;      /* nobody asked for this port: serve on without when it is taken */
    const char *access_log;   /* path, "-" = standard output, NULL = none */
    const char *transform_log;

    const ol_config_origin *origins; /* [0] is the store */
    size_t origin_count;
    unsigned default_origin;
    bool uses_store; /* some bucket, or any bucket at all, lives there: else it is not opened */
    ol_config_control control;
    const ol_slice *sts_keys; /* what session tokens are sealed with; the first seals, all open.
                                 None: the server makes one and keeps it in the data folder */
    size_t sts_key_count;
    const ol_config_vpc *vpcs;
    size_t vpc_count;
    const ol_client_encryption *const *client_encryptions; /* every rule, by its index */
    unsigned client_encryption_count;
    const ol_client_encryption *client_encryption; /* where nothing nearer is said; or NULL */
    ol_config_spool spool;
    bool view_cache_enabled; /* false: every request runs its view for itself */
    ol_view_cache_config view_cache; /* disk_folder NULL = memory alone */
    ol_view_memo_config view_memo;   /* folder: the data folder; NULL when rows_max is 0 */
    ol_slice view_key; /* OL_CONFIG_VIEW_KEY_BYTES; empty: made from the first session key, else kept
                          in the data folder */

    /* What the file declares; the realm says what there is. Policies, CORS and ACLs live as long
     * as the snapshot. */
    const ol_realm_account *accounts; /* [0] is the default one */
    size_t account_count;
    const ol_realm_key *keys;
    size_t key_count;
    const ol_identity *const *identities; /* roots and users */
    size_t identity_count;
    const ol_realm_role *roles;
    size_t role_count;
    ol_realm_bucket bucket_defaults; /* rules of buckets that nothing is said about */
    bool accept_private_acl; /* a new object's canned "private" counts as none where lists do not
                                count; false: it is refused, as on AWS */
    const ol_realm_bucket *buckets;  /* to be made when absent (in the store) */
    size_t bucket_count;
    const ol_realm_access_point *access_points;
    size_t access_point_count;
    const ol_realm_olap *olaps;
    size_t olap_count;
    const ol_config_master_key *master_keys;
    size_t master_key_count;
    const struct ol_policy *default_key_policy; /* of alias/aws/s3: its account, through S3 */
    const ol_transform_spec *transforms;
    size_t transform_count;
    ol_config_keys crypto; /* keepers of keys, data keys, the audit */
    ol_limits limits;
    /* private lookup tables */
    struct ol_map *key_map, *identity_map, *role_map, *certificate_map, *mfa_map;
} ol_config;

ol_config *ol_config_acquire(ol_config *config);
void ol_config_release(ol_config *config);

/* The VPC that a request comes from: its listener's, else the first whose ranges hold the peer's
 * address. Empty = none: the Internet. */
ol_slice ol_config_vpc_of(const ol_config *config, unsigned listener, ol_slice peer);

/* The policy of the key with this ARN; NULL = none was declared. */
const struct ol_policy *ol_config_key_policy(const ol_config *config, ol_slice arn);

/* One mistake in a configuration file. */
typedef struct ol_config_mistake {
    int line; /* 0 = unknown */
    const char *text;
} ol_config_mistake;

typedef struct ol_config_report {
    ol_arena *arena; /* owns the texts; ol_config_report_fini */
    const char *file;
    ol_config_mistake *mistakes; /* by line */
    size_t count;
    bool no_memory; /* memory ran out: mistakes may be missing */
    size_t cap_;    /* private */
} ol_config_report;

/* Read a configuration file (blocking). OL_OK, OL_ECONFIG with every mistake in the report, or
 * OL_ENOMEM. The report is always initialised; `path` outlives it. Mistakes hold no secrets. */
int ol_config_load(ol_config **config, const char *path, ol_config_report *report);
void ol_config_report_fini(ol_config_report *report);

/* `objlens serve` without a file. */
typedef struct ol_config_simple {
    const char *data_path;      /* NULL = OL_CONFIG_DATA_PATH */
    const char *listen;         /* ADDR:PORT; NULL = 127.0.0.1:9000 */
    const char *const *views;   /* NAME=BUCKET:TRANSFORM[,TRANSFORM…] */
    size_t view_count;
    const char *access_key; /* root credentials */
    const char *secret_key;
    unsigned loops;         /* 0 = one a core */
    const char *view_cache; /* memory for views, "64 MiB"; NULL = the default */
    const char *key_audit;  /* a file; NULL = none */
} ol_config_simple;
/* OL_OK, OL_ECONFIG (err->detail says which option is wrong) or OL_ENOMEM. */
int ol_config_simple_make(ol_config **config, const ol_config_simple *simple, ol_error *err);

#define OL_CONFIG_POLICY_BYTES_MAX (256 * OL_KIB) /* what limits.policy_bytes_max may be set to */
#define OL_CONFIG_PAYLOAD_BYTES_MAX (32 * OL_KIB) /* of one transform */
#define OL_CONFIG_VIEW_KEY_BYTES 32
#define OL_CONFIG_DATA_PATH "objlens-data"
#define OL_CONFIG_LISTEN "127.0.0.1:9000"

void ol_limits_default(ol_limits *limits);

#endif
