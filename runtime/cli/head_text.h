/* SPDX-License-Identifier: MIT */
/* The head of an answer as lines for people: status, length where it is known, headers. */
#ifndef OL_CLI_HEAD_TEXT_H
#define OL_CLI_HEAD_TEXT_H

#include "base/buf.h"
#include "pipeline/stage.h"

/* OL_OK or an error of the buffer. */
int ol_head_text(ol_buf *out, const ol_head *head);

#endif
