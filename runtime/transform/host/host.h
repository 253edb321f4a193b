/* SPDX-License-Identifier: MIT */
/*
 * The host process: what `objlens host` runs, a subcommand that only objlens itself starts.
 *
 * Life: raise the wall, load the one program, then serve jobs until killed. A host never ends
 * of its own accord, except when something is wrong; its exit status then says what.
 */
#ifndef OL_TRANSFORM_HOST_HOST_H
#define OL_TRANSFORM_HOST_HOST_H

#include "transform/host/engine.h"

/* Why a host ended by itself. */
enum ol_host_exit {
    OL_HOST_EXIT_SERVER = 70, /* the server spoke nonsense, or there is none */
    OL_HOST_EXIT_WALL = 71,   /* the sandbox could not be raised */
    OL_HOST_EXIT_LOAD = 72,   /* the program did not load */
    OL_HOST_EXIT_ABORT = 73   /* it called abort(), or an assertion failed */
};

/* With the engines that objlens has. Does not return before the host ends. */
int ol_host_main(int argc, char **argv);
/* With others, by kind; NULL where there is none. */
int ol_host_run(const ol_engine_ops *const engines[OL_PROGRAM_SHARED + 1]);

#endif
