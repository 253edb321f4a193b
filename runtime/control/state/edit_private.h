/* SPDX-License-Identifier: MIT */
/*
 * Between the files that carry out a change: edit_apply.c (which of them, and what they share),
 * edit_bucket.c and edit_doors.c. Private to these.
 *
 * jansson's setters fail for want of memory only (texts were checked to be UTF-8), so a failed one
 * is kept as `no_memory`, and nothing needs to look before the end.
 */
#ifndef OL_CONTROL_EDIT_PRIVATE_H
#define OL_CONTROL_EDIT_PRIVATE_H

#include <jansson.h>

#include "access/policy.h"
#include "control/state/edit.h"
#include "control/state/realm_private.h"

typedef struct ol_applying {
    const ol_edit *edit;
    const ol_realm *realm;
    json_t *document;
    int64_t now_ms;
    bool no_memory;
    ol_error *err;
} ol_applying;

/* OL_OK or what is to be answered; see edit.h. */
int ol_edit_apply_bucket(ol_applying *a);
int ol_edit_apply_account(ol_applying *a);
int ol_edit_apply_point(ol_applying *a);
int ol_edit_apply_olap(ol_applying *a);

/* Takes over the value, which may be NULL for want of memory. */
void ol_edit_set(ol_applying *a, json_t *record, const char *key, json_t *value);
/* An empty or absent text takes the key away. */
void ol_edit_set_text(ol_applying *a, json_t *record, const char *key, ol_slice text);
json_t *ol_edit_text(ol_slice text);
json_t *ol_edit_block(const ol_public_access_block *block);
json_t *ol_edit_section(const ol_applying *a, const char *name);
/* The record of that key; made when it is not there. */
json_t *ol_edit_record(ol_applying *a, const char *section_name, const char *key);
/* `what` begins a sentence. */
int ol_edit_refuse_declared(ol_applying *a, const char *what);
int ol_edit_refuse(ol_applying *a, const char *message);
/* Would the change's text be a policy of that kind, for that ARN? None at all is fine. */
int ol_edit_check_policy(ol_applying *a, enum ol_policy_kind kind, ol_slice arn);

#endif
