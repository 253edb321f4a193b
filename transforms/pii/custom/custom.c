/* SPDX-License-Identifier: MIT */
#include "custom/custom.h"

#include <stdlib.h>
#include <string.h>

#include "entities/registry.h"

static bool wrong(struct kit_config *c, const struct pii_custom_entity *e, const char *what)
{
    snprintf(c->reason, sizeof(c->reason), "\"%s\" in \"custom\" %s", e->name, what);
    return false;
}

/* As names of entities are: so nothing in reports and markers needs an escape. */
static bool read_name(struct pii_custom *custom, struct kit_config *c, struct pii_custom_entity *e,
                      const json_t *value)
{
    const char *name = json_string_value(json_object_get(value, "name"));
    struct pii_set set = {{0, 0}};
    unsigned entity;
    size_t size = name ? strlen(name) : 0;
    if (size == 0 || size > PII_CUSTOM_NAME_MAX ||
        strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") != size)
        return kit_wrong(c, "\"name\" in \"custom\" must be capitals, digits and _%s", "");
    if (pii_registry_select(name, size, &set) || pii_custom_find(custom, name, &entity))
        return kit_wrong(c, "\"%s\" in \"custom\" is the name of another entity", name);
    memcpy(e->name, name, size + 1);
    return true;
}

static bool read_score(struct kit_config *c, struct pii_custom_entity *e, const json_t *value)
{
    double score = json_number_value(value);
    if (!json_is_number(value) || !(score >= 0.0 && score <= 1.0))
        return wrong(c, e, "must have a score from 0 to 1");
    e->score = (unsigned)(score * 100 + 0.5);
    return true;
}

static bool read_words(struct pii_memory memory, struct kit_config *c, struct pii_custom_entity *e,
                       const json_t *value)
{
    size_t count = json_array_size(value);
    struct pii_word *list = count > 0 ? calloc(count, sizeof(*list)) : NULL;
    bool ok = list != NULL;
    for (size_t i = 0; i < count && ok; i++) {
        const json_t *word = json_array_get(value, i);
        ok = json_is_string(word);
        list[i] = (struct pii_word){json_string_value(word), json_string_length(word)};
    }
    if (ok)
        e->words = pii_words_new(memory, list, count,
                                 (struct pii_words_options){.fold = !e->case_sensitive});
    free(list);
    return e->words || wrong(c, e, "must have words: a list of texts of 1 to 255 bytes");
}

static bool read_pattern(struct pii_memory memory, struct kit_config *c, struct pii_custom_entity *e,
                         const json_t *value)
{
    if (!json_is_string(value) || json_string_length(value) == 0)
        return wrong(c, e, "must have a pattern that is a text");
    e->pattern = pii_pattern_new(memory, json_string_value(value), json_string_length(value),
                                 e->case_sensitive, c->reason, sizeof(c->reason));
    return e->pattern != NULL;
}

static bool known_keys(struct kit_config *c, const struct pii_custom_entity *e, json_t *value)
{
    static const char *const known[] = {"name", "pattern", "words", "score", "case_sensitive", "check"};
    const char *key;
    json_t *member;
    (void)e;
    json_object_foreach(value, key, member) {
        size_t i = 0;
        while (i < sizeof(known) / sizeof(known[0]) && strcmp(known[i], key) != 0)
            i++;
        if (i == sizeof(known) / sizeof(known[0]))
            return kit_wrong(c, "\"custom\" has an unknown key, \"%s\"", key);
    }
    return true;
}

static bool read_check(struct kit_config *c, struct pii_custom_entity *e, const json_t *value)
{
    const char *name = json_string_value(value);
    e->luhn = name && strcmp(name, "luhn") == 0;
    return e->luhn || wrong(c, e, "can have the check \"luhn\"");
}

static bool read_entity(struct pii_custom *custom, struct pii_memory memory, struct kit_config *c,
                        json_t *value)
{
    struct pii_custom_entity *e = &custom->entities[custom->count];
    *e = (struct pii_custom_entity){.score = 85};
    if (!json_is_object(value))
        return kit_wrong(c, "\"custom\" must be a list of objects%s", "");
    if (!known_keys(c, e, value) || !read_name(custom, c, e, value))
        return false;
    custom->count++;
    const json_t *words = json_object_get(value, "words"), *pattern = json_object_get(value, "pattern");
    const json_t *score = json_object_get(value, "score"), *check = json_object_get(value, "check");
    const json_t *sensitive = json_object_get(value, "case_sensitive");
    e->case_sensitive = json_is_true(sensitive);
    if (sensitive && !json_is_boolean(sensitive))
        return wrong(c, e, "has a case_sensitive that is not true or false");
    if (!words && !pattern)
        return wrong(c, e, "has neither pattern nor words");
    return (!score || read_score(c, e, score)) && (!check || read_check(c, e, check)) &&
           (!pattern || read_pattern(memory, c, e, pattern)) && (!words || read_words(memory, c, e, words));
}

bool pii_custom_read(struct pii_custom *custom, struct pii_memory memory, struct kit_config *c,
                     const char *key, const json_t *value)
{
    if (!json_is_array(value) || json_array_size(value) > PII_CUSTOM_ENTITIES_MAX)
        return kit_wrong(c, "\"%s\" must be a list of at most 32 objects", key);
    for (size_t i = 0; i < json_array_size(value); i++)
        if (!read_entity(custom, memory, c, json_array_get(value, i)))
            return false;
    return true;
}

/* ---- searching ---------------------------------------------------------------------------- */

static bool luhn_ok(const struct pii_text *t, const struct pii_match *m)
{
    unsigned sum = 0, n = 0;
    for (size_t i = m->end; i-- > m->start;)
        if (pii_digit(t->p[i])) {
            unsigned digit = (unsigned)(t->p[i] - '0') << (n++ & 1);
            sum += digit > 9 ? digit - 9 : digit;
        }
    return n > 1 && sum % 10 == 0;
}

static bool seek(const struct pii_custom_entity *e, pii_seek_fn *seeker, const void *state,
                 const struct pii_text *t, size_t from, size_t limit, struct pii_match *m)
{
    for (; seeker(state, t, from, limit, m); from = m->start + 1) {
        m->score = (uint8_t)e->score;
        m->checked = e->luhn;
        if (!e->luhn || luhn_ok(t, m))
            return true;
    }
    return false;
}

static bool seek_words(const void *entity, const struct pii_text *t, size_t from, size_t limit,
                       struct pii_match *m)
{
    const struct pii_custom_entity *e = entity;
    return seek(e, pii_words_seek, e->words, t, from, limit, m);
}

static bool seek_pattern(const void *entity, const struct pii_text *t, size_t from, size_t limit,
                         struct pii_match *m)
{
    const struct pii_custom_entity *e = entity;
    return seek(e, pii_pattern_seek, e->pattern, t, from, limit, m);
}

bool pii_custom_enable(const struct pii_custom *custom, struct pii_rules *rules)
{
    for (size_t i = 0; i < custom->count; i++) {
        const struct pii_custom_entity *e = &custom->entities[i];
        struct pii_seeker words = {.seek = seek_words, .state = e, .entity = (uint16_t)(PII_CUSTOM + i)};
        struct pii_seeker pattern = words;
        pattern.seek = seek_pattern;
        if ((e->words && !pii_rules_add_seeker(rules, words)) ||
            (e->pattern && !pii_rules_add_seeker(rules, pattern)))
            return false;
    }
    return true;
}

void pii_custom_fini(struct pii_custom *custom)
{
    for (size_t i = 0; i < custom->count; i++) {
        pii_pattern_destroy(custom->entities[i].pattern);
        pii_words_destroy(custom->entities[i].words);
    }
    custom->count = 0;
}

bool pii_custom_find(const struct pii_custom *custom, const char *name, unsigned *entity)
{
    for (size_t i = 0; i < custom->count; i++)
        if (strcmp(custom->entities[i].name, name) == 0) {
            *entity = (unsigned)(PII_CUSTOM + i);
            return true;
        }
    return false;
}
