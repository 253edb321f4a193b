/* SPDX-License-Identifier: MIT */
/* Lists of words in the pii transform, against a search for each word at each place. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "engine/words.h"
#include "pii_texts.h"

#define WORDS 60

static size_t live;

static void *allocate(void *arg, size_t size)
{
    (void)arg;
    live++;
    return calloc(1, size);
}

static void release(void *arg, void *block)
{
    (void)arg;
    live -= block != NULL;
    free(block);
}

static const struct pii_memory memory = {allocate, release, NULL};

static bool word_byte(int c)
{
    return pii_alnum(c) || c >= 0x80;
}

static bool stands(const struct pii_word *word, const struct pii_text *t, size_t at,
                   struct pii_words_options options)
{
    if (at + word->size > t->len)
        return false;
    for (size_t i = 0; i < word->size; i++) {
        int a = (uint8_t)word->bytes[i], b = t->p[at + i];
        if (a != b && !(options.fold && pii_lower(a) == pii_lower(b)))
            return false;
    }
    size_t end = at + word->size;
    bool left = word_byte(pii_at(t, at - 1)) && word_byte(t->p[at]);
    bool right = word_byte(pii_at(t, end - 1)) && word_byte(pii_at(t, end));
    return options.inside || (!left && !right);
}

/* All places, one behind the other's beginning, as the engine asks. */
static void check(const struct pii_word *list, size_t count, struct pii_words_options options,
                  const struct pii_text *t, size_t from, size_t limit)
{
    struct pii_words *words = pii_words_new(memory, list, count, options);
    assert_non_null(words);
    struct pii_match m = {0};
    size_t next = from;
    for (size_t at = from; at < limit; at++) {
        size_t longest = 0;
        for (size_t i = 0; i < count; i++)
            if (list[i].size > longest && stands(&list[i], t, at, options))
                longest = list[i].size;
        if (longest == 0)
            continue;
        assert_true(pii_words_seek(words, t, next, limit, &m));
        assert_int_equal(m.start, at);
        assert_int_equal(m.end, at + longest);
        next = at + 1;
    }
    assert_false(pii_words_seek(words, t, next, limit, &m));
    pii_words_destroy(words);
    assert_int_equal(live, 0);
}

static size_t random_text(struct pii_random *random, char *out, size_t size)
{
    for (size_t i = 0; i < size; i++)
        out[i] = "aabbAB1 -_.\xc3\xa4"[pii_next(random, 13)];
    return size;
}

static void test_like_a_search_for_each(void **state)
{
    (void)state;
    static char pool[WORDS * 8], text[600];
    for (unsigned seed = 0; seed < 600; seed++) {
        struct pii_random random = {seed};
        struct pii_word list[WORDS];
        size_t count = 1 + pii_next(&random, WORDS - 1);
        for (size_t i = 0; i < count; i++) {
            list[i] = (struct pii_word){pool + 8 * i, 1 + pii_next(&random, seed % 2 ? 3 : 8)};
            random_text(&random, pool + 8 * i, list[i].size);
        }
        struct pii_text t = {.p = (uint8_t *)text, .len = random_text(&random, text, pii_next(&random, 600))};
        size_t from = t.len ? pii_next(&random, (uint32_t)t.len) / 4 : 0;
        struct pii_words_options options = {.fold = seed % 3 == 0, .inside = seed % 5 == 0};
        check(list, count, options, &t, from, t.len - (t.len - from) / 8);
    }
}

static void expect(const char *word, const char *text, struct pii_words_options options, int start, int end)
{
    const struct pii_word list[] = {{word, strlen(word)}};
    const struct pii_text t = {.p = (const uint8_t *)text, .len = strlen(text)};
    struct pii_match m = {0};
    struct pii_words *words = pii_words_new(memory, list, 1, options);
    assert_int_equal(pii_words_seek(words, &t, 0, t.len, &m), start >= 0);
    if (start >= 0) {
        assert_int_equal(m.start, start);
        assert_int_equal(m.end, end);
        assert_true(m.checked && m.score == 100);
    }
    pii_words_destroy(words);
}

static void test_by_example(void **state)
{
    (void)state;
    const struct pii_words_options exact = {false, false}, fold = {true, false}, inside = {false, true};
    expect("New York", "in New York, now", exact, 3, 11);
    expect("New York", "in new york", exact, -1, 0);
    expect("New York", "in nEW yORK", fold, 3, 11);
    expect("York", "Yorkshire New_York", exact, 14, 18);
    expect("York", "Yorks Yorkshire", exact, -1, 0);
    expect("York", "Yorks", inside, 0, 4);
    expect("#a-7", "x#a-7b #a-7", exact, 7, 11);
    expect("M\xc3\x9cLLER", "Herr m\xc3\xbcller.", fold, 5, 12);
    expect("\xd0\x9f\xd0\xa0", "\xd0\xbf\xd1\x80", fold, 0, 4);
    expect("\xce\x91\xce\xa1", "\xce\xb1\xcf\x81", fold, 0, 4);
    expect("\xe6\x9d\xb1", "\xe5\x9c\xa8\xe6\x9d\xb1\xe4\xba\xac", inside, 3, 6);
}

/* A large list: each word of it is found, and none of their beginnings. */
static void test_a_hundred_thousand(void **state)
{
    (void)state;
    enum { COUNT = 120000 };
    static char pool[COUNT][12];
    static struct pii_word list[COUNT];
    for (unsigned i = 0; i < COUNT; i++)
        list[i] = (struct pii_word){pool[i], (size_t)snprintf(pool[i], sizeof(pool[i]), "w%xq", i * 7919u)};
    struct pii_words *words = pii_words_new(memory, list, COUNT, (struct pii_words_options){0});
    for (unsigned i = 0; i < COUNT; i += 7) {
        const struct pii_text t = {.p = (uint8_t *)pool[i], .len = list[i].size};
        struct pii_match m;
        assert_true(pii_words_seek(words, &t, 0, t.len, &m) && m.end == t.len);
        const struct pii_text shorter = {.p = (uint8_t *)pool[i], .len = list[i].size - 1};
        assert_false(pii_words_seek(words, &shorter, 0, shorter.len, &m));
    }
    pii_words_destroy(words);
}

static void test_refused(void **state)
{
    (void)state;
    static char longer[PII_WORD_MAX + 1];
    struct pii_word list[] = {{"a", 1}, {"", 0}};
    assert_null(pii_words_new(memory, list, 2, (struct pii_words_options){0}));
    list[1] = (struct pii_word){longer, sizeof(longer)};
    assert_null(pii_words_new(memory, list, 2, (struct pii_words_options){0}));
    struct pii_words *none = pii_words_new(memory, list, 0, (struct pii_words_options){0});
    const struct pii_text t = {.p = (const uint8_t *)"a b", .len = 3};
    struct pii_match m;
    assert_false(pii_words_seek(none, &t, 0, 3, &m));
    pii_words_destroy(none);
    assert_int_equal(live, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_like_a_search_for_each),
        cmocka_unit_test(test_by_example),
        cmocka_unit_test(test_a_hundred_thousand),
        cmocka_unit_test(test_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
