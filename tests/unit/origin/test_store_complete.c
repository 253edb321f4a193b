/* SPDX-License-Identifier: MIT */
/*
 * What completing an upload checks, and the order in which faults are told; checksums of parts and
 * of the whole; conditions. Most parts are small, as only the last one may be: most uploads have
 * one.
 */
#include "store_multipart.h"

#include <sqlite3.h>

static void set_sum(ol_object_checksum *sum, const char *name, ol_slice data)
{
    enum ol_checksum_kind kind;
    ol_checksum c;
    uint8_t value[OL_CHECKSUM_BYTES_MAX];
    size_t len;
    assert_true(ol_checksum_of_name(ol_slice_cstr(name), &kind));
    assert_int_equal(ol_checksum_init(&c, kind), OL_OK);
    assert_int_equal(ol_checksum_update(&c, data), OL_OK);
    assert_int_equal(ol_checksum_final(&c, value, &len), OL_OK);
    ol_checksum_fini(&c);
    *sum = (ol_object_checksum){.composite = false};
    snprintf(sum->name, sizeof sum->name, "%s", name);
    ol_checksum_text(value, len, sum->text);
}

static void begin(store_kit *kit, const char *name, bool composite, kit_id *id)
{
    ol_upload_request req = {.bucket = OL_SLICE_LIT("b"), .key = OL_SLICE_LIT("k"),
                             .checksum_name = ol_slice_cstr(name), .checksum_composite = composite};
    assert_code(kit_create_as(kit, &req, id), OL_OK);
}

/* `sum` may be NULL. */
static int put_part(store_kit *kit, const kit_id *id, uint32_t number, ol_slice body,
                    const ol_object_checksum *sum, ol_put_result *result)
{
    ol_part_request req = kit_part_request("k", id, number, body);
    req.checksum = sum;
    req.result = result;
    ol_test_feed feed = {.body = body, .piece_bytes = 300000};
    return kit_part_as(kit, &req, &feed);
}

/* ---- the list ---- */

static void wrong_lists_are_refused(void **state)
{
    (void)state;
    store_kit kit;
    kit_open(&kit);
    kit_id id;
    begin(&kit, "", false, &id);
    ol_put_result one, two;
    assert_code(put_part(&kit, &id, 1, OL_SLICE_LIT("one"), NULL, &one), OL_OK);
    assert_code(put_part(&kit, &id, 2, OL_SLICE_LIT("two"), NULL, &two), OL_OK);
    ol_slice e1 = ol_slice_cstr(one.etag), e2 = ol_slice_cstr(two.etag);
    const struct {
        ol_part parts[2];
        size_t count;
        int code;
    } cases[] = {
        {{{0}}, 0, OL_EMALFORMEDXML},
        {{{.number = 2, .etag = e2}, {.number = 1, .etag = e1}}, 2, OL_EINVALIDPARTORDER},
        {{{.number = 1, .etag = e1}, {.number = 1, .etag = e1}}, 2, OL_EINVALIDPARTORDER},
        {{{.number = 0, .etag = e1}}, 1, OL_EINVALIDPART},
        {{{.number = 10001, .etag = e1}}, 1, OL_EINVALIDPART},
        {{{.number = 3, .etag = e1}}, 1, OL_EINVALIDPART},
        {{{.number = 1, .etag = e2}}, 1, OL_EINVALIDPART},
        {{{.number = 1, .etag = OL_SLICE_LIT("")}}, 1, OL_EINVALIDPART},
        {{{.number = 1, .etag = OL_SLICE_LIT("\"")}}, 1, OL_EINVALIDPART},
        {{{.number = 2, .etag = e2}, {.number = 9, .etag = e1}}, 2, OL_EINVALIDPART},
        {{{.number = 1, .etag = e1}, {.number = 2, .etag = e2}}, 2, OL_EPARTTOOSMALL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ol_complete_request req = kit_completion("k", &id, cases[i].parts, cases[i].count);
        assert_code(kit_complete_as(&kit, &req, NULL), cases[i].code);
        kit_expect_absent(&kit, "k");
    }
    kit_id other = id;
    other.text[20] ^= 1;
    ol_part good = {.number = 2, .etag = e2};
    ol_complete_request req = kit_completion("k", &other, &good, 1);
    assert_code(kit_complete_as(&kit, &req, NULL), OL_ENOSUCHUPLOAD);
    req.upload_id = OL_SLICE_LIT("short");
    assert_code(kit_complete_as(&kit, &req, NULL), OL_ENOSUCHUPLOAD);
    /* All of them left the upload whole. Quotes and capitals do not matter. */
    char quoted[OL_ETAG_SIZE + 2];
    snprintf(quoted, sizeof quoted, "\"%s\"", two.etag);
    for (char *c = quoted; *c; c++)
        *c = *c >= 'a' && *c <= 'f' ? (char)(*c - 'a' + 'A') : *c;
    good.etag = ol_slice_cstr(quoted);
    req = kit_completion("k", &id, &good, 1);
    req.size = 4;
    assert_code(kit_complete_as(&kit, &req, NULL), OL_EINVALIDREQUEST);
    req.size = 3;
    assert_code(kit_complete_as(&kit, &req, NULL), OL_OK);
    kit_expect(&kit, "k", OL_SLICE_LIT("two"));
    kit_fini(&kit);
}

static void wrong_parts_are_refused(void **state)
{
    (void)state;
    store_kit kit;
    kit_open(&kit);
    kit_id id;
    begin(&kit, "", false, &id);
    assert_code(put_part(&kit, &id, 0, OL_SLICE_LIT("x"), NULL, NULL), OL_EINVAL);
    assert_code(put_part(&kit, &id, 10001, OL_SLICE_LIT("x"), NULL, NULL), OL_EINVAL);
    assert_code(put_part(&kit, &id, 10000, OL_SLICE_LIT("x"), NULL, NULL), OL_OK);
    ol_part_request req = kit_part_request("k", &id, 1, OL_SLICE_LIT("x"));
    req.size = 6ll << 30;
    ol_test_feed feed = {.body = OL_SLICE_LIT("x")};
    assert_code(kit_part_as(&kit, &req, &feed), OL_ETOOLARGE);
    req.bucket = OL_SLICE_LIT("none");
    assert_code(kit_part_as(&kit, &req, &feed), OL_ENOSUCHBUCKET);
    assert_code(kit_complete(&kit, "k", &id, NULL), OL_OK);
    kit_fini(&kit);
}

/* ---- checksums ---- */

static void sums_of_every_kind(void **state)
{
    (void)state;
    const struct {
        const char *name;
        bool composite;
    } kinds[] = {
        {"CRC32", false}, {"CRC32", true}, {"CRC32C", false}, {"CRC32C", true},
        {"CRC64NVME", false}, {"SHA1", true}, {"SHA256", true},
    };
    store_kit kit;
    kit_open(&kit);
    ol_slice body = kit_bytes(PART + 1000, 1);
    ol_slice cuts[] = {ol_slice_first(body, PART), ol_slice_from(body, PART)};
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        kit_id id;
        begin(&kit, kinds[k].name, kinds[k].composite, &id);
        ol_object_checksum sums[2];
        ol_part parts[2];
        ol_put_result results[2], whole;
        for (uint32_t i = 0; i < 2; i++) {
            set_sum(&sums[i], kinds[k].name, cuts[i]);
            /* The second part brings none: it is computed. */
            assert_code(put_part(&kit, &id, i + 1, cuts[i], i == 0 ? &sums[i] : NULL, &results[i]),
                        OL_OK);
            assert_string_equal(results[i].checksum.text, sums[i].text);
            parts[i] = (ol_part){.number = i + 1, .etag = ol_slice_cstr(results[i].etag),
                                 .checksum = sums[i]};
        }
        ol_complete_request req = kit_completion("k", &id, parts, 2);
        snprintf(req.checksum.text, sizeof req.checksum.text, "bad");
        assert_code(kit_complete_as(&kit, &req, NULL), OL_EBADDIGEST);
        req.checksum.text[0] = '\0';
        parts[1].checksum = sums[0];
        assert_code(kit_complete_as(&kit, &req, NULL), OL_EINVALIDPART);
        parts[1].checksum.text[0] = '\0';
        if (kinds[k].composite)
            assert_code(kit_complete_as(&kit, &req, NULL), OL_EINVALIDREQUEST);
        parts[1].checksum = sums[1];
        if (!kinds[k].composite)
            set_sum(&req.checksum, kinds[k].name, body);
        assert_code(kit_complete_as(&kit, &req, &whole), OL_OK);
        assert_string_equal(whole.checksum.name, kinds[k].name);
        assert_int_equal(whole.checksum.composite, kinds[k].composite);
        if (!kinds[k].composite)
            assert_string_equal(whole.checksum.text, req.checksum.text);
        else
            assert_string_equal(strchr(whole.checksum.text, '-'), "-2");
        kit_restart(&kit);
        kit_answer answer = {0};
        ol_object_ref ref = {.bucket = OL_SLICE_LIT("b"), .key = OL_SLICE_LIT("k"),
                             .part_number = 2};
        ol_object *object;
        assert_code(kit_settle(&kit, kit.origin->ops->open(kit.origin, kit.bench.loop.loop, &ref,
                                                           &object, kit_on_object, &answer, NULL),
                               &answer),
                    OL_OK);
        const ol_object_checksum *part = &kit.origin->ops->info(answer.object)->checksum;
        assert_string_equal(part->text, sums[1].text);
        assert_int_equal(part->composite, kinds[k].composite);
        kit_close_object(&kit, answer.object);
        assert_code(kit_open_key(&kit, "k", &object), OL_OK);
        assert_string_equal(kit.origin->ops->info(object)->checksum.text, whole.checksum.text);
        kit_close_object(&kit, object);
        ol_list_request list_req = {.bucket = OL_SLICE_LIT("b"), .max_keys = 10};
        ol_list_result *list;
        assert_code(kit_list(&kit, &list_req, &list), OL_OK);
        assert_string_equal(list->objects[0].checksum.name, kinds[k].name);
        assert_int_equal(list->objects[0].checksum.composite, kinds[k].composite);
        ol_arena_destroy(list->arena);
    }
    kit_free(body);
    kit_fini(&kit);
}

static void promises_about_sums_are_kept(void **state)
{
    (void)state;
    store_kit kit;
    kit_open(&kit);
    kit_id id;
    ol_upload_request req = {.bucket = OL_SLICE_LIT("b"), .key = OL_SLICE_LIT("k"),
                             .checksum_name = OL_SLICE_LIT("CRC64NVME"),
                             .checksum_composite = true};
    assert_code(kit_create_as(&kit, &req, &id), OL_EINVALIDREQUEST);
    req.checksum_name = OL_SLICE_LIT("SHA1");
    req.checksum_composite = false;
    assert_code(kit_create_as(&kit, &req, &id), OL_EINVALIDREQUEST);
    req.checksum_name = OL_SLICE_LIT("MD4");
    assert_code(kit_create_as(&kit, &req, &id), OL_EINVALIDREQUEST);
    begin(&kit, "SHA256", true, &id);
    ol_object_checksum sum;
    set_sum(&sum, "CRC32", OL_SLICE_LIT("x"));
    assert_code(put_part(&kit, &id, 1, OL_SLICE_LIT("x"), &sum, NULL), OL_EINVALIDREQUEST);
    assert_int_equal(kit_files(&kit, "objects"), 0);
    kit_fini(&kit);
}

/* Nobody named an algorithm: what the parts bring is made use of; what brings nothing gets one. */
static void uploads_without_an_algorithm(void **state)
{
    (void)state;
    store_kit kit;
    kit_open(&kit);
    const char *const brings[] = {"", "CRC32", "SHA1"};
    const char *const gets[] = {"CRC64NVME", "CRC32", "SHA1"};
    for (int i = 0; i < 3; i++) {
        kit_id id;
        begin(&kit, "", false, &id);
        ol_object_checksum sum = {.composite = false}, whole;
        if (*brings[i])
            set_sum(&sum, brings[i], OL_SLICE_LIT("body"));
        ol_put_result result;
        assert_code(put_part(&kit, &id, 1, OL_SLICE_LIT("body"), &sum, NULL), OL_OK);
        assert_code(kit_complete(&kit, "k", &id, &result), OL_OK);
        assert_string_equal(result.checksum.name, gets[i]);
        assert_int_equal(result.checksum.composite, i == 2);
        set_sum(&whole, gets[i], OL_SLICE_LIT("body"));
        if (i < 2)
            assert_string_equal(result.checksum.text, whole.text);
    }
    kit_fini(&kit);
}

/* ---- conditions, and what is kept ---- */

static void conditions_of_a_completion(void **state)
{
    (void)state;
    store_kit kit;
    kit_open(&kit);
    kit_id id;
    begin(&kit, "", false, &id);
    ol_put_result part, whole;
    assert_code(put_part(&kit, &id, 1, OL_SLICE_LIT("body"), NULL, &part), OL_OK);
    ol_part parts = {.number = 1, .etag = ol_slice_cstr(part.etag)};
    ol_complete_request req = kit_completion("k", &id, &parts, 1);
    req.if_match = OL_SLICE_LIT("*");
    assert_code(kit_complete_as(&kit, &req, NULL), OL_ENOSUCHKEY);
    assert_code(kit_put(&kit, "k", OL_SLICE_LIT("old")), OL_OK);
    req.if_match = ol_slice_cstr(part.etag);
    assert_code(kit_complete_as(&kit, &req, NULL), OL_EPRECONDITION);
    req.if_match = OL_SLICE_NONE;
    req.if_none_match_any = true;
    assert_code(kit_complete_as(&kit, &req, NULL), OL_EPRECONDITION);
    req.if_none_match_any = false;
    req.if_none_match = OL_SLICE_LIT("149603e6c03516362a8da23f624db945"); /* MD5 of "old" */
    assert_code(kit_complete_as(&kit, &req, NULL), OL_EPRECONDITION);
    kit_expect(&kit, "k", OL_SLICE_LIT("old"));
    req.if_none_match = ol_slice_cstr(part.etag);
    req.if_match = OL_SLICE_LIT("*");
    assert_code(kit_complete_as(&kit, &req, &whole), OL_OK);
    kit_expect(&kit, "k", OL_SLICE_LIT("body"));
    begin(&kit, "", false, &id);
    assert_code(put_part(&kit, &id, 1, OL_SLICE_LIT("next"), NULL, &part), OL_OK);
    parts.etag = ol_slice_cstr(part.etag);
    req = kit_completion("k", &id, &parts, 1);
    req.if_match = ol_slice_cstr(whole.etag);
    assert_code(kit_complete_as(&kit, &req, &whole), OL_OK);
    kit_expect(&kit, "k", OL_SLICE_LIT("next"));
    kit_fini(&kit);
}

static void what_an_upload_began_with_is_kept(void **state)
{
    (void)state;
    store_kit kit;
    kit_open(&kit);
    const ol_header headers[] = {{OL_SLICE_LIT("content-type"), OL_SLICE_LIT("text/x")},
                                 {OL_SLICE_LIT("x-amz-meta-a"), OL_SLICE_LIT("b")}};
    ol_upload_request req = {
        .bucket = OL_SLICE_LIT("b"), .key = OL_SLICE_LIT("k"), .headers = headers,
        .header_count = 2, .tags = OL_SLICE_LIT("a=1&b=2"), .acl = OL_SLICE_LIT("<acl/>"),
        .initiator = OL_SLICE_LIT("alice"), .owner = OL_SLICE_LIT("bob"),
        .checksum_name = OL_SLICE_LIT("crc32c")};
    kit_id id;
    assert_code(kit_create_as(&kit, &req, &id), OL_OK);
    assert_code(put_part(&kit, &id, 1, OL_SLICE_LIT("body"), NULL, NULL), OL_OK);
    kit_restart(&kit);
    ol_part_list *parts;
    assert_code(kit_parts_of(&kit, "k", kit_id_of(&id), 0, 10, &parts), OL_OK);
    assert_true(ol_slice_eq_cstr(parts->initiator, "alice"));
    assert_true(ol_slice_eq_cstr(parts->owner, "bob"));
    assert_true(ol_slice_eq_cstr(parts->checksum_name, "CRC32C"));
    assert_false(parts->checksum_composite);
    ol_arena_destroy(parts->arena);
    assert_code(kit_complete(&kit, "k", &id, NULL), OL_OK);
    ol_object *object;
    assert_code(kit_open_key(&kit, "k", &object), OL_OK);
    const ol_object_info *info = kit.origin->ops->info(object);
    assert_int_equal(info->header_count, 2);
    assert_true(ol_slice_eq_cstr(info->headers[1].value, "b"));
    assert_true(ol_slice_eq_cstr(info->tags, "a=1&b=2"));
    assert_int_equal(info->tag_count, 2);
    assert_true(ol_slice_eq_cstr(info->acl, "<acl/>"));
    kit_close_object(&kit, object);
    kit_fini(&kit);
}

/* ---- the largest upload ---- */

/* As many parts as there may be, put into the rows beforehand: their files are never read. */
static void fake_parts(store_kit *kit)
{
    char path[240];
    snprintf(path, sizeof path, "%s/objlens.db", kit->path);
    sqlite3 *db;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(
        sqlite3_exec(db,
                     "WITH RECURSIVE n(i) AS"
                     " (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000)"
                     " INSERT INTO parts SELECT 1, i, 549755813,"
                     " CAST('9dd4e461268c8034f5c8564e155c67a6' AS BLOB), 1000,"
                     " CAST('CRC64NVME=AAAAAAAAAAA=' AS BLOB), randomblob(17), NULL FROM n",
                     NULL, NULL, NULL),
        SQLITE_OK);
    sqlite3_close(db);
}

static size_t take_all_parts(store_kit *kit, const kit_id *id, ol_part *all)
{
    size_t count = 0;
    for (bool more = true; more;) {
        ol_part_list *list;
        uint32_t marker = count ? all[count - 1].number : 0;
        assert_code(kit_parts_of(kit, "k", kit_id_of(id), marker, 1000, &list), OL_OK);
        assert_int_equal(list->total, OL_PARTS_MAX);
        for (size_t i = 0; i < list->count; i++) {
            all[count] = list->parts[i];
            all[count++].etag = OL_SLICE_LIT("9dd4e461268c8034f5c8564e155c67a6");
        }
        more = list->truncated;
        ol_arena_destroy(list->arena);
    }
    return count;
}

static void ten_thousand_parts(void **state)
{
    (void)state;
    store_kit kit;
    kit_open(&kit);
    kit_id id;
    begin(&kit, "CRC64NVME", false, &id);
    kit_stop(&kit);
    fake_parts(&kit);
    kit_start(&kit);
    static ol_part all[OL_PARTS_MAX + 1];
    assert_int_equal(take_all_parts(&kit, &id, all), OL_PARTS_MAX);
    ol_complete_request req = kit_completion("k", &id, all, OL_PARTS_MAX + 1);
    assert_code(kit_complete_as(&kit, &req, NULL), OL_EINVALIDPART);
    req.part_count = OL_PARTS_MAX;
    ol_put_result result;
    assert_code(kit_complete_as(&kit, &req, &result), OL_OK);
    assert_string_equal(strchr(result.etag, '-'), "-10000");
    ol_object *object;
    assert_code(kit_open_key(&kit, "k", &object), OL_OK);
    assert_int_equal(kit.origin->ops->info(object)->part_count, OL_PARTS_MAX);
    assert_int_equal(kit.origin->ops->info(object)->size, 549755813ull * 10000);
    kit_close_object(&kit, object);
    assert_code(kit_complete_as(&kit, &req, &result), OL_OK);

    /* And a little more is too large. */
    begin(&kit, "CRC64NVME", false, &id);
    kit_stop(&kit);
    char path[240];
    snprintf(path, sizeof path, "%s/objlens.db", kit.path);
    sqlite3 *db;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "UPDATE parts SET owner = 2, size = 549755814", NULL, NULL,
                                  NULL),
                     SQLITE_OK);
    sqlite3_close(db);
    kit_start(&kit);
    req.upload_id = kit_id_of(&id);
    assert_code(kit_complete_as(&kit, &req, &result), OL_ETOOLARGE);
    kit_fini(&kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wrong_lists_are_refused),
        cmocka_unit_test(wrong_parts_are_refused),
        cmocka_unit_test(sums_of_every_kind),
        cmocka_unit_test(promises_about_sums_are_kept),
        cmocka_unit_test(uploads_without_an_algorithm),
        cmocka_unit_test(conditions_of_a_completion),
        cmocka_unit_test(what_an_upload_began_with_is_kept),
        cmocka_unit_test(ten_thousand_parts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
