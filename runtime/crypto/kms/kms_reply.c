/* SPDX-License-Identifier: MIT */
/*
 * Keys out of JSON answers before anybody parses them: a JSON library copies texts into memory that it
 * does not wipe. Only the one text is looked for; whether the rest is JSON is for the parser to say.
 */
#include "base/encode.h"
#include "base/json_string.h"
#include "crypto/keys/secret.h"
#include "crypto/kms/kms_remote_private.h"

static bool is_blank(uint8_t ch)
{
    return ch == ' ' || ch == '\t' || ch == '\n' || ch == '\r';
}

static size_t skip_blanks(ol_slice text, size_t at)
{
    while (at < text.len && is_blank(text.data[at]))
        at++;
    return at;
}

/* The next text that is a member's name: *name, and *at behind its colon. False: no more. */
static bool next_name(ol_slice text, size_t *at, ol_slice *name)
{
    while (*at < text.len) {
        size_t end;
        bool escaped;
        if (text.data[*at] != '"') {
            (*at)++;
            continue;
        }
        if (!ol_json_string_end(text, *at + 1, &end, &escaped))
            return false;
        *name = ol_slice_of(text.data + *at + 1, end - *at - 1);
        *at = skip_blanks(text, end + 1);
        if (*at < text.len && text.data[*at] == ':') {
            *at = skip_blanks(text, *at + 1);
            return true;
        }
    }
    return false;
}

/* A name may be written with escapes; a KMS that does so is not worth the trouble, but its key must
 * not slip through: the parser would find it. */
static bool may_be(ol_slice name, const char *wanted)
{
    return ol_slice_eq_cstr(name, wanted) || ol_slice_find(name, '\\') >= 0;
}

static size_t decoded_bytes(ol_slice text)
{
    size_t len = text.len / 4 * 3;
    for (size_t i = 0; i < 2 && len > 0 && text.data[text.len - 1 - i] == '='; i++)
        len--;
    return len;
}

static int decode(ol_slice text, uint8_t **secret, size_t *len)
{
    if (text.len == 0 || text.len % 4 != 0 || decoded_bytes(text) > OL_SECRET_BYTES_MAX)
        return OL_EINVAL;
    size_t room = decoded_bytes(text);
    *secret = ol_secret_alloc(room);
    if (!*secret)
        return OL_ENOMEM;
    int rc = ol_base64_decode(text, *secret, room, len);
    if (rc == OL_OK && *len == room)
        return OL_OK;
    ol_secret_free(*secret, room);
    *secret = NULL;
    return OL_EINVAL;
}

static int take_text(ol_span text, size_t *at, uint8_t **secret, size_t *len)
{
    size_t end;
    bool escaped;
    const ol_slice view = ol_slice_of(text.data, text.len);
    if (*at >= text.len || text.data[*at] != '"' || *secret ||
        !ol_json_string_end(view, *at + 1, &end, &escaped) || escaped)
        return OL_EINVAL;
    const ol_slice value = ol_slice_of(text.data + *at + 1, end - *at - 1);
    int rc = decode(value, secret, len);
    memset(text.data + *at + 1, 'x', value.len);
    *at = end + 1;
    return rc;
}

int ol_kms_reply_take(ol_span text, const char *name, uint8_t **secret, size_t *len)
{
    const ol_slice view = ol_slice_of(text.data, text.len);
    size_t at = 0;
    ol_slice found;
    int rc = OL_OK;
    *secret = NULL;
    *len = 0;
    while (rc == OL_OK && next_name(view, &at, &found)) {
        if (!may_be(found, name))
            continue;
        rc = ol_slice_eq_cstr(found, name) ? take_text(text, &at, secret, len) : OL_EINVAL;
    }
    if (rc != OL_OK) {
        ol_secret_free(*secret, *len);
        *secret = NULL;
        *len = 0;
    }
    return rc;
}
