/* SPDX-License-Identifier: MIT */
/* What the tests of the memo share: made-up views, and asking and waiting for the answer. */
#ifndef OL_TESTS_VIEW_MEMO_KIT_H
#define OL_TESTS_VIEW_MEMO_KIT_H

#include <stdio.h>

#include "lib/alloc_check.h"
#include "lib/check.h"
#include "lib/loop_fixture.h"
#include "lib/scratch.h"

#include "base/alloc.h"
#include "view/memo.h"

typedef struct memo_kit {
    ol_test_loop loop;
    ol_arena *arena;
    ol_view_memo *memo;
} memo_kit;

static inline void memo_etag(unsigned number, char etag[OL_VIEW_ETAG_SIZE])
{
    snprintf(etag, OL_VIEW_ETAG_SIZE, "%08x%056x-v", number * 2654435761u, number);
}

/* What a run of view `number` says. */
static inline ol_view_facts memo_facts(ol_arena *arena, unsigned number)
{
    char text[32];
    ol_view_facts facts = {.head = {.status = 200, .content_length = 1000 + number},
                           .crc64nvme = number * 0x9e3779b97f4a7c15u,
                           .crc32 = number * 2654435761u,
                           .has_checksums = true};
    ol_headers_init(&facts.head.headers, arena);
    snprintf(text, sizeof(text), "number %u", number);
    (void)ol_headers_add(&facts.head.headers, OL_SLICE_LIT("content-type"),
                         OL_SLICE_LIT("text/plain"));
    (void)ol_headers_add(&facts.head.headers, OL_SLICE_LIT("x-amz-meta-Number"),
                         ol_slice_cstr(text));
    return facts;
}

static inline void memo_assert_facts(const ol_view_facts *got, unsigned number)
{
    char text[32];
    snprintf(text, sizeof(text), "number %u", number);
    assert_false(got->unstable);
    assert_int_equal(got->head.status, 200);
    assert_int_equal(got->head.content_length, 1000 + number);
    assert_true(got->has_checksums);
    assert_true(got->crc64nvme == number * 0x9e3779b97f4a7c15u);
    assert_true(got->crc32 == number * 2654435761u);
    assert_int_equal(got->head.headers.count, 2);
    assert_slice(got->head.headers.items[1].name, "x-amz-meta-Number");
    assert_slices(got->head.headers.items[1].value, ol_slice_cstr(text));
}

/* The database is waited for: an answer that comes late is not what these tests are about (test_memo_late.c is). */
static inline void memo_kit_open(memo_kit *kit, const ol_view_memo_config *given)
{
    ol_view_memo_config config = *given;
    config.ask_ms = OL_TEST_BOUND_MS;
    ol_error err = {0};
    assert_code(ol_test_loop_open(&kit->loop), OL_OK);
    kit->arena = ol_arena_new(1 << 20);
    assert_non_null(kit->arena);
    assert_code_of(ol_view_memo_open(&kit->memo, &config, &err), OL_OK, &err);
}

static inline void memo_kit_close(memo_kit *kit)
{
    ol_view_memo_close(kit->memo);
    ol_arena_destroy(kit->arena);
    ol_test_loop_close(&kit->loop);
}

static inline int memo_learn(memo_kit *kit, unsigned number)
{
    char etag[OL_VIEW_ETAG_SIZE];
    ol_arena_reset(kit->arena);
    ol_view_facts facts = memo_facts(kit->arena, number);
    memo_etag(number, etag);
    return ol_view_memo_learn(kit->memo, etag, &facts);
}

typedef struct memo_answer {
    bool arrived, known;
} memo_answer;

static inline void memo_on_answer(ol_view_ask *ask, bool known)
{
    memo_answer *answer = ask->arg;
    assert_false(answer->arrived);
    *answer = (memo_answer){.arrived = true, .known = known};
}

/* Asks, and waits where the database is asked. True: known, and in *facts. */
static inline bool memo_find(memo_kit *kit, unsigned number, ol_view_facts *facts)
{
    memo_answer answer = {0};
    ol_view_ask ask = {
        .loop = kit->loop.loop, .arena = kit->arena, .cb = memo_on_answer, .arg = &answer};
    memo_etag(number, ask.etag);
    ol_arena_reset(kit->arena);
    int rc = ol_view_memo_find(kit->memo, &ask);
    assert_in_range(rc, OL_OK, OL_SKIP);
    assert_false(answer.arrived);
    if (rc == OL_WAIT)
        ol_test_loop_until(&kit->loop, &answer.arrived, OL_TEST_BOUND_MS);
    *facts = ask.facts;
    return rc == OL_OK || answer.known;
}

static inline bool memo_peek(memo_kit *kit, unsigned number, ol_view_facts *facts)
{
    char etag[OL_VIEW_ETAG_SIZE];
    memo_etag(number, etag);
    ol_arena_reset(kit->arena);
    return ol_view_memo_peek(kit->memo, etag, kit->arena, facts) == OL_OK;
}

static inline ol_view_memo_stats memo_stats(memo_kit *kit)
{
    ol_view_memo_stats stats;
    ol_view_memo_read_stats(kit->memo, &stats);
    return stats;
}

#endif
