/* SPDX-License-Identifier: MIT */
/*
 * Policies: compiling and deciding over what was taken. The first byte is the kind of policy, the
 * rest its text. Nothing but an Allow may allow: with every statement of the bucket's policy a
 * Deny, or none at all, a stranger gets nowhere.
 */
#include <assert.h>

#include "access/decide.h"
#include "access/public_access.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int values(void *arg, enum ol_context_key key, ol_slice suffix, ol_context_values *out,
                  ol_error *err)
{
    static const ol_slice many[] = {OL_SLICE_LIT("a"), OL_SLICE_LIT("10.0.0.1"), OL_SLICE_LIT("")};
    unsigned round = *(unsigned *)arg;
    (void)err;
    if (suffix.len > 64)
        return OL_WAIT;
    if ((round + (unsigned)key) % 3 == 0)
        ol_context_set(out, many[(unsigned)key % 2]);
    else if ((round + (unsigned)key) % 3 == 1)
        ol_context_set_many(out, many, 3);
    return OL_OK;
}

static int ask(const ol_policy *policy, enum ol_policy_kind kind, const ol_identity *who,
               unsigned round)
{
    static const char *const actions[] = {"GetObject", "ListBucket", "PutBucketPolicy"};
    const ol_policy *const own[] = {policy};
    ol_identity identity = *who;
    ol_access_door bucket = {.arn = OL_SLICE_LIT("arn:aws:s3:::b"),
                             .account_id = OL_SLICE_LIT("111122223333")};
    ol_access_door point = {.arn = OL_SLICE_LIT("arn:aws:s3:eu:111122223333:accesspoint/p"),
                            .account_id = OL_SLICE_LIT("111122223333")};
    ol_access_door lambda = {
        .arn = OL_SLICE_LIT("arn:aws:s3-object-lambda:eu:111122223333:accesspoint/v"),
        .account_id = OL_SLICE_LIT("111122223333")};
    if (kind == OL_POLICY_IDENTITY) {
        identity.policies = own;
        identity.policy_count = 1;
    }
    bucket.policy = kind == OL_POLICY_BUCKET ? policy : NULL;
    point.policy = kind == OL_POLICY_ACCESS_POINT ? policy : NULL;
    lambda.policy = kind == OL_POLICY_OLAP ? policy : NULL;
    ol_access_question question = {.who = &identity,
                                   .action = ol_slice_cstr(actions[round % 3]),
                                   .key = round % 3 ? OL_SLICE_NONE : OL_SLICE_LIT("k/e y"),
                                   .bucket = &bucket,
                                   .access_point = round & 4 ? &point : NULL,
                                   .olap = round & 8 ? &lambda : NULL,
                                   .view = round & 8 && round & 4,
                                   .endpoint_policy = kind == OL_POLICY_ENDPOINT ? policy : NULL,
                                   .now_ms = 1795000000000,
                                   .values = values,
                                   .values_arg = &round};
    ol_error err = {0};
    int rc = ol_access_decide(&question, &err);
    assert(rc == OL_OK || rc == OL_WAIT || rc == err.code);
    return rc;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const ol_identity stranger = {.kind = OL_IDENTITY_USER,
                                         .account_id = OL_SLICE_LIT("444455556666"),
                                         .arn = OL_SLICE_LIT("arn:aws:iam::444455556666:user/x"),
                                         .user_name = OL_SLICE_LIT("x"),
                                         .principal_id = OL_SLICE_LIT("AIDAX")};
    if (size < 1)
        return 0;
    enum ol_policy_kind kind = (enum ol_policy_kind)(data[0] % (OL_POLICY_TRUST + 1));
    ol_policy_rules rules = {.kind = kind};
    ol_policy *policy;
    ol_error err = {0};
    ol_slice text = ol_slice_of(data + 1, size - 1);
    int rc = ol_policy_parse(&policy, text, &rules, &err);
    assert(rc == OL_OK || rc == err.code);
    assert((rc == OL_OK) == (policy != NULL));
    if (rc != OL_OK)
        return 0;
    bool may_allow = memmem(text.data, text.len, "llow", 4) != NULL ||
                     memmem(text.data, text.len, "\\u", 2) != NULL;
    ol_policy_is_public(policy);
    for (unsigned round = 0; round < 16; round++) {
        int nobody = ask(policy, kind, &ol_identity_anonymous, round);
        int other = ask(policy, kind, &stranger, round);
        assert(may_allow || (nobody != OL_OK && other != OL_OK));
    }
    ol_policy_release(policy);
    return 0;
}
