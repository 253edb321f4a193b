/* SPDX-License-Identifier: MIT */
/*
 * Processes of hosts that cannot be made: the error says which step it was, and nothing is left.
 */
#include "lib/check.h"

#include <dirent.h>
#include <errno.h>
#include <sys/wait.h>

#include "transform/spawn.h"

#define NOT_OPEN 900 /* a descriptor */

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

static void test_the_step_that_failed_is_named(void **state)
{
    (void)state;
    const ol_spawn_options options = {.memory_fd = NOT_OPEN, .wake_fd = NOT_OPEN, .control_fd = NOT_OPEN,
                                      .image_fd = -1, .cgroup_fd = -1};
    ol_error err = {0};
    pid_t pid;
    int pidfd;
    unsigned before = count_descriptors();
    assert_code(ol_spawn(&options, &pid, &pidfd, &err), OL_EUNAVAILABLE);
    assert_string_equal(err.detail, "starting a host: descriptors: Bad file descriptor");
    assert_int_equal(count_descriptors(), before);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); /* no child, also no dead one */
    assert_int_equal(errno, ECHILD);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_step_that_failed_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
