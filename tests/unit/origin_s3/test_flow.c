/* SPDX-License-Identifier: MIT */
/*
 * How bytes flow: under every way of cutting and delaying, into memory that is offered, in reads
 * that share, wait, are dropped; and what requests look like.
 */
#include "fake_s3.h"

#include <semaphore.h>

#include "lib/scratch.h"

/* A reply of head and random body, the test's to free. */
static char *object_reply(uint8_t *body, size_t from, size_t len, size_t total, size_t cut,
                          size_t *reply_len)
{
    char head[512];
    int used = len == total
                   ? snprintf(head, sizeof head, "HTTP/1.1 200 OK\r\n" OBJECT
                                                 "Content-Length: %zu\r\n\r\n", len)
                   : snprintf(head, sizeof head, "HTTP/1.1 206 Partial Content\r\n" OBJECT
                                                 "Content-Range: bytes %zu-%zu/%zu\r\n"
                                                 "Content-Length: %zu\r\n\r\n",
                              from, from + len - 1, total, len);
    char *reply = malloc((size_t)used + cut);
    memcpy(reply, head, (size_t)used);
    memcpy(reply + used, body + from, cut);
    *reply_len = (size_t)used + cut;
    return reply;
}

static void say_object(fixture *x, uint8_t *body, size_t from, size_t len, size_t total, size_t cut)
{
    fake_reply *reply = &x->f.replies[x->f.reply_count++];
    *reply = (fake_reply){.then = cut < len ? FAKE_CLOSE : FAKE_KEEP};
    reply->bytes = object_reply(body, from, len, total, cut, &reply->len);
}

static void free_replies(fixture *x)
{
    for (size_t i = 0; i < x->f.reply_count; i++)
        free((char *)(uintptr_t)x->f.replies[i].bytes);
}

static void every_way_gives_the_same(void **state)
{
    (void)state;
    const size_t sizes[] = {0, 1, 20000, 1500000};
    ol_test_random random = {.state = 5};
    uint8_t *body = malloc(1500000);
    ol_test_random_fill(&random, body, 1500000);
    for (unsigned way = 0; way < 4 * OL_TEST_WAYS; way++) {
        bool tiny_pieces = way % OL_TEST_WAYS >= 5;
        if (tiny_pieces && way / OL_TEST_WAYS == 3)
            continue; /* half a million turns */
        fixture *x = opened();
        okit_answer a;
        size_t size = sizes[way / OL_TEST_WAYS];
        ol_test_collect collect = {.wait_every = way % 3, .offers = way % 2};
        const ol_object_ref ref = okit_ref("b", "k");
        say_object(x, body, 0, size, size, size / 2 + size % 2);
        if (size > 1)
            say_object(x, body, size / 2, size - size / 2, size, size - size / 2);
        assert_code_of(okit_open_ref(x->k, &ref, &a), OL_OK, &a.err);
        assert_code_of(okit_body_into(x->k, a.object, (ol_byte_range){0, size}, &collect,
                                      way % OL_TEST_WAYS),
                       OL_OK, &x->k->bench.err);
        assert_true(ol_slice_eq(ol_test_collect_out(&collect), ol_slice_of(body, size)));
        assert_slice(ol_headers_get(&collect.head.headers, "etag"), "\"" ETAG "\"");
        assert_slice(ol_headers_get(&collect.head.headers, "last-modified"),
                     "Sun, 06 Nov 1994 08:49:37 GMT");
        assert_int_equal(collect.head.content_length, size);
        ol_test_collect_fini(&collect);
        ol_test_bench_again(&x->k->bench);
        x->k->origin->ops->close_object(a.object);
        free_replies(x);
        fixture_free(x);
    }
    free(body);
}

static void bytes_go_into_offered_memory(void **state)
{
    (void)state;
    fixture *x = opened();
    okit_answer a;
    size_t size = 1500000;
    uint8_t *body = calloc(1, size);
    ol_test_collect collect = {.offers = true};
    const ol_object_ref ref = okit_ref("b", "k");
    say_object(x, body, 0, size, size, size);
    assert_code_of(okit_open_ref(x->k, &ref, &a), OL_OK, &a.err);
    assert_code(okit_body_into(x->k, a.object, (ol_byte_range){0, size}, &collect, 0), OL_OK);
    assert_true(collect.offered_used > 0);
    assert_int_equal(collect.len, size);
    ol_test_collect_fini(&collect);
    ol_test_bench_again(&x->k->bench);
    x->k->origin->ops->close_object(a.object);
    free_replies(x);
    free(body);
    fixture_free(x);
}

static void a_body_twice(void **state)
{
    (void)state;
    fixture *x = opened();
    okit_answer a;
    uint8_t body[] = "0123456789";
    const ol_object_ref ref = okit_ref("b", "k");
    say_object(x, body, 0, 10, 10, 10);
    say_object(x, body, 2, 3, 10, 3);
    say_object(x, body, 0, 10, 10, 10);
    assert_code_of(okit_open_ref(x->k, &ref, &a), OL_OK, &a.err);
    const ol_byte_range ranges[] = {{2, 3}, {0, 10}}; /* the first is not what open asked for */
    for (size_t i = 0; i < 2; i++) {
        ol_test_collect collect = {0};
        assert_code(okit_body_into(x->k, a.object, ranges[i], &collect, 0), OL_OK);
        assert_slices(ol_test_collect_out(&collect),
                      ol_slice_of(body + ranges[i].start, ranges[i].length));
        ol_test_collect_fini(&collect);
        ol_test_bench_again(&x->k->bench);
    }
    assert_served(x);
    assert_sent(x, 1, "range: bytes=2-4\r\n");
    assert_sent(x, 2, "if-match: \"" ETAG "\"\r\n");
    assert_not_sent(x, 2, "\r\nrange:");
    x->k->origin->ops->close_object(a.object);
    free_replies(x);
    fixture_free(x);
}

static void a_hint_that_cannot_be_satisfied(void **state)
{
    (void)state;
    fixture *x = opened();
    okit_answer a;
    ol_object_ref ref = okit_ref("b", "k");
    ref.range_hint = OL_SLICE_LIT("bytes=5-");
    fake_say_document(x, "416 Range Not Satisfiable", "", "");
    fake_say(x, "HTTP/1.1 200 OK\r\n" OBJECT "Content-Length: 3\r\n\r\n", FAKE_KEEP);
    assert_code_of(okit_open_ref(x->k, &ref, &a), OL_OK, &a.err);
    assert_int_equal(x->k->origin->ops->info(a.object)->size, 3);
    assert_served(x);
    assert_non_null(strstr(x->f.requests[1], "HEAD /b/k "));
    x->k->origin->ops->close_object(a.object);
    fixture_free(x);
}

static void hints_that_are_none(void **state)
{
    (void)state;
    static const char *const hints[] = {"bytes=1-2,4-5", "items=1-2", "bytes=5-2", "bytes=\r\nX: y"};
    for (size_t i = 0; i < sizeof hints / sizeof hints[0]; i++) {
        fixture *x = opened();
        okit_answer a;
        ol_object_ref ref = okit_ref("b", "k");
        ref.range_hint = ol_slice_cstr(hints[i]);
        fake_say_document(x, "200 OK", OBJECT, "0123456789");
        assert_code_of(okit_open_ref(x->k, &ref, &a), OL_OK, &a.err);
        assert_not_sent(x, 0, "\r\nrange:");
        x->k->origin->ops->close_object(a.object);
        fixture_free(x);
    }
}

/* ---- reads here and there ---- */

typedef struct reading {
    okit_answer a;
    uint8_t memory[400000];
} reading;

static int read_at(fixture *x, ol_object *object, reading *r, uint64_t at, size_t len)
{
    r->a = (okit_answer){0};
    memset(r->memory, 0xee, sizeof r->memory);
    int rc = x->k->origin->ops->read_at(object, at, (ol_span){r->memory, len}, &r->a.got,
                                        okit_on_read, &r->a, &r->a.err);
    r->a.rc = rc;
    return rc;
}

static ol_object *opened_object(fixture *x, size_t size)
{
    static char head[256];
    okit_answer a;
    snprintf(head, sizeof head, "HTTP/1.1 200 OK\r\n" OBJECT "Content-Length: %zu\r\n\r\n", size);
    fake_say(x, head, FAKE_KEEP);
    assert_code_of(okit_head(x->k, "b", "k", &a), OL_OK, &a.err);
    return a.object;
}

static void free_replies_from(fixture *x, size_t first)
{
    for (size_t i = first; i < x->f.reply_count; i++)
        free((char *)(uintptr_t)x->f.replies[i].bytes);
}

static void small_reads_share_a_window(void **state)
{
    (void)state;
    fixture *x = opened();
    size_t size = 1000000;
    uint8_t *body = malloc(size);
    ol_test_random random = {.state = 9};
    ol_test_random_fill(&random, body, size);
    ol_object *object = opened_object(x, size);
    reading *r = calloc(4, sizeof *r);
    say_object(x, body, 1000, 262144, size, 262144);
    say_object(x, body, 600000, 100, size, 100);
    say_object(x, body, 500000, 300000, size, 300000);
    assert_code(read_at(x, object, &r[0], 1000, 10), OL_WAIT);
    assert_code(read_at(x, object, &r[1], 200000, 5000), OL_WAIT); /* in the same window */
    assert_code(read_at(x, object, &r[2], 600000, 100), OL_WAIT);  /* not in it */
    assert_code(read_at(x, object, &r[3], 500000, 300000), OL_WAIT); /* large */
    for (int i = 0; i < 4; i++)
        assert_code_of(okit_wait(x->k, &r[i].a, OL_WAIT), OL_OK, &r[i].a.err);
    assert_memory_equal(r[0].memory, body + 1000, 10);
    assert_memory_equal(r[1].memory, body + 200000, 5000);
    assert_memory_equal(r[2].memory, body + 600000, 100);
    assert_memory_equal(r[3].memory, body + 500000, 300000);
    assert_int_equal(r[0].memory[10], 0xee);
    assert_int_equal(r[3].memory[300000], 0xee);
    assert_served(x);
    assert_code(read_at(x, object, &r[0], 250000, 7), OL_OK); /* no request */
    assert_int_equal(r[0].a.got, 7);
    assert_memory_equal(r[0].memory, body + 250000, 7);
    assert_code(read_at(x, object, &r[0], size, 7), OL_OK);
    assert_int_equal(r[0].a.got, 0);
    x->k->origin->ops->close_object(object);
    free_replies_from(x, 1);
    free(body);
    free(r);
    fixture_free(x);
}

static void a_look_at_the_beginning_takes_no_more(void **state)
{
    (void)state;
    fixture *x = opened();
    uint8_t body[64] = "what it is";
    ol_object *object = opened_object(x, 1000000);
    reading *r = calloc(1, sizeof *r);
    say_object(x, body, 0, 64, 1000000, 64);
    assert_code(read_at(x, object, r, 0, 64), OL_WAIT);
    assert_code_of(okit_wait(x->k, &r->a, OL_WAIT), OL_OK, &r->a.err);
    assert_int_equal(r->a.got, 64);
    assert_memory_equal(r->memory, body, 64);
    assert_sent(x, 1, "range: bytes=0-63\r\n");
    assert_sent(x, 1, "\r\nif-match: ");
    x->k->origin->ops->close_object(object);
    free_replies_from(x, 1);
    free(r);
    fixture_free(x);
}

static void reads_are_dropped(void **state)
{
    (void)state;
    fixture *x = opened();
    ol_object *object = opened_object(x, 1000000);
    reading *r = calloc(2, sizeof *r);
    fake_say(x, NULL, FAKE_HANG);
    fake_say(x, NULL, FAKE_HANG);
    assert_code(read_at(x, object, &r[0], 0, 10), OL_WAIT);
    assert_code(read_at(x, object, &r[1], 100, 300000), OL_WAIT);
    ol_test_loop_turns(&x->k->bench.loop, 10);
    x->k->origin->ops->drop_reads(object);
    ol_test_loop_turns(&x->k->bench.loop, 10);
    assert_false(r[0].a.done || r[1].a.done);
    x->k->origin->ops->close_object(object);
    free(r);
    fixture_free(x);
}

/* A callback that closes the object while others of the same window still wait. */
typedef struct closer {
    fixture *x;
    ol_object *object;
    bool done;
    unsigned others;
} closer;

static void on_close_now(void *arg, const ol_error *err, size_t got)
{
    closer *c = arg;
    assert_null(err);
    assert_int_equal(got, 100);
    if (!c->done)
        c->x->k->origin->ops->close_object(c->object);
    else
        c->others++;
    c->done = true;
}

static void an_object_closed_by_its_reader(void **state)
{
    (void)state;
    fixture *x = opened();
    uint8_t body[1000] = {1, 2, 3};
    uint8_t memory[3][100];
    closer c = {.x = x, .object = opened_object(x, 1000)};
    say_object(x, body, 0, 1000, 1000, 1000);
    for (int i = 0; i < 3; i++) {
        size_t got;
        ol_error err = {0};
        assert_code(x->k->origin->ops->read_at(c.object, 0, (ol_span){memory[i], 100}, &got,
                                               on_close_now, &c, &err),
                    OL_WAIT);
    }
    ol_test_loop_until(&x->k->bench.loop, &c.done, OL_TEST_BOUND_MS);
    ol_test_loop_turns(&x->k->bench.loop, 5);
    assert_int_equal(c.others, 0);
    free_replies_from(x, 1);
    fixture_free(x);
}

static void a_changed_object_is_not_read(void **state)
{
    (void)state;
    fixture *x = opened();
    ol_object *object = opened_object(x, 1000);
    reading *r = calloc(1, sizeof *r);
    fake_say_document(x, "412 Precondition Failed", "", "");
    assert_code(read_at(x, object, r, 5, 10), OL_WAIT);
    assert_code(okit_wait(x->k, &r->a, OL_WAIT), OL_EORIGIN);
    assert_non_null(strstr(r->a.err.message, "changed"));
    fake_say_document(x, "200 OK", "ETag: \"other\"\r\n", "0123456789");
    assert_code(read_at(x, object, r, 5, 10), OL_WAIT);
    assert_code(okit_wait(x->k, &r->a, OL_WAIT), OL_EORIGIN);
    assert_int_equal(r->memory[0], 0xee);
    assert_served(x);
    x->k->origin->ops->close_object(object);
    free(r);
    fixture_free(x);
}

/* ---- requests ---- */

static void requests_are_signed(void **state)
{
    (void)state;
    fixture *x = fixture_new();
    okit_answer a;
    x->k->options.credentials.session_token = "the-token";
    fixture_open(x);
    fake_say_document(x, "200 OK", OBJECT, "");
    ol_object_ref ref = okit_ref("b", "a b/ü");
    ref.version = OL_SLICE_LIT("v/1");
    assert_code_of(okit_open_ref(x->k, &ref, &a), OL_OK, &a.err);
    x->k->origin->ops->close_object(a.object);
    assert_sent(x, 0, "GET /b/a%20b/%C3%BC?versionId=v%2F1 HTTP/1.1\r\n");
    assert_sent(x, 0, "x-amz-security-token: the-token\r\n");
    assert_sent(x, 0, "Credential=AKIDEXAMPLE/");
    assert_sent(x, 0, "/us-east-1/s3/aws4_request, ");
    fixture_free(x);
}

static void anonymous_requests_are_not(void **state)
{
    (void)state;
    fixture *x = fixture_new();
    okit_answer a;
    x->k->options.credentials.from = OL_S3_CREDENTIALS_ANONYMOUS;
    fixture_open(x);
    uint8_t *bytes = calloc(1, 300000);
    fake_say_document(x, "200 OK", "", "");
    assert_code_of(okit_put(x->k, "b", "k", ol_slice_of(bytes, 300000), &a), OL_OK, &a.err);
    assert_not_sent(x, 0, "authorization");
    assert_sent(x, 0, "Content-Length: 300000\r\n");
    free(bytes);
    fixture_free(x);
}

static void what_goes_with_a_put(void **state)
{
    (void)state;
    fixture *x = fixture_new();
    okit_answer a;
    const ol_object_checksum checksum = {.name = "CRC32C", .text = "mnG7TA=="};
    const ol_header headers[] = {{OL_SLICE_LIT("content-type"), OL_SLICE_LIT("text/plain")},
                                 {OL_SLICE_LIT("x-amz-meta-a"), OL_SLICE_LIT("1")}};
    ol_put_request req = {.bucket = OL_SLICE_LIT("b"),
                          .key = OL_SLICE_LIT("k"),
                          .headers = headers,
                          .header_count = 2,
                          .tags = OL_SLICE_LIT("t=1"),
                          .if_match = OL_SLICE_LIT(ETAG),
                          .checksum = &checksum,
                          .size = 5};
    x->k->options.checksums = OL_S3_CHECKSUMS_ON;
    fixture_open(x);
    fake_say_document(x, "200 OK", "ETag: \"e\"\r\nx-amz-version-id: v9\r\n"
                      "x-amz-checksum-crc32c: mnG7TA==\r\n", "");
    assert_code_of(okit_put_req(x->k, &req, OL_SLICE_LIT("hello"), 0, &a), OL_OK, &a.err);
    assert_sent(x, 0, "content-type: text/plain\r\n");
    assert_sent(x, 0, "x-amz-meta-a: 1\r\n");
    assert_sent(x, 0, "x-amz-tagging: t=1\r\n");
    assert_sent(x, 0, "if-match: " ETAG "\r\n");
    assert_sent(x, 0, "x-amz-checksum-crc32c: mnG7TA==\r\n");
    assert_string_equal(a.put.etag, "e");
    assert_string_equal(a.put.version_id, "v9");
    assert_string_equal(a.put.checksum.name, "CRC32C");
    fixture_free(x);
}

static bool has_read_keys(void *arg)
{
    return fixture_stats(arg).credentials_read > 0;
}

static void keys_that_changed_are_used(void **state)
{
    (void)state;
    fixture *x = fixture_new();
    okit_answer a;
    ol_test_scratch scratch;
    ol_test_scratch_open(&scratch);
    const char *path = ol_test_scratch_path(&scratch, "keys.json");
    ol_test_file_write(path, OL_SLICE_LIT("{\"AccessKeyId\":\"OLD\",\"SecretAccessKey\":\"s\"}"));
    x->k->options.credentials =
        (ol_s3_credentials_options){.from = OL_S3_CREDENTIALS_FILE, .file = path, .refresh_ms = 5};
    fixture_open(x);
    fake_say_document(x, "200 OK", OBJECT, "");
    assert_code_of(okit_head(x->k, "b", "k", &a), OL_OK, &a.err);
    x->k->origin->ops->close_object(a.object);
    assert_sent(x, 0, "Credential=OLD/");
    ol_test_file_write(path, OL_SLICE_LIT("{\"AccessKeyId\":\"NEWER\",\"SecretAccessKey\":\"s\"}"));
    ol_test_loop_until_fn(&x->k->bench.loop, has_read_keys, x, OL_TEST_BOUND_MS);
    fake_say_document(x, "200 OK", OBJECT, "");
    assert_code_of(okit_head(x->k, "b", "k", &a), OL_OK, &a.err);
    x->k->origin->ops->close_object(a.object);
    assert_sent(x, 1, "Credential=NEWER/");
    ol_test_scratch_close(&scratch);
    fixture_free(x);
}

static void stale_keys_are_looked_for_at_once(void **state)
{
    (void)state;
    fixture *x = fixture_new();
    okit_answer a;
    ol_test_scratch scratch;
    ol_test_scratch_open(&scratch);
    const char *path = ol_test_scratch_path(&scratch, "keys.json");
    ol_test_file_write(path, OL_SLICE_LIT("{\"AccessKeyId\":\"OLD\",\"SecretAccessKey\":\"s\"}"));
    x->k->options.credentials = (ol_s3_credentials_options){
        .from = OL_S3_CREDENTIALS_FILE, .file = path, .refresh_ms = 3600000};
    x->k->options.backoff_base_ms = x->k->options.backoff_max_ms = 0; /* the new keys are waited for */
    fixture_open(x);
    ol_test_file_write(path, OL_SLICE_LIT("{\"AccessKeyId\":\"NEWER\",\"SecretAccessKey\":\"s\"}"));
    ol_buf out;
    ol_buf_init(&out, 100);
    fake_say_document(x, "400 Bad Request", "", "<Error><Code>ExpiredToken</Code></Error>");
    fake_say_document(x, "200 OK", OBJECT, "hello");
    assert_code_of(okit_get(x->k, "b", "k", NULL, &out, &a), OL_OK, &a.err);
    assert_sent(x, 0, "Credential=OLD/");
    assert_sent(x, 1, "Credential=NEWER/");
    ol_buf_fini(&out);
    ol_test_scratch_close(&scratch);
    fixture_free(x);
}

/* ---- keys that cannot be read ---- */

#define BLOCKERS 4 /* libuv's threads (main), on which files are read */

static sem_t threads_blocked;

static void block_thread(uv_work_t *work)
{
    (void)work;
    sem_wait(&threads_blocked);
}

static void on_unblocked(uv_work_t *work, int status)
{
    (void)status;
    ++*(unsigned *)work->data;
}

static bool all_unblocked(void *arg)
{
    return *(unsigned *)arg == BLOCKERS;
}

static void stale_keys_are_waited_for_until_the_deadline(void **state)
{
    (void)state;
    fixture *x = fixture_new();
    okit_answer a;
    ol_test_scratch scratch;
    uv_work_t blockers[BLOCKERS];
    unsigned unblocked = 0;
    ol_test_scratch_open(&scratch);
    const char *path = ol_test_scratch_path(&scratch, "keys.json");
    ol_test_file_write(path, OL_SLICE_LIT("{\"AccessKeyId\":\"OLD\",\"SecretAccessKey\":\"s\"}"));
    x->k->options.credentials = (ol_s3_credentials_options){
        .from = OL_S3_CREDENTIALS_FILE, .file = path, .refresh_ms = 3600000};
    x->k->options.backoff_base_ms = x->k->options.backoff_max_ms = 0;
    x->k->options.deadline_ms = 500;
    fixture_open(x);
    sem_init(&threads_blocked, 0, 0);
    for (unsigned i = 0; i < BLOCKERS; i++) {
        blockers[i].data = &unblocked;
        uv_queue_work(ol_loop_uv(x->k->bench.loop.loop), &blockers[i], block_thread, on_unblocked);
    }
    fake_say_document(x, "400 Bad Request", "", "<Error><Code>ExpiredToken</Code></Error>");
    ol_buf out;
    ol_buf_init(&out, 100);
    int rc = okit_get(x->k, "b", "k", NULL, &out, &a);
    ol_buf_fini(&out);
    for (unsigned i = 0; i < BLOCKERS; i++) /* before anything can fail: nothing ends while they wait */
        sem_post(&threads_blocked);
    assert_code_of(rc, OL_EUNAVAILABLE, &a.err);
    assert_int_equal(fixture_stats(x).requests, 1);
    assert_int_equal(fixture_stats(x).retries, 0);
    ol_test_loop_until_fn(&x->k->bench.loop, all_unblocked, &unblocked, OL_TEST_BOUND_MS);
    ol_test_scratch_close(&scratch);
    fixture_free(x);
}

int main(void)
{
    setenv("UV_THREADPOOL_SIZE", "4", 1);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_way_gives_the_same),
        cmocka_unit_test(bytes_go_into_offered_memory),
        cmocka_unit_test(a_body_twice),
        cmocka_unit_test(a_hint_that_cannot_be_satisfied),
        cmocka_unit_test(hints_that_are_none),
        cmocka_unit_test(small_reads_share_a_window),
        cmocka_unit_test(a_look_at_the_beginning_takes_no_more),
        cmocka_unit_test(reads_are_dropped),
        cmocka_unit_test(an_object_closed_by_its_reader),
        cmocka_unit_test(a_changed_object_is_not_read),
        cmocka_unit_test(requests_are_signed),
        cmocka_unit_test(anonymous_requests_are_not),
        cmocka_unit_test(what_goes_with_a_put),
        cmocka_unit_test(keys_that_changed_are_used),
        cmocka_unit_test(stale_keys_are_looked_for_at_once),
        cmocka_unit_test(stale_keys_are_waited_for_until_the_deadline),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
