/* SPDX-License-Identifier: MIT */
/*
 * For operations that may take longer than a client, or a proxy before it, waits for a first byte:
 * copies and completed uploads. When the outcome is not known after a while, the head leaves with
 * status 200 and the document's first line, and then a space now and then, as S3 does it.
 *
 * An error after that cuts the connection. S3 puts it into the body instead, where not every
 * client looks; nobody can take a connection that broke for a copy that was made.
 */
#ifndef OL_FRONT_LATE_ANSWER_H
#define OL_FRONT_LATE_ANSWER_H

#include "front/operations/operation.h"

/* From now on. The operation answers by ol_operation_reply_xml or ol_operation_fail, as always.
 * OL_OK or OL_ENOMEM. */
int ol_late_answer_watch(ol_operation *op, ol_error *err);

/* ---- for operation.c ---- */

/* True: the answer had begun, and this was the rest of it. `xml` is borrowed. */
bool ol_late_answer_finish(ol_operation *op, ol_slice xml);
void ol_late_answer_stop(ol_operation *op);

#endif
