/* SPDX-License-Identifier: MIT */
/*
 * CSV and its relatives (RFC 4180): each field is a value, named as its column is. Quotes,
 * delimiters and line ends stay as they are. What the payload does not say about delimiter and
 * header is read off the first line, at most SNIFF_MAX bytes of it.
 *
 * A line ends with LF, CRLF or CR. A quote opens a quoted field only at its beginning; what
 * follows the closing one, up to the next delimiter, is a value too. A quoted field that never
 * ends fails the request.
 */
#include <stdlib.h>
#include <string.h>

#include "structure/structure.h"

#define SNIFF_MAX 4096
#define COLUMNS_MAX 1024 /* whose names are kept; further ones have none */

enum csv_state { FIELD, QUOTED, QUOTE_SEEN, UNQUOTED };

struct column {
    char name[PII_NAME_MAX];
    uint8_t size;
    const struct pii_field_rule *rule;
};

struct csv {
    struct pii_values *values;
    const struct pii_config *config;
    enum csv_state state;
    bool started, in_header;
    uint8_t delimiter, quote; /* quote 0: there is none */
    size_t column;
    size_t sniffed_size;
    uint8_t sniffed[SNIFF_MAX];
    struct column columns[COLUMNS_MAX];
};

/* ---- the first line ----------------------------------------------------------------------- */

/* What the first line is made of; its end, or the size when there is none. */
static size_t first_line(const struct csv *c, const uint8_t *bytes, size_t size)
{
    bool quoted = false;
    for (size_t i = 0; i < size; i++) {
        if (c->quote && bytes[i] == c->quote)
            quoted = !quoted;
        else if (!quoted && (bytes[i] == '\n' || bytes[i] == '\r'))
            return i;
    }
    return size;
}

static size_t count_outside_quotes(const struct csv *c, size_t size, uint8_t wanted)
{
    bool quoted = false;
    size_t n = 0;
    for (size_t i = 0; i < size; i++) {
        if (c->quote && c->sniffed[i] == c->quote)
            quoted = !quoted;
        n += !quoted && c->sniffed[i] == wanted;
    }
    return n;
}

static uint8_t find_delimiter(const struct csv *c, size_t size)
{
    static const uint8_t candidates[] = {',', ';', '\t', '|'};
    uint8_t best = ',';
    size_t most = 0;
    for (size_t i = 0; i < sizeof(candidates); i++) {
        size_t n = count_outside_quotes(c, size, candidates[i]);
        if (n > most) {
            most = n;
            best = candidates[i];
        }
    }
    return best;
}

/* A name has letters, no '@', and no four digits in a row. */
static bool looks_like_name(const uint8_t *cell, size_t size)
{
    size_t letters = 0, digits = 0;
    for (size_t i = 0; i < size; i++) {
        letters += pii_letter(cell[i]) || cell[i] >= 0x80;
        digits = pii_digit(cell[i]) ? digits + 1 : 0;
        if (digits == 4 || cell[i] == '@')
            return false;
    }
    return letters > 0;
}

/* Every cell looks like a name. */
static bool looks_like_header(const struct csv *c, size_t size)
{
    size_t from = 0;
    bool quoted = false;
    for (size_t i = 0; i <= size; i++) {
        if (i < size && c->quote && c->sniffed[i] == c->quote)
            quoted = !quoted;
        if (i < size && (quoted || c->sniffed[i] != c->delimiter))
            continue;
        if (!looks_like_name(c->sniffed + from, i - from))
            return false;
        from = i + 1;
    }
    return true;
}

static bool rules_name_columns(const struct pii_fields *fields)
{
    for (size_t i = 0; i < fields->count; i++)
        if (fields->rules[i].selector[0] != '#')
            return true;
    return false;
}

/* Whether a rule may be for a column that is not kept. */
static bool rules_reach_further(const struct pii_fields *fields)
{
    for (size_t i = 0; i < fields->count; i++)
        if (fields->rules[i].selector[0] == '#' &&
            strtoul(fields->rules[i].selector + 1, NULL, 10) > COLUMNS_MAX)
            return true;
    return rules_name_columns(fields);
}

static void sniff(struct csv *c)
{
    size_t line = first_line(c, c->sniffed, c->sniffed_size);
    c->started = true;
    if (!c->delimiter)
        c->delimiter = find_delimiter(c, line);
    c->values->delimiter = c->delimiter;
    c->in_header = c->config->csv_header == PII_HEADER_YES ||
                   (c->config->csv_header == PII_HEADER_AUTO &&
                    (rules_name_columns(&c->config->fields) || looks_like_header(c, line)));
}

/* ---- columns ------------------------------------------------------------------------------ */

/* A name without the blanks around it, for which its rule is looked up once. */
static void settle_columns(struct csv *c)
{
    for (size_t i = 0; i < COLUMNS_MAX; i++) {
        struct column *column = &c->columns[i];
        size_t from = 0;
        while (from < column->size && column->name[from] == ' ')
            from++;
        while (column->size > from && column->name[column->size - 1] == ' ')
            column->size--;
        column->size = (uint8_t)(column->size - from);
        memmove(column->name, column->name + from, column->size);
        column->rule = pii_fields_column(&c->config->fields, i + 1, column->name, column->size);
    }
}

static void add_to_name(struct csv *c, const uint8_t *bytes, size_t size)
{
    if (!c->in_header || c->column >= COLUMNS_MAX)
        return;
    struct column *column = &c->columns[c->column];
    size_t room = sizeof(column->name) - column->size;
    size = size < room ? size : room;
    if (size > 0)
        memcpy(column->name + column->size, bytes, size);
    column->size = (uint8_t)(column->size + size);
}

static void begin_value(struct csv *c, enum pii_place place)
{
    struct pii_value value = {.place = place, .field = ""};
    if (!c->in_header && c->column < COLUMNS_MAX) {
        value.field = c->columns[c->column].name;
        value.field_size = c->columns[c->column].size;
        value.rule = c->columns[c->column].rule;
    }
    pii_values_begin(c->values, &value);
}

/* ---- records ------------------------------------------------------------------------------ */

static void end_of_field(struct csv *c, uint8_t byte)
{
    pii_values_literal(c->values, &byte, 1);
    c->state = FIELD;
    if (byte == c->delimiter) {
        c->column++;
        if (c->column == COLUMNS_MAX && rules_reach_further(&c->config->fields))
            pii_structure_fail(c->values, "the CSV has more than 1024 columns, and there are rules for fields");
        return;
    }
    c->column = 0;
    if (c->in_header) {
        c->in_header = false;
        settle_columns(c);
    }
}

static bool ends_field(const struct csv *c, uint8_t byte)
{
    return byte == c->delimiter || byte == '\n' || byte == '\r';
}

static size_t at_field(struct csv *c, uint8_t byte)
{
    bool blank_line = c->column == 0 && (byte == '\n' || byte == '\r') && byte != c->delimiter;
    if (blank_line) {
        pii_values_literal(c->values, &byte, 1);
    } else if (ends_field(c, byte)) {
        end_of_field(c, byte);
    } else if (c->quote && byte == c->quote) {
        pii_values_literal(c->values, &byte, 1);
        begin_value(c, PII_PLACE_QUOTED);
        c->state = QUOTED;
    } else {
        begin_value(c, PII_PLACE_UNQUOTED);
        c->state = UNQUOTED;
        return 0;
    }
    return 1;
}

static size_t in_unquoted(struct csv *c, const uint8_t *bytes, size_t size)
{
    size_t n = 0;
    while (n < size && !ends_field(c, bytes[n]))
        n++;
    add_to_name(c, bytes, n);
    pii_values_plain(c->values, bytes, n, n < size);
    if (n == size)
        return n;
    end_of_field(c, bytes[n]);
    return n + 1;
}

static size_t in_quoted(struct csv *c, const uint8_t *bytes, size_t size)
{
    const uint8_t *end = memchr(bytes, c->quote, size);
    size_t n = end ? (size_t)(end - bytes) : size;
    bool last = n + 1 < size && bytes[n + 1] != c->quote;
    add_to_name(c, bytes, n);
    if (n > 0 || last)
        pii_values_plain(c->values, bytes, n, last);
    if (last) {
        pii_values_literal(c->values, &c->quote, 1);
        begin_value(c, PII_PLACE_UNQUOTED); /* what may follow the quote */
        c->state = UNQUOTED;
    } else if (end) {
        c->state = QUOTE_SEEN;
    }
    return end ? n + 1 : n;
}

static size_t behind_quote(struct csv *c, uint8_t byte)
{
    if (byte == c->quote) {
        uint8_t both[2] = {c->quote, c->quote};
        add_to_name(c, both, 1);
        pii_values_escape(c->values, both, 2, both, 1);
        c->state = QUOTED;
        return 1;
    }
    pii_values_end(c->values);
    pii_values_literal(c->values, &c->quote, 1);
    begin_value(c, PII_PLACE_UNQUOTED);
    c->state = UNQUOTED;
    return 0;
}

static void records(struct csv *c, const uint8_t *bytes, size_t size)
{
    size_t at = 0;
    while (at < size && c->values->out->result == OBJLENS_OK)
        switch (c->state) {
        case FIELD: at += at_field(c, bytes[at]); break;
        case QUOTED: at += in_quoted(c, bytes + at, size - at); break;
        case QUOTE_SEEN: at += behind_quote(c, bytes[at]); break;
        case UNQUOTED: at += in_unquoted(c, bytes + at, size - at); break;
        }
}

/* ---- the tokeniser ------------------------------------------------------------------------ */

static void csv_begin(void *state, struct pii_values *values)
{
    struct csv *c = state;
    c->values = values;
    c->config = values->decision->config;
    c->delimiter = c->config->csv_delimiter ? c->config->csv_delimiter : values->delimiter;
    c->quote = c->config->csv_quote;
    values->quote = c->quote ? c->quote : '"';
    settle_columns(c);
}

/* In front of the first line. */
static size_t blank_lines(const struct csv *c, const uint8_t *bytes, size_t size)
{
    size_t n = 0;
    while (n < size && (bytes[n] == '\n' || bytes[n] == '\r') && bytes[n] != c->delimiter)
        n++;
    return n;
}

static void csv_write(void *state, const uint8_t *bytes, size_t size)
{
    struct csv *c = state;
    if (c->started) {
        records(c, bytes, size);
        return;
    }
    size_t blank = c->sniffed_size == 0 ? blank_lines(c, bytes, size) : 0;
    pii_values_literal(c->values, bytes, blank);
    bytes += blank;
    size -= blank;
    size_t part = sizeof(c->sniffed) - c->sniffed_size;
    part = part < size ? part : size;
    memcpy(c->sniffed + c->sniffed_size, bytes, part);
    c->sniffed_size += part;
    bool enough = c->sniffed_size == sizeof(c->sniffed) ||
                  first_line(c, c->sniffed, c->sniffed_size) < c->sniffed_size;
    if (!enough)
        return;
    sniff(c);
    records(c, c->sniffed, c->sniffed_size);
    records(c, bytes + part, size - part);
}

static void csv_finish(void *state)
{
    struct csv *c = state;
    if (!c->started) {
        sniff(c);
        records(c, c->sniffed, c->sniffed_size);
    }
    if (c->state == QUOTED) {
        pii_structure_fail(c->values, "a quoted field of the CSV does not end");
    } else if (c->state == QUOTE_SEEN) {
        pii_values_end(c->values);
        pii_values_literal(c->values, &c->quote, 1);
    } else if (c->state == UNQUOTED) {
        pii_values_end(c->values);
    }
}

const struct pii_tokeniser pii_csv_tokeniser = {"csv", sizeof(struct csv), csv_begin, csv_write,
                                                csv_finish};
