/* SPDX-License-Identifier: MIT */
/*
 * The payload: a JSON object. Two vocabularies are understood, Presidio's and the one of
 * Amazon Comprehend's sample function; a key or name that is not known is an error, because
 * ignoring it could mean leaving something readable.
 */
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "config.h"

#define NAME_MAX_SHOWN 40

struct reading {
    struct pii_config *config;
    char *reason;
    size_t reason_size;
};

static bool wrong(struct reading *r, const char *format, const char *what)
    __attribute__((format(printf, 2, 0)));

static bool wrong(struct reading *r, const char *format, const char *what)
{
    char shown[NAME_MAX_SHOWN + 1];
    snprintf(shown, sizeof(shown), "%s", what);
    snprintf(r->reason, r->reason_size, format, shown);
    return false;
}

static bool add_entity(struct reading *r, const char *name, size_t len)
{
    if (pii_registry_select(name, len, &r->config->entities))
        return true;
    char shown[NAME_MAX_SHOWN + 1];
    snprintf(shown, sizeof(shown), "%.*s", (int)len, name);
    return wrong(r, "\"%s\" is not an entity that can be recognised", shown);
}

/* A list of names, or one text with commas between them. */
static bool read_entities(struct reading *r, const char *key, const json_t *value)
{
    r->config->entities = (struct pii_set){{0, 0}};
    if (json_is_string(value)) {
        const char *at = json_string_value(value);
        for (;;) {
            at += strspn(at, " ");
            size_t len = strcspn(at, " ,");
            if (!add_entity(r, at, len))
                return false;
            at += len;
            at += strspn(at, " ");
            if (*at++ != ',')
                return at[-1] == '\0' || wrong(r, "\"%s\" is not a list of names", key);
        }
    }
    if (!json_is_array(value) || json_array_size(value) == 0)
        return wrong(r, "\"%s\" must be a list of entity names with at least one", key);
    for (size_t i = 0; i < json_array_size(value); i++) {
        const char *name = json_string_value(json_array_get(value, i));
        if (!name)
            return wrong(r, "\"%s\" must hold names only", key);
        if (!add_entity(r, name, strlen(name)))
            return false;
    }
    return true;
}

static bool read_mode(struct reading *r, const char *key, const json_t *value)
{
    const char *mode = json_string_value(value);
    if (!mode)
        return wrong(r, "\"%s\" must be a text", key);
    if (strcmp(mode, "mask") == 0 || strcmp(mode, "MASK") == 0)
        r->config->mask = true;
    else if (strcmp(mode, "replace") == 0 || strcmp(mode, "REPLACE_WITH_PII_ENTITY_TYPE") == 0)
        r->config->mask = false;
    else
        return wrong(r, "the mode must be \"replace\" or \"mask\", not \"%s\"", mode);
    return true;
}

/* One character. jansson has seen to it that the text is well-formed UTF-8. */
static bool read_mask_character(struct reading *r, const char *key, const json_t *value)
{
    const char *text = json_string_value(value);
    size_t len = text ? json_string_length(value) : 0, characters = 0;
    for (size_t i = 0; i < len; i++)
        characters += ((unsigned char)text[i] & 0xc0) != 0x80;
    if (characters != 1 || (unsigned char)text[0] < 0x20 || text[0] == 0x7f)
        return wrong(r, "\"%s\" must be one printable character", key);
    memcpy(r->config->mask_character, text, len);
    r->config->mask_size = len;
    return true;
}

/* Comprehend's knobs for its own model. Nothing here is a matter of degree or of language. */
static bool read_without_effect(struct reading *r, const char *key, const json_t *value)
{
    return json_is_string(value) || json_is_number(value) ||
           wrong(r, "\"%s\" must be a text or a number", key);
}

static const struct key {
    const char *name;
    bool (*read)(struct reading *r, const char *key, const json_t *value);
} keys[] = {
    {"entities", read_entities},
    {"pii_entity_types", read_entities},
    {"mode", read_mode},
    {"mask_mode", read_mode},
    {"mask_character", read_mask_character},
    {"confidence_threshold", read_without_effect},
    {"language_code", read_without_effect},
};

static bool read_key(struct reading *r, const char *key, const json_t *value)
{
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
        if (strcmp(keys[i].name, key) == 0)
            return keys[i].read(r, key, value);
    return wrong(r, "the payload has an unknown key, \"%s\"", key);
}

static bool read_object(struct reading *r, json_t *root)
{
    if (!json_is_object(root))
        return wrong(r, "%s", "the payload must be a JSON object");
    if (json_object_get(root, "entities") && json_object_get(root, "pii_entity_types"))
        return wrong(r, "%s", "give entities or pii_entity_types");
    if (json_object_get(root, "mode") && json_object_get(root, "mask_mode"))
        return wrong(r, "%s", "give mode or mask_mode, not both");
    const char *key;
    json_t *value;
    json_object_foreach(root, key, value) {
        if (!read_key(r, key, value))
            return false;
    }
    return true;
}

bool pii_config_read(struct pii_config *config, const char *payload, size_t size, char *reason,
                     size_t reason_size)
{
    *config = (struct pii_config){
        .entities = pii_registry_default(), .mask_character = "*", .mask_size = 1};
    struct reading r = {config, reason, reason_size};
    if (size == 0)
        return true;
    json_error_t error;
    json_t *root = json_loadb(payload, size, JSON_REJECT_DUPLICATES, &error);
    if (!root) {
        snprintf(reason, reason_size, "the payload is not JSON: line %d, column %d", error.line,
                 error.column);
        return false;
    }
    bool ok = read_object(&r, root);
    json_decref(root);
    return ok;
}
