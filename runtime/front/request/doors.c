/* SPDX-License-Identifier: MIT */
#include "front/request/doors.h"

#include "access/public_access.h"

static ol_slice bucket_arn(ol_arena *arena, ol_slice bucket)
{
    static const char prefix[] = "arn:aws:s3:::";
    const size_t prefix_len = sizeof(prefix) - 1;
    char *arn = ol_arena_alloc(arena, prefix_len + bucket.len);
    if (!arn)
        return OL_SLICE_NONE;
    memcpy(arn, prefix, prefix_len);
    memcpy(arn + prefix_len, bucket.data, bucket.len);
    return ol_slice_of(arn, prefix_len + bucket.len);
}

ol_public_access_block ol_doors_public_access_block(const ol_target *target)
{
    const ol_realm_bucket *rule = target->rule;
    ol_public_access_block block = ol_public_access_block_or(rule->owner->public_access_block,
                                                             rule->public_access_block);
    if (target->access_point)
        block = ol_public_access_block_or(block, target->access_point->public_access_block);
    return block;
}

static bool restricts(const ol_realm_account *account, const ol_public_access_block *own)
{
    return account->public_access_block.restrict_public_buckets || own->restrict_public_buckets;
}

/* AWS blocks the public from every OLAP and has no switch for it. That holds for those that the API
 * made; what a file declares is what its author wanted. */
static void open_olap(ol_doors *doors, const ol_realm_olap *olap)
{
    const ol_public_access_block own = {.restrict_public_buckets = !olap->declared};
    doors->has_olap = true;
    doors->olap = (ol_access_door){.arn = olap->arn,
                                   .account_id = olap->account->id,
                                   .policy = olap->policy.policy,
                                   .restrict_public = restricts(olap->account, &own)};
}

static void open_access_point(ol_doors *doors, const ol_realm_access_point *access_point)
{
    doors->has_access_point = true;
    doors->access_point = (ol_access_door){
        .arn = access_point->arn,
        .account_id = access_point->account->id,
        .policy = access_point->policy.policy,
        .restrict_public = restricts(access_point->account, &access_point->public_access_block),
        .vpc_only = access_point->vpc.len > 0,
    };
}

/* A bucket that is only being made is its maker's, and has no policy. */
static void open_bucket(ol_doors *doors, const ol_request *request, const ol_target *target)
{
    const ol_realm_bucket *rule = target->rule;
    bool is_new = request->address.operation == OL_S3_CREATE_BUCKET;
    doors->has_bucket = true;
    doors->bucket.account_id = is_new ? request->who->account_id : rule->owner->id;
    doors->bucket.policy = is_new ? NULL : rule->policy.policy;
    doors->bucket.restrict_public = restricts(rule->owner, &rule->public_access_block);
}

int ol_doors_open(ol_doors *doors, const ol_request *request, const ol_target *target,
                  ol_arena *arena, ol_error *err)
{
    *doors = (ol_doors){0};
    if (target->via == OL_VIA_SERVICE) {
        doors->other = (ol_access_door){.arn = OL_SLICE_LIT("arn:aws:s3:::*"),
                                        .account_id = request->who->account_id};
        return OL_OK;
    }
    open_bucket(doors, request, target);
    doors->bucket.arn = bucket_arn(arena, target->bucket);
    if (target->access_point)
        open_access_point(doors, target->access_point);
    if (target->olap)
        open_olap(doors, target->olap);
    return doors->bucket.arn.data ? OL_OK : ol_error_set(err, OL_ENOMEM, "resource ARN");
}

void ol_doors_ask(const ol_doors *doors, ol_access_question *question)
{
    question->olap = doors->has_olap ? &doors->olap : NULL;
    question->access_point = doors->has_access_point ? &doors->access_point : NULL;
    question->bucket = doors->has_bucket ? &doors->bucket : NULL;
    question->other = doors->has_bucket ? NULL : &doors->other;
}

/* ---- borders ---- */

/* Whoever could write where the realm is kept could write its policies. */
static int check_control_bucket(const ol_request *request, const ol_target *target, ol_error *err)
{
    const ol_config_control *control = &request->generation->config->control;
    if (control->place != OL_CONTROL_IN_BUCKET || !target->rule ||
        target->rule->origin != control->origin || !ol_slice_eq(target->bucket, control->bucket))
        return OL_OK;
    return ol_error_set(err, OL_EACCESS, "what the control API made is kept in this bucket");
}

static int check_network(const ol_request *request, const ol_realm_access_point *access_point,
                         ol_error *err)
{
    if (access_point->vpc.len == 0)
        return OL_OK;
    ol_slice vpc = ol_config_vpc_of(request->generation->config, request->http->listener,
                                    ol_slice_cstr(request->http->peer));
    if (ol_slice_eq(vpc, access_point->vpc))
        return OL_OK;
    return ol_error_set(err, OL_EACCESS, "the access point is reached from %.*s only",
                        OL_SLICE_FMT(access_point->vpc));
}

static bool in_scope(const ol_realm_access_point *access_point, ol_slice key)
{
    for (size_t i = 0; i < access_point->prefix_count; i++)
        if (ol_slice_starts(key, access_point->prefixes[i]))
            return true;
    return access_point->prefix_count == 0;
}

static int check_door(const ol_request *request, const ol_target *target, ol_error *err)
{
    int rc = check_control_bucket(request, target, err);
    if (rc != OL_OK || !target->access_point)
        return rc;
    return check_network(request, target->access_point, err);
}

int ol_doors_borders_list(const ol_request *request, const ol_target *target, ol_slice prefix,
                          ol_error *err)
{
    if (target->access_point && !in_scope(target->access_point, prefix))
        return ol_error_set(err, OL_EACCESS, "outside of the access point's scope");
    return check_door(request, target, err);
}

int ol_doors_borders(const ol_request *request, const ol_target *target, ol_slice key,
                     ol_error *err)
{
    return key.len > 0 ? ol_doors_borders_list(request, target, key, err)
                       : check_door(request, target, err);
}
