/* SPDX-License-Identifier: MIT */
/*
 * What comes out of the engine: every byte that was fed, once and in order, as clean text or as
 * a finding. Pointers are valid during the call. The functions cannot stop the engine: after a
 * failure they do nothing.
 */
#ifndef PII_SINK_H
#define PII_SINK_H

#include "match.h"

struct pii_sink {
    void (*clean)(void *arg, const uint8_t *bytes, size_t size);
    /* `bytes` are all of the match, at most PII_MATCH_MAX; m->start and m->end count from the
     * beginning of the value. */
    void (*found)(void *arg, const struct pii_match *m, const uint8_t *bytes, size_t size);
    /* The last match goes on with these. Only matches that are open_ended do. */
    void (*more)(void *arg, const uint8_t *bytes, size_t size);
    void *arg;
    /* found() wants every score as context makes it. Otherwise context is only looked at where a
     * match is below the threshold without it. What is found is the same. */
    bool scores;
};

#endif
