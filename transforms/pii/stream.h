/* SPDX-License-Identifier: MIT */
/* A whole object as one value of the engine, when it can be read as text at all. */
#ifndef PII_STREAM_H
#define PII_STREAM_H

#include "engine/engine.h"
#include "output.h"

#define PII_OPENING_BYTES 10 /* what the check of the first bytes looks at */

struct pii_stream {
    struct pii_output out;
    struct pii_sink sink;
    struct pii_rules rules;
    struct pii_engine engine;
    bool began; /* the first bytes have been looked at */
    uint8_t opening[PII_OPENING_BYTES];
    size_t opening_size;
};

void pii_stream_init(struct pii_stream *s, const struct objlens_host *host,
                     struct objlens_call *call, const struct pii_config *config);
/* Results of the ABI. */
int pii_stream_write(struct pii_stream *s, const uint8_t *bytes, size_t size);
int pii_stream_finish(struct pii_stream *s);

#endif
