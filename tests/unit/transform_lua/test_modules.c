/* SPDX-License-Identifier: MIT */
/*
 * The modules that come with objlens. Each case is a script in tests/unit/transform_lua/modules that
 * checks itself and writes "good"; all are run plainly, with everything that may wait waiting, and
 * with the smallest time slice.
 */
#include "fake_job.c"

#include <dirent.h>

static char *read_script(const char *name)
{
    char path[512];
    char *text = calloc(1, 1 << 20);

    snprintf(path, sizeof(path), "%s/tests/unit/transform_lua/modules/%s", OBJLENS_SOURCE_DIR, name);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    assert_non_null(text);
    assert_true(fread(text, 1, (1 << 20) - 1, file) > 0);
    fclose(file);
    return text;
}

static void run_script(const char *name, const fake_options *options)
{
    char *source = read_script(name);
    fake_result result;
    fake_engine e;

    fake_engine_init(&e);
    e.limits.cpu_ms = e.limits.load_ms = 120000;
    e.limits.unyieldable_ms = 2000;
    assert_code_of(fake_engine_load(&e, source), OL_OK, &e.err);
    fake_run(&e, options, &result);
    if (result.rc != OL_DONE)
        print_error("%s: %s\n%.*s\n", name, result.err.detail,
                    OL_SLICE_FMT(ol_buf_slice(&result.log)));
    assert_code(result.rc, OL_DONE);
    assert_true(ol_slice_eq_cstr(ol_buf_slice(&result.out), "good"));
    fake_result_fini(&result);
    fake_engine_close(&e);
    free(source);
}

static bool is_script(const struct dirent *entry)
{
    size_t len = strlen(entry->d_name);

    return len > 4 && strcmp(entry->d_name + len - 4, ".lua") == 0;
}

static void run_all(const fake_options *options)
{
    DIR *folder = opendir(OBJLENS_SOURCE_DIR "/tests/unit/transform_lua/modules");
    unsigned scripts = 0;

    assert_non_null(folder);
    for (struct dirent *entry; (entry = readdir(folder));)
        if (is_script(entry)) {
            run_script(entry->d_name, options);
            scripts++;
        }
    closedir(folder);
    assert_true(scripts >= 10);
}

static uint8_t original[300000];

static void fill_original(void)
{
    static const char line[] = "id,name\t{\"k\": [1, 2]} <a>b</a> caf\xc3\xa9 4111 1111 1111 1111\r\n";

    for (size_t i = 0; i < sizeof(original); i++)
        original[i] = (uint8_t)line[i % (sizeof(line) - 1)];
}

static void test_plain(void **state)
{
    (void)state;
    run_all(&(fake_options){.original = {original, sizeof(original)}});
}

static void test_small_pieces_and_waits(void **state)
{
    (void)state;
    run_all(&(fake_options){.original = {original, sizeof(original)}, .piece_bytes = 1009,
                            .room_bytes = 3, .wait_always = true});
}

static void test_short_slices(void **state)
{
    (void)state;
    run_all(&(fake_options){.original = {original, sizeof(original)}, .slice_ms = 1});
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain),
        cmocka_unit_test(test_small_pieces_and_waits),
        cmocka_unit_test(test_short_slices),
    };

    fill_original();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
