/* SPDX-License-Identifier: MIT */
/*
 * For fuzzing what ships as a shared object: load it from beside the fuzzer, run it twice over
 * the same bytes, cut in two ways. Whatever it makes of them, it must be the same.
 */
#ifndef TESTS_FUZZ_SHIPPED_H
#define TESTS_FUZZ_SHIPPED_H

#include <libgen.h>
#include <limits.h>
#include <stdint.h>
#include <unistd.h>

/* The build folder: the fuzzer lies in its tests/. */
static inline const char *build_folder_of_fuzzer(void)
{
    static char path[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 1);
    if (n <= 0)
        _exit(1);
    path[n] = '\0';
    return dirname(dirname(path));
}

#define OBJLENS_BINARY_DIR build_folder_of_fuzzer()
#include "../unit/transform_shared/direct_host.h"

/* Output of the first run stays in *c. */
static inline int run_twice(const struct objlens_transform *t, const char *payload, unsigned seed,
                            const uint8_t *data, size_t size, struct objlens_call *c)
{
    struct objlens_call other;
    direct_init(c, payload, 1 + seed % 300, seed);
    direct_init(&other, payload, 1 + seed * 7 % 5000, seed + 1);
    int rc = direct_run(t, c, data, size, direct_whole);
    int again = direct_run(t, &other, data, size, direct_chopped);
    if (rc != again || strcmp(c->failed_message, other.failed_message) != 0)
        abort();
    /* What was written before a failure may differ: nobody takes it for whole. */
    if (rc == OBJLENS_OK && (c->size != other.size || (c->size && memcmp(c->out, other.out, c->size))))
        abort();
    if (direct_live_blocks(c) > 0 && rc == OBJLENS_OK)
        abort();
    direct_fini(&other);
    return rc;
}

#endif
