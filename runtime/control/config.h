/* SPDX-License-Identifier: MIT */
/*
 * The configuration: one immutable, counted snapshot. Made from objlens.lua or from the
 * command line, swapped atomically on reload; a request keeps the snapshot it began with.
 * Every string lives in the snapshot.
 */
#ifndef OL_CONTROL_CONFIG_H
#define OL_CONTROL_CONFIG_H

#include "access/access.h"
#include "base/limits.h"
#include "http/server.h"
#include "transform/registry.h"

typedef struct ol_config_key {
    ol_slice access_key;
    ol_slice secret_key;
    const ol_identity *identity;
    /* OLAP trust: distinct identities never share a host at the same time. */
} ol_config_key;

typedef struct ol_config_listener {
    const char *address; /* IP literal */
    uint16_t port;
    const char *certificate_file; /* NULL = plain TCP */
    const char *key_file;
} ol_config_listener;

typedef struct ol_config_access_point {
    ol_slice name;
    ol_slice alias; /* NAME-s3alias */
    ol_slice arn;   /* arn:aws:s3:REGION:ACCOUNT:accesspoint/NAME */
    ol_slice bucket;
} ol_config_access_point;

typedef struct ol_config_step {
    ol_slice transform; /* name in the registry */
    ol_slice payload;   /* as the transform sees it; may be empty */
} ol_config_step;

typedef struct ol_config_olap {
    ol_slice name;
    ol_slice alias; /* NAME--ol-s3 */
    ol_slice arn;   /* arn:aws:s3-object-lambda:REGION:ACCOUNT:accesspoint/NAME */
    const ol_config_access_point *access_point;
    const ol_config_step *steps; /* in order, 1..OL_TRANSFORM_CHAIN_MAX */
    size_t step_count;
} ol_config_olap;

typedef struct ol_limits {
    ol_http_limits http;
    unsigned hosts_max;
    unsigned host_jobs_max;
    unsigned transform_queue_max;
    uint32_t slot_bytes;
    uint32_t slots;
    uint64_t put_bytes_max;
    uint64_t cache_bytes_max;
    uint64_t cache_object_bytes_max;
    uint32_t drain_ms;    /* SIGTERM: how long running requests may take */
} ol_limits;

typedef struct ol_config {
    int references_; /* private, atomic */
    ol_arena *arena; /* private */
    const char *file; /* NULL when made from the command line */
    ol_slice region;
    ol_slice account_id;
    const char *data_path;
    unsigned loops; /* 0 = one a core */
    const ol_config_listener *listeners;
    size_t listener_count;
    ol_config_listener admin; /* address NULL = none */
    bool admin_optional;      /* nobody asked for this port: serve on without when it is taken */
    const char *access_log;   /* path, "-" = standard output, NULL = none */
    const char *transform_log;
    const ol_config_key *keys;
    size_t key_count;
    const ol_slice *buckets; /* to be made when absent */
    size_t bucket_count;
    const ol_config_access_point *access_points;
    size_t access_point_count;
    const ol_config_olap *olaps;
    size_t olap_count;
    const ol_transform_spec *transforms;
    size_t transform_count;
    ol_limits limits;
    /* private lookup tables */
    struct ol_map *key_map, *alias_map;
} ol_config;

ol_config *ol_config_acquire(ol_config *config);
void ol_config_release(ol_config *config);

const ol_config_key *ol_config_find_key(const ol_config *config, ol_slice access_key);
/* By alias; NULL when none. */
const ol_config_olap *ol_config_find_olap(const ol_config *config, ol_slice alias);
const ol_config_access_point *ol_config_find_access_point(const ol_config *config, ol_slice alias);

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
} ol_config_simple;
/* OL_OK, OL_ECONFIG (err->detail says which option is wrong) or OL_ENOMEM. */
int ol_config_simple_make(ol_config **config, const ol_config_simple *simple, ol_error *err);

#define OL_CONFIG_DATA_PATH "objlens-data"
#define OL_CONFIG_LISTEN "127.0.0.1:9000"

void ol_limits_default(ol_limits *limits);

#endif
