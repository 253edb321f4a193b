/* SPDX-License-Identifier: MIT */
#include "s3/documents/bucket_encryption.h"

#include "s3/documents/xml_tree.h"
#include "s3/documents/xml_writer.h"

#define ROOT "ServerSideEncryptionConfiguration"
#define BY_DEFAULT "ApplyServerSideEncryptionByDefault"

static int parse_default(const ol_xml_node *node, ol_bucket_encryption *out,
                         ol_s3_sse_fault *fault, ol_error *err)
{
    static const ol_xml_rule rules[] = {
        {"SSEAlgorithm", 1, 1}, {"KMSMasterKeyID", 0, 1}, {NULL, 0, 0}};
    int rc = ol_xml_children(node, rules, err);
    if (rc != OL_OK)
        return rc;
    ol_slice name = ol_xml_trimmed(ol_xml_child(node, "SSEAlgorithm"));
    if (!ol_s3_sse_method_parse(name, &out->method))
        return ol_error_set(err, OL_EMALFORMEDXML, "an unknown SSEAlgorithm");
    out->kms_key = ol_xml_trimmed(ol_xml_child(node, "KMSMasterKeyID"));
    if (out->method != OL_S3_SSE_AES256 || !ol_xml_child(node, "KMSMasterKeyID"))
        return OL_OK;
    *fault = (ol_s3_sse_fault){.name = BY_DEFAULT};
    return ol_error_say(err, OL_EINVAL,
                        "a KMSMasterKeyID is not applicable if the default sse algorithm is not "
                        "aws:kms or aws:kms:dsse");
}

static int parse_blocked(const ol_xml_node *node, ol_bucket_encryption *out, ol_error *err)
{
    static const ol_xml_rule rules[] = {{"EncryptionType", 1, 2}, {NULL, 0, 0}};
    int rc = ol_xml_children(node, rules, err);
    if (rc != OL_OK)
        return rc;
    size_t count = ol_xml_count(node, "EncryptionType");
    for (const ol_xml_node *one = ol_xml_child(node, "EncryptionType"); one;
         one = ol_xml_next(one)) {
        ol_slice type = ol_xml_trimmed(one);
        if (ol_slice_eq_cstr(type, "SSE-C"))
            out->blocks_customer_keys = true;
        else if (!ol_slice_eq_cstr(type, "NONE") || count > 1)
            return ol_error_set(err, OL_EMALFORMEDXML, "an unknown EncryptionType");
    }
    return OL_OK;
}

int ol_bucket_encryption_parse(ol_slice xml, ol_arena *arena, ol_bucket_encryption *out,
                               ol_s3_sse_fault *fault, ol_error *err)
{
    static const ol_xml_rule in_root[] = {{"Rule", 1, 1}, {NULL, 0, 0}};
    static const ol_xml_rule in_rule[] = {{BY_DEFAULT, 0, 1},
                                          {"BucketKeyEnabled", 0, 1},
                                          {"BlockedEncryptionTypes", 0, 1},
                                          {NULL, 0, 0}};
    const ol_xml_node *root, *rule = NULL;
    *out = (ol_bucket_encryption){.given = true};
    int rc = ol_xml_parse(xml, NULL, ROOT, arena, &root, err);
    if (rc == OL_OK)
        rc = ol_xml_children(root, in_root, err);
    if (rc == OL_OK) {
        rule = ol_xml_child(root, "Rule");
        rc = ol_xml_children(rule, in_rule, err);
    }
    if (rc != OL_OK)
        return rc;
    const ol_xml_node *by_default = ol_xml_child(rule, BY_DEFAULT);
    const ol_xml_node *blocked = ol_xml_child(rule, "BlockedEncryptionTypes");
    if (!by_default && !blocked)
        return ol_error_set(err, OL_EMALFORMEDXML, "a rule that says nothing");
    if (by_default)
        rc = parse_default(by_default, out, fault, err);
    if (rc == OL_OK)
        rc = ol_xml_to_bool(ol_xml_child(rule, "BucketKeyEnabled"), &out->bucket_key, err);
    return rc == OL_OK && blocked ? parse_blocked(blocked, out, err) : rc;
}

int ol_bucket_encryption_write(ol_buf *out, const ol_bucket_encryption *encryption)
{
    ol_xml_writer w;
    ol_xml_begin(&w, out, ROOT, true);
    ol_xml_open(&w, "Rule");
    if (encryption->method != OL_S3_SSE_NONE) {
        ol_xml_open(&w, BY_DEFAULT);
        ol_xml_text(&w, "SSEAlgorithm", ol_slice_cstr(ol_s3_sse_method_name(encryption->method)));
        if (encryption->kms_key.len > 0)
            ol_xml_text(&w, "KMSMasterKeyID", encryption->kms_key);
        ol_xml_close(&w, BY_DEFAULT);
    }
    ol_xml_bool(&w, "BucketKeyEnabled", encryption->bucket_key);
    if (encryption->blocks_customer_keys) {
        ol_xml_open(&w, "BlockedEncryptionTypes");
        ol_xml_text(&w, "EncryptionType", OL_SLICE_LIT("SSE-C"));
        ol_xml_close(&w, "BlockedEncryptionTypes");
    }
    ol_xml_close(&w, "Rule");
    ol_xml_close(&w, ROOT);
    return w.rc;
}
