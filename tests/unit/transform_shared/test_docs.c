/* SPDX-License-Identifier: MIT */
/* docs/plugin_abi.md speaks of everything that the header offers. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *read_file(const char *name)
{
    char path[600];
    snprintf(path, sizeof(path), "%s/%s", OBJLENS_SOURCE_DIR, name);
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    char *text = calloc(1, 1 << 20);
    assert_non_null(text);
    assert_true(fread(text, 1, (1 << 20) - 1, f) > 0);
    fclose(f);
    return text;
}

static size_t identifier(const char *at, char *out, size_t size)
{
    size_t n = 0;
    while (n + 1 < size && (isalnum((unsigned char)at[n]) || at[n] == '_')) {
        out[n] = at[n];
        n++;
    }
    out[n] = '\0';
    return n;
}

/* Every "(*name)(" of the header, in code quotes. */
static void test_every_function_is_documented(void **state)
{
    (void)state;
    char *header = read_file("include/objlens/transform.h"), *docs = read_file("docs/plugin_abi.md");
    size_t count = 0;
    for (const char *at = header; (at = strstr(at, "(*")); at++) {
        char name[64], call[80], field[80];
        if (identifier(at + 2, name, sizeof(name)) == 0 || strcmp(name, "visit") == 0)
            continue;
        snprintf(call, sizeof(call), "`%s(call", name);
        snprintf(field, sizeof(field), "`%s`", name);
        if (!strstr(docs, call) && !strstr(docs, field))
            fail_msg("%s is not in docs/plugin_abi.md", name);
        count++;
    }
    assert_in_range(count, 22, 200);
    free(header);
    free(docs);
}

/* Every function and flag that the page speaks of exists. */
static void test_nothing_else_is_documented(void **state)
{
    (void)state;
    char *header = read_file("include/objlens/transform.h"), *docs = read_file("docs/plugin_abi.md");
    for (const char *at = docs; (at = strstr(at, "OBJLENS_")); at++) {
        char name[64];
        identifier(at, name, sizeof(name));
        if (!strstr(header, name))
            fail_msg("%s is not in transform.h", name);
    }
    for (const char *at = docs; (at = strstr(at, "| `")); at++) {
        char name[64], member[80];
        size_t n = identifier(at + 3, name, sizeof(name));
        snprintf(member, sizeof(member), "(*%s)(", name);
        if (strncmp(at + 3 + n, "(call", 5) == 0 && !strstr(header, member))
            fail_msg("%s is not in transform.h", name);
    }
    free(header);
    free(docs);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_function_is_documented),
        cmocka_unit_test(test_nothing_else_is_documented),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
