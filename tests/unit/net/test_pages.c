/* SPDX-License-Identifier: MIT */
/*
 * Bodies in pages from which sockets send without a copy: what a client gets is what was there
 * when it was written, however late it reads and whatever stands in the place by then; writes of
 * several parts keep their order; a socket that is full, or gone, is told as ever.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/check.h"
#include "lib/loop_fixture.h"

#include "base/clock.h"
#include "base/limits.h"
#include "net/listener.h"
#include "net/page_pipe.h"
#include "net/pages.h"
#include "net/stable_memory.h"
#include "net/stream.h"

#define PAGE 4096u

/* ---- a stream to a client that reads when it is told to ---- */

typedef struct scene {
    ol_test_loop t;
    ol_listener listener;
    ol_stream stream;
    bool accepted, closed, listener_closed, drained, failed;
    int code;
    int client;
} scene;

static void on_read(void *arg, ol_slice data)
{
    (void)arg, (void)data;
}

static void on_eof(void *arg)
{
    (void)arg;
}

static void on_drain(void *arg)
{
    assert_false(((scene *)arg)->drained);
    ((scene *)arg)->drained = true;
}

static void on_error(void *arg, int code)
{
    scene *s = arg;
    assert_false(s->failed);
    s->failed = true;
    s->code = code;
}

static const ol_stream_ops ops = {
    .on_read = on_read, .on_eof = on_eof, .on_drain = on_drain, .on_error = on_error};

static void on_closed(void *arg)
{
    ((scene *)arg)->closed = true;
}

static void on_connection(ol_listener *listener)
{
    scene *s = listener->arg;
    ol_stream_init(&s->stream, s->t.loop, &ops, s);
    assert_code(ol_stream_accept(&s->stream, (uv_stream_t *)&listener->tcp, NULL), OL_OK);
    s->accepted = true;
}

static scene *open_scene(int receive_bytes)
{
    scene *s = calloc(1, sizeof *s);
    assert_code(ol_test_loop_open(&s->t), OL_OK);
    s->listener.arg = s;
    s->listener.on_connection = on_connection;
    assert_code(ol_listener_open(&s->listener, s->t.loop, "127.0.0.1", 0, NULL), OL_OK);
    struct sockaddr_in to;
    uv_ip4_addr("127.0.0.1", s->listener.port, &to);
    s->client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (receive_bytes)
        setsockopt(s->client, SOL_SOCKET, SO_RCVBUF, &receive_bytes, sizeof receive_bytes);
    assert_int_equal(connect(s->client, (struct sockaddr *)&to, sizeof to), 0);
    ol_test_loop_until(&s->t, &s->accepted, OL_TEST_BOUND_MS);
    return s;
}

static void on_listener_closed(ol_listener *listener)
{
    ((scene *)listener->arg)->listener_closed = true;
}

static void close_scene(scene *s)
{
    if (s->client >= 0)
        close(s->client);
    ol_stream_close(&s->stream, on_closed);
    ol_test_loop_until(&s->t, &s->closed, OL_TEST_BOUND_MS);
    ol_listener_close(&s->listener, on_listener_closed);
    ol_test_loop_until(&s->t, &s->listener_closed, OL_TEST_BOUND_MS);
    ol_test_loop_close(&s->t);
    free(s);
}

/* Read `len` bytes, turning the loop when there are none. */
static void expect_bytes(scene *s, ol_slice expected)
{
    uint8_t *got = malloc(expected.len);
    size_t have = 0;
    for (uint64_t end = ol_clock_mono_ms() + 30000; have < expected.len;) {
        ssize_t part = recv(s->client, got + have, expected.len - have, MSG_DONTWAIT);
        assert_true(part != 0 && (part > 0 || errno == EAGAIN));
        have += part > 0 ? (size_t)part : 0;
        assert_true(ol_clock_mono_ms() < end);
        if (part < 0)
            ol_test_loop_turns(&s->t, 1);
    }
    assert_memory_equal(got, expected.data, expected.len);
    free(got);
}

static ol_slice make_bytes(size_t len, uint64_t seed)
{
    uint8_t *data = malloc(len);
    assert_non_null(data);
    ol_test_random random = {seed};
    ol_test_random_fill(&random, data, len);
    return ol_slice_of(data, len);
}

/* ---- the pages ---- */

static void places_are_found_and_given_back(void **state)
{
    (void)state;
    ol_pages *pages = ol_pages_new(10 * PAGE);
    assert_non_null(pages);
    assert_null(ol_pages_take(pages, 0));
    assert_null(ol_pages_take(pages, 11 * PAGE));
    uint8_t *a = ol_pages_take(pages, 4 * PAGE - 5), *b = ol_pages_take(pages, 5 * PAGE);
    assert_true(a && b && (uintptr_t)a % PAGE == 0 && b == a + 4 * PAGE);
    memset(a, 'a', 4 * PAGE - 5);
    memset(b, 'b', 5 * PAGE);
    assert_null(ol_pages_take(pages, 2 * PAGE));
    assert_true(ol_stable_memory_has(ol_slice_of(b + 1, 4 * PAGE)));
    assert_false(ol_stable_memory_has(ol_slice_of(b, OL_STABLE_BYTES_MIN - 1)));
    assert_false(ol_stable_memory_has(ol_slice_of(b, 7 * PAGE)));
    ol_pages_give(pages, a, 4 * PAGE - 5);
    uint8_t *c = ol_pages_take(pages, 2 * PAGE), *d = ol_pages_take(pages, 2 * PAGE);
    assert_true(c == a && d == a + 2 * PAGE);
    assert_int_equal(c[0] + d[0], 0); /* new pages, not the old bytes */
    assert_int_equal(b[0], 'b');
    ol_pages_give(pages, b, 5 * PAGE);
    ol_pages_give(pages, c, 2 * PAGE);
    ol_pages_give(pages, d, 2 * PAGE);
    ol_pages_destroy(pages);
    assert_false(ol_stable_memory_has(ol_slice_of(b, 4 * PAGE)));
}

static void there_are_so_many_areas(void **state)
{
    (void)state;
    ol_pages *all[OL_STABLE_AREAS_MAX];
    for (size_t i = 0; i < OL_STABLE_AREAS_MAX; i++)
        assert_non_null(all[i] = ol_pages_new(PAGE));
    assert_null(ol_pages_new(PAGE));
    ol_pages_destroy(all[3]);
    assert_non_null(all[3] = ol_pages_new(PAGE));
    for (size_t i = 0; i < OL_STABLE_AREAS_MAX; i++)
        ol_pages_destroy(all[i]);
    assert_null(ol_pages_new(0));
}

/* ---- sending ---- */

/* The client has not read a byte when the place is given back and filled anew. */
static void late_readers_get_the_old_bytes(void **state)
{
    (void)state;
    size_t len = 256 * OL_KIB;
    ol_pages *pages = ol_pages_new(len);
    for (int round = 0; round < 3; round++) {
        scene *s = open_scene(4 << 20);
        int large = 4 << 20;
        uv_os_fd_t fd;
        uv_fileno((uv_handle_t *)&s->stream.tcp, &fd);
        setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &large, sizeof large);
        uint8_t *place = ol_pages_take(pages, len);
        assert_non_null(place);
        memset(place, 'A' + round, len);
        ol_slice body = ol_slice_of(place, len);
        int rc = ol_stream_write(&s->stream, &body, 1);
        if (rc == OL_WAIT)
            ol_test_loop_until(&s->t, &s->drained, OL_TEST_BOUND_MS);
        else
            assert_code(rc, OL_OK);
        uint8_t *old = malloc(len);
        memcpy(old, place, len);
        ol_pages_give(pages, place, len);
        place = ol_pages_take(pages, len);
        assert_ptr_equal(place, body.data);
        memset(place, 'x', len);
        expect_bytes(s, ol_slice_of(old, len));
        ol_pages_give(pages, place, len);
        free(old);
        close_scene(s);
    }
    ol_pages_destroy(pages);
}

/* Two sockets in turn; the first never has room for all. */
static void left_overs_reach_nobody_else(void **state)
{
    (void)state;
    enum { LEN = 700 * 1024 };
    ol_pages *pages = ol_pages_new(2 * LEN);
    uint8_t *a = ol_pages_take(pages, LEN), *b = ol_pages_take(pages, LEN), got[20000];
    memset(a, 'a', LEN);
    memset(b, 'b', LEN);
    for (int refused = 0; refused < 2; refused++) {
        int first[2], second[2];
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, first), 0);
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, second), 0);
        int narrow = 64 * 1024;
        setsockopt(first[0], SOL_SOCKET, SO_SNDBUF, &narrow, sizeof narrow);
        ol_page_pipe pipe;
        ol_page_pipe_init(&pipe);
        pipe.refused = refused;
        /* What is left over leaves room in the pipe for the next one's. */
        ol_slice most = ol_slice_of(a + 5, 250 * 1024);
        ssize_t taken = ol_page_pipe_send(&pipe, first[0], most, false);
        assert_in_range(taken, 1, most.len - 1);
        assert_int_equal(ol_page_pipe_send(&pipe, first[0], ol_slice_of(a, LEN), true), -1);
        assert_int_equal(errno, EAGAIN);
        for (int i = 0; i < 3; i++) {
            ol_slice next = ol_slice_of(b + 1, 16385);
            assert_int_equal(ol_page_pipe_send(&pipe, second[0], next, false), 16385);
            assert_int_equal(recv(second[1], got, sizeof got, 0), 16385);
            for (size_t k = 0; k < 16385; k++)
                assert_int_equal(got[k], 'b');
        }
        for (ssize_t part, rest = taken; rest > 0; rest -= part) {
            part = recv(first[1], got, sizeof got, 0);
            assert_true(part > 0 && memchr(got, 'b', (size_t)part) == NULL);
        }
        close(first[1]);
        assert_int_equal(ol_page_pipe_send(&pipe, first[0], ol_slice_of(a, LEN), false), -1);
        assert_int_equal(errno, EPIPE);
        ol_page_pipe_fini(&pipe);
        close(first[0]);
        close(second[0]);
        close(second[1]);
    }
    ol_pages_give(pages, a, LEN);
    ol_pages_give(pages, b, LEN);
    ol_pages_destroy(pages);
}

static void parts_keep_their_order(void **state)
{
    (void)state;
    const size_t lens[] = {OL_STABLE_BYTES_MIN, 100000, 1 << 20, 6 << 20};
    for (size_t i = 0; i < 4; i++) {
        for (int small = 0; small < 2; small++) {
            ol_pages *pages = ol_pages_new(2 * (lens[i] + PAGE));
            scene *s = open_scene(small ? 4096 : 0);
            uint8_t *one = ol_pages_take(pages, lens[i]), *two = ol_pages_take(pages, lens[i]);
            ol_slice source = make_bytes(2 * lens[i], i);
            memcpy(one, source.data, lens[i]);
            memcpy(two, source.data + lens[i], lens[i]);
            ol_slice parts[] = {OL_SLICE_LIT("head"), ol_slice_of(one, lens[i]),
                                OL_SLICE_LIT("middle"), ol_slice_of(two, lens[i])};
            int rc = ol_stream_write(&s->stream, parts, 4);
            assert_true(rc == OL_OK || rc == OL_WAIT);
            assert_true(rc == OL_WAIT || !ol_stream_write_waits(&s->stream));
            assert_true(ol_stream_unsent(&s->stream) <= 2 * lens[i] + 10);
            if (lens[i] == 6 << 20) {
                assert_code(rc, OL_WAIT);
                assert_true(ol_stream_unsent(&s->stream) > lens[i]);
                ol_stream_shutdown(&s->stream); /* only behind the last byte */
            }
            expect_bytes(s, OL_SLICE_LIT("head"));
            expect_bytes(s, ol_slice_first(source, lens[i]));
            expect_bytes(s, OL_SLICE_LIT("middle"));
            expect_bytes(s, ol_slice_from(source, lens[i]));
            if (rc == OL_WAIT)
                ol_test_loop_until(&s->t, &s->drained, OL_TEST_BOUND_MS);
            assert_true(ol_stream_is_flushed(&s->stream));
            assert_int_equal(s->stream.bytes_out, 2 * lens[i] + 10);
            if (lens[i] == 6 << 20) {
                char end;
                ol_test_loop_turns(&s->t, 3);
                assert_int_equal(recv(s->client, &end, 1, 0), 0);
            } else {
                ol_slice more = OL_SLICE_LIT("more");
                assert_code(ol_stream_write(&s->stream, &more, 1), OL_OK);
                expect_bytes(s, more);
            }
            free((void *)source.data);
            close_scene(s);
            ol_pages_give(pages, one, lens[i]);
            ol_pages_give(pages, two, lens[i]);
            ol_pages_destroy(pages);
        }
    }
}

static void a_client_that_goes_is_told_once(void **state)
{
    (void)state;
    size_t len = 8 << 20;
    ol_pages *pages = ol_pages_new(len);
    uint8_t *place = ol_pages_take(pages, len);
    memset(place, 'x', len);
    ol_slice body = ol_slice_of(place, len);
    for (int waits = 0; waits < 2; waits++) {
        scene *s = open_scene(4096);
        struct linger reset = {.l_onoff = 1};
        setsockopt(s->client, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
        if (waits)
            assert_code(ol_stream_write(&s->stream, &body, 1), OL_WAIT);
        close(s->client);
        s->client = -1;
        if (waits) {
            ol_test_loop_until(&s->t, &s->failed, OL_TEST_BOUND_MS);
            assert_code(s->code, OL_EPEER);
            assert_false(s->drained);
        } else {
            assert_code(ol_stream_write(&s->stream, &body, 1), OL_EPEER);
            assert_true(ol_stream_reason(&s->stream)[0] != '\0');
            assert_code(ol_stream_write(&s->stream, &body, 1), OL_EPEER);
        }
        close_scene(s);
    }
    /* And one that is closed by us in the middle. */
    scene *s = open_scene(4096);
    assert_code(ol_stream_write(&s->stream, &body, 1), OL_WAIT);
    close_scene(s);
    ol_pages_give(pages, place, len);
    ol_pages_destroy(pages);
}

int main(void)
{
    signal(SIGPIPE, SIG_IGN); /* as every loop does */
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(places_are_found_and_given_back),
        cmocka_unit_test(there_are_so_many_areas),
        cmocka_unit_test(late_readers_get_the_old_bytes),
        cmocka_unit_test(left_overs_reach_nobody_else),
        cmocka_unit_test(parts_keep_their_order),
        cmocka_unit_test(a_client_that_goes_is_told_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
