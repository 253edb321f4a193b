/* SPDX-License-Identifier: MIT */
/*
 * The transform that a command is given: one that ships with objlens, by name, or a file of the
 * author's, by a path that ends in .lua or .so. Loaded as the server loads it, behind the wall.
 */
#ifndef OL_CLI_PROGRAM_H
#define OL_CLI_PROGRAM_H

#include "base/arena.h"
#include "transform/registry.h"

typedef struct ol_cli_program {
    ol_registry *registry; /* private */
    ol_program *program;   /* valid until close */
} ol_cli_program;

/* Blocking. `given` outlives the program, and so does the arena. OL_OK, or the reason. */
int ol_cli_program_open(ol_cli_program *opened, ol_arena *arena, const char *given,
                        const ol_transform_limits *limits, ol_error *err);
/* Also one that did not open. */
void ol_cli_program_close(ol_cli_program *opened);

#endif
