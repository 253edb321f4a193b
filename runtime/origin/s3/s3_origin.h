/* SPDX-License-Identifier: MIT */
/*
 * A remote S3 service (Ceph RGW, AWS, …) as an origin. Everything is streamed; nothing is kept
 * between requests but connections, so any number of replicas may stand before one service.
 *
 * One `ol_s3_origin` serves all loops. Each loop that calls it is attached first: an attachment
 * is that loop's pool of connections, its signing key and its circuit breaker. Credentials are
 * shared, and re-read in a thread when their file changes.
 *
 * What can go wrong and what the caller gets:
 *   no connection, no answer in time, garbage   retried where safe, then OL_EUNAVAILABLE (503)
 *   the breaker is open                         OL_EUNAVAILABLE at once
 *   the attachment has too much to do           OL_ESLOWDOWN (503)
 *   an S3 error document                        its code, status and message, unchanged; what
 *                                               origin.h names gets that code (OL_ENOSUCHKEY, …)
 *   our own credentials are refused             OL_EORIGIN (500): the client is not at fault
 *   a redirect                                  OL_EORIGIN: never followed, the detail says whither
 *   a body that ends early                      resumed by a ranged If-Match read, then OL_EORIGIN
 *   the object changed while it was read        OL_EORIGIN: never a mixture
 */
#ifndef OL_ORIGIN_S3_S3_ORIGIN_H
#define OL_ORIGIN_S3_S3_ORIGIN_H

#include "http/breaker.h"
#include "origin/origin.h"

enum ol_s3_credentials_from {
    OL_S3_CREDENTIALS_STATIC,      /* access_key, secret_key, session_token below */
    OL_S3_CREDENTIALS_ENVIRONMENT, /* AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN */
    OL_S3_CREDENTIALS_FILE,        /* re-read when it changes */
    OL_S3_CREDENTIALS_ANONYMOUS    /* requests are not signed */
};

typedef struct ol_s3_credentials_options {
    enum ol_s3_credentials_from from;
    const char *access_key, *secret_key, *session_token; /* the last may be NULL */
    /* Either the AWS shared credentials format ([profile], aws_access_key_id = …) or JSON:
     * {"AccessKeyId": …, "SecretAccessKey": …, "SessionToken": …, "Expiration": …}. */
    const char *file;
    const char *profile;    /* of a shared file; NULL: "default" */
    uint32_t refresh_ms;    /* how often a change of the file is looked for */
} ol_s3_credentials_options;

enum ol_s3_payload {
    OL_S3_PAYLOAD_AUTO,    /* over TLS unsigned (TLS guards it), over plain HTTP signed in chunks */
    OL_S3_PAYLOAD_SIGNED,  /* always STREAMING-AWS4-HMAC-SHA256-PAYLOAD */
    OL_S3_PAYLOAD_UNSIGNED /* always UNSIGNED-PAYLOAD */
};

enum ol_s3_checksums {
    OL_S3_CHECKSUMS_AUTO, /* as ON for *.amazonaws.com, else OFF */
    OL_S3_CHECKSUMS_ON,   /* x-amz-checksum-* are forwarded, as a trailer when known only then */
    OL_S3_CHECKSUMS_OFF   /* the service does not know them; objlens alone has checked them */
};

/* Whose the canonical ids of the service's users are. */
enum ol_s3_canonical_ids {
    OL_S3_CANONICAL_IDS_OWN,   /* the service's alone: only lists that name nobody can be set there */
    OL_S3_CANONICAL_IDS_SHARED /* accounts of ours are its users, under the same ids */
};

/* Strings are borrowed until ol_s3_origin_new returns. ol_s3_origin_options_default fills
 * everything but name, endpoint and credentials. */
typedef struct ol_s3_origin_options {
    const char *name;     /* for logs and messages to the operator */
    const char *endpoint; /* "https://host[:port]" or "http://…"; no path, no user */
    const char *region;
    bool virtual_host;    /* bucket.host/key; otherwise host/bucket/key */
    ol_s3_credentials_options credentials;
    const char *ca_file;  /* PEM; whom to trust instead of the system's list. Certificates are
                             always verified, there is no switch */
    enum ol_s3_payload payload;
    enum ol_s3_checksums checksums;
    enum ol_s3_canonical_ids canonical_ids;

    /* Of one loop. */
    uint32_t connections_max;
    uint32_t waiting_max;         /* requests that wait for a connection; more: OL_ESLOWDOWN */
    uint32_t connect_timeout_ms;  /* name, TCP, TLS; also waiting for a free connection */
    uint32_t response_timeout_ms; /* from the request's end to the answer's head */
    uint32_t body_timeout_ms;     /* no progress of a body, either direction */
    uint32_t idle_timeout_ms;     /* an unused connection is closed */
    uint32_t continue_bytes_min;  /* streamed bodies from here on ask first (Expect: 100-continue):
                                     what has been sent of them cannot be sent again */

    uint32_t deadline_ms;         /* all tries of a request, up to the answer's head */
    uint32_t tries_max;           /* 1: no retries */
    uint32_t backoff_base_ms, backoff_max_ms; /* full jitter: 0..min(max, base << try) */
    uint32_t retry_after_max_ms;  /* a longer Retry-After ends the tries */
    uint32_t resumes_max;         /* of one body that was cut off */

    /* The breaker of one loop: this many failures in a row (no connection, no answer, 502, 503,
     * 504) open it for so long; then one request is let through to see. 0 failures: none. */
    uint32_t breaker_failures;
    uint32_t breaker_open_ms;

    /* One line for the operator (credentials could not be re-read, breaker opened), from any
     * thread. NULL: standard error. */
    void (*warn)(void *arg, const char *line);
    void *warn_arg;
} ol_s3_origin_options;

void ol_s3_origin_options_default(ol_s3_origin_options *options);
/* Blocking (reads files), at start or on a thread. OL_ECONFIG says what is wrong with an option,
 * without ever naming a secret. No connection is made. */
int ol_s3_origin_new(ol_origin **origin, const ol_s3_origin_options *options, ol_error *err);
/* After every loop has been detached, every object has been closed, and every arena that was
 * given to body or put has ended. */
void ol_s3_origin_destroy(ol_origin *origin);

#define OL_S3_ORIGIN_LOOPS_MAX 256

/* Before the loop's first call, on the loop's thread or before it runs. Attachments are counted:
 * each attach needs its detach. OL_OK, OL_ENOMEM or OL_ELIMIT (too many loops). */
int ol_s3_origin_attach(ol_origin *origin, ol_loop *loop, ol_error *err);
/* On the loop's thread. The last one cuts what still runs (callbacks get OL_ECANCELED) and closes
 * the connections; `cb` on a later turn (at once while the loop is attached by somebody else).
 * Objects of this loop must have been closed, and pipelines over them. */
void ol_s3_origin_detach(ol_origin *origin, ol_loop *loop, void (*cb)(void *arg), void *arg);


/* Sums over all loops since the start; gauges are of now. */
typedef struct ol_s3_origin_stats {
    uint64_t requests;         /* tries that were sent */
    uint64_t retries;          /* of these, further ones */
    uint64_t resumes;          /* bodies that were cut off and continued */
    uint64_t failures;         /* requests that failed for good without an S3 answer */
    uint64_t breaker_opened;
    uint64_t breaker_refused;  /* requests that an open breaker turned away */
    uint64_t bytes_in, bytes_out; /* of bodies */
    uint64_t credentials_read; /* times that new credentials were taken */
    uint32_t loops, breakers_open;
    size_t connections, idle, waiting;
} ol_s3_origin_stats;
/* Any thread. Connections, idle and waiting are as of each loop's last request. */
void ol_s3_origin_stats_get(ol_origin *origin, ol_s3_origin_stats *out);
/* The name given in the options. */
const char *ol_s3_origin_name(const ol_origin *origin);
/* Whether it was made here, so that the functions above may be used on it. */
bool ol_origin_is_s3(const ol_origin *origin);

/* ---- documents of a bucket that are handed through (`subresources = "origin"`) ---- */

typedef struct ol_s3_subresource {
    const char *method; /* "GET", "PUT" or "DELETE" */
    ol_slice bucket;
    const char *name;   /* "policy", "cors", "publicAccessBlock", "policyStatus", … */
    ol_slice body;      /* of a PUT; copied */
    const char *content_type; /* of the body; NULL: application/xml */
} ol_s3_subresource;
/* `status` is the service's, 2xx; `body` is borrowed until it returns. Refusals come as err, with
 * the service's S3 code, status and message. */
typedef void (*ol_s3_subresource_cb)(void *arg, const ol_error *err, int status, ol_slice body);
/* As the calls of origin.h: OL_WAIT, or an error. */
int ol_s3_origin_subresource(ol_origin *origin, ol_loop *loop, const ol_s3_subresource *what,
                             ol_s3_subresource_cb cb, void *arg, ol_error *err);

#endif
