/* SPDX-License-Identifier: MIT */
/* What stands in front of a match becomes " words like these " once, then is searched. */
#include "context.h"

#include <string.h>

#include "context_index.h"
#include "recognisers.h"

#define FIELD_MAX 64

/* Words, each with one space before it, and one behind the last. */
struct words {
    char text[2 * PII_CONTEXT_BYTES + 4];
    size_t size;
};

static bool upper(int c)
{
    return c >= 'A' && c <= 'Z';
}

static bool lower(int c)
{
    return c >= 'a' && c <= 'z';
}

/* A new word begins at `i` although no separator stands before it. */
static bool hump(const uint8_t *p, size_t i, size_t size)
{
    if (i == 0 || !upper(p[i]))
        return false;
    return lower(p[i - 1]) || (upper(p[i - 1]) && i + 1 < size && lower(p[i + 1]));
}

/* Capitals of Latin-1 and Cyrillic in UTF-8, whose small ones have the same first byte. */
static uint8_t lower_second(uint8_t first, uint8_t c)
{
    if (first == 0xc3 && c >= 0x80 && c <= 0x9e && c != 0x97)
        return (uint8_t)(c + 0x20);
    return first == 0xd0 && c >= 0x90 && c <= 0x9f ? (uint8_t)(c + 0x20) : c;
}

/* What a byte becomes: a small letter, a digit, ' ' for what separates, 0 for an apostrophe. */
static const uint8_t becomes[256] = {
    [0 ... 0x26] = ' ', [0x28 ... 0x2f] = ' ', [0x3a ... 0x40] = ' ', [0x5b ... 0x60] = ' ',
    [0x7b ... 0x7f] = ' ',
    ['0'] = '0', ['1'] = '1', ['2'] = '2', ['3'] = '3', ['4'] = '4', ['5'] = '5', ['6'] = '6', ['7'] = '7',
    ['8'] = '8', ['9'] = '9',
#define LETTER(small, capital) [small] = small, [capital] = small
    LETTER('a', 'A'), LETTER('b', 'B'), LETTER('c', 'C'), LETTER('d', 'D'), LETTER('e', 'E'),
    LETTER('f', 'F'), LETTER('g', 'G'), LETTER('h', 'H'), LETTER('i', 'I'), LETTER('j', 'J'),
    LETTER('k', 'K'), LETTER('l', 'L'), LETTER('m', 'M'), LETTER('n', 'N'), LETTER('o', 'O'),
    LETTER('p', 'P'), LETTER('q', 'Q'), LETTER('r', 'R'), LETTER('s', 'S'), LETTER('t', 'T'),
    LETTER('u', 'U'), LETTER('v', 'V'), LETTER('w', 'W'), LETTER('x', 'X'), LETTER('y', 'Y'),
    LETTER('z', 'Z'),
#undef LETTER
};

/* Neither capitals, which may begin words, nor letters of more than a byte. */
static bool is_simple(const uint8_t *p, size_t size)
{
    unsigned other = 0;
    for (size_t i = 0; i < size; i++)
        other |= (unsigned)(p[i] >= 0x80) | (unsigned)((uint8_t)(p[i] - 'A') < 26);
    return other == 0;
}

/* Without branches that nobody could predict, for this runs for every number: a byte is written,
 * and counts unless it is an apostrophe or a second space. */
static size_t collect_simple(char *text, const uint8_t *p, size_t size)
{
    size_t n = 1;
    uint8_t last = ' ';
    for (size_t i = 0; i < size; i++) {
        uint8_t c = becomes[p[i]];
        bool kept = (c != 0) & !((c == ' ') & (last == ' '));
        text[n] = (char)c;
        n += kept;
        last = kept ? c : last;
    }
    return n;
}

static size_t collect_any(char *text, const uint8_t *p, size_t size)
{
    size_t n = 1;
    for (size_t i = 0; i < size; i++) {
        uint8_t c = p[i] < 0x80 ? becomes[p[i]] : lower_second(i > 0 ? p[i - 1] : 0, p[i]);
        if (hump(p, i, size) && text[n - 1] != ' ')
            text[n++] = ' ';
        if (c != 0 && !(c == ' ' && text[n - 1] == ' '))
            text[n++] = (char)c;
    }
    return n;
}

static void collect(struct words *w, const uint8_t *p, size_t size)
{
    w->text[0] = ' ';
    w->size = is_simple(p, size) ? collect_simple(w->text, p, size) : collect_any(w->text, p, size);
    if (w->text[w->size - 1] != ' ')
        w->text[w->size++] = ' ';
}

/* Only the last `count` of them. */
static void shorten(struct words *w, unsigned count)
{
    size_t from = w->size - 1;
    for (unsigned words = 0; from > 0 && words < count; words++)
        do
            from--;
        while (from > 0 && w->text[from] != ' ');
    memmove(w->text, w->text + from, w->size - from);
    w->size -= from;
}

static bool word_ends(const struct words *w, size_t at)
{
    if (w->text[at] == 's')
        at++;
    while (at < w->size && pii_digit((uint8_t)w->text[at]))
        at++;
    return at >= w->size || w->text[at] == ' ';
}

/* The entry stands at `at` in the text, spaces within it or not; *end is behind it. */
static bool stands(const struct words *w, size_t at, const char *entry, size_t size, size_t *end)
{
    for (size_t i = 0; i < size; i++) {
        if (entry[i] == ' ' && (at >= w->size || w->text[at] != ' '))
            continue;
        if (at >= w->size || w->text[at++] != entry[i])
            return false;
    }
    *end = at;
    return true;
}

/* Where the entry ends that stands at `at`, 0 when it does not. */
static size_t place(const struct words *w, size_t at, const char *entry, size_t size, size_t inside_min)
{
    size_t end;
    bool inside = size >= inside_min;
    if (!inside && w->text[at - 1] != ' ')
        return 0;
    return stands(w, at, entry, size, &end) && (inside || word_ends(w, end)) ? end : 0;
}

/* For lists without an index. */
static size_t last_of_list(const struct words *w, const char *list, size_t inside_min)
{
    size_t last = 0;
    while (*list) {
        size_t size = strcspn(list, "|");
        for (size_t at = 1; at < w->size; at++) {
            size_t end = place(w, at, list, size, inside_min);
            last = end > last ? end : last;
        }
        list += size + (list[size] == '|');
    }
    return last;
}

static size_t last_of_bucket(const struct words *w, size_t at, const struct pii_cues *cues, unsigned number,
                             size_t inside_min)
{
    size_t last = 0;
    while (number > 0) {
        const struct pii_cue *cue = &cues->cue[number - 1];
        size_t end = place(w, at, cues->list + cue->at, cue->size, inside_min);
        last = end > last ? end : last;
        number = cue->next;
    }
    return last;
}

/* Where the last of the entries ends, 0 when there is none. */
static size_t last_of_any(const struct words *w, const char *list, size_t inside_min)
{
    const struct pii_cues *cues = pii_context_index(list);
    if (!cues)
        return last_of_list(w, list, inside_min);
    size_t last = 0;
    for (size_t at = 1; at + 1 < w->size; at++) {
        unsigned bucket = pii_cue_bucket((uint8_t)w->text[at], (uint8_t)w->text[at + 1]);
        bool inside = cues->inside[bucket / 8] >> bucket % 8 & (inside_min != SIZE_MAX);
        if (cues->bucket[bucket] == 0 || !(inside | (w->text[at - 1] == ' ')))
            continue;
        size_t end = last_of_bucket(w, at, cues, cues->bucket[bucket], inside_min);
        last = end > last ? end : last;
    }
    return last;
}

static bool line_end(int c)
{
    return c == '\n' || c == '\r';
}

/* Where the last `count` words in front of `start` begin, or a little earlier. */
static size_t words_begin(const struct pii_text *t, size_t start, unsigned count)
{
    size_t from = start;
    bool in_word = false;
    for (unsigned words = 0; from > 0 && start - from < PII_CONTEXT_BYTES; from--) {
        int c = t->p[from - 1];
        bool separator = becomes[c] == ' ';
        words += separator & in_word;
        if (words == count || line_end(c))
            break;
        in_word = !separator;
    }
    return from;
}

/* The words in front of `start`; false when there is nothing. */
static bool words_before(const struct pii_text *t, size_t start, unsigned count, struct words *w)
{
    size_t from = words_begin(t, start, count);
    if (from == start)
        return false;
    collect(w, t->p + from, start - from);
    shorten(w, count);
    return true;
}

unsigned pii_context_near(const struct pii_text *t, size_t start, const char *list)
{
    struct words w;
    if (t->field_size > 0) {
        collect(&w, t->field, t->field_size < FIELD_MAX ? t->field_size : FIELD_MAX);
        if (last_of_any(&w, list, PII_CUE_INSIDE_MIN))
            return PII_CONTEXT_WORDS;
    }
    if (!words_before(t, start, PII_CONTEXT_WORDS, &w))
        return 0;
    size_t place = last_of_any(&w, list, PII_CUE_INSIDE_MIN);
    if (place == 0)
        return 0;
    unsigned near = PII_CONTEXT_WORDS;
    for (; place + 1 < w.size; place++)
        near -= w.text[place] == ' ';
    return near;
}

bool pii_context_before(const struct pii_text *t, size_t start, unsigned count, const char *list)
{
    struct words w;
    return words_before(t, start, count, &w) && last_of_any(&w, list, SIZE_MAX) != 0;
}
