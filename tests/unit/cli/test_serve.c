/* SPDX-License-Identifier: MIT */
/*
 * objlens serve as a person or a script meets it: the line that says it is ready, who gets to
 * see new keys, and how it ends.
 */
#include "process.h"

#include <dirent.h>
#include <sys/stat.h>

static ol_test_scratch s;

typedef struct server {
    pid_t pid;
    int err_fd; /* where its standard error can be read */
    ol_buf err;
} server;

static int setup(void **state)
{
    (void)state;
    ol_test_scratch_open(&s);
    unsetenv("OBJLENS_ACCESS_KEY");
    unsetenv("OBJLENS_SECRET_KEY");
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    ol_test_scratch_close(&s);
    return 0;
}

static void spawn_server(server *it, char *const *argv, int err_fd)
{
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, err_fd, 2);
    if (posix_spawn(&it->pid, OBJLENS, &actions, NULL, argv, environ) != 0)
        fail_msg("%s is not built", OBJLENS);
    posix_spawn_file_actions_destroy(&actions);
    close(err_fd);
    ol_buf_init(&it->err, OL_MIB);
}

static void start_on_pipe(server *it, char *const *argv)
{
    int fds[2];
    assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
    it->err_fd = fds[0];
    spawn_server(it, argv, fds[1]);
}

static void start_on_terminal(server *it, char *const *argv)
{
    it->err_fd = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    assert_true(it->err_fd >= 0);
    assert_int_equal(grantpt(it->err_fd), 0);
    assert_int_equal(unlockpt(it->err_fd), 0);
    int terminal = open(ptsname(it->err_fd), O_RDWR | O_NOCTTY | O_CLOEXEC);
    assert_true(terminal >= 0);
    spawn_server(it, argv, terminal);
}

/* Reads what it says until the text is in it, or (text NULL) to the end. */
static bool read_until(server *it, const char *text)
{
    uint64_t end_ms = ol_clock_mono_ms() + PROCESS_BOUND_MS;
    while (!text || !strstr(ol_buf_cstr(&it->err), text)) {
        uint8_t bytes[4096];
        struct pollfd fd = {.fd = it->err_fd, .events = POLLIN};
        if (ol_clock_mono_ms() >= end_ms || poll(&fd, 1, (int)(end_ms - ol_clock_mono_ms())) <= 0) {
            kill(it->pid, SIGKILL);
            fail_msg("waited in vain; it said:\n%s", ol_buf_cstr(&it->err));
        }
        ssize_t got = read(it->err_fd, bytes, sizeof(bytes));
        if (got <= 0)
            return false; /* a terminal's end is an error */
        assert_int_equal(ol_buf_add(&it->err, ol_slice_of(bytes, (size_t)got)), OL_OK);
    }
    return true;
}

static int stop(server *it, int signal_number)
{
    int status;
    if (signal_number)
        kill(it->pid, signal_number);
    read_until(it, NULL);
    assert_int_equal(waitpid(it->pid, &status, 0), it->pid);
    close(it->err_fd);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static char *data_option(char out[128], const char *name)
{
    snprintf(out, 128, "--data=%s/%s", s.folder, name);
    return out;
}

static void read_made_keys(ol_buf *text, char access_key[64], char secret_key[64])
{
    ol_buf_init(text, OL_MIB);
    ol_test_file_read(ol_test_scratch_path(&s, "data/credentials"), text);
    assert_int_equal(sscanf(ol_buf_cstr(text),
                            "[default]\naws_access_key_id = %63s\naws_secret_access_key = %63s",
                            access_key, secret_key),
                     2);
}

static void test_new_keys_are_not_shown_to_a_log(void **state)
{
    (void)state;
    server it;
    ol_buf text;
    char data[128], access_key[64], secret_key[64];
    start_on_pipe(&it, (char *const[]){"objlens", "serve", data_option(data, "data"), "--listen",
                                       "127.0.0.1:0", "--loops", "1", NULL});
    assert_true(read_until(&it, "root's keys were made; they are in "));
    assert_non_null(strstr(ol_buf_cstr(&it.err), "objlens: serving http://127.0.0.1:"));
    assert_int_equal(stop(&it, SIGTERM), 0);
    read_made_keys(&text, access_key, secret_key);
    assert_null(strstr(ol_buf_cstr(&it.err), access_key));
    assert_null(strstr(ol_buf_cstr(&it.err), secret_key));
    ol_buf_fini(&text);
    ol_buf_fini(&it.err);
}

static void test_new_keys_are_shown_on_a_terminal_once(void **state)
{
    (void)state;
    ol_buf text;
    char data[128], access_key[64], secret_key[64];
    for (int run = 0; run < 2; run++) {
        server it;
        start_on_terminal(&it, (char *const[]){"objlens", "serve", data_option(data, "data"),
                                               "--listen=127.0.0.1:0", "--loops=1", NULL});
        assert_true(read_until(&it, "objlens: try aws --endpoint-url http://127.0.0.1:"));
        assert_int_equal(stop(&it, SIGINT), 0);
        read_made_keys(&text, access_key, secret_key);
        assert_true((strstr(ol_buf_cstr(&it.err), secret_key) != NULL) == (run == 0));
        ol_buf_fini(&text);
        ol_buf_fini(&it.err);
    }
}

static void test_what_cannot_start(void **state)
{
    (void)state;
    server it;
    char data[128], path[256];
    start_on_pipe(&it, (char *const[]){"objlens", "serve", data_option(data, "data"), "--view",
                                       "v=orders:pii", NULL});
    assert_int_equal(stop(&it, 0), 1);
    assert_non_null(strstr(ol_buf_cstr(&it.err), "objlens: --view v=orders:pii: the view's name"));
    ol_buf_fini(&it.err);

    snprintf(path, sizeof(path), "%s/objlens.lua", s.folder);
    ol_test_file_write(path, OL_SLICE_LIT("\nregion = 5\n"));
    start_on_pipe(&it, (char *const[]){"objlens", "serve", path, NULL});
    assert_int_equal(stop(&it, 0), 1);
    assert_non_null(strstr(ol_buf_cstr(&it.err), "objlens.lua:2: region: must be a text\n"));
    assert_non_null(strstr(ol_buf_cstr(&it.err), "objlens.lua: 2 mistakes\n"));
    ol_buf_fini(&it.err);
}

/* SIGHUP: a file with mistakes is told of and not taken; the next good one is, also when --loops
 * goes before what it says. */
static void test_a_reload(void **state)
{
    (void)state;
    static const char good[] = "root { access_key = 'rootkey', secret_key = 'rootsecret' }\n"
                               "listen '127.0.0.1:0'\nlogs { access = false }\n";
    server it;
    char path[256];
    snprintf(path, sizeof(path), "%s/objlens.lua", s.folder);
    ol_test_file_write(path, ol_slice_cstr(good));
    start_on_pipe(&it, (char *const[]){"objlens", "serve", "--loops=1", path, NULL});
    assert_true(read_until(&it, "objlens: serving http://127.0.0.1:"));
    ol_test_file_write(path, OL_SLICE_LIT("region = 5\n"));
    assert_int_equal(kill(it.pid, SIGHUP), 0);
    assert_true(read_until(&it, "the old configuration serves on"));
    assert_non_null(strstr(ol_buf_cstr(&it.err), "objlens.lua:1: region: must be a text\n"));
    ol_test_file_write(path, ol_slice_cstr(good));
    assert_int_equal(kill(it.pid, SIGHUP), 0);
    assert_true(read_until(&it, "configuration reloaded"));
    assert_int_equal(stop(&it, SIGTERM), 0);
    ol_buf_fini(&it.err);
}

static size_t count_threads(const server *it)
{
    char path[64];
    size_t count = 0;
    snprintf(path, sizeof(path), "/proc/%d/task", it->pid);
    DIR *dir = opendir(path);
    assert_non_null(dir);
    while (readdir(dir))
        count++;
    closedir(dir);
    return count;
}

static void test_loops_on_the_command_line_go_before_the_file(void **state)
{
    (void)state;
    static char *const loops[] = {"--loops=1", "--loops=4"};
    size_t threads[2];
    char path[256];
    snprintf(path, sizeof(path), "%s/objlens.lua", s.folder);
    ol_test_file_write(path, OL_SLICE_LIT("root { access_key = 'rootkey', secret_key = 'rootsecret' }\n"
                                          "listen '127.0.0.1:0'\nloops = 2\n"));
    for (int i = 0; i < 2; i++) {
        server it;
        start_on_pipe(&it, (char *const[]){"objlens", "serve", loops[i], path, NULL});
        assert_true(read_until(&it, "objlens: serving "));
        threads[i] = count_threads(&it);
        assert_int_equal(stop(&it, SIGTERM), 0);
        ol_buf_fini(&it.err);
    }
    assert_true(threads[1] >= threads[0] + 3);
}

int main(void)
{
#define EACH(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
    const struct CMUnitTest tests[] = {
        EACH(test_new_keys_are_not_shown_to_a_log),
        EACH(test_new_keys_are_shown_on_a_terminal_once),
        EACH(test_what_cannot_start),
        EACH(test_a_reload),
        EACH(test_loops_on_the_command_line_go_before_the_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
