/* SPDX-License-Identifier: MIT */
/*
 * Whatever is wrong with a configuration, no mistake repeats a secret; what env and file
 * return cannot be looked at; and memory that held a secret is wiped.
 */
#include "lib/check.h"

#include "base/alloc.h"
#include "scratch.h"

#define SECRET "S3cr3tWord"

static scratch s;

static int setup(void **state)
{
    (void)state;
    ol_test_scratch_open(&s);
    scratch_write(&s, "secret.txt", OL_SLICE_LIT(SECRET "\n"), 0600);
    scratch_write(&s, "two-lines.txt", OL_SLICE_LIT(SECRET "\n\n"), 0600);
    setenv("OBJLENS_TEST_SECRET", SECRET, 1);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    ol_test_scratch_close(&s);
    return 0;
}

static void test_no_mistake_repeats_a_secret(void **state)
{
    (void)state;
    static const char *const texts[] = {
        /* as a value that is wrong */
        "root { access_key = 'key', secret_key = '" SECRET " with blanks' }",
        "root { access_key = '" SECRET "/', secret_key = 'x' }",
        "root { access_key = 'key', secret_key = { '" SECRET "' } }",
        "region = env 'OBJLENS_TEST_SECRET'",
        "bucket(env 'OBJLENS_TEST_SECRET')",
        "bucket(file 'secret.txt')",
        "bucket 'orders' access_point 'one' { bucket = env 'OBJLENS_TEST_SECRET' }",
        "object_lambda 'view' { access_point = env 'OBJLENS_TEST_SECRET', transforms = file 'secret.txt' }",
        "listen(env 'OBJLENS_TEST_SECRET')",
        "transform 'x' { file = env 'OBJLENS_TEST_SECRET', share = env 'OBJLENS_TEST_SECRET' }",
        "limits { put_bytes_max = env 'OBJLENS_TEST_SECRET' }",
        "user(env 'OBJLENS_TEST_SECRET') { nonsense = 1 }",
        "user(env 'OBJLENS_TEST_SECRET')",
        "root { access_key = 'same', secret_key = '" SECRET "' } user 'a' { access_key = 'same', secret_key = '" SECRET "' }",
        /* as a value without key */
        "root { 'key', '" SECRET "' }",
        /* in a text that Lua does not understand */
        "root { access_key = 'key', secret_key = '" SECRET " }",
        "root { access_key = 'key', secret_key = \"" SECRET " }\n",
        "root { access_key = 'key', secret_key = '" SECRET "' '" SECRET "' }",
        "root { access_key = 'key', secret_key = \"it's '" SECRET "' \" \"" SECRET "\" }",
        "root { access_key = 'key', secret_key = [[" SECRET " }",
        "root { access_key = 'key', secret_key = " SECRET " }",
        "root { access_key = 'key', secret_key = " SECRET " " SECRET " }",
        "root { access_key = 'key', secret_key = 12" SECRET " }",
        "root { access_key = 'key', secret_key = '\\q" SECRET "' }",
        "root { access_key = 'key', secret_key = '" SECRET "' + 1 }",
        "root { access_key = 'key', secret_key = #'" SECRET "' .. {} }",
        "root { access_key = 'key', secret_key = ('" SECRET "')() }",
        "root { access_key = 'key', secret_key = ('x')." SECRET "() }",
        "goto " SECRET,
        /* by looking at what cannot be looked at */
        "bucket('x' .. tostring(env 'OBJLENS_TEST_SECRET'))",
        "local x = env 'OBJLENS_TEST_SECRET' bucket(string.upper(x))",
        "local x = env 'OBJLENS_TEST_SECRET' bucket(x:upper())",
        "local x = env 'OBJLENS_TEST_SECRET' bucket(string.format('%s', x))",
        "local x = env 'OBJLENS_TEST_SECRET' bucket(table.concat { 'a', x })",
        "local x = env 'OBJLENS_TEST_SECRET' bucket(x .. 'A')",
        "local x = env 'OBJLENS_TEST_SECRET' local t = {} t[x] = 1 limits(t)",
        "local x = env 'OBJLENS_TEST_SECRET' .. 5",
        "local x = env 'OBJLENS_TEST_SECRET' if x < 'a' then bucket 'A' end",
        "local x = (env 'OBJLENS_TEST_SECRET')()",
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        ol_config *config;
        ol_config_report report;
        assert_code(scratch_load(&s, ol_slice_cstr(texts[i]), &config, &report), OL_ECONFIG);
        assert_true(report.count > 0);
        for (size_t m = 0; m < report.count; m++)
            if (strcasestr(report.mistakes[m].text, SECRET))
                fail_msg("%s\n  said: %s", texts[i], report.mistakes[m].text);
        ol_config_report_fini(&report);
    }
}

static ol_config *load_root(const char *secret)
{
    char text[300];
    ol_config *config;
    ol_config_report report;
    snprintf(text, sizeof(text), "root { access_key = 'key', secret_key = %s }", secret);
    int rc = scratch_load(&s, ol_slice_cstr(text), &config, &report);
    print_report(&report);
    assert_code(rc, OL_OK);
    ol_config_report_fini(&report);
    return config;
}

static void assert_secret(const char *written, const char *want)
{
    ol_config *config = load_root(written);
    assert_slices(config->keys[0].secret_key, ol_slice_cstr(want));
    ol_config_release(config);
}

static void test_where_a_secret_may_come_from(void **state)
{
    (void)state;
    assert_secret("'" SECRET "'", SECRET);
    assert_secret("env 'OBJLENS_TEST_SECRET'", SECRET);
    assert_secret("file 'secret.txt'", SECRET); /* without the newline at its end */
    assert_secret("'pre' .. env 'OBJLENS_TEST_SECRET' .. 'post'", "pre" SECRET "post");
    assert_secret("env 'OBJLENS_TEST_SECRET' .. file 'secret.txt'", SECRET SECRET);
    char absolute[300];
    snprintf(absolute, sizeof(absolute), "file '%s/secret.txt'", s.folder);
    assert_secret(absolute, SECRET);
}

static void assert_load_says(const char *text, const char *want)
{
    ol_config *config;
    ol_config_report report;
    assert_code(scratch_load(&s, ol_slice_cstr(text), &config, &report), OL_ECONFIG);
    assert_int_equal(report.count, 1);
    assert_string_equal(report.mistakes[0].text, want);
    ol_config_report_fini(&report);
}

/* One newline belongs to the file; a second one would be part of the secret. */
static void test_only_one_newline_is_cut(void **state)
{
    (void)state;
    assert_load_says("root { access_key = 'key', secret_key = file 'two-lines.txt' }",
                     "root: secret_key: must be 8 to 128 printable ASCII characters without blanks");
}

#ifndef OBJLENS_SANITIZED /* a sanitizer keeps freed memory elsewhere */

#define HEAP_SECRET "T0pS3cr3tWord"

/* Does the heap, freed blocks included, hold the word? Nothing here may put it there itself. */
static bool heap_holds_secret(void)
{
    static char maps[65536], needle[] = HEAP_SECRET;
    int fd = open("/proc/self/maps", O_RDONLY);
    ssize_t len = 0;
    for (ssize_t got; (got = read(fd, maps + len, sizeof(maps) - 1 - (size_t)len)) > 0;)
        len += got;
    close(fd);
    char *line = strstr(maps, "[heap]");
    assert_non_null(line);
    while (line > maps && line[-1] != '\n')
        line--;
    unsigned long start, end;
    assert_int_equal(sscanf(line, "%lx-%lx", &start, &end), 2);
    return memmem((const void *)start, end - start, needle, sizeof(needle) - 1) != NULL;
}

static void test_freed_memory_holds_no_secret(void **state)
{
    (void)state;
    int length = (int)sizeof(HEAP_SECRET) - 1;
    scratch_write(&s, "heap.txt", OL_SLICE_LIT(HEAP_SECRET "\n"), 0600);
    assert_false(heap_holds_secret());
    ol_config *config = load_root("'pre' .. file 'heap.txt' .. 'post'");
    assert_int_equal(config->keys[0].secret_key.len, length + 7);
    assert_true(heap_holds_secret());
    ol_config_release(config);
    assert_false(heap_holds_secret());

    /* Written in the file itself, it passes through the source's buffer and Lua's strings. */
    config = load_root("'" HEAP_SECRET "'");
    assert_true(heap_holds_secret());
    ol_config_release(config);
    assert_false(heap_holds_secret());
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_mistake_repeats_a_secret),
        cmocka_unit_test(test_where_a_secret_may_come_from),
        cmocka_unit_test(test_only_one_newline_is_cut),
#ifndef OBJLENS_SANITIZED
        cmocka_unit_test(test_freed_memory_holds_no_secret),
#endif
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
