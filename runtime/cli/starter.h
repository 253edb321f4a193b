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

extern const ol_starter ol_starter_lua;
extern const ol_starter ol_starter_c;

#endif
