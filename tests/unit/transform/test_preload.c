/* SPDX-License-Identifier: MIT */
/*
 * What lies in preload_folders, as a digest and as a cheap id: every change shows, and nothing else.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/check.h"
#include "lib/scratch.h"
#include "transform/preload.h"

typedef struct fixture {
    ol_test_scratch scratch;
    char folders[2][256];
    char list[600];
} fixture;

static const char *in(fixture *f, unsigned folder, const char *name)
{
    static char path[300];
    snprintf(path, sizeof(path), "%s/%s", f->folders[folder], name);
    return path;
}

static void open_fixture(fixture *f)
{
    ol_test_scratch_open(&f->scratch);
    for (unsigned i = 0; i < 2; i++) {
        snprintf(f->folders[i], sizeof(f->folders[i]), "%s",
                 ol_test_scratch_path(&f->scratch, i ? "two" : "one"));
        assert_int_equal(mkdir(f->folders[i], 0755), 0);
    }
    snprintf(f->list, sizeof(f->list), "%s\n%s\n", f->folders[0], f->folders[1]);
    ol_test_file_write(in(f, 0, "a"), OL_SLICE_LIT("aaa"));
    ol_test_file_write(in(f, 0, "b"), OL_SLICE_LIT("bbb"));
    assert_int_equal(mkdir(in(f, 1, "sub"), 0755), 0);
    ol_test_file_write(in(f, 1, "sub/c"), OL_SLICE_LIT("ccc"));
}

static void digest_of(fixture *f, uint8_t digest[32])
{
    ol_error err = {0};
    memset(digest, 7, 32);
    assert_code_of(ol_preload_digest(ol_slice_cstr(f->list), digest, &err), OL_OK, &err);
}

static void test_every_change_shows(void **state)
{
    (void)state;
    fixture f;
    uint8_t before[32], after[32];
    open_fixture(&f);
    digest_of(&f, before);
    uint64_t id = ol_preload_id(ol_slice_cstr(f.list));
    digest_of(&f, after);
    assert_memory_equal(before, after, 32);
    assert_true(id == ol_preload_id(ol_slice_cstr(f.list)));
    for (unsigned change = 0; change < 7; change++) {
        switch (change) {
        case 0: ol_test_file_write(in(&f, 1, "sub/c"), OL_SLICE_LIT("ccd")); break;
        case 1: ol_test_file_write(in(&f, 0, "new"), OL_SLICE_LIT("")); break;
        case 2: assert_int_equal(unlink(in(&f, 0, "a")), 0); break;
        case 3: assert_int_equal(symlink("b", in(&f, 0, "link")), 0); break;
        case 4: assert_int_equal(mkdir(in(&f, 0, "empty"), 0755), 0); break;
        case 5: assert_int_equal(mkfifo(in(&f, 0, "fifo"), 0644), 0); break; /* not waited for */
        default: ol_test_file_write(in(&f, 0, "b"), OL_SLICE_LIT("bbbb")); break;
        }
        digest_of(&f, after);
        assert_memory_not_equal(before, after, 32);
        assert_true(id != ol_preload_id(ol_slice_cstr(f.list)));
        memcpy(before, after, 32);
        id = ol_preload_id(ol_slice_cstr(f.list));
    }
    ol_test_scratch_close(&f.scratch);
}

/* The same in another place, written at another time, is the same: replicas agree. */
static void test_where_and_when_do_not_count(void **state)
{
    (void)state;
    fixture f, g;
    uint8_t one[32], other[32];
    open_fixture(&f);
    open_fixture(&g);
    digest_of(&f, one);
    digest_of(&g, other);
    assert_memory_equal(one, other, 32);
    ol_test_scratch_close(&f.scratch);
    ol_test_scratch_close(&g.scratch);
}

static void test_bounds(void **state)
{
    (void)state;
    fixture f;
    uint8_t digest[32] = {1}, same[32] = {1};
    ol_error err = {0};
    open_fixture(&f);
    assert_code(ol_preload_digest(OL_SLICE_NONE, digest, &err), OL_OK);
    assert_memory_equal(digest, same, 32);
    assert_true(ol_preload_id(OL_SLICE_NONE) == 0);
    assert_code(ol_preload_digest(OL_SLICE_LIT("/nowhere/at/all\n"), digest, &err), OL_OK);
    int fd = open(in(&f, 0, "large"), O_WRONLY | O_CREAT, 0644);
    assert_int_equal(ftruncate(fd, (off_t)OL_PRELOAD_BYTES_MAX + 1), 0);
    close(fd);
    assert_code(ol_preload_digest(ol_slice_cstr(f.list), digest, &err), OL_ECONFIG);
    assert_non_null(strstr(err.detail, "more than 512 MiB"));
    ol_test_scratch_close(&f.scratch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_change_shows),
        cmocka_unit_test(test_where_and_when_do_not_count),
        cmocka_unit_test(test_bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
