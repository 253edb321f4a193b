/* SPDX-License-Identifier: MIT */
/* What lies where in the folder that `objlens test` is given: the transform, and its cases. */
#ifndef OL_CLI_TEST_FOLDER_H
#define OL_CLI_TEST_FOLDER_H

#include "base/arena.h"
#include "base/error.h"

typedef struct ol_test_folder {
    const char *path;      /* as given; borrowed */
    const char *name;      /* the last part of its real path, so that "." has one, too */
    const char *cases_in;  /* its folder "tests", or itself */
    const char *transform; /* a path, or what was given */
} ol_test_folder;

/* `transform`: NAME or FILE as given; NULL: the only .lua or .so of the folder or, of several, the one with the
 * folder's name (the others are libraries). OL_OK, or what is not there; then the name may be known all the
 * same (else NULL). Texts are in the arena. */
int ol_test_folder_look(ol_test_folder *folder, const char *path, const char *transform, ol_arena *arena,
                        ol_error *err);

#endif
