/* SPDX-License-Identifier: MIT */
/* Short turns, as the kernel tells of them. */
#include "lib/check.h"

#include <pthread.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/turns.h"

typedef struct seen {
    bool taken;
    uint64_t before, after, inherited;
} seen;

/* What the kernel says of the calling thread; 0 where it knows no such turns. */
static uint64_t turn_ns(void)
{
    struct {
        uint32_t size, policy;
        uint64_t flags;
        int32_t nice;
        uint32_t priority;
        uint64_t runtime_ns, deadline_ns, period_ns;
    } attributes = {0};
    long rc = syscall(SYS_sched_getattr, 0, &attributes, sizeof(attributes), 0);
    return rc == 0 ? attributes.runtime_ns : 0;
}

static void *tell_turn(void *arg)
{
    *(uint64_t *)arg = turn_ns();
    return NULL;
}

static void *take_short_turns(void *arg)
{
    seen *s = arg;
    pthread_t heir;
    s->before = turn_ns();
    s->taken = ol_turns_short();
    s->after = turn_ns();
    if (pthread_create(&heir, NULL, tell_turn, &s->inherited) == 0)
        pthread_join(heir, NULL);
    return NULL;
}

/* In a thread: the test's own goes on with the turns that it has. */
static void a_thread_and_what_it_starts_take_short_turns(void **state)
{
    (void)state;
    seen s = {0};
    pthread_t thread;
    uint64_t own = turn_ns();
    assert_int_equal(pthread_create(&thread, NULL, take_short_turns, &s), 0);
    pthread_join(thread, NULL);
    assert_int_equal(s.taken, s.before != 0);
    assert_int_equal(s.after, s.taken ? OL_TURN_NS : s.before);
    assert_int_equal(s.inherited, s.after);
    assert_int_equal(turn_ns(), own);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_thread_and_what_it_starts_take_short_turns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
