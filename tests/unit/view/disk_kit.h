/* SPDX-License-Identifier: MIT */
/* What the tests of the disk share: blocks with made-up content, written and read one by one. */
#ifndef OL_TESTS_VIEW_DISK_KIT_H
#define OL_TESTS_VIEW_DISK_KIT_H

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/alloc_check.h"
#include "lib/check.h"
#include "lib/loop_fixture.h"
#include "lib/scratch.h"

#include "base/alloc.h"
#include "view/disk.h"

typedef struct disk_kit {
    ol_test_scratch scratch;
    ol_test_loop loop;
    ol_view_disk *disk;
} disk_kit;

static inline void disk_kit_open(disk_kit *kit)
{
    ol_error err = {0};
    ol_test_scratch_open(&kit->scratch);
    assert_code(ol_test_loop_open(&kit->loop), OL_OK);
    assert_code_of(ol_view_disk_open(&kit->disk, kit->scratch.folder, 1u << 30, &err), OL_OK,
                   &err);
}

static inline void disk_kit_close(disk_kit *kit)
{
    ol_view_disk_close(kit->disk);
    ol_test_loop_close(&kit->loop);
    ol_test_scratch_close(&kit->scratch);
}

typedef struct disk_call {
    ol_view_block block;
    bool done;
    ol_error err;
} disk_call;

static inline void disk_on_done(ol_view_block *block, const ol_error *err)
{
    disk_call *call = block->arg;
    assert_false(call->done);
    call->done = true;
    if (err)
        call->err = *err;
}

static inline void disk_prepare(disk_call *call, ol_loop *loop, ol_view_file *file, uint64_t index,
                                ol_span bytes)
{
    *call = (disk_call){.block = {.file = file,
                                  .index = index,
                                  .bytes = bytes,
                                  .loop = loop,
                                  .cb = disk_on_done}};
    call->block.arg = call;
}

static inline int disk_do(disk_kit *kit, ol_view_file *file, uint64_t index, ol_span bytes,
                          bool write)
{
    disk_call call;
    disk_prepare(&call, kit->loop.loop, file, index, bytes);
    int rc = write ? ol_view_file_write(&call.block) : ol_view_file_read(&call.block);
    if (rc != OL_OK)
        return rc;
    assert_false(call.done);
    ol_test_loop_until(&kit->loop, &call.done, OL_TEST_BOUND_MS);
    return call.err.code;
}

static inline void disk_fill(uint8_t *data, size_t len, uint64_t seed)
{
    ol_test_random random = {.state = seed + 1};
    ol_test_random_fill(&random, data, len);
}

static inline int disk_write(disk_kit *kit, ol_view_file *file, uint64_t index, size_t len,
                             uint64_t seed)
{
    uint8_t *data = malloc(len), *before = malloc(len); /* as long as it is, for the sanitizer */
    disk_fill(data, len, seed);
    memcpy(before, data, len);
    int rc = disk_do(kit, file, index, (ol_span){data, len}, true);
    assert_memory_equal(data, before, len); /* others read it meanwhile */
    free(data);
    free(before);
    return rc;
}

/* Reads and compares; whatever could not be read was wiped. */
static inline int disk_read(disk_kit *kit, ol_view_file *file, uint64_t index, size_t len,
                            uint64_t seed)
{
    uint8_t *data = malloc(len), *wanted = malloc(len);
    disk_fill(wanted, len, seed);
    memset(data, 0xee, len);
    int rc = disk_do(kit, file, index, (ol_span){data, len}, false);
    if (rc == OL_OK)
        assert_memory_equal(data, wanted, len);
    for (size_t i = 0; rc == OL_ECORRUPT && i < len; i++)
        assert_int_equal(data[i], 0);
    free(data);
    free(wanted);
    return rc;
}

/* The descriptor of the file without a name. */
static inline int disk_find_fd(disk_kit *kit)
{
    DIR *dir = opendir("/proc/self/fd");
    int found = -1;
    assert_non_null(dir);
    for (struct dirent *item; (item = readdir(dir)) != NULL;) {
        char path[300], target[4096];
        snprintf(path, sizeof(path), "/proc/self/fd/%s", item->d_name);
        ssize_t len = readlink(path, target, sizeof(target) - 1);
        if (len <= 0)
            continue;
        target[len] = '\0';
        if (strncmp(target, kit->scratch.folder, strlen(kit->scratch.folder)) == 0)
            found = atoi(item->d_name);
    }
    closedir(dir);
    assert_true(found >= 0);
    return found;
}

static inline uint64_t disk_bytes_taken(int fd)
{
    struct stat st;
    assert_int_equal(fstat(fd, &st), 0);
    return (uint64_t)st.st_blocks * 512;
}

#endif
