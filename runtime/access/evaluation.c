/* SPDX-License-Identifier: MIT */
/*
 * Where the values of condition keys come from: the identity, the doors, the clock, and for what
 * only the request knows, the question's callback.
 */
#include "access/evaluation.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/clock.h"

_Static_assert(OL_EVALUATION_SCRATCH >= OL_ISO8601_SIZE, "dates fit");

#define CALLED_VIA OL_SLICE_LIT("s3-object-lambda.amazonaws.com")

static void set_bool(ol_context_values *values, bool yes)
{
    ol_context_set(values, yes ? OL_SLICE_LIT("true") : OL_SLICE_LIT("false"));
}

static void set_present(ol_context_values *values, ol_slice text)
{
    if (text.len)
        ol_context_set(values, text);
}

static void set_number(ol_context_values *values, char *scratch, int64_t number)
{
    int len = snprintf(scratch, OL_EVALUATION_SCRATCH, "%" PRId64, number);
    ol_context_set(values, ol_slice_of(scratch, (size_t)len));
}

static void set_date(ol_context_values *values, char *scratch, int64_t wall_ms)
{
    ol_clock_iso8601(wall_ms, scratch);
    ol_context_set(values, ol_slice_cstr(scratch));
}

static void set_principal_tag(const ol_identity *who, ol_slice key, ol_context_values *values)
{
    for (size_t i = 0; i < who->tag_count; i++)
        if (ol_slice_ieq(who->tags[i].key, key))
            ol_context_set(values, who->tags[i].value);
}

static void identity_values(const ol_evaluation *ev, enum ol_context_key key, ol_slice suffix,
                            ol_context_values *values, char *scratch)
{
    const ol_identity *who = ev->question->who;
    bool service = who->kind == OL_IDENTITY_SERVICE;
    switch (key) {
    case OL_CONTEXT_PRINCIPAL_ARN:
        set_present(values, who->kind == OL_IDENTITY_SESSION ? who->role_arn : who->arn);
        break;
    case OL_CONTEXT_PRINCIPAL_ACCOUNT:
        set_present(values, who->account_id);
        break;
    case OL_CONTEXT_PRINCIPAL_TYPE:
        ol_context_set(values, ol_slice_cstr(ol_identity_type(who)));
        break;
    case OL_CONTEXT_PRINCIPAL_TAG:
        set_principal_tag(who, suffix, values);
        break;
    case OL_CONTEXT_PRINCIPAL_IS_SERVICE:
        set_bool(values, service);
        break;
    case OL_CONTEXT_PRINCIPAL_SERVICE:
        set_present(values, who->service);
        break;
    case OL_CONTEXT_USER_ID:
        ol_context_set(values, who->kind == OL_IDENTITY_ANONYMOUS ? OL_SLICE_LIT("anonymous")
                                                                  : who->principal_id);
        break;
    case OL_CONTEXT_USER_NAME:
        set_present(values, who->user_name);
        break;
    case OL_CONTEXT_TOKEN_ISSUE_TIME:
        if (who->temporary)
            set_date(values, scratch, who->issued_ms);
        break;
    case OL_CONTEXT_MFA_PRESENT:
        if (who->temporary)
            set_bool(values, who->mfa_ms > 0);
        break;
    case OL_CONTEXT_MFA_AGE:
        if (who->temporary && who->mfa_ms > 0)
            set_number(values, scratch, (ev->question->now_ms - who->mfa_ms) / 1000);
        break;
    default:
        break;
    }
}

static void way_values(const ol_evaluation *ev, enum ol_context_key key, ol_context_values *values,
                       char *scratch)
{
    const ol_access_door *point = ev->question->access_point;
    switch (key) {
    case OL_CONTEXT_CURRENT_TIME:
        set_date(values, scratch, ev->question->now_ms);
        break;
    case OL_CONTEXT_EPOCH_TIME:
        set_number(values, scratch, ev->question->now_ms / 1000);
        break;
    case OL_CONTEXT_CALLED_VIA:
    case OL_CONTEXT_CALLED_VIA_FIRST:
    case OL_CONTEXT_CALLED_VIA_LAST:
        if (ev->via_lambda)
            ol_context_set(values, CALLED_VIA);
        break;
    case OL_CONTEXT_VIA_AWS_SERVICE:
        set_bool(values, ev->via_lambda);
        break;
    case OL_CONTEXT_DATA_ACCESS_POINT_ARN:
        if (point)
            ol_context_set(values, point->arn);
        break;
    case OL_CONTEXT_DATA_ACCESS_POINT_ACCOUNT:
        if (point)
            ol_context_set(values, point->account_id);
        break;
    case OL_CONTEXT_NETWORK_ORIGIN:
        if (point)
            ol_context_set(values,
                           point->vpc_only ? OL_SLICE_LIT("VPC") : OL_SLICE_LIT("Internet"));
        break;
    case OL_CONTEXT_RESOURCE_ACCOUNT:
    case OL_CONTEXT_S3_RESOURCE_ACCOUNT:
        set_present(values, ev->door->account_id);
        break;
    default:
        break;
    }
}

static void request_values(ol_evaluation *ev, enum ol_context_key key, ol_slice suffix,
                           ol_context_values *values)
{
    const ol_access_question *question = ev->question;
    if (!question->values || ev->rc != OL_OK)
        return;
    ev->rc = question->values(question->values_arg, key, suffix, values, ev->err);
    if (ev->rc != OL_OK)
        *values = (ol_context_values){0};
}

void ol_evaluation_values(ol_evaluation *ev, enum ol_context_key key, ol_slice suffix,
                          ol_context_values *values, char scratch[OL_EVALUATION_SCRATCH])
{
    *values = (ol_context_values){0};
    unsigned traits = ol_context_key_traits(key);
    if (traits & OL_CONTEXT_REQUEST) {
        request_values(ev, key, suffix, values);
    } else if (traits & OL_CONTEXT_OWN) {
        identity_values(ev, key, suffix, values, scratch);
        way_values(ev, key, values, scratch);
    }
}
