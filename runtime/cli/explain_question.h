/* SPDX-License-Identifier: MIT */
/*
 * What was typed for objlens explain, as a question to the access room: who, what, on what, and
 * the context. Private to explain.c.
 */
#ifndef OL_CLI_EXPLAIN_QUESTION_H
#define OL_CLI_EXPLAIN_QUESTION_H

#include "cli/options.h"
#include "control/state/control.h"
#include "front/request/doors.h"

#define OL_EXPLAIN_CONTEXT_MAX 64

typedef struct ol_explain_pair {
    enum ol_context_key key;
    ol_slice suffix, value;
} ol_explain_pair;

/* Everything borrowed lives as long as options, realm and arena. */
typedef struct ol_explain_question {
    const ol_options *options;
    const ol_realm *realm;
    ol_arena *arena;
    ol_identity who;
    ol_target target;
    ol_slice key;
    ol_doors doors;
    ol_access_question asked;
    ol_explain_pair pairs[OL_EXPLAIN_CONTEXT_MAX];
    size_t pair_count;
    ol_slice found[OL_EXPLAIN_CONTEXT_MAX];
    bool wanted[OL_CONTEXT_KEY_COUNT]; /* asked for during the decision, and not given */
    const char *outside; /* of an access point's borders: why; NULL = within */
} ol_explain_question;

/* Fills it in. OL_OK, or OL_EINVAL: err->detail says what was not understood, or is not there. */
int ol_explain_question_make(ol_explain_question *question, ol_error *err);
/* "aws:SourceIp=192.0.2.1" of the command line into the question. */
int ol_explain_add_context(ol_explain_question *question, const char *text, ol_error *err);

#endif
