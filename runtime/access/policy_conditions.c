/* SPDX-License-Identifier: MIT */
/*
 * Condition: operators, under each keys, under each values. All must be known.
 */
#include "access/policy_compiler.h"

static bool is_about_nothing(const ol_statement *statement)
{
    for (size_t i = 0; i < OL_ACTION_WORDS; i++)
        if (statement->actions[i])
            return false;
    return true;
}

/* A key of a service whose actions are never asked for here, in a statement about such actions. */
static bool is_foreign(ol_slice key, const ol_statement *statement)
{
    ptrdiff_t colon = ol_slice_find(key, ':');
    if (colon <= 0 || !is_about_nothing(statement))
        return false;
    ol_slice service = ol_slice_first(key, (size_t)colon);
    return !ol_action_service_known(service) && !ol_slice_ieq(service, OL_SLICE_LIT("aws"));
}

static int compile_value(ol_policy_compiler *c, const ol_json *item, const ol_operator *op,
                         ol_condition_value *value)
{
    const char *what = NULL;
    ol_slice kept;
    int rc = ol_policy_keep(c, item->text, &kept);
    if (rc == OL_OK)
        rc = ol_condition_value_compile(value, op, kept, c->variables, c->arena, &what);
    if (rc == OL_OK || rc == OL_EMALFORMEDPOLICY)
        return rc == OL_OK ? OL_OK : ol_policy_refuse_text(c, item->at, what, item->text);
    return ol_policy_no_memory(c);
}

static int compile_key(ol_policy_compiler *c, const ol_json *json, const ol_operator *op,
                       ol_condition *condition)
{
    ol_policy_items items;
    *condition = (ol_condition){.op = *op};
    if (!ol_context_key_find(json->name, &condition->key, &condition->suffix))
        return ol_policy_refuse_text(c, json->name_at, "Policy has an invalid condition key",
                                     json->name);
    int rc = ol_policy_items_of(c, json, true, "A condition's value", &items);
    if (rc == OL_OK && condition->suffix.len)
        rc = ol_policy_keep(c, condition->suffix, &condition->suffix);
    if (rc != OL_OK)
        return rc;
    ol_condition_value *values = ol_policy_alloc(c, items.count, sizeof(*values));
    if (!values)
        return OL_ENOMEM;
    condition->values = values;
    condition->count = items.count;
    for (size_t i = 0; rc == OL_OK && i < items.count; i++, items.item = items.item->next)
        rc = compile_value(c, items.item, op, &values[i]);
    return rc;
}

static int compile_operator(ol_policy_compiler *c, const ol_json *json, ol_condition *conditions,
                            ol_statement *statement)
{
    ol_operator op;
    int rc = OL_OK;
    if (!ol_operator_parse(json->name, &op))
        return ol_policy_refuse_text(c, json->name_at, "Policy has an invalid condition operator",
                                     json->name);
    if (json->kind != OL_JSON_OBJECT)
        return ol_policy_refuse(c, json->at, "A condition operator must be an object of keys");
    for (const ol_json *key = json->first; rc == OL_OK && key; key = key->next) {
        if (is_foreign(key->name, statement))
            continue;
        ol_condition *condition = &conditions[statement->condition_count++];
        rc = compile_key(c, key, &op, condition);
        statement->about_views |= rc == OL_OK && (condition->key == OL_CONTEXT_CALLED_VIA ||
                                                  condition->key == OL_CONTEXT_CALLED_VIA_FIRST ||
                                                  condition->key == OL_CONTEXT_CALLED_VIA_LAST ||
                                                  condition->key == OL_CONTEXT_VIA_AWS_SERVICE);
    }
    return rc;
}

int ol_policy_compile_conditions(ol_policy_compiler *c, const ol_json *element,
                                 ol_statement *statement)
{
    size_t count = 0;
    int rc = OL_OK;
    if (element->kind != OL_JSON_OBJECT)
        return ol_policy_refuse(c, element->at, "Condition must be an object of operators");
    for (const ol_json *op = element->first; op; op = op->next)
        count += op->kind == OL_JSON_OBJECT ? op->count : 0;
    ol_condition *conditions = ol_policy_alloc(c, count + 1, sizeof(*conditions));
    if (!conditions)
        return OL_ENOMEM;
    statement->conditions = conditions;
    for (const ol_json *op = element->first; rc == OL_OK && op; op = op->next)
        rc = compile_operator(c, op, conditions, statement);
    return rc;
}
