/* SPDX-License-Identifier: MIT */
/*
 * The kept form: `OWNER;P:GRANTEE;P:GRANTEE…`. P is one of r w R W f (READ, WRITE, READ_ACP,
 * WRITE_ACP, FULL_CONTROL); a grantee is '*' (everybody), '@' (every authenticated caller), '!'
 * (log delivery), or a canonical id. Ids are percent-encoded, so that none of these can be one.
 */
#include "base/encode.h"
#include "s3/documents/acl_private.h"
#include "s3/request/query.h"

static const struct {
    char letter;
    unsigned permission;
} letters[] = {{'r', OL_ACL_READ},
               {'w', OL_ACL_WRITE},
               {'R', OL_ACL_READ_ACP},
               {'W', OL_ACL_WRITE_ACP},
               {'f', OL_ACL_FULL_CONTROL}};
#define LETTERS (sizeof letters / sizeof letters[0])
static const char groups[] = " *@!"; /* by enum ol_acl_grantee */

static int damaged(ol_error *err)
{
    return ol_error_set(err, OL_EINTERNAL, "a kept access control list is damaged");
}

static char letter_of(unsigned permission)
{
    for (size_t i = 0; i < LETTERS; i++)
        if (letters[i].permission == permission)
            return letters[i].letter;
    return '?';
}

static int append_grant(ol_buf *out, const ol_acl_grant *grant)
{
    int rc = ol_buf_addf(out, ";%c:", letter_of(grant->permission));
    if (rc != OL_OK)
        return rc;
    if (grant->grantee != OL_ACL_CANONICAL)
        return ol_buf_add_byte(out, (uint8_t)groups[grant->grantee]);
    return ol_uri_encode(out, grant->id, false);
}

int ol_acl_text(const ol_acl *acl, ol_arena *arena, ol_slice *text, ol_error *err)
{
    ol_buf out;
    ol_buf_init(&out, OL_ACL_TEXT_BYTES_MAX);
    *text = OL_SLICE_NONE;
    int rc = ol_uri_encode(&out, acl->owner_id, false);
    for (size_t i = 0; rc == OL_OK && i < acl->count; i++)
        rc = append_grant(&out, &acl->grants[i]);
    if (rc == OL_OK)
        *text = ol_arena_copy(arena, ol_buf_slice(&out));
    ol_buf_fini(&out);
    return text->data ? OL_OK : ol_error_set(err, rc == OL_OK ? OL_ENOMEM : rc, "ACL");
}

static int decode(ol_slice text, ol_arena *arena, ol_slice *out, ol_error *err)
{
    uint8_t *bytes = ol_arena_alloc(arena, text.len + 1);
    size_t len;
    if (!bytes)
        return ol_error_set(err, OL_ENOMEM, "access control list");
    if (text.len == 0 || !ol_percent_decode(text, false, bytes, &len))
        return damaged(err);
    *out = ol_slice_of(bytes, len);
    return OL_OK;
}

static ol_slice cut(ol_slice *rest)
{
    ptrdiff_t end = ol_slice_find(*rest, ';');
    ol_slice piece = end < 0 ? *rest : ol_slice_first(*rest, (size_t)end);
    *rest = ol_slice_from(*rest, piece.len + 1);
    return piece;
}

static int read_grant(ol_slice piece, ol_arena *arena, ol_acl *out, ol_error *err)
{
    unsigned permission = 0;
    ol_slice id = OL_SLICE_NONE;
    if (piece.len < 3 || piece.data[1] != ':')
        return damaged(err);
    for (size_t i = 0; i < LETTERS; i++)
        if (piece.data[0] == (uint8_t)letters[i].letter)
            permission = letters[i].permission;
    if (permission == 0)
        return damaged(err);
    for (int i = OL_ACL_ALL_USERS; piece.len == 3 && i <= OL_ACL_LOG_DELIVERY; i++)
        if (piece.data[2] == (uint8_t)groups[i])
            return ol_acl_add(out, (enum ol_acl_grantee)i, id, permission, err);
    int rc = decode(ol_slice_from(piece, 2), arena, &id, err);
    return rc == OL_OK ? ol_acl_add(out, OL_ACL_CANONICAL, id, permission, err) : rc;
}

static size_t count_grants(ol_slice text)
{
    size_t count = 0;
    for (size_t i = 0; i < text.len; i++)
        count += text.data[i] == ';';
    return count;
}

static int read_text(ol_slice text, ol_arena *arena, ol_acl *out, ol_error *err)
{
    size_t room = count_grants(text);
    *out = (ol_acl){0};
    if (room > OL_ACL_GRANTS_MAX || text.data[text.len - 1] == ';')
        return damaged(err);
    out->grants = ol_arena_alloc(arena, (room + 1) * sizeof *out->grants);
    if (!out->grants)
        return ol_error_set(err, OL_ENOMEM, "access control list");
    int rc = decode(cut(&text), arena, &out->owner_id, err);
    while (rc == OL_OK && text.len > 0)
        rc = read_grant(cut(&text), arena, out, err);
    return rc;
}

int ol_acl_read_text(ol_slice text, ol_slice owner_id, ol_arena *arena, ol_acl *out, ol_error *err)
{
    if (text.len > 0)
        return read_text(text, arena, out, err);
    *out = (ol_acl){.owner_id = owner_id};
    out->grants = ol_arena_alloc(arena, sizeof *out->grants);
    if (!out->grants)
        return ol_error_set(err, OL_ENOMEM, "access control list");
    return ol_acl_add(out, OL_ACL_CANONICAL, owner_id, OL_ACL_FULL_CONTROL, err);
}
