/* SPDX-License-Identifier: MIT */
/* Four switches, in the order in which S3 writes them. */
#include "s3/documents/public_access_block.h"

#include "s3/documents/xml_writer.h"

#define ROOT "PublicAccessBlockConfiguration"

int ol_public_access_block_read(const ol_xml_node *node, ol_public_access_block *out, ol_error *err)
{
    static const ol_xml_rule rules[] = {{"BlockPublicAcls", 0, 1},
                                        {"IgnorePublicAcls", 0, 1},
                                        {"BlockPublicPolicy", 0, 1},
                                        {"RestrictPublicBuckets", 0, 1},
                                        {NULL, 0, 0}};
    bool *const switches[] = {&out->block_public_acls, &out->ignore_public_acls,
                              &out->block_public_policy, &out->restrict_public_buckets};
    *out = (ol_public_access_block){0};
    int rc = ol_xml_children(node, rules, err);
    for (size_t i = 0; rc == OL_OK && i < 4; i++)
        rc = ol_xml_to_bool(ol_xml_child(node, rules[i].name), switches[i], err);
    return rc;
}

int ol_public_access_block_parse(ol_slice xml, const ol_xml_bounds *bounds, ol_arena *arena,
                                 ol_public_access_block *out, ol_error *err)
{
    const ol_xml_node *root;
    int rc = ol_xml_parse(xml, bounds, ROOT, arena, &root, err);
    return rc == OL_OK ? ol_public_access_block_read(root, out, err) : rc;
}

int ol_public_access_block_write(ol_buf *out, const ol_public_access_block *block,
                                 const char *xmlns)
{
    ol_xml_writer w;
    ol_xml_begin_ns(&w, out, ROOT, xmlns ? xmlns : OL_S3_XMLNS);
    ol_xml_bool(&w, "BlockPublicAcls", block->block_public_acls);
    ol_xml_bool(&w, "IgnorePublicAcls", block->ignore_public_acls);
    ol_xml_bool(&w, "BlockPublicPolicy", block->block_public_policy);
    ol_xml_bool(&w, "RestrictPublicBuckets", block->restrict_public_buckets);
    ol_xml_close(&w, ROOT);
    return w.rc;
}
