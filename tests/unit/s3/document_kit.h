/* SPDX-License-Identifier: MIT */
/* What the tests of documents share: an arena, a buffer, and how documents begin. */
#ifndef OL_TESTS_S3_DOCUMENT_KIT_H
#define OL_TESTS_S3_DOCUMENT_KIT_H

#include "lib/check.h"

#include "base/arena.h"
#include "base/buf.h"

#define DECLARATION "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
#define NS " xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\""

static ol_buf out;
static ol_arena *arena;

static int setup(void **state)
{
    (void)state;
    ol_buf_init(&out, 8u << 20);
    arena = ol_arena_new(8u << 20);
    return arena ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    ol_buf_fini(&out);
    ol_arena_destroy(arena);
    return 0;
}

/* The document as written since the last time, without its declaration. */
#define assert_document(text)                                                                      \
    do {                                                                                           \
        assert_string_equal(ol_buf_cstr(&out), DECLARATION text);                                  \
        ol_buf_clear(&out);                                                                        \
    } while (0)

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

#endif
