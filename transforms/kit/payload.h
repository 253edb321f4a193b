/* SPDX-License-Identifier: MIT */
/*
 * Payloads: a JSON object whose keys stand in a table, each with what its value may be and where
 * it goes. A key that is not in the table is an error that names it: ignoring it would mean to do
 * something else than was asked for. Header only; needs jansson.
 *
 * Parsed once (ABI 1.2): configure() makes a struct that begins with a kit_config and fills it
 * with kit_payload_read. A payload that is wrong is no failure of configure(): what is wrong
 * stays in `reason`, and every request that bears it is told by kit_config_of, in open().
 */
#ifndef KIT_PAYLOAD_H
#define KIT_PAYLOAD_H

#include <jansson.h>
#include <objlens/transform.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define KIT_REASON_BYTES 192
/* Of a name that a reason shows. */
#define KIT_SHOWN_BYTES_MAX 40

/* The first member of a plugin's configuration. */
struct kit_config {
    char reason[KIT_REASON_BYTES]; /* empty: it is all right */
};

/* One of the words that a key takes; the last has no name. */
struct kit_word {
    const char *name;
    int value;
};

enum kit_type {
    KIT_BOOL,   /* bool */
    KIT_NUMBER, /* uint64_t; `min` to `max` */
    KIT_WORD,   /* int; one of `words` */
    KIT_TEXT,   /* char[max + 1], NUL-terminated, without NULs inside; `min` to `max` bytes */
    KIT_OTHER   /* whatever `read` makes of it */
};

struct kit_key {
    const char *name;
    enum kit_type type;
    size_t offset; /* in the configuration */
    uint64_t min, max;
    const struct kit_word *words;
    /* False: kit_wrong has said why. */
    bool (*read)(struct kit_config *config, const char *key, const json_t *value);
};

#define KIT_BOOL_KEY(key, config_type, member) {.name = (key), .type = KIT_BOOL, .offset = offsetof(config_type, member)}
#define KIT_NUMBER_KEY(key, config_type, member, least, most)                                            \
    {.name = (key), .type = KIT_NUMBER, .offset = offsetof(config_type, member), .min = (least), .max = (most)}
#define KIT_WORD_KEY(key, config_type, member, list)                                                     \
    {.name = (key), .type = KIT_WORD, .offset = offsetof(config_type, member), .words = (list)}
#define KIT_TEXT_KEY(key, config_type, member, least)                                                    \
    {.name = (key), .type = KIT_TEXT, .offset = offsetof(config_type, member), .min = (least),           \
     .max = sizeof(((config_type *)0)->member) - 1}
#define KIT_OTHER_KEY(key, function) {.name = (key), .type = KIT_OTHER, .read = (function)}

/* Once, in load(). Otherwise jansson would open /dev/urandom with the first payload. Payloads come
 * from the configuration, not from strangers: a fixed seed does no harm. */
static inline int kit_load(const struct objlens_host *host, char *reason, size_t reason_size)
{
    json_object_seed(1);
    if (OBJLENS_HOST_HAS(host, config))
        return OBJLENS_OK;
    snprintf(reason, reason_size, "it needs a host of ABI 1.2");
    return OBJLENS_EFAILED;
}

/* Always false: `return kit_wrong(…)`. `format` takes one string, of which the beginning is shown. */
static bool kit_wrong(struct kit_config *config, const char *format, const char *what)
    __attribute__((format(printf, 2, 0)));

static inline bool kit_wrong(struct kit_config *config, const char *format, const char *what)
{
    char shown[KIT_SHOWN_BYTES_MAX + 1];
    snprintf(shown, sizeof(shown), "%.*s", KIT_SHOWN_BYTES_MAX, what);
    snprintf(config->reason, sizeof(config->reason), format, shown);
    return false;
}

static inline bool kit_read_word(struct kit_config *config, const struct kit_key *key, const json_t *value)
{
    const char *word = json_string_value(value);
    char *reason = config->reason;
    size_t room = sizeof(config->reason);
    for (const struct kit_word *w = key->words; word && w->name; w++)
        if (strcmp(w->name, word) == 0 && json_string_length(value) == strlen(word)) {
            memcpy((char *)config + key->offset, &w->value, sizeof(w->value));
            return true;
        }
    size_t used = (size_t)snprintf(reason, room, "\"%s\" must be ", key->name);
    for (const struct kit_word *w = key->words; w->name && used < room; w++)
        used += (size_t)snprintf(reason + used, room - used, "%s%s",
                                 w == key->words ? "" : w[1].name ? ", " : " or ", w->name);
    return false;
}

static inline bool kit_read_number(struct kit_config *config, const struct kit_key *key, const json_t *value)
{
    json_int_t n = json_integer_value(value);
    if (json_is_integer(value) && n >= 0 && (uint64_t)n >= key->min && (uint64_t)n <= key->max) {
        uint64_t number = (uint64_t)n;
        memcpy((char *)config + key->offset, &number, sizeof(number));
        return true;
    }
    snprintf(config->reason, sizeof(config->reason), "\"%s\" must be a whole number from %llu to %llu",
             key->name, (unsigned long long)key->min, (unsigned long long)key->max);
    return false;
}

static inline bool kit_read_text(struct kit_config *config, const struct kit_key *key, const json_t *value)
{
    const char *text = json_string_value(value);
    size_t size = text ? json_string_length(value) : 0;
    if (text && size >= key->min && size <= key->max && strlen(text) == size) {
        memcpy((char *)config + key->offset, text, size + 1);
        return true;
    }
    snprintf(config->reason, sizeof(config->reason), "\"%s\" must be a text of %llu to %llu bytes",
             key->name, (unsigned long long)key->min, (unsigned long long)key->max);
    return false;
}

static inline bool kit_read_value(struct kit_config *config, const struct kit_key *key, const json_t *value)
{
    bool is = json_is_true(value);
    switch (key->type) {
    case KIT_NUMBER: return kit_read_number(config, key, value);
    case KIT_WORD: return kit_read_word(config, key, value);
    case KIT_TEXT: return kit_read_text(config, key, value);
    case KIT_OTHER: return key->read(config, key->name, value);
    case KIT_BOOL: break;
    }
    memcpy((char *)config + key->offset, &is, sizeof(is));
    return json_is_boolean(value) || kit_wrong(config, "\"%s\" must be true or false", key->name);
}

static inline bool kit_knows(const struct kit_key *keys, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(keys[i].name, name) == 0)
            return true;
    return false;
}

/* In the order of the table, whatever that of the payload: a key may build on those before it. */
static inline bool kit_read_object(struct kit_config *config, const struct kit_key *keys, size_t count,
                                   json_t *root)
{
    const char *name;
    json_t *value;
    if (!json_is_object(root))
        return kit_wrong(config, "%s", "the payload must be a JSON object");
    json_object_foreach(root, name, value) {
        if (!kit_knows(keys, count, name))
            return kit_wrong(config, "the payload has an unknown key, \"%s\"", name);
    }
    for (size_t i = 0; i < count; i++) {
        value = json_object_get(root, keys[i].name);
        if (value && !kit_read_value(config, &keys[i], value))
            return false;
    }
    return true;
}

/*
 * `config` has its defaults; an empty payload leaves them. OBJLENS_OK also when the payload is
 * wrong: `config->reason` says what is. OBJLENS_ENOMEM is nobody's fault.
 */
static inline int kit_payload_read(struct kit_config *config, const struct kit_key *keys, size_t count,
                                   const char *payload, size_t size)
{
    json_error_t error;
    config->reason[0] = '\0';
    if (size == 0)
        return OBJLENS_OK;
    json_t *root = json_loadb(payload, size, JSON_REJECT_DUPLICATES, &error);
    if (!root && json_error_code(&error) == json_error_out_of_memory)
        return OBJLENS_ENOMEM;
    if (!root) {
        snprintf(config->reason, sizeof(config->reason), "the payload is not JSON: line %d, column %d",
                 error.line, error.column);
        return OBJLENS_OK;
    }
    if (!kit_read_object(config, keys, count, root) && config->reason[0] == '\0')
        kit_wrong(config, "%s", "the payload cannot be read");
    json_decref(root);
    return OBJLENS_OK;
}

/* What configure() made for this request, for open() and head(). When the payload was wrong the
 * request fails, with `name` in front of the reason. */
static inline int kit_config_of(const struct objlens_host *host, struct objlens_call *call,
                                const char *name, struct kit_config **config)
{
    char message[KIT_REASON_BYTES + 64];
    *config = host->config(call);
    if (!*config)
        return OBJLENS_ENOMEM;
    if ((*config)->reason[0] == '\0')
        return OBJLENS_OK;
    snprintf(message, sizeof(message), "%s: %s", name, (*config)->reason);
    return host->fail(call, 500, "InvalidTransformPayload", message);
}

#endif
