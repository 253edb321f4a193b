/* SPDX-License-Identifier: MIT */
/*
 * Each loop counts in a set of its own, which only its thread writes: a relaxed load and store
 * make no other core wait. A scrape adds up the sets as it finds them.
 */
#include "observe/metrics.h"

#include <stdatomic.h>

#include "base/alloc.h"

typedef _Atomic uint64_t cell;

/* Upper bounds in us, and as Prometheus reads them, in seconds. The last bucket has none. */
#define BUCKETS(X)                                                                                 \
    X(500, "0.0005")                                                                               \
    X(1000, "0.001")                                                                               \
    X(2500, "0.0025")                                                                              \
    X(5000, "0.005")                                                                               \
    X(10000, "0.01")                                                                               \
    X(25000, "0.025")                                                                              \
    X(50000, "0.05")                                                                               \
    X(100000, "0.1")                                                                               \
    X(250000, "0.25")                                                                              \
    X(500000, "0.5")                                                                               \
    X(1000000, "1")                                                                                \
    X(2500000, "2.5")                                                                              \
    X(5000000, "5")                                                                                \
    X(10000000, "10")                                                                              \
    X(30000000, "30")                                                                              \
    X(60000000, "60")                                                                              \
    X(300000000, "300")                                                                            \
    X(UINT64_MAX, "+Inf")

static const uint64_t bucket_us[] = {
#define BUCKET_US(us, text) us,
    BUCKETS(BUCKET_US)
#undef BUCKET_US
};
static const char *const bucket_text[] = {
#define BUCKET_TEXT(us, text) text,
    BUCKETS(BUCKET_TEXT)
#undef BUCKET_TEXT
};
#define BUCKET_COUNT (sizeof(bucket_us) / sizeof(bucket_us[0]))

typedef struct histogram {
    cell buckets[BUCKET_COUNT]; /* not cumulative here */
    cell sum_us;
} histogram;

struct ol_metrics {
    cell counters[OL_COUNTER_COUNT];
    histogram first_byte, total;
};

static const char *const counter_names[] = {
#define COUNTER_NAME(name, help) "objlens_" #name "_total",
    OL_COUNTERS(COUNTER_NAME)
#undef COUNTER_NAME
};
static const char *const counter_helps[] = {
#define COUNTER_HELP(name, help) help,
    OL_COUNTERS(COUNTER_HELP)
#undef COUNTER_HELP
};

static uint64_t read_cell(const cell *c)
{
    return atomic_load_explicit(c, memory_order_relaxed);
}

static void add_to_cell(cell *c, uint64_t amount)
{
    atomic_store_explicit(c, read_cell(c) + amount, memory_order_relaxed);
}

ol_metrics *ol_metrics_new(void)
{
    return ol_calloc(1, sizeof(ol_metrics));
}

void ol_metrics_destroy(ol_metrics *metrics)
{
    ol_free(metrics);
}

void ol_metrics_add(ol_metrics *metrics, enum ol_counter counter, uint64_t amount)
{
    add_to_cell(&metrics->counters[counter], amount);
}

static void observe(histogram *h, uint64_t us)
{
    size_t i = 0;
    while (us > bucket_us[i])
        i++;
    add_to_cell(&h->buckets[i], 1);
    add_to_cell(&h->sum_us, us);
}

void ol_metrics_latency(ol_metrics *metrics, uint64_t first_byte_us, uint64_t total_us)
{
    if (first_byte_us)
        observe(&metrics->first_byte, first_byte_us);
    observe(&metrics->total, total_us);
}

/* ---- the text format ---- */

/* HELP text has two escapes of its own. */
static int add_help(ol_buf *out, const char *help)
{
    int rc = OL_OK;
    for (; *help && rc == OL_OK; help++) {
        if (*help == '\\')
            rc = ol_buf_add_cstr(out, "\\\\");
        else if (*help == '\n')
            rc = ol_buf_add_cstr(out, "\\n");
        else
            rc = ol_buf_add_byte(out, (uint8_t)*help);
    }
    return rc;
}

static int add_family(ol_buf *out, const char *name, const char *type, const char *help)
{
    int rc = ol_buf_addf(out, "# HELP %s ", name);
    if (rc == OL_OK)
        rc = add_help(out, help);
    return rc == OL_OK ? ol_buf_addf(out, "\n# TYPE %s %s\n", name, type) : rc;
}

static int add_sample(ol_buf *out, const char *name, const char *type, const char *help,
                      uint64_t value)
{
    int rc = add_family(out, name, type, help);
    return rc == OL_OK ? ol_buf_addf(out, "%s %llu\n", name, (unsigned long long)value) : rc;
}

static const histogram *first_byte_of(const ol_metrics *m)
{
    return &m->first_byte;
}

static const histogram *total_of(const ol_metrics *m)
{
    return &m->total;
}

static int add_histogram(ol_buf *out, const char *name, const char *help,
                         const histogram *(*of)(const ol_metrics *m), ol_metrics *const *sets,
                         size_t count)
{
    int rc = add_family(out, name, "histogram", help);
    uint64_t below = 0, sum_us = 0;
    for (size_t i = 0; i < BUCKET_COUNT && rc == OL_OK; i++) {
        for (size_t set = 0; set < count; set++)
            below += read_cell(&of(sets[set])->buckets[i]);
        rc = ol_buf_addf(out, "%s_bucket{le=\"%s\"} %llu\n", name, bucket_text[i],
                         (unsigned long long)below);
    }
    for (size_t set = 0; set < count; set++)
        sum_us += read_cell(&of(sets[set])->sum_us);
    if (rc != OL_OK)
        return rc;
    /* The count is the last bucket's by definition, even when loops count on meanwhile. */
    rc = ol_buf_addf(out, "%s_sum %llu.%06u\n", name, (unsigned long long)(sum_us / 1000000),
                     (unsigned)(sum_us % 1000000));
    return rc == OL_OK ? ol_buf_addf(out, "%s_count %llu\n", name, (unsigned long long)below) : rc;
}

static int add_counters(ol_buf *out, ol_metrics *const *sets, size_t count)
{
    int rc = OL_OK;
    for (size_t i = 0; i < OL_COUNTER_COUNT && rc == OL_OK; i++) {
        uint64_t value = 0;
        for (size_t set = 0; set < count; set++)
            value += read_cell(&sets[set]->counters[i]);
        rc = add_sample(out, counter_names[i], "counter", counter_helps[i], value);
    }
    return rc;
}

int ol_metrics_write(ol_buf *out, ol_metrics *const *sets, size_t count)
{
    size_t len_before = out->len;
    int rc = add_counters(out, sets, count);
    if (rc == OL_OK)
        rc = add_histogram(out, "objlens_first_byte_seconds",
                           "From a request's first byte to its response's first byte",
                           first_byte_of, sets, count);
    if (rc == OL_OK)
        rc = add_histogram(out, "objlens_request_seconds",
                           "From a request's first byte to its response's end", total_of, sets,
                           count);
    if (rc != OL_OK)
        out->len = len_before;
    return rc;
}

int ol_metrics_write_one(ol_buf *out, const char *name, const char *type, const char *help,
                         uint64_t value)
{
    size_t len_before = out->len;
    int rc = add_sample(out, name, type, help, value);
    if (rc != OL_OK)
        out->len = len_before;
    return rc;
}
