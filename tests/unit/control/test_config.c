/* SPDX-License-Identifier: MIT */
/*
 * What a right configuration becomes: names, ARNs, aliases, keys, limits, and the lifetime of
 * the snapshot.
 */
#include "lib/alloc_check.h"
#include "lib/check.h"

#include "access/policy.h"
#include "base/alloc.h"
#include "base/map.h"
#include "scratch.h"

static const char whole[] =
    "region = 'eu-west-1'\n"
    "account = '111122223333'\n"
    "data = 'data'\n"
    "loops = 3\n"
    "listen '127.0.0.1:9100'\n"
    "listen { address = '[::1]:9443', certificate = 'cert.pem', key = 'key.pem' }\n"
    "admin 'localhost:9200'\n"
    "root { access_key = 'rootkey', secret_key = file 'root.txt' }\n"
    "local prefix = 'ann'\n"
    "user(prefix .. 'a') { access_key = env 'OBJLENS_TEST_KEY', secret_key = 'ann' .. env 'OBJLENS_TEST_KEY',\n"
    "  policy = {\n"
    "    { effect = 'Allow', actions = { 's3-object-lambda:GetObject', 's3:Get*' }, resources = '*' },\n"
    "    { effect = 'Deny', actions = 's3:*', resources = { 'arn:aws:s3:::orders', 'arn:aws:s3:::orders/*' } },\n"
    "  } }\n"
    "bucket 'orders'\n"
    "bucket 'other.bucket' {}\n"
    "access_point 'orders-ap' { bucket = 'orders' }\n"
    "transform 'shout' { file = 'shout.lua', share = 'request', limits = { cpu_ms = 7 } }\n"
    "object_lambda 'orders-redacted' { access_point = 'orders-ap',\n"
    "  transforms = { 'pii', { 'shout', payload = [[{\"a\": 1}]] }, { transform = 'pii' } } }\n"
    "object_lambda 'plain' { access_point = 'orders-ap', transforms = 'shout' }\n"
    "limits { drain_ms = 5, put_bytes_max = '1 GiB', slot_bytes = 8192, http = { headers_max = 64 },\n"
    "  transform = { memory_bytes = '64 MiB', wall_ms = 9 } }\n"
    "logs { access = 'access.log', transforms = false }\n";

typedef struct fixture {
    scratch s;
    ol_config *config;
} fixture;

static void write_files(const scratch *s)
{
    scratch_write(s, "cert.pem", OL_SLICE_LIT("x"), 0600);
    scratch_write(s, "key.pem", OL_SLICE_LIT("x"), 0600);
    scratch_write(s, "root.txt", OL_SLICE_LIT("rootsecret\n"), 0600);
    scratch_write(s, "shout.lua", OL_SLICE_LIT("x"), 0600);
    scratch_write(s, "pii.so", OL_SLICE_LIT("x"), 0600);
    setenv("OBJLENS_TRANSFORMS", s->folder, 1);
    setenv("OBJLENS_TEST_KEY", "annkey", 1);
}

static int setup(void **state)
{
    static fixture f;
    ol_config_report report;
    ol_test_scratch_open(&f.s);
    write_files(&f.s);
    int rc = scratch_load(&f.s, ol_slice_cstr(whole), &f.config, &report);
    print_report(&report);
    ol_config_report_fini(&report);
    *state = &f;
    return rc;
}

static int teardown(void **state)
{
    fixture *f = *state;
    ol_config_release(f->config);
    ol_test_scratch_close(&f->s);
    return 0;
}

static void assert_in_folder(const fixture *f, const char *path, const char *name)
{
    char want[256];
    scratch_path(&f->s, name, want);
    assert_string_equal(path, want);
}

static void test_settings_and_listeners(void **state)
{
    const fixture *f = *state;
    const ol_config *config = f->config;
    assert_slice(config->region, "eu-west-1");
    assert_slice(config->account_id, "111122223333");
    assert_in_folder(f, config->data_path, "data");
    assert_in_folder(f, config->file, "objlens.lua");
    assert_int_equal(config->loops, 3);
    assert_int_equal(config->listener_count, 2);
    assert_string_equal(config->listeners[0].address, "127.0.0.1");
    assert_int_equal(config->listeners[0].port, 9100);
    assert_int_equal(config->listeners[0].certificate_count, 0);
    assert_string_equal(config->listeners[1].address, "::1");
    assert_int_equal(config->listeners[1].certificate_count, 1);
    assert_in_folder(f, config->listeners[1].certificates[0].certificate_file, "cert.pem");
    assert_in_folder(f, config->listeners[1].certificates[0].key_file, "key.pem");
    assert_string_equal(config->admin.address, "127.0.0.1");
    assert_int_equal(config->admin.port, 9200);
    assert_false(config->admin_optional);
    assert_in_folder(f, config->access_log, "access.log");
    assert_null(config->transform_log);
}

static const ol_realm_key *find_key(const ol_config *config, const char *access_key)
{
    return ol_map_get(config->key_map, ol_slice_cstr(access_key));
}

static void test_identities(void **state)
{
    const fixture *f = *state;
    const ol_config *config = f->config;
    assert_int_equal(config->key_count, 2);
    const ol_realm_key *root = find_key(config, "rootkey");
    assert_non_null(root);
    assert_slice(root->secret_key, "rootsecret");
    assert_true(root->active);
    assert_int_equal(root->identity->kind, OL_IDENTITY_ROOT);
    assert_slice(root->identity->arn, "arn:aws:iam::111122223333:root");
    assert_int_equal(root->identity->user_name.len, 0);

    const ol_realm_key *ann = find_key(config, "annkey");
    assert_non_null(ann);
    assert_slice(ann->secret_key, "annannkey");
    assert_int_equal(ann->identity->kind, OL_IDENTITY_USER);
    assert_slice(ann->identity->user_name, "anna");
    assert_slice(ann->identity->account_id, "111122223333");
    assert_slice(ann->identity->arn, "arn:aws:iam::111122223333:user/anna");
    assert_int_equal(ann->identity->principal_id.len, 21);
    assert_int_equal(ann->identity->canonical_id.len, 64);
    assert_int_equal(ann->identity->policy_count, 1);
    assert_int_equal(ol_policy_statement_count(ann->identity->policies[0]), 2);
    assert_null(find_key(config, "nobody"));
}

static void test_access_points(void **state)
{
    const fixture *f = *state;
    const ol_config *config = f->config;
    assert_int_equal(config->bucket_count, 2);
    assert_slice(config->buckets[1].name, "other.bucket");
    const ol_realm_access_point *point = &config->access_points[0];
    assert_slice(point->alias, "orders-ap-s3alias");
    assert_slice(point->bucket, "orders");
    assert_slice(point->arn, "arn:aws:s3:eu-west-1:111122223333:accesspoint/orders-ap");
    const ol_realm_olap *olap = &config->olaps[0];
    assert_slice(olap->alias, "orders-redacted--ol-s3");
    assert_ptr_equal(olap->access_point, point);
    assert_slice(olap->supporting_arn, "arn:aws:s3:eu-west-1:111122223333:accesspoint/orders-ap");
    assert_slice(olap->arn,
                 "arn:aws:s3-object-lambda:eu-west-1:111122223333:accesspoint/orders-redacted");
    assert_int_equal(olap->view_count, 1);
    const ol_realm_view *view = &olap->views[0];
    assert_int_equal(view->actions, 15);
    assert_int_equal(view->step_count, 3);
    assert_slice(view->steps[0].transform, "pii");
    assert_int_equal(view->steps[0].payload.len, 0);
    assert_slice(view->steps[1].transform, "shout");
    assert_slice(view->steps[1].payload, "{\"a\": 1}");
    assert_slice(view->steps[2].transform, "pii");
}

static const ol_transform_spec *find_spec(const ol_config *config, const char *name)
{
    for (size_t i = 0; i < config->transform_count; i++)
        if (strcmp(config->transforms[i].name, name) == 0)
            return &config->transforms[i];
    return NULL;
}

static void test_transforms_and_limits(void **state)
{
    const fixture *f = *state;
    const ol_config *config = f->config;
    assert_int_equal(config->transform_count, 2);
    const ol_transform_spec *shout = find_spec(config, "shout");
    assert_in_folder(f, shout->path, "shout.lua");
    assert_int_equal(shout->share, OL_SHARE_REQUEST);
    assert_int_equal(shout->limits.cpu_ms, 7);
    assert_int_equal(shout->limits.wall_ms, 9); /* from the limits block, which stands below */
    assert_int_equal(shout->limits.memory_bytes, 64 * OL_MIB);
    const ol_transform_spec *pii = find_spec(config, "pii");
    assert_in_folder(f, pii->path, "pii.so");
    assert_int_equal(pii->share, OL_SHARE_ALL);
    assert_int_equal(pii->limits.cpu_ms, OL_TRANSFORM_CPU_MS);
    assert_int_equal(pii->limits.wall_ms, 9);
    assert_int_equal(config->limits.drain_ms, 5);
    assert_int_equal(config->limits.put_bytes_max, 1024 * OL_MIB);
    assert_int_equal(config->limits.slot_bytes, 8192);
    assert_int_equal(config->limits.http.headers_max, 64);
    assert_int_equal(config->limits.http.url_bytes_max, OL_HTTP_URL_BYTES_MAX);
}

static ol_config *load_or_fail(const scratch *s, ol_slice text)
{
    ol_config *config;
    ol_config_report report;
    int rc = scratch_load(s, text, &config, &report);
    print_report(&report);
    assert_code(rc, OL_OK);
    ol_config_report_fini(&report);
    return config;
}

static void test_defaults(void **state)
{
    const fixture *f = *state;
    ol_config *config =
        load_or_fail(&f->s, OL_SLICE_LIT("root { access_key = 'key', secret_key = 'secretkey' }"));
    assert_slice(config->region, "us-east-1");
    assert_slice(config->account_id, "000000000000");
    assert_in_folder(f, config->data_path, "objlens-data");
    assert_int_equal(config->loops, 0);
    assert_int_equal(config->listener_count, 1);
    assert_string_equal(config->listeners[0].address, "127.0.0.1");
    assert_int_equal(config->listeners[0].port, 9000);
    assert_string_equal(config->admin.address, "127.0.0.1");
    assert_int_equal(config->admin.port, 9001);
    assert_true(config->admin_optional);
    assert_string_equal(config->access_log, "-");
    assert_string_equal(config->transform_log, "--");
    ol_config_release(config);
}

#define ROOT "root { access_key = 'key', secret_key = 'secretkey' } "

static void test_the_admin_port_keeps_clear_of_listeners(void **state)
{
    const fixture *f = *state;
    ol_config *config = load_or_fail(
        &f->s, OL_SLICE_LIT(ROOT "listen '0.0.0.0:9000' listen '127.0.0.1:9001'"));
    assert_int_equal(config->admin.port, 9002);
    ol_config_release(config);
    config = load_or_fail(&f->s, OL_SLICE_LIT(ROOT "listen '127.0.0.1:0'"));
    assert_int_equal(config->admin.port, 0);
    assert_non_null(config->admin.address);
    ol_config_release(config);
    config = load_or_fail(&f->s, OL_SLICE_LIT(ROOT "listen '127.0.0.1:65535'"));
    assert_int_equal(config->admin.port, 1024);
    ol_config_release(config);
    config = load_or_fail(&f->s, OL_SLICE_LIT(ROOT "admin(false)"));
    assert_null(config->admin.address);
    ol_config_release(config);
}

/* What a shipped transform is, a block may change in part or replace. */
static void test_a_block_overrides_a_shipped_transform(void **state)
{
    const fixture *f = *state;
    ol_config *config = load_or_fail(
        &f->s, OL_SLICE_LIT(ROOT "transform 'pii' { limits = { cpu_ms = 3 } }"));
    assert_in_folder(f, config->transforms[0].path, "pii.so");
    assert_int_equal(config->transforms[0].share, OL_SHARE_ALL);
    assert_int_equal(config->transforms[0].limits.cpu_ms, 3);
    ol_config_release(config);
    config = load_or_fail(&f->s, OL_SLICE_LIT(ROOT "transform 'pii' { file = 'shout.lua' }"));
    assert_in_folder(f, config->transforms[0].path, "shout.lua");
    assert_int_equal(config->transforms[0].share, OL_SHARE_IDENTITY);
    ol_config_release(config);
}

static void test_a_file_without_a_folder_in_its_path(void **state)
{
    const fixture *f = *state;
    ol_config *config;
    ol_config_report report;
    char before[4096];
    assert_non_null(getcwd(before, sizeof(before)));
    scratch_write(&f->s, "here.lua", OL_SLICE_LIT(ROOT "data = './some'"), 0600);
    assert_int_equal(chdir(f->s.folder), 0);
    assert_code(ol_config_load(&config, "here.lua", &report), OL_OK);
    assert_int_equal(chdir(before), 0);
    assert_in_folder(f, config->data_path, "some");
    ol_config_release(config);
    ol_config_report_fini(&report);
}

static void test_the_snapshot_is_counted(void **state)
{
    const fixture *f = *state;
    long live = ol_alloc_live();
    ol_config *config = load_or_fail(&f->s, OL_SLICE_LIT(ROOT));
    assert_ptr_equal(ol_config_acquire(config), config);
    ol_config_release(config);
    assert_slice(config->region, "us-east-1");
    ol_config_release(config);
    ol_config_release(NULL);
    assert_no_leak(live);
}

/* Success in spite of a failed allocation is fine, half a configuration is not. */
static void assert_complete(const ol_config *config)
{
    assert_int_equal(config->listener_count, 2);
    assert_int_equal(config->key_count, 2);
    assert_int_equal(config->keys[1].identity->policy_count, 1);
    assert_int_equal(config->bucket_count, 2);
    assert_int_equal(config->access_point_count, 1);
    assert_int_equal(config->olap_count, 2);
    assert_int_equal(config->olaps[0].views[0].step_count, 3);
    assert_int_equal(config->transform_count, 2);
    assert_non_null(find_key(config, "annkey"));
    assert_true(config->olaps[0].arn.len > 40 && config->access_points[0].arn.len > 40);
}

static int load_whole(void *arg)
{
    const fixture *f = arg;
    ol_config *config;
    ol_config_report report;
    char path[256];
    scratch_path(&f->s, "objlens.lua", path);
    int rc = ol_config_load(&config, path, &report);
    if (rc == OL_OK) {
        assert_complete(config);
        ol_config_release(config);
    } else {
        assert_true(rc == OL_ENOMEM || report.count > 0);
    }
    ol_config_report_fini(&report);
    return rc;
}

static void test_every_allocation_may_fail(void **state)
{
    fixture *f = *state;
    scratch_write(&f->s, "objlens.lua", ol_slice_cstr(whole), 0600);
    assert_true(ol_test_fail_each(load_whole, f) > 20);
}

/* The last allocations of a load are those of building. */
#define LAST_ALLOCATIONS 60

/* Most memory of building comes from an arena, which asks for more only now and then. Empty lines
 * before move that moment (8 bytes a line), so that it meets one step after the other. */
static void test_every_step_of_building_may_fail(void **state)
{
    fixture *f = *state;
    scratch_write(&f->s, "objlens.lua", ol_slice_cstr(whole), 0600);
    unsigned total = ol_test_fail_each(load_whole, f);
    unsigned failures = 0;
    for (int lines = 0; lines < 1024; lines += 6) {
        ol_buf text;
        ol_buf_init(&text, OL_MIB);
        ol_buf_add_cstr(&text, whole);
        for (int i = 0; i < lines; i++)
            ol_buf_add_byte(&text, '\n');
        scratch_write(&f->s, "objlens.lua", ol_buf_slice(&text), 0600);
        ol_buf_fini(&text);
        for (unsigned position = total - LAST_ALLOCATIONS; position < total + 3; position++) {
            ol_alloc_fail_one_after((long)position);
            failures += load_whole(f) != OL_OK;
            ol_alloc_fail_after(-1);
        }
    }
    assert_true(failures > 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_settings_and_listeners),
        cmocka_unit_test(test_identities),
        cmocka_unit_test(test_access_points),
        cmocka_unit_test(test_transforms_and_limits),
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_the_admin_port_keeps_clear_of_listeners),
        cmocka_unit_test(test_a_block_overrides_a_shipped_transform),
        cmocka_unit_test(test_a_file_without_a_folder_in_its_path),
        cmocka_unit_test(test_the_snapshot_is_counted),
        cmocka_unit_test(test_every_allocation_may_fail),
        cmocka_unit_test(test_every_step_of_building_may_fail),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
