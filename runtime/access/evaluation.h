/* SPDX-License-Identifier: MIT */
/*
 * One decision on its way: what conditions and patterns can ask about. Private to this room.
 *
 * Trouble (a value that is not known yet, an error of the callback) is latched in `rc`: whatever
 * is found afterwards does not count, and the decision returns it.
 */
#ifndef OL_ACCESS_EVALUATION_H
#define OL_ACCESS_EVALUATION_H

#include "access/decide.h"

#define OL_EVALUATION_SCRATCH 32

typedef struct ol_evaluation {
    const ol_access_question *question;
    const ol_access_door *door; /* that is being looked at */
    bool via_lambda;            /* behind an Object Lambda access point: aws:CalledVia */
    ol_action action;
    ol_slice resource;
    int rc;
    ol_error *err;
} ol_evaluation;

/* The values of a key; absent when there is trouble, too. `scratch` is where those may live that
 * have to be written down. */
void ol_evaluation_values(ol_evaluation *ev, enum ol_context_key key, ol_slice suffix,
                          ol_context_values *values, char scratch[OL_EVALUATION_SCRATCH]);

#endif
