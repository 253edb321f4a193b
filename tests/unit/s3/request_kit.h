/* SPDX-License-Identifier: MIT */
/*
 * A request made from text, for tests of what reads one. Targets and header values live in an
 * arena of the request's own.
 */
#ifndef OL_TESTS_S3_REQUEST_KIT_H
#define OL_TESTS_S3_REQUEST_KIT_H

#include <stdlib.h>
#include <strings.h>

#include "http/server.h"
#include "lib/check.h"

typedef struct test_request {
    ol_arena *arena;
    ol_http_request req;
} test_request;

static inline enum ol_http_method test_method_of(const char *text)
{
    static const char *const names[] = {"GET", "HEAD", "PUT", "POST", "DELETE", "OPTIONS"};
    for (int i = 0; i < 6; i++)
        if (strcmp(text, names[i]) == 0)
            return (enum ol_http_method)i;
    return OL_HTTP_OTHER;
}

static inline void test_request_header(test_request *t, const char *name, const char *value)
{
    assert_code(ol_headers_add(&t->req.headers, ol_slice_cstr(name), ol_slice_cstr(value)), OL_OK);
    if (strcasecmp(name, "host") == 0)
        t->req.host = ol_headers_get(&t->req.headers, "host");
    if (strcasecmp(name, "content-length") == 0)
        t->req.content_length = atoll(value);
}

/* `fields`: name, value, …, NULL; may be NULL. */
static inline void test_request_open(test_request *t, const char *method, const char *target,
                                     const char *const *fields)
{
    memset(t, 0, sizeof *t);
    t->arena = ol_arena_new(512 * 1024);
    assert_non_null(t->arena);
    t->req.method = test_method_of(method);
    t->req.method_text = ol_slice_cstr(ol_arena_strdup(t->arena, method));
    t->req.target = ol_slice_cstr(ol_arena_strdup(t->arena, target));
    ptrdiff_t mark = ol_slice_find(t->req.target, '?');
    t->req.path = mark < 0 ? t->req.target : ol_slice_first(t->req.target, (size_t)mark);
    if (mark >= 0)
        t->req.query = ol_slice_of(t->req.target.data + mark + 1,
                                   t->req.target.len - (size_t)mark - 1);
    t->req.content_length = -1;
    ol_headers_init(&t->req.headers, t->arena);
    for (; fields && fields[0]; fields += 2)
        test_request_header(t, fields[0], fields[1]);
}

static inline void test_request_close(test_request *t)
{
    ol_arena_destroy(t->arena);
}

#endif
