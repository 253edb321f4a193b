/* SPDX-License-Identifier: MIT */
/*
 * What the engine of the pii transform does for a byte of text, counted, not timed: bytes that
 * recognisers look at, and calls of them. On whatever text it is in proportion to the size.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/engine.h"
#include "pii_texts.h"

#define SIZE (32 * 1024)
#define PIECE 6000

uint64_t pii_work;

static void on_bytes(void *arg, const uint8_t *bytes, size_t size)
{
    (void)arg, (void)bytes, (void)size;
}

static void on_found(void *arg, const struct pii_match *m, const uint8_t *bytes, size_t size)
{
    (void)arg, (void)m, (void)bytes, (void)size;
}

static uint64_t work_of(const struct pii_rules *rules, const char *text, size_t size)
{
    static struct pii_engine engine;
    static const struct pii_sink sink = {.clean = on_bytes, .found = on_found, .more = on_bytes};
    pii_work = 0;
    pii_engine_init(&engine, rules, &sink);
    pii_engine_begin(&engine, NULL, 0);
    for (size_t at = 0; at < size; at += PIECE)
        assert_true(pii_engine_feed(&engine, (const uint8_t *)text + at, size - at < PIECE ? size - at : PIECE,
                                    at + PIECE >= size));
    return pii_work;
}

/* Repeated until the text is full: `head` so often, then `tail` so often. */
struct kind {
    const char *head;
    unsigned heads;
    const char *tail;
    unsigned tails;
};

static const struct kind kinds[] = {
    {"@", 1, "", 0}, {"a@", 1, "", 0}, {"a@a.", 1, "", 0}, {"\"@", 1, "", 0}, {"a", 255, "@", 1}, {"a.", 127, "@a.bc", 1},
    {"\"a", 30, "\"@", 30}, {"a@b.cc:", 1, "", 0}, {"@a", 200, ".b", 200}, {"x@1.2.", 1, "", 0},
    {"1", 1, "", 0}, {"1.", 1, "", 0}, {"1 ", 1, "", 0}, {"1234 ", 1, "", 0}, {"4111 ", 1, "", 0}, {"4111111111111 ", 1, "", 0},
    {"1.1.1.1.", 1, "", 0}, {"255.255.255.255 ", 1, "", 0}, {"536-22-", 1, "", 0}, {"536 22 1234 ", 1, "", 0}, {"415-", 1, "", 0},
    {"415-555-", 1, "", 0}, {"(1) ", 1, "", 0}, {"(415) 555-", 1, "", 0}, {"+1", 1, "", 0}, {"+1 415 ", 1, "", 0}, {"001 ", 1, "", 0},
    {"12345678", 1, " ", 1}, {"020 7946 0958 ", 1, "", 0}, {"phone 12345678 ", 1, "", 0}, {"0", 10, "-", 1},
    {".", 1, "", 0}, {"-", 1, "", 0}, {" ", 1, "", 0}, {"a", 1, "", 0}, {"\xc3\xa9", 1, "", 0}, {"\xff", 1, "", 0}, {"\n", 1, "", 0},
    {":", 1, "", 0}, {"::", 1, "1", 1}, {"f:", 1, "", 0}, {"1:", 1, "", 0}, {"::1 ", 1, "", 0}, {"a:b::c", 1, "", 0},
    {"01-23-45-67-", 1, "", 0}, {"0a:", 1, "", 0}, {"abcd.ef12.", 1, "", 0},
    {"http://", 1, "", 0}, {"http://a", 1, "", 0}, {"http://", 100, ")", 1200}, {"http://(", 100, ")", 1200}, {"http://", 60, ".", 1300},
    {"http://", 100, " ", 1}, {"http://", 200, "a)))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))) ", 1},
    {"http://)", 200, "(", 1}, {"a://", 400, "].].].].].].].].].].].].].].].].].].].].].].].].].].].].].].].] ", 1},
    {"http://a", 1, ")", 2000}, {"a://b[", 150, "]", 1000}, {"http://a;", 1, "", 0}, {"a://b&amp;", 1, "", 0}, {"a://", 90, ";aaaaaaaaaaaaaaaa", 90},
    {"1A", 1, "", 0}, {"1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2 ", 1, "", 0}, {"3", 36, " ", 1}, {"bc1q", 28, " ", 1},
    {"0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed ", 1, "", 0}, {"AB12", 1, "", 0}, {"GB82 ", 1, "", 0}, {"GB82WEST12345698765432 ", 1, "", 0},
    {"AB123456C ", 1, "", 0}, {"1EG4TE5MK73 ", 1, "", 0}, {"AKIA", 5, " ", 1}, {"%40", 1, "", 0}, {"'", 1, "1234567 ", 1},
};

static size_t fill(char *text, size_t size, const struct kind *kind)
{
    size_t n = 0, head = strlen(kind->head), tail = strlen(kind->tail);
    while (n < size) {
        for (unsigned i = 0; i < kind->heads; i++, n += head)
            memcpy(text + n, kind->head, head);
        for (unsigned i = 0; i < kind->tails; i++, n += tail)
            memcpy(text + n, kind->tail, tail);
    }
    return size;
}

static void check(const char *set_name, uint64_t per_byte_max)
{
    static struct pii_rules rules;
    struct pii_set set = {{0, 0}};
    char *text = malloc(SIZE + 8192);
    assert_non_null(text);
    assert_true(pii_registry_select(set_name, strlen(set_name), &set));
    assert_true(pii_rules_init(&rules, &set, PII_SCORE_THRESHOLD));
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        fill(text, SIZE, &kinds[i]);
        uint64_t quarter = work_of(&rules, text, SIZE / 4), all = work_of(&rules, text, SIZE);
        if (getenv("OBJLENS_TEST_SHOW"))
            print_message("%6.1f a byte of %s: \"%.20s\" %u, \"%.20s\" %u\n", (double)all / SIZE, set_name, kinds[i].head,
                          kinds[i].heads, kinds[i].tail, kinds[i].tails);
        if (all > per_byte_max * SIZE || all > 5 * quarter + SIZE)
            fail_msg("%.1f a byte of %s: \"%s\" %u, \"%s\" %u; %.1f of a quarter of it", (double)all / SIZE, set_name,
                     kinds[i].head, kinds[i].heads, kinds[i].tail, kinds[i].tails, 4.0 * (double)quarter / SIZE);
    }
    free(text);
}

static void test_default_entities(void **state)
{
    (void)state;
    check("DEFAULT", 60);
}

static void test_all_entities(void **state)
{
    (void)state;
    check("ALL", 800);
}

/* Whatever stands beside whatever. */
static void test_random_texts(void **state)
{
    (void)state;
    static struct pii_rules rules;
    static char text[70000];
    const struct pii_set set = pii_registry_default();
    assert_true(pii_rules_init(&rules, &set, PII_SCORE_THRESHOLD));
    for (unsigned seed = 0; seed < 15; seed++) {
        struct pii_random random = {seed};
        size_t n = pii_text_make(&random, text, 60000);
        assert_true(work_of(&rules, text, n) < 100 * n);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_default_entities),
        cmocka_unit_test(test_all_entities),
        cmocka_unit_test(test_random_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
