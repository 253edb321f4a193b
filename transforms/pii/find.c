/* SPDX-License-Identifier: MIT */
#include "find.h"

/* More recognisers than there are. */
#define RECOGNISERS_MAX 192

struct pass {
    const struct pii_text *text;
    struct pii_resolver *resolver;
    unsigned threshold;
    size_t limit;
    size_t active; /* of the recognisers that are asked */
    struct {
        const struct pii_recogniser *recogniser;
        size_t seen; /* it need not be asked about anchors before this place */
    } asked[RECOGNISERS_MAX];
};

static void offer(struct pass *p, struct pii_match *m)
{
    if (m->start >= p->limit)
        return;
    unsigned score = pii_registry_score(p->text, m);
    if (score < p->threshold)
        return;
    m->score = (uint8_t)score;
    pii_resolver_add(p->resolver, m);
}

static void look(struct pass *p, size_t which, uint64_t anchors, size_t window)
{
    const struct pii_recogniser *r = p->asked[which].recogniser;
    for (; anchors; anchors &= anchors - 1) {
        size_t at = window + (size_t)__builtin_ctzll(anchors);
        if (at < p->asked[which].seen)
            continue;
        struct pii_match m = {.entity = r->entity};
        if (r->find(p->text, at, &m))
            offer(p, &m);
        p->asked[which].seen = m.seen;
    }
}

static void begin(struct pass *p, const struct pii_set *entities)
{
    for (size_t i = 0; i < pii_recogniser_count; i++)
        if (pii_set_has(entities, pii_recognisers[i].entity)) {
            p->asked[p->active].recogniser = &pii_recognisers[i];
            p->asked[p->active++].seen = 0;
        }
}

size_t pii_find(struct pii_resolver *resolver, pii_scan_fn *scan, const struct pii_set *entities,
                unsigned threshold, const struct pii_text *text, size_t from, size_t limit)
{
    struct pass p;
    p.text = text;
    p.resolver = resolver;
    p.threshold = threshold;
    p.limit = limit;
    p.active = 0;
    begin(&p, entities);
    struct pii_anchors anchors;
    pii_resolver_begin(resolver, text, from);
    size_t window = resolver->done;
    while (resolver->out->result == OBJLENS_OK && window < limit + PII_REACH &&
           scan(text->p, text->len, &window, &anchors)) {
        if (window > PII_REACH)
            pii_resolver_settle(resolver, window - PII_REACH);
        for (size_t i = 0; i < p.active; i++)
            look(&p, i, anchors.of[p.asked[i].recogniser->anchor], window);
        window += PII_STEP;
    }
    pii_resolver_settle(resolver, limit);
    pii_resolver_end(resolver, limit);
    return resolver->done;
}
