/* SPDX-License-Identifier: MIT */
/*
 * What `objlens new` writes: the files of a small transform that works, one table a language. In
 * paths and texts, @NAME@ stands for its name.
 */
#ifndef OL_CLI_STARTER_H
#define OL_CLI_STARTER_H

#include <stddef.h>

typedef struct ol_starter_file {
    const char *path; /* in the new folder */
    const char *text;
} ol_starter_file;

typedef struct ol_starter {
    const char *language;
    const ol_starter_file *files;
    size_t count;
    const char *next; /* what to do now, for the terminal */
} ol_starter;

/* An event as AWS writes it, to be changed: for `objlens run --event`, and for a case. */
extern const char ol_starter_event[];

/* The end of every README. */
#define OL_STARTER_README_CASES                                                                             \
    "## Cases\n"                                                                                            \
    "\n"                                                                                                    \
    "Each folder in `tests/` is one: the `input`, what is `expected` to come out, the `payload`, and who\n"  \
    "asks for what (`event.json`). `expect.json` says what status and headers are to be, or that it is to\n" \
    "fail. `secrets` are strings of input, payload and event that must come out nowhere: not in the\n"       \
    "output, a log line or an error, and neither as they stand nor in hexadecimal, base64 or escaped.\n"

extern const ol_starter ol_starter_lua;
extern const ol_starter ol_starter_c;

#endif
