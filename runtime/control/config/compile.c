/* SPDX-License-Identifier: MIT */
#include "control/config/compile.h"

static void release_policy(void *arg)
{
    ol_policy_release(arg);
}

static void release_cors(void *arg)
{
    ol_cors_release(arg);
}

int ol_compile_hold_policy(ol_arena *arena, const ol_policy *policy)
{
    int rc = ol_arena_on_end(arena, release_policy, (void *)(uintptr_t)policy);
    if (rc != OL_OK)
        ol_policy_release(policy);
    return rc;
}

int ol_compile_hold_cors(ol_arena *arena, ol_cors *cors)
{
    int rc = ol_arena_on_end(arena, release_cors, cors);
    if (rc != OL_OK)
        ol_cors_release(cors);
    return rc;
}

int ol_compile_policy(ol_arena *arena, ol_slice text, const ol_policy_rules *rules,
                      const ol_realm_policy *known, ol_realm_policy *out, ol_error *err)
{
    ol_policy *policy = NULL;
    bool same = known && known->policy && ol_slice_eq(known->text, text);
    int rc = same ? OL_OK : ol_policy_parse(&policy, text, rules, err);
    if (rc != OL_OK)
        return rc;
    if (same)
        policy = ol_policy_acquire(known->policy);
    if (ol_compile_hold_policy(arena, policy) != OL_OK)
        return ol_error_set(err, OL_ENOMEM, "policy");
    ol_slice kept = ol_arena_copy(arena, text);
    if (!kept.data)
        return ol_error_set(err, OL_ENOMEM, "policy");
    *out = (ol_realm_policy){.text = kept, .policy = policy};
    return OL_OK;
}

int ol_compile_cors(ol_arena *arena, ol_slice xml, const ol_realm_bucket *known,
                    ol_realm_bucket *out, ol_error *err)
{
    ol_cors *cors = NULL;
    bool same = known && known->cors && ol_slice_eq(known->cors_text, xml);
    int rc = same ? OL_OK : ol_cors_parse(xml, &cors, err);
    if (rc != OL_OK)
        return rc;
    if (same)
        cors = ol_cors_acquire((ol_cors *)(uintptr_t)known->cors);
    if (ol_compile_hold_cors(arena, cors) != OL_OK)
        return ol_error_set(err, OL_ENOMEM, "CORS rules");
    out->cors_text = ol_arena_copy(arena, xml);
    out->cors = cors;
    return out->cors_text.data ? OL_OK : ol_error_set(err, OL_ENOMEM, "CORS rules");
}

int ol_compile_encryption(ol_arena *arena, ol_slice xml, ol_bucket_encryption *out, ol_error *err)
{
    ol_s3_sse_fault ignored;
    ol_slice copy = ol_arena_copy(arena, xml);
    if (!copy.data)
        return ol_error_set(err, OL_ENOMEM, "a bucket's encryption");
    return ol_bucket_encryption_parse(copy, arena, out, &ignored, err);
}
