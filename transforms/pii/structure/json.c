/* SPDX-License-Identifier: MIT */
/*
 * JSON and NDJSON: any number of values, one after the other. Strings, the keys among them, are
 * values; so are numbers, and true and false where a rule names them. Everything else is
 * punctuation. An object's key is the name of what follows.
 */
#include <string.h>

#include "structure/structure.h"

#define NUMBER_MAX 256
#define ESCAPE_MAX 12

enum expect {
    VALUE,        /* a value */
    FIRST_ITEM,   /* or the end of an empty array */
    FIRST_KEY,    /* or the end of an empty object */
    KEY,
    COLON,
    COMMA,        /* or the end of what it lies in; at the top any value */
    IN_STRING,
    IN_NUMBER,
};

struct json {
    struct pii_values *values;
    struct pii_path path;
    enum expect expect;
    bool is_key;
    uint8_t objects[PII_DEPTH_MAX / 8 + 1]; /* bit of a level: it is an object, else an array */
    uint32_t indexes[PII_NAMES_KEPT];      /* of items, where their rules can matter */
    char key[PII_NAME_MAX];
    size_t key_size;
    uint8_t token[NUMBER_MAX]; /* a number or word; an escape */
    size_t token_size;
};

/* ---- the way down ------------------------------------------------------------------------- */

static bool in_object(const struct json *j)
{
    return j->path.depth > 0 && (j->objects[(j->path.depth - 1) / 8] >> (j->path.depth - 1) % 8 & 1);
}

/* A value begins: of the key read last, or the next item. The path stands at it until leave(). */
static bool enter(struct json *j)
{
    uint32_t *index = &j->indexes[j->path.depth < PII_NAMES_KEPT ? j->path.depth : 0];
    struct pii_node node = {.root = j->path.depth == 0,
                            .name = in_object(j) ? j->key : NULL,
                            .size = j->key_size,
                            .index = *index};
    if (!in_object(j) && *index < UINT32_MAX)
        (*index)++;
    if (!pii_path_push(&j->path, &node)) {
        pii_structure_fail(j->values, "the JSON is nested deeper than 10000 levels");
        return false;
    }
    return true;
}

static void leave(struct json *j)
{
    pii_path_pop(&j->path);
    j->expect = COMMA;
}

/* Values at the top have no name and no path: the path's first level is in the first container. */
static bool at_top(const struct json *j)
{
    return j->path.depth == 0;
}

static void open_container(struct json *j, bool object)
{
    uint32_t level = j->path.depth - 1;
    j->objects[level / 8] = (uint8_t)((j->objects[level / 8] & ~(1u << level % 8)) |
                                      (unsigned)object << level % 8);
    if (j->path.depth < PII_NAMES_KEPT)
        j->indexes[j->path.depth] = 0;
    j->expect = object ? FIRST_KEY : FIRST_ITEM;
}

static void begin_value(struct json *j, enum pii_place place)
{
    struct pii_value value = {.place = place};
    if (!j->is_key) {
        value.rule = pii_path_rule(&j->path);
        value.field = pii_path_name(&j->path, &value.field_size);
    }
    pii_values_begin(j->values, &value);
}

/* ---- strings ------------------------------------------------------------------------------ */

static void keep_key(struct json *j, const uint8_t *bytes, size_t size)
{
    size_t room = sizeof(j->key) - j->key_size;
    if (!j->is_key || room == 0)
        return;
    size = size < room ? size : room;
    memcpy(j->key + j->key_size, bytes, size);
    j->key_size += size;
}

static void give_escape(struct json *j, size_t size, uint32_t code)
{
    uint8_t meaning[4];
    size_t meaning_size = pii_utf8_encode(code, meaning);
    keep_key(j, meaning, meaning_size);
    pii_values_escape(j->values, j->token, size, meaning, meaning_size);
    memmove(j->token, j->token + size, j->token_size - size);
    j->token_size -= size;
}

static uint32_t code_at(const struct json *j, size_t at)
{
    uint32_t code = 0;
    for (size_t i = at; i < at + 4; i++)
        code = code << 4 | pii_hex_value(j->token[i]);
    return code;
}

static bool is_high(uint32_t code)
{
    return code >= 0xd800 && code < 0xdc00;
}

/* A high surrogate that nothing fits to stands alone. */
static void give_lone(struct json *j)
{
    if (j->token_size >= 6)
        give_escape(j, 6, code_at(j, 2));
}

static void short_escape(struct json *j, uint8_t c)
{
    static const char letters[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";
    const char *at = memchr(letters, c, sizeof(letters) - 1);
    if (at)
        give_escape(j, 2, (uint8_t)meanings[at - letters]);
    else
        pii_structure_fail(j->values, "the JSON has an escape that does not exist");
}

static void long_escape(struct json *j)
{
    uint32_t first = code_at(j, 2), second;
    if (j->token_size == 6) {
        if (!is_high(first))
            give_escape(j, 6, first);
        return;
    }
    second = code_at(j, 8);
    if (second >= 0xdc00 && second < 0xe000) {
        give_escape(j, 12, 0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00));
        return;
    }
    give_lone(j);
    long_escape(j);
}

/* In an escape, or behind a high surrogate. False: the byte is none of it. */
static bool escape_byte(struct json *j, uint8_t c)
{
    if (j->token_size == 6 && c != '\\') {
        give_lone(j);
        return false;
    }
    j->token[j->token_size++] = c;
    size_t n = j->token_size;
    if (n == 8 && c != 'u') {
        give_lone(j); /* leaves the other escape */
        n = 2;
    }
    if (n == 2 && c != 'u')
        short_escape(j, c);
    else if (((n > 2 && n <= 6) || n > 8) && !pii_hex(c))
        pii_structure_fail(j->values, "the JSON has a broken \\u escape");
    else if (n == 6 || n == 12)
        long_escape(j);
    return true;
}

static void end_string(struct json *j)
{
    pii_values_literal(j->values, (const uint8_t *)"\"", 1);
    if (j->is_key)
        j->expect = COLON;
    else
        leave(j);
    j->is_key = false;
}

/* The first '"' or '\\'. */
static size_t plain_length(const uint8_t *bytes, size_t size)
{
    const uint8_t *end = memchr(bytes, '"', size);
    size_t n = end ? (size_t)(end - bytes) : size;
    const uint8_t *escape = memchr(bytes, '\\', n);
    return escape ? (size_t)(escape - bytes) : n;
}

static size_t in_string(struct json *j, const uint8_t *bytes, size_t size)
{
    if (j->token_size > 0 && escape_byte(j, bytes[0]))
        return 1;
    size_t n = plain_length(bytes, size);
    keep_key(j, bytes, n);
    bool last = n < size && bytes[n] == '"';
    if (n > 0 || last)
        pii_values_plain(j->values, bytes, n, last);
    if (last)
        end_string(j);
    else if (n < size)
        j->token[j->token_size++] = '\\';
    return n < size ? n + 1 : n;
}

/* ---- numbers and words -------------------------------------------------------------------- */

static bool in_token(uint8_t c)
{
    return pii_alnum(c) || c == '-' || c == '+' || c == '.';
}

static bool is_number(const uint8_t *t, size_t n)
{
    size_t i = n > 0 && t[0] == '-', digits;
    for (digits = i; i < n && pii_digit(t[i]); i++)
        ;
    if (i == digits || (t[digits] == '0' && i > digits + 1))
        return false;
    if (i < n && t[i] == '.') {
        for (digits = ++i; i < n && pii_digit(t[i]); i++)
            ;
        if (i == digits)
            return false;
    }
    if (i < n && (t[i] == 'e' || t[i] == 'E')) {
        i++;
        i += i < n && (t[i] == '-' || t[i] == '+');
        for (digits = i; i < n && pii_digit(t[i]); i++)
            ;
        if (i == digits)
            return false;
    }
    return i == n;
}

static bool is_word(const struct json *j, const char *word)
{
    return j->token_size == strlen(word) && memcmp(j->token, word, j->token_size) == 0;
}

static void end_token(struct json *j)
{
    bool word = is_word(j, "true") || is_word(j, "false") || is_word(j, "null");
    if (!word && !is_number(j->token, j->token_size)) {
        pii_structure_fail(j->values, "the JSON has something that is no value");
        return;
    }
    const struct pii_field_rule *rule = pii_path_rule(&j->path);
    bool ruled = rule && rule->action == PII_RULE_REPLACE;
    bool literal = word ? !ruled || is_word(j, "null")
                        : !rule && !j->values->decision->config->numbers;
    if (literal) {
        pii_values_literal(j->values, j->token, j->token_size);
    } else {
        begin_value(j, PII_PLACE_NUMBER);
        pii_values_plain(j->values, j->token, j->token_size, true);
    }
    j->token_size = 0;
    leave(j);
}

static size_t token_byte(struct json *j, uint8_t c)
{
    if (!in_token(c)) {
        end_token(j);
        return 0;
    }
    if (j->token_size == NUMBER_MAX) {
        pii_structure_fail(j->values, "the JSON has a number of more than 256 characters");
        return 1;
    }
    j->token[j->token_size++] = c;
    return 1;
}

/* ---- punctuation -------------------------------------------------------------------------- */

static void start_string(struct json *j, bool key)
{
    pii_values_literal(j->values, (const uint8_t *)"\"", 1);
    j->is_key = key;
    if (key)
        j->key_size = 0;
    else if (!enter(j))
        return;
    begin_value(j, PII_PLACE_JSON);
    j->expect = IN_STRING;
}

static void start_value(struct json *j, uint8_t c)
{
    if (c == '"') {
        start_string(j, false);
    } else if (c == '{' || c == '[') {
        pii_values_literal(j->values, &c, 1);
        if (enter(j))
            open_container(j, c == '{');
    } else if (in_token(c)) {
        if (enter(j)) {
            j->token[0] = c;
            j->token_size = 1;
            j->expect = IN_NUMBER;
        }
    } else {
        pii_structure_fail(j->values, "the JSON has something where a value should be");
    }
}

static void close_container(struct json *j, uint8_t c)
{
    if (at_top(j) || (c == '}') != in_object(j)) {
        pii_structure_fail(j->values, "the JSON closes what is not open");
        return;
    }
    pii_values_literal(j->values, &c, 1);
    leave(j);
}

static void punctuation(struct json *j, uint8_t c)
{
    bool closes = c == '}' || c == ']';
    if (closes && (j->expect == COMMA || j->expect == FIRST_ITEM || j->expect == FIRST_KEY)) {
        close_container(j, c);
    } else if (j->expect == COMMA && !at_top(j) && c == ',') {
        pii_values_literal(j->values, &c, 1);
        j->expect = in_object(j) ? KEY : VALUE;
    } else if (j->expect == COLON && c == ':') {
        pii_values_literal(j->values, &c, 1);
        j->expect = VALUE;
    } else if ((j->expect == KEY || j->expect == FIRST_KEY) && c == '"') {
        start_string(j, true);
    } else if (j->expect == VALUE || j->expect == FIRST_ITEM || (j->expect == COMMA && at_top(j))) {
        start_value(j, c);
    } else {
        pii_structure_fail(j->values, "the JSON is broken");
    }
}

static size_t blanks(const uint8_t *bytes, size_t size)
{
    size_t n = 0;
    while (n < size && (bytes[n] == ' ' || bytes[n] == '\n' || bytes[n] == '\r' || bytes[n] == '\t' ||
                        bytes[n] == 0x1e)) /* RFC 7464 begins its records with that */
        n++;
    return n;
}

/* ---- the tokeniser ------------------------------------------------------------------------ */

static void json_begin(void *state, struct pii_values *values)
{
    struct json *j = state;
    j->values = values;
    j->expect = VALUE;
    pii_path_init(&j->path, &values->decision->config->fields, j + 1);
}

static void json_write(void *state, const uint8_t *bytes, size_t size)
{
    struct json *j = state;
    size_t at = 0;
    while (at < size && j->values->out->result == OBJLENS_OK) {
        if (j->expect == IN_STRING) {
            at += in_string(j, bytes + at, size - at);
        } else if (j->expect == IN_NUMBER) {
            at += token_byte(j, bytes[at]);
        } else {
            size_t n = blanks(bytes + at, size - at);
            if (n > 0)
                pii_values_literal(j->values, bytes + at, n);
            else
                punctuation(j, bytes[at]);
            at += n > 0 ? n : 1;
        }
    }
}

static void json_finish(void *state)
{
    struct json *j = state;
    if (j->expect == IN_NUMBER)
        end_token(j);
    bool whole = at_top(j) && (j->expect == COMMA || j->expect == VALUE);
    if (!whole)
        pii_structure_fail(j->values, "the JSON ends in the middle of a value");
}

const struct pii_tokeniser pii_json_tokeniser = {"json", sizeof(struct json) + PII_PATH_BYTES, json_begin,
                                                 json_write, json_finish};
