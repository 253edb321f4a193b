/* SPDX-License-Identifier: MIT */
/*
 * STS on the same listener: who am I, a session, another role. A request is a form (or the query
 * of a GET), signed for the service "sts" over its body; so the body is read before it is known who
 * asks, and it may not be long. Answers are XML in STS's shape.
 *
 * Sessions leave no state here: their tokens say everything and are sealed with the server's
 * key (access/session_token.h), so any replica with the same key understands them.
 */
#ifndef OL_FRONT_STS_H
#define OL_FRONT_STS_H

#include "front/request/request.h"
#include "s3/documents/xml_writer.h"

/* Reads, authenticates, answers. The request's errors have STS's shape already. */
void ol_sts_run(ol_request *request);

/* ---- one action each, in sts_actions.c; private to sts.c ---- */

typedef struct ol_sts_call {
    ol_request *request; /* authenticated */
    const ol_s3_param *params;
    size_t param_count;
} ol_sts_call;

/* Write what stands in <…Result>. */
typedef int (*ol_sts_action_fn)(const ol_sts_call *call, ol_xml_writer *w, ol_error *err);
int ol_sts_get_caller_identity(const ol_sts_call *call, ol_xml_writer *w, ol_error *err);
int ol_sts_get_session_token(const ol_sts_call *call, ol_xml_writer *w, ol_error *err);
int ol_sts_assume_role(const ol_sts_call *call, ol_xml_writer *w, ol_error *err);

#endif
