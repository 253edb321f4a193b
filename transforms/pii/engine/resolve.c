/* SPDX-License-Identifier: MIT */
#include "resolve.h"

#include <string.h>

#include "entities/registry.h"

/* The score with what context adds. */
static void raise(const struct pii_resolver *r, struct pii_match *m)
{
    if (!m->raised)
        m->score = (uint8_t)pii_registry_score(r->text, m);
    m->raised = true;
}

static bool goes_first(const struct pii_resolver *r, struct pii_match *a, struct pii_match *b)
{
    if (a->start != b->start)
        return a->start < b->start;
    if (a->checked != b->checked)
        return a->checked;
    if (a->end != b->end)
        return a->end > b->end;
    raise(r, a);
    raise(r, b);
    if (a->score != b->score)
        return a->score > b->score;
    return a->entity < b->entity;
}

static void make_room(struct pii_resolver *r)
{
    if (r->tail < PII_WAITING_MAX && r->head < r->tail)
        return;
    memmove(r->waiting, r->waiting + r->head, (r->tail - r->head) * sizeof(r->waiting[0]));
    r->tail -= r->head;
    r->head = 0;
}

void pii_resolver_add(struct pii_resolver *r, const struct pii_match *m)
{
    make_room(r);
    if (r->tail == PII_WAITING_MAX) {
        r->overflow = true;
        return;
    }
    struct pii_match added = *m;
    size_t at = r->tail++;
    for (; at > r->head && goes_first(r, &added, &r->waiting[at - 1]); at--)
        r->waiting[at] = r->waiting[at - 1];
    r->waiting[at] = added;
}

static void hand_on_clean(struct pii_resolver *r, size_t to)
{
    if (to > r->done)
        r->sink->clean(r->sink->arg, r->text->p + r->done, to - r->done);
    r->done = to;
}

static void swallow(struct pii_resolver *r)
{
    size_t from = r->done;
    while (r->done < r->text->len && r->goes_on(r->text->p[r->done]))
        r->done++;
    r->swallowing = r->done == r->text->len;
    if (r->done > from)
        r->sink->more(r->sink->arg, r->text->p + from, r->done - from);
}

static void take(struct pii_resolver *r, struct pii_match *m)
{
    const uint8_t *bytes = r->text->p + m->start;
    size_t size = m->end - m->start;
    hand_on_clean(r, m->start);
    r->done = m->end;
    if (r->sink->scores)
        raise(r, m);
    m->start += r->base;
    m->end += r->base;
    r->sink->found(r->sink->arg, m, bytes, size);
    if (!m->open_ended || m->entity >= PII_ENTITIES)
        return;
    r->goes_on = pii_entities[m->entity].goes_on;
    swallow(r);
}

void pii_resolver_reset(struct pii_resolver *r)
{
    r->swallowing = false;
    r->head = r->tail = 0;
}

void pii_resolver_begin(struct pii_resolver *r, const struct pii_text *text, size_t base, size_t done)
{
    r->text = text;
    r->base = base;
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

/* Whether the first that waits overlaps a checked one. That one, or one that goes before it and
 * overlaps too, will be taken. */
static bool overruled(const struct pii_resolver *r)
{
    const struct pii_match *first = &r->waiting[r->head];
    for (size_t i = r->head + 1; i < r->tail && r->waiting[i].start < first->end; i++)
        if (r->waiting[i].checked)
            return true;
    return false;
}

void pii_resolver_settle(struct pii_resolver *r, size_t known)
{
    while (r->head < r->tail && r->waiting[r->head].start < known) {
        struct pii_match *first = &r->waiting[r->head];
        if (first->start >= r->done && !first->checked && first->end > known)
            return;
        if (first->start >= r->done && !first->checked && overruled(r)) {
            r->head++;
            continue;
        }
        struct pii_match m = *first;
        r->head++;
        if (m.start >= r->done)
            take(r, &m);
        else if (m.end > r->done && trim(r, &m))
            pii_resolver_add(r, &m); /* what the last match left of it */
    }
}

void pii_resolver_end(struct pii_resolver *r, size_t limit)
{
    if (r->head < r->tail && r->waiting[r->head].start < limit)
        limit = r->waiting[r->head].start;
    r->head = r->tail = 0;
    if (r->done < limit)
        hand_on_clean(r, limit);
}
