/* SPDX-License-Identifier: MIT */
/*
 * objlens test: the cases of a transform, each cut in every way that its input may come.
 */
#include <dirent.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/case_run.h"
#include "cli/cli.h"
#include "cli/program.h"
#include "control/config/limit_option.h"

#define ARENA_BYTES_MAX (64u * OL_MIB)
#define NAME_COLUMN 28

typedef struct testing {
    const ol_options *options;
    ol_arena *arena, *case_arena;
    const char *folder;  /* as given */
    const char *cases_in;
    ol_transform_limits limits;
    uint64_t splits_max;
    ol_cli_program opened;
    unsigned passed, failed;
} testing;

/* ---- what to test ---- */

static bool is_folder(const char *path)
{
    struct stat st;
    return path && stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* The one .lua or .so of the folder. */
static int find_transform(testing *self, const char **found, ol_error *err)
{
    DIR *dir = opendir(self->folder);
    size_t count = 0;
    if (!dir)
        return ol_error_set(err, OL_EINVAL, "%s: cannot be read as a folder", self->folder);
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        ol_slice name = ol_slice_cstr(entry->d_name);
        bool fits = ol_slice_ends(name, OL_SLICE_LIT(".lua")) ||
                    ol_slice_ends(name, OL_SLICE_LIT(".so"));
        if (!fits || entry->d_name[0] == '.')
            continue;
        *found = ol_arena_printf(self->arena, "%s/%s", self->folder, entry->d_name);
        count++;
    }
    closedir(dir);
    if (count == 1 && *found)
        return OL_OK;
    return ol_error_set(err, OL_EINVAL,
                        count ? "%s: has more than one .lua or .so; say which with --transform"
                              : "%s: has no .lua or .so (a plugin must be built first); or say "
                                "--transform",
                        self->folder);
}

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
    const char *transform = ol_options_value(self->options, "transform", 0);
    self->folder = self->options->operands[0];
    self->cases_in = ol_arena_printf(self->arena, "%s/tests", self->folder);
    if (!is_folder(self->cases_in))
        self->cases_in = self->folder;
    int rc = transform ? OL_OK : find_transform(self, &transform, err);
    if (rc != OL_OK)
        return rc;
    ol_cli_program_asked asked = {
        .given = transform,
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

static int update(testing *self, const ol_case *one, const ol_case_report *report, ol_error *err)
{
    const char *path = ol_case_path(one, self->case_arena, "expected");
    FILE *file = path ? fopen(path, "wb") : NULL;
    if (!file)
        return ol_error_set(err, OL_EINVAL, "expected: cannot be written");
    bool written = fwrite(report->output.data ? report->output.data : (const uint8_t *)"", 1,
                          report->output.len, file) == report->output.len;
    if (fclose(file) != 0 || !written)
        return ol_error_set(err, OL_EINVAL, "%s: cannot be written", path);
    return OL_OK;
}

/* ---- cases ---- */

static bool wants_update(const testing *self, const ol_case *one)
{
    return ol_options_has(self->options, "update") && !one->fails && one->entry != OL_ENTRY_HEAD;
}

static int run_case(testing *self, ol_case *one, ol_case_report *report, ol_error *err)
{
    int rc = ol_case_read(one, self->case_arena, err);
    if (rc != OL_OK)
        return rc;
    bool updates = wants_update(self, one);
    if (updates)
        one->has_expected = false;
    else if (!one->has_expected && !one->has_expectation && one->secret_count == 0)
        return ol_error_set(err, OL_EINVAL, "it expects nothing: there is neither \"expected\" nor "
                                            "\"expect.json\" (--update writes the first)");
    ol_case_run run = {.one = one,
                       .program = self->opened.program,
                       .splits_max = (unsigned)self->splits_max,
                       .arena = self->case_arena};
    rc = ol_case_run_all(&run, report, err);
    return rc == OL_OK && updates && report->succeeded ? update(self, one, report, err) : rc;
}

static void test_case(testing *self, ol_case *one)
{
    ol_case_report report;
    ol_error err = {0};
    ol_case_report_init(&report);
    int rc = run_case(self, one, &report, &err);
    if (rc == OL_OK) {
        self->passed++;
        printf("ok    %-*s", NAME_COLUMN, one->name);
        print_usage(&report);
    } else {
        self->failed++;
        printf("FAIL  %s: %s\n", one->name, ol_cli_reason(&err));
        print_log(ol_buf_slice(&report.log));
    }
    ol_case_report_fini(&report);
    ol_case_fini(one);
    ol_arena_reset(self->case_arena);
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

static int test_all(testing *self, ol_error *err)
{
    ol_case *cases;
    size_t count;
    int rc = open_transform(self, err);
    if (rc == OL_OK)
        rc = ol_cases_find(self->cases_in, self->arena, &cases, &count, err);
    for (size_t i = 0; rc == OL_OK && i < count; i++)
        test_case(self, &cases[i]);
    if (rc == OL_OK)
        print_sum(self);
    return rc;
}

static int run(const ol_options *options)
{
    testing self = {.options = options};
    ol_error err = {0};
    if (read_options(&self, &err) != OL_OK)
        return ol_cli_usage(options->command, "%s", err.detail);
    self.arena = ol_arena_new(ARENA_BYTES_MAX);
    self.case_arena = ol_arena_new(ARENA_BYTES_MAX);
    int rc = self.arena && self.case_arena ? test_all(&self, &err)
                                           : ol_error_set(&err, OL_ENOMEM, "starting");
    ol_cli_program_close(&self.opened);
    ol_arena_destroy(self.case_arena);
    ol_arena_destroy(self.arena);
    if (rc != OL_OK)
        ol_cli_complain("%s", ol_cli_reason(&err));
    return rc == OL_OK && self.failed == 0 ? OL_EXIT_OK : OL_EXIT_FAILED;
}

static const ol_option test_options[] = {
    {"transform", "NAME|FILE", false,
     "what to test, where DIR does not hold exactly one .lua or .so"},
    {"splits", "N", false,
     "at how many points a longer input is cut, one run each\n"
     "(default: 200)"},
    {"limit", "KEY=VALUE", true, "one of limits.transform in the configuration"},
    OL_CLI_PROGRAM_OPTIONS,
    {"update", NULL, false, "write what comes out as what is expected; read the change well"},
};

const ol_command ol_command_test = {
    .name = "test",
    .operands = "DIR",
    .operands_min = 1,
    .operands_max = 1,
    .summary = "Run a transform's test cases, cut in every way.",
    .about = "DIR holds the transform, and its cases in DIR/tests (or in itself). A case is a folder\n"
             "with the files input, expected, payload, event.json, expect.json and secrets, or a group\n"
             "of files NAME.input, NAME.expected and so on. Each runs once as in service, once to be\n"
             "measured, cut into single bytes, and cut in two at every point. All runs must agree. What\n"
             "stands in secrets, a string of the input in each line, must come out nowhere.\n\n"
             "Exit code 0: every case holds. 1: one does not, or something could not be run.",
    .options = test_options,
    .option_count = sizeof(test_options) / sizeof(test_options[0]),
    .run = run,
};
