/* SPDX-License-Identifier: MIT */
#include "cli/case_run.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/case_check.h"
#include "cli/run_calls.h"
#include "cli/run_event.h"
#include "cli/run_verify.h"

#define EVENT_BYTES_MAX (1 * OL_MIB)
#define EDGE_SPLITS 32u /* of a sample of points: so many at either end, each one */
#define COARSE_BYTES 61u

typedef struct running {
    const ol_case_run *run;
    ol_case_report *report;
    ol_buf event;
    int original_fd; /* -1: none */
    uint64_t original_bytes;
    unsigned splits, done; /* points; calls so far */
    ol_transform_trial trial;
    ol_case_found first; /* what the others must agree with; texts in the report and below */
    ol_buf log;          /* of this call */
} running;

/* ---- how the input is cut ---- */

/* The n-th point of the sample, 1 to input - 1. */
static uint64_t split_point(const running *self, unsigned n)
{
    uint64_t last = self->run->one->input.len - 1;
    if (self->splits == last)
        return n + 1;
    if (n < EDGE_SPLITS && self->splits > 2 * EDGE_SPLITS)
        return n + 1;
    if (n >= self->splits - EDGE_SPLITS && self->splits > 2 * EDGE_SPLITS)
        return last - (self->splits - 1 - n);
    return 1 + n * last / self->splits;
}

static unsigned splits_of(const ol_case_run *run)
{
    size_t points = run->one->input.len > 1 ? run->one->input.len - 1 : 0;
    if (run->one->entry != OL_ENTRY_GET)
        return 0;
    return points < run->splits_max ? (unsigned)points : run->splits_max;
}

enum { WHOLE, METERED, FINE, SPLITS };

static ol_transform_trial trial_of(const running *self, unsigned call)
{
    bool fine = self->run->one->input.len <= OL_CASE_BYTEWISE_BYTES_MAX;
    switch (call) {
    case WHOLE: return (ol_transform_trial){0};
    case METERED: return (ol_transform_trial){.meters = true};
    case FINE: return fine ? (ol_transform_trial){.first_bytes = 1, .each_bytes = 1}
                           : (ol_transform_trial){.first_bytes = 1, .each_bytes = COARSE_BYTES};
    default: return (ol_transform_trial){.first_bytes = split_point(self, call - SPLITS)};
    }
}

static bool next(void *arg, ol_run_call *call)
{
    running *self = arg;
    const ol_case *one = self->run->one;
    unsigned calls = one->entry == OL_ENTRY_GET ? SPLITS + self->splits : METERED + 1;
    if (self->done == calls)
        return false;
    self->trial = trial_of(self, self->done);
    ol_buf_clear(&self->log);
    *call = (ol_run_call){.entry = one->entry,
                          .key = ol_slice_cstr(one->key ? one->key : ""),
                          .in = one->entry == OL_ENTRY_GET || one->entry == OL_ENTRY_LIST
                                    ? ol_buf_slice(&one->input)
                                    : OL_SLICE_NONE,
                          .size = (int64_t)one->input.len,
                          .trial = self->trial};
    return true;
}

/* ---- what comes of it ---- */

static void on_log(void *arg, const char *level, ol_slice text)
{
    running *self = arg;
    size_t before = self->log.len;
    if (ol_buf_addf(&self->log, "%s: %.*s\n", level, OL_SLICE_FMT(text)) != OL_OK)
        self->log.len = before; /* the most is enough to read */
}

/* In which run something was found. */
static const char *place(const running *self, char text[64])
{
    const ol_transform_trial *trial = &self->trial;
    if (trial->each_bytes)
        snprintf(text, 64, "cut into pieces of %llu: ", (unsigned long long)trial->each_bytes);
    else if (trial->first_bytes)
        snprintf(text, 64, "cut at byte %llu: ", (unsigned long long)trial->first_bytes);
    else
        text[0] = '\0';
    return text;
}

static int keep_first(running *self, const ol_case_found *found, ol_error *err)
{
    ol_case_report *report = self->report;
    int rc = ol_buf_add(&report->output, found->out);
    if (rc == OL_OK)
        rc = ol_buf_add(&report->log, found->log);
    if (rc == OL_OK)
        rc = ol_case_found_keep(&self->first, found, self->run->arena);
    if (rc != OL_OK)
        return ol_error_set(err, rc, "the answer");
    self->first.out = ol_buf_slice(&report->output);
    report->usage = found->usage;
    report->succeeded = !found->err;
    return OL_OK;
}

static int judge(running *self, const ol_case_found *found, ol_error *err)
{
    ol_case_found looked = *found;
    if (self->done != WHOLE && ol_slice_eq(found->out, self->first.out))
        looked.out = OL_SLICE_NONE; /* the same bytes have been searched */
    int rc = ol_case_check_secrets(self->run->one, &looked, err);
    self->report->leaked = rc != OL_OK;
    if (rc == OL_OK && self->done == WHOLE)
        rc = keep_first(self, found, err);
    if (rc == OL_OK && self->done == WHOLE)
        return ol_case_check_expected(self->run->one, found, err);
    return rc == OL_OK ? ol_case_check_same(&self->first, found, err) : rc;
}

static int take(void *arg, const ol_run_result *result, ol_error *err)
{
    running *self = arg;
    char where[64];
    ol_error why = {0};
    ol_case_found found = {.head = result->head,
                           .out = result->out,
                           .log = ol_buf_slice(&self->log),
                           .usage = result->usage,
                           .err = result->err};
    int rc = judge(self, &found, &why);
    self->report->runs++;
    if (self->done == METERED)
        self->report->usage.instructions = result->usage.instructions;
    if (rc != OL_OK)
        return ol_error_set(err, rc, "%s%s", place(self, where), why.detail);
    self->done++;
    return OL_OK;
}

/* ---- the whole ---- */

static int open_original(running *self, ol_error *err)
{
    const char *path = self->run->one->input_path;
    struct stat st;
    self->original_fd = -1;
    if (!path)
        return OL_OK;
    self->original_fd = open(path, O_RDONLY | O_CLOEXEC);
    if (self->original_fd < 0 || fstat(self->original_fd, &st) != 0)
        return ol_error_set(err, OL_EORIGIN, "%s: %s", path, strerror(errno));
    self->original_bytes = (uint64_t)st.st_size;
    return OL_OK;
}

static int make_event(running *self, ol_error *err)
{
    const ol_case *one = self->run->one;
    ol_run_event given = {.payload = one->payload, .file = one->event_path, .key = one->key, .entry = one->entry};
    if (!ol_program_has(self->run->program, one->entry))
        return ol_error_set(err, OL_EINVAL, "%s has no function for this entry",
                            self->run->program->name);
    return ol_run_event_encode(&self->event, &given, self->run->program, err);
}

static int run_calls(running *self, ol_error *err)
{
    ol_run_calls calls = {.program = self->run->program,
                          .event = ol_buf_slice(&self->event),
                          .original_fd = self->original_fd,
                          .original_bytes = self->original_bytes,
                          .out_bytes_max = OL_CASE_OUTPUT_BYTES_MAX,
                          .failures_too = true,
                          .log = on_log,
                          .next = next,
                          .take = take,
                          .arg = self};
    return ol_run_calls_run(&calls, err);
}

typedef struct range_leak {
    const ol_case *one;
    ol_error err; /* of the first line that told a secret */
} range_leak;

static void look_at_line(void *arg, const char *level, ol_slice text)
{
    range_leak *self = arg;
    (void)level;
    if (self->err.code == OL_OK)
        ol_case_check_text(self->one, text, "the transform log of a range", &self->err);
}

/* What clients get that ask for ranges of this view. Their bytes are compared with the whole view's, which
 * have been searched for secrets. */
static int verify_ranges(running *self, ol_error *err)
{
    const ol_case_run *run = self->run;
    uint64_t tried = 0;
    range_leak leak = {.one = run->one};
    ol_error why = {0}, failure = {0};
    ol_run_verify verify = {.program = run->program,
                            .event = ol_buf_slice(&self->event),
                            .ranges = OL_CASE_RANGES,
                            .seed = 1,
                            .log = look_at_line,
                            .log_arg = &leak,
                            .failure = &failure};
    bool asked = run->one->entry == OL_ENTRY_GET && run->program->declared.keeps_positions;
    if (!asked || !self->report->succeeded)
        return OL_OK;
    int rc = ol_run_verify_input(&verify, ol_buf_slice(&run->one->input), &tried, &why);
    self->report->runs += (unsigned)tried;
    if (leak.err.code == OL_OK)
        ol_case_check_error_texts(run->one, &failure, &leak.err);
    self->report->leaked = leak.err.code != OL_OK;
    if (self->report->leaked || rc != OL_OK)
        *err = self->report->leaked ? leak.err : why;
    return self->report->leaked ? leak.err.code : rc;
}

int ol_case_run_all(const ol_case_run *run, ol_case_report *report, ol_error *err)
{
    running self = {.run = run, .report = report, .splits = splits_of(run)};
    ol_buf_init(&self.event, EVENT_BYTES_MAX);
    ol_buf_init(&self.log, OL_CASE_LOG_BYTES_MAX);
    int rc = open_original(&self, err);
    if (rc == OL_OK)
        rc = make_event(&self, err);
    if (rc == OL_OK)
        rc = run_calls(&self, err);
    if (rc == OL_OK)
        rc = verify_ranges(&self, err);
    if (self.original_fd >= 0)
        close(self.original_fd);
    ol_buf_fini(&self.event);
    ol_buf_fini(&self.log);
    return rc;
}

void ol_case_report_init(ol_case_report *report)
{
    *report = (ol_case_report){0};
    ol_buf_init(&report->log, OL_CASE_LOG_BYTES_MAX);
    ol_buf_init(&report->output, OL_CASE_OUTPUT_BYTES_MAX);
}

void ol_case_report_fini(ol_case_report *report)
{
    ol_buf_fini(&report->log);
    ol_buf_fini(&report->output);
}
