/* SPDX-License-Identifier: MIT */
#include "lib/loop_fixture.h"

#include "base/clock.h"
#include "lib/check.h"

static void count_open(uv_handle_t *handle, void *arg)
{
    size_t *count = arg;
    *count += !uv_is_closing(handle);
}

static size_t open_handles(ol_test_loop *t)
{
    size_t count = 0;
    uv_walk(ol_loop_uv(t->loop), count_open, &count);
    return count;
}

int ol_test_loop_open(ol_test_loop *t)
{
    *t = (ol_test_loop){0};
    int rc = ol_loop_new(&t->loop, 0);
    if (rc != OL_OK)
        return rc;
    uv_timer_init(ol_loop_uv(t->loop), &t->bound);
    t->bound.data = t;
    t->own_handles = open_handles(t);
    return OL_OK;
}

static void on_late(uv_timer_t *timer)
{
    ((ol_test_loop *)timer->data)->late = true;
}

void ol_test_loop_until_fn(ol_test_loop *t, bool (*is)(void *arg), void *arg, unsigned bound_ms)
{
    t->late = false;
    uv_update_time(ol_loop_uv(t->loop));
    uv_timer_start(&t->bound, on_late, bound_ms, 0);
    while (!is(arg) && !t->late)
        uv_run(ol_loop_uv(t->loop), UV_RUN_ONCE);
    uv_timer_stop(&t->bound);
    if (!is(arg))
        fail_msg("did not happen within %u ms", bound_ms);
}

static bool is_set(void *arg)
{
    return **(const bool **)arg;
}

void ol_test_loop_until(ol_test_loop *t, const bool *flag, unsigned bound_ms)
{
    ol_test_loop_until_fn(t, is_set, &flag, bound_ms);
}

void ol_test_loop_turns(ol_test_loop *t, unsigned count)
{
    while (count-- > 0)
        uv_run(ol_loop_uv(t->loop), UV_RUN_NOWAIT);
}

static void name_open(uv_handle_t *handle, void *arg)
{
    (void)arg;
    if (!uv_is_closing(handle))
        print_error("open: %s%s\n", uv_handle_type_name(uv_handle_get_type(handle)),
                    uv_has_ref(handle) ? "" : " (unreferenced)");
}

void ol_test_loop_close(ol_test_loop *t)
{
    /* What another thread still has to hand back may take a moment. */
    uint64_t give_up_ms = ol_clock_mono_ms() + OL_TEST_BOUND_MS;
    ol_test_loop_turns(t, 2);
    while (open_handles(t) > t->own_handles && ol_clock_mono_ms() < give_up_ms)
        ol_test_loop_turns(t, 1);
    if (open_handles(t) > t->own_handles) {
        uv_walk(ol_loop_uv(t->loop), name_open, NULL);
        fail_msg("handles are left open (besides %zu of the loop's own)", t->own_handles);
    }
    uv_close((uv_handle_t *)&t->bound, NULL);
    ol_loop_stop(t->loop);
    ol_loop_run(t->loop);
    ol_loop_destroy(t->loop);
    t->loop = NULL;
}
