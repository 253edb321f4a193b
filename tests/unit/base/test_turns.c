/* SPDX-License-Identifier: MIT */
/* Short turns, as the kernel tells of them. */
#include "lib/check.h"

#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/turns.h"

/* What the kernel says of a thread. */
typedef struct scheduling {
    uint32_t size, policy;
    uint64_t flags;
    int32_t nice;
    uint32_t priority;
    uint64_t turn_ns, deadline_ns, period_ns; /* turn_ns: 0 before Linux 6.12 */
} scheduling;

typedef struct seen {
    bool (*ask)(void);
    bool taken;
    scheduling before, after, inherited;
} seen;

static scheduling now(void)
{
    scheduling attributes = {0};
    syscall(SYS_sched_getattr, 0, &attributes, sizeof(attributes), 0);
    return attributes;
}

static void *tell(void *arg)
{
    *(scheduling *)arg = now();
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
    assert_int_equal(s.before.policy, SCHED_OTHER);
    assert_int_equal(s.after.turn_ns, s.before.turn_ns ? OL_TURN_NS : 0);
    assert_int_equal(s.after.nice, s.before.nice);
    assert_int_equal(s.inherited.turn_ns, s.after.turn_ns);
    assert_int_equal(s.inherited.policy, s.after.policy);
    return s;
}

static void a_thread_and_what_it_starts_take_short_turns(void **state)
{
    (void)state;
    seen s = asked(ol_turns_short);
    assert_int_equal(s.taken, s.before.turn_ns != 0);
    assert_int_equal(s.after.policy, SCHED_OTHER);
}

static void a_patient_thread_pushes_nobody_aside(void **state)
{
    (void)state;
    seen s = asked(ol_turns_patient);
    assert_true(s.taken);
    assert_int_equal(s.after.policy, SCHED_BATCH);
}

static bool idle_then_patient(void)
{
    return sched_setscheduler(0, SCHED_IDLE, &(struct sched_param){0}) == 0 && ol_turns_patient();
}

static void another_policy_is_left_as_it_is(void **state)
{
    (void)state;
    seen s = {.ask = idle_then_patient};
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, ask, &s), 0);
    pthread_join(thread, NULL);
    assert_false(s.taken);
    assert_int_equal(s.after.policy, SCHED_IDLE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_thread_and_what_it_starts_take_short_turns),
        cmocka_unit_test(a_patient_thread_pushes_nobody_aside),
        cmocka_unit_test(another_policy_is_left_as_it_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
