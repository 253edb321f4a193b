/* SPDX-License-Identifier: MIT */
/* How many digits follow a country calling code. */
#ifndef PII_PHONE_CODES_H
#define PII_PHONE_CODES_H

#include <stdbool.h>
#include <stdint.h>

/* `digits` holds a whole international number without its '+', `count` of them (values 0 to
 * 9). True when the country has numbers of that length. */
bool pii_phone_length_ok(const uint8_t *digits, unsigned count);

/* How many of the first digits are the country's code, 0 when it is none. Reads three. */
unsigned pii_phone_code_size(const uint8_t *digits);

/* Area code and exchange of the ten digits are ones of the North American plan. */
bool pii_phone_nanp_ok(const uint8_t *digits);

#endif
