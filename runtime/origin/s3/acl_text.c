/* SPDX-License-Identifier: MIT */
/* Lists to canned names, headers and documents; documents to texts. */
#include "origin/s3/acl_text.h"

#include "s3/documents/acl.h"

/* Of one header: an id, quoted and named. */
#define GRANTS_BYTES_MAX (OL_ACL_GRANTS_MAX * (OL_ACL_ID_BYTES_MAX + 8))
#define XML_BYTES_MAX (256 * OL_KIB)

enum { ALL_READ = 1, ALL_WRITE = 2, KNOWN_READ = 4, OTHER = 8 };

static unsigned kind_of(const ol_acl *acl, const ol_acl_grant *grant)
{
    if (grant->grantee == OL_ACL_CANONICAL)
        return ol_slice_eq(grant->id, acl->owner_id) ? 0 : OTHER;
    if (grant->grantee == OL_ACL_ALL_USERS && grant->permission == OL_ACL_READ)
        return ALL_READ;
    if (grant->grantee == OL_ACL_ALL_USERS && grant->permission == OL_ACL_WRITE)
        return ALL_WRITE;
    if (grant->grantee == OL_ACL_AUTHENTICATED_USERS && grant->permission == OL_ACL_READ)
        return KNOWN_READ;
    return OTHER;
}

static int canned_of(const ol_acl *acl, ol_slice *canned, ol_error *err)
{
    unsigned all = 0;
    for (size_t i = 0; i < acl->count; i++)
        all |= kind_of(acl, &acl->grants[i]);
    if (all == 0)
        *canned = OL_SLICE_LIT("private");
    else if (all == ALL_READ)
        *canned = OL_SLICE_LIT("public-read");
    else if (all == (ALL_READ | ALL_WRITE))
        *canned = OL_SLICE_LIT("public-read-write");
    else if (all == KNOWN_READ)
        *canned = OL_SLICE_LIT("authenticated-read");
    else
        return ol_error_say(err, OL_ENOTIMPLEMENTED,
                            "On this remote origin only canned access control lists can be set.");
    return OL_OK;
}

static void add_canned(ol_s3_acl_headers *out, ol_slice name)
{
    out->headers[out->count++] = (ol_header){OL_SLICE_LIT("x-amz-acl"), name};
}

/* ---- grant by grant ---- */

static const struct {
    unsigned permission;
    const char *header;
} grant_headers[OL_S3_ACL_HEADERS_MAX] = {
    {OL_ACL_READ, "x-amz-grant-read"},
    {OL_ACL_WRITE, "x-amz-grant-write"},
    {OL_ACL_READ_ACP, "x-amz-grant-read-acp"},
    {OL_ACL_WRITE_ACP, "x-amz-grant-write-acp"},
    {OL_ACL_FULL_CONTROL, "x-amz-grant-full-control"},
};

/* Nobody signs as the anonymous user: what it owns is granted to nobody. */
static bool is_nobody(const ol_acl_grant *grant)
{
    return grant->grantee == OL_ACL_CANONICAL &&
           ol_slice_eq_cstr(grant->id, OL_ACL_ANONYMOUS_ID);
}

/* What would end the quoted text that it stands in. */
static bool can_be_quoted(ol_slice id)
{
    for (size_t i = 0; i < id.len; i++)
        if (id.data[i] <= ' ' || id.data[i] > '~' || id.data[i] == '"' || id.data[i] == ',')
            return false;
    return true;
}

static int add_grantee(ol_buf *value, const ol_acl_grant *grant, ol_error *err)
{
    const char *comma = value->len > 0 ? ", " : "";
    int rc;
    if (!can_be_quoted(grant->id))
        return ol_error_say(err, OL_EINVAL, "Invalid id");
    if (grant->grantee == OL_ACL_CANONICAL)
        rc = ol_buf_addf(value, "%sid=\"%.*s\"", comma, OL_SLICE_FMT(grant->id));
    else
        rc = ol_buf_addf(value, "%suri=\"%s\"", comma, ol_acl_group_uri(grant->grantee));
    return rc == OL_OK ? OL_OK : ol_error_set(err, rc, "s3 origin: access control list");
}

static int value_of(const ol_acl *acl, unsigned permission, ol_buf *value, ol_error *err)
{
    int rc = OL_OK;
    for (size_t i = 0; rc == OL_OK && i < acl->count; i++)
        if (acl->grants[i].permission == permission && !is_nobody(&acl->grants[i]))
            rc = add_grantee(value, &acl->grants[i], err);
    return rc;
}

static int add_grants(const ol_acl *acl, ol_arena *arena, ol_s3_acl_headers *out, ol_error *err)
{
    int rc = OL_OK;
    ol_buf value;
    ol_buf_init(&value, GRANTS_BYTES_MAX);
    for (size_t i = 0; rc == OL_OK && i < OL_S3_ACL_HEADERS_MAX; i++) {
        ol_buf_clear(&value);
        rc = value_of(acl, grant_headers[i].permission, &value, err);
        if (rc != OL_OK || value.len == 0)
            continue;
        ol_slice copy = ol_arena_copy(arena, ol_buf_slice(&value));
        if (!copy.data)
            rc = ol_error_set(err, OL_ENOMEM, "s3 origin: access control list");
        out->headers[out->count++] = (ol_header){ol_slice_cstr(grant_headers[i].header), copy};
    }
    ol_buf_fini(&value);
    if (rc == OL_OK && out->count == 0)
        add_canned(out, OL_SLICE_LIT("private"));
    return rc;
}

int ol_s3_acl_of_new(const ol_s3_origin *origin, ol_slice text, ol_arena *arena,
                     ol_s3_acl_headers *out, ol_error *err)
{
    ol_acl acl;
    ol_slice canned;
    *out = (ol_s3_acl_headers){0};
    if (text.len == 0)
        return OL_OK;
    int rc = ol_acl_read_text(text, OL_SLICE_NONE, arena, &acl, err);
    if (rc == OL_OK && origin->options.canonical_ids == OL_S3_CANONICAL_IDS_SHARED)
        return add_grants(&acl, arena, out, err);
    if (rc == OL_OK)
        rc = canned_of(&acl, &canned, err);
    if (rc == OL_OK)
        add_canned(out, canned);
    return rc;
}

/* ---- of an object that is there ---- */

/* A document can say what no header does: that nobody is granted anything. */
static int add_document(ol_s3_document *doc, const ol_acl *acl, ol_error *err)
{
    ol_buf xml;
    ol_buf_init(&xml, XML_BYTES_MAX);
    int rc = ol_acl_write_xml(&xml, acl, NULL);
    if (rc == OL_OK)
        ol_s3_document_body(doc, &xml);
    ol_buf_fini(&xml);
    return rc == OL_OK ? OL_OK : ol_error_set(err, rc, "s3 origin: access control list");
}

int ol_s3_acl_of_change(ol_s3_document *doc, ol_slice text, ol_error *err)
{
    ol_slice canned = OL_SLICE_LIT("private");
    ol_acl acl;
    int rc = OL_OK;
    if (text.len > 0)
        rc = ol_acl_read_text(text, OL_SLICE_NONE, doc->arena, &acl, err);
    if (rc != OL_OK)
        return rc;
    if (text.len > 0 && doc->at->origin->options.canonical_ids == OL_S3_CANONICAL_IDS_SHARED)
        return add_document(doc, &acl, err);
    if (text.len > 0)
        rc = canned_of(&acl, &canned, err);
    if (rc == OL_OK)
        ol_s3_document_header(doc, "x-amz-acl", canned);
    return rc;
}

/* ---- reading ---- */

int ol_s3_acl_text(ol_slice xml, ol_arena *arena, ol_slice *text, ol_error *err)
{
    const ol_acl_context context = {.arena = arena};
    ol_acl acl;
    ol_error why = {0};
    *text = OL_SLICE_NONE;
    int rc = ol_acl_parse_xml(xml, &context, &acl, &why);
    if (rc == OL_OK && acl.owner_id.len == 0 && acl.count == 0)
        return OL_OK;
    if (rc == OL_OK && acl.owner_id.len > 0)
        return ol_acl_text(&acl, arena, text, err);
    return ol_error_set(err, rc == OL_ENOMEM ? rc : OL_EORIGIN,
                        "s3 origin: its access control list cannot be read: %s", why.message);
}
