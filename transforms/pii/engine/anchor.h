/* SPDX-License-Identifier: MIT */
/*
 * Anchors: what the scanner finds in a text, and what a recogniser is called for.
 *
 * An anchor is a short pattern (at most 16 bytes) that every match of a kind contains and that
 * other text, other numbers included, rarely does. The scanner never misses one. It may report
 * one that is none where it cannot see the byte to the left: so whoever is called looks there
 * himself, and at whatever else must hold.
 *
 * To add a recogniser: pick the sharpest anchor below that every match has within PII_REACH bytes
 * of its first byte, and add a row to entities/registry.c. Anchors of the first group are always
 * looked for, so a recogniser adds no cost to text without them. Those of the second group lie
 * close together, and slow the scan down by a half or more: they are looked for only when a
 * recogniser that is enabled asks. A new sharp anchor is one line here and one in anchors.h.
 *
 * Below, d is a digit, w a letter or digit (ASCII), s a separator (space or hyphen), 3s also a
 * dot. "First" means that no digit (no w) stands to the left of it.
 */
#ifndef PII_ANCHOR_H
#define PII_ANCHOR_H

enum pii_anchor {
    PII_ANCHOR_AT,      /* '@' */
    PII_ANCHOR_RUN9,    /* the first of exactly 9 digits */
    PII_ANCHOR_RUN10,   /* the first of 10 or 11 digits */
    PII_ANCHOR_RUN12,   /* the first of 12 or more digits */
    PII_ANCHOR_GROUPS,  /* the first d of dddd 3s dddd 3s d or dddd 3s dddddd 3s d; a separator is
                           also any sequence of UTF-8 of two or three bytes (no-break space …) */
    PII_ANCHOR_SSN,     /* the first d of ddd 3s dd 3s dddd; or of ddd, such a sequence of UTF-8, dd */
    PII_ANCHOR_NANP,    /* the byte before ddd 3s dddd: a 3s or ')' */
    PII_ANCHOR_PLUS,    /* '+' before a digit or '(' */
    PII_ANCHOR_PAREN,   /* '(' before one to five digits, ')', perhaps a 3s, and a digit */
    PII_ANCHOR_DIAL,    /* a d behind no w, and six bytes more that are d, 3s, '/', '(', ')' or not
                           ASCII, no two of 3s and '/' together; neither "d." nor "dddd-dd-dd" */
    PII_ANCHOR_IP4,     /* the digit before the first of three dots among digits */
    PII_ANCHOR_COLONS,  /* the first colon of "::", or of four close together (2 to 5 bytes) */
    PII_ANCHOR_MAC,     /* the first of five hyphens (or colons) three bytes apart, or of two dots
                           with four w behind each; and a digit in the 15 bytes behind it */
    PII_ANCHOR_SCHEME,  /* the colon of "://" */
    PII_ANCHOR_IBAN,    /* the first of two letters, two digits and ten or more w, also in groups
                           of four (s as in GROUPS) */
    PII_ANCHOR_NINO,    /* the first of two letters and six digits, also in pairs: AA dd dd dd */
    PII_ANCHOR_MBI,     /* the first w of d letter w d letter w d, also with s behind the fourth */
    PII_ANCHOR_LONG,    /* the first of 16 or more w with a digit among the first 16, and another */
    PII_ANCHOR_UPPER,   /* the first capital of 16 or more capitals and digits, as LONG */
    PII_ANCHOR_IA,      /* the first capital of 16 or more capitals and digits, "IA" behind two */

    PII_ANCHOR_NUMBER,  /* the first of any digits, behind no w */
    PII_ANCHOR_CODE,    /* the first letter of a word of w with a digit among its first ten */
    PII_ANCHOR_WORD,    /* the first byte of a word: w and all bytes that are not ASCII */
    PII_ANCHORS,
    PII_ANCHORS_SHARP = PII_ANCHOR_NUMBER
};

#endif
