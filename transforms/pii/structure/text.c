/* SPDX-License-Identifier: MIT */
/*
 * Text: one value from end to end. What is written as %40, &#64;, &commat; or \u0040 is seen as
 * what it means, where that is a letter, a digit or one of @.-+:_/, and \n, \r and \t as the blanks
 * that they are; it leaves as it came unless it lies in a finding.
 *
 * Logs are text in which rules for keys apply: what follows "key=" or "key:", in quotes or up to
 * a blank, comma, semicolon or ampersand, is then a value of its own. The key may stand in quotes
 * ("ssn": "x"); the value then also ends in front of a bracket.
 */
#include <string.h>

#include "structure/structure.h"

struct text {
    struct pii_values *values;
    const struct pii_fields *keys; /* of logs; NULL: no rule is for a key */
    bool in_value;
    uint8_t token[PII_ESCAPE_MAX]; /* what may become an escape */
    size_t token_size;

    /* Of logs. */
    char key[PII_NAME_MAX];
    size_t key_size; /* over PII_NAME_MAX: too long for a key */
    uint8_t key_quote; /* in front of the key; 0: none */
    bool key_ended;    /* a blank or quote stands behind it */
    const struct pii_field_rule *rule; /* a value of this rule begins, or goes on */
    bool in_field;
    uint8_t quote; /* of the value; 0: none */
    bool escaped;
};

static void begin_value(struct text *t, const struct pii_field_rule *rule)
{
    struct pii_value value = {.place = PII_PLACE_TEXT, .rule = rule, .field = ""};
    if (rule && rule->action != PII_RULE_REPLACE) {
        value.field = t->key;
        value.field_size = t->key_size;
    }
    pii_values_begin(t->values, &value);
    t->in_value = true;
}

static void end_value(struct text *t)
{
    if (t->in_value)
        pii_values_end(t->values);
    t->in_value = false;
}

/* ---- escapes ------------------------------------------------------------------------------ */

static bool is_sign(uint8_t c)
{
    return c == '%' || c == '&' || c == '\\';
}

static bool is_letter_of_escape(uint8_t c)
{
    return c == 'u' || c == 'n' || c == 'r' || c == 't' || c == '\\';
}

/* Whether a token may go on with `c` as its byte number `n`. */
static bool goes_on(const struct text *t, size_t n, uint8_t c)
{
    if (t->token[0] == '%')
        return pii_hex(c);
    if (t->token[0] == '\\')
        return n == 1 ? is_letter_of_escape(c) : pii_hex(c);
    return pii_alnum(c) || c == '#' || c == ';';
}

static bool is_whole(const struct text *t)
{
    uint8_t sign = t->token[0];
    size_t n = t->token_size;
    if (sign == '\\')
        return n == 6 || (n == 2 && t->token[1] != 'u');
    return sign == '%' ? n == 3 : n > 1 && t->token[n - 1] == ';';
}

static uint32_t meaning_of(const struct text *t)
{
    uint32_t code = 0;
    if (t->token[0] == '&')
        return pii_reference_meaning(t->token, t->token_size);
    for (size_t i = t->token[0] == '%' ? 1 : 2; i < t->token_size; i++)
        code = code << 4 | pii_hex_value(t->token[i]);
    return code;
}

static void drop_token(struct text *t)
{
    size_t size = t->token_size;
    t->token_size = 0;
    pii_values_plain(t->values, t->token, size, false);
}

/* What may hide a finding. Blanks, quotes, brackets and the like would end one: in an URL they
 * are escaped so that they do not. */
static bool hides(uint8_t c)
{
    return pii_alnum(c) || c == '@' || c == '.' || c == '-' || c == '+' || c == ':' || c == '_' ||
           c == '/';
}

/* "\n", "\r" and "\t", as JSON and programs write them: the number behind is not part of a word. */
static uint8_t blank_of(uint8_t letter)
{
    return letter == 't' ? '\t' : '\n';
}

static void give_token(struct text *t)
{
    bool blank = t->token[0] == '\\' && t->token_size == 2 && t->token[1] != '\\';
    uint32_t code = blank ? blank_of(t->token[1]) : meaning_of(t);
    if (!blank && (code > 0x7e || !hides((uint8_t)code))) {
        drop_token(t);
        return;
    }
    uint8_t meaning = (uint8_t)code;
    size_t size = t->token_size;
    t->token_size = 0;
    pii_values_escape(t->values, t->token, size, &meaning, 1);
}

/* False: the byte is none of the token, which is no escape then. */
static bool token_byte(struct text *t, uint8_t c)
{
    if (!goes_on(t, t->token_size, c) || t->token_size == sizeof(t->token)) {
        drop_token(t);
        return false;
    }
    t->token[t->token_size++] = c;
    if (is_whole(t))
        give_token(t);
    return true;
}

/* ---- finding signs ------------------------------------------------------------------------ */

/* Sixteen bytes at a time: vectors of the compiler, which every CPU has in some form. */
typedef uint8_t vector __attribute__((vector_size(16)));

static vector signs_of(const uint8_t *bytes)
{
    vector v;
    memcpy(&v, bytes, sizeof(v));
    return (vector)((v == '%') | (v == '&') | (v == '\\'));
}

static bool any_sign(const uint8_t *bytes)
{
    vector any = signs_of(bytes) | signs_of(bytes + 16) | signs_of(bytes + 32) | signs_of(bytes + 48);
    uint64_t words[2];
    memcpy(words, &any, sizeof(words));
    return (words[0] | words[1]) != 0;
}

/* The bytes before the first sign. */
static size_t plain_length(const uint8_t *bytes, size_t size)
{
    size_t at = 0;
    while (at + 64 <= size && !any_sign(bytes + at))
        at += 64;
    while (at < size && !is_sign(bytes[at]))
        at++;
    return at;
}

static size_t plain(struct text *t, const uint8_t *bytes, size_t size)
{
    if (t->token_size > 0)
        return token_byte(t, bytes[0]);
    if (!t->in_value)
        begin_value(t, NULL);
    size_t n = t->values->decision->config->decode ? plain_length(bytes, size) : size;
    if (n > 0)
        pii_values_plain(t->values, bytes, n, false);
    if (n < size)
        t->token[t->token_size++] = bytes[n];
    return n < size ? n + 1 : n;
}

static void text_write(void *state, const uint8_t *bytes, size_t size)
{
    struct text *t = state;
    for (size_t at = 0; at < size && t->values->out->result == OBJLENS_OK;)
        at += plain(t, bytes + at, size - at);
}

static void text_begin(void *state, struct pii_values *values)
{
    struct text *t = state;
    t->values = values;
}

static void text_finish(void *state)
{
    struct text *t = state;
    if (t->token_size > 0)
        drop_token(t);
    end_value(t);
}

const struct pii_tokeniser pii_text_tokeniser = {"text", sizeof(struct text), text_begin, text_write,
                                                 text_finish};

/* ---- logs --------------------------------------------------------------------------------- */

static bool in_key(uint8_t c)
{
    return pii_alnum(c) || c == '_' || c == '.' || c == '-' || c == '@';
}

static bool is_quote(uint8_t c)
{
    return c == '"' || c == '\'';
}

static void forget_key(struct text *t, uint8_t before)
{
    t->key_size = 0;
    t->key_ended = false;
    t->key_quote = is_quote(before) ? before : 0;
}

/* ssn, "ssn" or 'ssn', perhaps with a blank behind it. */
static void watch_key(struct text *t, uint8_t c)
{
    bool closes = t->key_quote ? c == t->key_quote && !t->key_ended : c == ' ';
    if (t->key_size > 0 && (closes || (c == ' ' && t->key_ended)))
        t->key_ended = true;
    else if (!in_key(c))
        forget_key(t, c);
    else if (t->key_ended)
        forget_key(t, 0);
    if (!in_key(c))
        return;
    if (t->key_size < sizeof(t->key))
        t->key[t->key_size++] = (char)c;
    else
        t->key_size = sizeof(t->key) + 1;
}

/* The rule of the key that ends here. */
static const struct pii_field_rule *rule_of_key(const struct text *t)
{
    if (t->key_size == 0 || t->key_size > sizeof(t->key))
        return NULL;
    return pii_fields_column(t->keys, 0, t->key, t->key_size);
}

static void start_field(struct text *t, const struct pii_field_rule *rule, uint8_t sign)
{
    if (t->token_size > 0)
        drop_token(t);
    end_value(t);
    pii_values_literal(t->values, &sign, 1);
    t->rule = rule;
    t->in_field = false;
}

/* Between the sign and the value. */
static size_t before_field(struct text *t, uint8_t c)
{
    if (c == ' ') {
        pii_values_literal(t->values, &c, 1);
        return 1;
    }
    t->quote = c == '"' || c == '\'' ? c : 0;
    if (t->quote)
        pii_values_literal(t->values, &c, 1);
    begin_value(t, t->rule);
    t->in_field = true;
    t->escaped = false;
    return t->quote ? 1 : 0;
}

static bool ends_field(const struct text *t, uint8_t c)
{
    if (c == '\n' || c == '\r')
        return true;
    if (t->quote)
        return c == t->quote && !t->escaped;
    return c == ' ' || c == '\t' || c == ',' || c == ';' || c == '&' ||
           (t->key_quote && (c == '}' || c == ']' || c == t->key_quote));
}

static size_t in_field(struct text *t, const uint8_t *bytes, size_t size)
{
    size_t n = 0;
    while (n < size && !ends_field(t, bytes[n]))
        t->escaped = bytes[n++] == '\\' && !t->escaped;
    pii_values_plain(t->values, bytes, n, n < size);
    if (n == size)
        return n;
    t->in_value = t->in_field = false;
    t->rule = NULL;
    forget_key(t, 0);
    return n;
}

static size_t log_step(struct text *t, const uint8_t *bytes, size_t size)
{
    if (t->in_field)
        return in_field(t, bytes, size);
    if (t->rule)
        return before_field(t, bytes[0]);
    const struct pii_field_rule *rule = NULL;
    if (bytes[0] == '=' || bytes[0] == ':')
        rule = rule_of_key(t);
    if (rule) {
        start_field(t, rule, bytes[0]);
        return 1;
    }
    bool escapes = t->token_size == 1 && t->token[0] == '\\';
    size_t used = plain(t, bytes, 1);
    if (used > 0 && escapes && is_letter_of_escape(bytes[0]))
        forget_key(t, 0);
    else if (used > 0)
        watch_key(t, bytes[0]);
    return used;
}

static void log_write(void *state, const uint8_t *bytes, size_t size)
{
    struct text *t = state;
    if (t->keys->count == 0) {
        text_write(t, bytes, size);
        return;
    }
    for (size_t at = 0; at < size && t->values->out->result == OBJLENS_OK;)
        at += log_step(t, bytes + at, size - at);
}

static void log_begin(void *state, struct pii_values *values)
{
    struct text *t = state;
    t->values = values;
    t->keys = &values->decision->config->fields;
}

const struct pii_tokeniser pii_log_tokeniser = {"log", sizeof(struct text), log_begin, log_write,
                                                text_finish};

/* ---- forms: a=b&c=d ----------------------------------------------------------------------- */

struct form {
    struct pii_values *values;
    bool in_value, is_key;
    char key[PII_NAME_MAX];
    size_t key_size;
    uint8_t token[3];
    size_t token_size;
};

static void form_value(struct form *f, bool key)
{
    struct pii_value value = {.place = PII_PLACE_FORM, .field = ""};
    f->is_key = key;
    if (key) {
        f->key_size = 0;
    } else {
        value.field = f->key;
        value.field_size = f->key_size;
        value.rule = pii_fields_column(&f->values->decision->config->fields, 0, f->key, f->key_size);
    }
    pii_values_begin(f->values, &value);
    f->in_value = true;
}

static void keep_key(struct form *f, uint8_t c)
{
    if (f->is_key && f->key_size < sizeof(f->key))
        f->key[f->key_size++] = (char)c;
}

static void form_escape(struct form *f, const uint8_t *bytes, size_t size, uint8_t meaning)
{
    keep_key(f, meaning);
    pii_values_escape(f->values, bytes, size, &meaning, 1);
}

static void form_plain(struct form *f, const uint8_t *bytes, size_t size)
{
    for (size_t i = 0; f->is_key && i < size; i++)
        keep_key(f, bytes[i]);
    if (size > 0)
        pii_values_plain(f->values, bytes, size, false);
}

/* False: what was begun is no escape, and the byte none of it. */
static bool form_token(struct form *f, uint8_t c)
{
    size_t n = f->token_size;
    if (!pii_hex(c)) {
        f->token_size = 0;
        form_plain(f, f->token, n);
        return false;
    }
    f->token[f->token_size++] = c;
    if (f->token_size == 3) {
        f->token_size = 0;
        form_escape(f, f->token, 3,
                    (uint8_t)(pii_hex_value(f->token[1]) << 4 | pii_hex_value(f->token[2])));
    }
    return true;
}

static void form_end(struct form *f)
{
    if (f->token_size > 0)
        form_plain(f, f->token, f->token_size);
    f->token_size = 0;
    if (f->in_value)
        pii_values_end(f->values);
    f->in_value = false;
}

static size_t form_step(struct form *f, const uint8_t *bytes, size_t size)
{
    uint8_t c = bytes[0];
    if (f->token_size > 0 && (pii_hex(c) || c != '&'))
        return form_token(f, c);
    bool separates = c == '&' || c == '\n' || c == '\r' || (c == '=' && f->is_key);
    if (separates) {
        form_end(f);
        pii_values_literal(f->values, &c, 1);
        f->is_key = c != '=';
        if (c == '=')
            form_value(f, false);
        return 1;
    }
    if (!f->in_value)
        form_value(f, true);
    size_t n = 0;
    while (n < size && !memchr("&=+%\n\r", bytes[n], 6))
        n++;
    form_plain(f, bytes, n);
    if (n > 0)
        return n;
    if (c == '+')
        form_escape(f, bytes, 1, ' ');
    else if (c == '%')
        f->token[f->token_size++] = '%';
    else
        form_plain(f, bytes, 1);
    return 1;
}

static void form_write(void *state, const uint8_t *bytes, size_t size)
{
    struct form *f = state;
    for (size_t at = 0; at < size && f->values->out->result == OBJLENS_OK;)
        at += form_step(f, bytes + at, size - at);
}

static void form_begin(void *state, struct pii_values *values)
{
    struct form *f = state;
    f->values = values;
    f->is_key = true;
}

static void form_finish(void *state)
{
    form_end(state);
}

const struct pii_tokeniser pii_form_tokeniser = {"form", sizeof(struct form), form_begin, form_write,
                                                 form_finish};
