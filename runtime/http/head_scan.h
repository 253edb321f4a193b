/* SPDX-License-Identifier: MIT */
/*
 * The first look at a message head, before the parser sees it: finds its end and refuses
 * everything that two readers could understand differently (bare LF or CR, NUL and other
 * control characters, folded lines, blanks before the colon, odd spacing in the first line).
 * Works on a growing prefix and never looks at a byte twice.
 */
#ifndef OL_HTTP_HEAD_SCAN_H
#define OL_HTTP_HEAD_SCAN_H

#include "base/error.h"

/* Why a message is refused: the status to answer with, and the reason for the log. */
typedef struct ol_http_fault {
    int status;
    const char *why;
} ol_http_fault;

typedef struct ol_head_scan {
    /* set once, by the caller */
    bool response;
    uint32_t head_bytes_max;
    uint32_t target_bytes_max;
    uint32_t headers_max;
    /* private */
    size_t line_start_;
    size_t searched_;
    size_t skipped_; /* empty lines before the first line */
    uint32_t lines_;
} ol_head_scan;

void ol_head_scan_reset(ol_head_scan *scan);
/* `data` is all that is there of the head, from its first byte; between calls it only grows.
 * OL_OK: complete, *head is the part of data that holds it, final empty line included.
 * OL_WAIT: more is needed. OL_EPROTOCOL: *fault is filled. */
int ol_head_scan_more(ol_head_scan *scan, ol_slice data, ol_slice *head, ol_http_fault *fault);
/* Something of a head has come, more than empty lines. */
bool ol_head_scan_begun(const ol_head_scan *scan, size_t len);

#endif
