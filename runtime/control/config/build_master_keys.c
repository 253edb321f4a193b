/* SPDX-License-Identifier: MIT */
/* Who may use which master key: the policies of keys, which their keepers know nothing of. */
#include <stdio.h>

#include "control/config/build.h"
#include "control/config/compile.h"

static void build_policy(ol_builder *b, const ol_draft_master_key *from, ol_config_master_key *to)
{
    char label[OL_BUILD_LABEL_SIZE], where[OL_BUILD_LABEL_SIZE + 16];
    const ol_policy_rules rules = {.kind = OL_POLICY_KEY};
    ol_build_label("master_key", &from->at, label);
    snprintf(where, sizeof(where), "%s: policy", label);
    to->name = from->at.name.bytes;
    ol_build_policy(b, where, &from->policy, &rules, &to->policy);
}

/* A few, held against each other pair by pair. */
static void check_once(ol_builder *b, const ol_draft_master_key *given, size_t at)
{
    char label[OL_BUILD_LABEL_SIZE];
    for (size_t i = 0; i < at; i++)
        if (ol_slice_eq(given[i].at.name.bytes, given[at].at.name.bytes))
            ol_build_mistake(b, given[at].at.line, "%s: stands on line %d already",
                             ol_build_label("master_key", &given[at].at, label),
                             given[i].at.line);
}

/* As AWS's own policy of the key has it. */
static const char default_policy[] =
    "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Sid\":\"EverybodyOfTheAccountThroughS3\","
    "\"Effect\":\"Allow\",\"Principal\":\"*\","
    "\"Action\":[\"kms:Decrypt\",\"kms:GenerateDataKey\"],\"Resource\":\"*\","
    "\"Condition\":{\"StringEquals\":{\"kms:CallerAccount\":\"${aws:ResourceAccount}\"},"
    "\"StringLike\":{\"kms:ViaService\":\"s3.*.amazonaws.com\"}}}]}";

static void build_default_policy(ol_builder *b)
{
    const ol_policy_rules rules = {.kind = OL_POLICY_KEY};
    ol_realm_policy made = {0};
    ol_error err = {0};
    int rc = ol_compile_policy(b->draft->arena, ol_slice_cstr(default_policy), &rules, NULL, &made,
                               &err);
    b->config->default_key_policy = made.policy;
    b->no_memory |= rc != OL_OK; /* the text itself is right: a test compiles it */
}

void ol_build_master_keys(ol_builder *b)
{
    build_default_policy(b);
    const ol_draft_master_key *given = b->draft->master_keys.items;
    size_t count = b->draft->master_keys.count;
    ol_config_master_key *keys = ol_build_alloc(b, count, sizeof(*keys));
    for (size_t i = 0; keys && i < count; i++) {
        check_once(b, given, i);
        build_policy(b, &given[i], &keys[i]);
    }
    b->config->master_keys = keys;
    b->config->master_key_count = keys ? count : 0;
}

const ol_policy *ol_config_key_policy(const ol_config *config, ol_slice arn)
{
    for (size_t i = 0; i < config->master_key_count; i++) {
        const ol_config_master_key *key = &config->master_keys[i];
        ol_slice name = key->name;
        bool by_id = arn.len > name.len + 5 && ol_slice_ends(arn, name) &&
                     ol_slice_eq_cstr(ol_slice_of(arn.data + arn.len - name.len - 5, 5), ":key/");
        if (by_id || ol_slice_eq(name, arn))
            return key->policy.policy;
    }
    return NULL;
}
