/* SPDX-License-Identifier: MIT */
/*
 * The fast part: finds the few places of a text that are worth a recogniser's look. Clean text
 * is only ever touched here, 60 or 48 bytes at a time.
 *
 * An anchor is a pattern that every match of a kind contains, and that other text, numbers
 * included, rarely does: for a card not "a digit", but thirteen of them in a row, or four, a
 * separator and four more. All patterns are at most PII_PATTERN bytes long, so a window of 64
 * bytes decides its first 48.
 */
#ifndef PII_SCAN_H
#define PII_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "entities/recognisers.h"

#define PII_WINDOW 64
#define PII_STEP 48
#define PII_PATTERN (PII_WINDOW - PII_STEP)

/* By kind; bit i: the pattern begins at byte i of the window. */
struct pii_anchors {
    uint64_t of[PII_ANCHORS];
};

/* Looks from *pos on for the first window with an anchor. True: *pos is where that window
 * begins, go on at *pos + PII_STEP. False: there is none before the end of the text. */
typedef bool pii_scan_fn(const uint8_t *text, size_t len, size_t *pos, struct pii_anchors *found);

bool pii_scan_portable(const uint8_t *text, size_t len, size_t *pos, struct pii_anchors *found);
/* The fastest that this CPU can run. */
pii_scan_fn *pii_scan_choose(void);

#endif
