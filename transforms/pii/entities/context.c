/* SPDX-License-Identifier: MIT */
/*
 * What stands in front of a match is turned into small letters and a mask of where words begin, 64 bytes at once:
 * this runs for most numbers of a text. An index then says at which places a list is worth a look.
 */
#include "context.h"

#include <string.h>
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include "context_index.h"
#include "memo.h"
#include "recognisers.h"

/* ---- 64 bytes at a time ------------------------------------------------------------------- */

/* Sixteen bytes; every CPU has them in some form. */
typedef uint8_t vector __attribute__((vector_size(16)));

#if defined(__SSE2__)
/* The top bits of the bytes, the first byte's lowest. */
static inline uint64_t tops(vector v)
{
    return (uint64_t)(unsigned)_mm_movemask_epi8((__m128i)v);
}
#else
static inline uint64_t tops(vector v)
{
    uint64_t bits = 0;
    for (unsigned i = 0; i < sizeof(v); i++)
        bits |= (uint64_t)(v[i] >> 7) << i;
    return bits;
}
#endif

/* A bit a byte. */
struct classes {
    uint64_t word, upper, lower, high, line_end, apostrophe;
};

/* Classes of the bytes, and the text that they become. */
static inline struct classes classify(const uint8_t bytes[PII_CONTEXT_BYTES], uint8_t *text)
{
    struct classes c = {0};
#pragma GCC unroll 4
    for (unsigned at = 0; at < PII_CONTEXT_BYTES; at += sizeof(vector)) {
        vector v;
        memcpy(&v, bytes + at, sizeof(v));
        vector small = v | 0x20, letter = (vector)((vector)(small - 'a') < 26);
        vector upper = (vector)((vector)(v - 'A') < 26), digit = (vector)((vector)(v - '0') < 10);
        vector word = letter | digit | (vector)(v > 0x7f);
        vector becomes = (word & ((letter & small) | (~letter & v))) | (~word & ' ');
        memcpy(text + at, &becomes, sizeof(becomes));
        c.word |= tops(word) << at;
        c.upper |= tops(upper) << at;
        c.lower |= tops(letter & ~upper) << at;
        c.high |= tops(v) << at;
        c.line_end |= tops((vector)(v == '\n') | (vector)(v == '\r')) << at;
        c.apostrophe |= tops((vector)(v == '\'')) << at;
    }
    return c;
}

static inline uint64_t below(size_t bits)
{
    return bits < 64 ? ((uint64_t)1 << bits) - 1 : ~(uint64_t)0;
}

/* ---- words -------------------------------------------------------------------------------- */

/* Capitals of Latin-1 and Cyrillic in UTF-8, whose small ones have the same first byte. */
static uint8_t lower_second(uint8_t first, uint8_t c)
{
    if (first == 0xc3 && c >= 0x80 && c <= 0x9e && c != 0x97)
        return (uint8_t)(c + 0x20);
    return first == 0xd0 && c >= 0x90 && c <= 0x9f ? (uint8_t)(c + 0x20) : c;
}

static void lower_wide(struct pii_words *w, const uint8_t *bytes, uint64_t high)
{
    for (high &= ~(uint64_t)1; high; high &= high - 1) {
        unsigned i = (unsigned)__builtin_ctzll(high);
        w->text[i] = lower_second(bytes[i - 1], bytes[i]);
    }
}

/* Only the last `count`. */
static uint64_t last_bits(uint64_t mask, unsigned count)
{
    uint64_t kept = 0;
    for (; mask && count > 0; count--) {
        uint64_t top = (uint64_t)1 << (63 - __builtin_clzll(mask));
        kept |= top;
        mask ^= top;
    }
    return kept;
}

/* "d'identité" is one word, "didentité". */
static void leave_out_apostrophes(struct pii_words *w)
{
    size_t n = 0;
    uint64_t begins = 0;
    bool begun = false;
    for (size_t i = (size_t)__builtin_ctzll(w->begins); i < w->size; i++) {
        bool begin = w->begins >> i & 1;
        if (w->apostrophes >> i & 1)
            continue;
        if (w->text[i] != ' ' && (begin || !begun))
            begins |= (uint64_t)1 << n;
        begun = w->text[i] != ' ';
        w->text[n++] = w->text[i];
    }
    memset(w->text + n, ' ', w->size - n);
    w->size = n;
    w->begins = begins;
}

static void read_words(struct pii_words *w, const uint8_t *p, size_t size)
{
    uint8_t copy[PII_CONTEXT_BYTES];
    if (size < sizeof(copy)) {
        memset(copy, ' ', sizeof(copy));
        memcpy(copy, p, size);
        p = copy;
    }
    PII_WORK(PII_CONTEXT_BYTES);
    struct classes c = classify(p, w->text);
    memset(w->text + PII_CONTEXT_BYTES, ' ', sizeof(w->text) - PII_CONTEXT_BYTES);
    if (c.high)
        lower_wide(w, p, c.high);
    w->size = size;
    w->word = c.word | c.apostrophe;
    w->apostrophes = c.apostrophe;
    w->line_ends = c.line_end;
    /* A word begins at "P" of "homePhone" and of "HTTPPort", although nothing separates it. */
    w->humps = c.upper & (c.lower << 1 | (c.upper << 1 & c.lower >> 1));
}

/* Only the last `count` words from now on; false when there is none. */
static bool choose(struct pii_words *w, unsigned count)
{
    w->begins = last_bits(w->word & ~(w->word << 1), count);
    if (w->begins == 0)
        return false;
    w->begins |= w->humps & ~below((size_t)__builtin_ctzll(w->begins));
    if (w->apostrophes)
        leave_out_apostrophes(w);
    w->begins = last_bits(w->begins, count);
    return w->begins != 0;
}

/* The words in front of `start`, NULL when there is nothing. They are kept with the text: several recognisers ask
 * about the same place. `own` is room for them where that is not possible. */
static struct pii_words *words_before(const struct pii_text *t, size_t start, unsigned count, struct pii_words *own)
{
    struct pii_words *w = t->memo ? &t->memo->words : own;
    if (w == own || w->start != start) {
        size_t size = start < PII_CONTEXT_BYTES ? start : PII_CONTEXT_BYTES;
        if (size == 0)
            return NULL;
        read_words(w, t->p + start - size, size);
        w->start = start;
        if (w->line_ends)
            w->word &= ~below(64 - (size_t)__builtin_clzll(w->line_ends));
    }
    if (w->apostrophes && w != own) {
        *own = *w;
        w = own;
    }
    return choose(w, count) ? w : NULL;
}

/* ---- entries ------------------------------------------------------------------------------ */

static bool word_begins(const struct pii_words *w, size_t at)
{
    return at < w->size && (w->begins >> at & 1);
}

static bool word_ends(const struct pii_words *w, size_t at)
{
    if (w->text[at] == 's' && !word_begins(w, at))
        at++;
    while (at < w->size && pii_digit(w->text[at]))
        at++;
    return at >= w->size || w->text[at] == ' ' || word_begins(w, at);
}

/* The entry stands at `at` in the text, spaces within it or not; *end is behind it. */
static bool stands(const struct pii_words *w, size_t at, const char *entry, size_t size, size_t *end)
{
    bool apart = true;
    for (size_t i = 0; i < size; i++) {
        if (entry[i] == ' ') {
            while (at < w->size && w->text[at] == ' ')
                at++;
            apart = true;
            continue;
        }
        if (at >= w->size || w->text[at] != (uint8_t)entry[i] || (!apart && word_begins(w, at)))
            return false;
        apart = false;
        at++;
    }
    *end = at;
    return true;
}

/* Where the entry ends that stands at `at`, 0 when it does not. */
static size_t place(const struct pii_words *w, size_t at, const char *entry, size_t size, size_t inside_min)
{
    size_t end;
    bool inside = size >= inside_min;
    if (!inside && !word_begins(w, at))
        return 0;
    return stands(w, at, entry, size, &end) && (inside || word_ends(w, end)) ? end : 0;
}

/* For lists without an index. */
static size_t last_of_list(const struct pii_words *w, const char *list, size_t inside_min)
{
    size_t last = 0;
    while (*list) {
        size_t size = strcspn(list, "|");
        for (size_t at = (size_t)__builtin_ctzll(w->begins); at < w->size; at++) {
            size_t end = place(w, at, list, size, inside_min);
            last = end > last ? end : last;
        }
        list += size + (list[size] == '|');
    }
    return last;
}

static size_t last_of_bucket(const struct pii_words *w, size_t at, const struct pii_cues *cues, size_t inside_min)
{
    size_t last = 0;
    uint8_t second = word_begins(w, at + 1) ? ' ' : w->text[at + 1];
    unsigned number = cues->bucket[pii_cue_bucket(w->text[at], second)];
    while (number > 0) {
        const struct pii_cue *cue = &cues->cue[number - 1];
        size_t end = place(w, at, cues->list + cue->at, cue->size, inside_min);
        last = end > last ? end : last;
        number = cue->next;
    }
    return last;
}

/* Bit i: an entry that is also found inside of words may stand at byte i. */
static uint64_t perhaps_inside(const struct pii_words *w, const struct pii_cues *cues)
{
    uint64_t found = 0;
    for (size_t at = (size_t)__builtin_ctzll(w->begins); at < w->size; at++)
        found |= (uint64_t)pii_cue_inside(cues, w->text + at) << at;
    return found;
}

/* Where the last of the entries ends, 0 when there is none. */
static size_t last_of_any(const struct pii_words *w, const char *list, size_t inside_min)
{
    const struct pii_cues *cues = pii_context_index(list);
    if (!cues)
        return last_of_list(w, list, inside_min);
    size_t last = 0;
    uint64_t places = w->begins;
    if (inside_min != SIZE_MAX)
        places |= perhaps_inside(w, cues);
    for (; places; places &= places - 1) {
        size_t end = last_of_bucket(w, (size_t)__builtin_ctzll(places), cues, inside_min);
        last = end > last ? end : last;
    }
    return last;
}

static bool field_has(const struct pii_text *t, const char *list)
{
    struct pii_words w;
    size_t size = t->field_size < PII_CONTEXT_BYTES ? t->field_size : PII_CONTEXT_BYTES;
    if (size == 0)
        return false;
    read_words(&w, t->field, size);
    return choose(&w, PII_CONTEXT_BYTES) && last_of_any(&w, list, PII_CUE_INSIDE_MIN) != 0;
}

unsigned pii_context_near(const struct pii_text *t, size_t start, const char *list)
{
    struct pii_words own;
    if (field_has(t, list))
        return PII_CONTEXT_WORDS;
    const struct pii_words *w = words_before(t, start, PII_CONTEXT_WORDS, &own);
    size_t end = w ? last_of_any(w, list, PII_CUE_INSIDE_MIN) : 0;
    if (end == 0)
        return 0;
    return PII_CONTEXT_WORDS - (unsigned)__builtin_popcountll(w->begins & ~below(end));
}

bool pii_context_before(const struct pii_text *t, size_t start, unsigned count, const char *list)
{
    struct pii_words own;
    const struct pii_words *w = words_before(t, start, count, &own);
    return w && last_of_any(w, list, SIZE_MAX) != 0;
}
