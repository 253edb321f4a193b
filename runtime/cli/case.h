/* SPDX-License-Identifier: MIT */
/*
 * One case of `objlens test`: what goes in, and what is to come of it. A case is a folder with
 * the files below, or a group of files NAME.input, NAME.expected, ….
 *
 *   input          the original (a listing for the entry list; absent: empty)
 *   payload        the configuration's payload
 *   event.json     an event as AWS writes it
 *   secrets        strings of the three above, one a line, that must not come out anywhere
 *   expected       the view, byte for byte
 *   expect.json    entry, key, status, headers, length, error: see docs/transforms.md
 */
#ifndef OL_CLI_CASE_H
#define OL_CLI_CASE_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/limits.h"
#include "cli/case_secrets.h"
#include "http/headers.h"
#include "transform/program.h"

#define OL_CASES_MAX 1000u
#define OL_CASE_INPUT_BYTES_MAX (8u * OL_MIB)
#define OL_CASE_OUTPUT_BYTES_MAX (64u * OL_MIB)
#define OL_CASE_HEADERS_MAX 32u

/* A header that must be there with this value; no value: must not be there. */
typedef struct ol_case_header {
    const char *name, *value;
} ol_case_header;

typedef struct ol_case {
    const char *name;
    bool is_folder;
    const char *folder; /* where its files lie */
    /* read by ol_case_read; all of it in the arena but the buffers */
    ol_buf input, expected;
    const char *input_path; /* NULL: there is no file */
    const char *payload, *event_path;
    bool has_expected, has_expectation; /* the files "expected", "expect.json" */
    bool had_expected; /* with --update: there was an "expected"; its bytes are in `expected` still */
    enum ol_transform_entry entry;
    const char *key;    /* OL_ENTRY_REQUEST */
    int status;         /* 0: any */
    int64_t length;     /* OL_ENTRY_HEAD; -1: any */
    const char *error_code, *error_message; /* NULL: any */
    int error_status;   /* 0: any */
    bool fails;         /* it is to fail */
    ol_case_header headers[OL_CASE_HEADERS_MAX];
    size_t header_count;
    ol_case_secrets secrets;
} ol_case;

/* The cases of a folder, by name. OL_OK, or why there are none to be had. */
int ol_cases_find(const char *folder, ol_arena *arena, ol_case **cases, size_t *count,
                  ol_error *err);
/* Read the files of one. A mistake in them is an error that names the file. Call fini in any case. */
int ol_case_read(ol_case *one, ol_arena *arena, ol_error *err);
void ol_case_fini(ol_case *one);
/* The path of one of its files, there or not; NULL when out of memory. */
const char *ol_case_path(const ol_case *one, ol_arena *arena, const char *file);

#endif
