/* SPDX-License-Identifier: MIT */
#include "access/identity.h"

const ol_identity ol_identity_anonymous = {.kind = OL_IDENTITY_ANONYMOUS};

const char *ol_identity_type(const ol_identity *who)
{
    switch (who->kind) {
    case OL_IDENTITY_ANONYMOUS:
        return "Anonymous";
    case OL_IDENTITY_ROOT:
        return "Account";
    case OL_IDENTITY_USER:
        return "User";
    case OL_IDENTITY_ROLE:
    case OL_IDENTITY_SESSION:
        return "AssumedRole";
    case OL_IDENTITY_SERVICE:
        return "Service";
    }
    return "Anonymous";
}

ol_slice ol_identity_label(const ol_identity *who)
{
    if (who->kind == OL_IDENTITY_ANONYMOUS)
        return OL_SLICE_LIT("anonymous");
    return who->arn.len ? who->arn : who->service;
}
