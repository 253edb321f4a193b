/* SPDX-License-Identifier: MIT */
#include "lib/scratch.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "lib/check.h"

#define KEPT_PATHS 8u

void ol_test_scratch_open(ol_test_scratch *scratch)
{
    snprintf(scratch->folder, sizeof(scratch->folder), "/tmp/objlens-test-XXXXXX");
    if (!mkdtemp(scratch->folder))
        fail_msg("mkdtemp: %s", strerrordesc_np(errno));
}

static int remove_one(const char *path, const struct stat *about, int type, struct FTW *where)
{
    (void)about;
    (void)type;
    (void)where;
    return remove(path);
}

void ol_test_scratch_close(ol_test_scratch *scratch)
{
    assert_int_equal(nftw(scratch->folder, remove_one, 16, FTW_DEPTH | FTW_PHYS), 0);
}

const char *ol_test_scratch_path(const ol_test_scratch *scratch, const char *name)
{
    static char paths[KEPT_PATHS][4096];
    static unsigned next;
    char *path = paths[next++ % KEPT_PATHS];
    int len = snprintf(path, sizeof(paths[0]), "%s/%s", scratch->folder, name);
    assert_in_range(len, 1, sizeof(paths[0]) - 1);
    return path;
}

void ol_test_file_read(const char *path, ol_buf *out)
{
    ol_buf_clear(out);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        fail_msg("%s: %s", path, strerrordesc_np(errno));
    for (;;) {
        assert_int_equal(ol_buf_reserve(out, 1), OL_OK);
        ssize_t got = read(fd, out->data + out->len, out->cap - 1 - out->len);
        assert_true(got >= 0);
        if (got == 0)
            break;
        out->len += (size_t)got;
    }
    close(fd);
}

void ol_test_file_write(const char *path, ol_slice content)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0)
        fail_msg("%s: %s", path, strerrordesc_np(errno));
    while (content.len) {
        ssize_t taken = write(fd, content.data, content.len);
        assert_true(taken > 0);
        content = ol_slice_from(content, (size_t)taken);
    }
    close(fd);
}

void ol_test_wait(bool (*is)(void *arg), void *arg, unsigned bound_ms)
{
    uint64_t late_ms = ol_clock_mono_ms() + bound_ms;
    while (!is(arg)) {
        if (ol_clock_mono_ms() >= late_ms)
            fail_msg("did not happen within %u ms", bound_ms);
        poll(NULL, 0, 1);
    }
}
