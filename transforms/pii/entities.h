/* SPDX-License-Identifier: MIT */
/*
 * The recognisers. Each is given an anchor (a place where scan.h saw something that every
 * match of its kind contains) and says whether there is a match around it, and where.
 *
 * The rules of a match: README.md, "What is recognised". What they share:
 * - A match depends on at most PII_BACK bytes before its first byte and on nothing beyond
 *   PII_AHEAD bytes from it; an anchor lies at most PII_REACH bytes behind the first byte.
 * - Outside the text given there is nothing. So a caller who holds a part of a longer text may
 *   trust only matches that begin PII_AHEAD bytes before its end.
 */
#ifndef PII_ENTITIES_H
#define PII_ENTITIES_H

#include "text.h"

#define PII_LOCAL_MAX 255  /* bytes of an e-mail's local part that are looked at */
#define PII_DOMAIN_MAX 255 /* and of its domain */
#define PII_REACH (PII_LOCAL_MAX + 1)
#define PII_AHEAD (PII_LOCAL_MAX + 1 + PII_DOMAIN_MAX + 2)
#define PII_BACK 16

/* In the order that decides between two matches of the same place and length. */
enum pii_entity {
    PII_CREDIT_CARD,
    PII_IBAN_CODE,
    PII_US_SSN,
    PII_EMAIL_ADDRESS,
    PII_IP_ADDRESS,
    PII_PHONE_NUMBER,
    PII_ENTITIES
};

struct pii_match {
    size_t start, end;
    enum pii_entity entity;
    size_t sign;     /* e-mail: where the '@' is; phone: 0, or where else the match may begin */
    bool open_ended; /* e-mail: the domain goes on past `end`, further than a domain can */
};

/* `at` is the '@'. */
bool pii_email_find(const struct pii_text *t, size_t at, struct pii_match *m);
/* The same match, beginning no earlier than `from`: for when something else was taken that
 * ends there. Only e-mails and phones can. */
bool pii_email_trim(const struct pii_text *t, struct pii_match *m, size_t from);
bool pii_phone_trim(struct pii_match *m, size_t from);
/* A byte that an endless domain may go on with. */
bool pii_email_goes_on(uint8_t byte);

/* `at` is the first digit. */
bool pii_card_find(const struct pii_text *t, size_t at, struct pii_match *m);
bool pii_ssn_find(const struct pii_text *t, size_t at, struct pii_match *m);
/* `at` is the first letter. */
bool pii_iban_find(const struct pii_text *t, size_t at, struct pii_match *m);
/* `at` is the digit before the first dot. */
bool pii_ip4_find(const struct pii_text *t, size_t at, struct pii_match *m);
/* `at` is a colon; *run_end becomes the end of the run of digits and colons around it, in
 * which no other anchor needs to be looked at. */
bool pii_ip6_find(const struct pii_text *t, size_t at, struct pii_match *m, size_t *run_end);
/* `at` is the '+'. */
bool pii_phone_plus_find(const struct pii_text *t, size_t at, struct pii_match *m);
/* `at` is the byte before the three digits of the exchange. */
bool pii_phone_nanp_find(const struct pii_text *t, size_t at, struct pii_match *m);

/* The length of four octets and three dots at `at`, 0 when there are none. */
size_t pii_ip4_length(const struct pii_text *t, size_t at, bool leading_zeros);

#endif
