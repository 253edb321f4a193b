/* SPDX-License-Identifier: MIT */
/*
 * A kind, three times in 8 bytes, then texts with their lengths in 2 bytes, all big-endian.
 */
#include "access/session_claims.h"

#define ACCOUNT_BYTES_MAX 16
#define TEXTS 5

typedef struct text_field {
    ol_slice *text;
    size_t bytes_max;
} text_field;

static void list_texts(ol_session_claims *claims, text_field fields[TEXTS])
{
    fields[0] = (text_field){&claims->account_id, ACCOUNT_BYTES_MAX};
    fields[1] = (text_field){&claims->arn, OL_SESSION_ARN_BYTES_MAX};
    fields[2] = (text_field){&claims->name, OL_SESSION_NAME_BYTES_MAX};
    fields[3] = (text_field){&claims->policy, OL_SESSION_POLICY_BYTES_MAX};
    fields[4] = (text_field){&claims->chain, OL_SESSION_ARN_BYTES_MAX};
}

static uint8_t *put(uint8_t *at, uint64_t number, size_t bytes)
{
    for (size_t i = bytes; i-- > 0; number >>= 8)
        at[i] = (uint8_t)number;
    return at + bytes;
}

int ol_session_claims_write(const ol_session_claims *claims, uint8_t *room, ol_slice *written,
                            ol_error *err)
{
    ol_session_claims copy = *claims;
    text_field fields[TEXTS];
    list_texts(&copy, fields);
    uint8_t *at = put(room, (uint64_t)claims->kind, 1);
    at = put(at, (uint64_t)claims->issued_ms, 8);
    at = put(at, (uint64_t)claims->expires_ms, 8);
    at = put(at, (uint64_t)claims->mfa_ms, 8);
    for (size_t i = 0; i < TEXTS; i++) {
        ol_slice text = *fields[i].text;
        if (text.len > fields[i].bytes_max)
            return ol_error_set(err, OL_EINVAL, "a claim of a session is too long");
        at = put(at, text.len, 2);
        if (text.len)
            memcpy(at, text.data, text.len);
        at += text.len;
    }
    *written = ol_slice_of(room, (size_t)(at - room));
    return OL_OK;
}

static bool take(ol_slice *rest, size_t bytes, uint64_t *number)
{
    if (rest->len < bytes)
        return false;
    *number = 0;
    for (size_t i = 0; i < bytes; i++)
        *number = *number << 8 | rest->data[i];
    *rest = ol_slice_from(*rest, bytes);
    return true;
}

static bool take_text(ol_slice *rest, const text_field *field)
{
    uint64_t len;
    if (!take(rest, 2, &len) || len > field->bytes_max || len > rest->len)
        return false;
    *field->text = ol_slice_first(*rest, (size_t)len);
    *rest = ol_slice_from(*rest, (size_t)len);
    return true;
}

bool ol_session_claims_read(ol_slice text, ol_session_claims *claims)
{
    uint64_t kind, issued, expires, mfa;
    text_field fields[TEXTS];
    if (!take(&text, 1, &kind) || !take(&text, 8, &issued) || !take(&text, 8, &expires) ||
        !take(&text, 8, &mfa) || (kind != OL_SESSION_OF_SELF && kind != OL_SESSION_OF_ROLE))
        return false;
    *claims = (ol_session_claims){.kind = (enum ol_session_kind)kind,
                                  .issued_ms = (int64_t)issued,
                                  .expires_ms = (int64_t)expires,
                                  .mfa_ms = (int64_t)mfa};
    list_texts(claims, fields);
    for (size_t i = 0; i < TEXTS; i++)
        if (!take_text(&text, &fields[i]))
            return false;
    return text.len == 0;
}
