/* SPDX-License-Identifier: MIT */
/* Selectors, read once with the payload. */
#include "structure/fields.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/text.h"

void pii_fields_init(struct pii_fields *fields, struct pii_memory memory)
{
    memset(fields, 0, sizeof(*fields));
    fields->memory = memory;
}

void pii_fields_fini(struct pii_fields *fields)
{
    for (size_t i = 0; i < fields->count; i++)
        pii_release_wiped(&fields->memory, fields->rules[i].operator_, sizeof(struct pii_operator));
    fields->memory.release(fields->memory.arg, fields->rules);
    pii_fields_init(fields, fields->memory);
}

/* Room for one more. */
static bool grow(struct pii_fields *fields)
{
    if (fields->count < fields->capacity)
        return true;
    size_t capacity = 2 * fields->capacity + 8;
    struct pii_field_rule *grown =
        pii_allocate(&fields->memory, capacity * sizeof(*grown));
    if (!grown)
        return false;
    if (fields->count > 0)
        memcpy(grown, fields->rules, fields->count * sizeof(*grown));
    fields->memory.release(fields->memory.arg, fields->rules);
    fields->rules = grown;
    fields->capacity = capacity;
    return true;
}

/* "*" takes as little as it can and more when the rest does not fit: linear in both for the
 * lengths that there are. */
bool pii_name_matches(const char *pattern, size_t pattern_size, const char *name, size_t size)
{
    size_t p = 0, n = 0, star = SIZE_MAX, back = 0;
    while (n < size) {
        if (p < pattern_size && pattern[p] == '*') {
            star = p++;
            back = n;
        } else if (p < pattern_size &&
                   (pattern[p] == '?' || pii_lower((unsigned char)pattern[p]) ==
                                             pii_lower((unsigned char)name[n]))) {
            p++;
            n++;
        } else if (star != SIZE_MAX) {
            p = star + 1;
            n = ++back;
        } else {
            return false;
        }
    }
    while (p < pattern_size && pattern[p] == '*')
        p++;
    return p == pattern_size;
}

static bool is_path(const char *selector)
{
    return selector[0] == '$' || strpbrk(selector, "./[") != NULL || selector[0] == '@';
}

static size_t column_number(const char *selector)
{
    size_t number = 0;
    if (selector[0] != '#')
        return 0;
    for (const char *at = selector + 1; *at; at++) {
        if (!pii_digit((unsigned char)*at) || number > 100000)
            return 0;
        number = number * 10 + (size_t)(*at - '0');
    }
    return number;
}

/* ---- paths -------------------------------------------------------------------------------- */

struct reading {
    const char *at;
    bool xml, deep;
};

/* Behind '[': an index, "*" or a quoted name, and ']'. */
static bool read_bracket(struct reading *r, struct pii_step *step)
{
    char sign = *r->at;
    if (sign == '*' && r->at[1] == ']') {
        step->any_index = true;
        r->at += 2;
        return true;
    }
    if (sign == '\'' || sign == '"') {
        const char *end = strchr(r->at + 1, sign);
        size_t size = end ? (size_t)(end - r->at - 1) : 0;
        if (size == 0 || size > PII_NAME_MAX || end[1] != ']')
            return false;
        memcpy(step->name, r->at + 1, size);
        step->name_size = (uint8_t)size;
        r->at = end + 2;
        return true;
    }
    size_t digits = strspn(r->at, "0123456789");
    if (digits == 0 || digits > 9 || r->at[digits] != ']')
        return false;
    step->has_index = true;
    step->index = (uint32_t)strtoul(r->at, NULL, 10);
    r->at += digits + 1;
    return true;
}

static bool read_name(struct reading *r, struct pii_step *step)
{
    if (r->xml && *r->at == '@') {
        step->attribute = true;
        r->at++;
    }
    size_t size = strcspn(r->at, r->xml ? "/" : ".[");
    if (size == 0 || size > PII_NAME_MAX)
        return false;
    memcpy(step->name, r->at, size);
    step->name_size = (uint8_t)size;
    r->at += size;
    return true;
}

/* What stands between two steps; `deep` becomes true when it stands for any number of levels. */
static bool read_separator(struct reading *r)
{
    char sign = r->xml ? '/' : '.';
    r->deep = false;
    if (*r->at == '[' && !r->xml)
        return true;
    if (*r->at != sign)
        return false;
    r->at++;
    if (*r->at == sign) {
        r->deep = true;
        r->at++;
    }
    return *r->at != '\0';
}

static bool read_step(struct reading *r, struct pii_step *step)
{
    step->deep = r->deep;
    if (!r->xml && *r->at == '[') {
        r->at++;
        return read_bracket(r, step);
    }
    return read_name(r, step);
}

/* A path that does not begin at the top may begin anywhere. */
static bool begin_path(struct reading *r)
{
    r->xml = strchr(r->at, '/') != NULL || r->at[0] == '@';
    r->deep = true;
    if (r->at[0] == '$' && !r->xml) {
        r->at++;
        return read_separator(r);
    }
    return r->at[0] != '/' || read_separator(r);
}

static bool add_path(struct pii_fields *fields, const char *selector, size_t rule)
{
    struct reading r = {.at = selector};
    size_t first = fields->steps_count;
    bool more = begin_path(&r);
    while (more) {
        if (fields->steps_count == PII_STEPS_MAX)
            return false;
        struct pii_step *step = &fields->steps[fields->steps_count];
        *step = (struct pii_step){.rule = (uint16_t)rule};
        if (!read_step(&r, step))
            return false;
        fields->steps_count++;
        if (*r.at == '\0') {
            step->last = true;
            fields->first_steps |= (uint64_t)1 << first;
            return true;
        }
        more = read_separator(&r);
    }
    return false;
}

struct pii_field_rule *pii_fields_add(struct pii_fields *fields, const char *selector, char *reason,
                                size_t reason_size)
{
    size_t size = strlen(selector);
    size_t most = is_path(selector) ? PII_SELECTOR_MAX : PII_NAME_MAX;
    if (size == 0 || size > most || fields->count == PII_FIELD_RULES_MAX) {
        snprintf(reason, reason_size, "at most %d fields with names of 1 to %zu bytes", PII_FIELD_RULES_MAX, most);
        return NULL;
    }
    size_t steps = fields->steps_count;
    if (is_path(selector) && !add_path(fields, selector, fields->count)) {
        fields->steps_count = steps;
        snprintf(reason, reason_size,
                 "\"%.60s\" in \"fields\" is not a path that is understood, or there are more than %d "
                 "steps in all paths",
                 selector, PII_STEPS_MAX);
        return NULL;
    }
    if (!grow(fields)) {
        snprintf(reason, reason_size, "out of memory");
        return NULL;
    }
    struct pii_field_rule *rule = &fields->rules[fields->count++];
    *rule = (struct pii_field_rule){.action = PII_RULE_DETECT};
    memcpy(rule->selector, selector, size + 1);
    return rule;
}

/* ---- looking up --------------------------------------------------------------------------- */

static const struct pii_field_rule *by_name(const struct pii_fields *fields, const char *name, size_t size)
{
    for (size_t i = 0; size > 0 && i < fields->count; i++) {
        const char *selector = fields->rules[i].selector;
        if (!is_path(selector) && selector[0] != '#' &&
            pii_name_matches(selector, strlen(selector), name, size))
            return &fields->rules[i];
    }
    return NULL;
}

const struct pii_field_rule *pii_fields_column(const struct pii_fields *fields, size_t number,
                                         const char *name, size_t size)
{
    for (size_t i = 0; number > 0 && i < fields->count; i++)
        if (column_number(fields->rules[i].selector) == number)
            return &fields->rules[i];
    return by_name(fields, name, size);
}

/* ---- the way down ------------------------------------------------------------------------- */

void pii_path_init(struct pii_path *path, const struct pii_fields *fields, void *block)
{
    path->fields = fields;
    path->depth = 0;
    path->states = block;
    path->rules = (uint16_t *)(void *)(path->states + PII_DEPTH_MAX + 1);
    path->states[0] = fields->first_steps;
    path->name_sizes[0] = 0;
}

static bool step_fits(const struct pii_step *step, const struct pii_node *node)
{
    if (!node->name)
        return step->any_index || (step->has_index && step->index == node->index);
    return step->name_size > 0 && step->attribute == node->attribute &&
           pii_name_matches(step->name, step->name_size, node->name, node->size);
}

/* The number + 1 of the first rule whose path ends here. */
static uint16_t take_steps(struct pii_path *path, const struct pii_node *node, uint64_t *next)
{
    uint16_t found = 0;
    for (uint64_t states = path->states[path->depth]; states; states &= states - 1) {
        unsigned i = (unsigned)__builtin_ctzll(states);
        const struct pii_step *step = &path->fields->steps[i];
        if (step->deep)
            *next |= (uint64_t)1 << i;
        if (!step_fits(step, node))
            continue;
        if (!step->last)
            *next |= (uint64_t)1 << (i + 1);
        else if (found == 0 || step->rule + 1 < found)
            found = (uint16_t)(step->rule + 1);
    }
    return found;
}

bool pii_path_push(struct pii_path *path, const struct pii_node *node)
{
    if (path->depth == PII_DEPTH_MAX)
        return false;
    uint64_t next = 0;
    uint16_t rule = node->root ? 0 : take_steps(path, node, &next);
    if (node->root)
        next = path->fields->first_steps;
    if (rule == 0 && node->name && path->fields->count > 0) {
        const struct pii_field_rule *named = by_name(path->fields, node->name, node->size);
        rule = named ? (uint16_t)(named - path->fields->rules + 1) : 0;
    }
    if (rule == 0)
        rule = path->rules[path->depth];
    path->depth++;
    path->states[path->depth] = next;
    path->rules[path->depth] = rule;
    if (path->depth < PII_NAMES_KEPT) {
        size_t size = node->name ? node->size : path->name_sizes[path->depth - 1];
        size = size < PII_NAME_MAX ? size : PII_NAME_MAX;
        const char *name = node->name ? node->name : path->names[path->depth - 1];
        memmove(path->names[path->depth], name, size);
        path->name_sizes[path->depth] = (uint8_t)size;
    }
    return true;
}

void pii_path_pop(struct pii_path *path)
{
    if (path->depth > 0)
        path->depth--;
}

const struct pii_field_rule *pii_path_rule(const struct pii_path *path)
{
    uint16_t rule = path->rules[path->depth];
    return rule > 0 ? &path->fields->rules[rule - 1] : NULL;
}

const char *pii_path_name(const struct pii_path *path, size_t *size)
{
    bool kept = path->depth < PII_NAMES_KEPT;
    *size = kept ? path->name_sizes[path->depth] : 0;
    return kept ? path->names[path->depth] : "";
}
