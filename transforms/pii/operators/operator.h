/* SPDX-License-Identifier: MIT */
/*
 * What becomes of a finding. An operator is a rule of the payload: made once with the
 * configuration, constant afterwards, shared by all requests. Applying one is a pure function of
 * the rule, the finding's text and its circumstances; it never waits and never fails towards the
 * original: what cannot be done (a number too short for FF1, a date that cannot be read) becomes
 * the plain marker "[TYPE]".
 */
#ifndef PII_OPERATOR_H
#define PII_OPERATOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "operators/keys.h"

#define PII_TEMPLATE_MAX 128
#define PII_MASK_BYTES_MAX 4 /* one UTF-8 character */
#define PII_FINDING_MAX 4096 /* bytes of a finding's text that an operator looks at */
/* The most that stands for a finding. */
#define PII_REPLACEMENT_MAX (PII_FINDING_MAX * PII_MASK_BYTES_MAX + 256)

enum pii_operator_kind {
    PII_KEEP,
    PII_REPLACE,
    PII_MASK,
    PII_REDACT,
    PII_HASH,
    PII_ENCRYPT,
    PII_FF1,
    PII_DATE_SHIFT,
    PII_SURROGATE,
    PII_OPERATOR_KINDS
};

enum pii_hash_form { PII_HEX, PII_BASE32 };
enum pii_alphabet { PII_ALPHABET_DIGITS, PII_ALPHABET_ALNUM };

struct pii_operator {
    enum pii_operator_kind kind;
    char template_text[PII_TEMPLATE_MAX + 1]; /* replace: {type}, {n}; hash: {value} too */
    uint8_t mask_character[PII_MASK_BYTES_MAX];
    size_t mask_size;
    bool mask_code_points; /* one mask character a character, not a byte */
    bool keep_separators;
    uint32_t keep_first, keep_last; /* characters; with keep_separators letters and digits */
    enum pii_hash_form form;
    uint32_t hash_characters; /* 0: all */
    bool normalize;           /* hash: letters small, separators out */
    enum pii_alphabet alphabet;
    uint32_t days_max; /* date shift: at most so many days, either way */
    bool per_file;     /* date shift: the same for all of an object */
    bool day_first;    /* 03/04/2026 is in April */
    struct pii_keys keys;
};

/* A finding, and where it is. */
struct pii_circumstances {
    const char *type;
    uint64_t number;       /* how many of its type came before it in the object, and this one */
    const uint8_t *object; /* what the object is known by; may be NULL */
    size_t object_size;
};

struct pii_replacement {
    size_t size;
    uint8_t bytes[PII_REPLACEMENT_MAX];
};

void pii_operator_apply(const struct pii_operator *op, const struct pii_circumstances *c,
                        const uint8_t *text, size_t size, struct pii_replacement *out);
/* Of a finding whose beginning was applied already: `size` bytes more that belong to it. At most
 * PII_FINDING_MAX at a time. */
void pii_operator_more(const struct pii_operator *op, const uint8_t *text, size_t size,
                       struct pii_replacement *out);
/* The way back of PII_ENCRYPT and PII_FF1: the text that `text` was made from. False: it was not
 * made so, with this key. For PII_ENCRYPT `text` is what stands between "[TYPE:" and "]". */
bool pii_operator_reverse(const struct pii_operator *op, const char *type, const uint8_t *text,
                          size_t size, struct pii_replacement *out);
/* Needs a key. */
bool pii_operator_keyed(enum pii_operator_kind kind);

/* ---- between the files of this folder ----------------------------------------------------- */

void pii_put(struct pii_replacement *out, const void *bytes, size_t size);
void pii_put_marker(struct pii_replacement *out, const char *type);
void pii_mask(const struct pii_operator *op, const uint8_t *text, size_t size,
              struct pii_replacement *out);
/* Of what pii_mask had the beginning of: nothing of it is shown, however it is cut. */
void pii_mask_more(const struct pii_operator *op, const uint8_t *text, size_t size,
                   struct pii_replacement *out);
/* The length of the digest's text; 0 after a failure. */
#define PII_HASH_TEXT_MAX 64
size_t pii_hash(const struct pii_operator *op, const uint8_t *text, size_t size,
                char digest[PII_HASH_TEXT_MAX]);
/* False: cannot be done, and `out` is as it was. */
bool pii_seal(const struct pii_keys *keys, const char *type, const uint8_t *text, size_t size,
              struct pii_replacement *out);
bool pii_unseal(const struct pii_keys *keys, const char *type, const uint8_t *text, size_t size,
                struct pii_replacement *out);
bool pii_format_preserve(const struct pii_operator *op, const uint8_t *text, size_t size, bool back,
                         struct pii_replacement *out);
bool pii_date_shift(const struct pii_operator *op, const struct pii_circumstances *c,
                    const uint8_t *text, size_t size, struct pii_replacement *out);
bool pii_surrogate(const struct pii_operator *op, const uint8_t *text, size_t size,
                   struct pii_replacement *out);

#endif
