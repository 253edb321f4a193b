/* SPDX-License-Identifier: MIT */
/* Bytes that lie in a pipe of the kernel's: in order, counted, and never another body's. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/check.h"
#include "lib/loop_fixture.h"
#include "net/pipe.h"

#define BODY_BYTES (300u * OL_KIB)

typedef struct scene {
    ol_test_loop t;
    int near[2], far[2]; /* written to near[0], read from far[1] */
    uint8_t *body, *got;
} scene;

static void make_pair(int pair[2])
{
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    for (int i = 0; i < 2; i++)
        assert_int_equal(fcntl(pair[i], F_SETFL, O_NONBLOCK), 0);
}

static void set_up(scene *s)
{
    ol_test_random random = {.state = 3};
    assert_code(ol_test_loop_open(&s->t), OL_OK);
    make_pair(s->near);
    make_pair(s->far);
    s->body = malloc(BODY_BYTES);
    s->got = calloc(1, BODY_BYTES);
    ol_test_random_fill(&random, s->body, BODY_BYTES);
}

static void tear_down(scene *s)
{
    for (int i = 0; i < 2; i++) {
        close(s->near[i]);
        close(s->far[i]);
    }
    free(s->body);
    free(s->got);
    ol_test_loop_close(&s->t);
}

/* As much as is there. */
static size_t receive(scene *s, size_t from)
{
    ssize_t got;
    size_t start = from;
    while ((got = recv(s->far[1], s->got + from, BODY_BYTES - from, 0)) > 0)
        from += (size_t)got;
    return from - start;
}

/* A slice goes out as far as the socket takes it, the rest later. */
static size_t send_all(scene *s, ol_pipe *pipe, size_t received)
{
    ol_slice rest = ol_pipe_slice(pipe);
    while (rest.len > 0) {
        ssize_t sent = ol_pipe_send(pipe, s->far[0], rest, false);
        assert_true(sent > 0 || errno == EAGAIN);
        rest = ol_slice_from(rest, sent > 0 ? (size_t)sent : 0);
        received += receive(s, received);
    }
    return received;
}

static void bytes_come_in_order(void **state)
{
    (void)state;
    scene s = {0};
    set_up(&s);
    ol_pipe *pipe = ol_pipe_open(s.t.loop);
    assert_non_null(pipe);
    size_t written = 0, received = 0;
    for (int round = 0; received < BODY_BYTES; round++) {
        ssize_t took = send(s.near[0], s.body + written, BODY_BYTES - written, 0);
        written += took > 0 ? (size_t)took : 0;
        ssize_t filled = ol_pipe_fill(pipe, s.near[1], 50000);
        assert_in_range(filled, 1, 50000);
        assert_int_equal(ol_pipe_slice(pipe).len, filled);
        assert_ptr_equal(ol_pipe_of(s.t.loop, ol_pipe_slice(pipe)), pipe);
        if (round % 2 == 1) { /* some of it into memory */
            ol_span span = {s.got + received, 1000};
            assert_int_equal(ol_pipe_read(pipe, span), filled < 1000 ? filled : 1000);
            received += filled < 1000 ? (size_t)filled : 1000;
        }
        received = send_all(&s, pipe, received);
        assert_int_equal(ol_pipe_slice(pipe).len, 0);
    }
    assert_memory_equal(s.got, s.body, BODY_BYTES);
    ol_pipe_close(pipe);
    tear_down(&s);
}

static void nothing_and_the_end_are_told_apart(void **state)
{
    (void)state;
    scene s = {0};
    set_up(&s);
    ol_pipe *pipe = ol_pipe_open(s.t.loop);
    assert_int_equal(ol_pipe_fill(pipe, s.near[1], 1000), -1);
    assert_int_equal(errno, EAGAIN);
    shutdown(s.near[0], SHUT_WR);
    assert_int_equal(ol_pipe_fill(pipe, s.near[1], 1000), 0);
    assert_int_equal(ol_pipe_slice(pipe).len, 0);
    ol_pipe_close(pipe);
    tear_down(&s);
}

/* What one body left in its pipe never comes out in another's. */
static void what_is_left_is_dropped(void **state)
{
    (void)state;
    scene s = {0};
    set_up(&s);
    ol_pipe *pipe = ol_pipe_open(s.t.loop);
    assert_int_equal(send(s.near[0], "another's", 9, 0), 9);
    assert_int_equal(ol_pipe_fill(pipe, s.near[1], 1000), 9);
    ol_pipe_close(pipe);
    pipe = ol_pipe_open(s.t.loop);
    assert_int_equal(ol_pipe_slice(pipe).len, 0);
    assert_int_equal(send(s.near[0], "mine", 4, 0), 4);
    assert_int_equal(ol_pipe_fill(pipe, s.near[1], 1000), 4);
    assert_int_equal(send_all(&s, pipe, 0), 4);
    assert_memory_equal(s.got, "mine", 4);
    ol_pipe_close(pipe);
    tear_down(&s);
}

enum { MORE = 300 };

static unsigned open_many(scene *s, ol_pipe *pipes[MORE])
{
    unsigned opened = 0;
    for (unsigned i = 0; i < MORE; i++) {
        pipes[i] = ol_pipe_open(s->t.loop);
        opened += pipes[i] != NULL;
    }
    return opened;
}

static void close_many(ol_pipe *pipes[MORE])
{
    for (unsigned i = 0; i < MORE; i++)
        ol_pipe_close(pipes[i]);
}

/* A sixteenth of the descriptors that the process may have, however many loops there are. */
static void there_is_a_bound(void **state)
{
    (void)state;
    struct rlimit before, few;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    few = (struct rlimit){.rlim_cur = 512, .rlim_max = before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
    scene s = {0}, other = {0};
    ol_pipe *pipes[MORE], *others[MORE];
    set_up(&s);
    assert_int_equal(open_many(&s, pipes), 32);
    set_up(&other);
    assert_int_equal(open_many(&other, others), 0);
    close_many(pipes);
    assert_int_equal(open_many(&other, others), 32 - 16); /* the first keeps some for its next bodies */
    close_many(others);
    tear_down(&other);
    ol_pipe *again = ol_pipe_open(s.t.loop);
    assert_non_null(again);
    ol_pipe_close(again);
    tear_down(&s);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
}

static void memory_is_not_taken_for_a_pipe(void **state)
{
    (void)state;
    scene s = {0};
    set_up(&s);
    ol_slice slice = ol_slice_of(s.body, BODY_BYTES);
    assert_null(ol_pipe_of(s.t.loop, slice));
    ol_pipe *pipe = ol_pipe_open(s.t.loop);
    assert_null(ol_pipe_of(s.t.loop, slice));
    ol_pipe_close(pipe);
    tear_down(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_come_in_order),
        cmocka_unit_test(nothing_and_the_end_are_told_apart),
        cmocka_unit_test(what_is_left_is_dropped),
        cmocka_unit_test(there_is_a_bound),
        cmocka_unit_test(memory_is_not_taken_for_a_pipe),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
