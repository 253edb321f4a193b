/* SPDX-License-Identifier: MIT */
/* Runs one entry of a module against a job that is played. */
#ifndef OL_TESTS_ENTRIES_KIT_H
#define OL_TESTS_ENTRIES_KIT_H

#include "fake_job.c"

#include "lib/alloc_check.h"

#ifndef KIT_UNUSED
#define KIT_UNUSED __attribute__((unused))
#endif

#define MODULE(more) "return {get = function() end, " more "}"
#define HEAD(body) MODULE("head = function(event, object, response) " body " end")
#define LIST(body) MODULE("list = function(event, listing, response) " body " end")
#define REQUEST(body) MODULE("request = function(event, key, response) " body " end")

static const char page[] =
    "{\"name\":\"b\",\"prefix\":\"\",\"startAfter\":\"a\",\"keyCount\":3,\"maxKeys\":1000,\"isTruncated\":true,"
    "\"nextContinuationToken\":\"t\\u0041k\",\"contents\":["
    "{\"key\":\"a/one\",\"originalKey\":\"a/one\",\"lastModified\":\"2026-11-21T06:00:00.000Z\",\"size\":10,"
    "\"storageClass\":\"STANDARD\"},"
    "{\"key\":\"a/two\",\"originalKey\":\"a/two\",\"lastModified\":\"2026-11-21T06:00:00.000Z\",\"size\":20,"
    "\"owner\":{\"displayName\":\"ann\",\"id\":\"1\"}}],"
    "\"commonPrefixes\":[{\"prefix\":\"c/\",\"originalPrefix\":\"c/\"}]}";

static const char *const event[] = {"userIdentity.arn", "arn:ann", "configuration.payload", "{}", "object.key",
                                    "asked/for \xc3\xa4", "object.size", "42", "object.metadata.owner", "ann", NULL};

static KIT_UNUSED void run_entry(const char *source, enum ol_transform_entry entry, const char *input,
                      const fake_options *given, fake_result *result)
{
    fake_options options = given ? *given : (fake_options){0};
    fake_engine e;

    options.entry = entry;
    options.event = options.event ? options.event : event;
    options.original = ol_slice_cstr(input);
    fake_engine_init(&e);
    assert_code_of(fake_engine_load(&e, source), OL_OK, &e.err);
    fake_run(&e, &options, result);
    fake_engine_close(&e);
}

static KIT_UNUSED void show(const fake_result *result, const char *source)
{
    print_error("%s\nlog: %sdetail: %s\nout: %.*s\n", source, ol_buf_cstr((ol_buf *)&result->log),
                result->err.detail, OL_SLICE_FMT(ol_buf_slice(&result->out)));
}

/* The output, or the error's detail or log, has this in it. */
static KIT_UNUSED void expect_in(const char *source, enum ol_transform_entry entry, const char *input, int rc,
                      const char *text)
{
    fake_result result;

    run_entry(source, entry, input, NULL, &result);
    ol_slice out = ol_buf_slice(&result.out);
    bool found = strstr(result.err.detail, text) || strstr(ol_buf_cstr(&result.log), text) ||
                 (out.len && memmem(out.data, out.len, text, strlen(text)));
    if (result.rc != rc || !found)
        show(&result, source);
    assert_code(result.rc, rc);
    assert_true(found);
    if (rc != OL_DONE) /* all or nothing */
        assert_int_equal(out.len, 0);
    fake_result_fini(&result);
}

static KIT_UNUSED void expect_list(const char *body, const char *text)
{
    expect_in(body, OL_ENTRY_LIST, page, OL_DONE, text);
}

static KIT_UNUSED void expect_no_list(const char *body, const char *text)
{
    expect_in(body, OL_ENTRY_LIST, page, OL_ETRANSFORMRESPONSE, text);
}

static KIT_UNUSED bool head_has(const fake_result *result, const char *name, const char *value)
{
    ol_slice found;

    return ol_fields_get(ol_buf_slice(&result->head), name, &found) && ol_slice_eq_cstr(found, value);
}

#endif
