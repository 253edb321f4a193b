/* SPDX-License-Identifier: MIT */
/*
 * Words in front of a match, by masks of 64 bytes and an index of lists (entities/context.c),
 * against the same written plainly: the text becomes " words like these ", and every entry is
 * tried at every place of it.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "entities/memo.h"
#include "pii_texts.h"

/* ---- plainly ------------------------------------------------------------------------------ */

static bool separates(uint8_t c)
{
    return c < 0x80 && !pii_alnum(c) && c != '\'';
}

static bool capital(int c)
{
    return c >= 'A' && c <= 'Z';
}

static bool small(int c)
{
    return c >= 'a' && c <= 'z';
}

static uint8_t lowered(const uint8_t *p, size_t i)
{
    uint8_t before = i > 0 ? p[i - 1] : 0, c = p[i];
    if ((before == 0xc3 && c >= 0x80 && c <= 0x9e && c != 0x97) || (before == 0xd0 && c >= 0x90 && c <= 0x9f))
        return (uint8_t)(c + 0x20);
    return (uint8_t)pii_lower(c);
}

/* " words like these ", the last `count` of them. */
static void plain_words(const uint8_t *p, size_t size, unsigned count, char *out)
{
    size_t n = 0, words = 0;
    out[n++] = ' ';
    for (size_t i = 0; i < size; i++) {
        bool hump = i > 0 && capital(p[i]) &&
                    (small(p[i - 1]) || (capital(p[i - 1]) && i + 1 < size && small(p[i + 1])));
        if ((hump || separates(p[i])) && out[n - 1] != ' ')
            out[n++] = ' ';
        if (!separates(p[i]) && p[i] != '\'')
            out[n++] = (char)lowered(p, i);
    }
    if (out[n - 1] != ' ')
        out[n++] = ' ';
    out[n] = '\0';
    for (size_t i = n - 1; i > 0; i--)
        if (out[i - 1] == ' ' && ++words == count) {
            memmove(out, out + i - 1, n - i + 2);
            return;
        }
}

/* Where an entry ends that stands at `at`, its spaces there or not; 0: it does not stand there. */
static size_t plain_end(const char *words, size_t at, const char *entry, size_t size, bool inside)
{
    size_t end = at;
    for (size_t i = 0; i < size; i++) {
        if (entry[i] == ' ' && words[end] != ' ')
            continue;
        if (words[end++] != entry[i])
            return 0;
    }
    if (inside)
        return end;
    size_t behind = end + (words[end] == 's');
    while (pii_digit(words[behind]))
        behind++;
    return words[at - 1] == ' ' && words[behind] == ' ' ? end : 0;
}

static size_t plain_last(const char *words, const char *list, bool inside)
{
    size_t last = 0;
    for (; *list; list += *list == '|') {
        size_t size = strcspn(list, "|");
        for (size_t at = 1; words[at]; at++) {
            size_t end = plain_end(words, at, list, size, inside && size >= 5);
            last = end > last ? end : last;
        }
        list += size;
    }
    return last;
}

/* The bytes of the last `count` words: on the same line, at most 64. An apostrophe by itself is one of them. */
static size_t plain_begin(const uint8_t *p, size_t start, unsigned count)
{
    size_t from = start, words = 0;
    for (bool inside = false; from > 0 && start - from < PII_CONTEXT_BYTES; from--) {
        uint8_t c = p[from - 1];
        words += separates(c) && inside;
        if (words == count || c == '\n' || c == '\r')
            break;
        inside = !separates(c);
    }
    return from;
}

static unsigned plain_near(const struct pii_text *t, size_t start, const char *list)
{
    char words[300];
    plain_words(t->field, t->field_size < 64 ? t->field_size : 64, 64, words);
    if (plain_last(words, list, true))
        return PII_CONTEXT_WORDS;
    size_t from = plain_begin(t->p, start, PII_CONTEXT_WORDS);
    plain_words(t->p + from, start - from, PII_CONTEXT_WORDS, words);
    size_t end = plain_last(words, list, true);
    if (end == 0)
        return 0;
    unsigned near = PII_CONTEXT_WORDS;
    for (; words[end + 1]; end++)
        near -= words[end] == ' ';
    return near;
}

static bool plain_before(const struct pii_text *t, size_t start, unsigned count, const char *list)
{
    char words[300];
    size_t from = plain_begin(t->p, start, count);
    plain_words(t->p + from, start - from, count, words);
    return plain_last(words, list, false) != 0;
}

/* ---- both --------------------------------------------------------------------------------- */

static const char *const lists[] = {
    "ssn|social security|ssid|soc sec", "phone|tel|t\xc3\xa9l|call me at|call|cell phone|\xd1\x82\xd0\xb5\xd0\xbb",
    "v|version|ver|a c|d o b|p iva|tc no", "routing|aba|id nr|steuer|n\xc3\xa9 le",
};
static const char *const pieces[] = {
    "ssn", "SSN", "social", "security", "Social", "socialSecurity", "SocialSecurityNo", "phone", "telephones", "Phones2",
    "homePhone", "tel", "tels", "Tel.", "T\xc3\x89L", "t\xc3\xa9l", "call", "me", "at", "callMe", "cell", "v", "v2", "vs", "vX", "ver",
    "a", "c", "A/C", "d.o.b", "DoB", "p.iva", "pIva", "tc", "no", "TCNo", "routing", "abas", "id", "nr", "idNr", "n\xc3\xa9", "le",
    "\xd0\xa2\xd0\xb5\xd0\xbb", "soc", "sec", "so'c sec", "x", "the", "0", "12", "so", "HTTPPort", "\xff", "\xc3",
};
static const char *const between[] = {" ", " ", " ", "  ", "", "_", "-", ": ", "=", "\n", "\r", "'", " '", "' ", ", ", "\t", "\0", ".", "\xc3"};

#define SOME(r, list) list[pii_next(r, sizeof(list) / sizeof(list[0]))]

static size_t make(struct pii_random *r, char *out, size_t count)
{
    size_t n = 0;
    for (; count > 0; count--) {
        const char *parts[2] = {SOME(r, pieces), SOME(r, between)};
        for (size_t i = 0; i < 2; i++) {
            memcpy(out + n, parts[i], strlen(parts[i]));
            n += strlen(parts[i]);
        }
        if (pii_next(r, 40) == 0)
            out[n++] = '\0';
    }
    return n;
}

static void check(const struct pii_text *t, size_t start, unsigned seed)
{
    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
        unsigned want = plain_near(t, start, lists[i]), got = pii_context_near(t, start, lists[i]);
        if (got != want)
            fail_msg("seed %u, in front of %zu: near %u, not %u, of \"%s\" in \"%.*s\"", seed, start, got, want, lists[i],
                     (int)start, (const char *)t->p);
        for (unsigned count = 1; count <= PII_CONTEXT_WORDS; count++)
            if (pii_context_before(t, start, count, lists[i]) != plain_before(t, start, count, lists[i]))
                fail_msg("seed %u, in front of %zu: %u words, \"%s\" in \"%.*s\"", seed, start, count, lists[i],
                         (int)start, (const char *)t->p);
    }
}

static void test_against_plain_search(void **state)
{
    (void)state;
    for (unsigned seed = 0; seed < 6000; seed++) {
        struct pii_random random = {seed};
        struct pii_memo memo;
        char text[1000], field[1000];
        size_t n = make(&random, text, 1 + pii_next(&random, 20));
        size_t field_size = seed % 4 == 0 ? make(&random, field, 1 + pii_next(&random, 12)) : 0;
        struct pii_text t = {.p = (const uint8_t *)text, .len = n, .field = (const uint8_t *)field,
                             .field_size = field_size, .memo = seed % 2 ? &memo : NULL};
        pii_memo_init(&memo);
        for (unsigned times = 0; times < 4; times++)
            check(&t, pii_next(&random, (uint32_t)n + 1), seed);
    }
}

static unsigned near(const char *text, const char *list)
{
    const struct pii_text t = {.p = (const uint8_t *)text, .len = strlen(text)};
    return pii_context_near(&t, t.len, list);
}

static void test_by_hand(void **state)
{
    (void)state;
    assert_int_equal(near("phone ", lists[1]), 5);
    assert_int_equal(near("phone is one two three ", lists[1]), 1);
    assert_int_equal(near("phone is one two three four ", lists[1]), 0);
    assert_int_equal(near("phone\nis ", lists[1]), 0);
    assert_int_equal(near("callMeAt: ", lists[1]), 5);
    assert_int_equal(near("telex ", lists[1]), 0);
    assert_int_equal(near("telephones are ", lists[1]), 4);
    assert_int_equal(near("", lists[1]), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_by_hand),
        cmocka_unit_test(test_against_plain_search),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
