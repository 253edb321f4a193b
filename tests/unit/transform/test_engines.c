/* SPDX-License-Identifier: MIT */
/*
 * Real hosts with the real engines, from the file to the client: that the wall leaves them what
 * they need, and that the limits meet.
 */
#include <sys/stat.h>

#include "lib/scratch.h"
#include "run_kit.h"
#include "transform/registry.h"

typedef struct fixture {
    ol_test_scratch scratch;
    ol_test_loop loop;
    ol_pool *pool;
    ol_registry *registry;
    ol_program *program;
    ol_transform_limits limits;
} fixture;

static void open_fixture(fixture *f)
{
    ol_pool_options options;
    memset(f, 0, sizeof(*f));
    ol_inline_hosts_engines(NULL);
    ol_pool_options_default(&options);
    ol_test_scratch_open(&f->scratch);
    assert_code(ol_test_loop_open(&f->loop), OL_OK);
    assert_code(ol_pool_new(&f->pool, f->loop.loop, &options, NULL), OL_OK);
    ol_transform_limits_default(&f->limits);
}

static void close_fixture(fixture *f)
{
    ol_program_release(f->program);
    ol_registry_destroy(f->registry);
    kit_pool_close(&f->loop, f->pool);
    ol_test_loop_close(&f->loop);
    ol_test_scratch_close(&f->scratch);
}

static void load_path(fixture *f, const char *path)
{
    ol_error err = {0};
    ol_transform_spec spec = {.name = "it",
                              .path = path,
                              .share = OL_SHARE_IDENTITY,
                              .isolation = KIT_ISOLATION,
                              .limits = f->limits};
    ol_program_release(f->program);
    ol_registry_destroy(f->registry);
    f->program = NULL;
    f->registry = NULL;
    assert_code_of(ol_registry_new(&f->registry, &spec, 1, &err), OL_OK, &err);
    f->program = ol_registry_get(f->registry, OL_SLICE_LIT("it"));
}

static void load(fixture *f, const char *text)
{
    const char *path = ol_test_scratch_path(&f->scratch, "it.lua");
    ol_test_file_write(path, ol_slice_cstr(text));
    chmod(path, 0644);
    load_path(f, path);
}

static int run(fixture *f, uint64_t length, kit_run *r)
{
    kit_run_start(r, &f->loop, f->pool, f->program, "g", NULL, length, true);
    kit_run_wait(r, &f->loop);
    return r->err.code;
}

/* ---- Lua ---- */

static void test_lua_identity_and_more(void **state)
{
    (void)state;
    fixture f;
    kit_run r;
    open_fixture(&f);
    load(&f, "return function(event, object, response)\n"
             "  for chunk in object:chunks() do response:write(chunk) end\n"
             "end\n");
    assert_code_of(run(&f, 1000000, &r), OL_OK, &r.err);
    assert_int_equal(r.gate.len, 1000000);
    kit_run_fini(&r);
    load(&f, "return function(event, object, response)\n"
             "  local n = 0\n"
             "  for chunk in object:chunks() do n = n + #chunk end\n"
             "  response:write(tostring(n), ' ', tostring(object.size))\n"
             "end\n");
    assert_code_of(run(&f, 300000, &r), OL_OK, &r.err);
    assert_slices(ol_slice_of(r.gate.data, r.gate.len), OL_SLICE_LIT("300000 300000"));
    kit_run_fini(&r);
    close_fixture(&f);
}

/* Under the thread sanitizer signals come late, so nothing that computes is preempted in time. */
#ifdef __SANITIZE_THREAD__
#define NEEDS_PREEMPTION() skip_because("the thread sanitizer holds signals back")
#else
#define NEEDS_PREEMPTION() ((void)0)
#endif

static void test_lua_failures(void **state)
{
    (void)state;
    NEEDS_PREEMPTION();
    fixture f;
    kit_run r;
    open_fixture(&f);
    load(&f, "return function(event, object, response) response:error(404, 'Gone', 'no more') end");
    assert_code(run(&f, 10, &r), OL_ETRANSFORM);
    assert_int_equal(r.err.status, 404);
    assert_string_equal(r.err.s3_code, "Gone");
    kit_run_fini(&r);
    load(&f, "return function(event, object, response) error('oops') end");
    assert_code(run(&f, 10, &r), OL_ETRANSFORM);
    assert_false(r.call.retryable);
    kit_run_fini(&r);
    f.limits.cpu_ms = 60;
    load(&f, "return function(event, object, response) while true do end end");
    assert_code(run(&f, 10, &r), OL_ETRANSFORMCPU);
    kit_run_fini(&r);
    f.limits.cpu_ms = 60000;
    load(&f, "return function(event, object, response) local t = {} "
             "while true do t[#t + 1] = ('x'):rep(100000) .. #t end end");
    assert_code(run(&f, 10, &r), OL_ETRANSFORMMEMORY);
    kit_run_fini(&r);
    ol_pool_stats stats;
    ol_pool_stats_get(f.pool, &stats);
    assert_int_equal(stats.hosts_died, 0); /* none of this is worth a host */
    close_fixture(&f);
}

static void test_lua_syntax_error(void **state)
{
    (void)state;
    fixture f;
    ol_error err = {0};
    open_fixture(&f);
    const char *path = ol_test_scratch_path(&f.scratch, "it.lua");
    ol_test_file_write(path, OL_SLICE_LIT("return function( end"));
    chmod(path, 0644);
    ol_transform_spec spec = {
        .name = "it", .path = path, .isolation = KIT_ISOLATION, .limits = f.limits};
    assert_code(ol_registry_new(&f.registry, &spec, 1, &err), OL_ECONFIG);
    assert_non_null(strstr(err.message, "it.lua"));
    f.registry = NULL;
    close_fixture(&f);
}

#define LIGHT 20

static void test_light_requests_beside_an_endless_loop(void **state)
{
    (void)state;
    NEEDS_PREEMPTION();
    fixture f;
    kit_run loop, light;
    open_fixture(&f);
    load(&f, "return function(event, object, response)\n"
             "  if object.size == 7 then while true do end end\n"
             "  for chunk in object:chunks() do response:write(chunk) end\n"
             "end\n");
    kit_run_start(&loop, &f.loop, f.pool, f.program, "g", NULL, 7, true);
    for (unsigned i = 0; i < LIGHT; i++) {
        assert_code_of(run(&f, 1000, &light), OL_OK, &light.err);
        assert_int_equal(light.gate.len, 1000);
        kit_run_fini(&light);
    }
    assert_false(loop.done);
    kit_run_fini(&loop);
    close_fixture(&f);
}

/* ---- shared objects ---- */

static void test_pii(void **state)
{
    (void)state;
    static const char path[] = OBJLENS_BINARY_DIR "/transforms/pii.so";
    fixture f;
    kit_run r;
    if (access(path, R_OK) != 0)
        skip_because("%s is not built", path);
    open_fixture(&f);
    load_path(&f, path);
    assert_int_equal(f.program->kind, OL_PROGRAM_SHARED);
    assert_code_of(run(&f, 500000, &r), OL_OK, &r.err);
    assert_int_equal(r.gate.len, 500000);
    kit_run_fini(&r);
    close_fixture(&f);
}

int main(int argc, char **argv)
{
    if (fake_is_host(argc, argv))
        return ol_host_main(argc, argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lua_identity_and_more),
        cmocka_unit_test(test_lua_failures),
        cmocka_unit_test(test_lua_syntax_error),
        cmocka_unit_test(test_light_requests_beside_an_endless_loop),
        cmocka_unit_test(test_pii),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
