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
    PII_EMAIL_ADDRESS,
    PII_URL,
    PII_IP_ADDRESS,
    PII_MAC_ADDRESS,
    PII_CRYPTO,
    PII_AWS_ACCESS_KEY,
    PII_US_SSN,
    PII_US_ITIN,
    PII_US_MBI,
    PII_UK_NINO,
    PII_PHONE_NUMBER,
    PII_CREDIT_DEBIT_CVV,
    PII_CREDIT_DEBIT_EXPIRY,
    PII_PIN,
    PII_SWIFT_CODE,
    PII_US_BANK_NUMBER,
    PII_ABA_ROUTING_NUMBER,
    PII_US_PASSPORT,
    PII_US_DRIVER_LICENSE,
    PII_US_NPI,
    PII_MEDICAL_LICENSE,
    PII_UK_NHS,
    PII_UK_POSTCODE,
    PII_UK_PASSPORT,
    PII_UK_DRIVING_LICENCE,
    PII_UK_VEHICLE_REGISTRATION,
    PII_CA_SIN,
    PII_IN_AADHAAR,
    PII_IN_PAN,
    PII_ES_NIF,
    PII_ES_NIE,
    PII_IT_FISCAL_CODE,
    PII_IT_VAT_CODE,
    PII_PL_PESEL,
    PII_SE_PERSONNUMMER,
    PII_FI_PERSONAL_IDENTITY_CODE,
    PII_DE_TAX_ID,
    PII_KR_RRN,
    PII_TR_NATIONAL_ID,
    PII_TH_TNIN,
    PII_ZA_ID_NUMBER,
    PII_AU_TFN,
    PII_AU_ABN,
    PII_AU_ACN,
    PII_AU_MEDICARE,
    PII_SG_NRIC_FIN,
    PII_SG_UEN,
    PII_AWS_SECRET_KEY,
    PII_PASSWORD,
    PII_USERNAME,
    PII_VEHICLE_IDENTIFICATION_NUMBER,
    PII_LICENSE_PLATE,
    PII_DATE_TIME,
    PII_AGE,
    PII_PERSON,
    PII_LOCATION,
    PII_ENTITIES
};
#define PII_CUSTOM 64
_Static_assert(PII_ENTITIES <= PII_CUSTOM, "a set of entities holds them all");

pii_find_fn pii_email_find;
pii_find_fn pii_card_find;
pii_find_fn pii_card_find_waived; /* behind a context word neither issuer nor check digit matter */
pii_find_fn pii_ssn_find;
pii_find_fn pii_ssn_bare_find;
pii_find_fn pii_iban_find;
pii_find_fn pii_ip4_find;
pii_find_fn pii_ip6_find;
pii_find_fn pii_mac_find;
pii_find_fn pii_phone_plus_find;
pii_find_fn pii_phone_nanp_find;
pii_find_fn pii_phone_national_find;
pii_find_fn pii_url_find;
pii_find_fn pii_crypto_find;
pii_find_fn pii_aws_access_key_find;
pii_find_fn pii_nino_find;
pii_find_fn pii_mbi_find;
pii_find_fn pii_national_find;
pii_find_fn pii_bank_number_find;
pii_find_fn pii_passport_find;
pii_find_fn pii_uk_passport_find;
pii_find_fn pii_driver_license_find;
pii_find_fn pii_swift_find;
pii_find_fn pii_vin_find;
pii_find_fn pii_plate_find;
pii_find_fn pii_cvv_find;
pii_find_fn pii_pin_find;
pii_find_fn pii_expiry_find;
pii_find_fn pii_password_find;
pii_find_fn pii_username_find;
pii_find_fn pii_aws_secret_key_find;
pii_find_fn pii_date_find;
pii_find_fn pii_age_find;
pii_find_fn pii_person_find;
pii_find_fn pii_location_find;

bool pii_email_trim(const struct pii_text *t, struct pii_match *m, size_t from);
bool pii_phone_trim(const struct pii_text *t, struct pii_match *m, size_t from);
bool pii_email_goes_on(uint8_t byte);
bool pii_url_goes_on(uint8_t byte);

/* The length of four octets and three dots at `at`, 0 when there are none. */
size_t pii_ip4_length(const struct pii_text *t, size_t at, bool leading_zeros);

#endif
