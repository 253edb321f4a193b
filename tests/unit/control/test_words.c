/* SPDX-License-Identifier: MIT */
/*
 * The words of identities, networks, origins and places: what they make, and their mistakes.
 */
#include "lib/alloc_check.h"
#include "lib/check.h"

#include "access/policy.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "control/config/ranges.h"
#include "scratch.h"

#define ROOT "root { access_key = 'rootkey', secret_key = 'rootsecret' }\n"

static scratch s;

static int setup(void **state)
{
    (void)state;
    ol_test_scratch_open(&s);
    scratch_write(&s, "pii.so", OL_SLICE_LIT("x"), 0600);
    scratch_write(&s, "cert.pem", OL_SLICE_LIT("x"), 0600);
    setenv("OBJLENS_TRANSFORMS", s.folder, 1);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    ol_test_scratch_close(&s);
    return 0;
}

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

static void refuse(const char *text, int line, const char *says)
{
    ol_config *config;
    ol_config_report report;
    int rc = scratch_load(&s, ol_slice_cstr(text), &config, &report);
    bool ok = rc == OL_ECONFIG && report.count == 1 && report.mistakes[0].line == line &&
              strstr(report.mistakes[0].text, says);
    if (!ok) {
        print_message("wanted %d: %s\n", line, says);
        print_report(&report);
        fail();
    }
    ol_config_report_fini(&report);
}

/* ---- who there is ---- */

static void test_accounts(void **state)
{
    (void)state;
    ol_config *config =
        load("account = '000000000001'\n" ROOT
             "account '111122223333' { canonical_id = 'testid', display_name = 'M. Tester',\n"
             "  access_key = 'akey', secret_key = 'asecret1', public_access_block = true }\n"
             "account '000000000001' { display_name = 'Main' }\n"
             "user 'ann' { account = '111122223333', access_key = 'annkey', secret_key = 'annsecret' }");
    ol_realm *realm = scratch_realm(config);
    const ol_realm_account *main = ol_realm_default_account(realm);
    assert_slice(main->id, "000000000001");
    assert_slice(main->display_name, "Main");
    assert_int_equal(main->canonical_id.len, 64);
    assert_false(main->has_public_access_block);
    const ol_realm_account *other =
        ol_realm_find_account_by_canonical_id(realm, OL_SLICE_LIT("testid"));
    assert_slice(other->id, "111122223333");
    assert_true(other->public_access_block_declared && other->public_access_block.ignore_public_acls);
    assert_ptr_equal(ol_realm_find_account(realm, OL_SLICE_LIT("111122223333")), other);
    assert_null(ol_realm_find_account(realm, OL_SLICE_LIT("999999999999")));

    const ol_realm_key *root = ol_realm_find_key(realm, OL_SLICE_LIT("akey"));
    assert_int_equal(root->identity->kind, OL_IDENTITY_ROOT);
    assert_slice(root->identity->canonical_id, "testid");
    assert_ptr_equal(root->identity,
                     ol_realm_find_identity(realm, OL_SLICE_LIT("arn:aws:iam::111122223333:root")));
    const ol_realm_key *ann = ol_realm_find_key(realm, OL_SLICE_LIT("annkey"));
    assert_slice(ann->identity->arn, "arn:aws:iam::111122223333:user/ann");
    ol_realm_release(realm);
    ol_config_release(config);
}

static void test_keys_groups_tags_and_devices(void **state)
{
    (void)state;
    ol_config *config = load(
        "group 'readers' { policy = {\n"
        "  { effect = 'Allow', actions = 's3:GetObject', resources = '*' },\n"
        "  [[{\"Version\":\"2012-10-17\",\"Statement\":{\"Effect\":\"Deny\",\"Action\":\"s3:PutObject\",\"Resource\":\"*\"}}]] } }\n"
        "user 'ann' { groups = 'readers', tags = { team = 'blue', level = 3 },\n"
        "  certificates = 'CN=ann,O=example',\n"
        "  keys = { { access_key = 'one', secret_key = 'annsecret' },\n"
        "           { access_key = 'two', secret_key = 'annsecret', active = false } },\n"
        "  mfa = { { serial = 'arn:aws:iam::000000000000:mfa/ann',\n"
        "            secret = 'gezdgnbvgy3tqojqgezdgnbvgy3tqojq' } },\n"
        "  policy = { effect = 'Allow', actions = 's3:ListBucket', resources = '*',\n"
        "             conditions = { StringLike = { ['s3:prefix'] = { 'a/*', 'b/*' } } } },\n"
        "  boundary = { effect = 'Allow', actions = 's3:*', resources = '*' } }");
    ol_realm *realm = scratch_realm(config);
    const ol_realm_key *two = ol_realm_find_key(realm, OL_SLICE_LIT("two"));
    assert_false(two->active);
    const ol_identity *ann = ol_realm_find_key(realm, OL_SLICE_LIT("one"))->identity;
    assert_ptr_equal(ann, two->identity);
    assert_int_equal(ann->policy_count, 3);
    assert_non_null(ann->boundary);
    assert_int_equal(ann->tag_count, 2);
    assert_slice(ann->tags[0].key, "level");
    assert_slice(ann->tags[0].value, "3");
    assert_ptr_equal(ol_realm_find_certificate(realm, OL_SLICE_LIT("CN=ann,O=example")), ann);
    ol_slice serial = OL_SLICE_LIT("arn:aws:iam::000000000000:mfa/ann");
    const ol_realm_mfa *mfa = ol_realm_find_mfa(realm, ann, serial);
    assert_slice(mfa->secret, "12345678901234567890");
    const ol_identity *root =
        ol_realm_find_identity(realm, OL_SLICE_LIT("arn:aws:iam::000000000000:root"));
    assert_non_null(root);
    assert_null(ol_realm_find_mfa(realm, root, serial)); /* somebody else's */
    ol_realm_release(realm);
    ol_config_release(config);
}

static void test_roles_and_origin_identities(void **state)
{
    (void)state;
    ol_config *config =
        load(ROOT "role 'backup' { session_s_max = 900, policy = { effect = 'Allow', actions = 's3:Get*', resources = '*' },\n"
                  "  trust = { effect = 'Allow', principal = '000000000000', actions = 'sts:AssumeRole' } }\n"
                  "origin_identity 'E2EX' { access_key = 'cdn', secret_key = 'cdnsecret' }");
    ol_realm *realm = scratch_realm(config);
    const ol_realm_role *role =
        ol_realm_find_role(realm, OL_SLICE_LIT("arn:aws:iam::000000000000:role/backup"));
    assert_non_null(role->trust.policy);
    assert_int_equal(role->session_seconds_max, 900);
    assert_int_equal(role->identity->kind, OL_IDENTITY_ROLE);
    assert_int_equal(role->identity->policy_count, 1);
    const ol_identity *cdn = ol_realm_find_key(realm, OL_SLICE_LIT("cdn"))->identity;
    assert_int_equal(cdn->kind, OL_IDENTITY_SERVICE);
    assert_int_equal(cdn->canonical_id.len, 64);
    assert_slice(cdn->arn, "arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity E2EX");
    ol_realm_release(realm);
    ol_config_release(config);
}

#define VIEW                                                                                       \
    ROOT "bucket 'orders' access_point 'ap1' { bucket = 'orders' }\n"                               \
         "object_lambda 'view' { access_point = 'ap1', transforms = 'pii' }\n"

static void test_views_give_one_policy_each(void **state)
{
    (void)state;
    ol_config *config =
        load(VIEW "user 'ann' { access_key = 'annkey', secret_key = 'annsecret', views = 'view' }");
    const ol_identity *ann = config->keys[1].identity;
    assert_int_equal(ann->policy_count, 1);
    assert_int_equal(ol_policy_statement_count(ann->policies[0]), 3);
    assert_slice(ol_policy_sid(ann->policies[0], 1), "NotTheOriginal");
    assert_slice(ol_policy_sid(ann->policies[0], 2), "KeysBehindViews");
    ol_config_release(config);
}

/* ---- places ---- */

static void test_buckets(void **state)
{
    (void)state;
    ol_config *config = load(
        ROOT "account '111122223333' {}\n"
             "origin 'ceph' { endpoint = 'http://127.0.0.1:1', credentials = 'anonymous' }\n"
             "bucket_defaults { public_access_block = false, ownership = 'ObjectWriter',\n"
             "  accept_private_acl = false }\n"
             "bucket 'plain'\n"
             "bucket 'full' { account = '111122223333', origin = 'ceph', subresources = 'origin',\n"
             "  public_access_block = { block_public_policy = true }, ownership = 'BucketOwnerPreferred',\n"
             "  cors = { { origins = '*', methods = { 'GET', 'PUT' }, max_age_s = 5 } },\n"
             "  policy = { effect = 'Allow', principal = '*', actions = 's3:GetObject',\n"
             "             resources = 'arn:aws:s3:::full/*' } }");
    ol_realm *realm = scratch_realm(config);
    const ol_realm_bucket *full = ol_realm_bucket_of(realm, OL_SLICE_LIT("full"));
    assert_slice(full->owner->id, "111122223333");
    assert_int_equal(full->origin, 1);
    assert_true(full->subresources_of_origin && full->has_public_access_block);
    assert_true(full->public_access_block.block_public_policy);
    assert_false(full->public_access_block.block_public_acls);
    assert_int_equal(full->ownership, OL_OWNERSHIP_BUCKET_OWNER_PREFERRED);
    assert_int_equal(full->cors->rule_count, 1);
    assert_true(full->cors_text.len > 50);
    assert_true(ol_policy_is_public(full->policy.policy));
    assert_int_equal(full->declared, OL_DECLARED_BLOCK | OL_DECLARED_OWNER | OL_DECLARED_POLICY |
                                         OL_DECLARED_CORS | OL_DECLARED_PUBLIC_ACCESS_BLOCK |
                                         OL_DECLARED_OWNERSHIP);
    const ol_realm_bucket *plain = ol_realm_bucket_of(realm, OL_SLICE_LIT("plain"));
    assert_int_equal(plain->declared, OL_DECLARED_BLOCK);
    assert_false(plain->has_public_access_block);
    assert_int_equal(plain->ownership, OL_OWNERSHIP_OBJECT_WRITER);
    assert_ptr_equal(plain->owner, ol_realm_default_account(realm));
    const ol_realm_bucket *other = ol_realm_bucket_of(realm, OL_SLICE_LIT("nowhere"));
    assert_int_equal(other->name.len, 0);
    assert_int_equal(other->ownership, OL_OWNERSHIP_OBJECT_WRITER);
    assert_false(config->accept_private_acl);
    ol_realm_release(realm);
    ol_config_release(config);
}

static void test_bucket_defaults_are_those_of_aws(void **state)
{
    (void)state;
    ol_config *config = load(ROOT);
    assert_true(config->bucket_defaults.has_public_access_block);
    assert_true(config->bucket_defaults.public_access_block.restrict_public_buckets);
    assert_int_equal(config->bucket_defaults.ownership, OL_OWNERSHIP_BUCKET_OWNER_ENFORCED);
    assert_true(config->uses_store && config->accept_private_acl);
    assert_int_equal(config->control.place, OL_CONTROL_IN_DATA_FOLDER);
    ol_config_release(config);
}

static void test_doors(void **state)
{
    (void)state;
    ol_config *config = load(
        ROOT "account '111122223333' {}\n"
             "bucket 'orders'\n"
             "access_point 'ap1' { bucket = 'orders', prefixes = { 'a/', 'b/' }, vpc = 'vpc-1',\n"
             "  public_access_block = false }\n"
             "access_point 'ap1' { bucket = 'orders', account = '111122223333' }\n"
             "object_lambda 'view' { access_point = 'ap1', allowed_features = 'GetObject-Range',\n"
             "  transformations = { { actions = { 'GetObject', 'HeadObject' }, transforms = 'pii' },\n"
             "    { actions = 'ListObjects', transforms = { { 'pii', payload = '{}' } } } } }");
    ol_realm *realm = scratch_realm(config);
    const ol_realm_access_point *point = ol_realm_find_access_point(
        realm, OL_SLICE_LIT("000000000000"), OL_SLICE_LIT("ap1"));
    assert_slice(point->alias, "ap1-s3alias");
    assert_slice(point->vpc, "vpc-1");
    assert_int_equal(point->prefix_count, 2);
    assert_false(point->public_access_block.block_public_acls);
    const ol_realm_access_point *other = ol_realm_find_access_point(
        realm, OL_SLICE_LIT("111122223333"), OL_SLICE_LIT("ap1"));
    assert_true(other != point && other->public_access_block.block_public_acls);
    assert_ptr_equal(ol_realm_find_access_point_by_alias(realm, other->alias), other);
    assert_false(ol_slice_eq(other->alias, point->alias));
    assert_int_equal(ol_realm_access_points_of(realm, OL_SLICE_LIT("orders")), 2);
    const ol_realm_olap *olap =
        ol_realm_find_olap(realm, OL_SLICE_LIT("000000000000"), OL_SLICE_LIT("view"));
    assert_ptr_equal(olap->access_point, point);
    assert_int_equal(olap->features, OL_CONTROL_GET_OBJECT_RANGE);
    assert_ptr_equal(olap->by_action[OL_ACTION_GET_OBJECT], &olap->views[0]);
    assert_ptr_equal(olap->by_action[OL_ACTION_HEAD_OBJECT], &olap->views[0]);
    assert_slice(olap->by_action[OL_ACTION_LIST_OBJECTS]->payload, "{}");
    assert_null(olap->by_action[OL_ACTION_LIST_OBJECTS_V2]); /* delegated */
    ol_realm_release(realm);
    ol_config_release(config);
}

/* ---- the network ---- */

static void test_ranges(void **state)
{
    (void)state;
    static const struct {
        const char *range, *address;
        bool in;
    } cases[] = {
        {"10.0.0.0/8", "10.255.0.1", true},   {"10.0.0.0/8", "11.0.0.1", false},
        {"10.0.0.0/8", "::ffff:10.1.1.1", true}, {"192.0.2.1", "192.0.2.1", true},
        {"192.0.2.1", "192.0.2.2", false},    {"2001:db8::/33", "2001:db8:7fff::1", true},
        {"2001:db8::/33", "2001:db8:8000::1", false}, {"0.0.0.0/0", "1.2.3.4", true},
        {"0.0.0.0/0", "2001:db8::1", false},  {"::/0", "1.2.3.4", true},
        {"10.0.0.0/8", "nonsense", false},
    };
    ol_config_range range;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_true(ol_range_parse(ol_slice_cstr(cases[i].range), &range));
        if (ol_range_holds(&range, ol_slice_cstr(cases[i].address)) != cases[i].in)
            fail_msg("%s in %s", cases[i].address, cases[i].range);
    }
    static const char *const none[] = {"", "10.0.0.0/33", "10.0.0/8", "::/129", "10.0.0.0/", "/8"};
    for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
        assert_false(ol_range_parse(ol_slice_cstr(none[i]), &range));
}

static void test_where_a_request_comes_from(void **state)
{
    (void)state;
    ol_config *config = load(ROOT "vpc 'vpc-in' { ranges = { '10.0.0.0/8', 'fd00::/8' } }\n"
                                  "listen '127.0.0.1:1' listen { '127.0.0.1:2', vpc = 'vpc-door',\n"
                                  "  endpoint = 'vpce-1', policy = { effect = 'Allow', actions = 's3:GetObject', resources = '*' } }");
    assert_slice(ol_config_vpc_of(config, 0, OL_SLICE_LIT("10.1.2.3")), "vpc-in");
    assert_slice(ol_config_vpc_of(config, 0, OL_SLICE_LIT("fd00::1")), "vpc-in");
    assert_int_equal(ol_config_vpc_of(config, 0, OL_SLICE_LIT("192.0.2.1")).len, 0);
    assert_slice(ol_config_vpc_of(config, 1, OL_SLICE_LIT("10.1.2.3")), "vpc-door");
    assert_non_null(config->listeners[1].policy.policy);
    ol_config_release(config);
}

static void test_origins(void **state)
{
    (void)state;
    ol_config *config =
        load(ROOT "domains = 's3.example.test' base_path = '/s3' default_origin = 'ceph'\n"
                  "origin 'ceph' { endpoint = 'https://rgw.example.test:7480', region = 'eu',\n"
                  "  access_key = 'cephkey', secret_key = 'cephsecret', addressing = 'virtual', payload = 'signed',\n"
                  "  limits = { tries_max = 2, continue_bytes_min = '2 MiB' } }\n"
                  "control { bucket = 'state', refresh_s = 1 } sts { key = '0123456789abcdef', old_keys = { 'fedcba9876543210' } }");
    assert_int_equal(config->origin_count, 2);
    assert_true(config->origins[0].is_store);
    assert_int_equal(config->default_origin, 1);
    assert_false(config->uses_store);
    const ol_s3_origin_options *options = &config->origins[1].options;
    assert_string_equal(options->endpoint, "https://rgw.example.test:7480");
    assert_string_equal(options->credentials.secret_key, "cephsecret");
    assert_true(options->virtual_host && options->payload == OL_S3_PAYLOAD_SIGNED);
    assert_int_equal(options->tries_max, 2);
    assert_int_equal(options->continue_bytes_min, 2 * OL_MIB);
    assert_int_equal(config->control.place, OL_CONTROL_IN_BUCKET);
    assert_int_equal(config->control.origin, 1);
    assert_slice(config->control.prefix, "objlens/");
    assert_int_equal(config->sts_key_count, 2);
    assert_slice(config->base_path, "/s3");
    ol_config_release(config);
}

/* ---- mistakes ---- */

static void test_mistakes(void **state)
{
    (void)state;
    refuse(ROOT "user 'ann' { access_key = 'annkey', secret_key = 'annsecret', policy = {\n"
                "  { effect = 'Allow', actions = 's3:*', resources = '*' },\n"
                "  { effect = 'Allow', actions = 's3:GetObjekt', resources = '*' } } }",
           4, "policy[2]: actions: \"s3:GetObjekt\" is no action");
    refuse(ROOT "user 'ann' { access_key = 'annkey', secret_key = 'annsecret', policy = {\n"
                "  { effect = 'Allow', actions = 's3:*', resources = '*' },\n"
                "  { effect = 'Allow', actions = 's3:*', resources = '*',\n"
                "    conditions = { StringEquels = { ['s3:prefix'] = 'a' } } } } }",
           4, "user \"ann\": policy: ");
    refuse(ROOT "bucket 'orders' {\n policy = { effect = 'Allow', actions = 's3:*', resources = '*' } }", 3,
           "bucket \"orders\": policy: ");
    refuse(ROOT "bucket 'orders' {\n cors = { { origins = '*', methods = 'FETCH' } } }", 3,
           "bucket \"orders\": cors: ");
    refuse(ROOT "bucket 'orders' { policy = [[not json]] }", 2, "bucket \"orders\": policy: ");
    refuse(ROOT "user 'ann' {\n access_key = 'annkey', secret_key = 'annsecret', groups = 'raeders' }\n"
                "group 'readers' { policy = { effect = 'Allow', actions = 's3:*', resources = '*' } }",
           3, "unknown group \"raeders\"; did you mean \"readers\"?");
    refuse(VIEW "user 'ann' { access_key = 'annkey', secret_key = 'annsecret',\n views = 'veiw' }", 5,
           "unknown object_lambda \"veiw\"; did you mean \"view\"?");
    refuse(ROOT "bucket 'orders' { account = '999999999999' }", 2, "unknown account");
    refuse(ROOT "bucket 'orders' { origin = 'cepf' }\n"
                "origin 'ceph' { endpoint = 'http://x', credentials = 'anonymous' }",
           2, "unknown origin \"cepf\"; did you mean \"ceph\"?");
    refuse(ROOT "origin 'ceph' { endpoint = 'http://x' }", 2, "\"access_key\" and \"secret_key\" are missing");
    refuse(ROOT "origin 'ceph' { endpoint = 'ftp://x', credentials = 'anonymous' }", 2, "is not an endpoint");
    refuse(ROOT "bucket 'orders' { subresources = 'origin' }", 2, "goes with a remote origin only");
    refuse(ROOT "vpc 'vpc-1' { ranges = '10.0.0.0/99' }", 2, "is not a range");
    refuse(ROOT "listen { '127.0.0.1:1',\n client_ca = 'cert.pem' }", 2, "\"client_ca\" goes with");
    refuse(ROOT "sts { key = 'short' }", 2, "must have 16 to 4096 bytes");
    refuse(ROOT "user 'ann' { policy = { effect = 'Allow', actions = 's3:*', resources = '*' } }", 2,
           "\"access_key\" is missing");
    refuse(ROOT "bucket 'orders' access_point 'ap1' { bucket = 'orders' }\n"
                "object_lambda 'view' { access_point = 'ap1', transformations = {\n"
                "  { actions = 'GetObject', transforms = 'pii' },\n"
                "  { actions = 'GetObject', transforms = 'pii' } } }",
           5, "GetObject has a transformation already");
    refuse(ROOT "user 'ann' { access_key = 'annkey', secret_key = 'annsecret', mfa = {\n"
                " { serial = 'arn:aws:iam::000000000000:mfa/ann', secret = 'no!' } } }",
           3, "mfa[1]: secret: must be base32");
}

/* ---- size ---- */

/* 1,000 access points and 10,000 statements. */
static void test_a_large_configuration_loads_at_once(void **state)
{
    (void)state;
    static const char text[] =
        ROOT "bucket 'orders'\n"
             "local statements = {}\n"
             "for i = 1, 9 do statements[i] = { effect = 'Allow', principal = '*', actions = 's3:GetObject',\n"
             "  resources = 'arn:aws:s3:us-east-1:000000000000:accesspoint/*/object/' .. i .. '/*',\n"
             "  conditions = { StringEquals = { ['aws:PrincipalAccount'] = '111122223333' } } } end\n"
             "for i = 1, 1000 do\n"
             "  local name = 'ap-' .. i\n"
             "  local mine = {}\n"
             "  for k = 1, 9 do mine[k] = { effect = 'Allow', principal = '*', actions = 's3:GetObject',\n"
             "    resources = 'arn:aws:s3:us-east-1:000000000000:accesspoint/' .. name .. '/object/' .. k .. '/*' } end\n"
             "  access_point(name) { bucket = 'orders', policy = mine }\n"
             "end\n"
             "for i = 1, 100 do user('u' .. i) { access_key = 'key' .. i, secret_key = 'secret' .. i .. 'xx',\n"
             "  policy = (function() local p = {} for k = 1, 10 do p[k] = { effect = 'Allow', actions = 's3:GetObject',\n"
             "    resources = 'arn:aws:s3:::b' .. k .. '/*' } end return p end)() } end\n";
#ifdef OBJLENS_SANITIZED
    const uint64_t most_ms = 60000; /* it ends */
#else
    const uint64_t most_ms = 1000; /* a quarter of it, on a machine that has nothing else to do */
#endif
    uint64_t took_ms = UINT64_MAX;
    for (unsigned tries = 0; took_ms >= most_ms && tries < 3; tries++) { /* one may be stretched by the machine */
        uint64_t start = ol_clock_thread_cpu_ns();
        ol_config *config = load(text);
        ol_realm *realm = scratch_realm(config);
        took_ms = (ol_clock_thread_cpu_ns() - start) / 1000000;
        assert_int_equal(config->access_point_count, 1000);
        assert_non_null(ol_realm_find_access_point(realm, OL_SLICE_LIT("000000000000"), OL_SLICE_LIT("ap-777")));
        ol_realm_release(realm);
        ol_config_release(config);
    }
    assert_true(took_ms < most_ms);
}

/* ---- memory ---- */

static const char whole[] =
    ROOT "account '111122223333' { access_key = 'akey', secret_key = 'asecret1' }\n"
         "origin 'ceph' { endpoint = 'http://127.0.0.1:1', credentials = 'anonymous' }\n"
         "group 'readers' { policy = { effect = 'Allow', actions = 's3:GetObject', resources = '*' } }\n"
         "user 'ann' { groups = 'readers', tags = { team = 'blue' }, certificates = 'CN=ann',\n"
         "  access_key = 'annkey', secret_key = 'annsecret', views = 'view',\n"
         "  mfa = { { serial = 'arn:aws:iam::000000000000:mfa/ann', secret = 'gezdgnbvgy3tqojqgezdgnbvgy3tqojq' } } }\n"
         "role 'backup' { trust = { effect = 'Allow', principal = '000000000000', actions = 'sts:AssumeRole' } }\n"
         "bucket 'orders' { cors = { { origins = '*', methods = 'GET' } }, policy = { effect = 'Allow',\n"
         "  principal = '*', actions = 's3:GetObject', resources = 'arn:aws:s3:::orders/*',\n"
         "  conditions = { Bool = { ['aws:SecureTransport'] = true } } } }\n"
         "access_point 'ap1' { bucket = 'orders' }\n"
         "object_lambda 'view' { access_point = 'ap1', transforms = 'pii' }\n"
         "vpc 'vpc-1' { ranges = '10.0.0.0/8' } sts { key = '0123456789abcdef' }\n";

static int load_whole(void *arg)
{
    (void)arg;
    ol_config *config;
    ol_config_report report;
    ol_realm *realm = NULL;
    ol_error err = {0};
    char path[256];
    scratch_path(&s, "objlens.lua", path);
    int rc = ol_config_load(&config, path, &report);
    if (rc != OL_OK) {
        assert_true(rc == OL_ENOMEM || report.count > 0);
        ol_config_report_fini(&report);
        return rc;
    }
    ol_config_report_fini(&report);
    ol_document *document = ol_document_new();
    rc = document ? ol_realm_new(&realm, config, document, NULL, &err) : OL_ENOMEM;
    if (rc == OL_OK) {
        assert_int_equal(ol_realm_find_key(realm, OL_SLICE_LIT("annkey"))->identity->policy_count, 2);
        assert_non_null(ol_realm_bucket_of(realm, OL_SLICE_LIT("orders"))->cors);
        ol_realm_release(realm);
    }
    if (document)
        ol_document_free(document);
    ol_config_release(config);
    return rc;
}

static void test_every_allocation_may_fail(void **state)
{
    (void)state;
    scratch_write(&s, "objlens.lua", ol_slice_cstr(whole), 0600);
    assert_true(ol_test_fail_each(load_whole, NULL) > 50);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_accounts),
        cmocka_unit_test(test_keys_groups_tags_and_devices),
        cmocka_unit_test(test_roles_and_origin_identities),
        cmocka_unit_test(test_views_give_one_policy_each),
        cmocka_unit_test(test_buckets),
        cmocka_unit_test(test_bucket_defaults_are_those_of_aws),
        cmocka_unit_test(test_doors),
        cmocka_unit_test(test_ranges),
        cmocka_unit_test(test_where_a_request_comes_from),
        cmocka_unit_test(test_origins),
        cmocka_unit_test(test_mistakes),
        cmocka_unit_test(test_a_large_configuration_loads_at_once),
        cmocka_unit_test(test_every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
