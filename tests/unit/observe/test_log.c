/* SPDX-License-Identifier: MIT */
/* Logs: whole lines in order, rotation, what is dropped and told, targets that do not take. */
#include "lib/alloc_check.h"
#include "lib/check.h"
#include "lib/scratch.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/limits.h"
#include "observe/log.h"

typedef struct rig {
    ol_test_scratch scratch;
    const char *path;
    ol_log *log;
    ol_buf content;
} rig;

static int set_up(void **state)
{
    rig *r = calloc(1, sizeof(*r));
    *state = r;
    ol_test_scratch_open(&r->scratch);
    r->path = ol_test_scratch_path(&r->scratch, "access.log");
    ol_buf_init(&r->content, 64 * OL_MIB);
    return 0;
}

static int tear_down(void **state)
{
    rig *r = *state;
    ol_buf_fini(&r->content);
    ol_test_scratch_close(&r->scratch);
    free(r);
    return 0;
}

static ol_log *open_log(const char *path)
{
    ol_log *log = NULL;
    ol_error err = {0};
    assert_code_of(ol_log_open(&log, path, &err), OL_OK, &err);
    return log;
}

static void lines_are_appended_whole(void **state)
{
    rig *r = *state;
    for (int round = 0; round < 2; round++) {
        ol_log *log = open_log(r->path);
        ol_log_line(log, OL_SLICE_LIT("first"));
        ol_log_line(log, OL_SLICE_NONE);
        ol_log_line(log, OL_SLICE_LIT("second"));
        ol_log_close(log);
    }
    ol_test_file_read(r->path, &r->content);
    assert_slice(ol_buf_slice(&r->content), "first\n\nsecond\nfirst\n\nsecond\n");
    struct stat about;
    assert_int_equal(stat(r->path, &about), 0);
    assert_int_equal(about.st_mode & 0777, 0600);
}

static bool has_content(void *arg)
{
    struct stat about;
    return stat(arg, &about) == 0 && about.st_size > 0;
}

static void lines_arrive_without_a_close(void **state)
{
    rig *r = *state;
    r->log = open_log(r->path);
    for (int i = 0; i < 3; i++) {
        ol_log_line(r->log, OL_SLICE_LIT("now"));
        ol_test_wait(has_content, (void *)r->path, OL_TEST_BOUND_MS);
        ol_test_file_read(r->path, &r->content);
        assert_slice(ol_buf_slice(&r->content), "now\n");
        assert_int_equal(truncate(r->path, 0), 0);
    }
    ol_log_close(r->log);
}

static void nothing_to_log_to(void **state)
{
    (void)state;
    ol_log_line(NULL, OL_SLICE_LIT("x"));
    ol_log_reopen(NULL);
    assert_int_equal(ol_log_dropped(NULL), 0);
    ol_log_close(NULL);
}

#define THREADS 4
#define LINES_EACH 20000

static void *write_lines(void *arg)
{
    static atomic_int next;
    int me = next++;
    for (int i = 0; i < LINES_EACH; i++) {
        char line[64];
        int len = snprintf(line, sizeof(line), "%d %d end", me, i);
        ol_log_line(arg, ol_slice_of(line, (size_t)len));
    }
    return NULL;
}

static void threads_do_not_mix_their_lines(void **state)
{
    rig *r = *state;
    pthread_t threads[THREADS];
    r->log = open_log(r->path);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, write_lines, r->log), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    uint64_t dropped = ol_log_dropped(r->log);
    ol_log_close(r->log);
    ol_test_file_read(r->path, &r->content);
    int next[THREADS] = {0};
    uint64_t lines = 0;
    for (char *line = strtok((char *)(uintptr_t)ol_buf_cstr(&r->content), "\n"); line;
         line = strtok(NULL, "\n")) {
        int me, number, used = 0;
        if (line[0] == '{')
            continue;
        assert_int_equal(sscanf(line, "%d %d end%n", &me, &number, &used), 2);
        assert_int_equal(used, strlen(line));
        assert_true(number >= next[me]);
        next[me] = number + 1;
        lines++;
    }
    assert_int_equal(lines + dropped, THREADS * LINES_EACH);
}

static bool is_there(void *arg)
{
    return access(arg, F_OK) == 0;
}

static void rotation(void **state)
{
    rig *r = *state;
    const char *old = ol_test_scratch_path(&r->scratch, "access.log.1");
    r->log = open_log(r->path);
    ol_log_line(r->log, OL_SLICE_LIT("old"));
    assert_int_equal(rename(r->path, old), 0);
    ol_log_reopen(r->log);
    ol_test_wait(has_content, (void *)old, OL_TEST_BOUND_MS);
    ol_test_wait(is_there, (void *)r->path, OL_TEST_BOUND_MS);
    ol_log_line(r->log, OL_SLICE_LIT("new"));
    ol_log_close(r->log);
    ol_test_file_read(old, &r->content);
    assert_slice(ol_buf_slice(&r->content), "old\n");
    ol_test_file_read(r->path, &r->content);
    assert_slice(ol_buf_slice(&r->content), "new\n");
}

/* A pipe that nobody reads yet; the log has its other end. */
static int open_pipe(rig *r)
{
    const char *path = ol_test_scratch_path(&r->scratch, "pipe");
    assert_int_equal(mkfifo(path, 0600), 0);
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    assert_true(fd >= 0);
    r->log = open_log(path);
    return fd;
}

typedef struct pipe_reader {
    int fd;
    ol_buf *content;
    uint64_t lines; /* to be read */
} pipe_reader;

static bool read_lines(void *arg)
{
    pipe_reader *reader = arg;
    char piece[65536];
    for (ssize_t got; (got = read(reader->fd, piece, sizeof(piece))) > 0;)
        assert_code(ol_buf_add(reader->content, ol_slice_of(piece, (size_t)got)), OL_OK);
    uint64_t lines = 0;
    for (size_t i = 0; i < reader->content->len; i++)
        lines += reader->content->data[i] == '\n';
    return lines >= reader->lines;
}

static void what_does_not_fit_is_counted_and_told(void **state)
{
    rig *r = *state;
    int fd = open_pipe(r);
    const unsigned written = 100000;
    uint64_t longest_ns = 0;
    for (unsigned i = 0; i < written; i++) {
        uint64_t start_ns = ol_clock_mono_ns();
        ol_log_line(r->log, OL_SLICE_LIT("a line of some length, as they are in an access log"));
        uint64_t took_ns = ol_clock_mono_ns() - start_ns;
        longest_ns = took_ns > longest_ns ? took_ns : longest_ns;
    }
    uint64_t dropped = ol_log_dropped(r->log);
    assert_in_range(dropped, written / 4, written - 10000);
    assert_true(longest_ns < OL_TEST_BOUND_MS * UINT64_C(1000000)); /* the reader has not read at all */
    /* What was not dropped, and the line that tells. */
    pipe_reader reader = {fd, &r->content, written - dropped + 1};
    ol_test_wait(read_lines, &reader, OL_TEST_BOUND_MS);
    unsigned long long told = 0;
    const char *report = strstr(ol_buf_cstr(&r->content), "{\"time\":\"");
    assert_non_null(report);
    assert_int_equal(sscanf(report + 34, ",\"log_lines_dropped\":%llu}", &told), 1);
    assert_int_equal(told, dropped);
    ol_log_close(r->log);
    reader.lines++;
    assert_false(read_lines(&reader));
    close(fd);
}

static uint64_t close_with_a_stuck_reader_ms(rig *r)
{
    int fd = open_pipe(r);
    for (unsigned i = 0; i < 20000; i++)
        ol_log_line(r->log, OL_SLICE_LIT("more than a pipe holds when nobody reads from it"));
    uint64_t start_ms = ol_clock_mono_ms();
    ol_log_close(r->log);
    uint64_t took_ms = ol_clock_mono_ms() - start_ms;
    close(fd);
    assert_int_equal(unlink(ol_test_scratch_path(&r->scratch, "pipe")), 0);
    return took_ms;
}

static void a_stuck_reader_does_not_hold_up_the_close(void **state)
{
    const uint64_t most_ms = OL_LOG_CLOSE_MS + 3000;
    uint64_t took_ms = close_with_a_stuck_reader_ms(*state);
    for (unsigned tries = 1; took_ms >= most_ms && tries < 3; tries++) /* the machine may hold it up */
        took_ms = close_with_a_stuck_reader_ms(*state);
    assert_true(took_ms < most_ms);
}

static bool has_dropped(void *arg)
{
    return ol_log_dropped(arg) >= 2;
}

static void a_full_disk_loses_lines_only(void **state)
{
    (void)state;
    ol_log *log = open_log("/dev/full");
    ol_log_line(log, OL_SLICE_LIT("one"));
    ol_log_line(log, OL_SLICE_LIT("two"));
    ol_test_wait(has_dropped, log, OL_TEST_BOUND_MS);
    assert_int_equal(ol_log_dropped(log), 2);
    ol_log_close(log);
}

static void a_reader_that_leaves_loses_lines_only(void **state)
{
    rig *r = *state;
    int fd = open_pipe(r);
    close(fd);
    ol_log_line(r->log, OL_SLICE_LIT("one"));
    ol_log_line(r->log, OL_SLICE_LIT("two"));
    ol_test_wait(has_dropped, r->log, OL_TEST_BOUND_MS);
    ol_log_close(r->log);
}

static void targets_that_cannot_be_opened(void **state)
{
    rig *r = *state;
    ol_log *log;
    const char *bad[] = {r->scratch.folder, ol_test_scratch_path(&r->scratch, "no/such/folder"),
                         ol_test_scratch_path(&r->scratch, "lonely-pipe")};
    assert_int_equal(mkfifo(bad[2], 0600), 0);
    long before = ol_alloc_live();
    for (size_t i = 0; i < 3; i++) {
        ol_error err = {0};
        assert_code(ol_log_open(&log, bad[i], &err), OL_ECONFIG);
        assert_non_null(strstr(err.detail, bad[i]));
        assert_null(strstr(err.message, bad[i]));
    }
    assert_no_leak(before);
}

static int open_and_close(void *path)
{
    ol_log *log;
    ol_error err = {0};
    int rc = ol_log_open(&log, path, &err);
    if (rc != OL_OK)
        return rc;
    ol_log_line(log, OL_SLICE_LIT("x"));
    ol_log_close(log);
    return OL_OK;
}

static void memory_may_run_out(void **state)
{
    rig *r = *state;
    assert_int_equal(ol_test_fail_each(open_and_close, (void *)r->path), 4);
}

/* What `run` leaves on a standard descriptor. */
static void capture(int target, void (*run)(void), ol_buf *out)
{
    int pipe_fds[2];
    assert_int_equal(pipe(pipe_fds), 0);
    int before = dup(target);
    fflush(NULL);
    assert_true(dup2(pipe_fds[1], target) >= 0);
    run();
    assert_true(dup2(before, target) >= 0);
    close(before);
    close(pipe_fds[1]);
    char text[4096];
    ssize_t got = read(pipe_fds[0], text, sizeof(text));
    close(pipe_fds[0]);
    ol_buf_clear(out);
    assert_code(ol_buf_add(out, ol_slice_of(text, got > 0 ? (size_t)got : 0)), OL_OK);
}

static void log_to_standard_output(void)
{
    ol_log *log = open_log("-");
    ol_log_line(log, OL_SLICE_LIT("to standard output"));
    ol_log_reopen(log);
    ol_log_close(log);
}

static void log_to_standard_error(void)
{
    ol_log *log = open_log("--");
    ol_log_line(log, OL_SLICE_LIT("to standard error"));
    ol_log_close(log);
}

static void say_things(void)
{
    ol_say("info", "listening on %s", "127.0.0.1");
    ol_say("warn", "odd\nname \x1b[31m");
    ol_say("error", "%2000d", 1);
}

static void standard_descriptors(void **state)
{
    rig *r = *state;
    capture(STDOUT_FILENO, log_to_standard_output, &r->content);
    assert_slice(ol_buf_slice(&r->content), "to standard output\n");
    capture(STDERR_FILENO, log_to_standard_error, &r->content);
    assert_slice(ol_buf_slice(&r->content), "to standard error\n");
}

static void messages_of_the_server(void **state)
{
    rig *r = *state;
    capture(STDERR_FILENO, say_things, &r->content);
    ol_slice said = ol_buf_slice(&r->content);
    assert_true(ol_slice_starts(said, OL_SLICE_LIT("objlens: listening on 127.0.0.1\n"
                                                   "objlens: warn: odd?name ?[31m\n"
                                                   "objlens: error:   ")));
    assert_true(ol_slice_ends(said, OL_SLICE_LIT(" \n")));
    assert_true(said.len < 1024 + 100);
}

int main(void)
{
#define LOG_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        LOG_TEST(lines_are_appended_whole),
        LOG_TEST(lines_arrive_without_a_close),
        LOG_TEST(nothing_to_log_to),
        LOG_TEST(threads_do_not_mix_their_lines),
        LOG_TEST(rotation),
        LOG_TEST(what_does_not_fit_is_counted_and_told),
        LOG_TEST(a_stuck_reader_does_not_hold_up_the_close),
        LOG_TEST(a_full_disk_loses_lines_only),
        LOG_TEST(a_reader_that_leaves_loses_lines_only),
        LOG_TEST(targets_that_cannot_be_opened),
        LOG_TEST(memory_may_run_out),
        LOG_TEST(standard_descriptors),
        LOG_TEST(messages_of_the_server),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
