/* SPDX-License-Identifier: MIT */
/*
 * Principal and NotPrincipal: "*", or lists of names by type.
 */
#include "access/policy_compiler.h"

static int refuse(ol_policy_compiler *c, const ol_json *json)
{
    return ol_policy_refuse_text(c, json->at, "Invalid principal in policy",
                                 json->kind == OL_JSON_STRING ? json->text : OL_SLICE_LIT("?"));
}

static size_t count_names(const ol_json *element)
{
    size_t count = 0;
    for (const ol_json *type = element->first; type; type = type->next)
        count += type->kind == OL_JSON_LIST ? type->count : 1;
    return count;
}

static int compile_name(ol_policy_compiler *c, ol_slice type, const ol_json *item, ol_principal *out)
{
    if (!ol_principal_parse(type, item->text, out))
        return refuse(c, item);
    return out->text.len ? ol_policy_keep(c, out->text, &out->text) : OL_OK;
}

static int compile_types(ol_policy_compiler *c, const ol_json *element, ol_principal *principals)
{
    int rc = OL_OK;
    for (const ol_json *type = element->first; rc == OL_OK && type; type = type->next) {
        ol_policy_items items;
        rc = ol_policy_items_of(c, type, false, "Principal", &items);
        for (size_t i = 0; rc == OL_OK && i < items.count; i++, items.item = items.item->next)
            rc = compile_name(c, type->name, items.item, principals++);
    }
    return rc;
}

int ol_policy_compile_principals(ol_policy_compiler *c, const ol_json *element, bool negated,
                                 ol_statement *statement)
{
    bool anybody = element->kind == OL_JSON_STRING && ol_slice_eq_cstr(element->text, "*");
    size_t count = anybody ? 1 : count_names(element);
    if ((!anybody && element->kind != OL_JSON_OBJECT) || count == 0)
        return refuse(c, element);
    ol_principal *principals = ol_policy_alloc(c, count, sizeof(*principals));
    if (!principals)
        return OL_ENOMEM;
    statement->not_principal = negated;
    statement->principals = principals;
    statement->principal_count = count;
    if (!anybody)
        return compile_types(c, element, principals);
    principals[0].kind = OL_PRINCIPAL_ANYBODY;
    return OL_OK;
}
