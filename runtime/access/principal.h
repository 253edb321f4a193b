/* SPDX-License-Identifier: MIT */
/*
 * Whom a statement is about. Private to this room.
 */
#ifndef OL_ACCESS_PRINCIPAL_H
#define OL_ACCESS_PRINCIPAL_H

#include "access/identity.h"
#include "base/arena.h"

enum ol_principal_kind {
    OL_PRINCIPAL_ANYBODY,   /* "*" */
    OL_PRINCIPAL_ACCOUNT,   /* 12 digits, …:root */
    OL_PRINCIPAL_ARN,       /* of a user, a role, a session */
    OL_PRINCIPAL_CANONICAL,
    OL_PRINCIPAL_SERVICE,
    OL_PRINCIPAL_FEDERATED  /* nobody, here */
};

typedef struct ol_principal {
    enum ol_principal_kind kind;
    ol_slice text; /* the account, ARN, id or name */
} ol_principal;

/* How well a principal fits; the more, the better. */
enum ol_principal_fit {
    OL_FIT_NONE,
    OL_FIT_ACCOUNT, /* its account is meant: which of its users, it says itself */
    OL_FIT_ITSELF
};

/* `type` is "AWS", "CanonicalUser", "Service" or "Federated". False when it is none. */
bool ol_principal_parse(ol_slice type, ol_slice text, ol_principal *out);
enum ol_principal_fit ol_principal_fits(const ol_principal *principal, const ol_identity *who);
/* For NotPrincipal: is every name that it goes by (session, role, account) in the list? */
bool ol_principal_spares(const ol_principal *list, size_t count, const ol_identity *who);

#endif
