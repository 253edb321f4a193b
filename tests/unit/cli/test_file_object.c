/* SPDX-License-Identifier: MIT */
/*
 * A file as an original: ranges, its end, and closing while a read runs.
 */
#include "lib/alloc_check.h"
#include "lib/check.h"
#include "lib/loop_fixture.h"
#include "lib/scratch.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/alloc.h"
#include "cli/file_object.h"

typedef struct fixture {
    ol_test_scratch s;
    ol_test_loop loop;
    ol_offload *readers;
    ol_object *object;
    int fd;
    bool called;
    int code;
    size_t got;
} fixture;

static const char content[] = "0123456789";

static int setup(void **state)
{
    static fixture f;
    f = (fixture){0};
    ol_test_scratch_open(&f.s);
    ol_test_file_write(ol_test_scratch_path(&f.s, "file"), ol_slice_cstr(content));
    f.fd = open(ol_test_scratch_path(&f.s, "file"), O_RDONLY | O_CLOEXEC);
    assert_code(ol_test_loop_open(&f.loop), OL_OK);
    assert_code(ol_offload_new(&f.readers, "read", 1, 4), OL_OK);
    assert_code(ol_file_object_new(&f.object, f.fd, sizeof(content) - 1, f.loop.loop, f.readers), OL_OK);
    *state = &f;
    return 0;
}

static int teardown(void **state)
{
    fixture *f = *state;
    if (f->object)
        f->object->origin->ops->close_object(f->object);
    ol_test_loop_close(&f->loop);
    ol_offload_destroy(f->readers);
    close(f->fd);
    ol_test_scratch_close(&f->s);
    return 0;
}

static void on_read(void *arg, const ol_error *err, size_t got)
{
    fixture *f = arg;
    f->called = true;
    f->code = err ? err->code : OL_OK;
    f->got = got;
}

static int begin(fixture *f, uint64_t offset, ol_span span)
{
    ol_error err = {0};
    size_t got;
    f->called = false;
    return f->object->origin->ops->read_at(f->object, offset, span, &got, on_read, f, &err);
}

static void test_ranges(void **state)
{
    fixture *f = *state;
    uint8_t bytes[16];
    static const struct {
        uint64_t offset;
        size_t len;
        const char *want;
    } rows[] = {{0, 10, "0123456789"}, {3, 4, "3456"},         {8, 16, "89"},
                {10, 4, ""},           {UINT64_MAX, 4, ""},    {0, 16, "0123456789"}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_code(begin(f, rows[i].offset, (ol_span){bytes, rows[i].len}), OL_WAIT);
        assert_false(f->called); /* never from inside the call */
        ol_test_loop_until(&f->loop, &f->called, OL_TEST_BOUND_MS);
        assert_code(f->code, OL_OK);
        assert_slices(ol_slice_of(bytes, f->got), ol_slice_cstr(rows[i].want));
    }
    assert_int_equal(f->object->origin->ops->info(f->object)->size, 10);
}

static void test_a_failure_is_told(void **state)
{
    fixture *f = *state;
    uint8_t bytes[4];
    int folder = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_int_equal(dup2(folder, f->fd), f->fd);
    close(folder);
    assert_code(begin(f, 0, (ol_span){bytes, 4}), OL_WAIT);
    ol_test_loop_until(&f->loop, &f->called, OL_TEST_BOUND_MS);
    assert_code(f->code, OL_EORIGIN);
}

/* The callback is dropped, and the caller's memory is not written to any more. */
static void test_closing_while_a_read_runs(void **state)
{
    fixture *f = *state;
    long live = ol_alloc_live();
    uint8_t *bytes = malloc(4);
    assert_code(begin(f, 0, (ol_span){bytes, 4}), OL_WAIT);
    f->object->origin->ops->close_object(f->object);
    f->object = NULL;
    free(bytes);
    ol_offload_destroy(f->readers); /* the read is over, its end is posted */
    f->readers = NULL;
    ol_test_loop_turns(&f->loop, 3);
    assert_false(f->called);
    assert_no_leak(live - 2); /* the object and the pool are gone too */
}

int main(void)
{
#define EACH(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
    const struct CMUnitTest tests[] = {
        EACH(test_ranges),
        EACH(test_a_failure_is_told),
        EACH(test_closing_while_a_read_runs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
