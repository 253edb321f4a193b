/* SPDX-License-Identifier: MIT */
/* A control over a folder or an object, its edits asked for and waited for: for the tests of what the API changes. */
#ifndef OL_TESTS_CONTROL_KIT_H
#define OL_TESTS_CONTROL_KIT_H

#include <sys/resource.h>
#include <sys/syscall.h>
#include <signal.h>
#include <unistd.h>

#include "lib/check.h"
#include "lib/loop_fixture.h"

#include "access/policy.h"
#include "control/state/control.h"
#include "memory_origin.h"
#include "scratch.h"

#ifndef KIT_UNUSED
#define KIT_UNUSED __attribute__((unused))
#endif

#define ROOT "root { access_key = 'rootkey', secret_key = 'rootsecret' }\n"
#define CONFIG                                                                                     \
    ROOT "bucket 'fixed' { ownership = 'ObjectWriter' }\n"                                          \
         "access_point 'fixed-ap' { bucket = 'fixed' }\n"                                           \
         "object_lambda 'fixed-view' { access_point = 'fixed-ap', transforms = 'pii' }\n"           \
         "limits { access_points_max = 3, control_timeout_ms = 5000 }\n"

#define ACCOUNT OL_SLICE_LIT("000000000000")
#define POLICY(bucket)                                                                             \
    "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":\"*\","            \
    "\"Action\":\"s3:GetObject\",\"Resource\":\"arn:aws:s3:::" bucket "/*\"}]}"

static scratch s;
static ol_test_loop t;
static memory_origin remote;

/* The workers: whom changes are published to. */
typedef struct crew {
    ol_control *control;
    pthread_mutex_t lock;
    ol_realm *realm;
    unsigned published;
} crew;

static KIT_UNUSED void publish(void *arg, ol_realm *realm)
{
    crew *self = arg;
    pthread_mutex_lock(&self->lock);
    ol_realm_release(self->realm);
    self->realm = ol_realm_acquire(realm);
    self->published++;
    pthread_mutex_unlock(&self->lock);
}

/* ---- asking ---- */

typedef struct answer {
    bool came;
    ol_error err;
} answer;

static KIT_UNUSED void on_answer(void *arg, const ol_error *err)
{
    answer *self = arg;
    self->came = true;
    if (err)
        self->err = *err;
}

static KIT_UNUSED answer ask(crew *c, const ol_edit *edit)
{
    answer a = {0};
    int rc = ol_control_edit(c->control, t.loop, edit, on_answer, &a, &a.err);
    if (rc == OL_WAIT)
        ol_test_loop_until(&t, &a.came, OL_TEST_BOUND_MS);
    else
        assert_true(rc < 0 && a.err.code == rc);
    return a;
}

static KIT_UNUSED void must(crew *c, const ol_edit *edit)
{
    answer a = ask(c, edit);
    assert_code_of(a.err.code, OL_OK, &a.err);
}

static KIT_UNUSED void must_fail(crew *c, const ol_edit *edit, int code, const char *s3_code)
{
    unsigned published = c->published;
    answer a = ask(c, edit);
    assert_code(a.err.code, code);
    assert_string_equal(a.err.s3_code, s3_code);
    assert_int_equal(c->published, published);
}

#define EDIT(...) (&(ol_edit){.account = ACCOUNT, __VA_ARGS__})
#define BUCKET_POLICY(bucket)                                                                      \
    EDIT(.kind = OL_EDIT_BUCKET_POLICY, .name = OL_SLICE_LIT(bucket),                               \
         .text = OL_SLICE_LIT(POLICY(bucket)))

static const ol_control_access_point point_to_orders = {.bucket = {(const uint8_t *)"orders", 6}};
static const ol_control_transformation with_pii = {
    .actions = OL_CONTROL_GET_OBJECT,
    .function = {(const uint8_t *)"arn:aws:lambda:us-east-1:000000000000:function:pii", 50},
};
static const ol_control_olap olap_on_ap1 = {
    .supporting_access_point = {(const uint8_t *)"arn:aws:s3:us-east-1:000000000000:accesspoint/ap1",
                                49},
    .transformations = &with_pii,
    .transformation_count = 1,
    .features = OL_CONTROL_GET_OBJECT_RANGE,
    .metrics = true,
};

/* ---- opening ---- */

static KIT_UNUSED ol_config *load(const char *text)
{
    ol_config *config;
    ol_config_report report;
    int rc = scratch_load(&s, ol_slice_cstr(text), &config, &report);
    print_report(&report);
    assert_code(rc, OL_OK);
    ol_config_report_fini(&report);
    return config;
}

static KIT_UNUSED int try_open(crew *c, const char *text, ol_error *err)
{
    ol_config *config = load(text);
    *c = (crew){0};
    pthread_mutex_init(&c->lock, NULL);
    const ol_control_options options = {
        .config = config, .origin = &remote.base, .publish = publish, .publish_arg = c};
    int rc = ol_control_open(&c->control, &options, err);
    ol_config_release(config);
    if (rc == OL_OK)
        ol_control_start(c->control);
    return rc;
}

static KIT_UNUSED void open_crew(crew *c, const char *text)
{
    ol_error err = {0};
    assert_code_of(try_open(c, text, &err), OL_OK, &err);
}

static KIT_UNUSED void close_crew(crew *c)
{
    ol_control_close(c->control);
    ol_realm_release(c->realm);
    pthread_mutex_destroy(&c->lock);
}

static KIT_UNUSED void refuse_to_open(const char *text, const char *says)
{
    crew c;
    ol_error err = {0};
    assert_code(try_open(&c, text, &err), OL_ECONFIG);
    if (!strstr(err.detail, says))
        fail_msg("said: %s", err.detail);
    pthread_mutex_destroy(&c.lock);
}

static KIT_UNUSED int setup(void **state)
{
    (void)state;
    ol_test_scratch_open(&s);
    scratch_write(&s, "pii.so", OL_SLICE_LIT("x"), 0600);
    setenv("OBJLENS_TRANSFORMS", s.folder, 1);
    memory_origin_open(&remote);
    return ol_test_loop_open(&t);
}

static KIT_UNUSED int teardown(void **state)
{
    (void)state;
    ol_test_loop_close(&t);
    memory_origin_close(&remote);
    ol_test_scratch_close(&s);
    return 0;
}

static KIT_UNUSED bool file_is_there(const char *name)
{
    char path[256];
    scratch_path(&s, name, path);
    return access(path, F_OK) == 0;
}

#endif
