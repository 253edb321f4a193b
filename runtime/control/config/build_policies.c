/* SPDX-License-Identifier: MIT */
/*
 * Policies of a configuration, from their statements or their JSON to what decides. What a
 * statement says wrongly is reported on the line where it stands.
 */
#include <stdio.h>

#include "control/config/build.h"
#include "control/config/compile.h"
#include "control/state/policy_text.h"

#define TEXT_BYTES_MAX ((size_t)16 * OL_MIB)

/* What was wrong, without where in a text that nobody has seen. */
static void say_statement(ol_builder *b, const char *label, const ol_draft_statement *statement,
                          const ol_error *err)
{
    char text[OL_ERROR_TEXT_SIZE];
    snprintf(text, sizeof(text), "%s", err->message);
    char *place = strstr(text, " (statement ");
    if (place)
        *place = '\0';
    ol_build_mistake(b, statement->at.line, "%s: %s", label, text);
}

static int parse(ol_builder *b, ol_slice text, const ol_policy_rules *rules, ol_realm_policy *out,
                 ol_error *err)
{
    int rc = ol_compile_policy(b->draft->arena, text, rules, NULL, out, err);
    b->no_memory |= rc == OL_ENOMEM;
    return rc;
}

/* The whole was refused: which statement is it? */
static void find_mistakes(ol_builder *b, const char *label, const ol_draft_list *list,
                          const ol_policy_rules *rules, const ol_error *whole)
{
    const ol_draft_statement *statements = list->items;
    size_t before = b->draft->report->count;
    for (size_t i = 0; i < list->count && !b->no_memory; i++) {
        ol_buf text;
        ol_error err = {0};
        ol_policy *policy = NULL;
        if (statements[i].json.bytes.data)
            continue;
        ol_buf_init(&text, TEXT_BYTES_MAX);
        int rc = ol_policy_text_write(&text, &statements[i], 1);
        if (rc == OL_OK)
            rc = ol_policy_parse(&policy, ol_buf_slice(&text), rules, &err);
        if (rc == OL_EMALFORMEDPOLICY)
            say_statement(b, label, &statements[i], &err);
        b->no_memory |= rc == OL_ENOMEM;
        ol_policy_release(policy);
        ol_buf_fini(&text);
    }
    if (b->draft->report->count == before && !b->no_memory)
        ol_build_mistake(b, statements[0].at.line, "%s: %s", label, whole->message);
}

static bool parse_statements(ol_builder *b, const char *label, const ol_draft_list *list,
                             const ol_policy_rules *rules, ol_realm_policy *out)
{
    ol_buf text;
    ol_error err = {0};
    ol_buf_init(&text, TEXT_BYTES_MAX);
    int rc = ol_policy_text_write(&text, list->items, list->count);
    b->no_memory |= rc != OL_OK;
    if (rc == OL_OK)
        rc = parse(b, ol_buf_slice(&text), rules, out, &err);
    if (rc == OL_EMALFORMEDPOLICY)
        find_mistakes(b, label, list, rules, &err);
    ol_buf_fini(&text);
    return rc == OL_OK;
}

static bool parse_json(ol_builder *b, const char *label, const ol_draft_statement *statement,
                       const ol_policy_rules *rules, ol_realm_policy *out)
{
    ol_error err = {0};
    int rc = parse(b, statement->json.bytes, rules, out, &err);
    if (rc == OL_EMALFORMEDPOLICY)
        ol_build_mistake(b, statement->at.line, "%s: %s", label, err.message);
    return rc == OL_OK;
}

/* A value that could not be had, or was refused where it was read. */
static bool is_broken(const ol_draft_statement *statement)
{
    return statement->at.mistaken || statement->json.unknown ||
           (!statement->json.bytes.data && statement->effect == OL_DRAFT_CHOICE_UNSET);
}

size_t ol_build_policies(ol_builder *b, const char *label, const ol_draft_list *list,
                         const ol_policy_rules *rules, ol_realm_policy *out)
{
    const ol_draft_statement *statements = list->items;
    size_t count = 0;
    bool written = false, broken = false;
    ol_policy_rules mine = *rules;
    mine.bytes_max = TEXT_BYTES_MAX; /* the operator's own */
    for (size_t i = 0; i < list->count; i++) {
        broken |= is_broken(&statements[i]);
        written |= !statements[i].json.bytes.data;
        if (statements[i].json.bytes.data && !is_broken(&statements[i]))
            count += parse_json(b, label, &statements[i], &mine, &out[count]);
    }
    if (written && !broken)
        count += parse_statements(b, label, list, &mine, &out[count]);
    return count;
}

void ol_build_policy(ol_builder *b, const char *label, const ol_draft_list *list,
                     const ol_policy_rules *rules, ol_realm_policy *out)
{
    const ol_draft_statement *statements = list->items;
    size_t texts = 0;
    for (size_t i = 0; i < list->count; i++)
        texts += statements[i].json.bytes.data != NULL;
    if (texts > 1 || (texts == 1 && list->count > 1)) {
        ol_build_mistake(b, statements[0].at.line,
                         "%s: there is one policy: either statements, or one text of JSON", label);
        return;
    }
    if (list->count > 0)
        ol_build_policies(b, label, list, rules, out);
}
