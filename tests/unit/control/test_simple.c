/* SPDX-License-Identifier: MIT */
/*
 * The configuration that `objlens serve` makes from options.
 */
#include "lib/alloc_check.h"
#include "lib/check.h"

#include "base/alloc.h"
#include "scratch.h"

static scratch s;
static char before[4096];

static int setup(void **state)
{
    (void)state;
    ol_test_scratch_open(&s);
    scratch_write(&s, "pii.so", OL_SLICE_LIT("x"), 0600);
    scratch_write(&s, "Shout it.lua", OL_SLICE_LIT("x"), 0600);
    scratch_write(&s, "pii.lua", OL_SLICE_LIT("x"), 0600);
    setenv("OBJLENS_TRANSFORMS", s.folder, 1);
    return getcwd(before, sizeof(before)) && chdir(s.folder) == 0 ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    assert_int_equal(chdir(before), 0);
    ol_test_scratch_close(&s);
    return 0;
}

static int make(ol_config **config, const char *const *views, size_t count, ol_error *err)
{
    ol_config_simple simple = {.data_path = "data",
                               .views = views,
                               .view_count = count,
                               .access_key = "rootkey",
                               .secret_key = "rootsecret",
                               .loops = 2};
    return ol_config_simple_make(config, &simple, err);
}

static void test_without_views(void **state)
{
    (void)state;
    ol_config *config;
    ol_error err = {0};
    char data[256];
    scratch_path(&s, "data", data);
    assert_code_of(make(&config, NULL, 0, &err), OL_OK, &err);
    assert_null(config->file);
    assert_string_equal(config->data_path, data);
    assert_int_equal(config->loops, 2);
    assert_int_equal(config->listener_count, 1);
    assert_string_equal(config->listeners[0].address, "127.0.0.1");
    assert_int_equal(config->listeners[0].port, 9000);
    assert_int_equal(config->admin.port, 9001);
    assert_true(config->admin_optional);
    assert_int_equal(config->olap_count, 0);
    const ol_realm_key *key = &config->keys[0];
    assert_slice(key->secret_key, "rootsecret");
    assert_int_equal(key->identity->kind, OL_IDENTITY_ROOT);
    ol_config_release(config);
}

static void test_views_share_buckets_and_transforms(void **state)
{
    (void)state;
    static const char *const views[] = {
        "orders-redacted=orders:pii",
        "orders-loud=orders:pii,Shout it.lua",
        "catalog-loud=catalog:./Shout it.lua,pii.lua",
    };
    ol_config *config;
    ol_error err = {0};
    assert_code_of(make(&config, views, 3, &err), OL_OK, &err);
    assert_int_equal(config->bucket_count, 2);
    assert_int_equal(config->access_point_count, 2);
    assert_int_equal(config->olap_count, 3);
    assert_int_equal(config->transform_count, 3);
    ol_realm *realm = scratch_realm(config);
    const ol_realm_olap *olap =
        ol_realm_find_olap_by_alias(realm, OL_SLICE_LIT("orders-loud--ol-s3"));
    assert_non_null(olap);
    assert_ptr_equal(olap->access_point, ol_realm_find_access_point_by_alias(
                                             realm, OL_SLICE_LIT("orders-s3alias")));
    assert_slice(olap->access_point->bucket, "orders");
    assert_slice(olap->views[0].steps[0].transform, "pii");
    assert_slice(olap->views[0].steps[1].transform, "shout-it");
    olap = ol_realm_find_olap_by_alias(realm, OL_SLICE_LIT("catalog-loud--ol-s3"));
    /* the same file, however it is written */
    assert_slice(olap->views[0].steps[0].transform, "shout-it");
    /* not to be mixed up with what ships */
    assert_slice(olap->views[0].steps[1].transform, "pii-2");
    ol_realm_release(realm);
    ol_config_release(config);
}

static void test_the_listener_may_be_chosen(void **state)
{
    (void)state;
    ol_config *config;
    ol_error err = {0};
    ol_config_simple simple = {
        .listen = "0.0.0.0:80", .access_key = "rootkey", .secret_key = "rootsecret"};
    assert_code_of(ol_config_simple_make(&config, &simple, &err), OL_OK, &err);
    assert_string_equal(config->listeners[0].address, "0.0.0.0");
    assert_int_equal(config->admin.port, 81);
    assert_string_equal(config->admin.address, "127.0.0.1");
    ol_config_release(config);
    simple.listen = "80";
    assert_code(ol_config_simple_make(&config, &simple, &err), OL_ECONFIG);
    assert_non_null(strstr(err.detail, "is not an address and port"));
}

static void test_views_that_are_wrong(void **state)
{
    (void)state;
    static const struct {
        const char *view, *says;
    } rows[] = {
        {"orders", "is written NAME=BUCKET:TRANSFORM"},
        {"=orders:pii", "is written NAME=BUCKET:TRANSFORM"},
        {"view=:pii", "is written NAME=BUCKET:TRANSFORM"},
        {"view=orders", "is written NAME=BUCKET:TRANSFORM"},
        {"view=orders:", "a transform is missing"},
        {"view=orders:pii,", "a transform is missing"},
        {"View=orders:pii", "the view's name is not a valid access point name"},
        {"view=Orders:pii", "the bucket's name is not a valid bucket name"},
        {"view=my.orders:pii", "the bucket's name is not a valid access point name"},
        {"view=orders--ol-s3:pii", "the bucket's name must not end in --ol-s3"},
        {"view=orders:pji", "unknown transform \"pji\"; did you mean \"pii\"?"},
        {"view=orders:no.lua", "no.lua does not exist"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        ol_config *config;
        ol_error err = {0};
        assert_code(make(&config, &rows[i].view, 1, &err), OL_ECONFIG);
        assert_null(config);
        if (!strstr(err.detail, rows[i].says))
            fail_msg("%s: %s", rows[i].view, err.detail);
    }
    static const char *const twice[] = {"view=orders:pii", "view=other:pii"};
    ol_config *config;
    ol_error err = {0};
    assert_code(make(&config, twice, 2, &err), OL_ECONFIG);
    assert_non_null(strstr(err.detail, "there is a view of that name already"));
}

static int make_two(void *arg)
{
    static const char *const views[] = {"one=orders:pii,Shout it.lua", "two=other:pii.lua"};
    (void)arg;
    ol_config *config;
    ol_error err = {0};
    int rc = make(&config, views, 2, &err);
    if (rc == OL_OK)
        ol_config_release(config);
    return rc;
}

static void test_every_allocation_may_fail(void **state)
{
    (void)state;
    assert_true(ol_test_fail_each(make_two, NULL) > 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_without_views),
        cmocka_unit_test(test_views_share_buckets_and_transforms),
        cmocka_unit_test(test_the_listener_may_be_chosen),
        cmocka_unit_test(test_views_that_are_wrong),
        cmocka_unit_test(test_every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
