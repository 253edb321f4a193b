/* SPDX-License-Identifier: MIT */
/*
 * objlens bench: how fast a transform is, one request after the other through one host, as a
 * server's loop would drive it. The input lies in memory; the output is counted and dropped.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/limits.h"
#include "cli/cli.h"
#include "cli/program.h"
#include "cli/run_calls.h"
#include "cli/run_event.h"
#include "cli/run_pool.h"
#include "control/config/limit_option.h"

#define EVENT_BYTES_MAX (1 * OL_MIB)
#define INPUT_BYTES_MAX (1024ull * OL_MIB)
#define SAMPLES_MAX 100000u
#define SECONDS_DEFAULT 3
#define SECONDS_MAX 3600
#define WARM_RUNS 1u

typedef struct benching {
    const ol_options *options;
    ol_arena *arena;
    ol_transform_limits limits;
    uint64_t seconds;
    ol_cli_program opened;
    int fd;
    ol_slice input;
    ol_buf event;
    uint64_t end_ns;
    uint64_t runs, wall_ns, cpu_us, out_bytes, memory_bytes;
    uint64_t *samples_ns;
    size_t sample_count;
} benching;

/* ---- the runs ---- */

static bool next(void *arg, ol_run_call *call)
{
    benching *self = arg;
    uint64_t now = ol_clock_mono_ns();
    if (self->runs == WARM_RUNS)
        self->end_ns = now + self->seconds * 1000000000ull;
    if (self->runs > WARM_RUNS && (now >= self->end_ns || self->sample_count == SAMPLES_MAX))
        return false;
    *call = (ol_run_call){
        .entry = OL_ENTRY_GET, .in = self->input, .size = (int64_t)self->input.len};
    return true;
}

static int take(void *arg, const ol_run_result *result, ol_error *err)
{
    benching *self = arg;
    (void)err;
    if (self->runs++ < WARM_RUNS)
        return OL_OK;
    self->samples_ns[self->sample_count++] = result->wall_ns;
    self->wall_ns += result->wall_ns;
    self->cpu_us += result->usage.cpu_us;
    self->out_bytes = result->out_bytes;
    if (result->usage.memory_bytes > self->memory_bytes)
        self->memory_bytes = result->usage.memory_bytes;
    return OL_OK;
}

/* What a script logs is worth a look, not thousands. */
static void on_log(void *arg, const char *level, ol_slice text)
{
    const benching *self = arg;
    if (self->runs == 0)
        ol_run_log(NULL, level, text);
}

static int run_all(benching *self, ol_error *err)
{
    ol_run_calls calls = {.program = self->opened.program,
                          .event = ol_buf_slice(&self->event),
                          .original_fd = self->fd,
                          .original_bytes = self->input.len,
                          .log = on_log,
                          .next = next,
                          .take = take,
                          .arg = self};
    return ol_run_calls_run(&calls, err);
}

/* ---- what is said ---- */

static int compare(const void *left, const void *right)
{
    uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;
    return a < b ? -1 : a > b;
}

static double at_ms(const benching *self, unsigned percent)
{
    return (double)self->samples_ns[(self->sample_count - 1) * percent / 100] / 1e6;
}

static void report(const benching *self)
{
    double runs = (double)self->sample_count, megabytes = (double)self->input.len * runs / 1e6;
    double wall = (double)self->wall_ns / 1e9, cpu = (double)self->cpu_us / 1e6;
    struct rusage hosts = {0};
    getrusage(RUSAGE_CHILDREN, &hosts);
    printf("%zu runs of %zu bytes in, %llu out\n", self->sample_count, self->input.len,
           (unsigned long long)self->out_bytes);
    printf("throughput  %10.1f MB/s  %10.1f runs/s\n", wall > 0 ? megabytes / wall : 0,
           wall > 0 ? runs / wall : 0);
    printf("a run       %10.3f ms p50 %9.3f p95 %9.3f p99\n", at_ms(self, 50), at_ms(self, 95),
           at_ms(self, 99));
    printf("CPU         %10.3f ms a run in the host", cpu * 1e3 / runs);
    if (cpu > 0)
        printf(", %.1f MB/s of CPU time", megabytes / cpu);
    printf("\nmemory      %10.1f MiB the host at most", (double)hosts.ru_maxrss / 1024);
    if (self->memory_bytes > 0)
        printf(", %.1f KiB a request", (double)self->memory_bytes / 1024);
    putchar('\n');
}

/* ---- the beginning ---- */

static int read_options(benching *self, ol_error *err)
{
    const char *text;
    ol_transform_limits_default(&self->limits);
    for (size_t i = 0; (text = ol_options_value(self->options, "limit", i)); i++)
        if (ol_limit_option_set(&self->limits, text, err) != OL_OK)
            return OL_EINVAL;
    self->seconds = SECONDS_DEFAULT;
    return ol_options_number(self->options, "seconds", 1, SECONDS_MAX, &self->seconds, err);
}

static int map_input(benching *self, const char *path, ol_error *err)
{
    struct stat st;
    self->fd = open(path, O_RDONLY | O_CLOEXEC);
    if (self->fd < 0 || fstat(self->fd, &st) != 0)
        return ol_error_set(err, OL_EORIGIN, "%s: %s", path, strerror(errno));
    if (!S_ISREG(st.st_mode) || (uint64_t)st.st_size > INPUT_BYTES_MAX)
        return ol_error_set(err, OL_EORIGIN, "%s: is not a regular file of up to 1 GiB", path);
    if (st.st_size == 0)
        return OL_OK;
    void *bytes = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, self->fd, 0);
    if (bytes == MAP_FAILED)
        return ol_error_set(err, OL_ENOMEM, "%s", path);
    self->input = ol_slice_of(bytes, (size_t)st.st_size);
    return OL_OK;
}

static int open_program(benching *self, ol_error *err)
{
    ol_cli_program_asked asked = {
        .given = self->options->operands[0],
        .limits = &self->limits,
        .options = self->options,
    };
    return ol_cli_program_open(&self->opened, self->arena, &asked, err);
}

static int bench(benching *self, ol_error *err)
{
    const ol_options *options = self->options;
    ol_run_event given = {.payload = ol_options_value(options, "payload", 0),
                          .file = ol_options_value(options, "event", 0)};
    self->samples_ns = ol_calloc(SAMPLES_MAX, sizeof(*self->samples_ns));
    if (!self->arena || !self->samples_ns)
        return ol_error_set(err, OL_ENOMEM, "starting");
    int rc = map_input(self, options->operands[1], err);
    if (rc == OL_OK)
        rc = open_program(self, err);
    if (rc == OL_OK)
        rc = ol_run_event_encode(&self->event, &given, self->opened.program, err);
    if (rc == OL_OK)
        rc = run_all(self, err);
    return rc;
}

static int run(const ol_options *options)
{
    benching self = {.options = options, .fd = -1};
    ol_error err = {0};
    if (read_options(&self, &err) != OL_OK)
        return ol_cli_usage(options->command, "%s", err.detail);
    self.arena = ol_arena_new(OL_MIB);
    ol_buf_init(&self.event, EVENT_BYTES_MAX);
    int rc = bench(&self, &err);
    if (rc == OL_OK) {
        qsort(self.samples_ns, self.sample_count, sizeof(*self.samples_ns), compare);
        report(&self);
    } else {
        ol_cli_complain_error(options->operands[0], &err);
    }
    ol_cli_program_close(&self.opened);
    if (self.input.data)
        munmap((void *)(uintptr_t)self.input.data, self.input.len);
    if (self.fd >= 0)
        close(self.fd);
    ol_free(self.samples_ns);
    ol_buf_fini(&self.event);
    ol_arena_destroy(self.arena);
    return rc == OL_OK ? OL_EXIT_OK : OL_EXIT_FAILED;
}

static const ol_option bench_options[] = {
    {"seconds", "N", false, "how long (default: 3); at most 100,000 runs"},
    {"payload", "TEXT", false, "the transform's payload (usually JSON)"},
    {"event", "FILE", false, "an event as AWS writes it (JSON)"},
    {"limit", "KEY=VALUE", true, "one of limits.transform in the configuration"},
    OL_CLI_PROGRAM_OPTIONS,
};

const ol_command ol_command_bench = {
    .name = "bench",
    .operands = "TRANSFORM FILE",
    .operands_min = 2,
    .operands_max = 2,
    .summary = "Say how fast a transform is, and what it takes.",
    .about = "FILE (up to 1 GiB) goes through TRANSFORM again and again, one request after the other, in\n"
             "the same sandbox as in the server; the output is counted and dropped. Throughput is of the\n"
             "input, in millions of bytes. CPU is that of the host's worker: threads of a plugin's own, and\n"
             "moving the bytes there, are not in it.",
    .options = bench_options,
    .option_count = sizeof(bench_options) / sizeof(bench_options[0]),
    .run = run,
};
