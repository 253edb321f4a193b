/* SPDX-License-Identifier: MIT */
/*
 * Files of the operator's: long lists of words, patterns, keys, which payloads name by
 * {"file": "names.txt"}. Everything in the preload folders is read while the transform loads, for
 * nothing can be opened afterwards, and stays as long as the process does. A name is the path
 * within its folder; of two with the same name that of the first folder counts. What begins with
 * a dot is left out.
 *
 * Files whose names end in ".key" are keys and nothing else: no list and no pattern is read from
 * them, so that no finding tells what is in them.
 */
#ifndef PII_FILES_H
#define PII_FILES_H

#include <objlens/transform.h>
#include <stdbool.h>
#include <stddef.h>

#define PII_FILES_MAX 256
#define PII_FILES_BYTES_MAX (64u << 20) /* together */
#define PII_FILE_NAME_MAX 255

/* Once, in load(). False: `reason` says what cannot be read. */
bool pii_files_load(const struct objlens_host *host, char *reason, size_t reason_size);

/* The bytes stay where they are. False: there is none of that name. */
bool pii_files_find(const char *name, const char **bytes, size_t *size);
bool pii_files_is_key(const char *name);

/* Wipes and forgets all of them. For tests; a process keeps what it loaded. */
void pii_files_drop(void);

#endif
