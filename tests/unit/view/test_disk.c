/* SPDX-License-Identifier: MIT */
/* Views on disk: what is written is read, nothing of it can be seen, room comes back. */
#include "disk_kit.h"

#include <errno.h>
#include <stdarg.h>
#include <sys/syscall.h>

/* Stands before the C library's: a file system that makes no files without a name. */
static bool no_nameless_files;

int open(const char *path, int flags, ...)
{
    va_list args;
    va_start(args, flags);
    mode_t mode = (flags & O_CREAT) || (flags & O_TMPFILE) == O_TMPFILE ? va_arg(args, mode_t) : 0;
    va_end(args);
    if (no_nameless_files && (flags & O_TMPFILE) == O_TMPFILE) {
        errno = EOPNOTSUPP;
        return -1;
    }
    return (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}

static const size_t lengths[] = {1, 15, 16, 17, 4095, 4096, 100000, OL_VIEW_BLOCK_BYTES - 1,
                                 OL_VIEW_BLOCK_BYTES};
#define LENGTHS (sizeof(lengths) / sizeof(lengths[0]))

static void reads_what_was_written(void **state)
{
    (void)state;
    disk_kit kit;
    disk_kit_open(&kit);
    ol_view_file *file = ol_view_file_new(kit.disk), *other = ol_view_file_new(kit.disk);
    for (size_t i = 0; i < LENGTHS; i++) {
        assert_code(disk_write(&kit, file, LENGTHS - 1 - i, lengths[i], i), OL_OK);
        assert_code(disk_write(&kit, other, i, lengths[i], 100 + i), OL_OK);
    }
    for (int twice = 0; twice < 2; twice++)
        for (size_t i = 0; i < LENGTHS; i++) {
            assert_code(disk_read(&kit, file, LENGTHS - 1 - i, lengths[i], i), OL_OK);
            assert_code(disk_read(&kit, other, i, lengths[i], 100 + i), OL_OK);
        }
    ol_view_file_release(file);
    ol_view_file_release(other);
    disk_kit_close(&kit);
}

static unsigned count_files(const char *folder)
{
    unsigned count = 0;
    DIR *dir = opendir(folder);
    assert_non_null(dir);
    for (struct dirent *item; (item = readdir(dir)) != NULL;)
        count += item->d_name[0] != '.';
    closedir(dir);
    return count;
}

static bool contains(int fd, ol_slice wanted)
{
    struct stat st;
    assert_int_equal(fstat(fd, &st), 0);
    uint8_t *all = malloc((size_t)st.st_size);
    assert_int_equal(pread(fd, all, (size_t)st.st_size, 0), st.st_size);
    bool found = memmem(all, (size_t)st.st_size, wanted.data, wanted.len) != NULL;
    free(all);
    return found;
}

static void leaves_nothing_to_see(void **state)
{
    (void)state;
    for (int named = 0; named < 2; named++) {
        disk_kit kit;
        no_nameless_files = named;
        disk_kit_open(&kit);
        no_nameless_files = false;
        ol_view_file *file = ol_view_file_new(kit.disk);
        uint8_t data[4096];
        for (size_t i = 0; i < sizeof(data); i++)
            data[i] = "a secret of 16 b"[i % 16];
        assert_code(disk_do(&kit, file, 0, (ol_span){data, sizeof(data)}, true), OL_OK);
        assert_code(disk_do(&kit, file, 1, (ol_span){data, sizeof(data)}, true), OL_OK);
        int fd = disk_find_fd(&kit);
        assert_false(contains(fd, OL_SLICE_LIT("a secret")));
        assert_int_equal(count_files(kit.scratch.folder), 0);
        /* The same plaintext twice is not the same ciphertext twice. */
        uint8_t first[4096];
        assert_int_equal(pread(fd, first, sizeof(first), 0), sizeof(first));
        uint8_t second[4096];
        assert_int_equal(pread(fd, second, sizeof(second), OL_VIEW_BLOCK_BYTES), sizeof(second));
        assert_memory_not_equal(first, second, sizeof(first));
        struct stat st;
        assert_int_equal(fstat(fd, &st), 0);
        assert_int_equal(st.st_mode & 0777, 0600);
        assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
        ol_view_file_release(file);
        disk_kit_close(&kit);
    }
}

static void a_block_is_written_once(void **state)
{
    (void)state;
    disk_kit kit;
    disk_kit_open(&kit);
    ol_view_file *file = ol_view_file_new(kit.disk);
    assert_code(disk_write(&kit, file, 3, 100, 1), OL_OK);
    assert_code(disk_write(&kit, file, 3, 100, 2), OL_EINVAL);
    assert_code(disk_read(&kit, file, 3, 100, 1), OL_OK);
    assert_code(disk_read(&kit, file, 3, 99, 1), OL_EINVAL);
    assert_code(disk_read(&kit, file, 2, 100, 1), OL_EINVAL);
    assert_code(disk_read(&kit, file, 1000000, 100, 1), OL_EINVAL);
    uint8_t one[1];
    assert_code(disk_do(&kit, file, 9, (ol_span){one, 0}, true), OL_EINVAL);
    assert_code(disk_do(&kit, file, 9, (ol_span){one, OL_VIEW_BLOCK_BYTES + 1}, true), OL_EINVAL);
    assert_code(disk_do(&kit, file, 1ull << 32, (ol_span){one, 1}, true), OL_EINVAL);
    ol_view_file_release(file);
    disk_kit_close(&kit);
}

typedef struct taken {
    int fd;
    uint64_t at_most;
} taken;

static bool takes_little(void *arg)
{
    const taken *t = arg;
    return disk_bytes_taken(t->fd) <= t->at_most;
}

static void room_comes_back(void **state)
{
    (void)state;
    disk_kit kit;
    disk_kit_open(&kit);
    int fd = disk_find_fd(&kit);
    off_t size = 0;
    for (unsigned round = 0; round < 5; round++) {
        ol_view_file *file = ol_view_file_new(kit.disk);
        for (unsigned i = 0; i < 20; i++)
            assert_code(disk_write(&kit, file, i, OL_VIEW_BLOCK_BYTES, i), OL_OK);
        assert_true(disk_bytes_taken(fd) >= 20 * OL_VIEW_BLOCK_BYTES);
        ol_view_file_release(file);
        taken none = {.fd = fd, .at_most = 0};
        ol_test_wait(takes_little, &none, OL_TEST_BOUND_MS);
        struct stat st;
        assert_int_equal(fstat(fd, &st), 0);
        assert_true(round == 0 || st.st_size <= size); /* the places are used again */
        size = size ? size : st.st_size + OL_VIEW_BLOCK_BYTES * 20;
    }
    disk_kit_close(&kit);
}

static void counts_reservations(void **state)
{
    (void)state;
    ol_test_scratch scratch;
    ol_view_disk *disk;
    ol_test_scratch_open(&scratch);
    assert_code(ol_view_disk_open(&disk, scratch.folder, 1000, NULL), OL_OK);
    assert_false(ol_view_disk_reserve(disk, 1001));
    assert_true(ol_view_disk_reserve(disk, 600));
    assert_false(ol_view_disk_reserve(disk, 401));
    assert_false(ol_view_disk_reserve(disk, UINT64_MAX));
    assert_true(ol_view_disk_reserve(disk, 400));
    assert_false(ol_view_disk_reserve(disk, 1));
    ol_view_disk_unreserve(disk, 600);
    assert_true(ol_view_disk_reserve(disk, 1));
    ol_view_disk_unreserve(disk, 401);
    ol_view_disk_close(disk);
    ol_test_scratch_close(&scratch);
}

static void makes_its_folder_or_says_why_not(void **state)
{
    (void)state;
    ol_test_scratch scratch;
    ol_view_disk *disk;
    struct stat st;
    ol_test_scratch_open(&scratch);
    const char *folder = ol_test_scratch_path(&scratch, "cache");
    assert_code(ol_view_disk_open(&disk, folder, 1000, NULL), OL_OK);
    ol_view_disk_close(disk);
    assert_int_equal(stat(folder, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0700);
    ol_test_file_write(ol_test_scratch_path(&scratch, "file"), OL_SLICE_LIT("x"));
    static const char *const wrong[] = {"file", "no/such"};
    for (size_t i = 0; i < 2; i++) {
        ol_error err = {0};
        const char *path = ol_test_scratch_path(&scratch, wrong[i]);
        assert_code(ol_view_disk_open(&disk, path, 1000, &err), OL_EINVAL);
        assert_null(disk);
        assert_non_null(strstr(err.detail, path));
    }
    ol_test_scratch_close(&scratch);
}

/* ---- lifetimes ---- */

static void a_block_under_way_keeps_the_file(void **state)
{
    (void)state;
    disk_kit kit;
    disk_call call;
    uint8_t data[1000];
    disk_kit_open(&kit);
    disk_fill(data, sizeof(data), 1);
    ol_view_file *file = ol_view_file_new(kit.disk);
    disk_prepare(&call, kit.loop.loop, file, 0, (ol_span){data, sizeof(data)});
    assert_code(ol_view_file_write(&call.block), OL_OK);
    ol_view_file_release(file);
    ol_test_loop_until(&kit.loop, &call.done, OL_TEST_BOUND_MS);
    assert_int_equal(call.err.code, 0);
    file = ol_view_file_new(kit.disk);
    ol_view_file *again = ol_view_file_acquire(file);
    ol_view_file_release(file);
    assert_code(disk_write(&kit, again, 0, 10, 1), OL_OK);
    ol_view_file_release(again);
    disk_kit_close(&kit);
}

typedef struct closing {
    ol_view_block block;
    ol_view_disk *disk;
    bool done;
} closing;

static void close_everything(ol_view_block *block, const ol_error *err)
{
    closing *c = block->arg;
    assert_null(err);
    ol_view_file_release(block->file);
    ol_view_disk_close(c->disk);
    c->done = true;
}

static void can_be_closed_from_a_callback(void **state)
{
    (void)state;
    ol_test_scratch scratch;
    ol_test_loop loop;
    uint8_t data[10] = {0};
    closing c = {0};
    ol_test_scratch_open(&scratch);
    assert_code(ol_test_loop_open(&loop), OL_OK);
    assert_code(ol_view_disk_open(&c.disk, scratch.folder, 1000, NULL), OL_OK);
    c.block = (ol_view_block){.file = ol_view_file_new(c.disk),
                              .bytes = {data, sizeof(data)},
                              .loop = loop.loop,
                              .cb = close_everything,
                              .arg = &c};
    assert_code(ol_view_file_write(&c.block), OL_OK);
    ol_test_loop_until(&loop, &c.done, OL_TEST_BOUND_MS);
    ol_test_loop_close(&loop);
    ol_test_scratch_close(&scratch);
}

/* More than the queue takes: some are turned away and may be tried again. */
#define MANY 2000u

static bool all_done(void *arg)
{
    const disk_call *calls = arg;
    for (unsigned i = 0; i < MANY; i++)
        if (!calls[i].done)
            return false;
    return true;
}

static void bounds_its_queue(void **state)
{
    (void)state;
    disk_kit kit;
    disk_kit_open(&kit);
    ol_view_file *file = ol_view_file_new(kit.disk);
    uint8_t *data = malloc(OL_VIEW_BLOCK_BYTES);
    disk_fill(data, OL_VIEW_BLOCK_BYTES, 5);
    disk_call *calls = calloc(MANY, sizeof(*calls));
    unsigned refused = 0, written = 0;
    bool *refused_one = calloc(MANY, sizeof(*refused_one));
    for (unsigned i = 0; i < MANY; i++) {
        disk_prepare(&calls[i], kit.loop.loop, file, i, (ol_span){data, OL_VIEW_BLOCK_BYTES});
        int rc = ol_view_file_write(&calls[i].block);
        assert_true(rc == OL_OK || rc == OL_ESLOWDOWN);
        refused_one[i] = calls[i].done = rc != OL_OK;
        refused += rc != OL_OK;
    }
    ol_test_loop_until_fn(&kit.loop, all_done, calls, 60000);
    assert_true(refused > 0);
    for (unsigned i = 0; i < MANY && written < 5; i++) {
        if (!refused_one[i])
            continue;
        assert_code(disk_write(&kit, file, i, 10, i), OL_OK);
        assert_code(disk_read(&kit, file, i, 10, i), OL_OK);
        written++;
    }
    free(calls);
    free(refused_one);
    free(data);
    ol_view_file_release(file);
    disk_kit_close(&kit);
}

/* ---- a lack of memory ---- */

static int use_without_memory(void *arg)
{
    const char *folder = arg;
    ol_view_disk *disk;
    ol_error err = {0};
    disk_kit kit = {0};
    int rc = ol_test_loop_open(&kit.loop);
    if (rc != OL_OK)
        return rc;
    rc = ol_view_disk_open(&disk, folder, 1000, &err);
    if (rc == OL_OK) {
        ol_view_file *file = ol_view_file_new(disk);
        kit.disk = disk;
        rc = file ? disk_write(&kit, file, 70, 100, 1) : OL_ENOMEM;
        if (rc == OL_OK)
            rc = disk_read(&kit, file, 70, 100, 1);
        if (file)
            ol_view_file_release(file);
        ol_view_disk_close(disk);
    }
    ol_test_loop_close(&kit.loop);
    return rc;
}

static void survives_a_lack_of_memory(void **state)
{
    (void)state;
    ol_test_scratch scratch;
    ol_test_scratch_open(&scratch);
    assert_true(ol_test_fail_each(use_without_memory, scratch.folder) > 10);
    ol_test_scratch_close(&scratch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_what_was_written),
        cmocka_unit_test(leaves_nothing_to_see),
        cmocka_unit_test(a_block_is_written_once),
        cmocka_unit_test(room_comes_back),
        cmocka_unit_test(counts_reservations),
        cmocka_unit_test(makes_its_folder_or_says_why_not),
        cmocka_unit_test(a_block_under_way_keeps_the_file),
        cmocka_unit_test(can_be_closed_from_a_callback),
        cmocka_unit_test(bounds_its_queue),
        cmocka_unit_test(survives_a_lack_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
