/* SPDX-License-Identifier: MIT */
/*
 * Under ThreadSanitizer: a descriptor number that libuv gave back on one thread may be anybody's
 * on another. In other builds this shows only that numbers are used again.
 */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

#include "lib/check.h"

/* Relaxed on purpose: nothing but the kernel orders the two threads. */
typedef struct handover {
    _Atomic int fd;
    atomic_bool left;
} handover;

static void *open_and_close(void *arg)
{
    handover *h = arg;
    int pair[2];
    uv_loop_t loop;
    uv_pipe_t pipe;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
    assert_int_equal(uv_loop_init(&loop), 0);
    assert_int_equal(uv_pipe_init(&loop, &pipe, 0), 0);
    assert_int_equal(uv_pipe_open(&pipe, pair[0]), 0);
    uv_close((uv_handle_t *)&pipe, NULL);
    uv_run(&loop, UV_RUN_DEFAULT);
    atomic_store_explicit(&h->fd, pair[0], memory_order_relaxed);
    while (!atomic_load_explicit(&h->left, memory_order_relaxed))
        sched_yield();
    close(pair[1]);
    assert_int_equal(uv_loop_close(&loop), 0);
    return NULL;
}

static void a_number_may_be_used_again_on_another_thread(void **state)
{
    (void)state;
    handover h = {.fd = -1};
    pthread_t thread;
    int fd;
    assert_int_equal(pthread_create(&thread, NULL, open_and_close, &h), 0);
    while ((fd = atomic_load_explicit(&h.fd, memory_order_relaxed)) < 0)
        sched_yield();
    int mine = memfd_create("seen-close", MFD_CLOEXEC);
    assert_int_equal(mine, fd);
    assert_int_equal(ftruncate(mine, 4096), 0);
    void *page = mmap(NULL, 4096, PROT_READ, MAP_SHARED, mine, 0);
    assert_true(page != MAP_FAILED);
    munmap(page, 4096);
    close(mine);
    atomic_store_explicit(&h.left, true, memory_order_relaxed);
    pthread_join(thread, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_number_may_be_used_again_on_another_thread),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
