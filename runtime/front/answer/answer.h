/* SPDX-License-Identifier: MIT */
/*
 * The body of an answer on its way from the respond stage to the exchange, and the head before it.
 *
 * A head that names no length is held together with a small first piece, until the end, the next
 * piece or the next turn of the loop comes, whichever is first. Comes the end, then the answer has
 * a Content-Length and leaves in one go; fails the body, then the answer is still an error
 * document.
 *
 * The state is the request's, not the stage's: what is held counts as sent (replay_stage.h) and
 * outlives a run whose host died. The stage of the second run goes on with it; until its first
 * new byte or its end nothing more is sent, so a run that differs may still be answered by an error.
 */
#ifndef OL_FRONT_ANSWER_H
#define OL_FRONT_ANSWER_H

#include "pipeline/stage.h"

/* More is sent at once: the copy would cost more than it saves, and such answers are rarely
 * complete at once. */
#define OL_ANSWER_HELD_BYTES_MAX (16 * 1024)

struct ol_request;

/* In each request; zeroed. */
typedef struct ol_answer {
    ol_head head;
    ol_slice held; /* a copy of the first bytes, in the request's arena; never empty when held */
    ol_slice next; /* a piece behind bytes that the socket has not taken yet; borrowed */
    ol_post turn;  /* sends what is held; while posted it has a reference to the request */
    bool turn_posted;
    bool run_again; /* the turn sends nothing any more */
    /* Fields that are known when the body is complete: they are added to the head when that has not
     * been sent, else sent behind a chunked body, whose head announces `late_names`. NULL = none.
     * OL_OK or an error, which cuts the answer. */
    int (*late_fields)(void *arg, ol_headers *fields);
    const char *late_names; /* "a, b" */
    void *late_arg;
} ol_answer;

/* A run begins, maybe not the first one. */
void ol_answer_open(struct ol_request *request);
/* Keeps a copy of the head; what its headers point to is the request's arena memory. */
void ol_answer_begin(struct ol_request *request, const ol_head *head);
/* As a stage's write. After OL_WAIT the request's on_drain tells when all was taken. */
int ol_answer_write(struct ol_request *request, ol_slice in, ol_error *err);
/* Bytes written next may lie in a pipe (net/pipe.h). */
bool ol_answer_takes_piped(const struct ol_request *request);
/* The body is complete. OL_OK or an error. Legal while held bytes still wait for the socket. */
int ol_answer_end(struct ol_request *request, ol_error *err);
/* The socket has drained. False: a piece that waited behind is on its way, or failed. */
bool ol_answer_drained(struct ol_request *request);

#endif
