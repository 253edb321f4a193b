/* SPDX-License-Identifier: MIT */
/*
 * Transforms by name: what may be loaded, what it says when it may not, and what happens when a
 * file changes under a running server.
 */
#include "stage_kit.h"

#include <sys/stat.h>
#include <sys/wait.h>

#include "lib/scratch.h"
#include "transform/registry_private.h"

typedef struct fixture {
    ol_test_scratch scratch;
    ol_test_loop loop;
    ol_registry *registry;
    unsigned events;
    bool reloaded;
    char name[32], text[OL_ERROR_TEXT_SIZE];
} fixture;

static void open_fixture(fixture *f)
{
    memset(f, 0, sizeof(*f));
    ol_test_scratch_open(&f->scratch);
    assert_code(ol_test_loop_open(&f->loop), OL_OK);
}

static void close_fixture(fixture *f)
{
    ol_registry_destroy(f->registry);
    ol_test_loop_close(&f->loop);
    ol_test_scratch_close(&f->scratch);
}

static void write_text(fixture *f, const char *name, const char *text)
{
    const char *path = ol_test_scratch_path(&f->scratch, name);
    ol_test_file_write(path, ol_slice_cstr(text));
    assert_int_equal(chmod(path, 0644), 0);
}

static int load(fixture *f, const char *file, ol_error *err)
{
    ol_transform_spec spec = {
        .name = "it",
        .path = ol_test_scratch_path(&f->scratch, file),
        .share = OL_SHARE_ALL,
    };
    ol_transform_limits_default(&spec.limits);
    *err = (ol_error){0};
    return ol_registry_new(&f->registry, &spec, 1, err);
}

/* ---- loading ---- */

static void test_a_program_and_what_it_declares(void **state)
{
    (void)state;
    fixture f;
    ol_error err;
    open_fixture(&f);
    write_text(&f, "t.lua", "declare accept\n");
    assert_code_of(load(&f, "t.lua", &err), OL_OK, &err);
    ol_program *program = ol_registry_get(f.registry, OL_SLICE_LIT("it"));
    assert_non_null(program);
    assert_string_equal(program->name, "it");
    assert_int_equal(program->kind, OL_PROGRAM_LUA);
    assert_int_equal(program->share, OL_SHARE_ALL);
    assert_slice(program->source, "declare accept\n");
    assert_slice(program->declared.depends_headers, "accept\n");
    assert_true(program->declared.depends_request);
    assert_int_equal(program->image_fd, -1);
    assert_null(ol_registry_get(f.registry, OL_SLICE_LIT("other")));
    ol_program_release(program);
    close_fixture(&f);
}

static void test_a_shared_object_is_loaded_from_a_sealed_copy(void **state)
{
    (void)state;
    fixture f;
    ol_error err;
    struct stat info;
    open_fixture(&f);
    write_text(&f, "t.so", "any bytes: the fake engine does not look");
    assert_code_of(load(&f, "t.so", &err), OL_OK, &err);
    ol_program *program = ol_registry_get(f.registry, OL_SLICE_LIT("it"));
    assert_int_equal(program->kind, OL_PROGRAM_SHARED);
    assert_int_equal(program->source.len, 0);
    assert_int_equal(fstat(program->image_fd, &info), 0);
    assert_int_equal(info.st_size, 40);
    assert_int_equal(pwrite(program->image_fd, "x", 1, 0), -1);
    assert_int_equal(ftruncate(program->image_fd, 0), -1);
    ol_program_release(program);
    close_fixture(&f);
}

static void expect_refusal(fixture *f, const char *file, const char *reason)
{
    ol_error err;
    assert_code(load(f, file, &err), OL_ECONFIG);
    if (!strstr(err.detail, reason) || !strstr(err.message, reason))
        fail_msg("'%s' does not say '%s'", err.detail, reason);
    assert_non_null(strstr(err.detail, file));
}

static void test_what_is_not_loaded(void **state)
{
    (void)state;
    fixture f;
    open_fixture(&f);
    write_text(&f, "t.txt", "identity");
    expect_refusal(&f, "t.txt", "ends in .lua or .so");
    expect_refusal(&f, "absent.lua", "No such file");
    write_text(&f, "empty.lua", "");
    expect_refusal(&f, "empty.lua", "empty");
    if (geteuid() == 0) {
        write_text(&f, "group.lua", "identity");
        assert_int_equal(chown(ol_test_scratch_path(&f.scratch, "group.lua"), 0, 12345), 0);
        assert_int_equal(chmod(ol_test_scratch_path(&f.scratch, "group.lua"), 0664), 0);
        expect_refusal(&f, "group.lua", "may write to it");
    }
    write_text(&f, "others.lua", "identity");
    chmod(ol_test_scratch_path(&f.scratch, "others.lua"), 0646);
    expect_refusal(&f, "others.lua", "may write to it");
    mkdir(ol_test_scratch_path(&f.scratch, "dir.lua"), 0755);
    expect_refusal(&f, "dir.lua", "not a regular file");
    mkfifo(ol_test_scratch_path(&f.scratch, "fifo.lua"), 0644);
    expect_refusal(&f, "fifo.lua", "not a regular file");
    write_text(&f, "large.lua", "");
    assert_int_equal(truncate(ol_test_scratch_path(&f.scratch, "large.lua"), 2 << 20), 0);
    expect_refusal(&f, "large.lua", "larger than");
    if (geteuid() == 0) {
        write_text(&f, "strange.lua", "identity");
        assert_int_equal(chown(ol_test_scratch_path(&f.scratch, "strange.lua"), 12345, 0), 0);
        chmod(f.scratch.folder, 0755);
        assert_int_equal(seteuid(12346), 0);
        expect_refusal(&f, "strange.lua", "belongs neither");
        assert_int_equal(seteuid(0), 0);
    }
    write_text(&f, "bad.lua", "load-fail");
    expect_refusal(&f, "bad.lua", "line 3: it does not parse");
    write_text(&f, "no-get.lua", "load-no-get");
    expect_refusal(&f, "no-get.lua", "no get function");
    write_text(&f, "crash.lua", "load-crash");
    expect_refusal(&f, "crash.lua", "while it loaded");
    write_text(&f, "reach.lua", "load-forbidden socket");
    expect_refusal(&f, "reach.lua", "forbidden system call");
    f.registry = NULL;
    close_fixture(&f);
}

static void test_a_source_of_the_largest_size(void **state)
{
    (void)state;
    fixture f;
    ol_error err;
    open_fixture(&f);
    size_t size = OL_SOURCE_LUA_BYTES_MAX;
    char *text = malloc(size + 1);
    memset(text, '-', size);
    memcpy(text, "identity\n", 9);
    text[size] = '\0';
    write_text(&f, "t.lua", text);
    assert_code_of(load(&f, "t.lua", &err), OL_OK, &err);
    free(text);
    close_fixture(&f);
}

/* ---- watching ---- */

static void on_event(void *arg, const char *name, bool reloaded, const char *text)
{
    fixture *f = arg;
    f->events++;
    f->reloaded = reloaded;
    snprintf(f->name, sizeof(f->name), "%s", name);
    snprintf(f->text, sizeof(f->text), "%s", text);
}

static bool had_event(void *arg)
{
    return ((fixture *)arg)->events > 0;
}

static void await_event(fixture *f, bool reloaded, const char *text)
{
    ol_test_loop_until_fn(&f->loop, had_event, f, OL_TEST_BOUND_MS);
    assert_string_equal(f->name, "it");
    if (f->reloaded != reloaded || !strstr(f->text, text))
        fail_msg("event: %s", f->text);
    f->events = 0;
}

typedef struct looks {
    const fixture *f;
    bool looking;
    unsigned left;
} looks;

static bool has_looked(void *arg)
{
    looks *l = arg;
    bool looking = l->f->registry->watch->running;
    l->left -= l->looking && !looking && l->left > 0;
    l->looking = looking;
    return l->left == 0;
}

/* Until the watcher has looked at the files so many times more. */
static void await_looks(fixture *f, unsigned times)
{
    looks l = {.f = f, .left = times};
    ol_test_loop_until_fn(&f->loop, has_looked, &l, OL_TEST_BOUND_MS);
}

static ol_slice source_now(fixture *f, ol_program **program)
{
    *program = ol_registry_get(f->registry, OL_SLICE_LIT("it"));
    return (*program)->source;
}

static void unwatch(fixture *f)
{
    bool stopped = false;
    ol_registry_unwatch(f->registry, kit_set_flag, &stopped);
    ol_test_loop_until(&f->loop, &stopped, OL_TEST_BOUND_MS);
}

static void test_a_changed_file_is_taken_up(void **state)
{
    (void)state;
    fixture f;
    ol_error err;
    ol_program *old, *now;
    open_fixture(&f);
    write_text(&f, "t.lua", "identity");
    assert_code(load(&f, "t.lua", &err), OL_OK);
    assert_code(ol_registry_watch(f.registry, f.loop.loop, on_event, &f), OL_OK);
    source_now(&f, &old);

    /* Written in place: once it has been left alone. */
    write_text(&f, "t.lua", "copy # longer");
    await_event(&f, true, "new version");
    assert_slice(source_now(&f, &now), "copy # longer");
    assert_slice(old->source, "identity"); /* who has the old one keeps it */
    assert_true(now->version > old->version);
    ol_program_release(now);

    /* Renamed into place. */
    write_text(&f, "next", "upper");
    assert_int_equal(rename(ol_test_scratch_path(&f.scratch, "next"),
                            ol_test_scratch_path(&f.scratch, "t.lua")), 0);
    await_event(&f, true, "new version");
    assert_slice(source_now(&f, &now), "upper");
    ol_program_release(now);
    ol_program_release(old);
    unwatch(&f);
    close_fixture(&f);
}

static void test_a_bad_change_leaves_the_old_version(void **state)
{
    (void)state;
    fixture f;
    ol_error err;
    ol_program *now;
    open_fixture(&f);
    write_text(&f, "t.lua", "identity");
    assert_code(load(&f, "t.lua", &err), OL_OK);
    assert_code(ol_registry_watch(f.registry, f.loop.loop, on_event, &f), OL_OK);

    write_text(&f, "t.lua", "load-fail");
    await_event(&f, false, "line 3: it does not parse");
    assert_slice(source_now(&f, &now), "identity");
    ol_program_release(now);

    const char *path = ol_test_scratch_path(&f.scratch, "t.lua");
    chmod(path, 0666);
    await_event(&f, false, "may write to it");
    await_looks(&f, 5); /* it is told once */
    assert_int_equal(f.events, 0);
    assert_int_equal(unlink(path), 0);
    await_event(&f, false, "gone");
    assert_slice(source_now(&f, &now), "identity");
    ol_program_release(now);

    write_text(&f, "t.lua", "copy");
    await_event(&f, true, "new version");
    unwatch(&f);
    close_fixture(&f);
}

/* A byte every 30 ms, for much longer than a round of the watcher. False when the machine kept us from it for so long
 * that the file seemed complete. */
static bool write_slowly(fixture *f)
{
    const char *text = "load-fail until the last byte is there";
    int fd = open(ol_test_scratch_path(&f->scratch, "t.lua"), O_WRONLY | O_TRUNC);
    uint64_t last_ms = ol_clock_mono_ms(), longest_ms = 0;
    for (const char *at = text; *at;) {
        uint64_t now_ms = ol_clock_mono_ms();
        if (now_ms - last_ms >= 30) {
            longest_ms = now_ms - last_ms > longest_ms ? now_ms - last_ms : longest_ms;
            last_ms = now_ms;
            assert_int_equal(write(fd, at++, 1), 1);
        }
        ol_test_loop_turns(&f->loop, 1);
    }
    close(fd);
    return longest_ms < 150;
}

/* A file that is being written to is not looked at before it is complete: no version in between
 * is ever loaded, and none is complained about. Once the watcher may have been kept from
 * the core between its look at the file and its look at the clock. */
static void test_half_a_file_is_not_loaded(void **state)
{
    (void)state;
    fixture f;
    ol_error err;
    ol_program *now;
    open_fixture(&f);
    write_text(&f, "t.lua", "identity");
    assert_code(load(&f, "t.lua", &err), OL_OK);
    assert_code(ol_registry_watch(f.registry, f.loop.loop, on_event, &f), OL_OK);
    unsigned fair_rounds = write_slowly(&f);
    for (unsigned tries = 1; f.events && fair_rounds < 2 && tries < 20; tries++) {
        await_looks(&f, 5);
        f.events = 0;
        fair_rounds += write_slowly(&f);
    }
    assert_int_equal(f.events, 0);
    write_text(&f, "t.lua", "identity!");
    await_event(&f, true, "new version");
    assert_memory_equal(source_now(&f, &now).data, "identity!", 9);
    ol_program_release(now);
    unwatch(&f);
    close_fixture(&f);
}

static void test_the_same_bytes_are_no_new_version(void **state)
{
    (void)state;
    fixture f;
    ol_error err;
    ol_program *before, *now;
    open_fixture(&f);
    write_text(&f, "t.lua", "identity");
    assert_code(load(&f, "t.lua", &err), OL_OK);
    source_now(&f, &before);
    ol_source_id id;
    bool same;
    write_text(&f, "t.lua", "identity");
    assert_code(ol_registry_load(f.registry, &f.registry->entries[0], &id, &same, &err), OL_OK);
    assert_true(same);
    source_now(&f, &now);
    assert_ptr_equal(now, before);
    ol_program_release(before);
    ol_program_release(now);
    close_fixture(&f);
}

/* ---- libraries ---- */

static void expect_names(const char *text, const char *want)
{
    char got[256] = "";
    size_t at = 0;
    ol_slice name;
    while (ol_libraries_next(ol_slice_cstr(text), &at, &name)) {
        strncat(got, (const char *)name.data, name.len);
        strcat(got, " ");
    }
    assert_string_equal(got, want);
}

static void test_what_a_text_requires(void **state)
{
    (void)state;
    expect_names("local a, b = require 'one', require(\"two\")", "one two ");
    expect_names("require --[[x]] ( -- y\n 'three' )", "three ");
    expect_names("-- require 'no'\n--[==[ require 'no' ]] ]==] x = [[require 'no']] y = \"require 'no'\"", "");
    expect_names("require 'a.b' require '../c' require '' require(name) require[[d]] requires 'e'", "");
    expect_names("x = 'a\\'' require 'f' -- end", "f ");
    expect_names("require 'g", "");
    expect_names("require", "");
    expect_names("--[[ require 'h'", "");
    expect_names("\"", "");
}

static void test_libraries_are_part_of_a_program(void **state)
{
    (void)state;
    uint8_t digest[32];
    fixture f;
    ol_error err;
    open_fixture(&f);
    write_text(&f, "main.lua", "identity # require 'a'");
    write_text(&f, "a.lua", "require 'b' return {}");
    write_text(&f, "b.lua", "return 1");
    assert_code_of(load(&f, "main.lua", &err), OL_OK, &err);
    ol_program *program = ol_registry_get(f.registry, OL_SLICE_LIT("it"));
    ol_slice text;
    assert_true(ol_fields_get(program->libraries, "b", &text));
    assert_true(ol_slice_eq_cstr(text, "return 1"));
    memcpy(digest, program->digest, sizeof(digest));
    ol_program_release(program);
    ol_registry_destroy(f.registry);
    f.registry = NULL;
    write_text(&f, "b.lua", "return 2");
    assert_code_of(load(&f, "main.lua", &err), OL_OK, &err);
    program = ol_registry_get(f.registry, OL_SLICE_LIT("it"));
    assert_memory_not_equal(digest, program->digest, sizeof(digest));
    ol_program_release(program);
    close_fixture(&f);
}

static void test_libraries_that_are_not_trusted(void **state)
{
    (void)state;
    fixture f;
    ol_error err;
    open_fixture(&f);
    write_text(&f, "main.lua", "identity # require 'a'");
    write_text(&f, "a.lua", "return 1");
    assert_int_equal(chmod(ol_test_scratch_path(&f.scratch, "a.lua"), 0666), 0);
    assert_code(load(&f, "main.lua", &err), OL_ECONFIG);
    assert_non_null(strstr(err.detail, "its library a: its group or others may write to it"));
    close_fixture(&f);
}

static void test_a_changed_library_is_taken_up(void **state)
{
    (void)state;
    fixture f;
    ol_error err;
    open_fixture(&f);
    write_text(&f, "main.lua", "identity # require 'a'");
    write_text(&f, "a.lua", "return 1");
    assert_code_of(load(&f, "main.lua", &err), OL_OK, &err);
    assert_code(ol_registry_watch(f.registry, f.loop.loop, on_event, &f), OL_OK);
    write_text(&f, "a.lua", "return 22");
    await_event(&f, true, "new version");
    /* One that is not good, and good again. */
    const char *path = ol_test_scratch_path(&f.scratch, "a.lua");
    assert_int_equal(chmod(path, 0666), 0);
    await_event(&f, false, "may write to it");
    assert_int_equal(unlink(path), 0);
    write_text(&f, "a.lua", "return 333");
    await_event(&f, true, "new version");
    unwatch(&f);
    close_fixture(&f);
}

static void test_unwatch_at_once(void **state)
{
    (void)state;
    fixture f;
    ol_error err;
    open_fixture(&f);
    write_text(&f, "t.lua", "identity");
    assert_code(load(&f, "t.lua", &err), OL_OK);
    for (unsigned turns = 0; turns < 3; turns++) {
        assert_code(ol_registry_watch(f.registry, f.loop.loop, on_event, &f), OL_OK);
        ol_test_loop_turns(&f.loop, turns);
        unwatch(&f);
    }
    close_fixture(&f);
}

static int load_once(void *arg)
{
    fixture *f = arg;
    ol_error err;
    int rc = load(f, "t.lua", &err);
    if (rc == OL_OK)
        ol_registry_destroy(f->registry);
    f->registry = NULL;
    return rc;
}

static void test_every_allocation_may_fail(void **state)
{
    (void)state;
    fixture f;
    open_fixture(&f);
    write_text(&f, "t.lua", "identity");
    assert_true(ol_test_fail_each(load_once, &f) > 8);
    close_fixture(&f);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
}

int main(int argc, char **argv)
{
    if (fake_is_host(argc, argv))
        return fake_host_main();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_program_and_what_it_declares),
        cmocka_unit_test(test_a_shared_object_is_loaded_from_a_sealed_copy),
        cmocka_unit_test(test_what_is_not_loaded),
        cmocka_unit_test(test_a_source_of_the_largest_size),
        cmocka_unit_test(test_a_changed_file_is_taken_up),
        cmocka_unit_test(test_a_bad_change_leaves_the_old_version),
        cmocka_unit_test(test_half_a_file_is_not_loaded),
        cmocka_unit_test(test_the_same_bytes_are_no_new_version),
        cmocka_unit_test(test_what_a_text_requires),
        cmocka_unit_test(test_libraries_are_part_of_a_program),
        cmocka_unit_test(test_libraries_that_are_not_trusted),
        cmocka_unit_test(test_a_changed_library_is_taken_up),
        cmocka_unit_test(test_unwatch_at_once),
        cmocka_unit_test(test_every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
