/* SPDX-License-Identifier: MIT */
#include "front/operations/people.h"

static bool find(void *arg, ol_slice id, ol_slice *name)
{
    const ol_realm_account *account = ol_realm_find_account_by_canonical_id(arg, id);
    *name = account ? account->display_name : OL_SLICE_NONE;
    return account != NULL;
}

/* Accounts have no addresses here: a grant by address reaches nobody. */
static bool find_email(void *arg, ol_slice email, ol_slice *id)
{
    (void)arg;
    (void)email;
    *id = OL_SLICE_NONE;
    return false;
}

ol_people ol_people_of(const ol_request *request)
{
    return (ol_people){.arg = request->realm, .find = find, .find_email = find_email};
}

ol_slice ol_people_caller(const ol_request *request)
{
    const ol_realm_account *account =
        ol_realm_find_account(request->realm, request->who->account_id);
    return account ? account->canonical_id : OL_SLICE_NONE;
}
