/* SPDX-License-Identifier: MIT */
/*
 * The text as it comes, in pieces of any size, cut anywhere. What a place of the text turns
 * into may depend on the PII_AHEAD bytes behind it, so that many are held back until more
 * comes, together with the PII_BACK before them.
 */
#ifndef PII_STREAM_H
#define PII_STREAM_H

#include "resolve.h"
#include "scan.h"

/* Pieces are collected until this much is there; then they are worked on where they lie. */
#define PII_HOLD_BYTES 4096

struct pii_stream {
    const struct pii_config *config;
    pii_scan_fn *scan;
    struct pii_output out;
    struct pii_resolver resolver;
    bool began; /* the first bytes have been looked at */
    size_t past;  /* bytes at the front of `held` that were written already */
    size_t size;  /* bytes in `held` */
    uint8_t held[PII_HOLD_BYTES + PII_BACK + PII_AHEAD];
};

void pii_stream_init(struct pii_stream *s, const struct objlens_host *host,
                     struct objlens_call *call, const struct pii_config *config, pii_scan_fn *scan);
/* Results of the ABI. */
int pii_stream_write(struct pii_stream *s, const uint8_t *bytes, size_t size);
int pii_stream_finish(struct pii_stream *s);

#endif
