/* SPDX-License-Identifier: MIT */
/*
 * What a payload asks for: made once by the ABI's configure(), shared by all requests that bear
 * it, constant from then on. See docs/pii.md, "Payload".
 */
#ifndef PII_CONFIG_H
#define PII_CONFIG_H

#include "../kit/payload.h"

#include "custom/custom.h"
#include "engine/rules.h"
#include "entities/registry.h"
#include "operators/operator.h"
#include "structure/fields.h"

#define PII_TYPES_MAX 128 /* ids of entities, custom ones included, are less */

enum pii_mode { PII_MODE_REDACT, PII_MODE_DENY, PII_MODE_REPORT, PII_MODE_RESTORE };

enum pii_format {
    PII_FORMAT_AUTO, /* by Content-Type, then by the ending of the name; else text */
    PII_FORMAT_TEXT,
    PII_FORMAT_LOG,
    PII_FORMAT_CSV,
    PII_FORMAT_TSV,
    PII_FORMAT_JSON,
    PII_FORMAT_XML,
    PII_FORMAT_FORM
};

enum pii_header { PII_HEADER_AUTO, PII_HEADER_YES, PII_HEADER_NO };

struct pii_config {
    struct kit_config kit;
    struct pii_memory memory;
    int mode, format;          /* enum pii_mode, enum pii_format */
    int unsupported_pass;      /* what cannot be read as text leaves as it is */
    bool numbers;              /* numbers of JSON are looked into */
    int luhn_waived;           /* by context: see pii_card_find_waived */
    bool decode;               /* %40, &#64; and \u0040 in text are seen as what they mean */
    int csv_header;            /* enum pii_header */
    uint8_t csv_delimiter;     /* 0: found out */
    uint8_t csv_quote;         /* 0: none */
    bool csv_may_need_quotes;  /* a replacement may hold what ends a field */
    struct pii_set entities;
    bool entities_given, mode_masks; /* seen already, in other words */
    unsigned threshold;        /* percent */
    struct pii_keys keys;      /* of operators that name none */
    struct pii_operator operator_;              /* of all entities but these: */
    struct pii_operator *operators[PII_TYPES_MAX]; /* owned, or NULL */
    struct pii_fields fields;
    struct pii_custom custom;
    struct pii_rules rules;
};

/* OBJLENS_OK also when the payload is wrong: see kit/payload.h. */
int pii_config_new(struct pii_memory memory, const void *payload, size_t size,
                   struct pii_config **config);
void pii_config_destroy(struct pii_config *config);

const char *pii_config_type(const struct pii_config *config, unsigned entity);
const struct pii_operator *pii_config_operator(const struct pii_config *config, unsigned entity);

#endif
