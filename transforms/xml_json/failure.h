/* SPDX-License-Identifier: MIT */
/*
 * Why a document could not be converted: the first reason stands. No text holds anything of
 * the document but a line number.
 */
#ifndef XJ_FAILURE_H
#define XJ_FAILURE_H

#include <objlens/transform.h>
#include <stdbool.h>

enum xj_reason {
    XJ_NONE,
    XJ_MALFORMED,   /* not well-formed XML */
    XJ_UNSUPPORTED, /* XML, but of a kind that is refused */
    XJ_ENCODING,    /* not text that can be read */
    XJ_TOO_LARGE,   /* over a limit of limits.h or the payload */
    XJ_NO_MEMORY    /* the host's own limit, or nothing left */
};

struct xj_failure {
    enum xj_reason reason;
    long line; /* 0: no line can be named */
    char text[128];
};

void xj_failure_set(struct xj_failure *f, enum xj_reason reason, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Tell the host. Returns what the callback is to return. */
int xj_failure_report(const struct xj_failure *f, const struct objlens_host *host,
                      struct objlens_call *call);

/* What one of libxml2's error numbers means. */
const char *xj_failure_text(int xml_error);

#endif
