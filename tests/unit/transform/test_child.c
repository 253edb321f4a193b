/* SPDX-License-Identifier: MIT */
/* Processes that do not end when they are killed. */
#include "pool_kit.h"

#include <poll.h>
#include <signal.h>
#include <sys/pidfd.h>

#include "base/limits.h"
#include "transform/child_left.h"

/* ---- a process that the kernel does not let go ---- */

static bool held;

int __real_kill(pid_t pid, int number);
int __wrap_kill(pid_t pid, int number);

int __wrap_kill(pid_t pid, int number)
{
    return held ? 0 : __real_kill(pid, number);
}

/* Its first word is that it has loaded. */
static int start_child(ol_child *child, ol_error *err)
{
    ol_child_options options = {.slot_bytes = 4096, .slots = 8, .jobs_max = 1};
    ol_program *program = kit_program("identity");
    int rc = ol_child_start(child, &options, program, err);
    ol_program_release(program);
    if (rc != OL_OK)
        return rc;
    struct pollfd word = {.fd = child->wake_fd, .events = POLLIN};
    assert_int_equal(poll(&word, 1, OL_TEST_BOUND_MS), 1);
    return OL_OK;
}

static void let_it_end(pid_t pid, int pidfd)
{
    struct pollfd end = {.fd = pidfd, .events = POLLIN};
    __real_kill(pid, SIGKILL);
    assert_int_equal(poll(&end, 1, OL_TEST_BOUND_MS), 1);
}

/* ---- what is said on standard error ---- */

static int kept_error = -1;

static int listen_to_errors(void)
{
    int fd = memfd_create("said", MFD_CLOEXEC);
    fflush(stderr);
    kept_error = dup(STDERR_FILENO);
    dup2(fd, STDERR_FILENO);
    return fd;
}

static void stop_listening(void)
{
    if (kept_error < 0)
        return;
    dup2(kept_error, STDERR_FILENO);
    close(kept_error);
    kept_error = -1;
}

/* Else nobody sees why a test failed. */
static int teardown(void **state)
{
    (void)state;
    held = false;
    stop_listening();
    return 0;
}

static unsigned times_said(int fd, const char *text)
{
    char said[4096];
    unsigned times = 0;
    stop_listening();
    ssize_t len = pread(fd, said, sizeof(said) - 1, 0);
    close(fd);
    said[len > 0 ? len : 0] = '\0';
    for (const char *at = said; (at = strstr(at, text)); at++)
        times++;
    return times;
}

/* ---- the tests ---- */

static unsigned count_descriptors(void)
{
    unsigned count = 0;
    DIR *dir = opendir("/proc/self/fd");
    assert_non_null(dir);
    while (readdir(dir))
        count++;
    closedir(dir);
    return count;
}

static void test_a_process_that_does_not_end_is_left_to_itself(void **state)
{
    (void)state;
    long live = ol_alloc_live();
    unsigned descriptors = count_descriptors();
    ol_child child;
    ol_error err = {0};
    assert_code_of(start_child(&child, &err), OL_OK, &err);
    pid_t pid = child.pid;
    int pidfd = pidfd_open(pid, 0), said = listen_to_errors();
    held = true;
    ol_child_stop(&child);
    held = false;
    assert_int_equal(child.pid, 0);
    assert_null(child.base);
    assert_int_equal(__real_kill(pid, 0), 0);
    assert_int_equal(ol_children_left(), 1);
    assert_int_equal(ol_children_left(), 1);
    assert_int_equal(times_said(said, "does not end"), 1);
    let_it_end(pid, pidfd);
    assert_int_equal(ol_children_left(), 0);
    assert_no_child();
    close(pidfd);
    assert_int_equal(count_descriptors(), descriptors);
    assert_no_leak(live);
}

static void test_the_next_that_is_stopped_takes_it_along(void **state)
{
    (void)state;
    ol_child first, second;
    assert_code(start_child(&first, NULL), OL_OK);
    assert_code(start_child(&second, NULL), OL_OK);
    pid_t pid = first.pid;
    int pidfd = pidfd_open(pid, 0), said = listen_to_errors();
    assert_true(ol_child_leave(&first));
    assert_int_equal(times_said(said, "does not end"), 1);
    let_it_end(pid, pidfd);
    close(pidfd);
    ol_child_fini(&first);
    ol_child_stop(&second);
    assert_no_child();
}

static void test_no_more_are_started_when_many_are_left(void **state)
{
    (void)state;
    ol_child children[OL_CHILDREN_LEFT_MAX], more;
    pid_t pids[OL_CHILDREN_LEFT_MAX];
    int pidfds[OL_CHILDREN_LEFT_MAX], said = listen_to_errors();
    ol_error err = {0};
    for (unsigned i = 0; i < OL_CHILDREN_LEFT_MAX; i++) {
        assert_code(start_child(&children[i], NULL), OL_OK);
        pids[i] = children[i].pid;
        pidfds[i] = pidfd_open(pids[i], 0);
        if (i > 0)
            assert_true(ol_child_leave(&children[i]));
    }
    assert_code(start_child(&more, &err), OL_OK); /* one less */
    ol_child_stop(&more);
    assert_true(ol_child_leave(&children[0]));
    assert_code(start_child(&more, &err), OL_EUNAVAILABLE);
    assert_int_equal(times_said(said, "does not end"), OL_CHILDREN_LEFT_MAX);
    for (unsigned i = 0; i < OL_CHILDREN_LEFT_MAX; i++) {
        let_it_end(pids[i], pidfds[i]);
        close(pidfds[i]);
        ol_child_fini(&children[i]);
    }
    assert_code(start_child(&more, &err), OL_OK);
    ol_child_stop(&more);
    assert_no_child();
}

/* ---- in a pool ---- */

/* As if it had been killed long ago. */
static void make_it_long(ol_pool_host *host)
{
    assert_true(host->killed_ms > 0);
    host->killed_ms = 1;
}

static bool one_is_left(void *arg)
{
    (void)arg;
    return ol_children_left() == 1;
}

static void test_nobody_waits_for_a_host_that_does_not_end(void **state)
{
    (void)state;
    fixture f;
    kit_run busy;
    open_fixture(&f, 1, 8, "identity");
    start(&f, &busy, "g", NULL, 1u << 20, false);
    kit_run_until_held(&busy, &f.loop);
    ol_pool_host *host = f.pool->first;
    pid_t pid = host->child.pid;
    int pidfd = pidfd_open(pid, 0), said = listen_to_errors();
    held = true;
    ol_pool_host_kill_for(host, 0, OL_ETRANSFORMCPU, "it computed for too long");
    ol_test_loop_turns(&f.loop, 20);
    assert_false(busy.done);
    make_it_long(host);
    kit_run_wait(&busy, &f.loop);
    assert_code(busy.err.code, OL_ETRANSFORMCPU);
    kit_run_fini(&busy);
    run_ok(&f, "g", NULL, "bbbbbbbbbb"); /* though there may be one host */
    ol_test_loop_until_fn(&f.loop, one_is_left, NULL, OL_TEST_BOUND_MS);
    held = false;
    assert_int_equal(times_said(said, "does not end"), 1);
    assert_int_equal(__real_kill(pid, 0), 0);
    let_it_end(pid, pidfd);
    close(pidfd);
    close_fixture(&f);
    assert_int_equal(ol_children_left(), 0);
    assert_no_child();
}

static void set_flag(void *arg)
{
    *(bool *)arg = true;
}

static void test_a_pool_closes_though_a_host_does_not_end(void **state)
{
    (void)state;
    fixture f;
    bool closed = false;
    open_fixture(&f, 1, 8, "identity");
    run_ok(&f, "g", NULL, "bbbbbbbbbb");
    ol_pool_host *host = f.pool->first;
    int pidfd = pidfd_open(host->child.pid, 0), said = listen_to_errors();
    held = true;
    ol_pool_close(f.pool, set_flag, &closed);
    make_it_long(host);
    ol_test_loop_until(&f.loop, &closed, OL_TEST_BOUND_MS);
    held = false;
    assert_int_equal(times_said(said, "does not end"), 1);
    struct pollfd end = {.fd = pidfd, .events = POLLIN}; /* with the thread that made it */
    assert_int_equal(poll(&end, 1, OL_TEST_BOUND_MS), 1);
    assert_int_equal(ol_children_left(), 0);
    assert_no_child();
    close(pidfd);
    ol_test_loop_close(&f.loop);
    ol_program_release(f.program);
}

int main(int argc, char **argv)
{
    if (fake_is_host(argc, argv))
        return fake_host_main();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_a_process_that_does_not_end_is_left_to_itself, teardown),
        cmocka_unit_test_teardown(test_the_next_that_is_stopped_takes_it_along, teardown),
        cmocka_unit_test_teardown(test_no_more_are_started_when_many_are_left, teardown),
        cmocka_unit_test_teardown(test_nobody_waits_for_a_host_that_does_not_end, teardown),
        cmocka_unit_test_teardown(test_a_pool_closes_though_a_host_does_not_end, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
