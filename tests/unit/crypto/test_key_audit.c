/* SPDX-License-Identifier: MIT */
/* The lines of the key audit: one a use, whole, with no key in it; and in front of the cache. */
#include "lib/check.h"

#include "base/alloc.h"
#include "crypto/keys/data_key_cache.h"
#include "crypto/keys/key_audit.h"
#include "lib/loop_fixture.h"
#include "lib/scratch.h"
#include "unit/crypto/fake_kms.h"

typedef struct fixture {
    ol_test_scratch scratch;
    ol_test_loop loop;
    ol_key_audit audit;
    ol_arena *arena;
    fake_kms fake;
    ol_data_key_cache *cache;
    ol_kms *cached, *kms;
    ol_kms_call call;
    bool done;
    int code;
    ol_buf text;
} fixture;

static const ol_key_use use = {{(const uint8_t *)"arn:aws:iam::1:user/\"a\n", 23},
                               {(const uint8_t *)"arn:aws:s3:::b/k", 16},
                               {(const uint8_t *)"arn:olap", 8},
                               {(const uint8_t *)"R9", 2}};

static void on_key(ol_kms_call *call, const ol_error *err)
{
    fixture *f = call->arg;
    f->done = true;
    f->code = err ? err->code : OL_OK;
}

static int setup(void **state)
{
    static fixture f;
    ol_data_key_limits limits;
    ol_error err = {0};
    f = (fixture){.fake = {.base.ops = &fake_ops}, .arena = ol_arena_new(1 << 20)};
    ol_data_key_limits_default(&limits);
    ol_test_scratch_open(&f.scratch);
    ol_buf_init(&f.text, 1 << 20);
    assert_code(ol_test_loop_open(&f.loop), OL_OK);
    assert_code(ol_log_open(&f.audit.log, ol_test_scratch_path(&f.scratch, "log"), &err), OL_OK);
    assert_code(ol_data_key_cache_new(&f.cache, &limits, &err), OL_OK);
    assert_code(ol_data_key_cache_wrap(f.cache, &f.fake.base, OL_SLICE_LIT("f"), &f.cached, &err),
                OL_OK);
    assert_code(ol_key_audit_wrap(&f.audit, f.cached, &f.kms, &err), OL_OK);
    *state = &f;
    return 0;
}

static int teardown(void **state)
{
    fixture *f = *state;
    ol_test_loop_close(&f->loop);
    f->kms->ops->destroy(f->kms);
    f->cached->ops->destroy(f->cached);
    ol_data_key_cache_destroy(f->cache);
    ol_buf_fini(&f->text);
    ol_arena_destroy(f->arena);
    ol_test_scratch_close(&f->scratch);
    return 0;
}

static int ask(fixture *f)
{
    ol_error err = {0};
    f->done = false;
    f->call = (ol_kms_call){.loop = f->loop.loop, .arena = f->arena, .key_id = OL_SLICE_LIT("id"),
                            .blob = OL_SLICE_LIT("B"), .request_id = OL_SLICE_LIT("R1"),
                            .use = &use, .cb = on_key, .arg = f};
    int rc = f->kms->ops->open(f->kms, &f->call, &err);
    if (rc != OL_WAIT)
        return rc;
    fake_answer_all(&f->fake);
    ol_test_loop_until(&f->loop, &f->done, OL_TEST_BOUND_MS);
    return f->code;
}

/* The log's lines, without their times. */
static const char *lines(fixture *f)
{
    ol_log_close(f->audit.log);
    ol_test_file_read(ol_test_scratch_path(&f->scratch, "log"), &f->text);
    char *text = (char *)(uintptr_t)ol_buf_cstr(&f->text);
    for (char *at = text; (at = strstr(at, "{\"time\":\"")) != NULL; at++)
        memset(at + 9, 'T', 24);
    return text;
}

#define START "{\"time\":\"TTTTTTTTTTTTTTTTTTTTTTTT\",\"event\":"
#define WHO "\"who\":\"arn:aws:iam::1:user/\\\"a\\n\""
#define END ",\"olap\":\"arn:olap\",\"object\":\"arn:aws:s3:::b/k\"}\n"
#define KEY "\"key\":\"arn:aws:kms:r:a:key/fake\",\"version\":7,\"request_id\":\"R1\""

static void test_lines(void **state)
{
    fixture *f = *state;
    assert_code(ask(f), OL_OK);
    assert_false(f->call.cached);
    ol_secret_free(f->call.key, 32);
    assert_code(ask(f), OL_OK);
    assert_true(f->call.cached);
    ol_secret_free(f->call.key, 32);
    ol_data_key_cache_clear(f->cache);
    f->fake.refusal = OL_EACCESS;
    assert_code(ask(f), OL_EACCESS);
    ol_data_key_cache_clear(f->cache);
    f->fake.refusal = OL_EKMSDISABLED;
    assert_code(ask(f), OL_EKMSDISABLED);
    ol_key_audit_denied(&f->audit, OL_KEY_MADE, NULL, OL_SLICE_LIT("k"), OL_SLICE_NONE);
    assert_string_equal(
        lines(f),
        START "\"Decrypt\",\"outcome\":\"ok\"," WHO "," KEY ",\"cached\":false" END
        START "\"Decrypt\",\"outcome\":\"ok\"," WHO "," KEY ",\"cached\":true" END
        START "\"Decrypt\",\"outcome\":\"denied\",\"error\":\"AccessDenied\"," WHO
              ",\"key\":\"id\",\"request_id\":\"R1\",\"cached\":false" END
        START "\"Decrypt\",\"outcome\":\"failed\",\"error\":\"KMS.DisabledException\"," WHO
              ",\"key\":\"id\",\"request_id\":\"R1\",\"cached\":false" END
        START "\"GenerateDataKey\",\"outcome\":\"denied\",\"error\":\"AccessDenied\",\"key\":\"k\","
              "\"cached\":false}\n");
}

static void test_cancelled(void **state)
{
    fixture *f = *state;
    ol_error err = {0};
    f->call = (ol_kms_call){.loop = f->loop.loop, .arena = f->arena, .blob = OL_SLICE_LIT("B"),
                            .cb = on_key, .arg = f};
    assert_code(f->kms->ops->open(f->kms, &f->call, &err), OL_WAIT);
    f->kms->ops->cancel(f->kms, &f->call);
    fake_answer_all(&f->fake);
    ol_test_loop_turns(&f->loop, 2);
    assert_false(f->done);
    assert_string_equal(lines(f), "");
}

/* However long its parts are, a line is whole. */
static void test_long_parts(void **state)
{
    fixture *f = *state;
    static uint8_t much[20000];
    memset(much, '\n', sizeof much);
    for (size_t len = 100; len < sizeof much; len += 997) {
        const ol_key_use long_use = {.who = ol_slice_of(much, len), .object = ol_slice_of(much, len)};
        const ol_key_audit_entry entry = {.event = OL_KEY_MADE, .use = &long_use,
                                          .key = OL_SLICE_LIT("k")};
        ol_key_audit_write(&f->audit, &entry);
    }
    ol_key_audit_write(NULL, &(ol_key_audit_entry){0});
    for (const char *line = lines(f); *line; line = strchr(line, '\n') + 1) {
        assert_memory_equal(line, START, sizeof START - 1);
        assert_memory_equal(strchr(line, '\n') - 1, "}\n", 2);
        assert_non_null(strstr(line, "\"key\":\"k\""));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_lines, setup, teardown),
        cmocka_unit_test_setup_teardown(test_cancelled, setup, teardown),
        cmocka_unit_test_setup_teardown(test_long_parts, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
