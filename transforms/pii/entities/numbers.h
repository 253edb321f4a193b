/* SPDX-License-Identifier: MIT */
/*
 * Numbers and codes as they are written: digits in one run or in groups, with spaces, hyphens
 * or dots between them, no-break ones and dashes included; and the arithmetic of check digits.
 */
#ifndef PII_NUMBERS_H
#define PII_NUMBERS_H

#include "engine/text.h"

#define PII_NUMBER_MAX 20

struct pii_number {
    char digit[PII_NUMBER_MAX]; /* values, or characters in upper case where letters may be */
    unsigned count;
    size_t end;
    bool grouped;
};

/* The kind of separator at `at`: ' ', '-', '.' or 0; *size is how many bytes it has. */
char pii_joint(const struct pii_text *t, size_t at, size_t *size);
/* The same for the one that ends in front of `at`. */
char pii_joint_before(const struct pii_text *t, size_t at, size_t *size);

/* Digits in one of the layouts, for example "10|3 3 4": one run of ten, or groups with the same
 * kind of separator between them. False: none fits and stands alone. */
bool pii_number_read(const struct pii_text *t, size_t at, const char *layouts, struct pii_number *n);

/* A code by its classes: '9' digit, 'A' letter, 'X' either, '1' a digit but 0; a space, a hyphen
 * or nothing where the pattern has ' '; hyphen and plus stand for themselves and are left out.
 * Alternatives are separated by '|'. False: none fits and stands alone. */
bool pii_code_read(const struct pii_text *t, size_t at, const char *patterns, struct pii_number *n);

/* Neither part of a word nor of a longer number. */
bool pii_stands_alone(const struct pii_text *t, size_t start, size_t end);

/* The sum of digits by weights, as many as there are. */
unsigned pii_weigh(const char *digit, const uint8_t *weights, unsigned count);
bool pii_luhn(const char *digit, unsigned count);
bool pii_verhoeff(const char *digit, unsigned count);
/* ISO 7064 MOD 11,10. */
bool pii_mod_11_10(const char *digit, unsigned count);
/* Of 17 capitals and digits, none of them I, O or Q. */
bool pii_vin_checks(const char *vin);
unsigned pii_value(const char *digit, unsigned count);
bool pii_date_exists(unsigned year, unsigned month, unsigned day);
/* All digits the same. */
bool pii_one_digit_only(const char *digit, unsigned count);

#endif
