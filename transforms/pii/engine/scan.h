/* SPDX-License-Identifier: MIT */
/*
 * The fast part: finds the few places of a text that are worth a recogniser's look. Clean text
 * is only ever touched here, 48 bytes at a time: all anchors are at most PII_PATTERN bytes
 * long, so a window of 64 bytes decides its first 48. What is not passed over at a glance is
 * collected, and decided for several windows at a time.
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

#define PII_WINDOWS_MAX 8

/* Some windows, in order, that hold anchors or may have seemed to. */
struct pii_anchors {
    unsigned windows;
    size_t at[PII_WINDOWS_MAX];    /* where each begins */
    uint64_t kinds[PII_WINDOWS_MAX]; /* bit k: there are anchors of kind k */
    uint64_t of[PII_ANCHORS][PII_WINDOWS_MAX]; /* bit i: one is at byte i of the window */
};

/* Looks from *pos on for windows with anchors, up to the first that begins at `until` or later.
 * True: there are some; *pos is where to go on. False: there are none; *pos is behind the last
 * window. */
typedef bool pii_scan_fn(const uint8_t *text, size_t len, size_t *pos, size_t until,
                         struct pii_anchors *found);

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
