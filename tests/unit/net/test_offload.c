/* SPDX-License-Identifier: MIT */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "lib/alloc_check.h"
#include "lib/check.h"
#include "lib/loop_fixture.h"
#include "net/offload.h"

typedef struct job {
    ol_task task;
    pthread_mutex_t *gate; /* taken by work, when there is one */
    bool worked;
    unsigned *done;
    unsigned order;
    pthread_t loop_thread;
} job;

static void work(ol_task *task)
{
    job *j = task->arg;
    assert_false(pthread_equal(pthread_self(), j->loop_thread));
    if (j->gate) {
        pthread_mutex_lock(j->gate);
        pthread_mutex_unlock(j->gate);
    }
    j->worked = true;
}

static void done(ol_task *task)
{
    job *j = task->arg;
    assert_true(pthread_equal(pthread_self(), j->loop_thread));
    assert_true(j->worked);
    j->order = (*j->done)++;
}

static job make_job(ol_loop *loop, unsigned *count, pthread_mutex_t *gate)
{
    return (job){.task = {.work = work, .done = done, .loop = loop},
                 .gate = gate,
                 .done = count,
                 .loop_thread = pthread_self()};
}

static bool all_done(void *arg)
{
    return *(unsigned *)arg == 1000;
}

static void brings_results_back(void **state)
{
    (void)state;
    ol_test_loop t;
    ol_offload *pool;
    assert_code(ol_test_loop_open(&t), OL_OK);
    assert_code(ol_offload_new(&pool, "a-name-that-is-too-long", 3, 1000), OL_OK);
    unsigned count = 0;
    job *jobs = calloc(1000, sizeof(*jobs));
    for (unsigned i = 0; i < 1000; i++) {
        jobs[i] = make_job(t.loop, &count, NULL);
        jobs[i].task.arg = &jobs[i];
        assert_code(ol_offload_submit(pool, &jobs[i].task), OL_OK);
    }
    ol_test_loop_until_fn(&t, all_done, &count, OL_TEST_BOUND_MS);
    ol_offload_destroy(pool);
    ol_test_loop_close(&t);
    free(jobs);
}

static void keeps_order_in_one_thread_and_bounds_its_queue(void **state)
{
    (void)state;
    ol_loop *loop;
    ol_offload *pool;
    assert_code(ol_loop_new(&loop, 0), OL_OK);
    assert_code(ol_offload_new(&pool, "one", 1, 4), OL_OK);
    pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
    pthread_mutex_lock(&gate);
    unsigned count = 0, taken = 0;
    job jobs[10];
    for (unsigned i = 0; i < 10; i++) {
        jobs[i] = make_job(loop, &count, &gate);
        jobs[i].task.arg = &jobs[i];
        int rc = ol_offload_submit(pool, &jobs[i].task);
        assert_true(rc == OL_OK || rc == OL_ESLOWDOWN);
        if (rc != OL_OK)
            break;
        taken++;
    }
    assert_true(taken == 4 || taken == 5); /* one may be with the thread already */
    pthread_mutex_unlock(&gate);
    ol_loop_stop(loop);
    ol_loop_run(loop); /* not before every task has come back */
    assert_int_equal(count, taken);
    for (unsigned i = 0; i < taken; i++)
        assert_int_equal(jobs[i].order, i);
    ol_offload_destroy(pool);
    ol_loop_destroy(loop);
}

static void finishes_what_is_queued_when_destroyed(void **state)
{
    (void)state;
    ol_loop *loop;
    ol_offload *pool;
    assert_code(ol_loop_new(&loop, 0), OL_OK);
    assert_code(ol_offload_new(&pool, "end", 2, 100), OL_OK);
    unsigned count = 0;
    job jobs[50];
    for (unsigned i = 0; i < 50; i++) {
        jobs[i] = make_job(loop, &count, NULL);
        jobs[i].task.arg = &jobs[i];
        assert_code(ol_offload_submit(pool, &jobs[i].task), OL_OK);
    }
    ol_offload_destroy(pool);
    for (unsigned i = 0; i < 50; i++)
        assert_true(jobs[i].worked);
    assert_int_equal(count, 0);
    ol_loop_stop(loop);
    ol_loop_run(loop);
    assert_int_equal(count, 50);
    ol_loop_destroy(loop);
}

static void free_itself(ol_task *task)
{
    atomic_fetch_add((atomic_uint *)task->arg, 1);
    free(task);
}

/* Nobody is told, no queue is too full, and the task is its own to free. */
static void takes_every_task_without_a_loop(void **state)
{
    (void)state;
    ol_offload *pool;
    atomic_uint freed = 0;
    assert_code(ol_offload_new(&pool, "free", 2, 1), OL_OK);
    for (unsigned i = 0; i < 100; i++) {
        ol_task *task = malloc(sizeof(*task));
        *task = (ol_task){.work = free_itself, .arg = &freed};
        assert_code(ol_offload_submit(pool, task), OL_OK);
    }
    ol_offload_destroy(pool);
    assert_int_equal(atomic_load(&freed), 100);
}

static int make(void *arg)
{
    (void)arg;
    ol_offload *pool;
    int rc = ol_offload_new(&pool, "x", 2, 1);
    if (rc == OL_OK)
        ol_offload_destroy(pool);
    return rc;
}

static void survives_allocation_failures(void **state)
{
    (void)state;
    assert_int_equal(ol_test_fail_each(make, NULL), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(brings_results_back),
        cmocka_unit_test(keeps_order_in_one_thread_and_bounds_its_queue),
        cmocka_unit_test(finishes_what_is_queued_when_destroyed),
        cmocka_unit_test(takes_every_task_without_a_loop),
        cmocka_unit_test(survives_allocation_failures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
