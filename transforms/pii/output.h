/* SPDX-License-Identifier: MIT */
/*
 * Output: clean spans and what stands in for matches, written straight into the room that the
 * host lends. The first failure is kept; everything after it is dropped.
 */
#ifndef PII_OUTPUT_H
#define PII_OUTPUT_H

#include <objlens/transform.h>

#include "config.h"

struct pii_output {
    const struct objlens_host *host;
    struct objlens_call *call;
    const struct pii_config *config;
    uint8_t *room;
    size_t size, used;
    int result;
};

void pii_output_init(struct pii_output *out, const struct objlens_host *host,
                     struct objlens_call *call, const struct pii_config *config);
void pii_output_copy(struct pii_output *out, const uint8_t *bytes, size_t size);
/* What stands for a match of `size` bytes. */
void pii_output_match(struct pii_output *out, unsigned entity, size_t size);
/* What stands for `size` bytes more of the same match. */
void pii_output_more(struct pii_output *out, size_t size);
/* Before the callback returns: the room goes back. */
void pii_output_flush(struct pii_output *out);

#endif
