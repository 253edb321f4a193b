/* SPDX-License-Identifier: MIT */
/*
 * The payload: a JSON object. Its keys are ours, and beside them those of Amazon's sample function
 * for Comprehend. A key or a name that is not known is an error, because ignoring it could mean
 * to leave something readable. No message shows a key of encryption.
 */
#include "config.h"

#include <openssl/crypto.h>
#include <stdlib.h>
#include <strings.h>

#include "operators/read.h"

/* kit_config is the first member. */
static struct pii_config *own(struct kit_config *config)
{
    return (struct pii_config *)(void *)config;
}

/* ---- entities ----------------------------------------------------------------------------- */

static bool add_entity(struct kit_config *c, const char *name, size_t size)
{
    char shown[KIT_SHOWN_BYTES_MAX + 1];
    if (pii_registry_select(name, size, &own(c)->entities))
        return true;
    snprintf(shown, sizeof(shown), "%.*s", (int)(size < 100 ? size : 100), name);
    return kit_wrong(c, "\"%s\" is not an entity that can be recognised", shown);
}

/* One text with commas between the names. */
static bool add_list(struct kit_config *c, const char *key, const char *at)
{
    for (;;) {
        at += strspn(at, " ");
        size_t size = strcspn(at, " ,");
        if (!add_entity(c, at, size))
            return false;
        at += size;
        at += strspn(at, " ");
        if (*at == '\0')
            return true;
        if (*at++ != ',')
            return kit_wrong(c, "\"%s\" is not a list of names", key);
    }
}

static bool read_entities(struct kit_config *c, const char *key, const json_t *value)
{
    if (own(c)->entities_given)
        return kit_wrong(c, "give entities or pii_entity_types, not \"%s\" as well", key);
    own(c)->entities_given = true;
    own(c)->entities = (struct pii_set){{0, 0}};
    if (json_is_string(value))
        return add_list(c, key, json_string_value(value));
    if (!json_is_array(value) || json_array_size(value) == 0)
        return kit_wrong(c, "\"%s\" must be a list of entity names with at least one", key);
    for (size_t i = 0; i < json_array_size(value); i++) {
        const json_t *name = json_array_get(value, i);
        if (!json_is_string(name))
            return kit_wrong(c, "\"%s\" must hold names only", key);
        if (!add_entity(c, json_string_value(name), json_string_length(name)))
            return false;
    }
    return true;
}

static bool read_threshold(struct kit_config *c, const char *key, const json_t *value)
{
    char *end = NULL;
    const char *text = json_string_value(value);
    double score = text ? strtod(text, &end) : json_number_value(value);
    bool number = text ? *text != '\0' && *end == '\0' : json_is_number(value);
    if (!number || !(score >= 0.0 && score <= 1.0))
        return kit_wrong(c, "\"%s\" must be a number from 0 to 1", key);
    own(c)->threshold = (unsigned)(score * 100 + 0.5);
    return true;
}

/* Comprehend's. Nothing here depends on a language. */
static bool read_language(struct kit_config *c, const char *key, const json_t *value)
{
    return json_is_string(value) || kit_wrong(c, "\"%s\" must be a text", key);
}

/* ---- modes -------------------------------------------------------------------------------- */

/* "replace" and "mask" say how to redact; so they may stand here as well. */
static bool read_mode(struct kit_config *c, const char *key, const json_t *value)
{
    static const char *const modes[] = {"redact", "deny", "report", "restore"};
    const char *mode = json_string_value(value);
    if (!mode)
        return kit_wrong(c, "\"%s\" must be a text", key);
    for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++)
        if (strcasecmp(mode, modes[i]) == 0) {
            own(c)->mode = (int)i;
            return true;
        }
    own(c)->mode_masks = true;
    if (strcasecmp(mode, "mask") == 0)
        own(c)->operator_.kind = PII_MASK;
    else if (strcasecmp(mode, "replace") != 0)
        return kit_wrong(c,
                         "the mode must be redact, deny, report, restore, replace or mask, not \"%s\"",
                         mode);
    return true;
}

static bool read_mask_mode(struct kit_config *c, const char *key, const json_t *value)
{
    const char *mode = json_string_value(value);
    struct pii_operator *op = &own(c)->operator_;
    if (own(c)->mode_masks)
        return kit_wrong(c, "give mode or %s, not both", key);
    own(c)->mode_masks = true;
    if (mode && strcasecmp(mode, "MASK") == 0) {
        op->kind = PII_MASK;
        op->mask_code_points = true;
        return true;
    }
    if (mode && (strcasecmp(mode, "REPLACE_WITH_PII_ENTITY_TYPE") == 0 ||
                 strcasecmp(mode, "replace") == 0))
        return true;
    return kit_wrong(c, "\"%s\" must be MASK or REPLACE_WITH_PII_ENTITY_TYPE", key);
}

static bool read_mask_character(struct kit_config *c, const char *key, const json_t *value)
{
    return pii_read_mask_character(c, key, value, &own(c)->operator_);
}

static bool read_template(struct kit_config *c, const char *key, const json_t *value)
{
    return pii_read_template(c, key, value, &own(c)->operator_);
}

static bool read_unsupported(struct kit_config *c, const char *key, const json_t *value)
{
    const char *word = json_string_value(value);
    bool pass = word && strcasecmp(word, "pass") == 0;
    if (!pass && !(word && strcasecmp(word, "fail") == 0))
        return kit_wrong(c, "\"%s\" must be fail or pass", key);
    own(c)->unsupported_pass = pass;
    return true;
}

/* ---- CSV ---------------------------------------------------------------------------------- */

/* One ASCII character, or for the quote none at all. */
static bool read_character(struct kit_config *c, const char *key, const json_t *value, bool none,
                           uint8_t *to)
{
    const char *text = json_string_value(value);
    size_t size = text ? json_string_length(value) : 2;
    bool usable = size == 1 && (unsigned char)text[0] < 0x80 && text[0] != '\n' && text[0] != '\r' &&
                  text[0] != '\0';
    if (!usable && !(none && size == 0))
        return kit_wrong(c, "\"%s\" must be one ASCII character", key);
    *to = size == 1 ? (uint8_t)text[0] : 0;
    return true;
}

static bool read_header(struct kit_config *c, const char *key, const json_t *value)
{
    const char *word = json_string_value(value);
    if (!json_is_boolean(value) && !(word && strcmp(word, "auto") == 0))
        return kit_wrong(c, "\"%s\" must be true, false or \"auto\"", key);
    own(c)->csv_header = word                 ? PII_HEADER_AUTO
                         : json_is_true(value) ? PII_HEADER_YES
                                               : PII_HEADER_NO;
    return true;
}

static bool read_csv(struct kit_config *c, const char *key, const json_t *value)
{
    const char *name;
    json_t *member, *object = (json_t *)(uintptr_t)value;
    if (!json_is_object(value))
        return kit_wrong(c, "\"%s\" must be an object", key);
    json_object_foreach(object, name, member) {
        bool ok = strcmp(name, "delimiter") == 0
                      ? read_character(c, "csv.delimiter", member, false, &own(c)->csv_delimiter)
                  : strcmp(name, "quote") == 0
                      ? read_character(c, "csv.quote", member, true, &own(c)->csv_quote)
                  : strcmp(name, "header") == 0 ? read_header(c, "csv.header", member)
                                                : kit_wrong(c, "\"csv\" has an unknown key, \"%s\"", name);
        if (!ok)
            return false;
    }
    if (own(c)->csv_delimiter && own(c)->csv_delimiter == own(c)->csv_quote)
        return kit_wrong(c, "%s", "delimiter and quote of \"csv\" must not be the same");
    return true;
}

/* ---- keys, operators, fields -------------------------------------------------------------- */

static bool read_key(struct kit_config *c, const char *key, const json_t *value)
{
    return pii_read_key(c, key, value, &own(c)->keys);
}

static bool read_operator(struct kit_config *c, const char *key, const json_t *value)
{
    struct pii_operator from = own(c)->operator_;
    if (own(c)->mode_masks)
        return kit_wrong(c, "give mode mask or replace, mask_mode or %s, not two of them", key);
    return pii_read_operator(c, key, value, &from, &own(c)->keys, &own(c)->operator_);
}

/* The same operator for each of a set; each has its own, to be freed. */
static bool give_operator(struct kit_config *c, const struct pii_set *set,
                          const struct pii_operator *op)
{
    struct pii_config *config = own(c);
    for (unsigned i = 0; i < PII_TYPES_MAX; i++) {
        if (!pii_set_has(set, i))
            continue;
        struct pii_operator *copy = config->operators[i];
        if (!copy)
            copy = config->operators[i] = pii_allocate(&config->memory, sizeof(*copy));
        if (!copy)
            return kit_wrong(c, "out of memory%s", "");
        *copy = *op;
    }
    return true;
}

/* An entity, a synonym, a pack, or a custom one. */
static bool select_type(struct kit_config *c, const char *name, struct pii_set *set)
{
    unsigned entity;
    if (!pii_custom_find(&own(c)->custom, name, &entity))
        return pii_registry_select(name, strlen(name), set);
    pii_set_add(set, entity);
    return true;
}

static bool read_custom(struct kit_config *c, const char *key, const json_t *value)
{
    return pii_custom_read(&own(c)->custom, own(c)->memory, c, key, value);
}

static bool read_operators(struct kit_config *c, const char *key, const json_t *value)
{
    const char *name;
    json_t *member, *object = (json_t *)(uintptr_t)value;
    if (!json_is_object(value))
        return kit_wrong(c, "\"%s\" must be an object: entities and their operators", key);
    json_object_foreach(object, name, member) {
        struct pii_operator op;
        struct pii_set set = {{0, 0}};
        if (!select_type(c, name, &set))
            return kit_wrong(c, "\"operators\" has \"%s\", which is not an entity", name);
        if (!pii_read_operator(c, name, member, &own(c)->operator_, &own(c)->keys, &op))
            return false;
        bool ok = give_operator(c, &set, &op);
        OPENSSL_cleanse(&op, sizeof(op));
        if (!ok)
            return false;
    }
    return true;
}

/* The only one of a set, else PII_TYPES_MAX. */
static unsigned only_entity(const struct pii_set *set)
{
    unsigned found = PII_TYPES_MAX;
    for (unsigned i = 0; i < PII_TYPES_MAX; i++)
        if (pii_set_has(set, i)) {
            if (found < PII_TYPES_MAX)
                return PII_TYPES_MAX;
            found = i;
        }
    return found;
}

static bool set_rule_operator(struct kit_config *c, struct pii_field_rule *rule, const json_t *value,
                              unsigned entity)
{
    const struct pii_operator *from = entity < PII_TYPES_MAX ? pii_config_operator(own(c), entity)
                                                             : &own(c)->operator_;
    rule->action = PII_RULE_REPLACE;
    rule->operator_ = pii_allocate(&own(c)->memory, sizeof(*rule->operator_));
    if (!rule->operator_)
        return kit_wrong(c, "out of memory%s", "");
    *rule->operator_ = *from;
    bool named = json_is_string(value) && entity < PII_TYPES_MAX;
    return named ||
           pii_read_operator(c, rule->selector, value, from, &own(c)->keys, rule->operator_);
}

/* What a field may be: "keep", "detect", an entity, an operator, or an object of both. */
static bool read_rule(struct kit_config *c, struct pii_field_rule *rule, const json_t *value)
{
    const json_t *named = json_is_object(value) ? json_object_get(value, "entity") : value;
    const char *word = json_string_value(named);
    struct pii_set set = {{0, 0}};
    unsigned entity = PII_TYPES_MAX;
    if (json_is_object(value) && named && !word)
        return kit_wrong(c, "\"entity\" of \"%s\" in \"fields\" must be a name", rule->selector);
    if (word && select_type(c, word, &set))
        entity = only_entity(&set);
    if (json_is_object(value) && word && entity == PII_TYPES_MAX)
        return kit_wrong(c, "\"entity\" of \"%s\" in \"fields\" is not one", rule->selector);
    const char *type = entity < PII_TYPES_MAX ? pii_config_type(own(c), entity) : "PII";
    rule->entity = entity;
    snprintf(rule->type, sizeof(rule->type), "%s", type);
    if (json_is_string(value) && strcmp(word, "detect") == 0)
        return true;
    if (!set_rule_operator(c, rule, value, entity))
        return false;
    if (rule->operator_->kind == PII_KEEP)
        rule->action = PII_RULE_KEEP;
    return true;
}

static bool read_fields(struct kit_config *c, const char *key, const json_t *value)
{
    const char *name;
    json_t *member, *object = (json_t *)(uintptr_t)value;
    if (!json_is_object(value))
        return kit_wrong(c, "\"%s\" must be an object: fields and what becomes of them", key);
    json_object_foreach(object, name, member) {
        struct pii_field_rule *rule =
            pii_fields_add(&own(c)->fields, name, c->reason, sizeof(c->reason));
        if (!rule || !read_rule(c, rule, member))
            return false;
    }
    return true;
}

/* ---- the table: in this order, whatever the payload's ------------------------------------- */

static const struct kit_word formats[] = {
    {"auto", PII_FORMAT_AUTO}, {"text", PII_FORMAT_TEXT},   {"log", PII_FORMAT_LOG},
    {"csv", PII_FORMAT_CSV},   {"tsv", PII_FORMAT_TSV},     {"json", PII_FORMAT_JSON},
    {"xml", PII_FORMAT_XML},   {"ndjson", PII_FORMAT_JSON}, {"form", PII_FORMAT_FORM},
    {NULL, 0},
};

static const struct kit_word luhn_ways[] = {{"require", false}, {"context-waives", true}, {NULL, 0}};

static const struct kit_key keys[] = {
    KIT_OTHER_KEY("entities", read_entities),
    KIT_OTHER_KEY("pii_entity_types", read_entities),
    KIT_OTHER_KEY("PII_ENTITY_TYPES", read_entities),
    KIT_OTHER_KEY("threshold", read_threshold),
    KIT_OTHER_KEY("confidence_threshold", read_threshold),
    KIT_OTHER_KEY("CONFIDENCE_THRESHOLD", read_threshold),
    KIT_OTHER_KEY("language_code", read_language),
    KIT_OTHER_KEY("LANGUAGE_CODE", read_language),
    KIT_OTHER_KEY("DEFAULT_LANGUAGE_CODE", read_language),
    KIT_OTHER_KEY("mode", read_mode),
    KIT_OTHER_KEY("mask_mode", read_mask_mode),
    KIT_OTHER_KEY("MASK_MODE", read_mask_mode),
    KIT_OTHER_KEY("mask_character", read_mask_character),
    KIT_OTHER_KEY("MASK_CHARACTER", read_mask_character),
    KIT_OTHER_KEY("template", read_template),
    KIT_OTHER_KEY("unsupported", read_unsupported),
    KIT_OTHER_KEY("UNSUPPORTED_FILE_HANDLING", read_unsupported),
    KIT_WORD_KEY("format", struct pii_config, format, formats),
    KIT_BOOL_KEY("numbers", struct pii_config, numbers),
    KIT_WORD_KEY("luhn", struct pii_config, luhn_waived, luhn_ways),
    KIT_BOOL_KEY("decode", struct pii_config, decode),
    KIT_OTHER_KEY("csv", read_csv),
    KIT_OTHER_KEY("key", read_key),
    KIT_OTHER_KEY("custom", read_custom),
    KIT_OTHER_KEY("operator", read_operator),
    KIT_OTHER_KEY("operators", read_operators),
    KIT_OTHER_KEY("fields", read_fields),
};

/* ---- what follows from it ----------------------------------------------------------------- */

static bool can_break_a_field(const struct pii_config *config, const char *text)
{
    char special[] = {'"', '\r', '\n', (char)config->csv_quote, (char)config->csv_delimiter, '\0'};
    if (config->csv_delimiter)
        return strpbrk(text, special) != NULL;
    return strpbrk(text, special) != NULL || strpbrk(text, ",;\t|") != NULL;
}

static bool operator_breaks_fields(const struct pii_config *config, const struct pii_operator *op)
{
    char mask[PII_MASK_BYTES_MAX + 1] = "";
    memcpy(mask, op->mask_character, op->mask_size);
    return can_break_a_field(config, mask) || can_break_a_field(config, op->template_text);
}

/* What operators make beside their templates: letters, digits and "[]:_-.@". */
static bool may_need_quotes(const struct pii_config *config)
{
    uint8_t d = config->csv_delimiter, q = config->csv_quote;
    if ((d && (pii_alnum(d) || strchr("[]:_-.@", d))) || (q && (pii_alnum(q) || strchr("[]:_-.@", q))))
        return true;
    bool may = operator_breaks_fields(config, &config->operator_);
    for (size_t i = 0; i < PII_TYPES_MAX; i++)
        may |= config->operators[i] && operator_breaks_fields(config, config->operators[i]);
    for (size_t i = 0; i < config->fields.count; i++)
        may |= config->fields.rules[i].operator_ &&
               operator_breaks_fields(config, config->fields.rules[i].operator_);
    return may;
}

static bool lacks_key(const struct pii_operator *op)
{
    return op && pii_operator_keyed(op->kind) && !op->keys.given;
}

static void waive_luhn(struct pii_rules *rules)
{
    for (size_t i = 0; i < rules->first[PII_ANCHORS]; i++)
        if (rules->rules[i].find == pii_card_find)
            rules->rules[i].find = pii_card_find_waived;
}

/* Operators that came from "mode" and the like have the payload's key, and need one. */
static bool settle(struct pii_config *config)
{
    struct kit_config *c = &config->kit;
    if (!config->operator_.keys.given)
        config->operator_.keys = config->keys;
    if (config->mode == PII_MODE_RESTORE && !config->keys.given)
        return kit_wrong(c, "%s", "the mode restore needs a \"key\"");
    bool lacks = lacks_key(&config->operator_);
    for (size_t i = 0; i < PII_TYPES_MAX; i++)
        lacks |= lacks_key(config->operators[i]);
    for (size_t i = 0; i < config->fields.count; i++)
        lacks |= lacks_key(config->fields.rules[i].operator_);
    if (lacks)
        return kit_wrong(c, "%s", "hash, encrypt, ff1, date_shift and surrogate need a \"key\"");
    config->csv_may_need_quotes = may_need_quotes(config);
    if (!pii_rules_init(&config->rules, &config->entities, config->threshold) ||
        !pii_custom_enable(&config->custom, &config->rules))
        return kit_wrong(c, "too many entities at once%s", "");
    if (config->luhn_waived)
        waive_luhn(&config->rules);
    return true;
}

static void set_defaults(struct pii_config *config)
{
    struct pii_operator *op = &config->operator_;
    config->numbers = true;
    config->decode = true;
    config->csv_quote = '"';
    config->entities = pii_registry_default();
    config->threshold = PII_SCORE_THRESHOLD;
    op->kind = PII_REPLACE;
    pii_operator_defaults(op);
}

int pii_config_new(struct pii_memory memory, const void *payload, size_t size,
                   struct pii_config **config)
{
    struct pii_config *made = pii_allocate(&memory, sizeof(*made));
    *config = made;
    if (!made)
        return OBJLENS_ENOMEM;
    made->memory = memory;
    pii_fields_init(&made->fields, memory);
    set_defaults(made);
    int rc = kit_payload_read(&made->kit, keys, sizeof(keys) / sizeof(keys[0]), payload, size);
    if (rc == OBJLENS_OK) {
        if (made->kit.reason[0] == '\0' && !settle(made) && made->kit.reason[0] == '\0')
            kit_wrong(&made->kit, "the payload cannot be used%s", "");
        return OBJLENS_OK;
    }
    pii_config_destroy(made);
    *config = NULL;
    return rc;
}

void pii_config_destroy(struct pii_config *config)
{
    if (!config)
        return;
    for (size_t i = 0; i < PII_TYPES_MAX; i++)
        pii_release_wiped(&config->memory, config->operators[i], sizeof(*config->operators[i]));
    pii_fields_fini(&config->fields);
    pii_custom_fini(&config->custom);
    struct pii_memory memory = config->memory;
    pii_release_wiped(&memory, config, sizeof(*config));
}

static void *heap_allocate(void *arg, size_t size)
{
    (void)arg;
    return calloc(1, size);
}

static void heap_release(void *arg, void *block)
{
    (void)arg;
    free(block);
}

const struct pii_memory pii_heap = {heap_allocate, heap_release, NULL};

const char *pii_config_type(const struct pii_config *config, unsigned entity)
{
    if (entity >= PII_CUSTOM && entity - PII_CUSTOM < config->custom.count)
        return config->custom.entities[entity - PII_CUSTOM].name;
    return entity < PII_ENTITIES ? pii_entities[entity].name : "PII";
}

const struct pii_operator *pii_config_operator(const struct pii_config *config, unsigned entity)
{
    const struct pii_operator *op = entity < PII_TYPES_MAX ? config->operators[entity] : NULL;
    return op ? op : &config->operator_;
}
