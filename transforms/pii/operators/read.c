/* SPDX-License-Identifier: MIT */
#include "operators/read.h"

#include <openssl/crypto.h>

#include "files.h"

#define KEEP_MAX 64
#define DAYS_MAX 36500

struct reading {
    struct kit_config kit;
    struct pii_operator op;
    bool per_given;
    int per; /* 1: file */
    uint64_t keep_first, keep_last, length, days;
    int form, alphabet, kind;
};

static struct reading *own(struct kit_config *c)
{
    return (struct reading *)(void *)c;
}

void pii_operator_defaults(struct pii_operator *op)
{
    memcpy(op->template_text, "[{type}]", sizeof("[{type}]"));
    op->mask_character[0] = '*';
    op->mask_size = 1;
    op->normalize = true;
    op->days_max = 365;
}

/* One character. jansson has seen to it that the text is well-formed UTF-8. */
bool pii_read_mask_character(struct kit_config *c, const char *key, const json_t *value,
                             struct pii_operator *op)
{
    const char *text = json_string_value(value);
    size_t size = text ? json_string_length(value) : 0, characters = 0;
    for (size_t i = 0; i < size; i++)
        characters += ((unsigned char)text[i] & 0xc0) != 0x80;
    if (characters != 1 || (unsigned char)text[0] < 0x20 || text[0] == 0x7f)
        return kit_wrong(c, "\"%s\" must be one printable character", key);
    memcpy(op->mask_character, text, size);
    op->mask_size = size;
    return true;
}

bool pii_read_template(struct kit_config *c, const char *key, const json_t *value,
                       struct pii_operator *op)
{
    const char *text = json_string_value(value);
    size_t size = text ? json_string_length(value) : 0;
    bool printable = text && size > 0 && size <= PII_TEMPLATE_MAX && strlen(text) == size;
    for (size_t i = 0; printable && i < size; i++)
        printable = (unsigned char)text[i] >= 0x20 && text[i] != 0x7f;
    if (!printable)
        return kit_wrong(c, "\"%s\" must be a text of 1 to 128 printable bytes", key);
    memcpy(op->template_text, text, size + 1);
    return true;
}

bool pii_file_of(struct kit_config *c, const char *key, const json_t *value, bool as_key, const char **bytes,
                 size_t *size)
{
    const char *name = json_string_value(json_object_get(value, "file"));
    if (!name || json_object_size(value) != 1)
        return kit_wrong(c, "a file of \"%s\" is named by an object with the key \"file\" alone", key);
    if (as_key && !pii_files_is_key(name))
        return kit_wrong(c, "\"%s\" is no file for a key: its name must end in .key", name);
    if (!as_key && pii_files_is_key(name))
        return kit_wrong(c, "\"%s\" is a key, and not read for anything else", name);
    return pii_files_find(name, bytes, size) ||
           kit_wrong(c, "there is no file \"%s\" in the preload_folders of pii", name);
}

bool pii_read_key(struct kit_config *c, const char *key, const json_t *value, struct pii_keys *keys)
{
    const char *text = json_string_value(value);
    size_t size = text ? json_string_length(value) : 0;
    if (json_is_object(value) && !pii_file_of(c, key, value, true, &text, &size))
        return false;
    while (json_is_object(value) && size > 0 && (text[size - 1] == '\n' || text[size - 1] == '\r'))
        size--;
    return (text && pii_keys_make(keys, text, size)) ||
           kit_wrong(c, "\"%s\" must be a text of 16 to 256 bytes, or 64 hexadecimal digits", key);
}

/* ---- the options of an object ------------------------------------------------------------- */

static bool mask_character(struct kit_config *c, const char *key, const json_t *value)
{
    return pii_read_mask_character(c, key, value, &own(c)->op);
}

static bool template_text(struct kit_config *c, const char *key, const json_t *value)
{
    return pii_read_template(c, key, value, &own(c)->op);
}

static bool key_text(struct kit_config *c, const char *key, const json_t *value)
{
    return pii_read_key(c, key, value, &own(c)->op.keys);
}

static bool passed_over(struct kit_config *c, const char *key, const json_t *value)
{
    (void)c, (void)key, (void)value;
    return true;
}

static const struct kit_word kinds[] = {
    {"keep", PII_KEEP},       {"replace", PII_REPLACE},       {"mask", PII_MASK},
    {"redact", PII_REDACT},   {"hash", PII_HASH},             {"encrypt", PII_ENCRYPT},
    {"ff1", PII_FF1},         {"date_shift", PII_DATE_SHIFT}, {"surrogate", PII_SURROGATE},
    {NULL, 0},
};
static const struct kit_word forms[] = {{"hex", PII_HEX}, {"base32", PII_BASE32}, {NULL, 0}};
static const struct kit_word alphabets[] = {
    {"digits", PII_ALPHABET_DIGITS}, {"alnum", PII_ALPHABET_ALNUM}, {NULL, 0}};
static const struct kit_word scopes[] = {{"value", 0}, {"file", 1}, {NULL, 0}};

static const struct kit_key options[] = {
    KIT_WORD_KEY("operator", struct reading, kind, kinds),
    KIT_OTHER_KEY("entity", passed_over),
    KIT_OTHER_KEY("template", template_text),
    KIT_OTHER_KEY("mask_character", mask_character),
    KIT_NUMBER_KEY("keep_first", struct reading, keep_first, 0, KEEP_MAX),
    KIT_NUMBER_KEY("keep_last", struct reading, keep_last, 0, KEEP_MAX),
    KIT_BOOL_KEY("keep_separators", struct reading, op.keep_separators),
    KIT_OTHER_KEY("key", key_text),
    KIT_WORD_KEY("form", struct reading, form, forms),
    KIT_NUMBER_KEY("length", struct reading, length, 4, 64),
    KIT_BOOL_KEY("normalize", struct reading, op.normalize),
    KIT_WORD_KEY("alphabet", struct reading, alphabet, alphabets),
    KIT_NUMBER_KEY("days", struct reading, days, 1, DAYS_MAX),
    KIT_WORD_KEY("per", struct reading, per, scopes),
    KIT_BOOL_KEY("day_first", struct reading, op.day_first),
};

static struct reading begin_reading(const struct pii_operator *from)
{
    return (struct reading){.op = *from,
                            .kind = (int)from->kind,
                            .keep_first = from->keep_first,
                            .keep_last = from->keep_last,
                            .form = (int)from->form,
                            .length = from->hash_characters,
                            .alphabet = (int)from->alphabet,
                            .days = from->days_max,
                            .per = from->per_file};
}

static void end_reading(struct reading *r)
{
    r->op.kind = (enum pii_operator_kind)r->kind;
    r->op.keep_first = (uint32_t)r->keep_first;
    r->op.keep_last = (uint32_t)r->keep_last;
    r->op.form = (enum pii_hash_form)r->form;
    r->op.hash_characters = (uint32_t)r->length;
    r->op.alphabet = (enum pii_alphabet)r->alphabet;
    r->op.days_max = (uint32_t)r->days;
    r->op.per_file = r->per == 1;
}

static bool read_object(struct kit_config *c, const json_t *value, struct reading *r)
{
    bool ok = kit_read_object(&r->kit, options, sizeof(options) / sizeof(options[0]),
                              (json_t *)(uintptr_t)value);
    if (!ok)
        memcpy(c->reason, r->kit.reason, sizeof(c->reason));
    return ok;
}

/* "[{type}]" is the default of replace; a hash stands alone unless a template is given. */
static bool has_template(const json_t *value)
{
    return json_is_object(value) && json_object_get(value, "template");
}

bool pii_read_operator(struct kit_config *c, const char *key, const json_t *value,
                       const struct pii_operator *from, const struct pii_keys *keys,
                       struct pii_operator *op)
{
    struct reading r = begin_reading(from);
    bool ok = false;
    if (json_is_object(value)) {
        ok = read_object(c, value, &r);
    } else if (json_is_string(value)) {
        static const struct kit_key named = KIT_WORD_KEY("operator", struct reading, kind, kinds);
        ok = kit_read_word(&r.kit, &named, value) ||
             kit_wrong(c, "\"%s\" is given neither an operator nor an entity", key);
    } else {
        kit_wrong(c, "\"%s\" must be an operator: a name or an object", key);
    }
    end_reading(&r);
    if (ok && r.op.kind == PII_HASH && from->kind != PII_HASH && !has_template(value))
        r.op.template_text[0] = '\0';
    if (ok && r.op.kind == PII_REPLACE && r.op.template_text[0] == '\0')
        memcpy(r.op.template_text, "[{type}]", sizeof("[{type}]"));
    if (!r.op.keys.given)
        r.op.keys = *keys;
    if (ok)
        *op = r.op;
    OPENSSL_cleanse(&r, sizeof(r));
    return ok;
}
