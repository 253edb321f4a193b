/* SPDX-License-Identifier: MIT */
/*
 * What the API changes: the rules of each change, that it is durable and used before it is
 * answered, and what happens when the place where it is kept is full, damaged, changed by another
 * replica, down or gone.
 */
#include <sys/resource.h>
#include <sys/syscall.h>
#include <signal.h>
#include <unistd.h>

#include "lib/check.h"
#include "lib/loop_fixture.h"

#include "access/policy.h"
#include "control/control.h"
#include "memory_origin.h"
#include "scratch.h"

#define ROOT "root { access_key = 'rootkey', secret_key = 'rootsecret' }\n"
#define CONFIG                                                                                     \
    ROOT "bucket 'fixed' { ownership = 'ObjectWriter' }\n"                                          \
         "access_point 'fixed-ap' { bucket = 'fixed' }\n"                                           \
         "object_lambda 'fixed-view' { access_point = 'fixed-ap', transforms = 'pii' }\n"           \
         "limits { access_points_max = 3, control_timeout_ms = 5000 }\n"

#define WAIT_MS 10000
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

static void publish(void *arg, ol_realm *realm)
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

static void on_answer(void *arg, const ol_error *err)
{
    answer *self = arg;
    self->came = true;
    if (err)
        self->err = *err;
}

static answer ask(crew *c, const ol_edit *edit)
{
    answer a = {0};
    int rc = ol_control_edit(c->control, t.loop, edit, on_answer, &a, &a.err);
    if (rc == OL_WAIT)
        ol_test_loop_until(&t, &a.came, WAIT_MS);
    else
        assert_true(rc < 0 && a.err.code == rc);
    return a;
}

static void must(crew *c, const ol_edit *edit)
{
    answer a = ask(c, edit);
    assert_code_of(a.err.code, OL_OK, &a.err);
}

static void must_fail(crew *c, const ol_edit *edit, int code, const char *s3_code)
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

static ol_config *load(const char *text)
{
    ol_config *config;
    ol_config_report report;
    int rc = scratch_load(&s, ol_slice_cstr(text), &config, &report);
    print_report(&report);
    assert_code(rc, OL_OK);
    ol_config_report_fini(&report);
    return config;
}

static int try_open(crew *c, const char *text, ol_error *err)
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

static void open_crew(crew *c, const char *text)
{
    ol_error err = {0};
    assert_code_of(try_open(c, text, &err), OL_OK, &err);
}

static void close_crew(crew *c)
{
    ol_control_close(c->control);
    ol_realm_release(c->realm);
    pthread_mutex_destroy(&c->lock);
}

static void refuse_to_open(const char *text, const char *says)
{
    crew c;
    ol_error err = {0};
    assert_code(try_open(&c, text, &err), OL_ECONFIG);
    if (!strstr(err.detail, says))
        fail_msg("said: %s", err.detail);
    pthread_mutex_destroy(&c.lock);
}

static int setup(void **state)
{
    (void)state;
    ol_test_scratch_open(&s);
    scratch_write(&s, "pii.so", OL_SLICE_LIT("x"), 0600);
    setenv("OBJLENS_TRANSFORMS", s.folder, 1);
    memory_origin_open(&remote);
    return ol_test_loop_open(&t);
}

static int teardown(void **state)
{
    (void)state;
    ol_test_loop_close(&t);
    memory_origin_close(&remote);
    ol_test_scratch_close(&s);
    return 0;
}

static bool file_is_there(const char *name)
{
    char path[256];
    scratch_path(&s, name, path);
    return access(path, F_OK) == 0;
}

/* ---- buckets ---- */

static void test_parts_of_a_bucket(void **state)
{
    (void)state;
    crew c;
    open_crew(&c, CONFIG);
    ol_slice orders = OL_SLICE_LIT("orders");
    must(&c, BUCKET_POLICY("orders"));
    assert_slice(ol_realm_bucket_of(c.realm, orders)->policy.text, POLICY("orders"));
    assert_non_null(ol_realm_bucket_of(c.realm, orders)->policy.policy);
    must(&c, EDIT(.kind = OL_EDIT_BUCKET_CORS, .name = orders,
                  .text = OL_SLICE_LIT("<CORSConfiguration><CORSRule><AllowedOrigin>*</AllowedOrigin>"
                                       "<AllowedMethod>GET</AllowedMethod></CORSRule></CORSConfiguration>")));
    must(&c, EDIT(.kind = OL_EDIT_BUCKET_TAGS, .name = orders, .text = OL_SLICE_LIT("a=b")));
    must(&c, EDIT(.kind = OL_EDIT_BUCKET_OWNERSHIP, .name = orders,
                  .ownership = OL_OWNERSHIP_OBJECT_WRITER));
    must(&c, EDIT(.kind = OL_EDIT_BUCKET_PUBLIC_ACCESS_BLOCK, .name = orders));
    const ol_realm_bucket *rules = ol_realm_bucket_of(c.realm, orders);
    assert_int_equal(rules->cors->rule_count, 1);
    assert_slice(rules->tags_text, "a=b");
    assert_int_equal(rules->ownership, OL_OWNERSHIP_OBJECT_WRITER);
    assert_false(rules->has_public_access_block);
    assert_non_null(rules->policy.policy);
    /* They outlive the process. */
    close_crew(&c);
    open_crew(&c, CONFIG);
    rules = ol_realm_bucket_of(c.realm, orders);
    assert_int_equal(rules->cors->rule_count, 1);
    assert_non_null(rules->policy.policy);
    /* And go one by one, or all together. */
    must(&c, EDIT(.kind = OL_EDIT_BUCKET_POLICY, .name = orders));
    assert_null(ol_realm_bucket_of(c.realm, orders)->policy.policy);
    must(&c, EDIT(.kind = OL_EDIT_BUCKET_DELETED, .name = orders));
    assert_int_equal(ol_realm_bucket_of(c.realm, orders)->name.len, 0);
    close_crew(&c);
}

static void test_a_bucket_of_another_account(void **state)
{
    (void)state;
    crew c;
    open_crew(&c, CONFIG);
    ol_slice theirs = OL_SLICE_LIT("theirs");
    const ol_edit edit = {.kind = OL_EDIT_BUCKET_CREATED, .account = OL_SLICE_LIT("111122223333"),
                          .name = theirs, .ownership = OL_OWNERSHIP_BUCKET_OWNER_PREFERRED};
    must(&c, &edit);
    const ol_realm_bucket *rules = ol_realm_bucket_of(c.realm, theirs);
    assert_slice(rules->owner->id, "111122223333");
    assert_int_equal(rules->owner->canonical_id.len, 64);
    assert_int_equal(rules->ownership, OL_OWNERSHIP_BUCKET_OWNER_PREFERRED);
    assert_true(rules->has_public_access_block); /* the default */
    close_crew(&c);
}

static void test_what_changes_nothing_is_not_written(void **state)
{
    (void)state;
    crew c;
    open_crew(&c, CONFIG "control(false)");
    unsigned published = c.published;
    must(&c, EDIT(.kind = OL_EDIT_BUCKET_CREATED, .name = OL_SLICE_LIT("orders")));
    must(&c, EDIT(.kind = OL_EDIT_BUCKET_DELETED, .name = OL_SLICE_LIT("orders")));
    assert_int_equal(c.published, published);
    assert_false(ol_control_is_writable(c.control));
    must_fail(&c, BUCKET_POLICY("orders"), OL_ENOTIMPLEMENTED, "NotImplemented");
    assert_false(file_is_there("objlens-data/control.json"));
    close_crew(&c);
}

static void test_what_is_wrong_is_refused(void **state)
{
    (void)state;
    crew c;
    open_crew(&c, CONFIG);
    ol_slice orders = OL_SLICE_LIT("orders");
    must_fail(&c, EDIT(.kind = OL_EDIT_BUCKET_POLICY, .name = orders, .text = OL_SLICE_LIT("{}")),
              OL_EMALFORMEDPOLICY, "MalformedPolicy");
    must_fail(&c, EDIT(.kind = OL_EDIT_BUCKET_POLICY, .name = orders,
                       .text = OL_SLICE_LIT(POLICY("other"))),
              OL_EMALFORMEDPOLICY, "MalformedPolicy");
    must_fail(&c, EDIT(.kind = OL_EDIT_BUCKET_CORS, .name = orders, .text = OL_SLICE_LIT("<x/>")),
              OL_EMALFORMEDXML, "MalformedXML");
    must_fail(&c, EDIT(.kind = OL_EDIT_BUCKET_TAGS, .name = orders, .text = OL_SLICE_LIT("\xff")),
              OL_EINVAL, "InvalidArgument");
    must_fail(&c, EDIT(.kind = OL_EDIT_BUCKET_TAGS, .name = OL_SLICE_LIT("NO"),
                       .text = OL_SLICE_LIT("a=b")),
              OL_EINVALIDBUCKET, "InvalidBucketName");
    must_fail(&c, EDIT(.kind = OL_EDIT_BUCKET_OWNERSHIP, .name = OL_SLICE_LIT("fixed"),
                       .ownership = OL_OWNERSHIP_NONE),
              OL_EACCESS, "AccessDenied");
    must(&c, EDIT(.kind = OL_EDIT_BUCKET_TAGS, .name = OL_SLICE_LIT("fixed"),
                  .text = OL_SLICE_LIT("a=b"))); /* the file says nothing of it */
    assert_false(file_is_there("objlens-data/control.json.new"));
    close_crew(&c);
}

/* ---- accounts and doors ---- */

static void test_the_public_access_block_of_an_account(void **state)
{
    (void)state;
    crew c;
    static const ol_public_access_block all = OL_PUBLIC_ACCESS_BLOCK_ALL;
    open_crew(&c, CONFIG "account '111122223333' { public_access_block = false }");
    must(&c, EDIT(.kind = OL_EDIT_ACCOUNT_PUBLIC_ACCESS_BLOCK, .public_access_block = &all));
    assert_true(ol_realm_default_account(c.realm)->public_access_block.block_public_policy);
    must(&c, EDIT(.kind = OL_EDIT_ACCOUNT_PUBLIC_ACCESS_BLOCK));
    assert_false(ol_realm_default_account(c.realm)->has_public_access_block);
    const ol_edit declared = {.kind = OL_EDIT_ACCOUNT_PUBLIC_ACCESS_BLOCK,
                              .account = OL_SLICE_LIT("111122223333")};
    must_fail(&c, &declared, OL_EACCESS, "AccessDenied");
    close_crew(&c);
}

static void test_access_points(void **state)
{
    (void)state;
    crew c;
    open_crew(&c, CONFIG);
    ol_slice ap1 = OL_SLICE_LIT("ap1");
    const ol_edit create = *EDIT(.kind = OL_EDIT_ACCESS_POINT_CREATED, .name = ap1,
                                 .access_point = &point_to_orders);
    must(&c, &create);
    const ol_realm_access_point *point = ol_realm_find_access_point(c.realm, ACCOUNT, ap1);
    assert_slice(point->alias, "ap1-s3alias");
    assert_slice(point->arn, "arn:aws:s3:us-east-1:000000000000:accesspoint/ap1");
    assert_true(point->public_access_block.ignore_public_acls && point->created_ms > 0);
    assert_false(point->declared);
    must_fail(&c, &create, OL_EBUCKETEXISTS, "AccessPointAlreadyOwnedByYou");
    must_fail(&c, EDIT(.kind = OL_EDIT_ACCESS_POINT_CREATED, .name = OL_SLICE_LIT("fixed-ap"),
                       .access_point = &point_to_orders),
              OL_EBUCKETEXISTS, "AccessPointAlreadyOwnedByYou");
    must_fail(&c, EDIT(.kind = OL_EDIT_BUCKET_DELETED, .name = OL_SLICE_LIT("orders")),
              OL_EINVALIDREQUEST, "BucketHasAccessPointsAttached");
    static const char policy[] =
        "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":\"*\",\"Action\":"
        "\"s3:GetObject\",\"Resource\":\"arn:aws:s3:us-east-1:000000000000:accesspoint/ap1/object/*\"}]}";
    must(&c, EDIT(.kind = OL_EDIT_ACCESS_POINT_POLICY, .name = ap1, .text = ol_slice_cstr(policy)));
    assert_non_null(ol_realm_find_access_point(c.realm, ACCOUNT, ap1)->policy.policy);
    must_fail(&c, EDIT(.kind = OL_EDIT_ACCESS_POINT_POLICY, .name = OL_SLICE_LIT("fixed-ap")),
              OL_EACCESS, "AccessDenied");
    must_fail(&c, EDIT(.kind = OL_EDIT_ACCESS_POINT_DELETED, .name = OL_SLICE_LIT("nowhere")),
              OL_ENOSUCHACCESSPOINT, "NoSuchAccessPoint");
    must(&c, EDIT(.kind = OL_EDIT_ACCESS_POINT_CREATED, .name = OL_SLICE_LIT("ap2"),
                  .access_point = &point_to_orders));
    must_fail(&c, EDIT(.kind = OL_EDIT_ACCESS_POINT_CREATED, .name = OL_SLICE_LIT("ap3"),
                       .access_point = &point_to_orders),
              OL_ELIMIT, "TooManyAccessPoints");
    must(&c, EDIT(.kind = OL_EDIT_ACCESS_POINT_DELETED, .name = ap1));
    assert_null(ol_realm_find_access_point_by_alias(c.realm, OL_SLICE_LIT("ap1-s3alias")));
    close_crew(&c);
}

static void test_pages_of_access_points(void **state)
{
    (void)state;
    crew c;
    open_crew(&c, CONFIG);
    static const char *const names[] = {"zz-last", "ap1"};
    for (size_t i = 0; i < 2; i++)
        must(&c, EDIT(.kind = OL_EDIT_ACCESS_POINT_CREATED, .name = ol_slice_cstr(names[i]),
                      .access_point = &point_to_orders));
    const ol_realm_access_point *p =
        ol_realm_next_access_point(c.realm, ACCOUNT, OL_SLICE_NONE, OL_SLICE_NONE);
    assert_slice(p->name, "ap1");
    p = ol_realm_next_access_point(c.realm, ACCOUNT, OL_SLICE_NONE, p->name);
    assert_slice(p->name, "fixed-ap");
    p = ol_realm_next_access_point(c.realm, ACCOUNT, OL_SLICE_LIT("orders"), OL_SLICE_LIT("ap1"));
    assert_slice(p->name, "zz-last");
    assert_null(ol_realm_next_access_point(c.realm, ACCOUNT, OL_SLICE_NONE, p->name));
    assert_null(ol_realm_next_access_point(c.realm, OL_SLICE_LIT("111122223333"), OL_SLICE_NONE,
                                           OL_SLICE_NONE));
    assert_slice(ol_realm_next_olap(c.realm, ACCOUNT, OL_SLICE_NONE)->name, "fixed-view");
    assert_null(ol_realm_next_olap(c.realm, ACCOUNT, OL_SLICE_LIT("fixed-view")));
    assert_slice(ol_realm_next_bucket(c.realm, OL_SLICE_NONE)->name, "fixed");
    close_crew(&c);
}

static void test_object_lambda_access_points(void **state)
{
    (void)state;
    crew c;
    open_crew(&c, CONFIG);
    ol_slice view = OL_SLICE_LIT("view");
    const ol_edit create = *EDIT(.kind = OL_EDIT_OLAP_CREATED, .name = view, .olap = &olap_on_ap1);
    must_fail(&c, &create, OL_EINVALIDREQUEST, "InvalidRequest"); /* its access point is missing */
    must(&c, EDIT(.kind = OL_EDIT_ACCESS_POINT_CREATED, .name = OL_SLICE_LIT("ap1"),
                  .access_point = &point_to_orders));
    must(&c, &create);
    const ol_realm_olap *olap = ol_realm_find_olap_by_alias(c.realm, OL_SLICE_LIT("view--ol-s3"));
    assert_slice(olap->by_action[OL_ACTION_GET_OBJECT]->steps[0].transform, "pii");
    assert_null(olap->by_action[OL_ACTION_HEAD_OBJECT]);
    assert_slice(olap->access_point->bucket, "orders");
    assert_int_equal(olap->features, OL_CONTROL_GET_OBJECT_RANGE);
    assert_true(olap->metrics);
    must_fail(&c, &create, OL_EBUCKETEXISTS, "AccessPointAlreadyOwnedByYou");

    ol_control_transformation other = with_pii;
    other.function = OL_SLICE_LIT("nothing");
    ol_control_olap config = olap_on_ap1;
    config.transformations = &other;
    const ol_edit change =
        *EDIT(.kind = OL_EDIT_OLAP_CONFIGURATION, .name = view, .olap = &config);
    must_fail(&c, &change, OL_EINVALIDREQUEST, "InvalidRequest");
    other.function = OL_SLICE_LIT("pii:1");
    other.actions = OL_CONTROL_LIST_OBJECTS_V2;
    other.payload = OL_SLICE_LIT("{\"a\":1}");
    config.metrics = false;
    must(&c, &change);
    olap = ol_realm_find_olap(c.realm, ACCOUNT, view);
    assert_null(olap->by_action[OL_ACTION_GET_OBJECT]);
    assert_slice(olap->by_action[OL_ACTION_LIST_OBJECTS_V2]->steps[0].payload, "{\"a\":1}");
    assert_false(olap->metrics);

    /* Without its access point it stays, and leads nowhere. */
    must(&c, EDIT(.kind = OL_EDIT_ACCESS_POINT_DELETED, .name = OL_SLICE_LIT("ap1")));
    assert_null(ol_realm_find_olap(c.realm, ACCOUNT, view)->access_point);
    must_fail(&c, EDIT(.kind = OL_EDIT_OLAP_DELETED, .name = OL_SLICE_LIT("fixed-view")),
              OL_EACCESS, "AccessDenied");
    must(&c, EDIT(.kind = OL_EDIT_OLAP_DELETED, .name = view));
    must_fail(&c, EDIT(.kind = OL_EDIT_OLAP_DELETED, .name = view), OL_ENOSUCHACCESSPOINT,
              "NoSuchAccessPoint");
    close_crew(&c);
}

/* ---- sharing, reloading ---- */

static void test_what_has_not_changed_is_not_compiled_again(void **state)
{
    (void)state;
    crew c;
    open_crew(&c, CONFIG);
    must(&c, BUCKET_POLICY("orders"));
    const struct ol_policy *before =
        ol_realm_bucket_of(c.realm, OL_SLICE_LIT("orders"))->policy.policy;
    ol_realm *old = ol_realm_acquire(c.realm);
    must(&c, BUCKET_POLICY("others"));
    assert_ptr_not_equal(c.realm, old);
    assert_ptr_equal(ol_realm_bucket_of(c.realm, OL_SLICE_LIT("orders"))->policy.policy, before);
    ol_realm_release(old);
    assert_int_equal(ol_policy_statement_count(before), 1);
    close_crew(&c);
}

static void test_a_reload_keeps_what_the_api_made(void **state)
{
    (void)state;
    crew c;
    ol_error err = {0};
    open_crew(&c, CONFIG);
    must(&c, BUCKET_POLICY("orders"));
    must(&c, EDIT(.kind = OL_EDIT_ACCESS_POINT_CREATED, .name = OL_SLICE_LIT("ap1"),
                  .access_point = &point_to_orders));
    /* The file now declares the access point: its word goes first. */
    ol_config *config = load(CONFIG "bucket 'more' access_point 'ap1' { bucket = 'more' }");
    assert_code_of(ol_control_reconfigure(c.control, config, publish, &c, &err), OL_OK, &err);
    ol_config_release(config);
    assert_ptr_equal(ol_realm_config(c.realm), config);
    assert_non_null(ol_realm_bucket_of(c.realm, OL_SLICE_LIT("orders"))->policy.policy);
    const ol_realm_access_point *point =
        ol_realm_find_access_point(c.realm, ACCOUNT, OL_SLICE_LIT("ap1"));
    assert_true(point->declared);
    assert_slice(point->bucket, "more");
    must_fail(&c, EDIT(.kind = OL_EDIT_ACCESS_POINT_DELETED, .name = OL_SLICE_LIT("ap1")),
              OL_EACCESS, "AccessDenied");
    must(&c, BUCKET_POLICY("others")); /* with the new configuration */
    assert_ptr_equal(ol_realm_config(c.realm), config);
    close_crew(&c);
}

/* ---- the file ---- */

static void test_the_file_is_private_and_whole(void **state)
{
    (void)state;
    crew c;
    struct stat st;
    char path[256];
    open_crew(&c, CONFIG);
    must(&c, BUCKET_POLICY("orders"));
    scratch_path(&s, "objlens-data/control.json", path);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    assert_false(file_is_there("objlens-data/control.json.new"));
    close_crew(&c);
}

static void test_a_full_disk_changes_nothing(void **state)
{
    (void)state;
    crew c;
    struct rlimit old, small;
    signal(SIGXFSZ, SIG_IGN);
    open_crew(&c, CONFIG);
    must(&c, BUCKET_POLICY("orders"));
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    small = old;
    small.rlim_cur = 100;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    answer a = ask(&c, BUCKET_POLICY("others"));
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    assert_code(a.err.code, OL_ENOSPACE);
    assert_int_equal(a.err.status, 500);
    assert_false(file_is_there("objlens-data/control.json.new"));
    assert_int_equal(ol_realm_bucket_of(c.realm, OL_SLICE_LIT("others"))->name.len, 0);
    /* What was there is there, and the next change works. */
    must(&c, BUCKET_POLICY("thirds"));
    close_crew(&c);
    open_crew(&c, CONFIG);
    assert_non_null(ol_realm_bucket_of(c.realm, OL_SLICE_LIT("orders"))->policy.policy);
    assert_null(ol_realm_bucket_of(c.realm, OL_SLICE_LIT("others"))->policy.policy);
    assert_non_null(ol_realm_bucket_of(c.realm, OL_SLICE_LIT("thirds"))->policy.policy);
    close_crew(&c);
}

static void test_a_damaged_file_ends_the_start(void **state)
{
    (void)state;
    crew c;
    open_crew(&c, CONFIG);
    must(&c, BUCKET_POLICY("orders"));
    close_crew(&c);
    scratch_write(&s, "objlens-data/control.json", OL_SLICE_LIT("{\"version\":1,"), 0600);
    refuse_to_open(CONFIG, "control.json: is damaged: it is not whole JSON");
    scratch_write(&s, "objlens-data/control.json",
                  OL_SLICE_LIT("{\"version\":1,\"accounts\":{},\"buckets\":{\"orders\":{\"policy\":\"{}\"}},"
                               "\"access_points\":{},\"object_lambdas\":{}}"),
                  0600);
    refuse_to_open(CONFIG, "is damaged: bucket \"orders\": ");
    scratch_write(&s, "objlens-data/control.json", OL_SLICE_LIT("{}"), 0644);
    refuse_to_open(CONFIG, "is open to group or others");
}

static void test_one_process_has_the_folder(void **state)
{
    (void)state;
    crew c;
    open_crew(&c, CONFIG);
    refuse_to_open(CONFIG, "another process has the data folder");
    close_crew(&c);
    open_crew(&c, CONFIG);
    close_crew(&c);
}

/* ---- the object ---- */

#define REMOTE CONFIG "control { bucket = 'state', refresh_s = 1 }\n"

static void test_an_object_is_written_on_its_condition(void **state)
{
    (void)state;
    crew c;
    open_crew(&c, REMOTE);
    assert_true(ol_realm_is_complete(c.realm));
    must(&c, BUCKET_POLICY("orders"));
    assert_true(remote.present);
    must(&c, BUCKET_POLICY("others"));
    close_crew(&c);
    open_crew(&c, REMOTE);
    assert_non_null(ol_realm_bucket_of(c.realm, OL_SLICE_LIT("orders"))->policy.policy);
    assert_non_null(ol_realm_bucket_of(c.realm, OL_SLICE_LIT("others"))->policy.policy);
    assert_false(file_is_there("objlens-data/control.json"));
    close_crew(&c);
}

typedef struct waiting_for {
    crew *c;
    const char *bucket;
    bool complete;
} waiting_for;

static bool has_policy(void *arg)
{
    waiting_for *w = arg;
    pthread_mutex_lock(&w->c->lock);
    bool has = ol_realm_bucket_of(w->c->realm, ol_slice_cstr(w->bucket))->policy.policy != NULL;
    pthread_mutex_unlock(&w->c->lock);
    return has;
}

static bool is_complete(void *arg)
{
    crew *c = arg;
    pthread_mutex_lock(&c->lock);
    bool complete = ol_realm_is_complete(c->realm);
    pthread_mutex_unlock(&c->lock);
    return complete;
}

static void test_replicas_do_not_overwrite_each_other(void **state)
{
    (void)state;
    crew one, two;
    open_crew(&one, REMOTE);
    open_crew(&two, REMOTE);
    must(&one, BUCKET_POLICY("first"));
    must(&two, BUCKET_POLICY("second")); /* a conflict: it has not read the first yet, or has */
    assert_non_null(ol_realm_bucket_of(two.realm, OL_SLICE_LIT("first"))->policy.policy);
    must(&one, BUCKET_POLICY("third"));
    assert_non_null(ol_realm_bucket_of(one.realm, OL_SLICE_LIT("second"))->policy.policy);
    /* Within the refresh time the other one knows. */
    waiting_for w = {.c = &two, .bucket = "third"};
    ol_test_wait(has_policy, &w, WAIT_MS);
    /* What one created cannot be created at the other, even before it has looked. */
    must(&one, EDIT(.kind = OL_EDIT_ACCESS_POINT_CREATED, .name = OL_SLICE_LIT("ap1"),
                    .access_point = &point_to_orders));
    answer a = ask(&two, EDIT(.kind = OL_EDIT_ACCESS_POINT_CREATED, .name = OL_SLICE_LIT("ap1"),
                              .access_point = &point_to_orders));
    assert_string_equal(a.err.s3_code, "AccessPointAlreadyOwnedByYou");
    close_crew(&two);
    close_crew(&one);
}

static void test_an_origin_that_is_down(void **state)
{
    (void)state;
    crew c;
    memory_origin_down(&remote, true);
    open_crew(&c, REMOTE); /* it answers, with an error: no reason to wait longer */
    assert_false(ol_realm_is_complete(c.realm));
    must_fail(&c, BUCKET_POLICY("orders"), OL_EUNAVAILABLE, "ServiceUnavailable");
    memory_origin_down(&remote, false);
    ol_test_wait(is_complete, &c, WAIT_MS);
    must(&c, BUCKET_POLICY("orders"));
    /* Down again: what was read goes on. */
    memory_origin_down(&remote, true);
    must_fail(&c, BUCKET_POLICY("others"), OL_EUNAVAILABLE, "ServiceUnavailable");
    assert_true(ol_realm_is_complete(c.realm));
    assert_non_null(ol_realm_bucket_of(c.realm, OL_SLICE_LIT("orders"))->policy.policy);
    memory_origin_down(&remote, false);
    must(&c, BUCKET_POLICY("others"));
    close_crew(&c);
}

static bool was_opened_again(void *arg)
{
    pthread_mutex_lock(&remote.lock);
    bool again = remote.opens > *(unsigned *)arg + 1;
    pthread_mutex_unlock(&remote.lock);
    return again;
}

static unsigned opens_now(void)
{
    pthread_mutex_lock(&remote.lock);
    unsigned opens = remote.opens;
    pthread_mutex_unlock(&remote.lock);
    return opens;
}

static void test_damage_of_an_object(void **state)
{
    (void)state;
    crew c;
    memory_origin_set(&remote, "{\"version\":7}");
    refuse_to_open(REMOTE, "the object in bucket state is damaged: it is of version 7");
    memory_origin_set(&remote, NULL);
    open_crew(&c, REMOTE);
    must(&c, BUCKET_POLICY("orders"));
    memory_origin_set(&remote, "{\"version\":7}");
    unsigned opens = opens_now();
    ol_test_wait(was_opened_again, &opens, WAIT_MS);
    /* It is kept as it is, and what was read goes on. */
    must_fail(&c, BUCKET_POLICY("others"), OL_EUNAVAILABLE, "ServiceUnavailable");
    assert_string_equal(ol_buf_cstr(&remote.content), "{\"version\":7}");
    assert_non_null(ol_realm_bucket_of(c.realm, OL_SLICE_LIT("orders"))->policy.policy);
    /* Gone is no better. */
    memory_origin_set(&remote, NULL);
    opens = opens_now();
    ol_test_wait(was_opened_again, &opens, WAIT_MS);
    must_fail(&c, BUCKET_POLICY("others"), OL_EUNAVAILABLE, "ServiceUnavailable");
    assert_false(remote.present);
    close_crew(&c);
}

static void set_flag(bool *flag, bool value)
{
    pthread_mutex_lock(&remote.lock);
    *flag = value;
    pthread_mutex_unlock(&remote.lock);
}

static void test_an_origin_that_can_only_be_read(void **state)
{
    (void)state;
    crew c;
    open_crew(&c, REMOTE);
    must(&c, BUCKET_POLICY("orders"));
    set_flag(&remote.read_only, true);
    must_fail(&c, BUCKET_POLICY("others"), OL_EUNAVAILABLE, "ServiceUnavailable");
    set_flag(&remote.read_only, false);
    must(&c, BUCKET_POLICY("others"));
    close_crew(&c);
}

/* Somebody who writes each time before we do: it is tried some times, and then no more. */
static void test_a_change_that_never_gets_through(void **state)
{
    (void)state;
    crew c;
    open_crew(&c, REMOTE);
    must(&c, BUCKET_POLICY("orders"));
    unsigned puts = remote.puts;
    set_flag(&remote.contended, true);
    answer a = ask(&c, BUCKET_POLICY("others"));
    assert_code(a.err.code, OL_ESLOWDOWN);
    assert_in_range(remote.puts - puts, 2, 20);
    set_flag(&remote.contended, false);
    must(&c, BUCKET_POLICY("others"));
    close_crew(&c);
}

/* ---- kept, and not used ---- */

/* A reload while a change is being kept, and no memory for the realm that it asks for. */
typedef struct reload {
    crew *c;
    ol_config *config;
    int rc;
} reload;

static void reload_and_starve(void *arg)
{
    reload *r = arg;
    ol_error err = {0};
    r->rc = ol_control_reconfigure(r->c->control, r->config, publish, r->c, &err);
    ol_alloc_fail_one_after(0);
}

/* Of this program: what it does once, before a file is made durable. */
static void (*on_fsync)(void *arg);
static void *on_fsync_arg;

int fsync(int fd)
{
    void (*hook)(void *arg) = on_fsync;
    on_fsync = NULL;
    if (hook)
        hook(on_fsync_arg);
    return (int)syscall(SYS_fsync, fd);
}

static void lose_one_change(crew *c, reload *r)
{
    answer a = ask(c, BUCKET_POLICY("kept"));
    unsigned long failed = ol_alloc_failed();
    ol_alloc_fail_after(-1);
    assert_code(r->rc, OL_OK);
    assert_int_equal(failed, 1);
    assert_code(a.err.code, OL_ENOMEM);
}

static void check_nothing_was_dropped(crew *c, const char *text)
{
    must(c, BUCKET_POLICY("next"));
    assert_non_null(ol_realm_bucket_of(c->realm, OL_SLICE_LIT("kept"))->policy.policy);
    close_crew(c);
    open_crew(c, text);
    assert_non_null(ol_realm_bucket_of(c->realm, OL_SLICE_LIT("kept"))->policy.policy);
    assert_non_null(ol_realm_bucket_of(c->realm, OL_SLICE_LIT("next"))->policy.policy);
    close_crew(c);
}

static void test_an_object_that_was_kept_and_not_used(void **state)
{
    (void)state;
    crew c;
    open_crew(&c, REMOTE);
    reload r = {.c = &c, .config = load(REMOTE), .rc = OL_EINTERNAL};
    pthread_mutex_lock(&remote.lock);
    remote.on_stored_arg = &r;
    remote.on_stored = reload_and_starve;
    pthread_mutex_unlock(&remote.lock);
    lose_one_change(&c, &r);
    check_nothing_was_dropped(&c, REMOTE);
    ol_config_release(r.config);
}

/* While it cannot be read again, nothing is written over it. */
static void take_down(void *arg)
{
    reload_and_starve(arg);
    memory_origin_down(&remote, true);
}

static void test_an_object_that_cannot_be_read_again(void **state)
{
    (void)state;
    crew c;
    open_crew(&c, REMOTE);
    reload r = {.c = &c, .config = load(REMOTE), .rc = OL_EINTERNAL};
    pthread_mutex_lock(&remote.lock);
    remote.on_stored_arg = &r;
    remote.on_stored = take_down;
    pthread_mutex_unlock(&remote.lock);
    lose_one_change(&c, &r);
    unsigned puts = remote.puts;
    must_fail(&c, BUCKET_POLICY("next"), OL_EUNAVAILABLE, "ServiceUnavailable");
    assert_int_equal(remote.puts, puts);
    memory_origin_down(&remote, false);
    unsigned opens = opens_now();
    ol_test_wait(was_opened_again, &opens, WAIT_MS);
    check_nothing_was_dropped(&c, REMOTE);
    ol_config_release(r.config);
}

static void test_a_file_that_was_kept_and_not_used(void **state)
{
    (void)state;
    crew c;
    open_crew(&c, CONFIG);
    reload r = {.c = &c, .config = load(CONFIG), .rc = OL_EINTERNAL};
    on_fsync_arg = &r;
    on_fsync = reload_and_starve;
    lose_one_change(&c, &r);
    check_nothing_was_dropped(&c, CONFIG);
    ol_config_release(r.config);
}

int main(void)
{
#define EACH(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
    const struct CMUnitTest tests[] = {
        EACH(test_parts_of_a_bucket),
        EACH(test_a_bucket_of_another_account),
        EACH(test_what_changes_nothing_is_not_written),
        EACH(test_what_is_wrong_is_refused),
        EACH(test_the_public_access_block_of_an_account),
        EACH(test_access_points),
        EACH(test_pages_of_access_points),
        EACH(test_object_lambda_access_points),
        EACH(test_what_has_not_changed_is_not_compiled_again),
        EACH(test_a_reload_keeps_what_the_api_made),
        EACH(test_the_file_is_private_and_whole),
        EACH(test_a_full_disk_changes_nothing),
        EACH(test_a_damaged_file_ends_the_start),
        EACH(test_one_process_has_the_folder),
        EACH(test_an_object_is_written_on_its_condition),
        EACH(test_replicas_do_not_overwrite_each_other),
        EACH(test_an_origin_that_is_down),
        EACH(test_damage_of_an_object),
        EACH(test_an_origin_that_can_only_be_read),
        EACH(test_a_change_that_never_gets_through),
        EACH(test_an_object_that_was_kept_and_not_used),
        EACH(test_an_object_that_cannot_be_read_again),
        EACH(test_a_file_that_was_kept_and_not_used),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
