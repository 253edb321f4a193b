/* SPDX-License-Identifier: MIT */
/* The fast scanner of the pii transform finds what the portable one finds. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>

#include "../../../transforms/pii/scan.c"
#include "pii_texts.h"

/* Every window with its anchors, from both, until the end. */
static void compare(const uint8_t *text, size_t len, size_t from)
{
    pii_scan_fn *fast = pii_scan_choose();
    size_t a = from, b = from;
    for (;;) {
        struct pii_anchors x = {0}, y = {0};
        bool found = fast(text, len, &a, &x);
        assert_int_equal(pii_scan_portable(text, len, &b, &y), found);
        if (!found)
            return;
        assert_int_equal(a, b);
        assert_true(a < len);
        assert_memory_equal(&x, &y, sizeof(x));
        a += PII_STEP;
        b += PII_STEP;
    }
}

static void test_same_anchors(void **state)
{
    (void)state;
    static char text[8000];
    if (pii_scan_choose() == pii_scan_portable) {
        print_message("this CPU has no faster scanner than the portable one\n");
        skip();
    }
    for (unsigned seed = 0; seed < 2000; seed++) {
        struct pii_random random = {seed};
        size_t n = pii_text_make(&random, text, pii_next(&random, 4000));
        if (seed % 2)
            for (size_t i = 0; i < n; i++)
                text[i] = "0123456789 -.:@+)aZ(\xff\0"[pii_next(&random, 22)];
        uint8_t *exact = malloc(n ? n : 1);
        memcpy(exact, text, n);
        compare(exact, n, pii_next(&random, 70));
        free(exact);
    }
}

static void test_every_byte_alone(void **state)
{
    (void)state;
    for (unsigned c = 0; c < 256; c++) {
        uint8_t text[200];
        memset(text, (int)c, sizeof(text));
        compare(text, sizeof(text), 0);
        memset(text, '7', sizeof(text));
        for (size_t i = 0; i < sizeof(text); i += 3)
            text[i] = (uint8_t)c;
        compare(text, sizeof(text), 0);
    }
}

/* An anchor is seen wherever it lies in a window. */
static void test_anchor_at_every_place(void **state)
{
    (void)state;
    static const char *const anchors[] = {"a@b", "4111111111111", "4111 1111", "123-45-6789", "-555-2671",
                                          "+1", "1.2.3.4", "f::1", "1:2:3:4:5", "NO9386011117947",
                                          "NO93 8601 1117"};
    for (size_t k = 0; k < sizeof(anchors) / sizeof(anchors[0]); k++)
        for (size_t at = 0; at < 150; at++) {
            uint8_t text[200];
            struct pii_anchors found;
            size_t pos = 0;
            memset(text, ' ', sizeof(text));
            memcpy(text + at, anchors[k], strlen(anchors[k]));
            assert_true(pii_scan_choose()(text, sizeof(text), &pos, &found));
            assert_in_range(at + 1, pos, pos + PII_STEP + 1);
            compare(text, sizeof(text), 0);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_anchors),
        cmocka_unit_test(test_every_byte_alone),
        cmocka_unit_test(test_anchor_at_every_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
