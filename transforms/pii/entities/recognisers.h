/* SPDX-License-Identifier: MIT */
/*
 * The recognisers. Each is given an anchor (a place where the scanner saw something that every
 * match of its kind contains) and says whether there is a match around it, where, and how sure
 * that is.
 *
 * What they share:
 * - A match depends on at most PII_BACK bytes before its first byte and on nothing beyond
 *   PII_AHEAD bytes from it; an anchor lies at most PII_REACH bytes behind the first byte.
 * - Outside the text given there is nothing. So a caller who holds a part of a longer text may
 *   trust only matches that begin PII_AHEAD bytes before its end.
 * - The same bytes give the same answer: no state.
 */
#ifndef PII_RECOGNISERS_H
#define PII_RECOGNISERS_H

#include "../text.h"

#define PII_LOCAL_MAX 255  /* bytes of an e-mail's local part that are looked at */
#define PII_DOMAIN_MAX 255 /* and of its domain */
#define PII_REACH (PII_LOCAL_MAX + 1)
#define PII_AHEAD (PII_LOCAL_MAX + 1 + PII_DOMAIN_MAX + 2)
#define PII_CONTEXT_BYTES 64 /* in front of a match that are looked at for words */
#define PII_BACK 96

/* In the order that decides between two matches of the same place, length and certainty. Custom
 * entities have the ids from PII_CUSTOM on. */
enum pii_entity {
    PII_CREDIT_CARD,
    PII_IBAN_CODE,
    PII_US_SSN,
    PII_EMAIL_ADDRESS,
    PII_IP_ADDRESS,
    PII_PHONE_NUMBER,
    PII_ENTITIES
};
#define PII_CUSTOM 64
_Static_assert(PII_ENTITIES <= PII_CUSTOM, "a set of entities holds them all");

/* What a recogniser is called for: the scanner finds these. `at` is the byte named. */
enum pii_anchor {
    PII_ANCHOR_AT,    /* '@' */
    PII_ANCHOR_CARD,  /* the first of 13 digits; or of 4, a separator, 4 */
    PII_ANCHOR_SSN,   /* the first digit of ddd-dd-dddd */
    PII_ANCHOR_NANP,  /* the byte before the ddd-dddd of a North American number */
    PII_ANCHOR_PLUS,  /* '+' before a digit */
    PII_ANCHOR_IP4,   /* the digit before the first of three dots among digits */
    PII_ANCHOR_IP6,   /* the first colon of "::", or of four close together */
    PII_ANCHOR_IBAN,  /* the first of two letters, two digits and ten or more of both */
    PII_ANCHORS
};

struct pii_match {
    size_t start, end;
    uint16_t entity;
    uint8_t score; /* before context */
    bool checked;  /* a check digit or a complete parse stands behind it */
    bool open_ended; /* it goes on past `end`, further than its kind can: see goes_on */
    size_t sign;     /* for trim: e-mail: where the '@' is; phone: 0, or where else it may begin */
    size_t seen;     /* also without a match: this recogniser need not be asked about anchors
                        before this place */
};

/* `m` is zeroed but for its entity. */
typedef bool pii_find_fn(const struct pii_text *t, size_t at, struct pii_match *m);

pii_find_fn pii_email_find;
pii_find_fn pii_card_find;
pii_find_fn pii_ssn_find;
pii_find_fn pii_iban_find;
pii_find_fn pii_ip4_find;
pii_find_fn pii_ip6_find;
pii_find_fn pii_phone_plus_find;
pii_find_fn pii_phone_nanp_find;

bool pii_email_trim(const struct pii_text *t, struct pii_match *m, size_t from);
bool pii_phone_trim(const struct pii_text *t, struct pii_match *m, size_t from);
bool pii_email_goes_on(uint8_t byte);

/* The length of four octets and three dots at `at`, 0 when there are none. */
size_t pii_ip4_length(const struct pii_text *t, size_t at, bool leading_zeros);

#endif
