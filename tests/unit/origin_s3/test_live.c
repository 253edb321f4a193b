/* SPDX-License-Identifier: MIT */
/*
 * Every operation against a real service: OBJLENS_TEST_S3 names its endpoint, AWS_ACCESS_KEY_ID
 * and AWS_SECRET_ACCESS_KEY its credentials, OBJLENS_TEST_S3_CA (for https) its certificate.
 * Skipped without. tests/origins/ceph-rgw.sh starts one.
 */
#include "origin_kit.h"
#include "s3/documents/tagging.h"

#define BUCKET_MAX 64

typedef struct live {
    okit *k;
    char bucket[BUCKET_MAX];
    uint8_t *bytes;
    size_t len;
} live;

static okit *kit_of_env(void)
{
    okit *k = okit_new(getenv("OBJLENS_TEST_S3"));
    k->options.credentials.from = OL_S3_CREDENTIALS_ENVIRONMENT;
    k->options.ca_file = getenv("OBJLENS_TEST_S3_CA");
    return k;
}

static int set_up(void **state)
{
    static unsigned number;
    okit_answer a;
    *state = NULL;
    if (!getenv("OBJLENS_TEST_S3"))
        return 0;
    live *l = calloc(1, sizeof *l);
    ol_test_random random = {.state = 7};
    l->k = kit_of_env();
    okit_open(l->k);
    l->len = 6 * 1024 * 1024 + 12345;
    l->bytes = malloc(l->len);
    ol_test_random_fill(&random, l->bytes, l->len);
    snprintf(l->bucket, sizeof l->bucket, "objlens-%d-%u-%llx", (int)getpid(), number++,
             (unsigned long long)ol_clock_wall_ms());
    assert_code_of(okit_bucket_create(l->k, l->bucket, &a), OL_OK, &a.err);
    *state = l;
    return 0;
}

static void empty(live *l)
{
    okit_answer a, b;
    const ol_list_request req = {.bucket = ol_slice_cstr(l->bucket), .max_keys = 1000};
    assert_code_of(okit_list(l->k, &req, &a), OL_OK, &a.err);
    for (size_t i = 0; i < a.list->object_count; i++) {
        char key[2048];
        snprintf(key, sizeof key, "%.*s", OL_SLICE_FMT(a.list->objects[i].key));
        assert_code_of(okit_remove(l->k, l->bucket, key, &b), OL_OK, &b.err);
    }
    ol_arena_destroy(a.list->arena);
}

static int tear_down(void **state)
{
    live *l = *state;
    if (!l)
        return 0;
    okit_answer a = {0};
    ol_origin *o = l->k->origin;
    empty(l);
    int rc = okit_wait(l->k, &a, o->ops->bucket_remove(o, l->k->bench.loop.loop,
                                                       ol_slice_cstr(l->bucket), okit_on_done, &a,
                                                       &a.err));
    assert_code_of(rc, OL_OK, &a.err);
    okit_close(l->k);
    free(l->bytes);
    free(l);
    return 0;
}

static live *live_of(void **state)
{
    if (!*state)
        skip();
    return *state;
}

/* ---- bodies ---- */

static void check_body(live *l, const char *key, size_t len)
{
    okit_answer a;
    ol_buf out;
    ol_buf_init(&out, 64 << 20);
    assert_code_of(okit_get(l->k, l->bucket, key, NULL, &out, &a), OL_OK, &a.err);
    assert_slices(ol_buf_slice(&out), ol_slice_of(l->bytes, len));
    if (len > 10) {
        assert_code_of(okit_get(l->k, l->bucket, key, "bytes=3-9", &out, &a), OL_OK, &a.err);
        assert_slices(ol_buf_slice(&out), ol_slice_of(l->bytes + 3, 7));
    }
    ol_buf_fini(&out);
}

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

/* ---- copies and uploads ---- */

static void copies(void **state)
{
    live *l = live_of(state);
    okit_answer a;
    ol_origin *o = l->k->origin;
    assert_code_of(okit_put(l->k, l->bucket, "from + ü", ol_slice_of(l->bytes, 1000), &a), OL_OK,
                   &a.err);
    ol_copy_request req = {.source = okit_ref(l->bucket, "from + ü"),
                           .bucket = ol_slice_cstr(l->bucket),
                           .key = OL_SLICE_LIT("to")};
    char etag[OL_ETAG_SIZE];
    memcpy(etag, a.put.etag, sizeof etag);
    req.source.if_match = ol_slice_cstr(etag);
    a = (okit_answer){0};
    assert_code_of(okit_wait(l->k, &a, o->ops->copy(o, l->k->bench.loop.loop, &req, okit_on_put,
                                                    &a, &a.err)),
                   OL_OK, &a.err);
    assert_string_equal(a.put.etag, etag);
    check_body(l, "to", 1000);
    req.source.if_match = OL_SLICE_LIT("00000000000000000000000000000000");
    a = (okit_answer){0};
    assert_code(okit_wait(l->k, &a, o->ops->copy(o, l->k->bench.loop.loop, &req, okit_on_put, &a,
                                                 &a.err)),
                OL_EPRECONDITION);
    req.source = okit_ref(l->bucket, "from + ü");
    req.if_none_match_any = true;
    a = (okit_answer){0};
    assert_code(okit_wait(l->k, &a, o->ops->copy(o, l->k->bench.loop.loop, &req, okit_on_put, &a,
                                                 &a.err)),
                OL_EPRECONDITION);
}

static void begin_upload(live *l, const char *key, char id[OL_UPLOAD_ID_SIZE])
{
    okit_answer a = {0};
    ol_origin *o = l->k->origin;
    const ol_header type = {OL_SLICE_LIT("content-type"), OL_SLICE_LIT("text/x-parts")};
    const ol_upload_request req = {.bucket = ol_slice_cstr(l->bucket),
                                   .key = ol_slice_cstr(key),
                                   .headers = &type,
                                   .header_count = 1,
                                   .checksum_name = OL_SLICE_LIT("CRC32C")};
    assert_code_of(okit_wait(l->k, &a, o->ops->upload_create(o, l->k->bench.loop.loop, &req,
                                                             okit_on_text, &a, &a.err)),
                   OL_OK, &a.err);
    snprintf(id, OL_UPLOAD_ID_SIZE, "%.250s", a.text);
}

static void put_part(live *l, const char *key, const char *id, uint32_t number, ol_slice body,
                     char etag[OL_ETAG_SIZE])
{
    okit_answer a = {0};
    const ol_stage_ops *ops;
    const void *config;
    const ol_part_request req = {.bucket = ol_slice_cstr(l->bucket),
                                 .key = ol_slice_cstr(key),
                                 .upload_id = ol_slice_cstr(id),
                                 .number = number,
                                 .size = (int64_t)body.len,
                                 .result = &a.put};
    ol_origin *o = l->k->origin;
    assert_code_of(o->ops->upload_part(o, &req, l->k->bench.arena, &ops, &config, &a.err), OL_OK,
                   &a.err);
    assert_code_of(okit_run_sink(l->k, ops, config, body, 0, &a), OL_OK, &a.err);
    memcpy(etag, a.put.etag, OL_ETAG_SIZE);
}

static void an_upload_in_parts(void **state)
{
    live *l = live_of(state);
    char id[OL_UPLOAD_ID_SIZE], etags[2][OL_ETAG_SIZE];
    size_t cut = 5 * 1024 * 1024;
    okit_answer a;
    ol_origin *o = l->k->origin;
    ol_loop *loop = l->k->bench.loop.loop;
    begin_upload(l, "in parts", id);
    put_part(l, "in parts", id, 2, ol_slice_of(l->bytes, cut), etags[0]);
    put_part(l, "in parts", id, 5, ol_slice_of(l->bytes + cut, l->len - cut), etags[1]);

    const ol_uploads_request uploads = {.bucket = ol_slice_cstr(l->bucket), .max_uploads = 1000};
    a = (okit_answer){0};
    assert_code_of(okit_wait(l->k, &a, o->ops->upload_list(o, loop, &uploads, okit_on_uploads, &a,
                                                           &a.err)),
                   OL_OK, &a.err);
    assert_int_equal(a.uploads->count, 1);
    assert_slices(a.uploads->uploads[0].upload_id, ol_slice_cstr(id));
    assert_slice(a.uploads->uploads[0].key, "in parts");
    ol_arena_destroy(a.uploads->arena);

    const ol_object_ref ref = okit_ref(l->bucket, "in parts");
    a = (okit_answer){0};
    assert_code_of(okit_wait(l->k, &a, o->ops->parts_list(o, loop, &ref, ol_slice_cstr(id), 0, 1000,
                                                          okit_on_parts, &a, &a.err)),
                   OL_OK, &a.err);
    assert_int_equal(a.parts->count, 2);
    assert_int_equal(a.parts->parts[1].number, 5);
    assert_int_equal(a.parts->parts[1].size, l->len - cut);
    assert_slices(a.parts->parts[0].etag, ol_slice_cstr(etags[0]));
    ol_arena_destroy(a.parts->arena);

    const ol_part parts[] = {{.number = 2, .etag = ol_slice_cstr(etags[0])},
                             {.number = 5, .etag = ol_slice_cstr(etags[1])}};
    const ol_complete_request complete = {.bucket = ol_slice_cstr(l->bucket),
                                          .key = OL_SLICE_LIT("in parts"),
                                          .upload_id = ol_slice_cstr(id),
                                          .parts = parts,
                                          .part_count = 2,
                                          .size = (int64_t)l->len};
    a = (okit_answer){0};
    assert_code_of(okit_wait(l->k, &a, o->ops->upload_complete(o, loop, &complete, okit_on_put, &a,
                                                               &a.err)),
                   OL_OK, &a.err);
    assert_string_equal(a.put.etag + 32, "-2");
    check_body(l, "in parts", l->len);
    a = (okit_answer){0};
    assert_code_of(okit_wait(l->k, &a, o->ops->parts_list(o, loop, &ref, OL_SLICE_NONE, 0, 1000,
                                                          okit_on_parts, &a, &a.err)),
                   OL_OK, &a.err);
    ol_arena_destroy(a.parts->arena);
}

static void uploads_that_fail(void **state)
{
    live *l = live_of(state);
    char id[OL_UPLOAD_ID_SIZE], etags[2][OL_ETAG_SIZE];
    okit_answer a;
    ol_origin *o = l->k->origin;
    ol_loop *loop = l->k->bench.loop.loop;
    begin_upload(l, "k", id);
    put_part(l, "k", id, 1, OL_SLICE_LIT("small"), etags[0]);
    put_part(l, "k", id, 2, OL_SLICE_LIT("small too"), etags[1]);
    ol_part parts[] = {{.number = 1, .etag = ol_slice_cstr(etags[0])},
                       {.number = 2, .etag = ol_slice_cstr(etags[1])}};
    ol_complete_request complete = {.bucket = ol_slice_cstr(l->bucket),
                                    .key = OL_SLICE_LIT("k"),
                                    .upload_id = ol_slice_cstr(id),
                                    .parts = parts,
                                    .part_count = 2,
                                    .size = -1};
    a = (okit_answer){0};
    assert_code(okit_wait(l->k, &a, o->ops->upload_complete(o, loop, &complete, okit_on_put, &a,
                                                            &a.err)),
                OL_EPARTTOOSMALL);
    parts[0].number = 3;
    a = (okit_answer){0};
    assert_code(okit_wait(l->k, &a, o->ops->upload_complete(o, loop, &complete, okit_on_put, &a,
                                                            &a.err)),
                OL_EINVALIDPARTORDER);
    complete.part_count = 1;
    parts[0].number = 1;
    parts[0].etag = OL_SLICE_LIT("00000000000000000000000000000000");
    a = (okit_answer){0};
    assert_code(okit_wait(l->k, &a, o->ops->upload_complete(o, loop, &complete, okit_on_put, &a,
                                                            &a.err)),
                OL_EINVALIDPART);
    a = (okit_answer){0};
    assert_code_of(okit_wait(l->k, &a, o->ops->upload_abort(o, loop, ol_slice_cstr(l->bucket),
                                                            OL_SLICE_LIT("k"), ol_slice_cstr(id),
                                                            okit_on_done, &a, &a.err)),
                   OL_OK, &a.err);
    a = (okit_answer){0};
    assert_code(okit_wait(l->k, &a, o->ops->upload_abort(o, loop, ol_slice_cstr(l->bucket),
                                                         OL_SLICE_LIT("k"), ol_slice_cstr(id),
                                                         okit_on_done, &a, &a.err)),
                OL_ENOSUCHUPLOAD);
}

static void a_body_of_unknown_length(void **state)
{
    live *l = live_of(state);
    okit_answer a;
    ol_put_request req = {.bucket = ol_slice_cstr(l->bucket),
                          .key = OL_SLICE_LIT("unknown"),
                          .size = -1};
    const size_t sizes[] = {0, 1000, 8 << 20, (8 << 20) + 1, 17 << 20};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        uint8_t *body = calloc(1, sizes[i] + 1);
        ol_slice bytes = ol_slice_of(body, sizes[i]);
        ol_buf out;
        memcpy(body, l->bytes, sizes[i] < l->len ? sizes[i] : l->len);
        assert_code_of(okit_put_req(l->k, &req, bytes, 100000, &a), OL_OK, &a.err);
        assert_int_equal(strchr(a.put.etag, '-') != NULL, sizes[i] > 8 << 20);
        ol_buf_init(&out, 64 << 20);
        assert_code_of(okit_get(l->k, l->bucket, "unknown", NULL, &out, &a), OL_OK, &a.err);
        assert_true(ol_slice_eq(ol_buf_slice(&out), bytes));
        ol_buf_fini(&out);
        free(body);
    }
}

#define LIVE_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

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
        LIVE_TEST(copies),
        LIVE_TEST(an_upload_in_parts),
        LIVE_TEST(uploads_that_fail),
        LIVE_TEST(a_body_of_unknown_length),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
