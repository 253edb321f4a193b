/* SPDX-License-Identifier: MIT */
#include "access/principal.h"

#define ACCOUNT_DIGITS 12
#define NAME_BYTES_MAX 2048

static bool all_of(ol_slice text, bool (*test)(uint8_t c))
{
    for (size_t i = 0; i < text.len; i++)
        if (!test(text.data[i]))
            return false;
    return text.len > 0;
}

static bool is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

/* Letters of accounts that are none: "cloudfront". */
static bool is_label(uint8_t c)
{
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_';
}

/* Names of users, roles and sessions with their paths. Wildcards are not among them. */
static bool is_name(uint8_t c)
{
    return is_label(c) || (c < 0x80 && c != 0 && strchr(" +=,.@/", c));
}

static bool is_account(ol_slice text)
{
    return text.len == ACCOUNT_DIGITS && all_of(text, is_digit);
}

static ol_slice take_segment(ol_slice *rest)
{
    ptrdiff_t colon = ol_slice_find(*rest, ':');
    ol_slice segment = colon < 0 ? *rest : ol_slice_first(*rest, (size_t)colon);
    *rest = colon < 0 ? OL_SLICE_NONE : ol_slice_from(*rest, (size_t)colon + 1);
    return segment;
}

static bool is_principal_resource(ol_slice service, ol_slice resource)
{
    static const char *const iam[] = {"user/", "role/"}, *const sts[] = {"assumed-role/",
                                                                        "federated-user/"};
    bool of_iam = ol_slice_eq_cstr(service, "iam");
    for (size_t i = 0; i < 2; i++) {
        ol_slice kind = ol_slice_cstr(of_iam ? iam[i] : sts[i]);
        if (ol_slice_starts(resource, kind))
            return all_of(ol_slice_from(resource, kind.len), is_name);
    }
    return false;
}

/* arn:aws:iam::ACCOUNT:root means the account; other partitions are as good as ours. */
static bool parse_arn(ol_slice arn, ol_principal *out)
{
    ol_slice rest = arn;
    ol_slice scheme = take_segment(&rest), partition = take_segment(&rest);
    ol_slice service = take_segment(&rest), region = take_segment(&rest);
    ol_slice account = take_segment(&rest);
    if (!ol_slice_eq_cstr(scheme, "arn") || !ol_slice_starts(partition, OL_SLICE_LIT("aws")) ||
        region.len > 0 || !all_of(account, is_label))
        return false;
    if (all_of(account, is_digit) && !is_account(account))
        return false;
    if (ol_slice_eq_cstr(service, "iam") && ol_slice_eq_cstr(rest, "root")) {
        *out = (ol_principal){OL_PRINCIPAL_ACCOUNT, account};
        return true;
    }
    *out = (ol_principal){OL_PRINCIPAL_ARN, arn};
    return (ol_slice_eq_cstr(service, "iam") || ol_slice_eq_cstr(service, "sts")) &&
           is_principal_resource(service, rest);
}

static bool parse_aws(ol_slice text, ol_principal *out)
{
    if (ol_slice_eq_cstr(text, "*")) {
        *out = (ol_principal){.kind = OL_PRINCIPAL_ANYBODY};
        return true;
    }
    *out = (ol_principal){OL_PRINCIPAL_ACCOUNT, text};
    return is_account(text) || parse_arn(text, out);
}

bool ol_principal_parse(ol_slice type, ol_slice text, ol_principal *out)
{
    if (text.len == 0 || text.len > NAME_BYTES_MAX)
        return false;
    if (ol_slice_eq_cstr(type, "AWS"))
        return parse_aws(text, out);
    if (ol_slice_find(text, '*') >= 0 || ol_slice_find(text, '?') >= 0)
        return false;
    out->text = text;
    if (ol_slice_eq_cstr(type, "CanonicalUser"))
        out->kind = OL_PRINCIPAL_CANONICAL;
    else if (ol_slice_eq_cstr(type, "Service"))
        out->kind = OL_PRINCIPAL_SERVICE;
    else if (ol_slice_eq_cstr(type, "Federated"))
        out->kind = OL_PRINCIPAL_FEDERATED;
    else
        return false;
    return true;
}

/* An id or account that only root of it is, or everybody in it. */
static enum ol_principal_fit fit_of_account(const ol_identity *who)
{
    bool alone = who->kind == OL_IDENTITY_ROOT || who->kind == OL_IDENTITY_SERVICE;
    return alone ? OL_FIT_ITSELF : OL_FIT_ACCOUNT;
}

static bool same(ol_slice a, ol_slice b)
{
    return a.len > 0 && ol_slice_eq(a, b);
}

enum ol_principal_fit ol_principal_fits(const ol_principal *principal, const ol_identity *who)
{
    switch (principal->kind) {
    case OL_PRINCIPAL_ANYBODY:
        return OL_FIT_ITSELF;
    case OL_PRINCIPAL_ACCOUNT:
        return same(principal->text, who->account_id) ? fit_of_account(who) : OL_FIT_NONE;
    case OL_PRINCIPAL_ARN:
        return same(principal->text, who->arn) || same(principal->text, who->role_arn)
                   ? OL_FIT_ITSELF
                   : OL_FIT_NONE;
    case OL_PRINCIPAL_CANONICAL:
        return same(principal->text, who->canonical_id) ? fit_of_account(who) : OL_FIT_NONE;
    case OL_PRINCIPAL_SERVICE:
        return same(principal->text, who->service) ? OL_FIT_ITSELF : OL_FIT_NONE;
    case OL_PRINCIPAL_FEDERATED:
        return OL_FIT_NONE;
    }
    return OL_FIT_NONE;
}

/* ---- NotPrincipal ---- */

static bool lists(const ol_principal *list, size_t count, enum ol_principal_kind kind,
                  ol_slice text)
{
    for (size_t i = 0; i < count; i++)
        if (list[i].kind == kind && same(list[i].text, text))
            return true;
    return false;
}

static bool lists_account(const ol_principal *list, size_t count, const ol_identity *who)
{
    return lists(list, count, OL_PRINCIPAL_ACCOUNT, who->account_id) ||
           lists(list, count, OL_PRINCIPAL_CANONICAL, who->canonical_id);
}

bool ol_principal_spares(const ol_principal *list, size_t count, const ol_identity *who)
{
    for (size_t i = 0; i < count; i++)
        if (list[i].kind == OL_PRINCIPAL_ANYBODY)
            return true;
    switch (who->kind) {
    case OL_IDENTITY_ANONYMOUS:
        return false;
    case OL_IDENTITY_ROOT:
        return lists_account(list, count, who);
    case OL_IDENTITY_USER:
    case OL_IDENTITY_ROLE:
        return lists(list, count, OL_PRINCIPAL_ARN, who->arn) && lists_account(list, count, who);
    case OL_IDENTITY_SESSION:
        return lists(list, count, OL_PRINCIPAL_ARN, who->arn) &&
               lists(list, count, OL_PRINCIPAL_ARN, who->role_arn) &&
               lists_account(list, count, who);
    case OL_IDENTITY_SERVICE:
        return lists(list, count, OL_PRINCIPAL_SERVICE, who->service) ||
               lists(list, count, OL_PRINCIPAL_ARN, who->arn) ||
               lists(list, count, OL_PRINCIPAL_CANONICAL, who->canonical_id);
    }
    return false;
}
