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

/* By kind; NULL where there is none. */
typedef const ol_engine_ops *const ol_host_engines[OL_PROGRAM_SHARED + 1];

/* Those that objlens has. */
extern ol_host_engines ol_host_engines_all;

/* With the engines that objlens has. Does not return before the host ends. */
int ol_host_main(int argc, char **argv);
/* With others. */
int ol_host_run(ol_host_engines engines);

/* A host that is a thread of the server: no wall, and no process to end. */
typedef struct ol_host_inline {
    uint8_t *base; /* the shared memory, laid out and with LOAD in its ring */
    size_t size;
    int wake_fd;
    const char *image_path; /* what a shared object is loaded from */
    void *library;          /* out: for dlclose when the thread has ended; or NULL */
} ol_host_inline;

/* The same life on the calling thread, until it is told to stop (ol_wire_control.stop) or the program
 * does not load. Leaves nothing behind but `library`. */
void ol_host_run_inline(ol_host_engines engines, ol_host_inline *in);

#endif
