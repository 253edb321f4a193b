/* SPDX-License-Identifier: MIT */
/*
 * objlens test: the cases of a transform, each cut in every way that its input may come.
 */
#include <stdio.h>
#include <sys/resource.h>

#include "base/clock.h"
#include "cli/case_run.h"
#include "cli/cli.h"
#include "cli/folder_stamp.h"
#include "cli/junit.h"
#include "cli/program.h"
#include "cli/side_by_side.h"
#include "cli/test_folder.h"
#include "control/config/limit_option.h"

#define ARENA_BYTES_MAX (64u * OL_MIB)
#define NAME_COLUMN 28

typedef struct testing {
    const ol_options *options;
    ol_arena *arena, *case_arena;
    ol_test_folder folder;
    ol_transform_limits limits;
    uint64_t splits_max;
    ol_cli_program opened;
    ol_junit junit;
    unsigned passed, failed;
} testing;

/* ---- what to test ---- */

static int read_options(testing *self, ol_error *err)
{
    const char *text;
    ol_transform_limits_default(&self->limits);
    for (size_t i = 0; (text = ol_options_value(self->options, "limit", i)); i++)
        if (ol_limit_option_set(&self->limits, text, err) != OL_OK)
            return OL_EINVAL;
    self->splits_max = OL_CASE_SPLITS_DEFAULT;
    return ol_options_number(self->options, "splits", 0, OL_CASE_SPLITS_MAX, &self->splits_max, err);
}

static int open_transform(testing *self, ol_error *err)
{
    const char *path = self->options->operand_count ? self->options->operands[0] : ".";
    int rc = ol_test_folder_look(&self->folder, path, ol_options_value(self->options, "transform", 0), self->arena, err);
    if (rc != OL_OK)
        return rc;
    ol_cli_program_asked asked = {
        .given = self->folder.transform,
        .limits = &self->limits,
        .options = self->options,
    };
    return ol_cli_program_open(&self->opened, self->arena, &asked, err);
}

/* ---- reports ---- */

static void print_usage(const ol_case_report *report)
{
    const ol_transform_usage *usage = &report->usage;
    printf("%6u runs %9.3f ms", report->runs, (double)usage->cpu_us / 1000);
    if (usage->memory_bytes > 0)
        printf(" %8llu KiB", (unsigned long long)(usage->memory_bytes + 1023) / 1024);
    if (usage->instructions > 0)
        printf(" %10llu instructions", (unsigned long long)usage->instructions);
    putchar('\n');
}

/* What the script logged, for the author to see; its control characters as text. */
static void print_log(ol_slice log)
{
    bool line_start = true;
    for (size_t i = 0; i < log.len; i++) {
        uint8_t c = log.data[i];
        if (line_start)
            fputs("      log: ", stdout);
        line_start = c == '\n';
        if (c < 0x20 && c != '\n' && c != '\t')
            printf("\\x%02x", c);
        else
            putchar(c);
    }
}

/* What was expected on the left, what came out on the right. */
static void print_difference(const testing *self, const ol_case *one, const ol_case_report *report)
{
    ol_line_diff lines;
    ol_slice expected = ol_buf_slice(&one->expected), out = ol_buf_slice(&report->output);
    bool differs = one->has_expected && report->succeeded && !ol_slice_eq(expected, out);
    if (!differs || !ol_options_has(self->options, "diff") ||
        ol_line_diff_make(&lines, expected, out) != OL_OK)
        return;
    ol_side_by_side to = ol_side_by_side_for(stdout);
    ol_side_by_side_print(&to, &lines);
    ol_line_diff_fini(&lines);
}

/* *changed: whether "expected" is new, or not what it was. */
static int update(testing *self, const ol_case *one, const ol_case_report *report, bool *changed,
                  ol_error *err)
{
    ol_slice out = ol_buf_slice(&report->output);
    *changed = !one->had_expected || !ol_slice_eq(ol_buf_slice(&one->expected), out);
    const char *path = ol_case_path(one, self->case_arena, "expected");
    FILE *file = *changed && path ? fopen(path, "wb") : NULL;
    if (!*changed)
        return OL_OK;
    if (!file)
        return ol_error_set(err, OL_EINVAL, "expected: cannot be written");
    bool written = fwrite(out.data ? out.data : (const uint8_t *)"", 1, out.len, file) == out.len;
    if (fclose(file) != 0 || !written)
        return ol_error_set(err, OL_EINVAL, "%s: cannot be written", path);
    return OL_OK;
}

/* ---- cases ---- */

static bool wants_update(const testing *self, const ol_case *one)
{
    return ol_options_has(self->options, "update") && !one->fails && one->entry != OL_ENTRY_HEAD;
}

static int run_case(testing *self, ol_case *one, ol_case_report *report, bool *changed, ol_error *err)
{
    int rc = ol_case_read(one, self->case_arena, err);
    if (rc != OL_OK)
        return rc;
    bool updates = wants_update(self, one);
    if (updates) {
        one->had_expected = one->has_expected;
        one->has_expected = false;
    } else if (!one->has_expected && !one->has_expectation && one->secrets.secret_count == 0) {
        return ol_error_set(err, OL_EINVAL, "it expects nothing: there is neither \"expected\" nor "
                                            "\"expect.json\" (--update writes the first)");
    }
    ol_case_run run = {.one = one,
                       .program = self->opened.program,
                       .splits_max = (unsigned)self->splits_max,
                       .arena = self->case_arena};
    rc = ol_case_run_all(&run, report, err);
    return rc == OL_OK && updates && report->succeeded ? update(self, one, report, changed, err) : rc;
}

static void test_case(testing *self, ol_case *one)
{
    ol_case_report report;
    ol_error err = {0};
    bool changed = false;
    uint64_t begun_us = ol_clock_mono_ns() / 1000;
    ol_case_report_init(&report);
    int rc = run_case(self, one, &report, &changed, &err);
    ol_junit_add(&self->junit, self->folder.name, one->name, ol_clock_mono_ns() / 1000 - begun_us,
                 rc == OL_OK ? NULL : ol_cli_reason(&err));
    if (rc == OL_OK) {
        self->passed++;
        printf("%-6s%-*s", changed ? "new" : "ok", NAME_COLUMN, one->name);
        print_usage(&report);
    } else {
        self->failed++;
        printf("FAIL  %s: %s\n", one->name, ol_cli_reason(&err));
        print_log(ol_buf_slice(&report.log));
        if (!report.leaked)
            print_difference(self, one, &report);
    }
    ol_case_report_fini(&report);
    ol_case_fini(one);
    ol_arena_reset(self->case_arena);
}

static bool is_wanted(const testing *self, const ol_case *one)
{
    const char *part;
    for (size_t i = 0; (part = ol_options_value(self->options, "only", i)) != NULL; i++)
        if (strstr(one->name, part))
            return true;
    return !ol_options_has(self->options, "only");
}

static void print_sum(const testing *self)
{
    struct rusage hosts = {0};
    getrusage(RUSAGE_CHILDREN, &hosts);
    printf("%u passed, %u failed", self->passed, self->failed);
    if (hosts.ru_maxrss > 0)
        printf("; the host took up to %ld MiB", (hosts.ru_maxrss + 1023) / 1024);
    putchar('\n');
}

/* Also when nothing could be run: the report of an earlier round must not be left to be read. */
static int write_report(testing *self, int rc, ol_error *err)
{
    const char *path = ol_options_value(self->options, "junit", 0);
    ol_error unwritten = {0};
    if (!path || !self->folder.name)
        return rc;
    if (rc == OL_OK)
        return ol_junit_write(&self->junit, self->folder.name, path, err);
    ol_junit_add(&self->junit, self->folder.name, "starting", 0, ol_cli_reason(err));
    if (ol_junit_write(&self->junit, self->folder.name, path, &unwritten) != OL_OK)
        ol_cli_complain("%s", ol_cli_reason(&unwritten));
    return rc;
}

static int test_all(testing *self, ol_error *err)
{
    ol_case *cases;
    size_t count = 0;
    int rc = open_transform(self, err);
    if (rc == OL_OK)
        rc = ol_cases_find(self->folder.cases_in, self->arena, &cases, &count, err);
    for (size_t i = 0; rc == OL_OK && i < count; i++)
        if (is_wanted(self, &cases[i]))
            test_case(self, &cases[i]);
    if (rc == OL_OK && self->junit.count == 0)
        rc = ol_error_set(err, OL_EINVAL, "%s: none of its %zu cases has the text of --only in its name",
                          self->folder.cases_in, count);
    if (rc == OL_OK)
        print_sum(self);
    return write_report(self, rc, err);
}

/* ---- rounds ---- */

/* All cases, with everything opened and closed again. The exit code. */
static int test_once(testing *self)
{
    ol_error err = {0};
    self->arena = ol_arena_new(ARENA_BYTES_MAX);
    self->case_arena = ol_arena_new(ARENA_BYTES_MAX);
    ol_junit_init(&self->junit);
    self->passed = self->failed = 0;
    int rc = self->arena && self->case_arena ? test_all(self, &err)
                                             : ol_error_set(&err, OL_ENOMEM, "starting");
    ol_cli_program_close(&self->opened);
    ol_junit_fini(&self->junit);
    ol_arena_destroy(self->case_arena);
    ol_arena_destroy(self->arena);
    if (rc != OL_OK)
        ol_cli_complain("%s", ol_cli_reason(&err));
    return rc == OL_OK && self->failed == 0 ? OL_EXIT_OK : OL_EXIT_FAILED;
}

/* Ends with a signal. */
static void watch(testing *self)
{
    const char *const paths[] = {self->options->operand_count ? self->options->operands[0] : ".",
                                 ol_options_value(self->options, "transform", 0), NULL};
    uint64_t stamp = ol_folder_stamp(paths);
    for (;;) {
        test_once(self);
        printf("-- waiting for a change; Ctrl-C ends\n");
        fflush(stdout);
        stamp = ol_folder_stamp_wait(paths, stamp);
    }
}

static int run(const ol_options *options)
{
    testing self = {.options = options};
    ol_error err = {0};
    if (read_options(&self, &err) != OL_OK)
        return ol_cli_usage(options->command, "%s", err.detail);
    if (!ol_options_has(options, "watch"))
        return test_once(&self);
    if (ol_options_has(options, "update") || ol_options_has(options, "junit"))
        return ol_cli_usage(options->command, "--watch goes neither with --update nor with --junit");
    watch(&self);
    return OL_EXIT_OK;
}

static const ol_option test_options[] = {
    {"transform", "NAME|FILE", false,
     "what to test, where DIR holds several .lua or .so and none has\n"
     "the name of DIR"},
    {"only", "TEXT", true, "only cases with TEXT in their name"},
    {"diff", NULL, false, "of each that fails: what was expected and what came, side by\nside"},
    {"splits", "N", false,
     "at how many points a longer input is cut, one run each\n"
     "(default: 200)"},
    {"limit", "KEY=VALUE", true, "one of limits.transform in the configuration"},
    OL_CLI_PROGRAM_OPTIONS,
    {"update", NULL, false, "write what comes out as what is expected; read the change well"},
    {"watch", NULL, false, "again whenever a file in DIR changes"},
    {"junit", "FILE", false, "the results as XML as well, as CI systems read it"},
};

const ol_command ol_command_test = {
    .name = "test",
    .operands = "[DIR]",
    .operands_max = 1,
    .summary = "Run a transform's test cases, cut in every way.",
    .about = "DIR (the current folder unless given) holds the transform, and its cases in DIR/tests (or in\n"
             "itself). A case is a folder with the files input, expected, payload, event.json, expect.json\n"
             "and secrets, or a group of files NAME.input, NAME.expected and so on. Each runs once as in\n"
             "service, once to be measured, cut into single bytes, and cut in two at every point. All runs\n"
             "must agree. What stands in secrets, a string of what goes in on each line, must come out\n"
             "nowhere, neither as it is nor in hexadecimal, base64, percent, XML or JSON form.\n\n"
             "Exit code 0: every case holds. 1: one does not, or something could not be run.",
    .options = test_options,
    .option_count = sizeof(test_options) / sizeof(test_options[0]),
    .run = run,
};
