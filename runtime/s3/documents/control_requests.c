/* SPDX-License-Identifier: MIT */
/* What the s3control API is sent: trees, checked element by element. */
#include "s3/documents/control_documents.h"

static const ol_xml_bounds bounds = {.text_bytes_max = OL_CONTROL_PAYLOAD_BYTES_MAX,
                                     .xmlns = OL_S3CONTROL_XMLNS};

static int malformed(ol_error *err, const char *why)
{
    return ol_error_set(err, OL_EMALFORMEDXML, "%s", why);
}

static int take_text(const ol_xml_node *node, size_t bytes_max, ol_slice *out, ol_error *err)
{
    *out = ol_xml_trimmed(node);
    if (node && (node->first || out->len > bytes_max))
        return malformed(err, "a text is too long");
    return OL_OK;
}

/* ---- CreateAccessPoint ---- */

static int read_scope(const ol_xml_node *scope, ol_arena *arena, ol_control_access_point *out,
                      ol_error *err)
{
    static const ol_xml_rule in_scope[] = {
        {"Prefixes", 0, 1}, {"Permissions", 0, 1}, {NULL, 0, 0}};
    static const ol_xml_rule in_prefixes[] = {
        {"Prefix", 0, OL_CONTROL_SCOPE_PREFIXES_MAX}, {NULL, 0, 0}};
    int rc = ol_xml_children(scope, in_scope, err);
    const ol_xml_node *list = ol_xml_child(scope, "Prefixes"),
                      *permissions = ol_xml_child(scope, "Permissions");
    if (rc == OL_OK && permissions && permissions->first)
        return ol_error_say(err, OL_ENOTIMPLEMENTED,
                            "Permissions of a scope are not implemented; use a policy.");
    if (rc != OL_OK || !list)
        return rc;
    rc = ol_xml_children(list, in_prefixes, err);
    if (rc != OL_OK)
        return rc;
    ol_slice *prefixes =
        ol_arena_alloc(arena, (ol_xml_count(list, "Prefix") + 1) * sizeof *prefixes);
    if (!prefixes)
        return ol_error_set(err, OL_ENOMEM, "scope");
    for (const ol_xml_node *n = list->first; n; n = n->next) {
        if (n->first || n->text.len == 0 || n->text.len > 512)
            return malformed(err, "a prefix of a scope");
        prefixes[out->prefix_count++] = n->text;
    }
    out->prefixes = prefixes;
    return OL_OK;
}

static int read_vpc(const ol_xml_node *vpc, ol_control_access_point *out, ol_error *err)
{
    static const ol_xml_rule in_vpc[] = {{"VpcId", 1, 1}, {NULL, 0, 0}};
    int rc = ol_xml_children(vpc, in_vpc, err);
    if (rc == OL_OK)
        rc = take_text(ol_xml_child(vpc, "VpcId"), 1024, &out->vpc_id, err);
    return rc == OL_OK && out->vpc_id.len == 0 ? malformed(err, "an empty VpcId") : rc;
}

static int read_access_point(const ol_xml_node *root, ol_arena *arena, ol_control_access_point *out,
                             ol_error *err)
{
    static const ol_xml_rule in_root[] = {{"Bucket", 1, 1},
                                          {"VpcConfiguration", 0, 1},
                                          {"PublicAccessBlockConfiguration", 0, 1},
                                          {"BucketAccountId", 0, 1},
                                          {"Scope", 0, 1},
                                          {"Tags", 0, 1},
                                          {NULL, 0, 0}};
    int rc = ol_xml_children(root, in_root, err);
    const ol_xml_node *vpc = ol_xml_child(root, "VpcConfiguration"),
                      *block = ol_xml_child(root, "PublicAccessBlockConfiguration"),
                      *scope = ol_xml_child(root, "Scope"), *tags = ol_xml_child(root, "Tags");
    if (rc == OL_OK && tags && tags->first)
        return ol_error_say(err, OL_ENOTIMPLEMENTED, "Tags of access points are not implemented.");
    if (rc == OL_OK)
        rc = take_text(ol_xml_child(root, "Bucket"), 255, &out->bucket, err);
    if (rc == OL_OK)
        rc = take_text(ol_xml_child(root, "BucketAccountId"), 64, &out->bucket_account_id, err);
    if (rc == OL_OK && vpc)
        rc = read_vpc(vpc, out, err);
    if (rc == OL_OK && block)
        rc = ol_public_access_block_read(block, &out->block, err);
    if (rc == OL_OK && scope)
        rc = read_scope(scope, arena, out, err);
    out->has_block = block != NULL;
    return rc == OL_OK && out->bucket.len == 0 ? malformed(err, "no bucket") : rc;
}

int ol_control_parse_access_point(ol_slice xml, ol_arena *arena, ol_control_access_point *out,
                                  ol_error *err)
{
    const ol_xml_node *root;
    *out = (ol_control_access_point){0};
    int rc = ol_xml_parse(xml, &bounds, "CreateAccessPointRequest", arena, &root, err);
    return rc == OL_OK ? read_access_point(root, arena, out, err) : rc;
}

/* ---- Object Lambda configurations ---- */

static const struct {
    const char *name;
    unsigned bit;
} action_names[] = {{"GetObject", OL_CONTROL_GET_OBJECT},
                    {"HeadObject", OL_CONTROL_HEAD_OBJECT},
                    {"ListObjects", OL_CONTROL_LIST_OBJECTS},
                    {"ListObjectsV2", OL_CONTROL_LIST_OBJECTS_V2}},
  feature_names[] = {{"GetObject-Range", OL_CONTROL_GET_OBJECT_RANGE},
                     {"GetObject-PartNumber", OL_CONTROL_GET_OBJECT_PART_NUMBER},
                     {"HeadObject-Range", OL_CONTROL_HEAD_OBJECT_RANGE},
                     {"HeadObject-PartNumber", OL_CONTROL_HEAD_OBJECT_PART_NUMBER}};

static int read_actions(const ol_xml_node *list, unsigned *out, ol_error *err)
{
    static const ol_xml_rule in_list[] = {{"Action", 1, 4}, {NULL, 0, 0}};
    int rc = ol_xml_children(list, in_list, err);
    for (const ol_xml_node *n = list->first; rc == OL_OK && n; n = n->next) {
        unsigned bit = 0;
        for (size_t i = 0; i < 4; i++)
            if (ol_slice_eq_cstr(ol_xml_trimmed(n), action_names[i].name))
                bit = action_names[i].bit;
        if (bit == 0)
            rc = malformed(err, "an unknown action");
        *out |= bit;
    }
    return rc;
}

static int read_features(const ol_xml_node *list, unsigned *out, ol_error *err)
{
    static const ol_xml_rule in_list[] = {{"AllowedFeature", 0, 4}, {NULL, 0, 0}};
    int rc = ol_xml_children(list, in_list, err);
    for (const ol_xml_node *n = list->first; rc == OL_OK && n; n = n->next) {
        unsigned bit = 0;
        for (size_t i = 0; i < 4; i++)
            if (ol_slice_eq_cstr(ol_xml_trimmed(n), feature_names[i].name))
                bit = feature_names[i].bit;
        if (bit == 0)
            rc = malformed(err, "an unknown feature");
        *out |= bit;
    }
    return rc;
}

static int read_function(const ol_xml_node *lambda, ol_control_transformation *out, ol_error *err)
{
    static const ol_xml_rule in_lambda[] = {
        {"FunctionArn", 1, 1}, {"FunctionPayload", 0, 1}, {NULL, 0, 0}};
    ol_function_name name;
    int rc = ol_xml_children(lambda, in_lambda, err);
    if (rc == OL_OK)
        rc = take_text(ol_xml_child(lambda, "FunctionArn"), OL_CONTROL_FUNCTION_BYTES_MAX,
                       &out->function, err);
    if (rc != OL_OK)
        return rc;
    if (!ol_function_name_parse(out->function, &name))
        return ol_error_say(err, OL_EINVALIDREQUEST, "FunctionArn does not name a function.");
    /* A payload is the function's own, blanks included. */
    const ol_xml_node *payload = ol_xml_child(lambda, "FunctionPayload");
    if (payload && payload->first)
        return malformed(err, "elements in FunctionPayload");
    out->payload = payload ? payload->text : OL_SLICE_NONE;
    return OL_OK;
}

static int read_transformation(const ol_xml_node *node, ol_control_transformation *out,
                               ol_error *err)
{
    static const ol_xml_rule in_node[] = {
        {"Actions", 1, 1}, {"ContentTransformation", 1, 1}, {NULL, 0, 0}};
    static const ol_xml_rule in_content[] = {{"AwsLambda", 1, 1}, {NULL, 0, 0}};
    int rc = ol_xml_children(node, in_node, err);
    if (rc == OL_OK)
        rc = read_actions(ol_xml_child(node, "Actions"), &out->actions, err);
    if (rc == OL_OK)
        rc = ol_xml_children(ol_xml_child(node, "ContentTransformation"), in_content, err);
    if (rc == OL_OK)
        rc = read_function(ol_xml_child(ol_xml_child(node, "ContentTransformation"), "AwsLambda"),
                           out, err);
    return rc;
}

static int read_transformations(const ol_xml_node *list, ol_arena *arena, ol_control_olap *out,
                                ol_error *err)
{
    static const ol_xml_rule in_list[] = {
        {"TransformationConfiguration", 1, OL_CONTROL_TRANSFORMATIONS_MAX}, {NULL, 0, 0}};
    unsigned taken = 0;
    ol_control_transformation *all =
        ol_arena_calloc(arena, OL_CONTROL_TRANSFORMATIONS_MAX * sizeof *all);
    if (!all)
        return ol_error_set(err, OL_ENOMEM, "transformations");
    int rc = ol_xml_children(list, in_list, err);
    for (const ol_xml_node *n = list->first; rc == OL_OK && n; n = n->next) {
        ol_control_transformation *t = &all[out->transformation_count++];
        rc = read_transformation(n, t, err);
        if (rc == OL_OK && (t->actions & taken))
            rc = ol_error_say(err, OL_EINVALIDREQUEST,
                              "An action can be in one transformation configuration only.");
        taken |= t->actions;
    }
    out->transformations = all;
    return rc;
}

static int read_configuration(const ol_xml_node *node, ol_arena *arena, ol_control_olap *out,
                              ol_error *err)
{
    static const ol_xml_rule in_node[] = {{"SupportingAccessPoint", 1, 1},
                                          {"CloudWatchMetricsEnabled", 0, 1},
                                          {"AllowedFeatures", 0, 1},
                                          {"TransformationConfigurations", 1, 1},
                                          {NULL, 0, 0}};
    int rc = ol_xml_children(node, in_node, err);
    const ol_xml_node *features = ol_xml_child(node, "AllowedFeatures");
    if (rc == OL_OK)
        rc = take_text(ol_xml_child(node, "SupportingAccessPoint"), 2048,
                       &out->supporting_access_point, err);
    if (rc == OL_OK)
        rc = ol_xml_to_bool(ol_xml_child(node, "CloudWatchMetricsEnabled"), &out->metrics, err);
    if (rc == OL_OK && features)
        rc = read_features(features, &out->features, err);
    if (rc == OL_OK)
        rc = read_transformations(ol_xml_child(node, "TransformationConfigurations"), arena, out,
                                  err);
    return rc;
}

/* The document under whichever of two roots it has. */
static int parse_either(ol_slice xml, const char *one, const char *other, ol_arena *arena,
                        const ol_xml_node **root, ol_error *err)
{
    ol_error first = {0};
    int rc = ol_xml_parse(xml, &bounds, one, arena, root, &first);
    return rc == OL_EMALFORMEDXML ? ol_xml_parse(xml, &bounds, other, arena, root, err)
                                  : (rc == OL_OK ? OL_OK : ol_error_set(err, rc, "xml"));
}

int ol_control_parse_olap(ol_slice xml, ol_arena *arena, ol_control_olap *out, ol_error *err)
{
    static const ol_xml_rule in_root[] = {{"Configuration", 1, 1}, {NULL, 0, 0}};
    const ol_xml_node *root;
    *out = (ol_control_olap){0};
    int rc = parse_either(xml, "CreateAccessPointForObjectLambdaRequest",
                          "PutAccessPointConfigurationForObjectLambdaRequest", arena, &root, err);
    if (rc == OL_OK)
        rc = ol_xml_children(root, in_root, err);
    return rc == OL_OK ? read_configuration(ol_xml_child(root, "Configuration"), arena, out, err)
                       : rc;
}

int ol_control_parse_policy(ol_slice xml, ol_arena *arena, ol_slice *policy, ol_error *err)
{
    static const ol_xml_rule in_root[] = {{"Policy", 1, 1}, {NULL, 0, 0}};
    const ol_xml_node *root;
    *policy = OL_SLICE_NONE;
    int rc = parse_either(xml, "PutAccessPointPolicyRequest",
                          "PutAccessPointPolicyForObjectLambdaRequest", arena, &root, err);
    if (rc == OL_OK)
        rc = ol_xml_children(root, in_root, err);
    if (rc == OL_OK)
        rc = take_text(ol_xml_child(root, "Policy"), OL_CONTROL_PAYLOAD_BYTES_MAX, policy, err);
    return rc;
}
