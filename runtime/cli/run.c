/* SPDX-License-Identifier: MIT */
/*
 * objlens run: a transform without a server, behind the same wall and limits.
 */
#include <stdio.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/program.h"
#include "cli/run_diff.h"
#include "cli/run_entry.h"
#include "cli/run_event.h"
#include "cli/run_job.h"
#include "cli/run_verify.h"
#include "control/config/limit_option.h"
#include "control/config/quantity.h"

#define EVENT_BYTES_MAX (1 * OL_MIB)
#define CHUNK_BYTES_UNIT 4096 /* a page: chunks lie in memory shared with the host */
#define CHUNK_BYTES_MAX (4 * OL_MIB)

typedef struct run_state {
    const ol_options *options;
    ol_arena *arena;
    ol_transform_limits limits;
    uint64_t chunk_bytes;
    enum ol_transform_entry entry; /* get: of the whole, or of ranges if there are any */
    uint64_t ranges, seed;
} run_state;

/* ---- options ---- */

/* At most one of these. */
static int read_entry(run_state *self, ol_error *err)
{
    static const struct {
        const char *name;
        enum ol_transform_entry entry;
    } ways[] = {{"head", OL_ENTRY_HEAD},
                {"list", OL_ENTRY_LIST},
                {"request", OL_ENTRY_REQUEST},
                {"verify-ranges", OL_ENTRY_GET},
                {"diff", OL_ENTRY_GET}};
    unsigned given = 0;
    for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
        if (ol_options_has(self->options, ways[i].name)) {
            self->entry = ways[i].entry;
            given++;
        }
    if (given > 1)
        return ol_error_set(err, OL_EINVAL,
                            "only one of --head, --list, --request, --verify-ranges and "
                            "--diff");
    if (given > 0 && ol_options_has(self->options, "headers"))
        return ol_error_set(err, OL_EINVAL, "--headers goes with a body alone");
    if (ol_options_has(self->options, "seed") && !ol_options_has(self->options, "verify-ranges"))
        return ol_error_set(err, OL_EINVAL, "--seed goes with --verify-ranges alone");
    self->seed = 1;
    int rc = ol_options_number(self->options, "seed", 0, UINT64_MAX, &self->seed, err);
    if (rc != OL_OK)
        return rc;
    return ol_options_number(self->options, "verify-ranges", 1, OL_RUN_VERIFY_RANGES_MAX,
                             &self->ranges, err);
}

static int read_options(run_state *self, ol_error *err)
{
    const char *text;
    ol_transform_limits_default(&self->limits);
    for (size_t i = 0; (text = ol_options_value(self->options, "limit", i)); i++)
        if (ol_limit_option_set(&self->limits, text, err) != OL_OK)
            return OL_EINVAL;
    text = ol_options_value(self->options, "chunk", 0);
    if (text && (!ol_size_parse(ol_slice_cstr(text), &self->chunk_bytes) ||
                 self->chunk_bytes == 0 || self->chunk_bytes > CHUNK_BYTES_MAX ||
                 self->chunk_bytes % CHUNK_BYTES_UNIT != 0))
        return ol_error_set(err, OL_EINVAL, "--chunk must be a multiple of 4 KiB, up to 4 MiB");
    return read_entry(self, err);
}

/* ---- the run ---- */

static int run_get(const run_state *self, ol_program *program, ol_slice event, uint64_t *written,
                   ol_error *err)
{
    ol_run_job job = {.program = program,
                      .event = event,
                      .chunk_bytes = (uint32_t)self->chunk_bytes,
                      .in_fd = STDIN_FILENO,
                      .out_fd = STDOUT_FILENO,
                      .shows_head = ol_options_has(self->options, "headers")};
    return ol_run_job_run(&job, written, err);
}

static int run_other(const run_state *self, ol_program *program, ol_slice event, ol_error *err)
{
    ol_run_entry entry = {.entry = self->entry,
                          .program = program,
                          .event = event,
                          .key = ol_slice_cstr(ol_options_value(self->options, "request", 0)),
                          .chunk_bytes = (uint32_t)self->chunk_bytes,
                          .in_fd = STDIN_FILENO,
                          .out_fd = STDOUT_FILENO};
    return ol_run_entry_run(&entry, err);
}

static int verify_ranges(const run_state *self, ol_program *program, ol_slice event, ol_error *err)
{
    ol_run_verify verify = {.program = program,
                            .event = event,
                            .chunk_bytes = (uint32_t)self->chunk_bytes,
                            .in_fd = STDIN_FILENO,
                            .ranges = self->ranges,
                            .seed = self->seed};
    if (program->declared.keeps_positions)
        return ol_run_verify_run(&verify, err);
    printf("%s declares no positions: a range is cut from the whole view\n", program->name);
    return OL_OK;
}

static int show_diff(const run_state *self, ol_program *program, ol_slice event, ol_error *err)
{
    ol_run_diff diff = {.program = program,
                        .event = event,
                        .chunk_bytes = (uint32_t)self->chunk_bytes,
                        .in_fd = STDIN_FILENO,
                        .out = stdout};
    return ol_run_diff_run(&diff, err);
}

static int run_program(const run_state *self, ol_program *program, uint64_t *written, ol_error *err)
{
    ol_buf event;
    ol_run_event given = {.payload = ol_options_value(self->options, "payload", 0),
                          .file = ol_options_value(self->options, "event", 0),
                          .key = ol_options_value(self->options, "request", 0),
                          .entry = self->entry};
    ol_buf_init(&event, EVENT_BYTES_MAX);
    int rc = ol_run_event_encode(&event, &given, program, err);
    if (rc == OL_OK && self->ranges > 0)
        rc = verify_ranges(self, program, ol_buf_slice(&event), err);
    else if (rc == OL_OK && ol_options_has(self->options, "diff"))
        rc = show_diff(self, program, ol_buf_slice(&event), err);
    else if (rc == OL_OK && self->entry != OL_ENTRY_GET)
        rc = run_other(self, program, ol_buf_slice(&event), err);
    else if (rc == OL_OK)
        rc = run_get(self, program, ol_buf_slice(&event), written, err);
    ol_buf_fini(&event);
    return rc;
}

static int load_and_run(run_state *self, uint64_t *written, ol_error *err)
{
    ol_cli_program opened;
    ol_cli_program_asked asked = {
        .given = self->options->operands[0],
        .limits = &self->limits,
        .options = self->options,
    };
    int rc = ol_cli_program_open(&opened, self->arena, &asked, err);
    if (rc == OL_OK)
        rc = run_program(self, opened.program, written, err);
    ol_cli_program_close(&opened);
    return rc;
}

static int run(const ol_options *options)
{
    run_state self = {.options = options};
    ol_error err = {0};
    uint64_t written = 0;
    if (read_options(&self, &err) != OL_OK)
        return ol_cli_usage(options->command, "%s", err.detail);
    self.arena = ol_arena_new(OL_MIB);
    int rc = self.arena ? load_and_run(&self, &written, &err)
                        : ol_error_set(&err, OL_ENOMEM, "starting");
    ol_arena_destroy(self.arena);
    if (rc == OL_OK)
        return OL_EXIT_OK;
    if (ol_options_has(options, "headers") && !written && !ol_cli_is_local(&err))
        fprintf(stderr, "status: %d\n", err.status);
    ol_cli_complain_error(options->operands[0], &err);
    return written ? OL_EXIT_PARTIAL : OL_EXIT_FAILED;
}

static const ol_option run_options[] = {
    {"payload", "TEXT", false, "the transform's payload (usually JSON)"},
    {"event", "FILE", false,
     "an event as AWS writes it (JSON): identity, URL with query,\n"
     "headers, configuration; its fields replace the defaults"},
    {"limit", "KEY=VALUE", true,
     "one of limits.transform in the configuration, for example\n"
     "--limit cpu_ms=500 --limit memory_bytes=64MiB"},
    {"chunk", "SIZE", false,
     "how much of the input the transform is given at a time,\n"
     "a multiple of 4KiB (default: 128KiB); limits.slot_bytes in\n"
     "the configuration"},
    OL_CLI_PROGRAM_OPTIONS,
    {"headers", NULL, false, "status and headers of the answer, on standard error"},
    {"head", NULL, false,
     "its function head instead of get; prints status, length and\n"
     "headers. Input from a file says how long the original is"},
    {"list", NULL, false,
     "its function list; standard input is a listing in AWS's JSON\n"
     "(listBucketResult)"},
    {"request", "KEY", false,
     "its function request for this key; prints the original's, or\n"
     "fails with NoSuchKey when it is hidden"},
    {"verify-ranges", "N", false,
     "whether N ranges, made from pieces of the input as positions\n"
     "in the transform declares, are those of the whole view"},
    {"diff", NULL, false,
     "original and view side by side, line by line, coloured on a\n"
     "terminal (unless NO_COLOR is set); both up to 8 MiB"},
    {"seed", "NUMBER", false, "other ranges for --verify-ranges (default: 1)"},
};

const ol_command ol_command_run = {
    .name = "run",
    .operands = "TRANSFORM",
    .operands_min = 1,
    .operands_max = 1,
    .summary = "Run a transform over standard input, without a server.",
    .about = "TRANSFORM is the name of one that ships with objlens (pii, xml_json, decompress) or a\n"
             "path that ends in .lua or .so. It runs in the same sandbox and under the same limits as in the\n"
             "server. Input from a file (objlens run shout.lua < file) also allows read_at. What it\n"
             "logs goes to standard error.\n\n"
             "Exit code 0: the whole output was written. 1: it failed and nothing was written.\n"
             "3: it failed after part of the output had been written.",
    .options = run_options,
    .option_count = sizeof(run_options) / sizeof(run_options[0]),
    .run = run,
};
