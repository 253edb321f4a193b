/* SPDX-License-Identifier: MIT */
/*
 * The preload folders, for a plugin that loads. There is no call yet that could lead to its program, so
 * the thread that loads it keeps them meanwhile.
 */
#include <string.h>

#include "transform/shared/run.h"

#define PATH_BYTES_MAX 4096u

static __thread ol_slice folders;
static __thread bool shown;
static __thread char path_text[PATH_BYTES_MAX];

void ol_host_show_folders(const ol_slice *of)
{
    shown = of != NULL;
    folders = of ? *of : OL_SLICE_NONE;
}

int ol_host_preload_folder(uint32_t index, const char **path)
{
    ol_slice rest = folders;
    if (!shown)
        return OBJLENS_ESTATE;
    for (; rest.len > 0; index--) {
        const uint8_t *end = memchr(rest.data, '\n', rest.len);
        size_t len = end ? (size_t)(end - rest.data) : rest.len;
        if (index == 0) {
            if (len >= sizeof(path_text))
                return OBJLENS_ELIMIT;
            memcpy(path_text, rest.data, len);
            path_text[len] = '\0';
            *path = path_text;
            return OBJLENS_OK;
        }
        rest = ol_slice_from(rest, end ? len + 1 : len);
    }
    return OBJLENS_ENOTFOUND;
}
