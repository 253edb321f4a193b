/* SPDX-License-Identifier: MIT */
/*
 * Control groups of hosts: over a folder that looks like a delegated group, and over a real one
 * where this machine has it.
 */
#include <dirent.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "lib/scratch.h"
#include "stage_kit.h"
#include "transform/cgroup.h"
#include "transform/child.h"
#include "transform/host/ring.h"
#include "transform/host/walls.h"

typedef struct fixture {
    ol_test_scratch scratch;
    char folder[256];
} fixture;

static void put(fixture *f, const char *name, const char *text)
{
    char path[300];
    snprintf(path, sizeof(path), "%s/%s", f->folder, name);
    ol_test_file_write(path, ol_slice_cstr(text));
}

/* A group in which these controllers can be had. (A folder keeps what is written to its files.) */
static void open_fixture(fixture *f, const char *controllers)
{
    ol_test_scratch_open(&f->scratch);
    snprintf(f->folder, sizeof(f->folder), "%s", ol_test_scratch_path(&f->scratch, "group"));
    assert_int_equal(mkdir(f->folder, 0755), 0);
    put(f, "cgroup.controllers", controllers);
    put(f, "cgroup.subtree_control", "");
    put(f, "cgroup.procs", "");
}

static void close_fixture(fixture *f)
{
    ol_cgroups_use("/nowhere");
    assert_int_equal(ol_cgroups_controllers(), 0);
    ol_test_scratch_close(&f->scratch);
}

static void assert_holds(const ol_cgroup *group, const char *name, const char *want)
{
    char path[OL_CGROUP_PATH_SIZE + 64];
    ol_buf text;
    snprintf(path, sizeof(path), "%s/%s", group->path, name);
    ol_buf_init(&text, 4096);
    ol_test_file_read(path, &text);
    assert_slices(ol_buf_slice(&text), ol_slice_cstr(want));
    ol_buf_fini(&text);
}

static void test_limits(void **state)
{
    (void)state;
    fixture f;
    ol_cgroup group;
    open_fixture(&f, "cpuset cpu io memory pids\n");
    assert_int_equal(ol_cgroups_use(f.folder), OL_CGROUP_MEMORY | OL_CGROUP_PIDS | OL_CGROUP_CPU);
    assert_code(ol_cgroup_make(&group, 123456789, 4, NULL), OL_OK);
    assert_holds(&group, "memory.max", "123456789");
    assert_holds(&group, "memory.swap.max", "0");
    assert_holds(&group, "memory.oom.group", "1");
    assert_holds(&group, "cpu.max", "500000 100000");
#ifndef __SANITIZE_THREAD__
    assert_holds(&group, "pids.max", "5");
    ol_cgroup_narrow(&group, 0);
    assert_holds(&group, "pids.max", "1");
#endif
    ol_cgroup_remove(&group);
    assert_string_equal(group.path, "");
    close_fixture(&f);
}

static void test_only_what_is_there(void **state)
{
    (void)state;
    fixture f;
    ol_cgroup group;
    char path[OL_CGROUP_PATH_SIZE + 64];
    open_fixture(&f, "memory\n");
    assert_int_equal(ol_cgroups_use(f.folder), OL_CGROUP_MEMORY);
    assert_code(ol_cgroup_make(&group, 1 << 20, 0, NULL), OL_OK);
    snprintf(path, sizeof(path), "%s/pids.max", group.path);
    assert_int_not_equal(access(path, F_OK), 0);
    ol_cgroup_remove(&group);
    close_fixture(&f);
    open_fixture(&f, "hugetlb\n");
    assert_int_equal(ol_cgroups_use(f.folder), 0);
    assert_code(ol_cgroup_make(&group, 1 << 20, 0, NULL), OL_OK); /* none */
    assert_string_equal(group.path, "");
    assert_int_equal(group.join_fd, -1);
    close_fixture(&f);
}

/* What an earlier server left and nobody is in goes; all else stays. */
static void test_what_was_left_is_removed(void **state)
{
    (void)state;
    fixture f;
    char left[300], other[300];
    open_fixture(&f, "memory pids cpu\n");
    snprintf(left, sizeof(left), "%s/objlens-1-7", f.folder);
    snprintf(other, sizeof(other), "%s/other", f.folder);
    assert_int_equal(mkdir(left, 0755), 0);
    assert_int_equal(mkdir(other, 0755), 0);
    ol_cgroups_use(f.folder);
    assert_int_not_equal(access(left, F_OK), 0);
    assert_int_equal(access(other, F_OK), 0);
    close_fixture(&f);
}

/* As the kernel's is: a folder there has no files that must go first. */
static void empty_folder(const char *path)
{
    DIR *dir = opendir(path);
    assert_non_null(dir);
    for (struct dirent *entry; (entry = readdir(dir));)
        if (entry->d_name[0] != '.')
            assert_int_equal(unlinkat(dirfd(dir), entry->d_name, 0), 0);
    closedir(dir);
}

/* `objlens check` beside a server: it has just made a group, and its host is not in it yet. */
static void test_what_another_process_has_just_made_is_left_alone(void **state)
{
    (void)state;
    fixture f;
    ol_cgroup group;
    int status;
    open_fixture(&f, "memory pids cpu\n");
    ol_cgroups_use(f.folder);
    assert_code(ol_cgroup_make(&group, 1 << 20, 0, NULL), OL_OK);
    empty_folder(group.path);
    pid_t other = fork();
    if (other == 0) {
        _exit(ol_cgroups_use(f.folder) != 0 ? 0 : 1);
    }
    assert_int_equal(waitpid(other, &status, 0), other);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    assert_int_equal(access(group.path, F_OK), 0);
    ol_cgroups_use("/nowhere"); /* and when its server is no more, it goes */
    ol_cgroups_use(f.folder);
    assert_int_not_equal(access(group.path, F_OK), 0);
    ol_cgroup_close(&group);
    close_fixture(&f);
}

static void test_a_host_joins_before_it_loads(void **state)
{
    (void)state;
    fixture f;
    ol_child child;
    ol_child_end end;
    ol_error err = {0};
    ol_child_options options = {.slot_bytes = 4096, .slots = 16, .jobs_max = 2};
    ol_program *program = kit_program("identity");
    open_fixture(&f, "memory pids cpu\n");
    ol_cgroups_use(f.folder);
    program->limits.memory_bytes = 1 << 20;
    assert_code_of(ol_child_start(&child, &options, program, &err), OL_OK, &err);
    assert_string_not_equal(child.cgroup.path, "");
    assert_int_equal(child.cgroup.join_fd, -1); /* the host's alone */
    char memory[32];
    snprintf(memory, sizeof(memory), "%zu", (2u << 20) + child.layout.total + (64u << 20));
    assert_holds(&child.cgroup, "memory.max", memory);
    ol_ring_reader from_host;
    ol_ring_reader_to_server(&from_host, child.base, &child.layout);
    ol_msg msg;
    while (ol_ring_get(&from_host, &msg) == OL_WAIT)
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    assert_int_equal(msg.type, OL_MSG_LOADED);
    assert_int_equal(msg.flags & OL_MSG_F_ERROR, 0);
    assert_true(msg.a & OL_WALL_CGROUP);
    assert_holds(&child.cgroup, "cgroup.procs", "0"); /* itself, in the kernel's words */
    ol_child_kill(&child);
    while (!ol_child_reap(&child, &end))
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    ol_child_fini(&child);
    ol_program_release(program);
    close_fixture(&f);
}

/* A group that cannot be made is no reason to run without. */
static void test_without_its_group_no_host_starts(void **state)
{
    (void)state;
    fixture f;
    ol_child child;
    ol_error err = {0};
    ol_child_options options = {.slot_bytes = 4096, .slots = 16, .jobs_max = 2};
    ol_program *program = kit_program("identity");
    open_fixture(&f, "memory pids cpu\n");
    ol_cgroups_use(f.folder);
    char away[300];
    snprintf(away, sizeof(away), "%s-away", f.folder);
    assert_int_equal(rename(f.folder, away), 0);
    long live = ol_alloc_live();
    assert_code(ol_child_start(&child, &options, program, &err), OL_EUNAVAILABLE);
    assert_non_null(strstr(err.detail, "control group"));
    assert_no_leak(live);
    ol_program_release(program);
    close_fixture(&f);
}

/* In a container each server has the same number, and what an earlier one left may be in use yet. */
static void test_a_name_that_is_taken_is_left_alone(void **state)
{
    (void)state;
    fixture f;
    ol_cgroup group;
    char taken[OL_CGROUP_PATH_SIZE];
    open_fixture(&f, "memory pids cpu\n");
    ol_cgroups_use(f.folder);
    assert_code(ol_cgroup_make(&group, 1 << 20, 0, NULL), OL_OK);
    long number = strtol(strrchr(group.path, '-') + 1, NULL, 10);
    ol_cgroup_close(&group);
    snprintf(taken, sizeof(taken), "%s/objlens-%ld-%ld", f.folder, (long)getpid(), number + 1);
    assert_int_equal(mkdir(taken, 0755), 0);
    assert_code(ol_cgroup_make(&group, 1 << 20, 0, NULL), OL_OK);
    assert_int_equal(strtol(strrchr(group.path, '-') + 1, NULL, 10), number + 2);
    ol_cgroup_close(&group);
    close_fixture(&f);
}

static void test_why_there_are_none_is_said(void **state)
{
    (void)state;
    fixture f;
    open_fixture(&f, "memory pids cpu\n");
    ol_cgroups_use(f.folder);
    assert_string_equal(ol_cgroups_reason(), "");
    put(&f, "cgroup.procs", "1\n"); /* not ours */
    put(&f, "cgroup.subtree_control", "");
    assert_int_equal(ol_cgroups_use(f.folder), 0);
    assert_non_null(strstr(ol_cgroups_reason(), "not this process alone is in it"));
    put(&f, "cgroup.procs", "");
    put(&f, "cgroup.controllers", "memory cpu\n");
    ol_cgroups_use(f.folder);
    assert_non_null(strstr(ol_cgroups_reason(), "no controller pids in"));
    put(&f, "cgroup.controllers", "memory\n");
    put(&f, "cgroup.subtree_control", "");
    ol_cgroups_use(f.folder);
    assert_non_null(strstr(ol_cgroups_reason(), "no controller pids, cpu in"));
    char longest[OL_CGROUP_PATH_SIZE];
    memset(longest, 'a', sizeof(longest) - 1);
    longest[sizeof(longest) - 1] = '\0';
    assert_int_equal(ol_cgroups_use(longest), 0);
    assert_non_null(strstr(ol_cgroups_reason(), "too long"));
    close_fixture(&f);
}

/* A group of this very machine. */
static void test_a_real_group(void **state)
{
    (void)state;
    uint32_t had = ol_cgroups_use(NULL);
    if (!(had & OL_CGROUP_PIDS))
        skip_because("no group with pids is delegated to this process");
    ol_child child;
    ol_child_end end;
    ol_error err = {0};
    char path[OL_CGROUP_PATH_SIZE];
    ol_child_options options = {.slot_bytes = 4096, .slots = 16, .jobs_max = 2};
    ol_program *program = kit_program("identity");
    assert_code_of(ol_child_start(&child, &options, program, &err), OL_OK, &err);
    snprintf(path, sizeof(path), "%s", child.cgroup.path);
    assert_int_equal(access(path, F_OK), 0);
    ol_child_kill(&child);
    while (!ol_child_reap(&child, &end))
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    ol_child_fini(&child);
    assert_int_not_equal(access(path, F_OK), 0);
    ol_program_release(program);
    ol_cgroups_use("/nowhere");
}

int main(int argc, char **argv)
{
    if (fake_is_host(argc, argv))
        return fake_host_main();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_only_what_is_there),
        cmocka_unit_test(test_what_was_left_is_removed),
        cmocka_unit_test(test_what_another_process_has_just_made_is_left_alone),
        cmocka_unit_test(test_a_host_joins_before_it_loads),
        cmocka_unit_test(test_without_its_group_no_host_starts),
        cmocka_unit_test(test_a_name_that_is_taken_is_left_alone),
        cmocka_unit_test(test_why_there_are_none_is_said),
        cmocka_unit_test(test_a_real_group),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
