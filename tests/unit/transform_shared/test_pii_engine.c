/* SPDX-License-Identifier: MIT */
/*
 * The engine of the pii transform against one that knows no windows, no pieces and no queue: all
 * recognisers are asked about all their anchors, over the whole text. And what it costs, in
 * calls of recognisers, on texts that are made to be dear.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "engine/engine.h"
#include "pii_anchors.h"
#include "pii_texts.h"

#define TEXT_MAX 40000
#define FOUND_MAX 20000

struct found {
    struct pii_match m[FOUND_MAX];
    size_t count, bytes; /* bytes handed on */
    const uint8_t *text;
};

/* ---- what the engine hands on ---- */

static void on_clean(void *arg, const uint8_t *bytes, size_t size)
{
    struct found *f = arg;
    assert_memory_equal(bytes, f->text + f->bytes, size);
    f->bytes += size;
}

static void on_found(void *arg, const struct pii_match *m, const uint8_t *bytes, size_t size)
{
    struct found *f = arg;
    assert_int_equal(m->start, f->bytes);
    assert_int_equal(m->end - m->start, size);
    assert_true(f->count < FOUND_MAX && size <= PII_MATCH_MAX);
    f->m[f->count++] = *m;
    on_clean(f, bytes, size);
}

static void on_more(void *arg, const uint8_t *bytes, size_t size)
{
    struct found *f = arg;
    on_clean(f, bytes, size);
    f->m[f->count - 1].end += size;
}

/* ---- the slow one ---- */

static bool goes_first(const struct pii_text *t, const struct pii_match *a, const struct pii_match *b)
{
    if (a->start != b->start)
        return a->start < b->start;
    if (a->checked != b->checked)
        return a->checked;
    if (a->end != b->end)
        return a->end > b->end;
    unsigned x = pii_registry_score(t, a), y = pii_registry_score(t, b);
    return x != y ? x > y : a->entity < b->entity;
}

static void insert(const struct pii_text *t, struct found *f, struct pii_match m)
{
    assert_true(f->count < FOUND_MAX);
    size_t at = f->count++;
    for (; at > 0 && goes_first(t, &m, &f->m[at - 1]); at--)
        f->m[at] = f->m[at - 1];
    f->m[at] = m;
}

static void find_all(const struct pii_text *t, const struct pii_rules *rules, struct found *all)
{
    for (size_t at = 0; at < t->len; at++)
        for (unsigned kind = 0; kind < PII_ANCHORS; kind++) {
            if (rules->first[kind] == rules->first[kind + 1] || !wanted(t, at, kind))
                continue;
            for (size_t i = rules->first[kind]; i < rules->first[kind + 1]; i++) {
                struct pii_match m = {.entity = rules->rules[i].entity};
                if (!rules->rules[i].find(t, at, &m) ||
                    pii_registry_score(t, &m) < rules->threshold[m.entity])
                    continue;
                if (m.start > at + 1 || at + 1 - m.start > PII_REACH || m.start >= m.end || m.end > t->len ||
                    m.end - m.start > PII_MATCH_MAX)
                    fail_msg("%s from %zu to %zu, anchor %u at %zu", pii_entities[m.entity].name, m.start,
                             m.end, kind, at);
                insert(t, all, m);
            }
        }
}

static bool overruled(const struct found *all, size_t i)
{
    for (size_t k = i + 1; k < all->count && all->m[k].start < all->m[i].end; k++)
        if (all->m[k].checked)
            return true;
    return false;
}

static void resolve(const struct pii_text *t, struct found *all, struct found *taken)
{
    size_t done = 0;
    for (size_t i = 0; i < all->count; i++) {
        struct pii_match m = all->m[i];
        const struct pii_entity_info *info = &pii_entities[m.entity];
        if (m.start < done) {
            /* Trimmed, it goes back among those that are left. */
            if (m.end <= done || !info->trim || !info->trim(t, &m, done))
                continue;
            memmove(all->m, all->m + i + 1, (all->count - i - 1) * sizeof(m));
            all->count -= i + 1;
            insert(t, all, m);
            i = SIZE_MAX;
            continue;
        }
        if (!m.checked && overruled(all, i))
            continue;
        while (m.open_ended && m.end < t->len && info->goes_on(t->p[m.end]))
            m.end++;
        done = m.end;
        taken->m[taken->count++] = m;
    }
}

/* ---- both ---- */

static void feed(struct pii_engine *e, const uint8_t *text, size_t n, struct pii_random *random, size_t most)
{
    size_t at = 0;
    while (at < n) {
        size_t part = 1 + (most > 1 ? pii_next(random, (uint32_t)most) : 0);
        part = part < n - at ? part : n - at;
        assert_true(pii_engine_feed(e, text + at, part, false));
        at += part;
    }
    assert_true(pii_engine_feed(e, NULL, 0, true));
}

static void show(const char *who, const struct found *f)
{
    for (size_t i = 0; i < f->count; i++)
        print_error("%s: %s %zu to %zu\n", who, pii_entities[f->m[i].entity].name, f->m[i].start, f->m[i].end);
}

static void expect_same(const struct found *got, const struct found *want, unsigned seed, size_t most)
{
    bool same = got->count == want->count;
    for (size_t i = 0; same && i < got->count; i++)
        same = got->m[i].start == want->m[i].start && got->m[i].end == want->m[i].end &&
               got->m[i].entity == want->m[i].entity;
    if (same)
        return;
    show("got", got);
    show("want", want);
    fail_msg("seed %u, pieces up to %zu bytes", seed, most);
}

static void check_text(const struct pii_rules *rules, struct pii_random *random, const char *text, size_t n,
                       unsigned seed)
{
    static const size_t pieces[] = {1, 3, 64, 511, 4097, 20000};
    static struct found all, want, got;
    static struct pii_engine engine;
    static const char *const fields[] = {"", "homePhone", "ssn", "card_number"};
    const char *field = fields[pii_next(random, 4)];
    uint8_t *exact = malloc(n ? n : 1);
    memcpy(exact, text, n);
    const struct pii_text t = {.p = exact, .len = n, .field = (const uint8_t *)field,
                               .field_size = strlen(field)};
    all.count = want.count = 0;
    find_all(&t, rules, &all);
    resolve(&t, &all, &want);
    for (size_t i = 0; i <= sizeof(pieces) / sizeof(pieces[0]); i++) {
        struct pii_sink sink = {.clean = on_clean, .found = on_found, .more = on_more, .arg = &got};
        got.count = got.bytes = 0;
        got.text = exact;
        pii_engine_init(&engine, rules, &sink);
        pii_engine_begin(&engine, field, strlen(field));
        size_t most = i == 0 ? n : pieces[i - 1];
        if (i == 0)
            assert_true(pii_engine_feed(&engine, exact, n, true));
        else
            feed(&engine, exact, n, random, most);
        assert_int_equal(got.bytes, n);
        expect_same(&got, &want, seed, most);
    }
    free(exact);
}

static void check_set(const char *name, unsigned rounds, unsigned first_seed)
{
    static struct pii_rules rules;
    static char text[TEXT_MAX];
    struct pii_set set = {{0, 0}};
    assert_true(pii_registry_select(name, strlen(name), &set));
    assert_true(pii_rules_init(&rules, &set, PII_SCORE_THRESHOLD));
    if (getenv("OBJLENS_TEST_ROUNDS"))
        rounds = (unsigned)atoi(getenv("OBJLENS_TEST_ROUNDS"));
    if (getenv("OBJLENS_TEST_SEED"))
        first_seed = (unsigned)atoi(getenv("OBJLENS_TEST_SEED"));
    for (unsigned seed = first_seed; seed < first_seed + rounds; seed++) {
        struct pii_random random = {seed};
        size_t n = pii_text_make(&random, text, seed % 8 == 0 ? 12000 : 1 + pii_next(&random, 1500));
        check_text(&rules, &random, text, n, seed);
    }
}

static void test_default_entities(void **state)
{
    (void)state;
    check_set("DEFAULT", 120, 0);
}

static void test_all_entities(void **state)
{
    (void)state;
    check_set("ALL", 60, 100000);
}

/* ---- cuts ---- */

/* Found only with the words in front, or not because of what follows. */
static const char *const near_cuts[] = {
    "phone 415 555 2671 ", "(415) 555-2671.bob@x.com ", "ssn 536 22 1234, ", "call me at 020 7946 0958 ",
    "my social security number is 536221234\n", "415-555-2671.ann@example.com ", "order 4155552671 ",
    "card 4111 1111 1111 1111 ", "tel. 4155552671 ", "https://example.com/a?b=c, ", "word ",
};

static size_t fill_near_cuts(char *text, size_t size, struct pii_random *random)
{
    size_t n = 0;
    while (n + 100 < size)
        n += (size_t)sprintf(text + n, "%s",
                             near_cuts[pii_next(random, sizeof(near_cuts) / sizeof(near_cuts[0]))]);
    return n;
}

static void run_cut(const struct pii_rules *rules, struct found *f, const char *text, size_t n, size_t cut)
{
    static struct pii_engine engine;
    const struct pii_sink sink = {.clean = on_clean, .found = on_found, .more = on_more, .arg = f};
    f->count = f->bytes = 0;
    f->text = (const uint8_t *)text;
    pii_engine_init(&engine, rules, &sink);
    pii_engine_begin(&engine, NULL, 0);
    if (cut > 0)
        assert_true(pii_engine_feed(&engine, f->text, cut, false));
    assert_true(pii_engine_feed(&engine, f->text + cut, n - cut, true));
    assert_int_equal(f->bytes, n);
}

/* One cut at every place of a stretch, both pieces so long that they are worked on where they lie:
 * what is found does not change. */
static void test_words_in_front_at_every_cut(void **state)
{
    (void)state;
    static struct pii_rules rules;
    static struct found want, got;
    static char text[12000];
    const struct pii_set set = pii_registry_default();
    assert_true(pii_rules_init(&rules, &set, PII_SCORE_THRESHOLD));
    struct pii_random random = {4};
    size_t n = fill_near_cuts(text, sizeof(text), &random);
    run_cut(&rules, &want, text, n, 0);
    assert_true(want.count > 200);
    for (size_t cut = 5000; cut < 5500; cut++) {
        run_cut(&rules, &got, text, n, cut);
        expect_same(&got, &want, 4, cut);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words_in_front_at_every_cut),
        cmocka_unit_test(test_default_entities),
        cmocka_unit_test(test_all_entities),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
