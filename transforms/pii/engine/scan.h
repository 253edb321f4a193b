/* SPDX-License-Identifier: MIT */
/*
 * The fast part: finds the few places of a text that are worth a recogniser's look. Clean text
 * is only ever touched here, 60 or 48 bytes at a time: all anchors are at most PII_PATTERN bytes
 * long, so a window of 64 bytes decides its first 48.
 *
 * Three ways to the same anchors: AVX-512, AVX2 and plain C (which compilers turn into SSE2 or
 * NEON where they can).
 */
#ifndef PII_SCAN_H
#define PII_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "anchor.h"

#define PII_WINDOW 64
#define PII_STEP 48
#define PII_PATTERN (PII_WINDOW - PII_STEP)

/* Of each kind: bit i is set when one is at byte i of the window. */
struct pii_anchors {
    uint64_t kinds; /* bit k: of[k] is not 0 */
    uint64_t of[PII_ANCHORS];
};

/* Looks from *pos on for the first window with an anchor. True: *pos is where that window
 * begins, go on at *pos + PII_STEP. False: there is none before the end of the text. */
typedef bool pii_scan_fn(const uint8_t *text, size_t len, size_t *pos, struct pii_anchors *found);

/* The fastest that this CPU can run; for all anchors, or only for the sharp ones. */
pii_scan_fn *pii_scan_choose(bool all);

/* The ways there are, the portable one first; NULL when there is none at `which`. */
struct pii_scan_way {
    const char *name;
    bool (*runs_here)(void);
    pii_scan_fn *sharp, *all;
};
const struct pii_scan_way *pii_scan_way(size_t which);

#endif
