/* SPDX-License-Identifier: MIT */
#include "control/state/policy_text.h"

#include "base/encode.h"

/* Writing on after a failure is harmless: the first one is kept. */
typedef struct writer {
    ol_buf *out;
    int rc;
} writer;

static void add(writer *w, const char *text)
{
    if (w->rc == OL_OK)
        w->rc = ol_buf_add_cstr(w->out, text);
}

static void add_string(writer *w, ol_slice text)
{
    if (w->rc == OL_OK)
        w->rc = ol_json_string(w->out, text);
}

static void add_list(writer *w, const ol_text_list *list)
{
    add(w, "[");
    for (size_t i = 0; i < list->count; i++) {
        add(w, i ? "," : "");
        add_string(w, list->items[i].bytes);
    }
    add(w, "]");
}

/* `"Name": [ … ]` behind what stands already; nothing for an empty list. */
static void add_member(writer *w, const char *name, const ol_text_list *list, bool *first)
{
    if (list->count == 0)
        return;
    add(w, *first ? "\"" : ",\"");
    add(w, name);
    add(w, "\":");
    add_list(w, list);
    *first = false;
}

static bool is_everybody(const ol_draft_principal *principal)
{
    return principal->aws.count == 1 && ol_slice_eq_cstr(principal->aws.items[0].bytes, "*") &&
           principal->canonical.count + principal->service.count + principal->federated.count == 0;
}

static void add_principal(writer *w, const char *name, const ol_draft_principal *principal)
{
    bool first = true;
    if (principal->aws.count + principal->canonical.count + principal->service.count +
            principal->federated.count ==
        0)
        return;
    add(w, ",\"");
    add(w, name);
    add(w, "\":");
    if (is_everybody(principal)) {
        add(w, "\"*\"");
        return;
    }
    add(w, "{");
    add_member(w, "AWS", &principal->aws, &first);
    add_member(w, "CanonicalUser", &principal->canonical, &first);
    add_member(w, "Service", &principal->service, &first);
    add_member(w, "Federated", &principal->federated, &first);
    add(w, "}");
}

static void add_keys(writer *w, const ol_draft_list *keys)
{
    const ol_draft_pair *pairs = keys->items;
    for (size_t i = 0; i < keys->count; i++) {
        add(w, i ? "," : "");
        add_string(w, pairs[i].at.name.bytes);
        add(w, ":");
        add_list(w, &pairs[i].values);
    }
}

static void add_conditions(writer *w, const ol_draft_list *list)
{
    const ol_draft_condition *conditions = list->items;
    if (list->count == 0)
        return;
    add(w, ",\"Condition\":{");
    for (size_t i = 0; i < list->count; i++) {
        add(w, i ? "," : "");
        add_string(w, conditions[i].at.name.bytes);
        add(w, ":{");
        add_keys(w, &conditions[i].keys);
        add(w, "}");
    }
    add(w, "}");
}

static void add_statement(writer *w, const ol_draft_statement *statement)
{
    bool first = false;
    add(w, statement->effect == OL_DRAFT_DENY ? "{\"Effect\":\"Deny\"" : "{\"Effect\":\"Allow\"");
    if (statement->sid.bytes.len) {
        add(w, ",\"Sid\":");
        add_string(w, statement->sid.bytes);
    }
    add_principal(w, "Principal", &statement->principal);
    add_principal(w, "NotPrincipal", &statement->not_principal);
    add_member(w, "Action", &statement->actions, &first);
    add_member(w, "NotAction", &statement->not_actions, &first);
    add_member(w, "Resource", &statement->resources, &first);
    add_member(w, "NotResource", &statement->not_resources, &first);
    add_conditions(w, &statement->conditions);
    add(w, "}");
}

int ol_policy_text_write(ol_buf *out, const ol_draft_statement *statements, size_t count)
{
    writer w = {.out = out};
    bool first = true;
    add(&w, "{\"Version\":\"2012-10-17\",\"Statement\":[");
    for (size_t i = 0; i < count; i++) {
        if (statements[i].json.bytes.data)
            continue;
        add(&w, first ? "" : ",");
        add_statement(&w, &statements[i]);
        first = false;
    }
    add(&w, "]}");
    return w.rc;
}
