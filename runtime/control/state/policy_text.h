/* SPDX-License-Identifier: MIT */
/*
 * Statements written in a configuration file, as the JSON that policies are made of: one
 * language inside, whatever they were written in.
 */
#ifndef OL_CONTROL_POLICY_TEXT_H
#define OL_CONTROL_POLICY_TEXT_H

#include "control/config/draft.h"

/* {"Version": "2012-10-17", "Statement": […]} of those that are no JSON themselves. The buffer's
 * errors. */
int ol_policy_text_write(ol_buf *out, const ol_draft_statement *statements, size_t count);

#endif
