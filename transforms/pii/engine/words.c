/* SPDX-License-Identifier: MIT */
/*
 * The words lie sorted. At a place of the text the range of those that agree with it is narrowed
 * byte by byte; a filter of hashed beginnings keeps most places from that. The beginning of a
 * word is what stands before its first byte that ends words; of words that are looked for
 * anywhere, as many bytes as the shortest has, up to four.
 */
#include "words.h"

#include <stdlib.h>
#include <string.h>

#define BEGINNING_MAX 32 /* bytes of it that are hashed */
#define BEGINNING_INSIDE_MAX 4

struct pii_words {
    struct pii_memory memory;
    struct pii_words_options options;
    size_t count, beginning; /* bytes hashed, at most */
    uint32_t *at;     /* count + 1 places in `pool`, words in order */
    uint8_t *pool;
    uint32_t mask;    /* bits of the filter - 1 */
    uint64_t *filter;
};

/* ---- bytes ---------------------------------------------------------------------------------- */

static bool word_byte(int c)
{
    return pii_alnum(c) || c >= 0x80;
}

/* The byte at p[i] as it is compared. Of letters in two bytes the second decides, and the first
 * where the small ones have another. */
static uint8_t folded(const uint8_t *p, size_t i, size_t size)
{
    uint8_t c = p[i], next = i + 1 < size ? p[i + 1] : 0, before = i > 0 ? p[i - 1] : 0;
    if (c < 0x80)
        return (uint8_t)pii_lower(c);
    if (c == 0xce && next >= 0xa0 && next <= 0xa9)
        return 0xcf; /* Greek from rho on */
    if (c == 0xd0 && next >= 0xa0 && next <= 0xaf)
        return 0xd1; /* Cyrillic from er on */
    if (before == 0xc3 && c >= 0x80 && c <= 0x9e && c != 0x97)
        return (uint8_t)(c + 0x20);
    if (before == 0xce && c >= 0x91 && c <= 0xa9)
        return (uint8_t)(c <= 0x9f ? c + 0x20 : c - 0x20);
    if (before == 0xd0 && c >= 0x90 && c <= 0xaf)
        return (uint8_t)(c <= 0x9f ? c + 0x20 : c - 0x20);
    return c;
}

static uint8_t byte_at(const struct pii_words *w, const uint8_t *p, size_t i, size_t size)
{
    return w->options.fold ? folded(p, i, size) : p[i];
}

/* ---- the filter ----------------------------------------------------------------------------- */

static uint32_t hash_more(uint32_t hash, uint8_t c)
{
    return (hash ^ c) * 0x01000193u;
}

/* Of the beginning at p, which may be all of it; `size` bytes are there. */
static uint32_t hash_beginning(const struct pii_words *w, const uint8_t *p, size_t size, size_t *length)
{
    uint32_t hash = 0x811c9dc5u;
    size_t i = 0;
    do {
        hash = hash_more(hash, byte_at(w, p, i, size));
        i++;
    } while (i < size && i < w->beginning && (w->options.inside || (word_byte(p[0]) && word_byte(p[i]))));
    *length = i;
    hash ^= hash >> 15;
    return hash * 0x2c1b3c6du;
}

static bool filter_has(const struct pii_words *w, uint32_t hash)
{
    uint32_t bit = hash & w->mask;
    return w->filter[bit / 64] >> (bit % 64) & 1;
}

static void filter_add(struct pii_words *w, uint32_t hash)
{
    uint32_t bit = hash & w->mask;
    w->filter[bit / 64] |= (uint64_t)1 << (bit % 64);
}

/* ---- making --------------------------------------------------------------------------------- */

static int compare(const void *a, const void *b)
{
    const struct pii_word *x = a, *y = b;
    size_t least = x->size < y->size ? x->size : y->size;
    int order = memcmp(x->bytes, y->bytes, least);
    return order ? order : (x->size > y->size) - (x->size < y->size);
}

static bool fits(const struct pii_word *list, size_t count, size_t *bytes, size_t *shortest)
{
    if (count > PII_WORDS_MAX)
        return false;
    for (size_t i = 0; i < count; i++) {
        *bytes += list[i].size;
        if (list[i].size == 0 || list[i].size > PII_WORD_MAX || *bytes > PII_WORDS_BYTES_MAX)
            return false;
        *shortest = list[i].size < *shortest ? list[i].size : *shortest;
    }
    return true;
}

/* Folded copies of the words in `pool`, sorted; their bytes move into w->pool. */
static void fill(struct pii_words *w, const struct pii_word *list, size_t count, uint8_t *pool,
                 struct pii_word *sorted)
{
    uint8_t *to = pool;
    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < list[i].size; k++)
            to[k] = byte_at(w, (const uint8_t *)list[i].bytes, k, list[i].size);
        sorted[i] = (struct pii_word){(const char *)to, list[i].size};
        to += list[i].size;
    }
    qsort(sorted, count, sizeof(sorted[0]), compare);
    uint32_t at = 0;
    for (size_t i = 0; i < count; i++) {
        if (i > 0 && compare(&sorted[i - 1], &sorted[i]) == 0)
            continue;
        size_t length;
        memcpy(w->pool + at, sorted[i].bytes, sorted[i].size);
        filter_add(w, hash_beginning(w, w->pool + at, sorted[i].size, &length));
        w->at[w->count++] = at;
        at += (uint32_t)sorted[i].size;
    }
    w->at[w->count] = at;
}

static uint32_t filter_bits(size_t count)
{
    uint32_t bits = 1024;
    while (bits < count * 32)
        bits *= 2;
    return bits;
}

struct pii_words *pii_words_new(struct pii_memory memory, const struct pii_word *list, size_t count,
                                struct pii_words_options options)
{
    size_t bytes = 0, shortest = BEGINNING_INSIDE_MAX;
    if (!fits(list, count, &bytes, &shortest))
        return NULL;
    struct pii_words *w = pii_allocate(&memory, sizeof(*w));
    if (!w)
        return NULL;
    uint32_t bits = filter_bits(count);
    *w = (struct pii_words){.memory = memory, .options = options, .mask = bits - 1,
                            .beginning = options.inside ? shortest : BEGINNING_MAX};
    w->at = pii_allocate(&memory, (count + 1) * sizeof(w->at[0]));
    w->pool = pii_allocate(&memory, bytes + 1);
    w->filter = pii_allocate(&memory, bits / 8);
    uint8_t *pool = pii_allocate(&memory, bytes + 1);
    struct pii_word *sorted = pii_allocate(&memory, (count + 1) * sizeof(*sorted));
    bool made = w->at && w->pool && w->filter && pool && sorted;
    if (made)
        fill(w, list, count, pool, sorted);
    memory.release(memory.arg, sorted);
    memory.release(memory.arg, pool);
    if (made)
        return w;
    pii_words_destroy(w);
    return NULL;
}

void pii_words_destroy(struct pii_words *w)
{
    if (!w)
        return;
    const struct pii_memory memory = w->memory;
    memory.release(memory.arg, w->filter);
    memory.release(memory.arg, w->pool);
    memory.release(memory.arg, w->at);
    memory.release(memory.arg, w);
}

/* ---- looking -------------------------------------------------------------------------------- */

/* The byte of a word at `depth`, -1 behind its end: so that shorter ones come first. */
static int word_at(const struct pii_words *w, size_t word, size_t depth)
{
    size_t at = w->at[word] + depth;
    return at < w->at[word + 1] ? w->pool[at] : -1;
}

/* The first of the words [low, high), which agree up to `depth`, whose byte there is `c` or more. */
static size_t first_from(const struct pii_words *w, size_t low, size_t high, size_t depth, int c)
{
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (word_at(w, middle, depth) < c)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool ends_well(const struct pii_words *w, const struct pii_text *t, size_t end)
{
    return w->options.inside || !word_byte(pii_at(t, end - 1)) || !word_byte(pii_at(t, end));
}

/* The end of the longest word at `start`, 0 for none. */
static size_t longest(const struct pii_words *w, const struct pii_text *t, size_t start)
{
    size_t low = 0, high = w->count, best = 0, left = t->len - start;
    for (size_t depth = 0; low < high; depth++) {
        if (word_at(w, low, depth) < 0) {
            if (ends_well(w, t, start + depth))
                best = start + depth;
            low++;
        }
        if (depth == left)
            break;
        int c = byte_at(w, t->p + start, depth, left);
        low = first_from(w, low, high, depth, c);
        high = first_from(w, low, high, depth, c + 1);
    }
    return best;
}

bool pii_words_seek(const void *words, const struct pii_text *t, size_t from, size_t limit,
                    struct pii_match *m)
{
    const struct pii_words *w = words;
    size_t length;
    for (size_t at = from; at < limit; at += length) {
        length = 1;
        bool in_word = word_byte(t->p[at]) && word_byte(pii_at(t, at - 1));
        if (in_word && !w->options.inside)
            continue;
        bool maybe = filter_has(w, hash_beginning(w, t->p + at, t->len - at, &length));
        size_t end = maybe ? longest(w, t, at) : 0;
        if (w->options.inside)
            length = 1;
        if (end == 0)
            continue;
        m->start = at;
        m->end = end;
        m->score = 100;
        m->checked = true;
        return true;
    }
    return false;
}
