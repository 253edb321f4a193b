/* SPDX-License-Identifier: MIT */
#include "lib/later.h"

#include <stdlib.h>

#include "lib/check.h"

struct ol_test_later {
    ol_post post;
    ol_loop *loop;
    unsigned turns;
    ol_loop_fn fn; /* NULL: called off; the loop still has the post */
    void *arg;
};

static void on_turn(void *arg)
{
    ol_test_later *later = arg;
    if (later->fn && --later->turns > 0) {
        ol_loop_defer(later->loop, &later->post);
        return;
    }
    ol_loop_fn fn = later->fn;
    void *fn_arg = later->arg;
    free(later);
    if (fn)
        fn(fn_arg);
}

ol_test_later *ol_test_later_start(ol_loop *loop, unsigned turns, ol_loop_fn fn, void *arg)
{
    ol_test_later *later = malloc(sizeof(*later));
    assert_non_null(later);
    *later = (ol_test_later){.post = {.fn = on_turn, .arg = later},
                             .loop = loop,
                             .turns = turns ? turns : 1,
                             .fn = fn,
                             .arg = arg};
    ol_loop_defer(loop, &later->post);
    return later;
}

void ol_test_later_cancel(ol_test_later *later)
{
    if (later)
        later->fn = NULL;
}
