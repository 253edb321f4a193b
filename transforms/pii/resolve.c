/* SPDX-License-Identifier: MIT */
#include "resolve.h"

#include <string.h>

static bool goes_first(const struct pii_match *a, const struct pii_match *b)
{
    if (a->start != b->start)
        return a->start < b->start;
    if (a->end != b->end)
        return a->end > b->end;
    return a->entity < b->entity;
}

void pii_resolver_add(struct pii_resolver *r, const struct pii_match *m)
{
    if (r->head == r->tail)
        r->head = r->tail = 0;
    if (r->tail == PII_WAITING_MAX && r->head > 0) {
        memmove(r->waiting, r->waiting + r->head, (r->tail - r->head) * sizeof(*m));
        r->tail -= r->head;
        r->head = 0;
    }
    if (r->tail == PII_WAITING_MAX) {
        r->overflow = true;
        return;
    }
    size_t at = r->tail++;
    for (; at > r->head && goes_first(m, &r->waiting[at - 1]); at--)
        r->waiting[at] = r->waiting[at - 1];
    r->waiting[at] = *m;
}

static void swallow(struct pii_resolver *r)
{
    size_t from = r->done;
    while (r->done < r->text->len && r->goes_on(r->text->p[r->done]))
        r->done++;
    r->swallowing = r->done == r->text->len;
    pii_output_more(r->out, r->done - from);
}

static void take(struct pii_resolver *r, const struct pii_match *m)
{
    pii_output_copy(r->out, r->text->p + r->done, m->start - r->done);
    pii_output_match(r->out, m->entity, m->end - m->start);
    r->done = m->end;
    if (!m->open_ended)
        return;
    r->goes_on = pii_entities[m->entity].goes_on;
    swallow(r);
}

void pii_resolver_begin(struct pii_resolver *r, const struct pii_text *text, size_t done)
{
    r->text = text;
    r->done = done;
    r->head = r->tail = 0;
    if (r->swallowing)
        swallow(r);
}

static bool trim(const struct pii_resolver *r, struct pii_match *m)
{
    if (m->entity >= PII_ENTITIES || !pii_entities[m->entity].trim)
        return false;
    return pii_entities[m->entity].trim(r->text, m, r->done);
}

void pii_resolver_settle(struct pii_resolver *r, size_t before)
{
    while (r->head < r->tail && r->waiting[r->head].start < before) {
        struct pii_match m = r->waiting[r->head++];
        if (m.start >= r->done)
            take(r, &m);
        else if (trim(r, &m))
            pii_resolver_add(r, &m); /* what the last match left of it */
    }
}

void pii_resolver_end(struct pii_resolver *r, size_t limit)
{
    r->head = r->tail = 0;
    if (r->done >= limit)
        return;
    pii_output_copy(r->out, r->text->p + r->done, limit - r->done);
    r->done = limit;
}
