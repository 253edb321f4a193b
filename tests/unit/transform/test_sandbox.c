/* SPDX-License-Identifier: MIT */
/*
 * The wall around a host, tried from inside by a transform, and looked at from outside.
 */
#include "run_kit.h"

#include <dirent.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "transform/host/filter_up.h"
#include "transform/loader.h"
#include "transform/pool_private.h"

typedef struct fixture {
    ol_test_loop loop;
    ol_pool *pool;
    ol_program *program;
} fixture;

static void open_fixture(fixture *f)
{
    ol_pool_options options = kit_options();
    assert_code(ol_test_loop_open(&f->loop), OL_OK);
    assert_code(ol_pool_new(&f->pool, f->loop.loop, &options, NULL), OL_OK);
    f->program = kit_program("identity");
}

static void close_fixture(fixture *f)
{
    kit_pool_close(&f->loop, f->pool);
    ol_test_loop_close(&f->loop);
    ol_program_release(f->program);
}

static void make_kind(ol_program *program, enum ol_program_kind kind)
{
    program->kind = kind;
    if (kind == OL_PROGRAM_SHARED)
        program->image_fd = memfd_create("image", MFD_CLOEXEC);
}

/* What makes a filter stand: a hostile object puts it out of order where it can. */
int __real_ol_filter_up(const ol_filter *filter, unsigned flags);
int __wrap_ol_filter_up(const ol_filter *filter, unsigned flags);

int __wrap_ol_filter_up(const ol_filter *filter, unsigned flags)
{
    return fake_dodges ? 0 : __real_ol_filter_up(filter, flags);
}

static void run(fixture *f, kit_run *r, const char *line)
{
    kit_run_start(r, &f->loop, f->pool, f->program, "g", line, 10, true);
    kit_run_wait(r, &f->loop);
}

/* ---- from inside ---- */

/* Neither while loading nor later. */
static const char *const never[] = {
    "socket", "fork",       "execve",  "kill",     "open-write", "memfd", "ptrace",
    "write",  "close-wake", "seccomp", "listener", "dumpable",   NULL,
};
/* A sanitizer's own code makes these calls. */
static const char *const never_but_sanitizers[] = {
#ifndef OBJLENS_SANITIZED
    "old-seccomp", "no-new-privs", "limit",   "limit-of-another", "uname",
    "getuid",      "getegid",      "getppid", "fcntl",
#endif
    NULL,
};
/* A shared object may while it loads. */
static const char *const never_scripts[] = {
#ifndef OBJLENS_SANITIZED
    "read", "lseek",
#endif
    NULL,
};
/* Not tried while loading: what puts the walls up needs some of them until then. */
static const char *const not_when_loaded[] = {
    "clone3", "tgkill",   "sendmsg", "exec-memory", "exec-protect",
    "unshare", "io_uring", "mkdir",   NULL,
};

/* In a pool of its own: one that loses many hosts makes them wait. */
static void try_while_running(const char *name)
{
    fixture f;
    kit_run r;
    char line[64];
    open_fixture(&f);
    snprintf(line, sizeof(line), "forbidden %s", name);
    run(&f, &r, line);
    assert_code_of(r.err.code, OL_ETRANSFORM, &r.err);
    if (!strstr(r.err.detail, "forbidden system call"))
        fail_msg("%s: %s", name, r.err.detail);
    assert_int_equal(r.gate.len, 0);
    kit_run_fini(&r);
    close_fixture(&f);
}

static void test_forbidden_calls_kill(void **state)
{
    (void)state;
    static const char *const *const lists[] = {never, never_but_sanitizers, never_scripts,
                                               not_when_loaded};
    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
        for (const char *const *name = lists[i]; *name; name++)
            try_while_running(*name);
}

/* The one signal that it may send is to itself: the filter knows its number. */
static void test_a_host_may_abort(void **state)
{
    (void)state;
    fixture f;
    kit_run r;
    open_fixture(&f);
    run(&f, &r, "abort");
    assert_code_of(r.err.code, OL_ETRANSFORM, &r.err);
    if (!strstr(r.err.detail, "signal 6"))
        fail_msg("%s", r.err.detail);
    kit_run_fini(&r);
    close_fixture(&f);
}

/* That a call which does nothing forbidden is survived shows that the test above tests something.
 */
static void test_the_check_itself(void **state)
{
    (void)state;
    fixture f;
    kit_run r;
    open_fixture(&f);
    run(&f, &r, "forbidden nothing-at-all");
    assert_code(r.err.code, OL_OK);
    assert_slices(ol_slice_of(r.gate.data, r.gate.len), OL_SLICE_LIT("alive"));
    kit_run_fini(&r);
    close_fixture(&f);
}

static void test_looking_for_files_finds_nothing(void **state)
{
    (void)state;
    static const char *const lines[] = {"quiet open", "quiet stat"};
    fixture f;
    open_fixture(&f);
    for (size_t i = 0; i < 2; i++) {
        kit_run r;
        run(&f, &r, lines[i]);
        assert_code(r.err.code, OL_OK);
        assert_slices(ol_slice_of(r.gate.data, r.gate.len), OL_SLICE_LIT("13")); /* EACCES */
        kit_run_fini(&r);
    }
    assert_int_not_equal(access("/tmp/objlens-never", F_OK), 0);
    close_fixture(&f);
}

static void test_memory_is_limited(void **state)
{
    (void)state;
#ifdef OBJLENS_SANITIZED
    skip_because("sanitizers need terabytes of address space");
#else
    fixture f;
    kit_run r;
    open_fixture(&f);
    run(&f, &r, "grow 16");
    assert_slices(ol_slice_of(r.gate.data, r.gate.len), OL_SLICE_LIT("ok"));
    kit_run_fini(&r);
    run(&f, &r, "grow 4096"); /* eight jobs of 32 MiB are allowed */
    assert_slices(ol_slice_of(r.gate.data, r.gate.len), OL_SLICE_LIT("no"));
    kit_run_fini(&r);
    close_fixture(&f);
#endif
}

/* ---- while loading ---- */

static void try_while_loading(const char *const *names, enum ol_program_kind kind)
{
    char line[64];
    ol_loader_result *result = malloc(sizeof(*result));
    for (; *names; names++) {
        snprintf(line, sizeof(line), "load-forbidden %s", *names);
        ol_program *program = kit_program(line);
        ol_error err = {0};
        make_kind(program, kind);
        assert_code_of(ol_loader_try(program, result, &err), OL_ETRANSFORM, &err);
        if (!strstr(err.detail, "forbidden system call"))
            fail_msg("%s: %s", *names, err.detail);
        ol_program_release(program);
    }
    free(result);
}

static void test_loading_is_walled_too(void **state)
{
    (void)state;
    try_while_loading(never, OL_PROGRAM_LUA);
    try_while_loading(never_but_sanitizers, OL_PROGRAM_LUA);
    try_while_loading(never_scripts, OL_PROGRAM_LUA);
    try_while_loading(never, OL_PROGRAM_SHARED);
    try_while_loading(never_but_sanitizers, OL_PROGRAM_SHARED);
}

static void try_open(enum ol_program_kind kind, bool may)
{
    ol_loader_result *result = malloc(sizeof(*result));
    ol_program *program = kit_program("load-open");
    ol_error err = {0};
    make_kind(program, kind);
    int rc = ol_loader_try(program, result, &err);
    if (may) {
        assert_code(rc, OL_ETRANSFORM);
    } else {
        assert_code_of(rc, OL_OK, &err);
        long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, 1);
        assert_int_equal(result->landlock, abi > 0 ? abi : 0);
    }
    ol_program_release(program);
    free(result);
}

static void test_files_while_loading(void **state)
{
    (void)state;
    bool landlock = syscall(SYS_landlock_create_ruleset, NULL, 0, 1) > 0;
    try_open(OL_PROGRAM_LUA, false);
#ifdef OBJLENS_SANITIZED
    landlock = false; /* as documented: the symbolizer may read */
#endif
    try_open(OL_PROGRAM_SHARED, !landlock);
}

/* A shared object that has kept the second filter from being installed: what the first one allows
 * for loading is over all the same. */
static void test_a_dodged_second_step(void **state)
{
    (void)state;
    static const char *const lines[] = {"quiet open", "quiet stat", "quiet map-code"};
    fixture f;
    open_fixture(&f);
    ol_program_release(f.program);
    f.program = kit_program("load-dodge");
    make_kind(f.program, OL_PROGRAM_SHARED);
    for (size_t i = 0; i < 3; i++) {
        kit_run r;
        run(&f, &r, lines[i]);
        assert_code_of(r.err.code, OL_OK, &r.err);
        assert_slices(ol_slice_of(r.gate.data, r.gate.len), OL_SLICE_LIT("38")); /* ENOSYS */
        kit_run_fini(&r);
    }
    close_fixture(&f);
}

/* ---- threads ---- */

static void check_threads(uint32_t declared, const char *want, const char *first_line)
{
    fixture f;
    kit_run r;
    open_fixture(&f);
    ol_program_release(f.program);
    f.program = kit_program(first_line);
    make_kind(f.program, OL_PROGRAM_SHARED);
    f.program->declared.threads_max = declared;
    run(&f, &r, "threads 3");
    if (want)
        assert_slices(ol_slice_of(r.gate.data, r.gate.len), ol_slice_cstr(want));
    else
        assert_code_of(r.err.code, OL_ETRANSFORM, &r.err);
    kit_run_fini(&r);
    close_fixture(&f);
}

static void test_threads_as_declared(void **state)
{
    (void)state;
    check_threads(0, NULL, "load-threads 0 0");
    check_threads(5, "3", "load-threads 1 5");
#ifndef __SANITIZE_THREAD__ /* which has a thread of its own, or has not yet */
    check_threads(0, NULL, "load-threads 1 1"); /* the server was told of none */
    check_threads(3, "2", "load-threads 1 3");
#endif
}

/* ---- from outside ---- */

static long status_number(pid_t pid, const char *name)
{
    char path[64], line[256];
    long number = -1;
    snprintf(path, sizeof(path), "/proc/%d/status", pid);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    while (fgets(line, sizeof(line), file))
        if (!strncmp(line, name, strlen(name)) && line[strlen(name)] == ':')
            number = strtol(line + strlen(name) + 1, NULL, 0);
    fclose(file);
    return number;
}

static void check_what_a_host_has(enum ol_program_kind kind)
{
    fixture f;
    kit_run r;
    open_fixture(&f);
    make_kind(f.program, kind);
    run(&f, &r, "identity");
    pid_t pid = f.pool->first->child.pid;
    assert_int_equal(status_number(pid, "NoNewPrivs"), 1);
    assert_int_equal(status_number(pid, "Seccomp"), 2);
    assert_int_equal(status_number(pid, "Seccomp_filters"), 2);
    char path[64];
    snprintf(path, sizeof(path), "/proc/%d/environ", pid);
    FILE *file = fopen(path, "r");
    if (file) { /* nobody but root may look into a process that is not dumpable */
        assert_int_equal(fgetc(file), EOF);
        fclose(file);
    }
    snprintf(path, sizeof(path), "/proc/%d/fd", pid);
    DIR *dir = opendir(path);
    unsigned count = 0;
    for (struct dirent *entry; dir && (entry = readdir(dir));)
        count += entry->d_name[0] != '.';
    if (dir) {
        assert_int_equal(count, 4); /* the null device three times, and the eventfd */
        closedir(dir);
    }
    kit_run_fini(&r);
    close_fixture(&f);
}

static void test_what_a_host_has(void **state)
{
    (void)state;
    check_what_a_host_has(OL_PROGRAM_LUA);
    check_what_a_host_has(OL_PROGRAM_SHARED);
}

/* Started by the test below: a server that starts a host, says its number, and is killed. */
static int short_lived_server(void)
{
    ol_child child;
    ol_child_options options = {.slot_bytes = 4096, .slots = 8, .jobs_max = 1};
    ol_program program = {
        .name = "n", .path = "p", .source = OL_SLICE_LIT("identity"), .image_fd = -1};
    ol_transform_limits_default(&program.limits);
    if (ol_child_start(&child, &options, &program, NULL) != OL_OK)
        return 1;
    struct pollfd ready = {.fd = child.wake_fd, .events = POLLIN};
    poll(&ready, 1, 10000); /* until the wall stands */
    printf("%d\n", child.pid);
    fflush(stdout);
    raise(SIGKILL);
    return 1;
}

static void test_a_host_does_not_outlive_its_server(void **state)
{
    (void)state;
    char command[512], self[400];
    int host = 0, status;
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);
    assert_true(len > 0);
    self[len] = '\0';
    snprintf(command, sizeof(command), "%s server 2>/dev/null", self);
    FILE *out = popen(command, "r");
    assert_non_null(out);
    assert_int_equal(fscanf(out, "%d", &host), 1);
    pclose(out);
    assert_int_equal(waitpid(host, &status, 0),
                     host); /* ours now; a host that lives on hangs here */
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGKILL);
    prctl(PR_SET_CHILD_SUBREAPER, 0);
}

static void test_only_the_server_starts_a_host(void **state)
{
    (void)state;
    char command[512], self[400];
    ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);
    self[len] = '\0';
    snprintf(command, sizeof(command), "%s host </dev/null >/dev/null 2>&1", self);
    int status = system(command);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), OL_HOST_EXIT_SERVER);
}

int main(int argc, char **argv)
{
    if (fake_is_host(argc, argv))
        return fake_host_main();
    if (argc == 2 && strcmp(argv[1], "server") == 0)
        return short_lived_server();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_forbidden_calls_kill),
        cmocka_unit_test(test_a_host_may_abort),
        cmocka_unit_test(test_the_check_itself),
        cmocka_unit_test(test_looking_for_files_finds_nothing),
        cmocka_unit_test(test_memory_is_limited),
        cmocka_unit_test(test_loading_is_walled_too),
        cmocka_unit_test(test_files_while_loading),
        cmocka_unit_test(test_a_dodged_second_step),
        cmocka_unit_test(test_threads_as_declared),
        cmocka_unit_test(test_what_a_host_has),
        cmocka_unit_test(test_a_host_does_not_outlive_its_server),
        cmocka_unit_test(test_only_the_server_starts_a_host),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
