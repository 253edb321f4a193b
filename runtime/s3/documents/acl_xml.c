/* SPDX-License-Identifier: MIT */
/* <AccessControlPolicy>. Which kind a grantee is is told by the element in it, as S3 does where
 * xsi:type is missing. */
#include "s3/documents/acl_private.h"
#include "s3/documents/xml_tree.h"
#include "s3/documents/xml_writer.h"

static const struct {
    const char *name;
    unsigned permission;
} permissions[] = {{"FULL_CONTROL", OL_ACL_FULL_CONTROL},
                   {"READ", OL_ACL_READ},
                   {"WRITE", OL_ACL_WRITE},
                   {"READ_ACP", OL_ACL_READ_ACP},
                   {"WRITE_ACP", OL_ACL_WRITE_ACP}};
#define PERMISSIONS (sizeof permissions / sizeof permissions[0])

static const ol_xml_rule in_person[] = {{"ID", 1, 1}, {"DisplayName", 0, 1}, {NULL, 0, 0}};

static bool find_permission(ol_slice name, unsigned *out)
{
    for (size_t i = 0; i < PERMISSIONS; i++) {
        if (!ol_slice_eq_cstr(name, permissions[i].name))
            continue;
        *out = permissions[i].permission;
        return true;
    }
    return false;
}

static int add_grantee(const ol_xml_node *grantee, unsigned permission,
                       const ol_acl_context *context, ol_acl *out, ol_error *err)
{
    static const ol_xml_rule in_grantee[] = {{"ID", 0, 1},
                                             {"DisplayName", 0, 1},
                                             {"URI", 0, 1},
                                             {"EmailAddress", 0, 1},
                                             {NULL, 0, 0}};
    int rc = ol_xml_children(grantee, in_grantee, err);
    if (rc != OL_OK)
        return rc;
    const ol_xml_node *id = ol_xml_child(grantee, "ID"), *uri = ol_xml_child(grantee, "URI"),
                      *email = ol_xml_child(grantee, "EmailAddress");
    if ((id != NULL) + (uri != NULL) + (email != NULL) != 1)
        return ol_error_set(err, OL_EMALFORMEDACL, "a grantee is one of ID, URI, EmailAddress");
    if (id)
        return ol_acl_add_id(out, context, ol_xml_trimmed(id), permission, err);
    if (uri)
        return ol_acl_add_uri(out, ol_xml_trimmed(uri), permission, err);
    return ol_acl_add_email(out, context, ol_xml_trimmed(email), permission, err);
}

static int read_grant(const ol_xml_node *grant, const ol_acl_context *context, ol_acl *out,
                      ol_error *err)
{
    static const ol_xml_rule in_grant[] = {{"Grantee", 1, 1}, {"Permission", 1, 1}, {NULL, 0, 0}};
    unsigned permission;
    int rc = ol_xml_children(grant, in_grant, err);
    if (rc != OL_OK)
        return rc;
    if (!find_permission(ol_xml_trimmed(ol_xml_child(grant, "Permission")), &permission))
        return ol_error_set(err, OL_EMALFORMEDACL, "an unknown permission");
    return add_grantee(ol_xml_child(grant, "Grantee"), permission, context, out, err);
}

static int read_list(const ol_xml_node *root, const ol_acl_context *context, ol_acl *out,
                     ol_error *err)
{
    bool of_origin = context->owner_id.len == 0;
    const ol_xml_rule in_root[] = {
        {"Owner", of_origin ? 0 : 1, 1}, {"AccessControlList", 1, 1}, {NULL, 0, 0}};
    static const ol_xml_rule in_list[] = {{"Grant", 0, OL_ACL_GRANTS_MAX}, {NULL, 0, 0}};
    const ol_xml_node *owner = ol_xml_child(root, "Owner"),
                      *list = ol_xml_child(root, "AccessControlList");
    int rc = ol_xml_children(root, in_root, err);
    if (rc == OL_OK && owner)
        rc = ol_xml_children(owner, in_person, err);
    if (rc == OL_OK)
        rc = ol_xml_children(list, in_list, err);
    if (rc != OL_OK)
        return rc;
    ol_slice owner_id = owner ? ol_xml_trimmed(ol_xml_child(owner, "ID")) : OL_SLICE_NONE;
    if (!of_origin && !ol_slice_eq(owner_id, context->owner_id))
        return ol_error_set(err, OL_EACCESS, "an ACL does not change the owner");
    rc = ol_acl_begin(out, owner_id, context->arena, err);
    for (const ol_xml_node *n = list->first; rc == OL_OK && n; n = n->next)
        rc = read_grant(n, context, out, err);
    return rc;
}

int ol_acl_parse_xml(ol_slice xml, const ol_acl_context *context, ol_acl *out, ol_error *err)
{
    const ol_xml_node *root;
    ol_error why = {0};
    int rc = ol_xml_parse(xml, NULL, "AccessControlPolicy", context->arena, &root, &why);
    if (rc == OL_OK)
        rc = read_list(root, context, out, &why);
    if (rc == OL_OK)
        return OL_OK;
    /* S3 has a code of its own for lists that do not validate. */
    if (rc == OL_EMALFORMEDXML)
        return ol_error_set(err, OL_EMALFORMEDACL, "%s", why.detail);
    if (err && err->code == OL_OK)
        *err = why;
    return rc;
}

/* ---- writing ---- */

static const char *permission_name(unsigned permission)
{
    for (size_t i = 0; i < PERMISSIONS; i++)
        if (permissions[i].permission == permission)
            return permissions[i].name;
    return "";
}

static void put_grantee(ol_xml_writer *w, const ol_acl_grant *grant, const ol_people *people)
{
    bool group = grant->grantee != OL_ACL_CANONICAL;
    if (w->rc == OL_OK)
        w->rc = ol_buf_addf(w->out,
                            "<Grantee xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" "
                            "xsi:type=\"%s\">",
                            group ? "Group" : "CanonicalUser");
    if (group) {
        ol_xml_text(w, "URI", ol_slice_cstr(ol_acl_group_uri(grant->grantee)));
    } else {
        ol_slice name = ol_people_name(people, grant->id);
        ol_xml_text(w, "ID", grant->id);
        ol_xml_text(w, "DisplayName", name.len > 0 ? name : grant->id);
    }
    ol_xml_close(w, "Grantee");
}

/* Groups stand before users. */
static void put_grants(ol_xml_writer *w, const ol_acl *acl, const ol_people *people, bool groups)
{
    for (size_t i = 0; i < acl->count; i++) {
        const ol_acl_grant *grant = &acl->grants[i];
        if ((grant->grantee != OL_ACL_CANONICAL) != groups)
            continue;
        ol_xml_open(w, "Grant");
        put_grantee(w, grant, people);
        ol_xml_text(w, "Permission", ol_slice_cstr(permission_name(grant->permission)));
        ol_xml_close(w, "Grant");
    }
}

int ol_acl_write_xml(ol_buf *out, const ol_acl *acl, const ol_people *people)
{
    ol_xml_writer w;
    ol_xml_begin(&w, out, "AccessControlPolicy", true);
    ol_xml_person(&w, "Owner", acl->owner_id, ol_people_name(people, acl->owner_id));
    ol_xml_open(&w, "AccessControlList");
    put_grants(&w, acl, people, true);
    put_grants(&w, acl, people, false);
    ol_xml_close(&w, "AccessControlList");
    ol_xml_close(&w, "AccessControlPolicy");
    return w.rc;
}
