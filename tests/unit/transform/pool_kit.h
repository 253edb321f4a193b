/* SPDX-License-Identifier: MIT */
/* A pool of real hosts on a loop, for the tests of pools. */
#ifndef OL_TESTS_POOL_KIT_H
#define OL_TESTS_POOL_KIT_H

#include "run_kit.h"

#include <dirent.h>
#include <sys/wait.h>

#include "transform/link_private.h"
#include "transform/pool_private.h"

#ifndef KIT_UNUSED
#define KIT_UNUSED __attribute__((unused))
#endif

typedef struct fixture {
    ol_test_loop loop;
    ol_pool *pool;
    ol_program *program;
} fixture;

static KIT_UNUSED void open_fixture(fixture *f, unsigned hosts_max, unsigned jobs_max, const char *line)
{
    ol_pool_options options = kit_options();
    options.hosts_max = hosts_max;
    options.jobs_max = jobs_max;
    assert_code(ol_test_loop_open(&f->loop), OL_OK);
    assert_code(ol_pool_new(&f->pool, f->loop.loop, &options, NULL), OL_OK);
    f->program = kit_program(line);
}

static KIT_UNUSED void close_fixture(fixture *f)
{
    kit_pool_close(&f->loop, f->pool);
    ol_test_loop_close(&f->loop);
    ol_program_release(f->program);
}

static KIT_UNUSED void start(fixture *f, kit_run *r, const char *group, const char *line, uint64_t length,
                  bool open)
{
    kit_run_start(r, &f->loop, f->pool, f->program, group, line, length, open);
}

static KIT_UNUSED void run_ok(fixture *f, const char *group, const char *line, const char *want)
{
    kit_run r;
    start(f, &r, group, line, 10, true);
    kit_run_wait(&r, &f->loop);
    assert_code_of(r.err.code, OL_OK, &r.err);
    assert_slices(ol_slice_of(r.gate.data, r.gate.len), ol_slice_cstr(want));
    kit_run_fini(&r);
}

static KIT_UNUSED ol_pool_stats stats_of(fixture *f)
{
    ol_pool_stats stats;
    ol_pool_stats_get(f->pool, &stats);
    return stats;
}

static KIT_UNUSED bool none_alive(void *arg)
{
    return ((fixture *)arg)->pool->first == NULL;
}

static KIT_UNUSED void assert_no_child(void)
{
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    assert_int_equal(errno, ECHILD);
}

#endif
