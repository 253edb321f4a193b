/* SPDX-License-Identifier: MIT */
/* Metrics: the sums, and the exposition format 0.0.4 read back by a strict reader. */
#include "lib/alloc_check.h"
#include "lib/check.h"

#include <ctype.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "observe/metrics.h"

/* ---- a reader of the format, for what we write of it ---- */

typedef struct family {
    char name[80], type[16];
    double last_bucket, inf_bucket, count, sum;
    unsigned samples;
} family;

static const char *name_end(const char *at)
{
    assert_true(isalpha((unsigned char)*at) || *at == '_' || *at == ':');
    while (isalnum((unsigned char)*at) || *at == '_' || *at == ':')
        at++;
    return at;
}

static void check_bucket(family *f, const char *label, double value)
{
    static double last_bound;
    char *end;
    assert_int_equal(strncmp(label, "{le=\"", 5), 0);
    double bound = strtod(label + 5, &end);
    assert_int_equal(strncmp(end, "\"} ", 3), 0);
    assert_true(f->samples == 0 || bound > last_bound);
    assert_true(value >= f->last_bucket);
    last_bound = bound;
    f->last_bucket = value;
    if (bound > 1e300)
        f->inf_bucket = value;
}

static void check_histogram_sample(family *f, const char *suffix, const char *label, double value)
{
    if (strncmp(suffix, "_bucket{", 8) == 0)
        check_bucket(f, label, value);
    else if (strncmp(suffix, "_sum ", 5) == 0)
        f->sum = value;
    else if (strncmp(suffix, "_count ", 7) == 0)
        f->count = value;
    else
        fail_msg("histogram sample %s", suffix);
}

static double check_sample(family *f, const char *line)
{
    const char *end = name_end(line);
    size_t name_len = strlen(f->name);
    assert_int_equal(strncmp(line, f->name, name_len), 0);
    const char *space = strchr(line, ' ');
    assert_non_null(space);
    char *rest;
    double value = strtod(space + 1, &rest);
    assert_int_equal(*rest, '\0');
    if (strcmp(f->type, "histogram") == 0)
        check_histogram_sample(f, line + name_len, end, value);
    else
        assert_ptr_equal(end, line + name_len);
    f->samples++;
    return value;
}

static void end_family(const family *f)
{
    if (f->name[0] == '\0')
        return;
    assert_true(f->samples > 0);
    if (strcmp(f->type, "histogram") != 0)
        assert_int_equal(f->samples, 1);
    else
        assert_true(f->inf_bucket == f->count);
    if (strcmp(f->type, "counter") == 0)
        assert_true(ol_slice_ends(ol_slice_cstr(f->name), OL_SLICE_LIT("_total")));
}

/* Checks the whole text; the value of the sample that `wanted` names (up to the blank). */
static double read_back(ol_slice text, const char *wanted)
{
    static char copy[1 << 16];
    family f = {.name = ""};
    double found = -1;
    assert_true(text.len < sizeof(copy) && text.len > 0);
    assert_int_equal(text.data[text.len - 1], '\n');
    memcpy(copy, text.data, text.len);
    copy[text.len] = '\0';
    for (char *line = strtok(copy, "\n"); line; line = strtok(NULL, "\n")) {
        char help_name[80];
        if (sscanf(line, "# HELP %79s", help_name) == 1) {
            end_family(&f);
            f = (family){.name = ""};
            snprintf(f.name, sizeof(f.name), "%s", help_name);
        } else if (line[0] == '#') {
            assert_int_equal(sscanf(line, "# TYPE %79s %15s", help_name, f.type), 2);
            assert_string_equal(help_name, f.name);
            assert_int_equal(f.samples, 0);
        } else {
            double value = check_sample(&f, line);
            size_t len = strlen(wanted);
            if (strncmp(line, wanted, len) == 0 && line[len] == ' ')
                found = value;
        }
    }
    end_family(&f);
    return found;
}

static void sums_of_all_sets(void **state)
{
    (void)state;
    ol_metrics *sets[3];
    for (int i = 0; i < 3; i++) {
        sets[i] = ol_metrics_new();
        assert_non_null(sets[i]);
        ol_metrics_add(sets[i], OL_COUNTER_requests, 10 + (uint64_t)i);
        ol_metrics_add(sets[i], OL_COUNTER_requests, 100);
        ol_metrics_latency(sets[i], 0, 500);       /* no byte was sent */
        ol_metrics_latency(sets[i], 501, 1000000); /* just above and at a bound */
        ol_metrics_latency(sets[i], 400000000, 400000001);
    }
    ol_buf out;
    ol_buf_init(&out, 1 << 16);
    assert_code(ol_metrics_write(&out, sets, 3), OL_OK);
    assert_code(ol_metrics_write_one(&out, "objlens_open", "gauge", "Two\nlines and a \\", 7),
                OL_OK);
    const struct {
        const char *name;
        double want;
    } samples[] = {
        {"objlens_requests_total", 333},
        {"objlens_transform_log_dropped_total", 0},
        {"objlens_request_seconds_bucket{le=\"0.0005\"}", 3},
        {"objlens_request_seconds_bucket{le=\"0.5\"}", 3},
        {"objlens_request_seconds_bucket{le=\"1\"}", 6},
        {"objlens_request_seconds_bucket{le=\"300\"}", 6},
        {"objlens_request_seconds_bucket{le=\"+Inf\"}", 9},
        {"objlens_request_seconds_count", 9},
        {"objlens_request_seconds_sum", 1203.001503},
        {"objlens_first_byte_seconds_bucket{le=\"0.0005\"}", 0},
        {"objlens_first_byte_seconds_bucket{le=\"0.001\"}", 3},
        {"objlens_first_byte_seconds_count", 6},
        {"objlens_open", 7},
    };
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        double got = read_back(ol_buf_slice(&out), samples[i].name);
        if (got < samples[i].want - 1e-9 || got > samples[i].want + 1e-9)
            fail_msg("%s is %f, not %f", samples[i].name, got, samples[i].want);
    }
    assert_non_null(strstr(ol_buf_cstr(&out), "# HELP objlens_open Two\\nlines and a \\\\\n"));
    for (int i = 0; i < 3; i++)
        ol_metrics_destroy(sets[i]);
    ol_metrics_destroy(NULL);
    ol_buf_fini(&out);
}

static void no_sets_and_no_room(void **state)
{
    (void)state;
    ol_buf out;
    ol_buf_init(&out, 1000);
    ol_buf_add_cstr(&out, "before");
    assert_code(ol_metrics_write(&out, NULL, 0), OL_ELIMIT);
    assert_slice(ol_buf_slice(&out), "before");
    while (ol_metrics_write_one(&out, "name", "gauge", "help", 1) == OL_OK)
        continue;
    assert_true(ol_slice_ends(ol_buf_slice(&out), OL_SLICE_LIT("name 1\n")));
    ol_buf_fini(&out);
    ol_buf_init(&out, 1 << 16);
    assert_code(ol_metrics_write(&out, NULL, 0), OL_OK);
    assert_true(read_back(ol_buf_slice(&out), "objlens_requests_total") == 0);
    ol_buf_fini(&out);
}

static atomic_bool stop;

static void *count_on(void *arg)
{
    while (!atomic_load(&stop)) {
        ol_metrics_add(arg, OL_COUNTER_requests, 1);
        ol_metrics_latency(arg, 100, 2000000000);
    }
    return NULL;
}

static void scrapes_meanwhile_are_consistent(void **state)
{
    (void)state;
    ol_metrics *set = ol_metrics_new();
    pthread_t loop;
    assert_int_equal(pthread_create(&loop, NULL, count_on, set), 0);
    double last = 0;
    for (int i = 0; i < 300; i++) {
        ol_buf out;
        ol_buf_init(&out, 1 << 16);
        assert_code(ol_metrics_write(&out, &set, 1), OL_OK);
        double now = read_back(ol_buf_slice(&out), "objlens_requests_total");
        assert_true(now >= last);
        last = now;
        ol_buf_fini(&out);
    }
    atomic_store(&stop, true);
    pthread_join(loop, NULL);
    ol_metrics_destroy(set);
}

static int write_it(void *arg)
{
    (void)arg;
    ol_metrics *set = ol_metrics_new();
    if (!set)
        return OL_ENOMEM;
    ol_buf out;
    ol_buf_init(&out, 1 << 16);
    int rc = ol_metrics_write(&out, &set, 1);
    assert_true(rc == OL_OK || out.len == 0);
    ol_buf_fini(&out);
    ol_metrics_destroy(set);
    return rc;
}

static void memory_may_run_out(void **state)
{
    (void)state;
    assert_true(ol_test_fail_each(write_it, NULL) > 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sums_of_all_sets),
        cmocka_unit_test(no_sets_and_no_room),
        cmocka_unit_test(scrapes_meanwhile_are_consistent),
        cmocka_unit_test(memory_may_run_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
