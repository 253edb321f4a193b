/* SPDX-License-Identifier: MIT */
/*
 * Every fixed maximum in one place. Limits that an operator may change are fields of
 * `ol_limits` in control/config/config.h; their defaults stand here too.
 */
#ifndef OL_BASE_LIMITS_H
#define OL_BASE_LIMITS_H

#define OL_KIB 1024u
#define OL_MIB (1024u * 1024u)

/* HTTP (defaults of config keys limits.http.*) */
#define OL_HTTP_HEAD_BYTES_MAX (32 * OL_KIB)
#define OL_HTTP_HEADERS_MAX 128
#define OL_HTTP_URL_BYTES_MAX (16 * OL_KIB)
#define OL_HTTP_HEADER_TIMEOUT_MS 15000
#define OL_HTTP_BODY_TIMEOUT_MS 30000 /* no progress of a body, either direction */
#define OL_HTTP_IDLE_TIMEOUT_MS 60000
#define OL_HTTP_CONNECTIONS_MAX 4096 /* a loop */
#define OL_HTTP_BODY_RATE_MIN 256    /* bytes a second, measured over body_timeout windows */

/* One request */
#define OL_REQUEST_ARENA_BYTES_MAX (512 * OL_KIB)
#define OL_XML_BODY_BYTES_MAX (1 * OL_MIB)

/* Bodies */
#define OL_READ_BYTES (256 * OL_KIB) /* one read from a socket or a file */
#define OL_KEY_BYTES_MAX 1024
#define OL_BUCKET_NAME_MIN 3
#define OL_BUCKET_NAME_MAX 63
#define OL_USER_METADATA_BYTES_MAX (2 * OL_KIB)
#define OL_LIST_KEYS_MAX 1000
#define OL_PUT_BYTES_MAX (5ull * 1024 * OL_MIB)

/* Logs */
#define OL_LOG_QUEUE_BYTES (1 * OL_MIB)  /* of one log, waiting for its writer; twice at most */
#define OL_LOG_LINE_BYTES_MAX (16 * OL_KIB) /* an access line; what does not fit is left out */
#define OL_LOG_GATHER_MS 50              /* how long the writer lets lines gather */
#define OL_LOG_CLOSE_MS 2000             /* how long a close waits for a reader that is stuck */

/* Transforms (defaults of config keys limits.transform.*) */
#define OL_SLOT_BYTES (128 * OL_KIB)
#define OL_HOST_SLOTS 256
#define OL_HOST_JOBS_MAX 64
#define OL_HOSTS_MAX 16 /* a loop */
#define OL_CHILD_STOP_MS 1000 /* a process that was killed is waited for so long, */
#define OL_CHILDREN_LEFT_MAX 16u /* and so many may not have ended before no more are started */
#define OL_HOST_PAUSE_MS 1000 /* between hosts that one trust group loses, after some in a row */
#define OL_TRANSFORM_QUEUE_MAX 256 /* a loop: requests waiting for a host */
#define OL_TRANSFORM_MEMORY_BYTES (32 * OL_MIB)
#define OL_TRANSFORM_CPU_MS 10000
#define OL_TRANSFORM_WALL_MS 300000
#define OL_TRANSFORM_OUTPUT_BYTES (1ull << 40)
#define OL_TRANSFORM_PATTERN_STEPS 10000000u
#define OL_TRANSFORM_READ_AT_CALLS 10000u
#define OL_TRANSFORM_READ_AT_BYTES (1ull << 34)
#define OL_TRANSFORM_SLICE_MS 2
#define OL_TRANSFORM_UNYIELDABLE_MS 20
/* In unyieldable_ms: a stretch of loading for a request that waits, which the engine ends itself; and what
 * the server kills a host for, when the engine did not. */
#define OL_TRANSFORM_LOAD_STRETCH_FACTOR 5u
#define OL_TRANSFORM_STUCK_STRETCH_FACTOR (2 * OL_TRANSFORM_LOAD_STRETCH_FACTOR)
#define OL_TRANSFORM_LOAD_MS 5000
#define OL_TRANSFORM_LOAD_WALL_FACTOR 3u    /* a host has so many times that on the clock, */
#define OL_TRANSFORM_LOAD_WALL_MS_MIN 15000u /* but no less than this */
#define OL_TRANSFORM_LOG_BYTES (16 * OL_KIB) /* a request */
#define OL_TRANSFORM_CHAIN_MAX 8
#define OL_TRANSFORM_CONTEXT_BYTES_MAX (1 * OL_MIB) /* that a range may need on either side */
#define OL_TRANSFORM_LISTING_BYTES_MAX (6 * OL_MIB) /* a page, before and behind its transform */

#endif
