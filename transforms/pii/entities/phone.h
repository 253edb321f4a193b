/* SPDX-License-Identifier: MIT */
/* What the ways of writing a telephone number have in common. */
#ifndef PII_PHONE_H
#define PII_PHONE_H

#include "recognisers.h"

#define PII_PHONE_DIGITS_MAX 15

/* The words that make a number without '+' or North American punctuation one of a telephone. */
#define PII_PHONE_CONTEXT \
    "phone|tel|tels|tél|cel|telefon|telefono|teléfono|téléphone|telefone|telefoon|telef|mobile|mobil|móvil|" \
    "movil|celular|cellulare|fax|telefax|sms|whats app|viber|text me|text us|hotline|helpline|voicemail|" \
    "landline|call me|call us|call him|call her|call them|reach me|reach us|reach him|reach her|reach them|" \
    "ring me|ring us|ring him|ring her|contact me|contact us|contact him|contact her|cell phone|" \
    "handynummer|handy nr|mobilnummer|mobilnr|natel|gsm nummer|mobiel|kontaktnummer|customer service|" \
    "contact number|contact no|rufnummer|телефон|тел|моб|ph|mob|msisdn|numero de contacto|電話|手机|电话|" \
    "전화|puhelin|puh|tlf|gsm"

/* Those that mean other things as well: only directly in front. */
#define PII_PHONE_WEAK "call|called|calling|cell|dial|ring|handy|portable|contact|text|texted|phoned|rang"

/* Words that say that the number behind them is none of a telephone. */
#define PII_PHONE_NOT \
    "order|invoice|ref|reference|tracking|sku|isbn|issn|ean|upc|gtin|imei|serial|part|ticket|case|nhs|" \
    "item|product|model|version|build|po|rma|bug|issue|doi|account|acct|iban|card|ssn|sin|tfn|abn|acn|" \
    "passport|invoice no|coordinates|lat|lon|latitude|longitude|timestamp|batch|lot|shipment|parcel|" \
    "policy|claim|transaction|txn|uuid|guid|hash|checksum|commit|score|ratio|total|amount|price|" \
    "medicare|npi|aadhaar|pesel|bsn|siret|siren|routing|aba"

/* What may stand behind the last digit; *end moves behind an extension ("x12", "ext. 12"). */
bool pii_phone_ends(const struct pii_text *t, size_t *end);

#endif
