/* SPDX-License-Identifier: MIT */
/*
 * The scanner of the pii transform: every way of it that this CPU can run finds what a slow one
 * finds that looks at one place at a time.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>

#include "engine/scan.h"
#include "pii_anchors.h"
#include "pii_texts.h"

/* A scanner's windows one by one, those without anchors left out. */
struct walk {
    pii_scan_fn *scan;
    const uint8_t *text;
    size_t len, pos, until;
    unsigned next;
    struct pii_anchors found;
};

static bool walk_on(struct walk *w, size_t *at, uint64_t of[PII_ANCHORS], unsigned kinds)
{
    for (;; w->next++) {
        if (w->next >= w->found.windows) {
            if (!w->scan(w->text, w->len, &w->pos, w->until, &w->found))
                return false;
            w->next = 0;
        }
        uint64_t any = 0;
        for (unsigned k = 0; k < kinds; k++) {
            of[k] = w->found.of[k][w->next];
            any |= of[k] != 0 ? (uint64_t)1 << k : 0;
        }
        assert_true(any == w->found.kinds[w->next]);
        *at = w->found.at[w->next];
        if (any == 0)
            continue;
        w->next++;
        return true;
    }
}

/* Every window with its anchors, from both, until the end. */
static void compare(const struct pii_scan_way *way, bool all, const uint8_t *text, size_t len, size_t from)
{
    const struct pii_scan_way *plain = pii_scan_way(0);
    unsigned kinds = all ? PII_ANCHORS : PII_ANCHORS_SHARP;
    struct walk a = {.scan = all ? way->all : way->sharp, .text = text, .len = len, .pos = from,
                     .until = len};
    struct walk b = a;
    b.scan = all ? plain->all : plain->sharp;
    for (;;) {
        uint64_t x[PII_ANCHORS], y[PII_ANCHORS];
        size_t at = 0, plainly_at = 0;
        bool found = walk_on(&a, &at, x, kinds);
        assert_int_equal(walk_on(&b, &plainly_at, y, kinds), found);
        if (!found)
            return;
        assert_int_equal(at, plainly_at);
        assert_true(at < len);
        assert_memory_equal(x, y, kinds * sizeof(x[0]));
    }
}

static void compare_ways(const uint8_t *text, size_t len, size_t from)
{
    const struct pii_scan_way *way;
    for (size_t i = 1; (way = pii_scan_way(i)) != NULL; i++)
        if (way->runs_here()) {
            compare(way, false, text, len, from);
            compare(way, true, text, len, from);
        }
}

static void test_same_anchors(void **state)
{
    (void)state;
    static char text[8000];
    for (unsigned seed = 0; seed < 2000; seed++) {
        struct pii_random random = {seed};
        size_t n = pii_text_make(&random, text, pii_next(&random, 4000));
        if (seed % 2)
            for (size_t i = 0; i < n; i++)
                text[i] = "0123456789 -.:@+)(/aZIA\xff\0"[pii_next(&random, 25)];
        uint8_t *exact = malloc(n ? n : 1);
        memcpy(exact, text, n);
        compare_ways(exact, n, pii_next(&random, 70));
        free(exact);
    }
}

static void test_every_byte_alone(void **state)
{
    (void)state;
    for (unsigned c = 0; c < 256; c++) {
        uint8_t text[200];
        memset(text, (int)c, sizeof(text));
        compare_ways(text, sizeof(text), 0);
        memset(text, '7', sizeof(text));
        for (size_t i = 0; i < sizeof(text); i += 3)
            text[i] = (uint8_t)c;
        compare_ways(text, sizeof(text), 0);
    }
}

static void check_slowly(const uint8_t *bytes, size_t len)
{
    const struct pii_text t = {.p = bytes, .len = len};
    struct walk w = {.scan = pii_scan_way(0)->all, .text = bytes, .len = len, .until = len};
    uint64_t of[PII_ANCHORS];
    size_t window = 0;
    bool more = walk_on(&w, &window, of, PII_ANCHORS);
    for (size_t at = 0; at < len; at++) {
        if (more && at >= window + PII_STEP)
            more = walk_on(&w, &window, of, PII_ANCHORS);
        for (unsigned kind = 0; kind < PII_ANCHORS; kind++) {
            bool is_found = more && at >= window && (of[kind] >> (at - window) & 1);
            if (is_found != wanted(&t, at, kind))
                fail_msg("anchor %u at %zu: %s in \"%.*s\"", kind, at, is_found ? "found" : "not found",
                         20, bytes + at);
        }
    }
}

static void test_like_the_slow_one(void **state)
{
    (void)state;
    static char text[8000];
    for (unsigned seed = 0; seed < 400; seed++) {
        struct pii_random random = {seed};
        size_t n = pii_text_make(&random, text, pii_next(&random, 2000));
        if (seed % 2)
            for (size_t i = 0; i < n; i++)
                text[i] = "0011223344556789 -.-.:aB(/)\xc2\xa0"[pii_next(&random, 29)];
        check_slowly((const uint8_t *)text, n);
    }
}

/* An anchor is seen wherever it lies in a window, also by those that pass over dull windows; it lies
 * a few bytes into some of these. */
static void test_anchor_at_every_place(void **state)
{
    (void)state;
    static const char *const anchors[] = {
        "a@b", "411111111111", "4111 1111 1", "123-45-6789", "-555-2671", "+1", "(0)1", "1.2.3.4", "f::1",
        "1:2:3:4:5", "NO9386011117947", "NO93 8601 1117", "QQ123456", "1EG4-TE5", "https://", "AKIAIOSFODNNEXAMPLE",
        "-aa-bb-cc-dd-e1", "ABCDEFGHIJKLMNO1",
    };
    for (size_t k = 0; k < sizeof(anchors) / sizeof(anchors[0]); k++)
        for (size_t at = 0; at < 150; at++) {
            uint8_t text[200];
            const struct pii_scan_way *way;
            memset(text, ' ', sizeof(text));
            memcpy(text + at, anchors[k], strlen(anchors[k]));
            for (size_t i = 0; (way = pii_scan_way(i)) != NULL; i++) {
                struct walk w = {.scan = way->sharp, .text = text, .len = sizeof(text),
                                 .until = sizeof(text)};
                uint64_t of[PII_ANCHORS];
                size_t pos = 0;
                if (!way->runs_here())
                    continue;
                assert_true(walk_on(&w, &pos, of, PII_ANCHORS_SHARP));
                if (at + 16 < pos || at > pos + PII_STEP)
                    fail_msg("%s: \"%s\" at %zu, found in the window at %zu", way->name, anchors[k], at, pos);
            }
            compare_ways(text, sizeof(text), 0);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_anchors),
        cmocka_unit_test(test_every_byte_alone),
        cmocka_unit_test(test_like_the_slow_one),
        cmocka_unit_test(test_anchor_at_every_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
