/* SPDX-License-Identifier: MIT */
/*
 * Files that say they are shared objects: each is judged, by a sentence that ends and can be shown.
 */
#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "transform/shared/elf_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_sentence(const char why[OL_ELF_WHY_SIZE])
{
    size_t length = strnlen(why, OL_ELF_WHY_SIZE);
    assert(length > 0 && length < OL_ELF_WHY_SIZE);
    for (size_t i = 0; i < length; i++)
        assert(why[i] >= ' ' && why[i] <= '~');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[32], why[OL_ELF_WHY_SIZE] = "";
    int fd = memfd_create("object", MFD_CLOEXEC);
    if (fd < 0)
        return 0;
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    if (write(fd, data, size) == (ssize_t)size && !ol_elf_check(path, why))
        check_sentence(why);
    close(fd);
    return 0;
}
