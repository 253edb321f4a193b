/* SPDX-License-Identifier: MIT */
/*
 * Questions for tests, written down as text: policies in JSON with ' for ", identities by name,
 * context as "key=value" (a key may come several times).
 */
#ifndef OL_TESTS_ACCESS_ASK_H
#define OL_TESTS_ACCESS_ASK_H

#include "lib/check.h"

#include <stdio.h>

#include "access/decide.h"

#define ASK_ACCOUNT "111122223333"
#define ASK_OTHER_ACCOUNT "444455556666"
#define ASK_BUCKET "arn:aws:s3:::b"
#define ASK_POINT "arn:aws:s3:eu-west-1:" ASK_ACCOUNT ":accesspoint/p"
#define ASK_LAMBDA "arn:aws:s3-object-lambda:eu-west-1:" ASK_ACCOUNT ":accesspoint/v"
#define ASK_NOW_MS 1795000000000 /* 2026-11-18T11:06:40Z */
#define ASK_CONTEXT_MAX 8

/* Everybody who may ask. */
static const ol_tag ask_tags[] = {{OL_SLICE_LIT("team"), OL_SLICE_LIT("red")}};
static const ol_identity ask_people[] = {
    {.kind = OL_IDENTITY_ROOT,
     .account_id = OL_SLICE_LIT(ASK_ACCOUNT),
     .canonical_id = OL_SLICE_LIT("canon1"),
     .arn = OL_SLICE_LIT("arn:aws:iam::" ASK_ACCOUNT ":root"),
     .principal_id = OL_SLICE_LIT(ASK_ACCOUNT)},
    {.kind = OL_IDENTITY_USER,
     .account_id = OL_SLICE_LIT(ASK_ACCOUNT),
     .canonical_id = OL_SLICE_LIT("canon1"),
     .arn = OL_SLICE_LIT("arn:aws:iam::" ASK_ACCOUNT ":user/ann"),
     .user_name = OL_SLICE_LIT("ann"),
     .principal_id = OL_SLICE_LIT("AIDAANN"),
     .tags = ask_tags,
     .tag_count = 1},
    {.kind = OL_IDENTITY_SESSION,
     .account_id = OL_SLICE_LIT(ASK_ACCOUNT),
     .canonical_id = OL_SLICE_LIT("canon1"),
     .arn = OL_SLICE_LIT("arn:aws:sts::" ASK_ACCOUNT ":assumed-role/worker/s1"),
     .role_arn = OL_SLICE_LIT("arn:aws:iam::" ASK_ACCOUNT ":role/worker"),
     .principal_id = OL_SLICE_LIT("AROAWORKER:s1"),
     .temporary = true,
     .issued_ms = ASK_NOW_MS - 60000,
     .mfa_ms = ASK_NOW_MS - 30000},
    {.kind = OL_IDENTITY_ROOT,
     .account_id = OL_SLICE_LIT(ASK_OTHER_ACCOUNT),
     .canonical_id = OL_SLICE_LIT("canon2"),
     .arn = OL_SLICE_LIT("arn:aws:iam::" ASK_OTHER_ACCOUNT ":root"),
     .principal_id = OL_SLICE_LIT(ASK_OTHER_ACCOUNT)},
    {.kind = OL_IDENTITY_USER,
     .account_id = OL_SLICE_LIT(ASK_OTHER_ACCOUNT),
     .canonical_id = OL_SLICE_LIT("canon2"),
     .arn = OL_SLICE_LIT("arn:aws:iam::" ASK_OTHER_ACCOUNT ":user/bob"),
     .user_name = OL_SLICE_LIT("bob"),
     .principal_id = OL_SLICE_LIT("AIDABOB")},
    {.kind = OL_IDENTITY_SERVICE,
     .canonical_id = OL_SLICE_LIT("canon-cdn"),
     .arn = OL_SLICE_LIT("arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity E1"),
     .service = OL_SLICE_LIT("cloudfront.amazonaws.com")},
    {.kind = OL_IDENTITY_ANONYMOUS},
};
static const char *const ask_names[] = {"root", "ann", "session", "root2", "bob", "cdn", "nobody"};

static inline ol_identity ask_person(const char *name)
{
    for (size_t i = 0; i < sizeof(ask_names) / sizeof(ask_names[0]); i++)
        if (strcmp(ask_names[i], name) == 0)
            return ask_people[i];
    fail_msg("nobody is called %s", name);
    return ask_people[0];
}

/* NULL gives NULL. The caller releases it. */
static inline ol_policy *ask_policy(const char *text, enum ol_policy_kind kind)
{
    static char json[65536];
    ol_policy *policy;
    ol_error err = {0};
    if (!text)
        return NULL;
    assert_true(strlen(text) < sizeof(json));
    strcpy(json, text);
    for (char *c = json; *c; c++)
        *c = *c == '\'' ? '"' : *c;
    ol_policy_rules rules = {.kind = kind, .bytes_max = sizeof(json)};
    if (ol_policy_parse(&policy, ol_slice_cstr(json), &rules, &err) != OL_OK)
        fail_msg("%s: %s", err.message, json);
    return policy;
}

typedef struct ask_context {
    const char *const *pairs; /* "key=value", up to a NULL; "key=?" is not known yet */
    ol_slice found[ASK_CONTEXT_MAX];
    unsigned asked; /* how often anything was */
} ask_context;

static inline int ask_values(void *arg, enum ol_context_key key, ol_slice suffix,
                             ol_context_values *values, ol_error *err)
{
    ask_context *context = arg;
    size_t count = 0;
    (void)err;
    context->asked++;
    for (size_t i = 0; i < ASK_CONTEXT_MAX && context->pairs[i]; i++) {
        ol_slice pair = ol_slice_cstr(context->pairs[i]), pair_suffix;
        enum ol_context_key pair_key;
        ptrdiff_t equals = ol_slice_find(pair, '=');
        assert_true(equals > 0);
        assert_true(ol_context_key_find(ol_slice_first(pair, (size_t)equals), &pair_key,
                                        &pair_suffix));
        assert_true(ol_context_key_traits(pair_key) & OL_CONTEXT_REQUEST);
        if (pair_key != key || !ol_slice_eq(suffix, pair_suffix))
            continue;
        ol_slice value = ol_slice_from(pair, (size_t)equals + 1);
        if (ol_slice_eq_cstr(value, "?"))
            return OL_WAIT;
        context->found[count++] = value;
    }
    if (count)
        ol_context_set_many(values, context->found, count);
    return OL_OK;
}

#endif
