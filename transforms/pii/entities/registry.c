/* SPDX-License-Identifier: MIT */
#include "registry.h"

#include <string.h>
#include <strings.h>

#include "context.h"

#define PACK_PREFIX "country:"

const struct pii_entity_info pii_entities[PII_ENTITIES] = {
    [PII_CREDIT_CARD] = {
        .name = "CREDIT_CARD", .synonyms = "CREDIT_DEBIT_NUMBER", .country = "",
        .context = "card|credit|debit|visa|mastercard|amex|cc|pan|payment",
    },
    [PII_IBAN_CODE] = {
        .name = "IBAN_CODE", .synonyms = "INTERNATIONAL_BANK_ACCOUNT_NUMBER IBAN", .country = "",
        .context = "iban|bank|account|konto",
    },
    [PII_US_SSN] = {
        .name = "US_SSN", .synonyms = "SSN", .country = "US",
        .context = "ssn|social security|ssid|soc sec",
    },
    [PII_EMAIL_ADDRESS] = {
        .name = "EMAIL_ADDRESS", .synonyms = "EMAIL", .country = "",
        .context = "email|mail", .trim = pii_email_trim, .goes_on = pii_email_goes_on,
    },
    [PII_IP_ADDRESS] = {
        .name = "IP_ADDRESS", .synonyms = "", .country = "", .context = "ip|host|addr|client",
    },
    [PII_PHONE_NUMBER] = {
        .name = "PHONE_NUMBER", .synonyms = "PHONE", .country = "",
        .context = "phone|tel|mobile|cell|call|fax|sms", .trim = pii_phone_trim,
    },
};

const struct pii_recogniser pii_recognisers[] = {
    {PII_EMAIL_ADDRESS, PII_ANCHOR_AT, pii_email_find},
    {PII_CREDIT_CARD, PII_ANCHOR_RUN12, pii_card_find},
    {PII_CREDIT_CARD, PII_ANCHOR_GROUPS, pii_card_find},
    {PII_US_SSN, PII_ANCHOR_SSN, pii_ssn_find},
    {PII_IBAN_CODE, PII_ANCHOR_IBAN, pii_iban_find},
    {PII_PHONE_NUMBER, PII_ANCHOR_NANP, pii_phone_nanp_find},
    {PII_PHONE_NUMBER, PII_ANCHOR_PLUS, pii_phone_plus_find},
    {PII_IP_ADDRESS, PII_ANCHOR_IP4, pii_ip4_find},
    {PII_IP_ADDRESS, PII_ANCHOR_COLONS, pii_ip6_find},
};

const size_t pii_recogniser_count = sizeof(pii_recognisers) / sizeof(pii_recognisers[0]);

static bool is(const char *text, size_t size, const char *name)
{
    return strlen(name) == size && strncasecmp(text, name, size) == 0;
}

static bool listed(const char *list, const char *text, size_t size)
{
    while (*list) {
        size_t len = strcspn(list, " ");
        if (len == size && strncasecmp(list, text, size) == 0)
            return true;
        list += len + (list[len] == ' ');
    }
    return false;
}

static bool selects(const struct pii_entity_info *e, const char *name, size_t size)
{
    size_t prefix = strlen(PACK_PREFIX);
    if (is(name, size, "ALL"))
        return e->kind != PII_BEST_EFFORT;
    if (is(name, size, "DEFAULT"))
        return e->kind == PII_DEFAULT;
    if (size > prefix && strncasecmp(name, PACK_PREFIX, prefix) == 0)
        return is(name + prefix, size - prefix, e->country);
    return is(name, size, e->name) || listed(e->synonyms, name, size);
}

bool pii_registry_select(const char *name, size_t size, struct pii_set *set)
{
    bool found = false;
    for (unsigned i = 0; i < PII_ENTITIES; i++)
        if (selects(&pii_entities[i], name, size)) {
            pii_set_add(set, i);
            found = true;
        }
    return found;
}

struct pii_set pii_registry_default(void)
{
    struct pii_set set = {{0, 0}};
    pii_registry_select("DEFAULT", strlen("DEFAULT"), &set);
    return set;
}

unsigned pii_registry_score(const struct pii_text *t, const struct pii_match *m)
{
    unsigned score = m->score;
    if (score >= 100 || m->entity >= PII_ENTITIES ||
        !pii_context_has(t, m->start, pii_entities[m->entity].context))
        return score;
    score += PII_SCORE_CONTEXT;
    if (score < PII_SCORE_CONTEXT_MIN)
        score = PII_SCORE_CONTEXT_MIN;
    return score > 100 ? 100 : score;
}
