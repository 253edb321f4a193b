/* SPDX-License-Identifier: MIT */
/* The disk is full, or does not give back what it was given; and many threads at once. */
#include "disk_kit.h"

#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>

/* ---- bytes that are not what was written ---- */

static void flip(int fd, off_t at)
{
    uint8_t byte;
    assert_int_equal(pread(fd, &byte, 1, at), 1);
    byte ^= 0x10;
    assert_int_equal(pwrite(fd, &byte, 1, at), 1);
}

static void notices_every_changed_byte(void **state)
{
    (void)state;
    disk_kit kit;
    disk_kit_open(&kit);
    int fd = disk_find_fd(&kit);
    ol_view_file *file = ol_view_file_new(kit.disk);
    assert_code(disk_write(&kit, file, 0, 300, 1), OL_OK);
    for (off_t at = 0; at < 300; at++) {
        flip(fd, at);
        assert_code(disk_read(&kit, file, 0, 300, 1), OL_ECORRUPT);
        flip(fd, at);
    }
    assert_code(disk_read(&kit, file, 0, 300, 1), OL_OK);
    ol_view_file_release(file);
    disk_kit_close(&kit);
}

static void swap_places(int fd)
{
    static uint8_t a[OL_VIEW_BLOCK_BYTES], b[OL_VIEW_BLOCK_BYTES];
    assert_int_equal(pread(fd, a, sizeof(a), 0), sizeof(a));
    assert_int_equal(pread(fd, b, sizeof(b), OL_VIEW_BLOCK_BYTES), sizeof(b));
    assert_int_equal(pwrite(fd, b, sizeof(b), 0), sizeof(b));
    assert_int_equal(pwrite(fd, a, sizeof(a), OL_VIEW_BLOCK_BYTES), sizeof(a));
}

static void notices_blocks_that_changed_places(void **state)
{
    (void)state;
    for (int two_files = 0; two_files < 2; two_files++) {
        disk_kit kit;
        disk_kit_open(&kit);
        ol_view_file *file = ol_view_file_new(kit.disk), *other = ol_view_file_new(kit.disk);
        ol_view_file *second = two_files ? other : file;
        uint64_t index = two_files ? 0 : 1;
        assert_code(disk_write(&kit, file, 0, OL_VIEW_BLOCK_BYTES, 7), OL_OK);
        assert_code(disk_write(&kit, second, index, OL_VIEW_BLOCK_BYTES, 7), OL_OK);
        swap_places(disk_find_fd(&kit));
        assert_code(disk_read(&kit, file, 0, OL_VIEW_BLOCK_BYTES, 7), OL_ECORRUPT);
        assert_code(disk_read(&kit, second, index, OL_VIEW_BLOCK_BYTES, 7), OL_ECORRUPT);
        swap_places(disk_find_fd(&kit));
        assert_code(disk_read(&kit, file, 0, OL_VIEW_BLOCK_BYTES, 7), OL_OK);
        ol_view_file_release(file);
        ol_view_file_release(other);
        disk_kit_close(&kit);
    }
}

static void notices_a_file_that_was_cut(void **state)
{
    (void)state;
    disk_kit kit;
    disk_kit_open(&kit);
    ol_view_file *file = ol_view_file_new(kit.disk);
    assert_code(disk_write(&kit, file, 0, OL_VIEW_BLOCK_BYTES, 1), OL_OK);
    assert_code(disk_write(&kit, file, 1, 5000, 2), OL_OK);
    assert_int_equal(ftruncate(disk_find_fd(&kit), OL_VIEW_BLOCK_BYTES + 4999), 0);
    assert_code(disk_read(&kit, file, 1, 5000, 2), OL_ECORRUPT);
    assert_code(disk_read(&kit, file, 0, OL_VIEW_BLOCK_BYTES, 1), OL_OK);
    assert_int_equal(ftruncate(disk_find_fd(&kit), 0), 0);
    assert_code(disk_read(&kit, file, 0, OL_VIEW_BLOCK_BYTES, 1), OL_ECORRUPT);
    ol_view_file_release(file);
    disk_kit_close(&kit);
}

/* ---- a full disk ---- */

static void limit_files(rlim_t bytes)
{
    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = bytes;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void says_when_the_disk_is_full(void **state)
{
    (void)state;
    disk_kit kit;
    signal(SIGXFSZ, SIG_IGN);
    disk_kit_open(&kit);
    ol_view_file *file = ol_view_file_new(kit.disk);
    assert_code(disk_write(&kit, file, 0, OL_VIEW_BLOCK_BYTES, 1), OL_OK);
    limit_files(OL_VIEW_BLOCK_BYTES + 1000); /* the second block ends in its middle */
    assert_code(disk_write(&kit, file, 1, OL_VIEW_BLOCK_BYTES, 2), OL_ENOSPACE);
    assert_code(disk_write(&kit, file, 1, 10, 2), OL_EINVAL); /* its nonce has been used */
    assert_code(disk_read(&kit, file, 1, OL_VIEW_BLOCK_BYTES, 2), OL_EINVAL);
    assert_code(disk_write(&kit, file, 2, 1, 3), OL_ENOSPACE);
    assert_code(disk_read(&kit, file, 0, OL_VIEW_BLOCK_BYTES, 1), OL_OK);
    limit_files(RLIM_INFINITY);
    ol_view_file *later = ol_view_file_new(kit.disk);
    assert_code(disk_write(&kit, later, 0, OL_VIEW_BLOCK_BYTES, 4), OL_OK);
    assert_code(disk_read(&kit, later, 0, OL_VIEW_BLOCK_BYTES, 4), OL_OK);
    ol_view_file_release(later);
    ol_view_file_release(file);
    disk_kit_close(&kit);
}

/* ---- many threads ---- */

#define THREADS 4u
#define ROUNDS 60u
#define BLOCKS 5u

typedef struct player {
    ol_view_disk *disk;
    uint64_t seed;
    pthread_t thread;
} player;

static bool each_is_done(void *arg)
{
    const disk_call *calls = arg;
    for (unsigned i = 0; i < BLOCKS; i++)
        if (!calls[i].done)
            return false;
    return true;
}

/* All blocks of a file at once, out of order. */
static void all_blocks(disk_kit *kit, ol_view_file *file, uint8_t data[BLOCKS][3000], bool write)
{
    disk_call calls[BLOCKS];
    for (unsigned i = 0; i < BLOCKS; i++) {
        unsigned index = (i * 3 + 1) % BLOCKS;
        disk_prepare(&calls[i], kit->loop.loop, file, index, (ol_span){data[index], 3000});
        assert_code(write ? ol_view_file_write(&calls[i].block) : ol_view_file_read(&calls[i].block),
                    OL_OK);
    }
    ol_test_loop_until_fn(&kit->loop, each_is_done, calls, 60000);
    for (unsigned i = 0; i < BLOCKS; i++)
        assert_int_equal(calls[i].err.code, 0);
}

static void *play(void *arg)
{
    player *p = arg;
    disk_kit kit = {.disk = p->disk};
    static _Thread_local uint8_t data[BLOCKS][3000], wanted[BLOCKS][3000];
    assert_code(ol_test_loop_open(&kit.loop), OL_OK);
    for (unsigned round = 0; round < ROUNDS; round++) {
        ol_view_file *file = ol_view_file_new(p->disk);
        disk_fill(wanted[0], sizeof(wanted), p->seed * 1000 + round);
        memcpy(data, wanted, sizeof(data));
        while (!ol_view_disk_reserve(p->disk, sizeof(data)))
            sched_yield();
        all_blocks(&kit, file, data, true);
        memset(data, 0, sizeof(data));
        all_blocks(&kit, file, data, false);
        assert_memory_equal(data, wanted, sizeof(data));
        ol_view_file_release(file);
        ol_view_disk_unreserve(p->disk, sizeof(data));
    }
    ol_test_loop_close(&kit.loop);
    return NULL;
}

static void threads_share_it(void **state)
{
    (void)state;
    ol_test_scratch scratch;
    ol_view_disk *disk;
    player players[THREADS];
    ol_test_scratch_open(&scratch);
    assert_code(ol_view_disk_open(&disk, scratch.folder, 2 * BLOCKS * 3000, NULL), OL_OK);
    for (unsigned i = 0; i < THREADS; i++) {
        players[i] = (player){.disk = disk, .seed = i};
        assert_int_equal(pthread_create(&players[i].thread, NULL, play, &players[i]), 0);
    }
    for (unsigned i = 0; i < THREADS; i++)
        pthread_join(players[i].thread, NULL);
    assert_true(ol_view_disk_reserve(disk, 2 * BLOCKS * 3000));
    ol_view_disk_unreserve(disk, 2 * BLOCKS * 3000);
    ol_view_disk_close(disk);
    ol_test_scratch_close(&scratch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(notices_every_changed_byte),
        cmocka_unit_test(notices_blocks_that_changed_places),
        cmocka_unit_test(notices_a_file_that_was_cut),
        cmocka_unit_test(says_when_the_disk_is_full),
        cmocka_unit_test(threads_share_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
