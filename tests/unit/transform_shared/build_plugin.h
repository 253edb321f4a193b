/* SPDX-License-Identifier: MIT */
/*
 * Compile a plugin the way docs/plugin_abi.md tells its reader to, with the header alone, and
 * give its path. Files land in a folder of this test process under the build folder.
 */
#ifndef TESTS_BUILD_PLUGIN_H
#define TESTS_BUILD_PLUGIN_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static inline const char *build_folder(void)
{
    static char folder[512];
    if (!folder[0]) {
        snprintf(folder, sizeof(folder), "%s/plugin-test-XXXXXX", OBJLENS_BINARY_DIR);
        if (!mkdtemp(folder))
            abort();
    }
    return folder;
}

static inline void build_folder_remove(void)
{
    char command[600];
    snprintf(command, sizeof(command), "rm -rf '%s'", build_folder());
    if (system(command) != 0)
        abort();
}

/* `source` is relative to the source tree; `defines` may be "" or e.g. "-DFLAGS=4". A header
 * folder in it comes before the tree's own. */
static inline void build_plugin(char *path, size_t size, const char *source, const char *defines)
{
    static unsigned serial;
    char command[2048];
    snprintf(path, size, "%s/plugin%u.so", build_folder(), serial++);
    snprintf(command, sizeof(command),
             "cc -std=c11 -D_GNU_SOURCE -O1 -g -Wall -Wextra -Werror -fPIC -shared "
             "-fvisibility=hidden %s -I'%s/include' -o '%s' '%s/%s'",
             defines, OBJLENS_SOURCE_DIR, path, OBJLENS_SOURCE_DIR, source);
    if (system(command) != 0) {
        fprintf(stderr, "failed: %s\n", command);
        abort();
    }
}

#endif
