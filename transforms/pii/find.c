/* SPDX-License-Identifier: MIT */
#include "find.h"

struct pass {
    const struct pii_text *text;
    struct pii_resolver *resolver;
    uint32_t entities;
    size_t limit;
    size_t ip6_done; /* anchors of IPv6 before this place belong to a run looked at before */
};

static bool wanted(const struct pass *p, enum pii_entity entity)
{
    return p->entities >> entity & 1;
}

static void offer(struct pass *p, const struct pii_match *m)
{
    if (m->start < p->limit && wanted(p, m->entity))
        pii_resolver_add(p->resolver, m);
}

typedef bool find_fn(const struct pii_text *t, size_t at, struct pii_match *m);

static void look(struct pass *p, uint64_t anchors, size_t window, find_fn *find)
{
    struct pii_match m;
    for (; anchors; anchors &= anchors - 1)
        if (find(p->text, window + (size_t)__builtin_ctzll(anchors), &m))
            offer(p, &m);
}

static void look_ip6(struct pass *p, uint64_t anchors, size_t window)
{
    struct pii_match m;
    for (; anchors; anchors &= anchors - 1) {
        size_t at = window + (size_t)__builtin_ctzll(anchors);
        if (at >= p->ip6_done && pii_ip6_find(p->text, at, &m, &p->ip6_done))
            offer(p, &m);
    }
}

static void look_all(struct pass *p, const struct pii_anchors *a, size_t window)
{
    if (wanted(p, PII_EMAIL_ADDRESS))
        look(p, a->email, window, pii_email_find);
    if (wanted(p, PII_CREDIT_CARD))
        look(p, a->card, window, pii_card_find);
    if (wanted(p, PII_US_SSN))
        look(p, a->ssn, window, pii_ssn_find);
    if (wanted(p, PII_IBAN_CODE))
        look(p, a->iban, window, pii_iban_find);
    if (wanted(p, PII_PHONE_NUMBER)) {
        look(p, a->nanp, window, pii_phone_nanp_find);
        look(p, a->plus, window, pii_phone_plus_find);
    }
    if (wanted(p, PII_IP_ADDRESS)) {
        look(p, a->ip4, window, pii_ip4_find);
        look_ip6(p, a->ip6, window);
    }
}

size_t pii_find(struct pii_resolver *resolver, pii_scan_fn *scan, uint32_t entities,
                const struct pii_text *text, size_t from, size_t limit)
{
    struct pass p = {.text = text, .resolver = resolver, .entities = entities, .limit = limit};
    struct pii_anchors anchors;
    pii_resolver_begin(resolver, text, from);
    size_t window = resolver->done;
    while (resolver->out->result == OBJLENS_OK && window < limit + PII_REACH &&
           scan(text->p, text->len, &window, &anchors)) {
        if (window > PII_REACH)
            pii_resolver_settle(resolver, window - PII_REACH);
        look_all(&p, &anchors, window);
        window += PII_STEP;
    }
    pii_resolver_settle(resolver, limit);
    pii_resolver_end(resolver, limit);
    return resolver->done;
}
