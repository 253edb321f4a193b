/* SPDX-License-Identifier: MIT */
/*
 * The transform that a command is given: one that ships with objlens, by name, or a file of the
 * author's, by a path that ends in .lua or .so. Loaded as the server loads it, behind the wall
 * unless it is asked for inline.
 */
#ifndef OL_CLI_PROGRAM_H
#define OL_CLI_PROGRAM_H

#include "base/arena.h"
#include "cli/options.h"
#include "transform/registry.h"

typedef struct ol_cli_program {
    ol_registry *registry; /* private */
    ol_program *program;   /* valid until close */
} ol_cli_program;

typedef struct ol_cli_program_asked {
    const char *given; /* outlives the program */
    const ol_transform_limits *limits;
    const ol_options *options; /* of which it reads those below */
} ol_cli_program_asked;

/* The rows of a command's table for these. */
#define OL_CLI_PROGRAM_OPTIONS                                                                     \
    {"inline", NULL, false, "without a process and walls: isolation = \"inline\""},                \
    {"preload-folder", "DIR", true,                                                                \
     "one of preload_folders in the configuration: files that a\n"                                 \
     "shared object may read while it loads"}

/* Blocking. The arena outlives the program. OL_OK, or the reason. */
int ol_cli_program_open(ol_cli_program *opened, ol_arena *arena, const ol_cli_program_asked *asked,
                        ol_error *err);
/* Also one that did not open. */
void ol_cli_program_close(ol_cli_program *opened);

#endif
