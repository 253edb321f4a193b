/* SPDX-License-Identifier: MIT */
/*
 * The event of objlens run: what is there by default, what a file may add, and that a program sees
 * only what it declared.
 */
#include "lib/alloc_check.h"
#include "lib/check.h"
#include "lib/scratch.h"

#include "base/limits.h"
#include "cli/run_event.h"
#include "transform/fields.h"

static ol_test_scratch s;
static ol_buf out;
static ol_error err;

static int setup(void **state)
{
    (void)state;
    ol_test_scratch_open(&s);
    ol_buf_init(&out, OL_MIB);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    ol_buf_fini(&out);
    ol_test_scratch_close(&s);
    return 0;
}

static int encode(const ol_program *program, const char *payload, const char *json)
{
    ol_run_event event = {.payload = payload};
    if (json) {
        event.file = ol_test_scratch_path(&s, "event.json");
        ol_test_file_write(event.file, ol_slice_cstr(json));
    }
    ol_buf_clear(&out);
    ol_error_clear(&err);
    int rc = ol_run_event_encode(&out, &event, program, &err);
    if (rc == OL_OK)
        assert_code(ol_fields_check(ol_buf_slice(&out)), OL_OK);
    return rc;
}

static ol_slice field(const char *name)
{
    ol_slice value = OL_SLICE_NONE;
    ol_fields_get(ol_buf_slice(&out), name, &value);
    return value;
}

static bool has(const char *name)
{
    ol_slice value;
    return ol_fields_get(ol_buf_slice(&out), name, &value);
}

static const ol_program plain = {.name = "plain"};
static const ol_program curious = {
    .name = "curious",
    .declared = {.depends_request = true, .depends_headers = {(const uint8_t *)"range\nx-two\n", 12}}};

static void test_defaults(void **state)
{
    (void)state;
    assert_code_of(encode(&plain, NULL, NULL), OL_OK, &err);
    assert_slice(field("userIdentity.type"), "Root");
    assert_slice(field("userIdentity.accountId"), "000000000000");
    assert_slice(field("protocolVersion"), "1.00");
    assert_slice(field("userRequest.url"), "https://run--ol-s3/stdin");
    assert_true(has("configuration.payload"));
    assert_int_equal(field("configuration.payload").len, 0);
    assert_false(has("xAmzRequestId"));
    assert_false(has("time"));
    assert_code_of(encode(&curious, "p", NULL), OL_OK, &err);
    assert_int_equal(field("xAmzRequestId").len, 36);
    assert_int_equal(field("time").len, 24);
    assert_slice(field("configuration.payload"), "p");
}

/* An event as AWS writes it, with all that must not be seen. */
static const char aws[] =
    "{\"xAmzRequestId\": \"1a5ed718-5f53-471d-b6fe-5cf62d88d02a\",\n"
    " \"getObjectContext\": {\"inputS3Url\": \"https://x/secret\", \"outputRoute\": \"r\", \"outputToken\": \"t\"},\n"
    " \"configuration\": {\"accessPointArn\": \"arn:o\", \"supportingAccessPointArn\": \"arn:s\", \"payload\": \"{}\"},\n"
    " \"userRequest\": {\"url\": \"https://h/k.txt?x=a%20b&y&z=%C3%A9\",\n"
    "   \"headers\": {\"Range\": \"bytes=0-3\", \"X-Two\": \"2\", \"Authorization\": \"secret\"}},\n"
    " \"userIdentity\": {\"type\": \"AssumedRole\", \"sessionContext\": {\"attributes\": {\"mfaAuthenticated\": false}}},\n"
    " \"protocolVersion\": \"1.00\"}";

static void test_a_file_replaces_what_it_names(void **state)
{
    (void)state;
    assert_code_of(encode(&curious, NULL, aws), OL_OK, &err);
    assert_slice(field("xAmzRequestId"), "1a5ed718-5f53-471d-b6fe-5cf62d88d02a");
    assert_slice(field("configuration.payload"), "{}");
    assert_slice(field("configuration.accessPointArn"), "arn:o");
    assert_slice(field("userIdentity.type"), "AssumedRole");
    assert_false(has("userIdentity.sessionContext.attributes.mfaAuthenticated")); /* no server tells it */
    assert_slice(field("userIdentity.accountId"), "000000000000");
    assert_slice(field("userRequest.query.x"), "a b");
    assert_true(has("userRequest.query.y"));
    assert_slice(field("userRequest.query.z"), "\xC3\xA9");
    assert_slice(field("userRequest.headers.range"), "bytes=0-3");
    assert_slice(field("userRequest.headers.x-two"), "2");
    assert_false(has("userRequest.headers.authorization"));
    assert_false(has("getObjectContext.inputS3Url"));
    /* The command line goes before the file. */
    assert_code_of(encode(&curious, "mine", aws), OL_OK, &err);
    assert_slice(field("configuration.payload"), "mine");
}

static void test_what_is_not_declared_is_not_seen(void **state)
{
    (void)state;
    assert_code_of(encode(&plain, NULL, aws), OL_OK, &err);
    assert_false(has("xAmzRequestId"));
    assert_false(has("userRequest.headers.range"));
    assert_false(has("userRequest.headers.x-two"));
}

static void test_the_part_asked_for_is_for_who_declares_ranges(void **state)
{
    static const char part[] = "{\"userRequest\": {\"url\": \"https://h/k?partNumber=2&y=3\", \"headers\": "
                               "{\"Range\": \"bytes=0-3\", \"If-Range\": \"e\", \"X-Two\": \"2\"}}}";
    ol_program without = curious;
    (void)state;
    assert_code_of(encode(&curious, NULL, part), OL_OK, &err);
    assert_slice(field("userRequest.query.partNumber"), "2");
    assert_slice(field("userRequest.url"), "https://h/k?partNumber=2&y=3");
    assert_slice(field("userRequest.headers.range"), "bytes=0-3");
    without.declared.depends_headers = OL_SLICE_LIT("if-range\nx-two\n");
    assert_code_of(encode(&without, NULL, part), OL_OK, &err);
    assert_false(has("userRequest.query.partNumber"));
    assert_slice(field("userRequest.url"), "https://h/k?y=3");
    assert_slice(field("userRequest.query.y"), "3");
    assert_false(has("userRequest.headers.range"));
    assert_false(has("userRequest.headers.if-range")); /* a server answers it */
    assert_slice(field("userRequest.headers.x-two"), "2");
}

static void test_credentials_are_never_seen(void **state)
{
    (void)state;
    static const char headers[] = "authorization\nx-amz-mfa\nx-amz-server-side-encryption-customer-key\nx-two\n";
    ol_program nosy = {.name = "nosy"};
    nosy.declared.depends_headers = ol_slice_cstr(headers);
    assert_code_of(encode(&nosy, NULL,
                          "{\"userRequest\": {\"url\": \"https://h/k?X-Amz-Signature=s&a=1&X-Amz-Security-Token=t&b\",\n"
                          " \"query\": {\"c\": \"3\"}, \"headers\": {\"Authorization\": \"s\", \"X-Amz-MFA\": \"1\", \"X-Two\": \"2\",\n"
                          " \"x-amz-server-side-encryption-customer-key\": \"k\"}},\n"
                          " \"userIdentity\": {\"accessKeyId\": \"AKIA\", \"userName\": \"ann\"}}"),
                   OL_OK, &err);
    assert_slice(field("userRequest.url"), "https://h/k?a=1&b=");
    assert_slice(field("userRequest.query.a"), "1");
    assert_true(has("userRequest.query.b"));
    assert_false(has("userRequest.query.c"));
    assert_false(has("userRequest.query.X-Amz-Signature"));
    assert_false(has("userRequest.query.X-Amz-Security-Token"));
    assert_slice(field("userRequest.headers.x-two"), "2");
    assert_false(has("userRequest.headers.authorization"));
    assert_false(has("userRequest.headers.x-amz-mfa"));
    assert_false(has("userRequest.headers.x-amz-server-side-encryption-customer-key"));
    assert_slice(field("userIdentity.userName"), "ann");
    assert_false(has("userIdentity.accessKeyId"));
}

static void test_what_the_payload_does_not_name_is_not_seen(void **state)
{
    (void)state;
    ol_program modest = curious;
    modest.declared.names_what_it_sees = true;
    assert_code_of(encode(&modest, NULL, aws), OL_OK, &err);
    assert_false(has("userIdentity.type"));
    assert_false(has("userIdentity.arn"));
    assert_false(has("xAmzRequestId"));
    assert_false(has("userRequest.headers.x-two"));
    assert_code_of(encode(&modest, "{userIdentity.arn} {xAmzRequestId} x-two", aws), OL_OK, &err);
    assert_slice(field("userIdentity.type"), "AssumedRole");
    assert_true(has("xAmzRequestId"));
    assert_slice(field("userRequest.headers.x-two"), "2");
    /* The file's payload counts where the command line gives none. */
    assert_code_of(encode(&modest, NULL,
                          "{\"configuration\": {\"payload\": \"for {userIdentity.userName}\"}}"),
                   OL_OK, &err);
    assert_true(has("userIdentity.arn"));
    ol_program blind = curious;
    blind.declared.ignores_identity = true;
    assert_code_of(encode(&blind, "userIdentity", aws), OL_OK, &err);
    assert_false(has("userIdentity.arn"));
}

static void test_only_request_is_told_the_address(void **state)
{
    (void)state;
    ol_run_event event = {.entry = OL_ENTRY_REQUEST, .key = "a b/../c"};
    ol_program both = plain;
    both.declared.has_request = both.declared.has_get = true;
    assert_code_of(encode(&both, NULL, NULL), OL_OK, &err);
    assert_false(has("userRequest.sourceIp"));
    assert_false(has("userRequest.method"));
    ol_buf_clear(&out);
    assert_code(ol_run_event_encode(&out, &event, &both, &err), OL_OK);
    assert_slice(field("userRequest.sourceIp"), "127.0.0.1");
    assert_slice(field("userRequest.method"), "GET");
    assert_slice(field("userRequest.url"), "https://run--ol-s3/a%20b/../c");
}

static void test_files_that_are_no_events(void **state)
{
    (void)state;
    static const struct {
        const char *json, *says;
    } rows[] = {
        {"", "event.json:"},
        {"[]", "is not a JSON object"},
        {"{\"a\": 1, \"a\": 2}", "duplicate"},
        {"{\"userRequest\": {\"url\": \"https://x/?%\"}}", "cannot be made"},
        {"{\"configuration\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":"
         "{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":1}}}}}}}}}}}}}}}}}}}", "too many fields, or too long or deep"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_true(encode(&plain, NULL, rows[i].json) < 0);
        if (!strstr(err.detail, rows[i].says))
            fail_msg("%s: %s", rows[i].json, err.detail);
    }
    ol_run_event event = {.file = "/nonexistent/event.json"};
    ol_error_clear(&err);
    assert_code(ol_run_event_encode(&out, &event, &plain, &err), OL_ECONFIG);
    assert_non_null(strstr(err.detail, "does not exist"));
}

static void test_more_fields_than_are_kept(void **state)
{
    (void)state;
    ol_buf json;
    ol_buf_init(&json, OL_MIB);
    ol_buf_add_cstr(&json, "{\"configuration\": {\"first\": 1");
    for (int i = 0; i < 600; i++)
        ol_buf_addf(&json, ", \"k%d\": \"v\"", i);
    ol_buf_add_cstr(&json, "}}");
    assert_code(encode(&plain, NULL, ol_buf_cstr(&json)), OL_ELIMIT);
    ol_buf_fini(&json);
}

static int encode_once(void *arg)
{
    (void)arg;
    ol_buf mine;
    ol_error mine_err = {0};
    ol_run_event event = {.payload = "p", .file = ol_test_scratch_path(&s, "event.json")};
    ol_buf_init(&mine, OL_MIB);
    int rc = ol_run_event_encode(&mine, &event, &curious, &mine_err);
    ol_buf_fini(&mine);
    return rc;
}

static void test_every_allocation_may_fail(void **state)
{
    (void)state;
    ol_test_file_write(ol_test_scratch_path(&s, "event.json"), ol_slice_cstr(aws));
    assert_true(ol_test_fail_each(encode_once, NULL) > 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_a_file_replaces_what_it_names),
        cmocka_unit_test(test_what_is_not_declared_is_not_seen),
        cmocka_unit_test(test_the_part_asked_for_is_for_who_declares_ranges),
        cmocka_unit_test(test_credentials_are_never_seen),
        cmocka_unit_test(test_what_the_payload_does_not_name_is_not_seen),
        cmocka_unit_test(test_only_request_is_told_the_address),
        cmocka_unit_test(test_files_that_are_no_events),
        cmocka_unit_test(test_more_fields_than_are_kept),
        cmocka_unit_test(test_every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
