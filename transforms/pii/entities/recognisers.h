/* SPDX-License-Identifier: MIT */
/*
 * The recognisers. Each is given an anchor (a place where the scanner saw something that every
 * match of its kind contains) and says whether there is a match around it, where, and how sure
 * that is.
 * What they share: engine/match.h.
 */
#ifndef PII_RECOGNISERS_H
#define PII_RECOGNISERS_H

#include "engine/anchor.h"
#include "engine/match.h"

#define PII_LOCAL_MAX 255  /* bytes of an e-mail's local part that are looked at */
#define PII_DOMAIN_MAX 255 /* and of its domain */
#define PII_CONTEXT_BYTES 64 /* in front of a match that are looked at for words */

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
