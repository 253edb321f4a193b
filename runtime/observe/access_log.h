/* SPDX-License-Identifier: MIT */
/*
 * One JSON line a request. Holds names and numbers only: never a header value that could be
 * a secret, never bytes of an object, never a query string's values.
 *
 * What is empty, 0 (first_byte_us) or false is left out; status, bytes and total_us are always
 * there. Request id, peer, operation, via and the names of stages are ours and stand as they are;
 * all other text is escaped. `transforms` becomes an array, `stages` an array of {name, busy_us,
 * bytes_in, bytes_out}. A line over OL_LOG_LINE_BYTES_MAX loses what does not fit and gets
 * "cut":true.
 */
#ifndef OL_OBSERVE_ACCESS_LOG_H
#define OL_OBSERVE_ACCESS_LOG_H

#include "observe/log.h"

typedef struct ol_access_stage {
    const char *name;
    uint64_t busy_us, bytes_in, bytes_out;
} ol_access_stage;

typedef struct ol_access_line {
    const char *request_id;
    int64_t wall_ms;
    const char *peer;
    ol_slice who;       /* identity ARN, or empty */
    const char *operation; /* "GetObject", … */
    const char *via;    /* "bucket", "access-point", "object-lambda", "service" */
    ol_slice target;    /* bucket, access point or OLAP name */
    ol_slice key;
    ol_slice transforms; /* names, comma between; empty = none */
    int status;
    uint64_t bytes_in, bytes_out;
    uint64_t first_byte_us, total_us;
    int code;           /* OL_OK or OL_E… */
    const char *error;  /* S3 code or NULL */
    const char *detail; /* ol_error.detail or NULL */
    bool broken;        /* the response was cut after its head had left */
    bool retried;       /* run again after a host died */
    const char *view;   /* where a view came from: "run", "follow", "memory", "disk", …; NULL = none */
    ol_access_stage stages[16];
    size_t stage_count;
} ol_access_line;

void ol_access_log_write(ol_log *log, const ol_access_line *line);

#endif
