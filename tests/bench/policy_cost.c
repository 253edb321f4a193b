/* SPDX-License-Identifier: MIT */
/*
 * What a decision costs: nanoseconds of CPU for typical questions. Built with the tests and run by
 * hand, in a Release build: policy_cost [ROUNDS].
 */
#include <stdio.h>
#include <stdlib.h>

#include "access/decide.h"
#include "base/clock.h"

#define ACCOUNT "111122223333"
#define POINT "arn:aws:s3:eu-west-1:" ACCOUNT ":accesspoint/p"
#define POLICY_BYTES_MAX (4u * 1024u * 1024u)

/* Four statements: groups' and own. */
static const char identity_text[] =
    "{\"Version\":\"2012-10-17\",\"Statement\":["
    "{\"Effect\":\"Allow\",\"Action\":\"s3:ListBucket\",\"Resource\":\"arn:aws:s3:::data\","
    "\"Condition\":{\"StringLike\":{\"s3:prefix\":[\"\",\"home/${aws:username}/*\"]}}},"
    "{\"Effect\":\"Allow\",\"Action\":[\"s3:GetObject\",\"s3:PutObject\"],"
    "\"Resource\":[\"arn:aws:s3:::data/home/${aws:username}/*\",\"" POINT "/object/*\"]},"
    "{\"Effect\":\"Allow\",\"Action\":\"s3:Get*\",\"Resource\":\"arn:aws:s3:::data/public/*\"},"
    "{\"Effect\":\"Deny\",\"Action\":\"s3:DeleteObject\",\"Resource\":\"*\"}]}";

static const char point_text[] =
    "{\"Version\":\"2012-10-17\",\"Statement\":["
    "{\"Effect\":\"Allow\",\"Principal\":{\"AWS\":\"arn:aws:iam::" ACCOUNT ":user/ann\"},"
    "\"Action\":\"s3:GetObject\",\"Resource\":\"" POINT "/object/*\"},"
    "{\"Effect\":\"Deny\",\"Principal\":\"*\",\"Action\":\"s3:*\",\"Resource\":\"" POINT
    "/object/secret/*\"},"
    "{\"Effect\":\"Allow\",\"Principal\":{\"AWS\":\"" ACCOUNT "\"},\"Action\":\"s3:ListBucket\","
    "\"Resource\":\"" POINT "\"}]}";

static const char bucket_text[] =
    "{\"Version\":\"2012-10-17\",\"Statement\":["
    "{\"Effect\":\"Deny\",\"Principal\":\"*\",\"Action\":\"s3:*\",\"Resource\":\"*\","
    "\"Condition\":{\"Bool\":{\"aws:SecureTransport\":\"false\"}}},"
    "{\"Effect\":\"Deny\",\"Principal\":\"*\",\"Action\":\"s3:GetObject\",\"Resource\":\"*\","
    "\"Condition\":{\"NotIpAddress\":{\"aws:SourceIp\":[\"10.0.0.0/8\",\"2001:db8::/32\"]}}},"
    "{\"Effect\":\"Allow\",\"Principal\":\"*\",\"Action\":\"*\",\"Resource\":\"*\","
    "\"Condition\":{\"StringEquals\":{\"s3:DataAccessPointAccount\":\"" ACCOUNT "\"}}}]}";

static int values(void *arg, enum ol_context_key key, ol_slice suffix, ol_context_values *out,
                  ol_error *err)
{
    (void)arg;
    (void)suffix;
    (void)err;
    if (key == OL_CONTEXT_SECURE_TRANSPORT)
        ol_context_set(out, OL_SLICE_LIT("true"));
    else if (key == OL_CONTEXT_SOURCE_IP)
        ol_context_set(out, OL_SLICE_LIT("10.1.2.3"));
    return OL_OK;
}

static ol_policy *parse(const char *text, enum ol_policy_kind kind)
{
    ol_policy *policy;
    ol_error err = {0};
    ol_policy_rules rules = {.kind = kind, .bytes_max = POLICY_BYTES_MAX};
    if (ol_policy_parse(&policy, ol_slice_cstr(text), &rules, &err) == OL_OK)
        return policy;
    fprintf(stderr, "policy_cost: %s%s\n", err.message, err.detail);
    exit(1);
}

/* `count` statements, each about one key; a tenth of them about reading. */
static ol_policy *parse_long(unsigned count)
{
    char *text = malloc(POLICY_BYTES_MAX);
    if (!text)
        exit(1);
    size_t at = (size_t)sprintf(text, "{\"Statement\":[");
    for (unsigned i = 0; i < count; i++)
        at += (size_t)sprintf(text + at,
                              "%s{\"Effect\":\"Allow\",\"Action\":\"s3:%s\",\"Resource\":"
                              "\"arn:aws:s3:::data/%u/*\"}",
                              i ? "," : "", i % 10 ? "PutObject" : "GetObject", i);
    sprintf(text + at, "]}");
    ol_policy *policy = parse(text, OL_POLICY_IDENTITY);
    free(text);
    return policy;
}

static void measure(const char *name, const ol_access_question *question, unsigned rounds, int want)
{
    unsigned wrong = 0;
    uint64_t before_ns = ol_clock_thread_cpu_ns();
    for (unsigned i = 0; i < rounds; i++)
        wrong += ol_access_decide(question, NULL) != want;
    uint64_t ns = ol_clock_thread_cpu_ns() - before_ns;
    printf("%-58s %8.0f ns%s\n", name, (double)ns / rounds, wrong ? "  WRONG" : "");
}

int main(int argc, char **argv)
{
    unsigned rounds = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 1000000;
    ol_policy *own = parse(identity_text, OL_POLICY_IDENTITY);
    ol_policy *point_policy = parse(point_text, OL_POLICY_ACCESS_POINT);
    ol_policy *bucket_policy = parse(bucket_text, OL_POLICY_BUCKET);
    ol_policy *hundreds = parse_long(1000), *thousands = parse_long(10000);
    const ol_policy *const few[] = {own}, *const more[] = {hundreds}, *const many[] = {thousands};
    ol_identity ann = {.kind = OL_IDENTITY_USER,
                       .account_id = OL_SLICE_LIT(ACCOUNT),
                       .arn = OL_SLICE_LIT("arn:aws:iam::" ACCOUNT ":user/ann"),
                       .user_name = OL_SLICE_LIT("ann"),
                       .policies = few,
                       .policy_count = 1};
    ol_access_door bucket = {.arn = OL_SLICE_LIT("arn:aws:s3:::data"),
                             .account_id = ann.account_id,
                             .policy = bucket_policy};
    ol_access_door point = {.arn = OL_SLICE_LIT(POINT),
                            .account_id = ann.account_id,
                            .policy = point_policy};
    ol_access_question question = {.who = &ann,
                                   .action = OL_SLICE_LIT("GetObject"),
                                   .key = OL_SLICE_LIT("home/ann/2026/11/20/report.csv"),
                                   .bucket = &bucket,
                                   .now_ms = ol_clock_wall_ms(),
                                   .values = values};
    if (rounds == 0)
        return 2;
    measure("bucket: two policies, seven statements", &question, rounds, OL_OK);
    question.access_point = &point;
    measure("access point: three policies, ten statements, two doors", &question, rounds, OL_OK);
    question.access_point = NULL;
    bucket.policy = NULL;
    measure("bucket: one policy, four statements", &question, rounds, OL_OK);
    question.key = OL_SLICE_LIT("9990/x");
    ann.policies = more;
    measure("one policy of 1,000 statements, 100 about the action", &question, rounds / 100 + 1,
            OL_EACCESS);
    ann.policies = many;
    measure("one policy of 10,000 statements, 1,000 about the action", &question, rounds / 100 + 1,
            OL_OK);
    ol_policy_release(own);
    ol_policy_release(point_policy);
    ol_policy_release(bucket_policy);
    ol_policy_release(hundreds);
    ol_policy_release(thousands);
    return 0;
}
