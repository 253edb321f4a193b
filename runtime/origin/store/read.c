/* SPDX-License-Identifier: MIT */
/*
 * Reads of immutable files. RWF_NOWAIT gives what is in the page cache and fails instead of
 * waiting; where a file system does not know it, every read goes to a read thread.
 */
#include "origin/store/read.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/uio.h>
#include <unistd.h>

#include "origin/store/hooks.h"

size_t ol_read_nowait(int fd, uint64_t offset, ol_span span)
{
    if (ol_store_at(OL_STORE_READ_NOWAIT, ""))
        return 0;
    struct iovec vec = {.iov_base = span.data, .iov_len = span.len};
    ssize_t got = preadv2(fd, &vec, 1, (off_t)offset, RWF_NOWAIT);
    return got > 0 ? (size_t)got : 0;
}

int ol_read_wait(int fd, uint64_t offset, ol_span span, uint64_t ahead)
{
    if (ahead > 0)
        posix_fadvise(fd, (off_t)offset, (off_t)(span.len + ahead), POSIX_FADV_WILLNEED);
    while (span.len > 0) {
        int fault = ol_store_at(OL_STORE_READ, "");
        if (fault)
            return fault;
        ssize_t got = pread(fd, span.data, span.len, (off_t)offset);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return got < 0 ? errno : ENODATA;
        span = (ol_span){span.data + got, span.len - (size_t)got};
        offset += (uint64_t)got;
    }
    return 0;
}
