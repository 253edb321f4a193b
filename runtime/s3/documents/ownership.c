/* SPDX-License-Identifier: MIT */
/* The three names, and the document with its one rule. */
#include "s3/documents/ownership.h"

#include "s3/documents/xml_tree.h"
#include "s3/documents/xml_writer.h"

static const char *const names[] = {"", "BucketOwnerEnforced", "BucketOwnerPreferred",
                                    "ObjectWriter"};

bool ol_ownership_from_name(ol_slice name, enum ol_ownership *out)
{
    for (int i = OL_OWNERSHIP_BUCKET_OWNER_ENFORCED; i <= OL_OWNERSHIP_OBJECT_WRITER; i++) {
        if (!ol_slice_eq_cstr(name, names[i]))
            continue;
        *out = (enum ol_ownership)i;
        return true;
    }
    return false;
}

const char *ol_ownership_name(enum ol_ownership ownership)
{
    return names[ownership];
}

int ol_ownership_parse(ol_slice xml, ol_arena *arena, enum ol_ownership *out, ol_error *err)
{
    static const ol_xml_rule in_root[] = {{"Rule", 1, 1}, {NULL, 0, 0}};
    static const ol_xml_rule in_rule[] = {{"ObjectOwnership", 1, 1}, {NULL, 0, 0}};
    const ol_xml_node *root, *rule = NULL;
    int rc = ol_xml_parse(xml, NULL, "OwnershipControls", arena, &root, err);
    if (rc == OL_OK)
        rc = ol_xml_children(root, in_root, err);
    if (rc == OL_OK) {
        rule = ol_xml_child(root, "Rule");
        rc = ol_xml_children(rule, in_rule, err);
    }
    if (rc != OL_OK)
        return rc;
    if (!ol_ownership_from_name(ol_xml_trimmed(ol_xml_child(rule, "ObjectOwnership")), out))
        return ol_error_set(err, OL_EMALFORMEDXML, "an unknown ObjectOwnership");
    return OL_OK;
}

int ol_ownership_write(ol_buf *out, enum ol_ownership ownership)
{
    ol_xml_writer w;
    ol_xml_begin(&w, out, "OwnershipControls", true);
    ol_xml_open(&w, "Rule");
    ol_xml_text(&w, "ObjectOwnership", ol_slice_cstr(names[ownership]));
    ol_xml_close(&w, "Rule");
    ol_xml_close(&w, "OwnershipControls");
    return w.rc;
}
