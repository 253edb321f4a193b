/* SPDX-License-Identifier: MIT */
/*
 * What is public, by S3's definition: an Allow for everybody, unless a condition pins it to fixed
 * values of a key that says who or where the caller is.
 */
#include "access/policy_private.h"
#include "access/public_access.h"

#define V4_BITS 96 /* before those of an IPv4 address */

static bool is_private(const ol_ip_range *range)
{
    static const struct {
        uint8_t a, b, mask, bits;
    } nets[] = {{10, 0, 0x00, 8}, {172, 16, 0xF0, 12}, {192, 168, 0xFF, 16}};
    for (size_t i = 0; i < sizeof(nets) / sizeof(nets[0]); i++)
        if (range->bits >= V4_BITS + nets[i].bits && range->address[12] == nets[i].a &&
            (range->address[13] & nets[i].mask) == nets[i].b)
            return true;
    return false;
}

static bool is_narrow(const ol_ip_range *range)
{
    if (!range->v4)
        return range->bits >= 32;
    return range->bits >= V4_BITS + 8 || is_private(range);
}

/* An access point of one account, whatever its name. */
static bool names_account(const ol_condition *condition, const ol_condition_value *value)
{
    if (condition->op.family == OL_FAMILY_ARN)
        return ol_pattern_is_fixed(&value->as.segments[4]);
    if (ol_pattern_is_fixed(&value->as.pattern))
        return true;
    ol_slice fixed = ol_slice_first(value->as.pattern.text, value->as.pattern.fixed);
    size_t colons = 0;
    for (size_t i = 0; i < fixed.len; i++)
        colons += fixed.data[i] == ':';
    return colons >= 5;
}

static bool is_fixed(const ol_condition *condition, const ol_condition_value *value)
{
    switch (condition->op.family) {
    case OL_FAMILY_STRING:
    case OL_FAMILY_LIKE:
        return ol_pattern_is_fixed(&value->as.pattern);
    case OL_FAMILY_ARN:
        for (size_t i = 0; i < OL_ARN_SEGMENTS; i++)
            if (!ol_pattern_is_fixed(&value->as.segments[i]))
                return false;
        return true;
    default:
        return false;
    }
}

static bool value_pins(const ol_condition *condition, const ol_condition_value *value)
{
    bool texts = condition->op.family == OL_FAMILY_STRING ||
                 condition->op.family == OL_FAMILY_LIKE || condition->op.family == OL_FAMILY_ARN;
    switch (condition->key) {
    case OL_CONTEXT_SOURCE_IP:
        return condition->op.family == OL_FAMILY_IP && is_narrow(&value->as.range);
    case OL_CONTEXT_DATA_ACCESS_POINT_ARN:
        return texts && names_account(condition, value);
    case OL_CONTEXT_DATA_ACCESS_POINT_ACCOUNT:
    case OL_CONTEXT_SOURCE_ARN:
    case OL_CONTEXT_SOURCE_ACCOUNT:
    case OL_CONTEXT_SOURCE_OWNER:
    case OL_CONTEXT_SOURCE_VPC:
    case OL_CONTEXT_SOURCE_VPCE:
    case OL_CONTEXT_USER_ID:
    case OL_CONTEXT_PRINCIPAL_ORG_ID:
    case OL_CONTEXT_PRINCIPAL_ARN:
    case OL_CONTEXT_PRINCIPAL_ACCOUNT:
        return is_fixed(condition, value);
    default:
        return false;
    }
}

static bool pins(const ol_condition *condition)
{
    const ol_operator *op = &condition->op;
    if (op->negated || op->if_exists || op->set == OL_SET_ALL)
        return false;
    for (size_t i = 0; i < condition->count; i++)
        if (!value_pins(condition, &condition->values[i]))
            return false;
    return true;
}

bool ol_statement_is_public(const ol_statement *statement)
{
    bool anybody = statement->principal_count == 0;
    for (size_t i = 0; i < statement->principal_count; i++)
        anybody |= statement->principals[i].kind == OL_PRINCIPAL_ANYBODY;
    if (!statement->allow || !anybody)
        return false;
    for (size_t i = 0; i < statement->condition_count; i++)
        if (pins(&statement->conditions[i]))
            return false;
    return true;
}

int ol_public_policy_check(const ol_public_access_block *block, const ol_policy *policy,
                           ol_error *err)
{
    if (!block->block_public_policy || !ol_policy_is_public(policy))
        return OL_OK;
    return ol_error_set(err, OL_EACCESS, "BlockPublicPolicy: the policy is public");
}

int ol_public_acl_check(const ol_public_access_block *block, const ol_acl *acl, ol_error *err)
{
    if (!block->block_public_acls || !ol_acl_is_public(acl))
        return OL_OK;
    return ol_error_set(err, OL_EACCESS, "BlockPublicAcls: the access control list is public");
}
