/* SPDX-License-Identifier: MIT */
/* Turns, as the kernel tells of them. */
#include "lib/check.h"

#include <pthread.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/scheduling.h"
#include "base/turns.h"

typedef struct seen {
    bool (*ask)(void);
    bool taken;
    ol_scheduling before, after, inherited;
} seen;

static ol_scheduling now(void)
{
    ol_scheduling attributes;
    ol_scheduling_get(0, &attributes);
    return attributes;
}

static void *tell(void *arg)
{
    *(ol_scheduling *)arg = now();
    return NULL;
}

static void *ask(void *arg)
{
    seen *s = arg;
    pthread_t heir;
    s->before = now();
    s->taken = s->ask();
    s->after = now();
    if (pthread_create(&heir, NULL, tell, &s->inherited) == 0)
        pthread_join(heir, NULL);
    return NULL;
}

/* In a thread: the test's own stays as it is. */
static seen asked(bool (*what)(void))
{
    seen s = {.ask = what};
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, ask, &s), 0);
    pthread_join(thread, NULL);
    return s;
}

static void assert_turns(bool (*what)(void), uint32_t policy, uint64_t turn_ns)
{
    seen s = asked(what);
    assert_true(s.taken);
    assert_int_equal(s.before.policy, SCHED_OTHER);
    assert_int_equal(s.after.policy, policy);
    assert_int_equal(s.after.runtime_ns, s.before.runtime_ns ? turn_ns : 0);
    assert_int_equal(s.after.nice, s.before.nice);
    assert_int_equal(s.inherited.policy, s.after.policy);
    assert_int_equal(s.inherited.runtime_ns, s.after.runtime_ns);
}

static bool first(void)
{
    return ol_turns_take(OL_TURNS_FIRST);
}

static bool next(void)
{
    return ol_turns_take(OL_TURNS_NEXT);
}

static bool last(void)
{
    return ol_turns_take(OL_TURNS_LAST);
}

static bool last_then_next(void)
{
    return last() && next();
}

static bool next_then_last(void)
{
    return next() && last();
}

static void a_thread_and_what_it_starts_take_the_turns_it_asks_for(void **state)
{
    (void)state;
    assert_turns(first, SCHED_OTHER, OL_TURN_NS);
    assert_turns(next, SCHED_BATCH, OL_TURN_NS);
    assert_turns(last, SCHED_BATCH, OL_TURN_LONG_NS);
}

static void turns_can_be_taken_back(void **state)
{
    (void)state;
    assert_turns(last_then_next, SCHED_BATCH, OL_TURN_NS);
    assert_turns(next_then_last, SCHED_BATCH, OL_TURN_LONG_NS);
}

static bool idle_then_next(void)
{
    return sched_setscheduler(0, SCHED_IDLE, &(struct sched_param){0}) == 0 && next();
}

static void another_policy_is_left_as_it_is(void **state)
{
    (void)state;
    seen s = asked(idle_then_next);
    assert_false(s.taken);
    assert_int_equal(s.after.policy, SCHED_IDLE);
}

/* As a server that was started with it. */
static bool batch_then_first(void)
{
    return sched_setscheduler(0, SCHED_BATCH, &(struct sched_param){0}) == 0 && first();
}

static void who_waits_for_the_core_is_not_made_to_take_it(void **state)
{
    (void)state;
    seen s = asked(batch_then_first);
    assert_false(s.taken);
    assert_int_equal(s.after.policy, SCHED_BATCH);
    assert_int_equal(s.after.runtime_ns, s.before.runtime_ns);
}

static void another_process_is_given_turns(void **state)
{
    (void)state;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) { /* until its end is closed */
        close(ends[1]);
        _exit((int)read(ends[0], &ends[1], 1));
    }
    ol_scheduling its;
    bool given = ol_turns_give(child, OL_TURNS_LAST);
    ol_scheduling_get(child, &its);
    close(ends[0]);
    close(ends[1]);
    waitpid(child, NULL, 0);
    assert_true(given);
    assert_int_equal(its.policy, SCHED_BATCH);
    assert_int_equal(its.runtime_ns, now().runtime_ns ? OL_TURN_LONG_NS : 0);
    assert_false(ol_turns_give(child, OL_TURNS_LAST)); /* it is no more */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_thread_and_what_it_starts_take_the_turns_it_asks_for),
        cmocka_unit_test(turns_can_be_taken_back),
        cmocka_unit_test(another_policy_is_left_as_it_is),
        cmocka_unit_test(who_waits_for_the_core_is_not_made_to_take_it),
        cmocka_unit_test(another_process_is_given_turns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
