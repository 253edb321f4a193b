/* SPDX-License-Identifier: MIT */
/*
 * What is special about hosts that are threads: each loads a shared object of its own, nobody waits
 * for one that does not end, and not too many of those are left to run on. (All else is tested by
 * test_*_inline.c.)
 */
#define KIT_INLINE 1
#include <dirent.h>

#include "lib/scratch.h"
#include "run_kit.h"
#include "transform/child.h"
#include "transform/pool_private.h"
#include "transform/registry.h"

/* ---- shared objects ---- */

static const char counting[] =
    "#include <objlens/transform.h>\n"
    "#include <stdio.h>\n"
    "static int runs;\n"
    "static const struct objlens_host *h;\n"
    "static int open_it(const struct objlens_host *host, struct objlens_call *call, void **instance)\n"
    "{ h = host; *instance = call; return OBJLENS_OK; }\n"
    "static int write_it(void *call, const void *data, size_t size)\n"
    "{ (void)call; (void)data; (void)size; return OBJLENS_OK; }\n"
    "static int finish_it(void *call)\n"
    "{ char text[32]; int n = snprintf(text, sizeof(text), \"" "%s" "%%d\", ++runs);\n"
    "  return h->emit(call, text, n); }\n"
    "static void close_it(void *call) { (void)call; }\n"
    "static const struct objlens_transform it = {OBJLENS_TRANSFORM_HEAD, .name = \"it\",\n"
    "  .open = open_it,\n"
    "  .write = write_it, .finish = finish_it, .close = close_it};\n"
    "OBJLENS_EXPORT const struct objlens_transform *objlens_transform_v1(void) { return &it; }\n";

typedef struct fixture {
    ol_test_scratch scratch;
    ol_test_loop loop;
    ol_pool *pool;
} fixture;

/* Unloaded, it stays at its end for as long as that file is there. */
static const char clinging[] =
    "#define _GNU_SOURCE\n"
    "#include <objlens/transform.h>\n"
    "#include <unistd.h>\n"
    "__attribute__((destructor)) static void cling(void)\n"
    "{ while (access(\"%s\", F_OK) == 0) usleep(1000); }\n"
    "static const struct objlens_host *h;\n"
    "static int open_it(const struct objlens_host *host, struct objlens_call *call, void **instance)\n"
    "{ h = host; *instance = call; return OBJLENS_OK; }\n"
    "static int write_it(void *call, const void *data, size_t size)\n"
    "{ return h->emit(call, data, size); }\n"
    "static int finish_it(void *call) { (void)call; return OBJLENS_OK; }\n"
    "static void close_it(void *call) { (void)call; }\n"
    "static const struct objlens_transform it = {OBJLENS_TRANSFORM_HEAD, .name = \"it\",\n"
    "  .open = open_it,\n"
    "  .write = write_it, .finish = finish_it, .close = close_it};\n"
    "OBJLENS_EXPORT const struct objlens_transform *objlens_transform_v1(void) { return &it; }\n";

static void open_fixture(fixture *f, unsigned hosts_max)
{
    ol_pool_options options;
    memset(f, 0, sizeof(*f));
    ol_pool_options_default(&options);
    options.hosts_max = hosts_max;
    ol_inline_hosts_engines(NULL);
    ol_test_scratch_open(&f->scratch);
    assert_code(ol_test_loop_open(&f->loop), OL_OK);
    assert_code(ol_pool_new(&f->pool, f->loop.loop, &options, NULL), OL_OK);
}

static void close_fixture(fixture *f)
{
    kit_pool_close(&f->loop, f->pool);
    ol_test_loop_close(&f->loop);
    ol_test_scratch_close(&f->scratch);
}

/* The plugin in that text, with `word` for its %s. */
static const char *build_text(fixture *f, const char *text, const char *word)
{
    char command[2048];
    char *source = ol_strdup(ol_test_scratch_path(&f->scratch, "it.c"));
    const char *path = ol_test_scratch_path(&f->scratch, "it.so");
    FILE *file = fopen(source, "w");
    fprintf(file, text, word);
    fclose(file);
    snprintf(command, sizeof(command),
             "cc -std=c11 -Wall -Wextra -Werror -fPIC -shared -I'%s/include' -o '%s' '%s' && "
             "chmod 755 '%s'", OBJLENS_SOURCE_DIR, path, source, path);
    assert_int_equal(system(command), 0);
    ol_free(source);
    return path;
}

/* The plugin whose answers begin with that word, and then say how often its variables were used. */
static const char *build(fixture *f, const char *word)
{
    return build_text(f, counting, word);
}

static ol_registry *load(const char *path, ol_program **program)
{
    ol_registry *registry;
    ol_error err = {0};
    ol_transform_spec spec = {.name = "it",
                              .path = path,
                              .share = OL_SHARE_IDENTITY,
                              .isolation = OL_ISOLATION_INLINE};
    ol_transform_limits_default(&spec.limits);
    assert_code_of(ol_registry_new(&registry, &spec, 1, &err), OL_OK, &err);
    *program = ol_registry_get(registry, OL_SLICE_LIT("it"));
    assert_int_equal((*program)->isolation, OL_ISOLATION_INLINE);
    return registry;
}

static void expect(fixture *f, ol_program *program, const char *group, const char *want)
{
    kit_run r;
    kit_run_start(&r, &f->loop, f->pool, program, group, NULL, 10, true);
    kit_run_wait(&r, &f->loop);
    assert_code_of(r.err.code, OL_OK, &r.err);
    assert_slices(ol_slice_of(r.gate.data, r.gate.len), ol_slice_cstr(want));
    kit_run_fini(&r);
}

/* As in processes: the variables of a shared object are those of one host. */
static void test_each_host_has_variables_of_its_own(void **state)
{
    (void)state;
    fixture f;
    ol_program *program;
    open_fixture(&f, 3);
    ol_registry *registry = load(build(&f, "run "), &program);
    expect(&f, program, "a", "run 1");
    expect(&f, program, "a", "run 2");
    expect(&f, program, "b", "run 1"); /* another group's, while the first lives */
    expect(&f, program, "a", "run 3");
    ol_program_release(program);
    ol_registry_destroy(registry);
    close_fixture(&f);
}

static unsigned images_mapped(void)
{
    char line[512];
    unsigned count = 0;
    FILE *maps = fopen("/proc/self/maps", "re");
    while (fgets(line, sizeof(line), maps))
        count += strstr(line, "objlens-inline") != NULL;
    fclose(maps);
    return count;
}

/* The dynamic loader knows objects by their paths: it must never take one for another. */
static void test_other_bytes_are_other_code(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 4; i++) {
        fixture f;
        ol_program *program;
        open_fixture(&f, 1);
        ol_registry *registry = load(build(&f, i % 2 ? "new " : "old "), &program);
        expect(&f, program, "a", i % 2 ? "new 1" : "old 1");
        ol_program_release(program);
        ol_registry_destroy(registry);
        close_fixture(&f);
        assert_int_equal(images_mapped(), 0); /* and none is left behind */
    }
}

static void test_an_object_that_does_not_load(void **state)
{
    (void)state;
    fixture f;
    ol_registry *registry;
    ol_error err = {0};
    open_fixture(&f, 1);
    const char *path = ol_test_scratch_path(&f.scratch, "it.so");
    ol_test_file_write(path, OL_SLICE_LIT("this is no shared object"));
    chmod(path, 0755);
    ol_transform_spec spec = {.name = "it", .path = path, .isolation = OL_ISOLATION_INLINE};
    ol_transform_limits_default(&spec.limits);
    assert_code(ol_registry_new(&registry, &spec, 1, &err), OL_ECONFIG);
    assert_non_null(strstr(err.message, "it.so"));
    assert_non_null(strstr(err.message, "it is no ELF file"));
    close_fixture(&f);
}

/* ---- threads that do not end ---- */

static int start_child(ol_child *child, ol_program *program, ol_error *err)
{
    ol_child_options options = {.slot_bytes = 4096, .slots = 16, .jobs_max = 1};
    return ol_child_start(child, &options, program, err);
}

static void test_nobody_waits_for_a_thread_that_does_not_end(void **state)
{
    (void)state;
    ol_child child;
    ol_child_end end;
    ol_error err = {0};
    ol_program *program = kit_program("load-hang");
    assert_code_of(start_child(&child, program, &err), OL_OK, &err);
    assert_false(ol_child_reap(&child, &end));
    ol_child_kill(&child);
    assert_true(ol_child_reap(&child, &end));
    assert_false(ol_child_reap(&child, &end));
    assert_int_equal(ol_child_cpu_ns(&child), 0);
    ol_child_fini(&child);
    assert_int_equal(ol_inline_hosts_settle(0), 1); /* it runs on, and all it needs is there */
    atomic_store(&fake_let_go, true);
    assert_int_equal(ol_inline_hosts_settle(60000), 0);
    atomic_store(&fake_let_go, false);
    ol_program_release(program);
}

/* Each took an error and a core; at some number no more are started. */
static void test_not_too_many_are_left_to_run_on(void **state)
{
    (void)state;
    unsigned started = 0;
    ol_error err = {0};
    ol_child child;
    ol_program *program = kit_program("load-doze");
    while (start_child(&child, program, &err) == OL_OK) {
        ol_child_kill(&child);
        ol_child_fini(&child);
        if (++started >= OL_INLINE_STUCK_MAX) /* old enough to count? */
            assert_int_not_equal(ol_inline_hosts_settle(OL_INLINE_STUCK_MS), 0);
        assert_true(started <= OL_INLINE_STUCK_MAX + 1);
    }
    assert_code(err.code, OL_EUNAVAILABLE);
    assert_non_null(strstr(err.detail, "do not end"));
    atomic_store(&fake_let_go, true);
    assert_int_equal(ol_inline_hosts_settle(60000), 0);
    atomic_store(&fake_let_go, false);
    err = (ol_error){0};
    ol_program *good = kit_program("identity");
    assert_code_of(start_child(&child, good, &err), OL_OK, &err); /* and then they are again */
    ol_child_kill(&child);
    ol_child_fini(&child);
    assert_int_equal(ol_inline_hosts_settle(60000), 0);
    ol_program_release(good);
    ol_program_release(program);
}

static bool none_alive(void *arg)
{
    return ((fixture *)arg)->pool->first == NULL;
}

/* Its host is gone for the pool, and the thread that starts hosts is not at it. */
static void test_nobody_waits_for_a_destructor_that_does_not_return(void **state)
{
    (void)state;
    fixture f;
    ol_program *clings, *other;
    ol_error why = {0};
    open_fixture(&f, 1);
    char *held = ol_strdup(ol_test_scratch_path(&f.scratch, "held"));
    char *script = ol_strdup(ol_test_scratch_path(&f.scratch, "other.lua"));
    ol_test_file_write(script, OL_SLICE_LIT("return function(_, _, response) response:write('other') end"));
    ol_registry *registry = load(build_text(&f, clinging, held), &clings);
    ol_registry *others = load(script, &other);
    expect(&f, clings, "a", "bbbbbbbbbb");
    assert_int_equal(ol_inline_hosts_settle(60000), 0); /* those in which it was tried */
    ol_test_file_write(held, OL_SLICE_LIT(""));
    ol_error_set(&why, OL_ECANCELED, "enough");
    ol_pool_host_kill(f.pool->first, OL_WIRE_NONE, &why);
    ol_test_loop_until_fn(&f.loop, none_alive, &f, OL_TEST_BOUND_MS);
    assert_true(ol_inline_hosts_settle(0) > 0);
    expect(&f, other, "a", "other");
    assert_int_equal(unlink(held), 0);
    ol_program_release(clings);
    ol_program_release(other);
    ol_registry_destroy(registry);
    ol_registry_destroy(others);
    close_fixture(&f);
    assert_int_equal(images_mapped(), 0);
    ol_free(held);
    ol_free(script);
}

/* ---- the start ---- */

static int start_and_stop(void *arg)
{
    ol_child child;
    ol_error err = {0};
    int rc = start_child(&child, arg, &err);
    if (rc != OL_OK)
        return rc;
    ol_child_kill(&child);
    ol_child_fini(&child);
    assert_int_equal(ol_inline_hosts_settle(60000), 0);
    return OL_OK;
}

static void test_a_start_without_memory_leaves_nothing(void **state)
{
    (void)state;
    ol_program *program = kit_program("identity");
    assert_code(start_and_stop(program), OL_OK);
    long live = ol_alloc_live();
    assert_true(ol_test_fail_each(start_and_stop, program) > 0);
    assert_no_leak(live);
    ol_program_release(program);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_host_has_variables_of_its_own),
        cmocka_unit_test(test_other_bytes_are_other_code),
        cmocka_unit_test(test_an_object_that_does_not_load),
        cmocka_unit_test(test_nobody_waits_for_a_thread_that_does_not_end),
        cmocka_unit_test(test_not_too_many_are_left_to_run_on),
        cmocka_unit_test(test_nobody_waits_for_a_destructor_that_does_not_return),
        cmocka_unit_test(test_a_start_without_memory_leaves_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
