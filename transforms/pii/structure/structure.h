/* SPDX-License-Identifier: MIT */
/*
 * Tokenisers: each cuts one format into punctuation and values (values.h). They are given the
 * object in pieces, cut anywhere, and keep what a token needs to go on; what they keep is bounded.
 * They do not repair: what is not of the format fails the request, because rules for fields would
 * silently not apply to what follows.
 */
#ifndef PII_STRUCTURE_H
#define PII_STRUCTURE_H

#include "structure/values.h"

struct pii_tokeniser {
    const char *name;
    size_t size; /* of its state: zeroed memory, made with the request */
    void (*begin)(void *state, struct pii_values *values);
    /* The result is in values->out->result. */
    void (*write)(void *state, const uint8_t *bytes, size_t size);
    void (*finish)(void *state);
};

extern const struct pii_tokeniser pii_text_tokeniser;
extern const struct pii_tokeniser pii_json_tokeniser; /* NDJSON too: any number of values */
extern const struct pii_tokeniser pii_csv_tokeniser;
extern const struct pii_tokeniser pii_xml_tokeniser;
extern const struct pii_tokeniser pii_form_tokeniser;
extern const struct pii_tokeniser pii_log_tokeniser;

/* "pii: <what> (near byte <offset of the source>)" */
void pii_structure_fail(struct pii_values *values, const char *what);
/* UTF-8 of a code point (surrogates as three bytes); its length. */
size_t pii_utf8_encode(uint32_t code, uint8_t bytes[4]);
/* What a whole "&…;" stands for; 0: not known. */
uint32_t pii_reference_meaning(const uint8_t *reference, size_t size);
static inline unsigned pii_hex_value(int c)
{
    return pii_digit(c) ? (unsigned)(c - '0') : (unsigned)(pii_lower(c) - 'a' + 10);
}

#endif
