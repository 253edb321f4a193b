/* SPDX-License-Identifier: MIT */
/*
 * A call of the s3control API: what its path and method name, and what all calls share. Which
 * call does what stands in control_calls.c; each is run by control_api.c once the account is known
 * and the caller may make it.
 *
 * A call is an ol_operation: it answers by ol_operation_reply_xml, by ol_control_call_change, or
 * by failing. Errors leave wrapped, because the request's error_shape says so.
 */
#ifndef OL_FRONT_CONTROL_CALL_H
#define OL_FRONT_CONTROL_CALL_H

#include "control/state/control.h"
#include "front/operations/document.h"
#include "front/operations/operation.h"

#define OL_CONTROL_PATH "/v20180820/"
#define OL_CONTROL_XML_BYTES_MAX (1 * OL_MIB)

/* What a path names. */
enum ol_control_thing {
    OL_CONTROL_ACCESS_POINTS, /* accesspoint */
    OL_CONTROL_ACCESS_POINT,  /* accesspoint/NAME */
    OL_CONTROL_OLAPS,         /* accesspointforobjectlambda */
    OL_CONTROL_OLAP,          /* accesspointforobjectlambda/NAME */
    OL_CONTROL_ACCOUNT,       /* configuration */
    OL_CONTROL_TAGS           /* tags/ARN */
};

typedef struct ol_control_route {
    enum ol_control_thing thing;
    ol_slice name; /* decoded; empty where there is none */
    ol_slice part; /* "policy", "publicAccessBlock", …; empty */
} ol_control_route;

typedef struct ol_control_call ol_control_call;

typedef struct ol_control_row {
    enum ol_control_thing thing;
    const char *part;
    enum ol_http_method method;
    const char *action; /* after "s3:" */
    void (*run)(ol_control_call *call);
} ol_control_row;

struct ol_control_call {
    ol_operation op;
    const ol_control_row *row;
    ol_control_route route;
    const ol_realm_account *account;
    ol_slice arn; /* of the access point that is named; "*" where none is */
    /* private: of a change that is under way */
    int (*write_)(ol_buf *out, const ol_control_call *call);
    int status_;
    /* private to the call: what it read */
    void *state;
};

/* `path` begins with OL_CONTROL_PATH. OL_OK, OL_EINVALIDURI, OL_ENOTIMPLEMENTED, OL_ENOMEM. */
int ol_control_route_parse(ol_slice path, ol_arena *arena, ol_control_route *out, ol_error *err);
/* OL_OK; OL_EMETHOD or OL_ENOTIMPLEMENTED. */
int ol_control_row_find(const ol_control_route *route, enum ol_http_method method,
                        const ol_control_row **out, ol_error *err);

static inline bool ol_control_call_is_olap(const ol_control_call *call)
{
    return call->route.thing == OL_CONTROL_OLAP || call->route.thing == OL_CONTROL_OLAPS;
}

/* Make the change durable, for the call's account and name, then answer: what `write` makes, with
 * status 200; or, without one, `status` and nothing. */
void ol_control_call_change(ol_control_call *call, const ol_edit *edit,
                            int (*write)(ol_buf *out, const ol_control_call *call), int status);
/* Read the body, then go on in `then`. */
void ol_control_call_read(ol_control_call *call, ol_document_fn then);
/* The same, when the name is one that an access point of this kind may be given. */
void ol_control_call_read_new(ol_control_call *call, ol_document_fn then);
/* Fail with a code of s3control's own. */
void ol_control_call_refuse(ol_control_call *call, int status, const char *s3_code,
                            const char *message);
/* NULL: it does not exist, and the call has been answered. */
const ol_realm_access_point *ol_control_call_access_point(ol_control_call *call);
const ol_realm_olap *ol_control_call_olap(ol_control_call *call);

/* ---- the calls ---- */
void ol_control_create_access_point(ol_control_call *call);
void ol_control_get_access_point(ol_control_call *call);
void ol_control_delete_access_point(ol_control_call *call);
void ol_control_list_access_points(ol_control_call *call);
void ol_control_get_scope(ol_control_call *call);
void ol_control_create_olap(ol_control_call *call);
void ol_control_get_olap(ol_control_call *call);
void ol_control_delete_olap(ol_control_call *call);
void ol_control_list_olaps(ol_control_call *call);
void ol_control_get_olap_configuration(ol_control_call *call);
void ol_control_put_olap_configuration(ol_control_call *call);
void ol_control_get_policy(ol_control_call *call); /* of either kind, like the next three */
void ol_control_put_policy(ol_control_call *call);
void ol_control_delete_policy(ol_control_call *call);
void ol_control_get_policy_status(ol_control_call *call);
void ol_control_get_account_block(ol_control_call *call);
void ol_control_put_account_block(ol_control_call *call);
void ol_control_delete_account_block(ol_control_call *call);
void ol_control_list_tags(ol_control_call *call);

#endif
