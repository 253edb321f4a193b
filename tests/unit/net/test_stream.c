/* SPDX-License-Identifier: MIT */
/*
 * Two streams that talk to each other over a real socket: what http/ relies on.
 */
#include <stdio.h>
#include <stdlib.h>

#include "lib/check.h"
#include "lib/loop_fixture.h"
#include "net/listener.h"
#include "net/loop_private.h"
#include "net/stream.h"

typedef struct end {
    ol_stream stream;
    struct scene *scene;
    bool open, eof, drained, closed, failed, keep, own, stop_each;
    int code;
    ol_buf got;
    ol_read_buf *kept;
    ol_slice kept_data;
    uint8_t memory[1000];
    unsigned reads;
} end;

typedef struct scene {
    ol_test_loop t;
    ol_listener listener;
    bool listener_closed;
    end client, server;
} scene;

static void on_open(void *arg)
{
    ((end *)arg)->open = true;
}

static void on_read(void *arg, ol_slice data)
{
    end *e = arg;
    e->reads++;
    if (e->own)
        assert_ptr_equal(data.data, e->memory);
    if (e->keep && !e->kept) {
        e->kept = ol_stream_keep(&e->stream);
        e->kept_data = data;
    }
    assert_code(ol_buf_add(&e->got, data), OL_OK);
    if (e->stop_each)
        ol_stream_read_stop(&e->stream);
}

static void on_alloc(void *arg, ol_span *span)
{
    end *e = arg;
    if (e->own)
        *span = (ol_span){e->memory, sizeof(e->memory)};
}

static void on_eof(void *arg)
{
    end *e = arg;
    assert_false(e->eof);
    e->eof = true;
}

static void on_drain(void *arg)
{
    ((end *)arg)->drained = true;
}

static void on_error(void *arg, int code)
{
    end *e = arg;
    assert_false(e->failed);
    e->failed = true;
    e->code = code;
}

static const ol_stream_ops ops = {on_open, on_read, on_alloc, NULL, on_eof, on_drain, on_error};

static void on_closed(void *arg)
{
    ((end *)arg)->closed = true;
}

static void on_connection(ol_listener *listener)
{
    scene *s = listener->arg;
    ol_stream_init(&s->server.stream, s->t.loop, &ops, &s->server);
    assert_code(ol_stream_accept(&s->server.stream, (uv_stream_t *)&listener->tcp, NULL), OL_OK);
    s->server.open = true;
}

static bool both_open(void *arg)
{
    scene *s = arg;
    return s->client.open && s->server.open;
}

static scene *open_scene(void)
{
    scene *s = calloc(1, sizeof(*s));
    assert_code(ol_test_loop_open(&s->t), OL_OK);
    s->listener.arg = s;
    s->listener.on_connection = on_connection;
    assert_code(ol_listener_open(&s->listener, s->t.loop, "127.0.0.1", 0, NULL), OL_OK);
    ol_buf_init(&s->client.got, 64 << 20);
    ol_buf_init(&s->server.got, 64 << 20);
    struct sockaddr_in to;
    uv_ip4_addr("127.0.0.1", s->listener.port, &to);
    ol_stream_init(&s->client.stream, s->t.loop, &ops, &s->client);
    assert_code(ol_stream_connect(&s->client.stream, (struct sockaddr *)&to, NULL, NULL), OL_OK);
    ol_test_loop_until_fn(&s->t, both_open, s, OL_TEST_BOUND_MS);
    return s;
}

static void on_listener_closed(ol_listener *listener)
{
    ((scene *)listener->arg)->listener_closed = true;
}

static void close_end(scene *s, end *e)
{
    if (!e->closed && !e->stream.closing_)
        ol_stream_close(&e->stream, on_closed);
    ol_test_loop_until(&s->t, &e->closed, OL_TEST_BOUND_MS);
    ol_read_buf_release(e->kept);
    ol_buf_fini(&e->got);
}

static void close_scene(scene *s)
{
    close_end(s, &s->client);
    close_end(s, &s->server);
    ol_listener_close(&s->listener, on_listener_closed);
    ol_test_loop_until(&s->t, &s->listener_closed, OL_TEST_BOUND_MS);
    ol_test_loop_close(&s->t);
    free(s);
}

static bool has_all(void *arg)
{
    const scene *s = arg;
    return s->server.got.len >= s->client.stream.bytes_out;
}

static void borrows_what_the_socket_does_not_take(void **state)
{
    (void)state;
    scene *s = open_scene();
    size_t len = 20 << 20;
    uint8_t *data = malloc(len);
    for (size_t i = 0; i < len; i++)
        data[i] = (uint8_t)(i * 7 >> 3);
    ol_slice parts[4] = {ol_slice_of(data, 10), ol_slice_of(data + 10, 0),
                         ol_slice_of(data + 10, 1 << 20),
                         ol_slice_of(data + 10 + (1 << 20), len - 10 - (1 << 20))};
    assert_code(ol_stream_write(&s->client.stream, parts, 4), OL_WAIT);
    assert_true(ol_stream_write_waits(&s->client.stream));
    assert_false(ol_stream_is_flushed(&s->client.stream));
    uint64_t unsent = ol_stream_unsent(&s->client.stream);
    assert_true(unsent > len / 2 && unsent <= len);
    ol_stream_read_large(&s->server.stream, true);
    ol_stream_read_start(&s->server.stream);
    ol_test_loop_until(&s->t, &s->client.drained, OL_TEST_BOUND_MS);
    ol_test_loop_until_fn(&s->t, has_all, s, OL_TEST_BOUND_MS);
    assert_slices(ol_buf_slice(&s->server.got), ol_slice_of(data, len));
    assert_int_equal(ol_stream_unsent(&s->client.stream), 0);
    assert_code(ol_stream_write(&s->client.stream, parts, 1), OL_OK);
    free(data);
    close_scene(s);
}

static void ends_one_direction(void **state)
{
    (void)state;
    scene *s = open_scene();
    ol_slice hello = OL_SLICE_LIT("hello");
    assert_code(ol_stream_write(&s->client.stream, &hello, 1), OL_OK);
    ol_stream_shutdown(&s->client.stream);
    ol_stream_read_start(&s->server.stream);
    ol_stream_read_start(&s->client.stream);
    ol_test_loop_until(&s->t, &s->server.eof, OL_TEST_BOUND_MS);
    assert_slice(ol_buf_slice(&s->server.got), "hello");
    assert_code(ol_stream_write(&s->server.stream, &hello, 1), OL_OK);
    ol_stream_close(&s->server.stream, on_closed);
    ol_test_loop_until(&s->t, &s->client.eof, OL_TEST_BOUND_MS);
    assert_slice(ol_buf_slice(&s->client.got), "hello");
    close_scene(s);
}

static void resets_when_aborted(void **state)
{
    (void)state;
    scene *s = open_scene();
    ol_slice hello = OL_SLICE_LIT("hello");
    ol_stream_read_start(&s->client.stream);
    assert_code(ol_stream_write(&s->server.stream, &hello, 1), OL_OK);
    ol_stream_abort(&s->server.stream, on_closed);
    assert_false(s->server.closed);
    ol_test_loop_until(&s->t, &s->client.failed, OL_TEST_BOUND_MS);
    assert_false(s->client.eof);
    assert_code(s->client.code, OL_EPEER);
    assert_code(ol_stream_write(&s->client.stream, &hello, 1), OL_EPEER);
    close_scene(s);
}

static void lets_readers_keep_their_bytes(void **state)
{
    (void)state;
    scene *s = open_scene();
    s->server.keep = true;
    ol_slice one = OL_SLICE_LIT("first"), two = OL_SLICE_LIT("second");
    ol_stream_read_start(&s->server.stream);
    assert_code(ol_stream_write(&s->client.stream, &one, 1), OL_OK);
    ol_test_loop_until_fn(&s->t, has_all, s, OL_TEST_BOUND_MS);
    assert_int_equal(ol_read_pool_kept(s->t.loop->reads), 1);
    assert_code(ol_stream_write(&s->client.stream, &two, 1), OL_OK);
    ol_test_loop_until_fn(&s->t, has_all, s, OL_TEST_BOUND_MS);
    assert_slice(s->server.kept_data, "first");
    close_scene(s);
}

static void reads_into_the_readers_memory(void **state)
{
    (void)state;
    scene *s = open_scene();
    s->server.own = true;
    static uint8_t data[5000];
    memset(data, 'x', sizeof(data));
    ol_slice all = ol_slice_of(data, sizeof(data));
    ol_stream_read_start(&s->server.stream);
    assert_code(ol_stream_write(&s->client.stream, &all, 1), OL_OK);
    ol_test_loop_until_fn(&s->t, has_all, s, OL_TEST_BOUND_MS);
    assert_true(s->server.reads >= 5);
    assert_slices(ol_buf_slice(&s->server.got), all);
    close_scene(s);
}

static void stops_reading_at_once(void **state)
{
    (void)state;
    scene *s = open_scene();
    s->server.stop_each = true;
    static uint8_t data[200000];
    ol_slice all = ol_slice_of(data, sizeof(data));
    assert_code(ol_stream_write(&s->client.stream, &all, 1), OL_OK);
    ol_stream_read_start(&s->server.stream);
    ol_test_loop_turns(&s->t, 20);
    assert_int_equal(s->server.reads, 1);
    assert_int_equal(s->server.got.len, OL_READ_SMALL_BYTES);
    ol_stream_read_large(&s->server.stream, true);
    ol_stream_read_start(&s->server.stream);
    ol_test_loop_turns(&s->t, 20);
    assert_int_equal(s->server.reads, 2);
    close_scene(s);
}

static void hears_of_a_refused_connection(void **state)
{
    (void)state;
    scene *s = open_scene();
    end e = {0};
    struct sockaddr_in to;
    uv_ip4_addr("127.0.0.1", 1, &to); /* nobody listens on port 1 */
    ol_stream_init(&e.stream, s->t.loop, &ops, &e);
    assert_code(ol_stream_connect(&e.stream, (struct sockaddr *)&to, NULL, NULL), OL_OK);
    ol_test_loop_until(&s->t, &e.failed, OL_TEST_BOUND_MS);
    assert_code(e.code, OL_EUNAVAILABLE);
    assert_string_equal(ol_stream_reason(&e.stream), "connection refused");
    close_end(s, &e);
    close_scene(s);
}

static void tells_who_the_peer_is(void **state)
{
    (void)state;
    scene *s = open_scene();
    char text[64];
    ol_stream_peer(&s->server.stream, text, sizeof(text));
    assert_string_equal(text, "127.0.0.1");
    close_scene(s);
}

/* Many keepers must not cost 256 KiB each: past a bound the buffers are small. */
static void bounds_large_kept_buffers(void **state)
{
    (void)state;
    ol_read_pool *pool = ol_read_pool_new();
    enum { COUNT = OL_READ_LARGE_KEPT_MAX + 20 };
    ol_read_buf *kept[COUNT];
    for (unsigned i = 0; i < COUNT; i++) {
        kept[i] = ol_read_pool_current(pool, true);
        assert_int_equal(kept[i]->size,
                         i < OL_READ_LARGE_KEPT_MAX ? OL_READ_BYTES : OL_READ_SMALL_BYTES);
        ol_read_buf_keep(kept[i]);
    }
    assert_int_equal(ol_read_pool_kept(pool), COUNT);
    for (unsigned i = 0; i < COUNT; i++)
        ol_read_buf_release(kept[i]);
    assert_int_equal(ol_read_pool_current(pool, true)->size, OL_READ_BYTES);
    assert_int_equal(ol_read_pool_kept(pool), 0);
    ol_read_pool_destroy(pool);
}

static void says_where_it_cannot_listen(void **state)
{
    (void)state;
    scene *s = open_scene();
    static const char *const bad[] = {"localhost", "1.2.3.4", "127.0.0.1:80", ""};
    for (unsigned i = 0; i < 4; i++) {
        ol_listener l = {.arg = s, .on_connection = on_connection};
        ol_error err = {0};
        assert_code(ol_listener_open(&l, s->t.loop, bad[i], 0, &err), OL_ECONFIG);
        assert_true(strstr(err.message, bad[i]) != NULL);
        s->listener_closed = false;
        ol_listener_close(&l, on_listener_closed);
        ol_test_loop_until(&s->t, &s->listener_closed, OL_TEST_BOUND_MS);
    }
    s->listener_closed = false;
    close_scene(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(borrows_what_the_socket_does_not_take),
        cmocka_unit_test(ends_one_direction),
        cmocka_unit_test(resets_when_aborted),
        cmocka_unit_test(lets_readers_keep_their_bytes),
        cmocka_unit_test(reads_into_the_readers_memory),
        cmocka_unit_test(stops_reading_at_once),
        cmocka_unit_test(hears_of_a_refused_connection),
        cmocka_unit_test(tells_who_the_peer_is),
        cmocka_unit_test(bounds_large_kept_buffers),
        cmocka_unit_test(says_where_it_cannot_listen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
