/* SPDX-License-Identifier: MIT */
/*
 * The actions that policies can name, each with a small number, so that a decision compares
 * numbers. An action that is not in the table can be neither asked nor granted.
 */
#ifndef OL_ACCESS_ACTIONS_H
#define OL_ACCESS_ACTIONS_H

#include "base/slice.h"

/* An index into the table. */
typedef uint16_t ol_action;
#define OL_ACTION_NONE UINT16_MAX
#define OL_ACTIONS_MAX 320 /* the table never grows beyond */

/* What an action is done to: what a statement's resources must be able to name. */
enum ol_action_target {
    OL_ACTION_ON_SERVICE, /* "*", or something that is neither a bucket nor in one */
    OL_ACTION_ON_BUCKET,
    OL_ACTION_ON_OBJECT
};

/* "s3", "GetObject": in any case of letters. OL_ACTION_NONE when there is none. */
ol_action ol_action_find(ol_slice service, ol_slice name);
/* The same of "s3:GetObject". */
ol_action ol_action_parse(ol_slice text);
/* "s3:GetObject", as documentation writes it. */
ol_slice ol_action_name(ol_action action);
enum ol_action_target ol_action_target(ol_action action);
size_t ol_action_count(void);
/* Is "s3", "s3-object-lambda", "sts" or "kms" a service whose actions are in the table? */
bool ol_action_service_known(ol_slice service);

#endif
