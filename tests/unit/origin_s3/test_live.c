/* SPDX-License-Identifier: MIT */
/* Objects and their listings at a real service. */
#include "live_kit.h"
#include "s3/documents/tagging.h"

/* ---- bodies ---- */

static void bodies_of_every_size(void **state)
{
    live *l = live_of(state);
    const size_t sizes[] = {0, 1, 1000, 65536, 65537, 131072, 131073, 262144, 300000, l->len};
    const size_t pieces[] = {0, 1, 7777, 65536};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        okit_answer a;
        ol_put_request req = {.bucket = ol_slice_cstr(l->bucket),
                              .key = OL_SLICE_LIT("a body"),
                              .size = (int64_t)sizes[i]};
        size_t piece = sizes[i] > 400000 && pieces[i % 4] == 1 ? 65536 : pieces[i % 4];
        int rc = okit_put_req(l->k, &req, ol_slice_of(l->bytes, sizes[i]), piece, &a);
        assert_code_of(rc, OL_OK, &a.err);
        assert_int_equal(strlen(a.put.etag), 32);
        check_body(l, "a body", sizes[i]);
    }
}

static void unsigned_bodies(void **state)
{
    live *l = live_of(state);
    okit_answer a;
    okit *own = kit_of_env();
    own->options.payload = OL_S3_PAYLOAD_UNSIGNED;
    okit_open(own);
    assert_code_of(okit_put(own, l->bucket, "unsigned", ol_slice_of(l->bytes, l->len), &a), OL_OK,
                   &a.err);
    okit_close(own);
    check_body(l, "unsigned", l->len);
}

static void metadata_comes_back(void **state)
{
    live *l = live_of(state);
    okit_answer a;
    const ol_header headers[] = {
        {OL_SLICE_LIT("content-type"), OL_SLICE_LIT("text/plain; charset=utf-8")},
        {OL_SLICE_LIT("cache-control"), OL_SLICE_LIT("max-age=5")},
        {OL_SLICE_LIT("content-disposition"), OL_SLICE_LIT("attachment; filename=\"a  b\"")},
        {OL_SLICE_LIT("x-amz-meta-colour"), OL_SLICE_LIT("deep  red")}};
    ol_put_request req = {.bucket = ol_slice_cstr(l->bucket),
                          .key = OL_SLICE_LIT("meta"),
                          .headers = headers,
                          .header_count = 4,
                          .tags = OL_SLICE_LIT("a=1&b=two%20words"),
                          .size = 5};
    assert_code_of(okit_put_req(l->k, &req, OL_SLICE_LIT("hello"), 0, &a), OL_OK, &a.err);
    assert_code_of(okit_head(l->k, l->bucket, "meta", &a), OL_OK, &a.err);
    const ol_object_info *info = l->k->origin->ops->info(a.object);
    const ol_headers got = {.items = (ol_header *)(uintptr_t)info->headers,
                            .count = info->header_count};
    assert_int_equal(info->size, 5);
    assert_slice(info->etag, "5d41402abc4b2a76b9719d911017c592");
    assert_int_equal(info->tag_count, 2);
    assert_in_range(info->last_modified_ms, ol_clock_wall_ms() - 60000, ol_clock_wall_ms() + 2000);
    for (size_t i = 0; i < 3; i++)
        assert_slices(ol_headers_get(&got, (const char *)headers[i].name.data), headers[i].value);
    assert_true(ol_headers_find(&got, OL_SLICE_LIT("x-amz-meta-colour")) != NULL);
    l->k->origin->ops->close_object(a.object);
}

static void keys_survive(void **state)
{
    live *l = live_of(state);
    const char *keys[] = {"a//b", "/lead", "trail/", "plus+and space", "100%", "%2F", "ünïcödé/☃",
                          "semi;colon&amp=eq?query#frag", "dot/./and/../dots", "\"quoted\" 'n <x>"};
    okit_answer a;
    ol_buf out;
    ol_buf_init(&out, 1 << 20);
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        assert_code_of(okit_put(l->k, l->bucket, keys[i], ol_slice_cstr(keys[i]), &a), OL_OK,
                       &a.err);
        assert_code_of(okit_get(l->k, l->bucket, keys[i], NULL, &out, &a), OL_OK, &a.err);
        assert_slices(ol_buf_slice(&out), ol_slice_cstr(keys[i]));
    }
    const ol_list_request req = {.bucket = ol_slice_cstr(l->bucket), .max_keys = 1000};
    assert_code_of(okit_list(l->k, &req, &a), OL_OK, &a.err);
    assert_int_equal(a.list->object_count, sizeof keys / sizeof keys[0]);
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        bool found = false;
        for (size_t j = 0; j < a.list->object_count; j++)
            found |= ol_slice_eq_cstr(a.list->objects[j].key, keys[i]);
        if (!found)
            fail_msg("not listed: %s", keys[i]);
    }
    ol_arena_destroy(a.list->arena);
    ol_buf_fini(&out);
}

/* ---- listings ---- */

static void add_names(char *out, size_t size, const ol_list_result *list)
{
    for (size_t i = 0; i < list->object_count; i++)
        snprintf(out + strlen(out), size - strlen(out), "%.*s ", OL_SLICE_FMT(list->objects[i].key));
    for (size_t i = 0; i < list->common_prefix_count; i++)
        snprintf(out + strlen(out), size - strlen(out), "[%.*s] ",
                 OL_SLICE_FMT(list->common_prefixes[i]));
}

/* All pages, as "key key [prefix] |" */
static void list_all(live *l, const char *prefix, uint32_t max, char *out, size_t size)
{
    char next[1200] = "";
    out[0] = '\0';
    for (int pages = 0; pages < 50; pages++) {
        okit_answer a;
        const ol_list_request req = {.bucket = ol_slice_cstr(l->bucket),
                                     .prefix = ol_slice_cstr(prefix),
                                     .delimiter = OL_SLICE_LIT("/"),
                                     .start_after = ol_slice_cstr(next),
                                     .max_keys = max};
        assert_code_of(okit_list(l->k, &req, &a), OL_OK, &a.err);
        add_names(out, size, a.list);
        bool more = a.list->truncated;
        snprintf(next, sizeof next, "%.*s", OL_SLICE_FMT(a.list->next_start_after));
        ol_arena_destroy(a.list->arena);
        snprintf(out + strlen(out), size - strlen(out), "|");
        if (!more)
            return;
    }
    fail_msg("the listing does not end: %s", out);
}

static void pages_with_prefixes(void **state)
{
    live *l = live_of(state);
    const char *keys[] = {"a", "b/1", "b/2", "b/3", "c", "d/1", "d/x/2", "e"};
    okit_answer a;
    char text[4096];
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        assert_code_of(okit_put(l->k, l->bucket, keys[i], OL_SLICE_LIT("x"), &a), OL_OK, &a.err);
    list_all(l, "", 1000, text, sizeof text);
    assert_string_equal(text, "a c e [b/] [d/] |");
    list_all(l, "", 1, text, sizeof text);
    assert_string_equal(text, "a |[b/] |c |[d/] |e |");
    list_all(l, "d/", 1, text, sizeof text);
    assert_string_equal(text, "d/1 |[d/x/] |");
    const ol_list_request inside = {.bucket = ol_slice_cstr(l->bucket),
                                    .delimiter = OL_SLICE_LIT("/"),
                                    .start_after = OL_SLICE_LIT("b/2"),
                                    .max_keys = 1000};
    assert_code_of(okit_list(l->k, &inside, &a), OL_OK, &a.err);
    text[0] = '\0';
    add_names(text, sizeof text, a.list);
    assert_string_equal(text, "c e [d/] ");
    ol_arena_destroy(a.list->arena);
}

static void buckets_are_listed(void **state)
{
    live *l = live_of(state);
    okit_answer a = {0};
    ol_origin *o = l->k->origin;
    bool found = false;
    int rc = okit_wait(l->k, &a, o->ops->bucket_list(o, l->k->bench.loop.loop, okit_on_buckets, &a,
                                                     &a.err));
    assert_code_of(rc, OL_OK, &a.err);
    for (size_t i = 0; i < a.buckets->count; i++)
        found |= ol_slice_eq_cstr(a.buckets->buckets[i].name, l->bucket);
    assert_true(found);
    ol_arena_destroy(a.buckets->arena);
    a = (okit_answer){0};
    rc = okit_wait(l->k, &a, o->ops->bucket_exists(o, l->k->bench.loop.loop,
                                                   OL_SLICE_LIT("no-such-bucket-here"),
                                                   okit_on_done, &a, &a.err));
    assert_code(rc, OL_ENOSUCHBUCKET);
    a = (okit_answer){0};
    rc = okit_wait(l->k, &a, o->ops->bucket_exists(o, l->k->bench.loop.loop,
                                                   ol_slice_cstr(l->bucket), okit_on_done, &a,
                                                   &a.err));
    assert_code_of(rc, OL_OK, &a.err);
}

/* ---- conditions and errors ---- */

static void errors_keep_their_meaning(void **state)
{
    live *l = live_of(state);
    okit_answer a;
    ol_buf out;
    ol_buf_init(&out, 1 << 20);
    assert_code(okit_get(l->k, l->bucket, "absent", NULL, &out, &a), OL_ENOSUCHKEY);
    assert_string_equal(a.err.message, ol_code_message(OL_ENOSUCHKEY));
    assert_code(okit_head(l->k, l->bucket, "absent", &a), OL_ENOSUCHKEY);
    assert_code(okit_get(l->k, "no-such-bucket-here", "k", NULL, &out, &a), OL_ENOSUCHBUCKET);
    assert_code(okit_put(l->k, "no-such-bucket-here", "k", OL_SLICE_LIT("x"), &a),
                OL_ENOSUCHBUCKET);
    assert_code_of(okit_remove(l->k, l->bucket, "absent", &a), OL_OK, &a.err);
    ol_buf_fini(&out);
}

static void conditions_hold(void **state)
{
    live *l = live_of(state);
    okit_answer a;
    ol_put_request req = {.bucket = ol_slice_cstr(l->bucket),
                          .key = OL_SLICE_LIT("once"),
                          .size = 3,
                          .if_none_match_any = true};
    assert_code_of(okit_put_req(l->k, &req, OL_SLICE_LIT("one"), 0, &a), OL_OK, &a.err);
    assert_code(okit_put_req(l->k, &req, OL_SLICE_LIT("two"), 0, &a), OL_EPRECONDITION);
    req.if_none_match_any = false;
    req.if_match = OL_SLICE_LIT("00000000000000000000000000000000");
    assert_code(okit_put_req(l->k, &req, OL_SLICE_LIT("two"), 0, &a), OL_EPRECONDITION);
    req.if_match = OL_SLICE_LIT("f97c5d29941bfb1b2fdab0874906ab82"); /* of "one" */
    assert_code_of(okit_put_req(l->k, &req, OL_SLICE_LIT("one"), 0, &a), OL_OK, &a.err);
    ol_object_ref ref = okit_ref(l->bucket, "once");
    ref.if_match = OL_SLICE_LIT("00000000000000000000000000000000");
    assert_code(okit_open_ref(l->k, &ref, &a), OL_EPRECONDITION);
    ol_remove_request remove = {.bucket = ol_slice_cstr(l->bucket),
                                .key = OL_SLICE_LIT("once"),
                                .if_match = OL_SLICE_LIT("00000000000000000000000000000000"),
                                .if_modified_ms = -1,
                                .if_size = -1};
    ol_origin *o = l->k->origin;
    a = (okit_answer){0};
    assert_code(okit_wait(l->k, &a, o->ops->remove(o, l->k->bench.loop.loop, &remove,
                                                   okit_on_removed, &a, &a.err)),
                OL_EPRECONDITION);
    remove.if_match = OL_SLICE_LIT("f97c5d29941bfb1b2fdab0874906ab82"); /* of "one" */
    a = (okit_answer){0};
    assert_code_of(okit_wait(l->k, &a, o->ops->remove(o, l->k->bench.loop.loop, &remove,
                                                      okit_on_removed, &a, &a.err)),
                   OL_OK, &a.err);
    a = (okit_answer){0};
    assert_code(okit_wait(l->k, &a, o->ops->remove(o, l->k->bench.loop.loop, &remove,
                                                   okit_on_removed, &a, &a.err)),
                OL_ENOSUCHKEY);
}

static void a_range_beyond_the_end(void **state)
{
    live *l = live_of(state);
    okit_answer a;
    assert_code_of(okit_put(l->k, l->bucket, "short", OL_SLICE_LIT("0123456789"), &a), OL_OK,
                   &a.err);
    ol_object_ref ref = okit_ref(l->bucket, "short");
    ref.range_hint = OL_SLICE_LIT("bytes=50-60");
    assert_code_of(okit_open_ref(l->k, &ref, &a), OL_OK, &a.err);
    assert_int_equal(l->k->origin->ops->info(a.object)->size, 10);
    l->k->origin->ops->close_object(a.object);
}

/* ---- reads here and there ---- */

static void read_at_everywhere(void **state)
{
    live *l = live_of(state);
    okit_answer a, r;
    ol_test_random random = {.state = 3};
    uint8_t *memory = malloc(1 << 20);
    assert_code_of(okit_put(l->k, l->bucket, "random", ol_slice_of(l->bytes, l->len), &a), OL_OK,
                   &a.err);
    assert_code_of(okit_head(l->k, l->bucket, "random", &a), OL_OK, &a.err);
    for (int i = 0; i < 60; i++) {
        size_t len = ol_test_random_below(&random, i % 3 ? 5000 : 1 << 20) + 1;
        uint64_t at = ol_test_random_below(&random, l->len + 10);
        size_t want = at >= l->len ? 0 : l->len - at < len ? l->len - at : len;
        r = (okit_answer){0};
        int rc = l->k->origin->ops->read_at(a.object, at, (ol_span){memory, len}, &r.got,
                                            okit_on_read, &r, &r.err);
        assert_code_of(okit_wait(l->k, &r, rc), OL_OK, &r.err);
        assert_int_equal(r.got, want);
        if (want > 0)
            assert_memory_equal(memory, l->bytes + at, want);
    }
    l->k->origin->ops->close_object(a.object);
    free(memory);
}

/* ---- attributes ---- */

static void tags_and_lists(void **state)
{
    live *l = live_of(state);
    okit_answer a;
    ol_origin *o = l->k->origin;
    ol_loop *loop = l->k->bench.loop.loop;
    ol_object_ref ref = okit_ref(l->bucket, "tagged");
    assert_code_of(okit_put(l->k, l->bucket, "tagged", OL_SLICE_LIT("x"), &a), OL_OK, &a.err);
    a = (okit_answer){0};
    assert_code_of(okit_wait(l->k, &a, o->ops->attribute_get(o, loop, &ref, OL_ATTRIBUTE_TAGS,
                                                             okit_on_text, &a, &a.err)),
                   OL_OK, &a.err);
    assert_string_equal(a.text, "");
    a = (okit_answer){0};
    assert_code_of(okit_wait(l->k, &a,
                             o->ops->attribute_set(o, loop, &ref, OL_ATTRIBUTE_TAGS,
                                                   OL_SLICE_LIT("a=1&b=two%20words"),
                                                   okit_on_done, &a, &a.err)),
                   OL_OK, &a.err);
    a = (okit_answer){0};
    assert_code_of(okit_wait(l->k, &a, o->ops->attribute_get(o, loop, &ref, OL_ATTRIBUTE_TAGS,
                                                             okit_on_text, &a, &a.err)),
                   OL_OK, &a.err);
    assert_string_equal(a.text, "a=1&b=two%20words");
    a = (okit_answer){0};
    assert_code_of(okit_wait(l->k, &a, o->ops->attribute_get(o, loop, &ref, OL_ATTRIBUTE_ACL,
                                                             okit_on_text, &a, &a.err)),
                   OL_OK, &a.err);
    assert_true(strlen(a.text) > 0);
    a = (okit_answer){0};
    assert_code_of(okit_wait(l->k, &a, o->ops->attribute_set(o, loop, &ref, OL_ATTRIBUTE_TAGS,
                                                             OL_SLICE_NONE, okit_on_done, &a,
                                                             &a.err)),
                   OL_OK, &a.err);
    ref.key = OL_SLICE_LIT("absent");
    a = (okit_answer){0};
    assert_code(okit_wait(l->k, &a, o->ops->attribute_get(o, loop, &ref, OL_ATTRIBUTE_TAGS,
                                                          okit_on_text, &a, &a.err)),
                OL_ENOSUCHKEY);
}

static void documents_are_handed_through(void **state)
{
    live *l = live_of(state);
    okit_answer a = {0};
    ol_s3_subresource what = {.method = "GET", .bucket = ol_slice_cstr(l->bucket), .name = "acl"};
    int rc = ol_s3_origin_subresource(l->k->origin, l->k->bench.loop.loop, &what,
                                      okit_on_subresource, &a, &a.err);
    assert_code_of(okit_wait(l->k, &a, rc), OL_OK, &a.err);
    assert_int_equal(a.status, 200);
    assert_non_null(strstr(a.text, "AccessControlPolicy"));
    a = (okit_answer){0};
    what.name = "policy";
    rc = ol_s3_origin_subresource(l->k->origin, l->k->bench.loop.loop, &what, okit_on_subresource,
                                  &a, &a.err);
    assert_code(okit_wait(l->k, &a, rc), OL_ENOSUCHPOLICY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LIVE_TEST(bodies_of_every_size),
        LIVE_TEST(unsigned_bodies),
        LIVE_TEST(metadata_comes_back),
        LIVE_TEST(keys_survive),
        LIVE_TEST(pages_with_prefixes),
        LIVE_TEST(buckets_are_listed),
        LIVE_TEST(errors_keep_their_meaning),
        LIVE_TEST(conditions_hold),
        LIVE_TEST(a_range_beyond_the_end),
        LIVE_TEST(read_at_everywhere),
        LIVE_TEST(tags_and_lists),
        LIVE_TEST(documents_are_handed_through),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
