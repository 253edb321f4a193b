/* SPDX-License-Identifier: MIT */
/*
 * `objlens serve --dev`: what a transform's author wants to read in the error itself. The error of a
 * request is shown to its own caller, with the position and what the script logged; every
 * response says that it comes from such a server. Only ever on loopback (cli/serve.c sees to it):
 * the texts may hold bytes of the original.
 *
 * Everything here does nothing where config->dev is false.
 */
#ifndef OL_FRONT_DEV_H
#define OL_FRONT_DEV_H

#include "front/request/request.h"

#define OL_DEV_HEADER "x-objlens-dev"
#define OL_DEV_LOG_BYTES_MAX (16 * OL_KIB) /* of a request, in its error */

/* The header of whatever answer there will be. OL_OK or OL_ENOMEM. */
int ol_dev_begin(ol_request *request);
/* A line that a transform logged in this request. */
void ol_dev_note(ol_request *request, const char *level, ol_slice text);
/* Before the error document is written: say more in it about what a transform did. */
void ol_dev_explain(ol_request *request, const ol_error *err);

#endif
