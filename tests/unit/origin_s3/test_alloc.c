/* SPDX-License-Identifier: MIT */
/* Every allocation of the origin fails once, in every operation: an error, never a leak. */
#include "fake_s3.h"
#include "lib/alloc_check.h"

static const char hello[] = "HTTP/1.1 200 OK\r\n" OBJECT "Content-Length: 5\r\n\r\nhello";
static const char cut[] = "HTTP/1.1 200 OK\r\n" OBJECT "Content-Length: 5\r\n\r\nhe";
static const char rest[] = "HTTP/1.1 206 Partial\r\n" OBJECT
                           "Content-Range: bytes 2-4/5\r\nContent-Length: 3\r\n\r\nllo";
static const char done[] = "HTTP/1.1 200 OK\r\n" OBJECT "Content-Length: 0\r\n\r\n";

typedef struct scene {
    fixture *x;
    int (*act)(fixture *x);
    fake_reply replies[4];
    size_t reply_count;
} scene;

static int open_origin(fixture *x)
{
    okit *k = x->k;
    ol_error err = {0};
    ol_test_bench_open(&k->bench);
    if (!k->bench.loop.loop)
        return OL_ENOMEM;
    x->f.loop = k->bench.loop.loop;
    fake_listen(&x->f);
    int rc = k->bench.rc;
    if (rc == OL_OK)
        rc = ol_s3_origin_new(&k->origin, &k->options, &err);
    if (rc == OL_OK)
        rc = ol_s3_origin_attach(k->origin, x->f.loop, &err);
    k->attached = rc == OL_OK;
    return rc;
}

static void close_origin(fixture *x)
{
    okit *k = x->k;
    if (k->bench.loop.loop) {
        ol_test_bench_again(&k->bench);
        okit_detach(k);
        fake_close(&x->f, &k->bench.loop);
        ol_test_bench_close(&k->bench);
    }
    ol_s3_origin_destroy(k->origin);
    free(k);
    free(x);
}

static int run(void *arg)
{
    scene *s = arg;
    fixture *x = fixture_new();
    x->k->options.tries_max = 1;
    x->k->options.breaker_failures = 0;
    int rc = open_origin(x);
    memcpy(x->f.replies, s->replies, sizeof s->replies);
    x->f.reply_count = s->reply_count;
    if (rc == OL_OK)
        rc = s->act(x);
    close_origin(x);
    return rc;
}

/* ---- what is done ---- */

static int get_it(fixture *x)
{
    okit_answer a;
    const ol_object_ref ref = okit_ref("b", "k");
    int rc = okit_open_ref(x->k, &ref, &a);
    if (rc != OL_OK)
        return rc;
    ol_test_collect collect = {0};
    rc = okit_body_into(x->k, a.object, (ol_byte_range){0, 5}, &collect, 0);
    if (rc == OL_OK)
        assert_slice(ol_test_collect_out(&collect), "hello");
    ol_test_collect_fini(&collect);
    ol_test_bench_again(&x->k->bench);
    x->k->origin->ops->close_object(a.object);
    return rc;
}

static int read_it(fixture *x)
{
    okit_answer a, r = {0};
    uint8_t memory[5];
    int rc = okit_head(x->k, "b", "k", &a);
    if (rc != OL_OK)
        return rc;
    rc = x->k->origin->ops->read_at(a.object, 0, (ol_span){memory, 5}, &r.got, okit_on_read, &r,
                                    &r.err);
    rc = okit_wait(x->k, &r, rc);
    if (rc == OL_OK)
        assert_memory_equal(memory, "hello", 5);
    x->k->origin->ops->close_object(a.object);
    return rc;
}

static int put_it(fixture *x, int64_t size, size_t len)
{
    static uint8_t bytes[200000];
    okit_answer a;
    ol_put_request req = {.bucket = OL_SLICE_LIT("b"),
                          .key = OL_SLICE_LIT("k"),
                          .tags = OL_SLICE_LIT("a=1"),
                          .size = size};
    return okit_put_req(x->k, &req, ol_slice_of(bytes, len), 70000, &a);
}

static int put_small(fixture *x)
{
    return put_it(x, 1000, 1000);
}

static int put_streamed(fixture *x)
{
    return put_it(x, 200000, 200000);
}

static int put_unknown(fixture *x)
{
    return put_it(x, -1, 200000);
}

static int list_it(fixture *x)
{
    okit_answer a;
    const ol_list_request req = {.bucket = OL_SLICE_LIT("b"),
                                 .delimiter = OL_SLICE_LIT("/"),
                                 .start_after = OL_SLICE_LIT("a/b"),
                                 .max_keys = 10};
    int rc = okit_list(x->k, &req, &a);
    if (rc == OL_OK) {
        assert_int_equal(a.list->object_count, 1);
        ol_arena_destroy(a.list->arena);
    }
    return rc;
}

static int complete_it(fixture *x)
{
    okit_answer a = {0};
    const ol_part part = {.number = 1, .etag = OL_SLICE_LIT(ETAG)};
    const ol_complete_request req = {.bucket = OL_SLICE_LIT("b"),
                                     .key = OL_SLICE_LIT("k"),
                                     .upload_id = OL_SLICE_LIT("u"),
                                     .parts = &part,
                                     .part_count = 1,
                                     .if_match = OL_SLICE_LIT(ETAG),
                                     .size = -1};
    ol_origin *o = x->k->origin;
    return okit_wait(x->k, &a, o->ops->upload_complete(o, x->f.loop, &req, okit_on_put, &a,
                                                       &a.err));
}

static int refused_it(fixture *x)
{
    okit_answer a;
    int rc = okit_head(x->k, "b", "k", &a);
    assert_true(rc < 0);
    return rc == OL_ENOSUCHKEY ? OL_OK : rc;
}

/* ---- the tests ---- */

static void fail_each(int (*act)(fixture *x), const fake_reply *replies, size_t count)
{
    scene s = {.act = act, .reply_count = count};
    memcpy(s.replies, replies, count * sizeof *replies);
    assert_true(ol_test_fail_each(run, &s) > 10);
}

static void gets(void **state)
{
    (void)state;
    const fake_reply replies[] = {{.bytes = cut, .then = FAKE_CLOSE}, {.bytes = rest}};
    fail_each(get_it, replies, 2);
}

static void reads(void **state)
{
    (void)state;
    const fake_reply replies[] = {{.bytes = "HTTP/1.1 200 OK\r\n" OBJECT
                                            "Content-Length: 5\r\n\r\n"},
                                  {.bytes = hello}};
    fail_each(read_it, replies, 2);
}

static void puts_of_all_kinds(void **state)
{
    (void)state;
    const fake_reply reply = {.bytes = done};
    fail_each(put_small, &reply, 1);
    fail_each(put_streamed, &reply, 1);
    fail_each(put_unknown, &reply, 1);
}

static void lists(void **state)
{
    (void)state;
    const fake_reply reply = {
        .bytes = "HTTP/1.1 200 OK\r\nContent-Length: 156\r\n\r\n<ListBucketResult><Contents><Key>b"
                 "</Key><Size>1</Size></Contents><CommonPrefixes><Prefix>a/</Prefix>"
                 "</CommonPrefixes>                    </ListBucketResult>"};
    fail_each(list_it, &reply, 1);
}

static void completions(void **state)
{
    (void)state;
    const fake_reply replies[] = {
        {.bytes = done},
        {.bytes = "HTTP/1.1 200 OK\r\nContent-Length: 64\r\n\r\n"
                  "<CompleteMultipartUploadResult>\n</CompleteMultipartUploadResult>"},
        {.bytes = done}};
    fail_each(complete_it, replies, 3);
}

static void refusals(void **state)
{
    (void)state;
    const fake_reply reply = {.bytes = "HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n"};
    fail_each(refused_it, &reply, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gets),  cmocka_unit_test(reads),       cmocka_unit_test(puts_of_all_kinds),
        cmocka_unit_test(lists), cmocka_unit_test(completions), cmocka_unit_test(refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
