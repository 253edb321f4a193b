/* SPDX-License-Identifier: MIT */
#include "look.h"

struct pass {
    const struct pii_rules *rules;
    const struct pii_text *text;
    struct pii_resolver *resolver;
    size_t limit;
    size_t seen[PII_RULES_MAX]; /* of each rule: it need not be asked before this place */
    struct pii_match next[PII_SEEKERS_MAX]; /* of each seeker; begins at `limit`: no more */
};

/* Words in front of a match are only read where they decide: it is the dearest part of a find. */
static void offer(struct pass *p, struct pii_match *m)
{
    unsigned threshold = p->rules->threshold[m->entity];
    if (m->start >= p->limit)
        return;
    if (m->score < threshold) {
        unsigned score = pii_registry_score(p->text, m);
        if (score < threshold)
            return;
        m->score = (uint8_t)score;
        m->raised = true;
    }
    pii_resolver_add(p->resolver, m);
}

static void ask(struct pass *p, size_t which, uint64_t anchors, size_t window)
{
    const struct pii_rule *rule = &p->rules->rules[which];
    for (; anchors; anchors &= anchors - 1) {
        size_t at = window + (size_t)__builtin_ctzll(anchors);
        if (at < p->seen[which])
            continue;
        struct pii_match m = {.entity = rule->entity};
        PII_WORK(8); /* a call */
        if (rule->find(p->text, at, &m))
            offer(p, &m);
        p->seen[which] = m.seen;
    }
}

/* The recognisers that have anchors in this window. */
static void ask_all(struct pass *p, const struct pii_anchors *anchors, unsigned window)
{
    const struct pii_rules *rules = p->rules;
    for (uint64_t kinds = anchors->kinds[window] & rules->kinds; kinds; kinds &= kinds - 1) {
        unsigned kind = (unsigned)__builtin_ctzll(kinds);
        for (size_t r = rules->first[kind]; r < rules->first[kind + 1]; r++)
            ask(p, r, anchors->of[kind][window], anchors->at[window]);
    }
}

static void seek(struct pass *p, size_t which, size_t from)
{
    const struct pii_seeker *s = &p->rules->seekers[which];
    struct pii_match *m = &p->next[which];
    *m = (struct pii_match){.entity = s->entity};
    if (from >= p->limit || !s->seek(s->state, p->text, from, p->limit, m))
        m->start = p->limit;
}

/* Offer what the seekers find before `known`. */
static void seek_all(struct pass *p, size_t known)
{
    for (size_t i = 0; i < p->rules->seekers_count; i++)
        while (p->next[i].start < known && p->next[i].start < p->limit) {
            struct pii_match m = p->next[i];
            offer(p, &m);
            seek(p, i, p->next[i].start + 1);
        }
}

static void begin(struct pass *p)
{
    for (size_t i = 0; i < p->rules->first[PII_ANCHORS]; i++)
        p->seen[i] = 0;
    for (size_t i = 0; i < p->rules->seekers_count; i++)
        seek(p, i, p->resolver->done);
}

/* All that is found before `known` is there. */
static void settle(struct pass *p, size_t known)
{
    seek_all(p, known);
    pii_resolver_settle(p->resolver, known < p->limit ? known : p->limit);
}

void pii_look(struct pii_resolver *resolver, const struct pii_rules *rules, size_t limit)
{
    const struct pii_text *text = resolver->text;
    struct pass p;
    p.rules = rules;
    p.text = text;
    p.resolver = resolver;
    p.limit = limit;
    begin(&p);
    struct pii_anchors anchors;
    size_t pos = resolver->done;
    while (rules->scan(text->p, text->len, &pos, limit + PII_REACH, &anchors))
        for (unsigned i = 0; i < anchors.windows; i++) {
            if ((anchors.kinds[i] & rules->kinds) == 0)
                continue;
            settle(&p, anchors.at[i] > PII_REACH ? anchors.at[i] - PII_REACH : 0);
            ask_all(&p, &anchors, i);
        }
    seek_all(&p, limit);
    /* Behind the end of the text nothing begins. */
    pii_resolver_settle(resolver, limit == text->len ? SIZE_MAX : limit);
    pii_resolver_end(resolver, limit);
}
