/* SPDX-License-Identifier: MIT */
/*
 * The document and its statements. Everything that is kept is copied into the policy's own
 * arena; the JSON tree lives in another, which is gone when compiling ends.
 */
#include <stdio.h>

#include "access/policy_compiler.h"

#define SHOWN_BYTES_MAX 81
#define SHOWN_SID_BYTES_MAX 41
#define ARENA_BYTES_BASE (1024u * 1024u)
#define ARENA_BYTES_PER_BYTE 160u /* '"*",' as an ARN pattern takes most */

/* ---- mistakes ---- */

/* Printable and cut: it goes into messages and logs. */
static void show(ol_slice text, char *out, size_t size)
{
    size_t len = text.len < size ? text.len : size - 1;
    for (size_t i = 0; i < len; i++)
        out[i] = text.data[i] >= 0x20 && text.data[i] < 0x7F ? (char)text.data[i] : '?';
    out[len] = '\0';
}

static void say_place(const ol_policy_compiler *c, size_t at, char *out, size_t size)
{
    unsigned line, column;
    char statement[48] = "", sid[SHOWN_SID_BYTES_MAX];
    ol_json_place(c->json, at, &line, &column);
    if (c->statement)
        snprintf(statement, sizeof(statement), "statement %zu, ", c->statement);
    show(c->sid, sid, sizeof(sid));
    snprintf(out, size, " (%s%s%s%sline %u, column %u)", statement, c->sid.len ? "\"" : "", sid,
             c->sid.len ? "\", " : "", line, column);
}

int ol_policy_refuse(ol_policy_compiler *c, size_t at, const char *format, ...)
{
    char text[200], place[200];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    say_place(c, at, place, sizeof(place));
    return ol_error_say(c->err, OL_EMALFORMEDPOLICY, "%s%s", text, place);
}

int ol_policy_refuse_text(ol_policy_compiler *c, size_t at, const char *what, ol_slice text)
{
    char shown[SHOWN_BYTES_MAX];
    show(text, shown, sizeof(shown));
    return ol_policy_refuse(c, at, "%s: %s", what, shown);
}

int ol_policy_no_memory(ol_policy_compiler *c)
{
    return ol_error_set(c->err, OL_ENOMEM, "policy");
}

void *ol_policy_alloc(ol_policy_compiler *c, size_t count, size_t size)
{
    void *memory = ol_arena_calloc(c->arena, count * size);
    if (!memory)
        ol_policy_no_memory(c);
    return memory;
}

int ol_policy_keep(ol_policy_compiler *c, ol_slice text, ol_slice *kept)
{
    *kept = ol_arena_copy(c->arena, text);
    return kept->data ? OL_OK : ol_policy_no_memory(c);
}

/* ---- elements ---- */

int ol_policy_items_of(ol_policy_compiler *c, const ol_json *element, bool scalars, const char *name,
                       ol_policy_items *items)
{
    bool list = element->kind == OL_JSON_LIST;
    *items = (ol_policy_items){.item = list ? element->first : element,
                               .count = list ? element->count : 1};
    if (items->count == 0)
        return ol_policy_refuse(c, element->at, "%s is an empty list", name);
    const ol_json *item = items->item;
    for (size_t i = 0; i < items->count; i++, item = item->next) {
        bool scalar = item->kind == OL_JSON_BOOL || item->kind == OL_JSON_NUMBER;
        if (item->kind != OL_JSON_STRING && !(scalars && scalar))
            return ol_policy_refuse(c, item->at, "%s must be text, or a list of texts", name);
    }
    return OL_OK;
}

static int check_names(ol_policy_compiler *c, const ol_json *object, const char *const *names,
                       size_t count)
{
    for (const ol_json *member = object->first; member; member = member->next) {
        size_t i = 0;
        while (i < count && !ol_slice_eq_cstr(member->name, names[i]))
            i++;
        if (i == count)
            return ol_policy_refuse_text(c, member->name_at, "Unknown field", member->name);
    }
    return OL_OK;
}

static int refuse_both(ol_policy_compiler *c, const ol_json *b, const char *first,
                       const char *second)
{
    return ol_policy_refuse(c, b->name_at, "%s and %s exclude each other", first, second);
}

/* ---- statements ---- */

static int compile_effect(ol_policy_compiler *c, const ol_json *json, ol_statement *statement)
{
    const ol_json *effect = ol_json_member(json, "Effect");
    if (!effect)
        return ol_policy_refuse(c, json->at, "Missing required field Effect");
    statement->allow = effect->kind == OL_JSON_STRING && ol_slice_eq_cstr(effect->text, "Allow");
    if (!statement->allow &&
        (effect->kind != OL_JSON_STRING || !ol_slice_eq_cstr(effect->text, "Deny")))
        return ol_policy_refuse(c, effect->at, "Effect must be Allow or Deny");
    return OL_OK;
}

static int compile_sid(ol_policy_compiler *c, const ol_json *json, const ol_statement *before,
                       ol_statement *statement)
{
    const ol_json *sid = ol_json_member(json, "Sid");
    if (!sid)
        return OL_OK;
    if (sid->kind != OL_JSON_STRING)
        return ol_policy_refuse(c, sid->at, "Sid must be text");
    if (sid->text.len == 0)
        return OL_OK;
    for (const ol_statement *other = before; other < statement; other++)
        if (ol_slice_eq(other->sid, sid->text))
            return ol_policy_refuse_text(c, sid->at, "Two statements have the same Sid", sid->text);
    if (ol_policy_keep(c, sid->text, &statement->sid) != OL_OK)
        return OL_ENOMEM;
    c->sid = statement->sid;
    return OL_OK;
}

static int compile_who(ol_policy_compiler *c, const ol_json *json, ol_statement *statement)
{
    const ol_json *yes = ol_json_member(json, "Principal"), *no = ol_json_member(json, "NotPrincipal");
    enum ol_policy_kind kind = c->rules->kind;
    if (yes && no)
        return refuse_both(c, no, "Principal", "NotPrincipal");
    if ((yes || no) && kind == OL_POLICY_IDENTITY)
        return ol_policy_refuse(c, (yes ? yes : no)->name_at,
                                "Policy document should not specify a principal");
    if (!yes && !no)
        return kind == OL_POLICY_IDENTITY || kind == OL_POLICY_ENDPOINT
                   ? OL_OK
                   : ol_policy_refuse(c, json->at, "Missing required field Principal");
    if (no && statement->allow)
        return ol_policy_refuse(c, no->name_at, "Allow with NotPrincipal is not allowed");
    return ol_policy_compile_principals(c, yes ? yes : no, !yes, statement);
}

static int compile_what(ol_policy_compiler *c, const ol_json *json, ol_statement *statement)
{
    const ol_json *yes = ol_json_member(json, "Action"), *no = ol_json_member(json, "NotAction");
    if (yes && no)
        return refuse_both(c, no, "Action", "NotAction");
    if (!yes && !no)
        return ol_policy_refuse(c, json->at, "Missing required field Action");
    return ol_policy_compile_actions(c, yes ? yes : no, !yes, statement);
}

static int compile_where(ol_policy_compiler *c, const ol_json *json, ol_statement *statement)
{
    const ol_json *yes = ol_json_member(json, "Resource"), *no = ol_json_member(json, "NotResource");
    if (yes && no)
        return refuse_both(c, no, "Resource", "NotResource");
    if (c->rules->kind == OL_POLICY_TRUST)
        return yes || no ? ol_policy_refuse(c, (yes ? yes : no)->name_at,
                                            "A trust policy has no Resource")
                         : OL_OK;
    if (!yes && !no)
        return ol_policy_refuse(c, json->at, "Missing required field Resource");
    int rc = ol_policy_compile_resources(c, yes ? yes : no, !yes, statement);
    const ol_json *actions = ol_json_member(json, "Action");
    return rc == OL_OK && yes && actions ? ol_policy_check_targets(c, actions, yes) : rc;
}

static int compile_statement(ol_policy_compiler *c, const ol_json *json, const ol_statement *before,
                             ol_statement *statement)
{
    static const char *const names[] = {"Sid",       "Effect",   "Principal",   "NotPrincipal",
                                        "Action",    "NotAction", "Resource",   "NotResource",
                                        "Condition"};
    const ol_json *condition = ol_json_member(json, "Condition");
    int rc = json->kind == OL_JSON_OBJECT
                 ? check_names(c, json, names, sizeof(names) / sizeof(names[0]))
                 : ol_policy_refuse(c, json->at, "A statement must be an object");
    if (rc == OL_OK)
        rc = compile_sid(c, json, before, statement);
    if (rc == OL_OK)
        rc = compile_effect(c, json, statement);
    if (rc == OL_OK)
        rc = compile_who(c, json, statement);
    if (rc == OL_OK)
        rc = compile_what(c, json, statement);
    if (rc == OL_OK)
        rc = compile_where(c, json, statement);
    if (rc == OL_OK && condition)
        rc = ol_policy_compile_conditions(c, condition, statement);
    return rc;
}

/* ---- the document ---- */

static int compile_version(ol_policy_compiler *c, const ol_json *root)
{
    const ol_json *version = ol_json_member(root, "Version"), *id = ol_json_member(root, "Id");
    if (id && id->kind != OL_JSON_STRING)
        return ol_policy_refuse(c, id->at, "Id must be text");
    if (!version)
        return OL_OK;
    c->variables = ol_slice_eq_cstr(version->text, "2012-10-17");
    if (version->kind != OL_JSON_STRING ||
        (!c->variables && !ol_slice_eq_cstr(version->text, "2008-10-17")))
        return ol_policy_refuse(c, version->at, "The policy must contain a valid version string");
    return OL_OK;
}

static int compile_statements(ol_policy_compiler *c, const ol_json *root, ol_policy *policy)
{
    const ol_json *json = ol_json_member(root, "Statement");
    if (!json)
        return ol_policy_refuse(c, root->at, "Missing required field Statement");
    bool list = json->kind == OL_JSON_LIST;
    size_t count = list ? json->count : 1;
    if (count == 0)
        return ol_policy_refuse(c, json->at, "Could not parse the policy: Statement is empty!");
    if (count > OL_POLICY_STATEMENTS_MAX)
        return ol_policy_refuse(c, json->at, "The policy has too many statements");
    ol_statement *statements = ol_policy_alloc(c, count, sizeof(*statements));
    if (!statements)
        return OL_ENOMEM;
    const ol_json *item = list ? json->first : json;
    for (size_t i = 0; i < count; i++, item = item->next) {
        c->statement = i + 1;
        c->sid = OL_SLICE_NONE;
        int rc = compile_statement(c, item, statements, &statements[i]);
        if (rc != OL_OK)
            return rc;
        policy->is_public |= ol_statement_is_public(&statements[i]);
    }
    policy->statements = statements;
    policy->statement_count = count;
    return OL_OK;
}

static int compile_document(ol_policy_compiler *c, const ol_json *root, ol_policy *policy)
{
    static const char *const names[] = {"Version", "Id", "Statement"};
    int rc = check_names(c, root, names, sizeof(names) / sizeof(names[0]));
    if (rc == OL_OK)
        rc = compile_version(c, root);
    if (rc == OL_OK)
        rc = compile_statements(c, root, policy);
    if (rc == OL_OK && ol_policy_index(policy) != OL_OK)
        rc = ol_policy_no_memory(c);
    return rc;
}

static int refuse_json(ol_policy_compiler *c, const ol_json_mistake *mistake)
{
    return ol_policy_refuse(c, mistake->at,
                            "Policies must be valid JSON and the first byte must be '{': %s",
                            mistake->what);
}

static int parse_document(ol_policy_compiler *c, ol_policy *policy, ol_arena *scratch)
{
    const ol_json *root;
    ol_json_mistake mistake = {.what = "it does not begin so"};
    if (c->json.len == 0 || c->json.data[0] != '{')
        return refuse_json(c, &mistake);
    int rc = ol_json_parse(c->json, OL_POLICY_DEPTH_MAX, scratch, &root, &mistake);
    if (rc == OL_ENOMEM)
        return ol_policy_no_memory(c);
    return rc == OL_OK ? compile_document(c, root, policy) : refuse_json(c, &mistake);
}

static int parse_into(ol_policy_compiler *c, ol_policy **out)
{
    ol_policy *policy = ol_policy_alloc(c, 1, sizeof(*policy));
    if (!policy)
        return OL_ENOMEM;
    policy->arena = c->arena;
    policy->kind = c->rules->kind;
    atomic_init(&policy->references, 1);
    ol_arena *scratch = ol_arena_new(ol_json_arena_bytes(c->json.len));
    if (!scratch)
        return ol_policy_no_memory(c);
    int rc = parse_document(c, policy, scratch);
    ol_arena_destroy(scratch);
    if (rc == OL_OK)
        *out = policy;
    return rc;
}

int ol_policy_parse(ol_policy **policy, ol_slice json, const ol_policy_rules *rules, ol_error *err)
{
    size_t max = rules->bytes_max ? rules->bytes_max : OL_POLICY_BYTES_MAX;
    *policy = NULL;
    if (json.len > max)
        return ol_error_say(err, OL_EMALFORMEDPOLICY,
                            "The policy is larger than the maximum of %zu bytes", max);
    ol_policy_compiler c = {.rules = rules, .json = json, .err = err};
    c.arena = ol_arena_new(ARENA_BYTES_BASE + json.len * ARENA_BYTES_PER_BYTE);
    if (!c.arena)
        return ol_policy_no_memory(&c);
    int rc = parse_into(&c, policy);
    if (rc != OL_OK)
        ol_arena_destroy(c.arena);
    return rc;
}
