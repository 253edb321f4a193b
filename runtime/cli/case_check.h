/* SPDX-License-Identifier: MIT */
/* What came of one run of a case, held against what was expected, and against another run. */
#ifndef OL_CLI_CASE_CHECK_H
#define OL_CLI_CASE_CHECK_H

#include "cli/case.h"
#include "pipeline/stage.h"

typedef struct ol_case_found {
    const ol_head *head;
    ol_slice out, log;
    ol_transform_usage usage;
    const ol_error *err; /* NULL: it went well */
} ol_case_found;

/* A copy of head and error that outlives the run; `out` and `log` are the caller's. OL_OK or
 * OL_ENOMEM. */
int ol_case_found_keep(ol_case_found *kept, const ol_case_found *found, ol_arena *arena);

/* All: OL_OK, or OL_EINVAL with the difference as a sentence in err->detail. */
int ol_case_check_expected(const ol_case *one, const ol_case_found *found, ol_error *err);
/* Cut otherwise, the same input gives the same status, headers and bytes, or the same error. */
int ol_case_check_same(const ol_case_found *first, const ol_case_found *found, ol_error *err);
/* No secret of the case in body, headers, log lines or error texts. A secret is never repeated in
 * the sentence: it is named by its number. */
int ol_case_check_secrets(const ol_case *one, const ol_case_found *found, ol_error *err);
/* The same of one text, which came out in `where`. */
int ol_case_check_text(const ol_case *one, ol_slice text, const char *where, ol_error *err);
/* The same of an error's texts. */
int ol_case_check_error_texts(const ol_case *one, const ol_error *found, ol_error *err);

#endif
