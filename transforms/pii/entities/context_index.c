/* SPDX-License-Identifier: MIT */
#include "context_index.h"

#include <stdatomic.h>
#include <string.h>

/* More than there are lists; a power of two. */
#define SLOTS 256

enum { FREE, IN_THE_MAKING, READY, UNFIT };

static struct slot {
    _Atomic int state;
    struct pii_cues cues;
} slots[SLOTS];

static void add(struct pii_cues *c, unsigned *count, const char *text, size_t size, char second)
{
    unsigned bucket = pii_cue_bucket((uint8_t)text[0], (uint8_t)second);
    c->cue[*count] = (struct pii_cue){(uint16_t)(text - c->list), (uint8_t)size, c->bucket[bucket]};
    c->bucket[bucket] = (uint8_t)++*count;
}

/* The first three bytes of all that an entry may look like in a text: where it has a space there may be none, one or
 * several. */
static void add_inside(struct pii_cues *c, const char *rest, size_t size, uint8_t *bytes, unsigned have)
{
    if (have == 3) {
        unsigned hash = pii_cue_hash(bytes);
        c->inside[hash / 32] |= UINT32_C(1) << hash % 32;
        return;
    }
    if (size == 0) { /* too short to say */
        memset(c->inside, 0xff, sizeof(c->inside));
        return;
    }
    bytes[have] = (uint8_t)*rest;
    add_inside(c, rest + 1, size - 1, bytes, have + 1);
    if (*rest != ' ')
        return;
    add_inside(c, rest + 1, size - 1, bytes, have);
    bytes[have] = ' ';
    add_inside(c, rest, size, bytes, have + 1);
}

/* What may follow an entry of one letter: see word_ends() in context.c. */
static const char behind_one[] = " s0123456789";

static int make(struct pii_cues *c)
{
    unsigned count = 0;
    for (const char *at = c->list; *at;) {
        size_t size = strcspn(at, "|");
        const char *seconds = behind_one;
        size_t ways = strlen(behind_one);
        if (size > 1) {
            seconds = at + 1;
            ways = at[1] == ' ' ? 2 : 1; /* the text need not have the space */
        }
        if (size == 0 || size > UINT8_MAX || count + ways > PII_CUES_MAX || at - c->list > UINT16_MAX)
            return UNFIT;
        for (size_t i = 0; i < ways; i++)
            add(c, &count, at, size, seconds[i]);
        uint8_t bytes[3];
        if (size >= PII_CUE_INSIDE_MIN)
            add_inside(c, at, size, bytes, 0);
        at += size + (at[size] == '|');
    }
    return READY;
}

/* Take a free slot for the list, and fill it. */
static const struct pii_cues *take(struct slot *s, const char *list)
{
    int free_slot = FREE;
    if (!atomic_compare_exchange_strong(&s->state, &free_slot, IN_THE_MAKING))
        return NULL;
    s->cues.list = list;
    int made = make(&s->cues);
    atomic_store_explicit(&s->state, made, memory_order_release);
    return made == READY ? &s->cues : NULL;
}

const struct pii_cues *pii_context_index(const char *list)
{
    size_t at = ((uintptr_t)list * UINT64_C(0x9e3779b97f4a7c15)) >> 56;
    for (unsigned tries = 0; tries < SLOTS; tries++, at = (at + 1) % SLOTS) {
        struct slot *s = &slots[at];
        int state = atomic_load_explicit(&s->state, memory_order_acquire);
        if (state == FREE)
            return take(s, list);
        if (state == IN_THE_MAKING)
            return NULL;
        if (s->cues.list == list)
            return state == READY ? &s->cues : NULL;
    }
    return NULL;
}
