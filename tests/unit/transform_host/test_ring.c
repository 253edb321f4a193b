/* SPDX-License-Identifier: MIT */
/*
 * Rings: nothing is lost, repeated or reordered between two threads that sleep and wake; counters
 * wrap; meddled counters are noticed. And the host's texts, which share the ring's fate.
 */
#include "lib/check.h"

#include <linux/futex.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "transform/host/port.h"

typedef struct memory {
    ol_wire_layout layout;
    uint8_t *base;
} memory;

static void open_memory(memory *m)
{
    assert_true(ol_wire_layout_make(&m->layout, 4096, 8));
    m->base = aligned_alloc(4096, m->layout.total);
    memset(m->base, 0, m->layout.total);
    ol_wire_control *control = (ol_wire_control *)m->base;
    control->magic = OL_WIRE_MAGIC;
    control->slot_bytes = 4096;
    control->slots = 8;
    control->jobs_max = 1;
}

static void test_order_and_fullness(void **state)
{
    (void)state;
    memory m;
    ol_ring_writer w;
    ol_ring_reader r;
    ol_msg msg = {0}, got;
    open_memory(&m);
    ol_ring_writer_to_host(&w, m.base, &m.layout);
    ol_ring_reader_to_host(&r, m.base, &m.layout);
    for (uint64_t round = 0; round < 3; round++) {
        assert_int_equal(ol_ring_get(&r, &got), OL_WAIT);
        for (msg.a = 0; msg.a < OL_WIRE_RING; msg.a++)
            assert_int_equal(ol_ring_put(&w, &msg), OL_OK);
        assert_int_equal(ol_ring_put(&w, &msg), OL_WAIT);
        assert_int_equal(ol_ring_get(&r, &got), OL_WAIT); /* not published yet */
        ol_ring_publish(&w);
        for (uint64_t i = 0; i < OL_WIRE_RING; i++) {
            assert_int_equal(ol_ring_get(&r, &got), OL_OK);
            assert_int_equal(got.a, i);
        }
    }
    free(m.base);
}

static void test_counters_wrap(void **state)
{
    (void)state;
    memory m;
    ol_ring_writer w;
    ol_ring_reader r;
    ol_msg msg = {0}, got;
    open_memory(&m);
    ol_wire_control *control = (ol_wire_control *)m.base;
    atomic_store(&control->to_host_head, UINT32_MAX - 5);
    atomic_store(&control->to_host_tail, UINT32_MAX - 5);
    ol_ring_writer_to_host(&w, m.base, &m.layout);
    ol_ring_reader_to_host(&r, m.base, &m.layout);
    w.next = w.published = w.seen_head = r.next = r.seen_tail = UINT32_MAX - 5;
    for (msg.a = 0; msg.a < 20; msg.a++) {
        assert_int_equal(ol_ring_put(&w, &msg), OL_OK);
        ol_ring_publish(&w);
        assert_int_equal(ol_ring_get(&r, &got), OL_OK);
        assert_int_equal(got.a, msg.a);
    }
    free(m.base);
}

static void test_meddled_counters(void **state)
{
    (void)state;
    memory m;
    ol_ring_writer w;
    ol_ring_reader r;
    ol_msg msg = {0}, got;
    open_memory(&m);
    ol_wire_control *control = (ol_wire_control *)m.base;
    ol_ring_reader_to_server(&r, m.base, &m.layout);
    atomic_store(&control->to_server_tail, OL_WIRE_RING + 1);
    assert_int_equal(ol_ring_get(&r, &got), OL_EPROTOCOL);
    atomic_store(&control->to_server_tail, UINT32_MAX); /* behind the reader */
    assert_int_equal(ol_ring_get(&r, &got), OL_EPROTOCOL);
    ol_ring_writer_to_host(&w, m.base, &m.layout);
    atomic_store(&control->to_host_head, 1); /* ahead of the writer */
    for (unsigned i = 0; i < OL_WIRE_RING; i++)
        assert_int_equal(ol_ring_put(&w, &msg), OL_OK);
    atomic_store(&control->to_host_head, OL_WIRE_RING + 7);
    assert_int_equal(ol_ring_put(&w, &msg), OL_EPROTOCOL);
    free(m.base);
}

static void test_a_sleeper_is_woken_once(void **state)
{
    (void)state;
    memory m;
    ol_ring_writer w;
    ol_ring_reader r;
    ol_msg msg = {0}, got;
    open_memory(&m);
    ol_ring_writer_to_host(&w, m.base, &m.layout);
    ol_ring_reader_to_host(&r, m.base, &m.layout);
    assert_false(ol_ring_publish(&w)); /* nothing to say */
    assert_true(ol_ring_sleep(&r));
    ol_ring_put(&w, &msg);
    assert_true(ol_ring_publish(&w));
    ol_ring_put(&w, &msg);
    assert_false(ol_ring_publish(&w)); /* it was told */
    assert_false(ol_ring_sleep(&r));   /* there is something to read */
    ol_ring_put(&w, &msg);
    assert_false(ol_ring_publish(&w)); /* it is awake */
    while (ol_ring_get(&r, &got) == OL_OK)
        ;
    assert_true(ol_ring_sleep(&r));
    free(m.base);
}

/* ---- two threads ---- */

#define MESSAGES 300000u

typedef struct pair {
    memory m;
    ol_ring_reader r;
    uint64_t sum, count;
} pair;

static void *read_all(void *arg)
{
    pair *p = arg;
    ol_msg got;
    while (p->count < MESSAGES) {
        if (ol_ring_get(&p->r, &got) == OL_OK) {
            p->sum += got.a == p->count;
            p->count++;
        } else if (ol_ring_sleep(&p->r)) {
            syscall(SYS_futex, p->r.sleeps, FUTEX_WAIT, 1, NULL, NULL, 0);
            ol_ring_awake(&p->r);
        }
    }
    return NULL;
}

static void test_no_wake_up_is_lost(void **state)
{
    (void)state;
    pair p = {0};
    pthread_t reader;
    ol_ring_writer w;
    open_memory(&p.m);
    ol_ring_writer_to_host(&w, p.m.base, &p.m.layout);
    ol_ring_reader_to_host(&p.r, p.m.base, &p.m.layout);
    assert_int_equal(pthread_create(&reader, NULL, read_all, &p), 0);
    ol_test_random random = {3};
    for (ol_msg msg = {0}; msg.a < MESSAGES;) {
        for (uint64_t batch = 1 + ol_test_random_below(&random, 4); batch > 0 && msg.a < MESSAGES;
             batch--) {
            while (ol_ring_put(&w, &msg) != OL_OK)
                sched_yield();
            msg.a++;
        }
        if (ol_ring_publish(&w))
            syscall(SYS_futex, w.reader_sleeps, FUTEX_WAKE, 1, NULL, NULL, 0);
        if (ol_test_random_below(&random, 50) == 0)
            sched_yield(); /* let it fall asleep */
    }
    pthread_join(reader, NULL); /* hangs when a wake-up was lost: the test run has a bound */
    assert_int_equal(p.sum, MESSAGES);
    free(p.m.base);
}

/* ---- texts ---- */

static void test_texts_are_not_overwritten_before_they_are_read(void **state)
{
    (void)state;
    memory m;
    ol_port *port = malloc(sizeof(*port));
    ol_ring_reader server;
    ol_test_random random = {9};
    static uint8_t text[OL_WIRE_TEXT_MAX];
    ol_msg got;
    open_memory(&m);
    assert_code(ol_port_attach(port, m.base, m.layout.total), OL_OK);
    ol_ring_reader_to_server(&server, m.base, &m.layout);
    for (unsigned round = 0; round < 2000; round++) {
        unsigned count =
            1 + (unsigned)ol_test_random_below(&random, 7); /* they fit without waiting */
        for (unsigned i = 0; i < count; i++) {
            size_t len = (size_t)ol_test_random_below(&random, OL_WIRE_TEXT_MAX + 1);
            memset(text, (int)(round + i), len);
            ol_msg msg = {.type = OL_MSG_LOG, .a = len, .b = (uint8_t)(round + i)};
            ol_port_send_text(port, &msg, ol_slice_of(text, len));
        }
        ol_ring_publish(&port->out);
        for (unsigned i = 0; i < count; i++) {
            assert_int_equal(ol_ring_get(&server, &got), OL_OK);
            assert_int_equal(got.length, got.a);
            assert_true(got.offset <= OL_WIRE_TEXT_AREA - got.length);
            for (size_t at = 0; at < got.length; at++)
                if (m.base[m.layout.text + got.offset + at] != got.b)
                    fail_msg("round %u: text %u was overwritten", round, i);
        }
    }
    free(port);
    free(m.base);
}

static void test_memory_that_is_not_ours(void **state)
{
    (void)state;
    memory m;
    ol_port *port = malloc(sizeof(*port));
    open_memory(&m);
    ol_wire_control *control = (ol_wire_control *)m.base;
    assert_code(ol_port_attach(port, m.base, m.layout.total - 1), OL_EPROTOCOL);
    control->slots++;
    assert_code(ol_port_attach(port, m.base, m.layout.total), OL_EPROTOCOL);
    control->slots--;
    control->slot_bytes = 100;
    assert_code(ol_port_attach(port, m.base, m.layout.total), OL_EPROTOCOL);
    control->slot_bytes = 4096;
    control->magic++;
    assert_code(ol_port_attach(port, m.base, m.layout.total), OL_EPROTOCOL);
    free(port);
    free(m.base);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order_and_fullness),
        cmocka_unit_test(test_counters_wrap),
        cmocka_unit_test(test_meddled_counters),
        cmocka_unit_test(test_a_sleeper_is_woken_once),
        cmocka_unit_test(test_no_wake_up_is_lost),
        cmocka_unit_test(test_texts_are_not_overwritten_before_they_are_read),
        cmocka_unit_test(test_memory_that_is_not_ours),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
