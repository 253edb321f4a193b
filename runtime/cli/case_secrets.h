/* SPDX-License-Identifier: MIT */
/*
 * The leak oracle of `objlens test`: the secrets of a case, each in all the forms in which it could still be
 * read: in other letters, in hexadecimal, in base64, escaped. A digest of it gives nothing away.
 */
#ifndef OL_CLI_CASE_SECRETS_H
#define OL_CLI_CASE_SECRETS_H

#include "base/arena.h"
#include "base/error.h"
#include "base/limits.h"

#define OL_CASE_SECRETS_MAX 256u
#define OL_CASE_SECRET_BYTES_MIN 4u /* shorter ones are found by chance */
#define OL_CASE_SECRET_BYTES_MAX (4u * OL_KIB)

typedef struct ol_case_secret_form {
    ol_slice text;
    bool (*is_in)(ol_slice text, ol_slice form); /* see secret_search.h */
    const char *as;  /* " in base64", behind where it was found; "" for the secret as it is */
    unsigned number; /* of the secret, from 1 */
} ol_case_secret_form;

typedef struct ol_case_secrets {
    ol_case_secret_form *forms; /* in the arena */
    size_t count;
    unsigned secret_count;
} ol_case_secrets;

/* Another secret, with its forms. OL_OK, or what is wrong with it. */
int ol_case_secrets_add(ol_case_secrets *secrets, ol_slice secret, ol_arena *arena, ol_error *err);
/* The first form of any secret that is in the text; NULL when none is. */
const ol_case_secret_form *ol_case_secrets_find(const ol_case_secrets *secrets, ol_slice text);

#endif
