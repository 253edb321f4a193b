/* SPDX-License-Identifier: MIT */
/*
 * Identifiers that a layout and an arithmetic rule decide: one row each, in national.c (Americas,
 * Asia, Pacific, Africa) and national_europe.c. All are found from the first byte of a word.
 */
#ifndef PII_NATIONAL_H
#define PII_NATIONAL_H

#include "numbers.h"
#include "recognisers.h"

struct pii_national {
    uint8_t entity;
    bool code;           /* written for pii_code_read, else for pii_number_read */
    const char *layouts;
    bool (*check)(const struct pii_number *n); /* NULL: the layout is all there is */
    uint8_t score;         /* in one run … */
    uint8_t score_grouped; /* … and in groups */
    bool checked;
};

extern const struct pii_national pii_national_world[];
extern const size_t pii_national_world_count;
extern const struct pii_national pii_national_europe[];
extern const size_t pii_national_europe_count;

#endif
