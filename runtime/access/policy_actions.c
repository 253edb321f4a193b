/* SPDX-License-Identifier: MIT */
/*
 * Action and NotAction. A pattern of a known service must name at least one of its actions, so
 * that a misspelt one is not silently about nothing.
 */
#include "access/match.h"
#include "access/policy_compiler.h"

static bool split(ol_slice text, ol_slice *service, ol_slice *name)
{
    ptrdiff_t colon = ol_slice_find(text, ':');
    if (colon < 0)
        return false;
    *service = ol_slice_first(text, (size_t)colon);
    *name = ol_slice_from(text, (size_t)colon + 1);
    return service->len > 0 && name->len > 0;
}

static bool is_everything(ol_slice text)
{
    return ol_slice_eq_cstr(text, "*") || ol_slice_eq_cstr(text, "*:*");
}

size_t ol_policy_add_actions(ol_slice pattern, uint64_t actions[OL_ACTION_WORDS])
{
    size_t found = 0;
    for (size_t i = 0; i < ol_action_count(); i++) {
        if (!is_everything(pattern) &&
            !ol_access_match(pattern, ol_action_name((ol_action)i), true))
            continue;
        actions[i / 64] |= 1ull << (i % 64);
        found++;
    }
    return found;
}

/* Policies of a door are about that door's service only; those of an identity may speak of
 * services that are none of ours. */
static bool service_fits(enum ol_policy_kind kind, ol_slice service)
{
    switch (kind) {
    case OL_POLICY_BUCKET:
    case OL_POLICY_ACCESS_POINT:
        return ol_slice_ieq(service, OL_SLICE_LIT("s3"));
    case OL_POLICY_OLAP:
        return ol_slice_ieq(service, OL_SLICE_LIT("s3-object-lambda"));
    case OL_POLICY_TRUST:
        return ol_slice_ieq(service, OL_SLICE_LIT("sts"));
    case OL_POLICY_KEY:
        return ol_slice_ieq(service, OL_SLICE_LIT("kms"));
    case OL_POLICY_IDENTITY:
    case OL_POLICY_ENDPOINT:
        break;
    }
    return ol_slice_find(service, '*') < 0 && ol_slice_find(service, '?') < 0;
}

static int compile_action(ol_policy_compiler *c, const ol_json *item, ol_statement *statement)
{
    ol_slice service = OL_SLICE_NONE, name;
    bool ok = is_everything(item->text);
    if (!ok && split(item->text, &service, &name))
        ok = service_fits(c->rules->kind, service);
    if (!ok)
        return ol_policy_refuse_text(c, item->at, "Policy has invalid action", item->text);
    if (ol_policy_add_actions(item->text, statement->actions) == 0 &&
        ol_action_service_known(service))
        return ol_policy_refuse_text(c, item->at, "Policy has invalid action", item->text);
    return OL_OK;
}

int ol_policy_compile_actions(ol_policy_compiler *c, const ol_json *element, bool negated,
                              ol_statement *statement)
{
    ol_policy_items items;
    int rc = ol_policy_items_of(c, element, false, negated ? "NotAction" : "Action", &items);
    for (size_t i = 0; rc == OL_OK && i < items.count; i++, items.item = items.item->next)
        rc = compile_action(c, items.item, statement);
    for (size_t i = 0; negated && i < OL_ACTION_WORDS; i++)
        statement->actions[i] = ~statement->actions[i];
    return rc;
}
