/* SPDX-License-Identifier: MIT */
/*
 * A piece is worked on in two passes. The first joins what is held with the beginning of the
 * piece, far enough that whatever is left lies in the piece; the second goes through the piece
 * where it lies. What is left is held for the next one, with PII_BACK bytes before it.
 */
#include "engine.h"

#include <string.h>

#include "entities/memo.h"
#include "look.h"

void pii_engine_init(struct pii_engine *e, const struct pii_rules *rules, const struct pii_sink *sink)
{
    memset(e, 0, offsetof(struct pii_engine, held));
    e->rules = rules;
    e->sink = sink;
    e->resolver.sink = sink;
}

void pii_engine_begin(struct pii_engine *e, const char *field, size_t field_size)
{
    e->field = field;
    e->field_size = field_size;
    e->base = e->past = e->size = 0;
    pii_resolver_reset(&e->resolver);
}

/* Work on bytes [from, limit) of a text that begins at `base` of the value; where to go on. */
static size_t look(struct pii_engine *e, const uint8_t *bytes, size_t size, size_t base, size_t from,
                   size_t limit)
{
    struct pii_memo memo;
    const struct pii_text text = {.p = bytes, .len = size, .field = (const uint8_t *)e->field,
                                  .field_size = e->field_size, .memo = &memo};
    pii_memo_init(&memo);
    pii_resolver_begin(&e->resolver, &text, base, from);
    if (e->resolver.done < limit)
        pii_look(&e->resolver, e->rules, limit);
    return e->resolver.done;
}

/* Hold bytes[done..size), and the context before it. */
static void hold(struct pii_engine *e, const uint8_t *bytes, size_t size, size_t base, size_t done)
{
    e->past = done < PII_BACK ? done : PII_BACK;
    e->size = size - done + e->past;
    e->base = base + done - e->past;
    memmove(e->held, bytes + done - e->past, e->size);
}

static size_t less(size_t a, size_t b)
{
    return a > b ? a - b : 0;
}

/* With nothing held, or with what was held known to be handled: the piece where it lies. */
static void feed_in_place(struct pii_engine *e, const uint8_t *bytes, size_t size, size_t base,
                          size_t from, bool last)
{
    size_t done = look(e, bytes, size, base, from, last ? size : less(size, PII_AHEAD));
    if (!last)
        hold(e, bytes, size, base, done);
}

bool pii_engine_feed(struct pii_engine *e, const uint8_t *bytes, size_t size, bool last)
{
    size_t before = e->size, base = e->base;
    size_t joined = size < PII_JOINT ? size : PII_JOINT;
    if (before == 0 && (last || size > PII_COLLECT)) {
        feed_in_place(e, bytes, size, base, 0, last);
        return !e->resolver.overflow;
    }
    if (joined > 0)
        memcpy(e->held + before, bytes, joined);
    e->size += joined;
    if (joined == size && !last && e->size <= PII_HELD_MAX)
        return true;
    if (joined == size) {
        feed_in_place(e, e->held, e->size, base, e->past, last);
        return !e->resolver.overflow;
    }
    size_t done = look(e, e->held, e->size, base, e->past, before + PII_BACK + PII_MATCH_MAX);
    feed_in_place(e, bytes, size, base + before, done - before, last);
    return !e->resolver.overflow;
}
