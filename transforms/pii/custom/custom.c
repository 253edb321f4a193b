/* SPDX-License-Identifier: MIT */
#include "custom/custom.h"

#include <stdlib.h>
#include <string.h>

#include "entities/registry.h"
#include "operators/read.h"

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

static bool words_from_list(struct pii_memory memory, struct kit_config *c, struct pii_custom_entity *e,
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

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

/* The next line that is not empty, without blanks at its ends. False: there is none. */
static bool next_line(const char **at, const char *end, struct pii_word *word)
{
    while (*at < end) {
        const char *from = *at, *newline = memchr(from, '\n', (size_t)(end - from));
        const char *to = newline ? newline : end;
        *at = newline ? newline + 1 : end;
        while (from < to && is_blank(*from))
            from++;
        while (to > from && is_blank(to[-1]))
            to--;
        *word = (struct pii_word){from, (size_t)(to - from)};
        if (word->size > 0)
            return true;
    }
    return false;
}

static size_t read_lines(const char *bytes, size_t size, struct pii_word *list)
{
    const char *at = bytes;
    struct pii_word word;
    size_t count = 0;
    if (size >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0)
        at += 3;
    for (; next_line(&at, bytes + size, &word); count++)
        if (list)
            list[count] = word;
    return count;
}

static bool words_from_file(struct pii_memory memory, struct kit_config *c, struct pii_custom_entity *e,
                            const json_t *value)
{
    const char *bytes;
    size_t size;
    if (!pii_file_of(c, "words", value, false, &bytes, &size))
        return false;
    size_t count = read_lines(bytes, size, NULL);
    struct pii_word *list = count > 0 ? calloc(count, sizeof(*list)) : NULL;
    if (list) {
        read_lines(bytes, size, list);
        e->words = pii_words_new(memory, list, count, (struct pii_words_options){.fold = !e->case_sensitive});
    }
    free(list);
    return e->words || wrong(c, e, "must have a file of words of 1 to 255 bytes, one a line");
}

static bool read_words(struct pii_memory memory, struct kit_config *c, struct pii_custom_entity *e,
                       const json_t *value)
{
    return json_is_object(value) ? words_from_file(memory, c, e, value) : words_from_list(memory, c, e, value);
}

static bool read_pattern(struct pii_memory memory, struct kit_config *c, struct pii_custom_entity *e,
                         const json_t *value)
{
    const char *text = json_string_value(value);
    size_t size = text ? json_string_length(value) : 0;
    if (json_is_object(value) && !pii_file_of(c, "pattern", value, false, &text, &size))
        return false;
    while (json_is_object(value) && size > 0 && (text[size - 1] == '\n' || text[size - 1] == '\r'))
        size--;
    if (size == 0)
        return wrong(c, e, "must have a pattern that is a text");
    e->pattern = pii_pattern_new(memory, text, size, e->case_sensitive, c->reason, sizeof(c->reason));
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
    e->check = name ? pii_check_named(name) : NULL;
    if (!e->check)
        snprintf(c->reason, sizeof(c->reason), "the check of \"%s\" in \"custom\" must be %s", e->name, pii_check_names());
    return e->check != NULL;
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

static bool read_list(struct pii_custom *custom, struct pii_memory memory, struct kit_config *c,
                      const char *key, const json_t *value)
{
    if (!json_is_array(value) || json_array_size(value) > PII_CUSTOM_ENTITIES_MAX)
        return kit_wrong(c, "\"%s\" must be a list of at most 32 objects", key);
    for (size_t i = 0; i < json_array_size(value); i++)
        if (!read_entity(custom, memory, c, json_array_get(value, i)))
            return false;
    return true;
}

bool pii_custom_read(struct pii_custom *custom, struct pii_memory memory, struct kit_config *c,
                     const char *key, const json_t *value)
{
    const char *bytes;
    size_t size;
    if (!json_is_object(value))
        return read_list(custom, memory, c, key, value);
    if (!pii_file_of(c, key, value, false, &bytes, &size))
        return false;
    json_t *list = json_loadb(bytes, size, JSON_REJECT_DUPLICATES, NULL);
    bool ok = list ? read_list(custom, memory, c, key, list) : kit_wrong(c, "the file of \"%s\" is not JSON", key);
    json_decref(list);
    return ok;
}

/* ---- searching ---------------------------------------------------------------------------- */

/* What is undecided need not check: where it begins and ends is not known. */
static bool seek(const struct pii_custom_entity *e, pii_seek_fn *seeker, const void *state,
                 const struct pii_text *t, size_t from, size_t limit, struct pii_match *m)
{
    for (; seeker(state, t, from, limit, m); from = m->start + 1) {
        m->score = (uint8_t)e->score;
        m->checked = e->check && !m->undecided;
        if (!e->check || m->undecided || pii_check_bytes(e->check, t->p + m->start, m->end - m->start))
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
