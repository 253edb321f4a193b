/* SPDX-License-Identifier: MIT */
/* What stands in front of a match becomes " words like these " once, then is searched. */
#include "context.h"

#include <string.h>

#include "recognisers.h"

#define FIELD_MAX 64
#define INSIDE_MIN 5 /* letters from which on an entry is found inside of words */

/* Words, each with one space before it, and one behind the last. */
struct words {
    char text[2 * PII_CONTEXT_BYTES + 4];
    size_t size;
};

static bool upper(int c)
{
    return c >= 'A' && c <= 'Z';
}

/* A new word begins at `i` although no separator stands before it. */
static bool hump(const uint8_t *p, size_t i, size_t size)
{
    if (i == 0 || !upper(p[i]))
        return false;
    if (p[i - 1] >= 'a' && p[i - 1] <= 'z')
        return true;
    return upper(p[i - 1]) && i + 1 < size && p[i + 1] >= 'a' && p[i + 1] <= 'z';
}

/* Capitals of Latin-1 and Cyrillic in UTF-8, whose small ones have the same first byte. */
static uint8_t lower_second(uint8_t first, uint8_t c)
{
    if (first == 0xc3 && c >= 0x80 && c <= 0x9e && c != 0x97)
        return (uint8_t)(c + 0x20);
    return first == 0xd0 && c >= 0x90 && c <= 0x9f ? (uint8_t)(c + 0x20) : c;
}

static void add(struct words *w, int c)
{
    if (c == ' ' && w->size > 0 && w->text[w->size - 1] == ' ')
        return;
    w->text[w->size++] = (char)c;
}

static void collect(struct words *w, const uint8_t *p, size_t size)
{
    w->size = 0;
    add(w, ' ');
    for (size_t i = 0; i < size; i++) {
        int c = p[i];
        if (!pii_alnum(c) && c < 0x80) {
            /* An apostrophe belongs to its word. */
            if (c != '\'')
                add(w, ' ');
            continue;
        }
        if (hump(p, i, size))
            add(w, ' ');
        add(w, c < 0x80 ? pii_lower(c) : lower_second(i > 0 ? p[i - 1] : 0, (uint8_t)c));
    }
    add(w, ' ');
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

/* Where the last of its places ends, 0 when there is none. */
static size_t last_place(const struct words *w, const char *entry, size_t size, bool inside)
{
    size_t last = 0, end;
    for (size_t at = 1; at < w->size; at++) {
        if (w->text[at] != entry[0] || (!inside && w->text[at - 1] != ' '))
            continue;
        if (stands(w, at, entry, size, &end) && (inside || word_ends(w, end)))
            last = end;
    }
    return last;
}

static size_t last_of_any(const struct words *w, const char *list, size_t inside_min)
{
    size_t last = 0;
    while (*list) {
        size_t size = strcspn(list, "|");
        size_t place = last_place(w, list, size, size >= inside_min);
        last = place > last ? place : last;
        list += size + (list[size] == '|');
    }
    return last;
}

static bool line_end(int c)
{
    return c == '\n' || c == '\r';
}

/* The words in front of `start`; false when there is nothing. */
static bool words_before(const struct pii_text *t, size_t start, unsigned count, struct words *w)
{
    size_t from = start;
    while (from > 0 && start - from < PII_CONTEXT_BYTES && !line_end(t->p[from - 1]))
        from--;
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
        if (last_of_any(&w, list, INSIDE_MIN))
            return PII_CONTEXT_WORDS;
    }
    if (!words_before(t, start, PII_CONTEXT_WORDS, &w))
        return 0;
    size_t place = last_of_any(&w, list, INSIDE_MIN);
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
