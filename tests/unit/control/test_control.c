/* SPDX-License-Identifier: MIT */
/* What the API changes: the rules of each change, what is shared between realms, reloading. */
#include "control_kit.h"

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
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
