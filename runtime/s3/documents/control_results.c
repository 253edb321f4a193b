/* SPDX-License-Identifier: MIT */
/* What the s3control API answers. */
#include "s3/documents/control_documents.h"

#include "s3/documents/xml_writer.h"

static void begin(ol_xml_writer *w, ol_buf *out, const char *root)
{
    ol_xml_begin_ns(w, out, root, OL_S3CONTROL_XMLNS);
}

/* ---- access points ---- */

static void put_block(ol_xml_writer *w, const ol_public_access_block *block)
{
    ol_xml_open(w, "PublicAccessBlockConfiguration");
    ol_xml_bool(w, "BlockPublicAcls", block->block_public_acls);
    ol_xml_bool(w, "IgnorePublicAcls", block->ignore_public_acls);
    ol_xml_bool(w, "BlockPublicPolicy", block->block_public_policy);
    ol_xml_bool(w, "RestrictPublicBuckets", block->restrict_public_buckets);
    ol_xml_close(w, "PublicAccessBlockConfiguration");
}

static void put_network(ol_xml_writer *w, const ol_control_entry *entry)
{
    bool vpc = entry->vpc_id.len > 0;
    ol_xml_text(w, "NetworkOrigin", vpc ? OL_SLICE_LIT("VPC") : OL_SLICE_LIT("Internet"));
    if (!vpc)
        return;
    ol_xml_open(w, "VpcConfiguration");
    ol_xml_text(w, "VpcId", entry->vpc_id);
    ol_xml_close(w, "VpcConfiguration");
}

int ol_control_xml_access_point_created(ol_buf *out, const ol_control_entry *entry)
{
    ol_xml_writer w;
    begin(&w, out, "CreateAccessPointResult");
    ol_xml_text(&w, "AccessPointArn", entry->arn);
    ol_xml_text(&w, "Alias", entry->alias);
    ol_xml_close(&w, "CreateAccessPointResult");
    return w.rc;
}

static void put_endpoint(ol_xml_writer *w, const char *family, ol_slice endpoint)
{
    ol_xml_open(w, "entry");
    ol_xml_text(w, "key", ol_slice_cstr(family));
    ol_xml_text(w, "value", endpoint);
    ol_xml_close(w, "entry");
}

int ol_control_xml_access_point(ol_buf *out, const ol_control_entry *entry, ol_slice endpoint)
{
    ol_xml_writer w;
    begin(&w, out, "GetAccessPointResult");
    ol_xml_text(&w, "Name", entry->name);
    ol_xml_text(&w, "Bucket", entry->bucket);
    put_network(&w, entry);
    put_block(&w, &entry->block);
    ol_xml_date(&w, "CreationDate", entry->created_ms);
    ol_xml_text(&w, "Alias", entry->alias);
    ol_xml_text(&w, "AccessPointArn", entry->arn);
    if (endpoint.len > 0) {
        ol_xml_open(&w, "Endpoints");
        put_endpoint(&w, "ipv4", endpoint);
        put_endpoint(&w, "dualstack", endpoint);
        ol_xml_close(&w, "Endpoints");
    }
    ol_xml_text(&w, "BucketAccountId", entry->account_id);
    ol_xml_close(&w, "GetAccessPointResult");
    return w.rc;
}

int ol_control_xml_access_points(ol_buf *out, const ol_control_entry *entries, size_t count,
                                 ol_slice next_token)
{
    ol_xml_writer w;
    begin(&w, out, "ListAccessPointsResult");
    ol_xml_open(&w, "AccessPointList");
    for (size_t i = 0; i < count; i++) {
        ol_xml_open(&w, "AccessPoint");
        ol_xml_text(&w, "Name", entries[i].name);
        put_network(&w, &entries[i]);
        ol_xml_text(&w, "Bucket", entries[i].bucket);
        ol_xml_text(&w, "AccessPointArn", entries[i].arn);
        ol_xml_text(&w, "Alias", entries[i].alias);
        ol_xml_text(&w, "BucketAccountId", entries[i].account_id);
        ol_xml_close(&w, "AccessPoint");
    }
    ol_xml_close(&w, "AccessPointList");
    if (next_token.len > 0)
        ol_xml_text(&w, "NextToken", next_token);
    ol_xml_close(&w, "ListAccessPointsResult");
    return w.rc;
}

/* ---- Object Lambda access points ---- */

/* An alias is there as soon as its access point is. */
static void put_alias(ol_xml_writer *w, ol_slice alias)
{
    ol_xml_open(w, "Alias");
    ol_xml_text(w, "Value", alias);
    ol_xml_text(w, "Status", OL_SLICE_LIT("READY"));
    ol_xml_close(w, "Alias");
}

int ol_control_xml_olap_created(ol_buf *out, const ol_control_entry *entry)
{
    ol_xml_writer w;
    begin(&w, out, "CreateAccessPointForObjectLambdaResult");
    ol_xml_text(&w, "ObjectLambdaAccessPointArn", entry->arn);
    put_alias(&w, entry->alias);
    ol_xml_close(&w, "CreateAccessPointForObjectLambdaResult");
    return w.rc;
}

int ol_control_xml_olap(ol_buf *out, const ol_control_entry *entry)
{
    ol_xml_writer w;
    begin(&w, out, "GetAccessPointForObjectLambdaResult");
    ol_xml_text(&w, "Name", entry->name);
    put_block(&w, &entry->block);
    ol_xml_date(&w, "CreationDate", entry->created_ms);
    put_alias(&w, entry->alias);
    ol_xml_close(&w, "GetAccessPointForObjectLambdaResult");
    return w.rc;
}

int ol_control_xml_olaps(ol_buf *out, const ol_control_entry *entries, size_t count,
                         ol_slice next_token)
{
    ol_xml_writer w;
    begin(&w, out, "ListAccessPointsForObjectLambdaResult");
    ol_xml_open(&w, "ObjectLambdaAccessPointList");
    for (size_t i = 0; i < count; i++) {
        ol_xml_open(&w, "ObjectLambdaAccessPoint");
        ol_xml_text(&w, "Name", entries[i].name);
        ol_xml_text(&w, "ObjectLambdaAccessPointArn", entries[i].arn);
        put_alias(&w, entries[i].alias);
        ol_xml_close(&w, "ObjectLambdaAccessPoint");
    }
    ol_xml_close(&w, "ObjectLambdaAccessPointList");
    if (next_token.len > 0)
        ol_xml_text(&w, "NextToken", next_token);
    ol_xml_close(&w, "ListAccessPointsForObjectLambdaResult");
    return w.rc;
}

static void put_names(ol_xml_writer *w, const char *list, const char *item, unsigned bits,
                      const char *const names[4])
{
    ol_xml_open(w, list);
    for (unsigned i = 0; i < 4; i++)
        if (bits & (1u << i))
            ol_xml_text(w, item, ol_slice_cstr(names[i]));
    ol_xml_close(w, list);
}

static void put_transformation(ol_xml_writer *w, const ol_control_transformation *t)
{
    static const char *const actions[] = {"GetObject", "HeadObject", "ListObjects",
                                          "ListObjectsV2"};
    ol_xml_open(w, "TransformationConfiguration");
    put_names(w, "Actions", "Action", t->actions, actions);
    ol_xml_open(w, "ContentTransformation");
    ol_xml_open(w, "AwsLambda");
    ol_xml_text(w, "FunctionArn", t->function);
    if (t->payload.len > 0)
        ol_xml_text(w, "FunctionPayload", t->payload);
    ol_xml_close(w, "AwsLambda");
    ol_xml_close(w, "ContentTransformation");
    ol_xml_close(w, "TransformationConfiguration");
}

int ol_control_xml_olap_configuration(ol_buf *out, const ol_control_olap *olap)
{
    static const char *const features[] = {"GetObject-Range", "GetObject-PartNumber",
                                           "HeadObject-Range", "HeadObject-PartNumber"};
    ol_xml_writer w;
    begin(&w, out, "GetAccessPointConfigurationForObjectLambdaResult");
    ol_xml_open(&w, "Configuration");
    ol_xml_text(&w, "SupportingAccessPoint", olap->supporting_access_point);
    ol_xml_bool(&w, "CloudWatchMetricsEnabled", olap->metrics);
    put_names(&w, "AllowedFeatures", "AllowedFeature", olap->features, features);
    ol_xml_open(&w, "TransformationConfigurations");
    for (size_t i = 0; i < olap->transformation_count; i++)
        put_transformation(&w, &olap->transformations[i]);
    ol_xml_close(&w, "TransformationConfigurations");
    ol_xml_close(&w, "Configuration");
    ol_xml_close(&w, "GetAccessPointConfigurationForObjectLambdaResult");
    return w.rc;
}

/* ---- policies ---- */

int ol_control_xml_policy(ol_buf *out, ol_slice policy, bool object_lambda)
{
    const char *root = object_lambda ? "GetAccessPointPolicyForObjectLambdaResult"
                                     : "GetAccessPointPolicyResult";
    ol_xml_writer w;
    begin(&w, out, root);
    ol_xml_text(&w, "Policy", policy);
    ol_xml_close(&w, root);
    return w.rc;
}

int ol_control_xml_policy_status(ol_buf *out, bool is_public, bool object_lambda)
{
    const char *root = object_lambda ? "GetAccessPointPolicyStatusForObjectLambdaResult"
                                     : "GetAccessPointPolicyStatusResult";
    ol_xml_writer w;
    begin(&w, out, root);
    ol_xml_open(&w, "PolicyStatus");
    ol_xml_bool(&w, "IsPublic", is_public);
    ol_xml_close(&w, "PolicyStatus");
    ol_xml_close(&w, root);
    return w.rc;
}
