/* SPDX-License-Identifier: MIT */
/*
 * Files that pretend to be shared objects are checked: whatever their bytes say, nothing is read beyond
 * them, and a good one is never refused.
 */
#include "lib/check.h"

#include <elf.h>
#include <stdio.h>
#include <stdlib.h>

#include "build_plugin.h"
#include "lib/scratch.h"
#include "transform/shared/elf_check.h"

#define SHAPE "tests/unit/transform_shared/plugins/shape.c"

static ol_test_scratch scratch;
static uint8_t *good;
static size_t good_len;

static bool is_refused(const uint8_t *bytes, size_t len, char why[OL_ELF_WHY_SIZE])
{
    const char *path = ol_test_scratch_path(&scratch, "it.so");
    ol_test_file_write(path, ol_slice_of(bytes, len));
    memset(why, 0x7f, OL_ELF_WHY_SIZE);
    bool refused = !ol_elf_check(path, why);
    assert_true(!refused || memchr(why, '\0', OL_ELF_WHY_SIZE) != NULL);
    return refused;
}

static void test_a_good_one(void **state)
{
    (void)state;
    char why[OL_ELF_WHY_SIZE];
    assert_false(is_refused(good, good_len, why));
    assert_true(ol_elf_check("/nonexistent/it.so", why)); /* the loader says it better */
}

/* Each prefix is cut off or no ELF file at all, and never more than it has is read. */
static void test_every_prefix(void **state)
{
    (void)state;
    char why[OL_ELF_WHY_SIZE];
    for (size_t len = 0; len < good_len; len += len < 1500 ? 1 : 509) {
        assert_true(is_refused(good, len, why));
        assert_non_null(strstr(why, len < SELFMAG ? "no ELF file" : "cut off"));
    }
}

static void test_damaged_headers(void **state)
{
    (void)state;
    ol_test_random random = {.state = 17};
    char why[OL_ELF_WHY_SIZE];
    unsigned refused = 0;
    uint8_t *bytes = malloc(good_len);
    assert_non_null(bytes);
    for (unsigned round = 0; round < 3000; round++) {
        memcpy(bytes, good, good_len);
        size_t within = round % 2 ? sizeof(Elf64_Ehdr) : 1024; /* the tables of segments, too */
        for (unsigned i = 0; i < 1 + round % 4; i++)
            bytes[ol_test_random_below(&random, within)] = (uint8_t)ol_test_random_below(&random, 256);
        refused += is_refused(bytes, good_len, why);
    }
    assert_in_range(refused, 300, 2999);
    free(bytes);
}

/* Offsets that would come around to small ones again. */
static void test_offsets_without_end(void **state)
{
    (void)state;
    char why[OL_ELF_WHY_SIZE];
    uint8_t *bytes = malloc(good_len);
    assert_non_null(bytes);
    static const size_t fields[] = {offsetof(Elf64_Ehdr, e_phoff), offsetof(Elf64_Ehdr, e_shoff)};
    for (size_t i = 0; i < 2; i++)
        for (uint64_t back = 1; back < 200; back++) {
            uint64_t offset = UINT64_MAX - back;
            memcpy(bytes, good, good_len);
            memcpy(bytes + fields[i], &offset, sizeof(offset));
            assert_true(is_refused(bytes, good_len, why));
            assert_non_null(strstr(why, "of at least 184467440737095")); /* not a small one */
        }
    free(bytes);
}

static int set_up(void **state)
{
    (void)state;
    char path[600];
    ol_test_scratch_open(&scratch);
    build_plugin(path, sizeof(path), SHAPE, "");
    FILE *file = fopen(path, "rb");
    if (!file || fseek(file, 0, SEEK_END) != 0)
        return -1;
    good_len = (size_t)ftell(file);
    good = malloc(good_len);
    rewind(file);
    bool read = good && fread(good, 1, good_len, file) == good_len;
    fclose(file);
    return read ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    free(good);
    ol_test_scratch_close(&scratch);
    build_folder_remove();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_good_one),
        cmocka_unit_test(test_every_prefix),
        cmocka_unit_test(test_damaged_headers),
        cmocka_unit_test(test_offsets_without_end),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
