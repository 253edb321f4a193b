/* SPDX-License-Identifier: MIT */
/*
 * A bucket's (or an access point's) CORS configuration: read from its XML or from a
 * configuration file, validated, compiled, counted. Who gets which headers is decided in
 * access/cors.h.
 */
#ifndef OL_S3_CORS_H
#define OL_S3_CORS_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"

#define OL_CORS_RULES_MAX 100
#define OL_CORS_BYTES_MAX (64u * 1024)
#define OL_CORS_ID_CHARS_MAX 255

enum ol_cors_method {
    OL_CORS_GET = 1,
    OL_CORS_PUT = 2,
    OL_CORS_POST = 4,
    OL_CORS_DELETE = 8,
    OL_CORS_HEAD = 16
};

typedef struct ol_cors_rule {
    ol_slice id; /* empty = none */
    const ol_slice *origins; /* patterns with at most one '*'; case matters */
    size_t origin_count;
    const ol_slice *methods; /* as given, in their order */
    size_t method_count;
    const ol_slice *headers; /* patterns with at most one '*'; case does not matter */
    size_t header_count;
    const ol_slice *expose;
    size_t expose_count;
    int64_t max_age_s; /* -1 = not said */
    /* Compiled; not to be given to ol_cors_new. */
    unsigned method_bits;
    ol_slice methods_text, expose_text; /* joined by ", " */
} ol_cors_rule;

typedef struct ol_cors {
    int references_; /* private, atomic */
    ol_arena *arena; /* private: owns all of it */
    const ol_cors_rule *rules;
    size_t rule_count;
} ol_cors;

/* Checks and copies. OL_EINVALIDREQUEST (an unknown method, two '*', a header name or origin that
 * cannot be one), OL_EMALFORMEDXML (no rule, no origin, no method, too many rules), OL_ENOMEM.
 * The message says which rule. */
int ol_cors_new(const ol_cors_rule *rules, size_t count, ol_cors **out, ol_error *err);
/* <CORSConfiguration>; the same errors. */
int ol_cors_parse(ol_slice xml, ol_cors **out, ol_error *err);
ol_cors *ol_cors_acquire(ol_cors *cors); /* any thread */
void ol_cors_release(ol_cors *cors);     /* any thread; NULL is fine */

int ol_cors_write(ol_buf *out, const ol_cors *cors);
/* OL_CORS_GET …; 0 when it is none that CORS knows. */
unsigned ol_cors_method_bit(ol_slice method);

#endif
