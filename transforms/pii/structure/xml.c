/* SPDX-License-Identifier: MIT */
/*
 * XML as a stream of marks and text: character data and attribute values are values, with their
 * references decoded; CDATA, comments, processing instructions and declarations are looked into
 * as they stand. What is closed must be what is open; names are not looked into. Entities that a
 * document declares itself are never expanded: a reference to one stays as it is.
 *
 * What is refused: names and declarations that are none, attribute values without quotes, markup that does not end,
 * a reference longer than PII_ESCAPE_MAX bytes, and a nesting deeper than PII_DEPTH_MAX. (HTML is
 * often none of this; it is read as text, see text.c.)
 */
#include <string.h>

#include "structure/structure.h"

enum xml_state {
    TEXT,
    MARK,       /* behind "<" */
    DECLARE,    /* behind "<!": a comment, CDATA or a declaration? */
    SPECIAL,    /* in one of these, up to its end */
    END_TAG,    /* behind "</" */
    NAME,
    IN_TAG,
    ATTRIBUTE,  /* in its name */
    BEHIND_ATTRIBUTE,
    BEFORE_VALUE,
    VALUE,      /* in quotes */
};

struct xml {
    struct pii_values *values;
    struct pii_path path;
    enum xml_state state;
    bool in_value;   /* a value of text has begun */
    bool slash;      /* "/" stood last in the tag */
    uint8_t quote;   /* of the attribute value */
    char name[PII_NAME_MAX];
    size_t name_size;
    uint8_t reference[PII_ESCAPE_MAX];
    size_t reference_size; /* > 0: in one */
    uint8_t opening[8];    /* what stands behind "<!" */
    size_t opening_size;
    const char *ending;    /* of a special mark */
    size_t ending_seen;
    unsigned brackets;     /* of a declaration */
    uint8_t inner_quote;
};

static void fail(struct xml *x, const char *what)
{
    pii_structure_fail(x->values, what);
}

static void literal(struct xml *x, uint8_t c)
{
    pii_values_literal(x->values, &c, 1);
}

static bool is_space(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool push(struct xml *x, bool attribute)
{
    struct pii_node node = {.name = x->name, .size = x->name_size, .attribute = attribute};
    if (pii_path_push(&x->path, &node))
        return true;
    fail(x, "the XML is nested deeper than 10000 levels");
    return false;
}

static void begin_value(struct xml *x, enum pii_place place)
{
    struct pii_value value = {.place = place, .rule = pii_path_rule(&x->path)};
    value.field = pii_path_name(&x->path, &value.field_size);
    pii_values_begin(x->values, &value);
    x->in_value = true;
}

static void end_value(struct xml *x)
{
    if (x->in_value)
        pii_values_end(x->values);
    x->in_value = false;
}

/* ---- references --------------------------------------------------------------------------- */

static uint32_t numeric(const uint8_t *digits, size_t size)
{
    bool hex = size > 0 && pii_lower(digits[0]) == 'x';
    uint32_t code = 0;
    if (size == (size_t)hex)
        return 0;
    for (size_t i = hex; i < size; i++) {
        if (!(hex ? pii_hex(digits[i]) : pii_digit(digits[i])))
            return 0;
        code = code * (hex ? 16 : 10) + pii_hex_value(digits[i]);
        if (code > 0x10ffff)
            return 0;
    }
    return code;
}

uint32_t pii_reference_meaning(const uint8_t *reference, size_t size)
{
    static const struct {
        const char *name;
        uint32_t code;
    } names[] = {{"amp", '&'},    {"lt", '<'},      {"gt", '>'},      {"quot", '"'},
                 {"apos", '\''},  {"commat", '@'},  {"period", '.'},  {"nbsp", 0xa0},
                 {"hyphen", '-'}, {"colon", ':'},   {"plus", '+'},    {"lpar", '('},
                 {"rpar", ')'},   {"sol", '/'},     {"lowbar", '_'},  {"num", '#'}};
    const uint8_t *inner = reference + 1;
    size -= 2; /* "&" and ";" */
    if (size > 1 && inner[0] == '#')
        return numeric(inner + 1, size - 1);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (strlen(names[i].name) == size && memcmp(names[i].name, inner, size) == 0)
            return names[i].code;
    return 0;
}

static void end_reference(struct xml *x)
{
    uint8_t meaning[4];
    uint32_t code = x->reference[x->reference_size - 1] == ';'
                        ? pii_reference_meaning(x->reference, x->reference_size)
                        : 0;
    if (code > 0)
        pii_values_escape(x->values, x->reference, x->reference_size, meaning,
                          pii_utf8_encode(code, meaning));
    else
        pii_values_plain(x->values, x->reference, x->reference_size, false);
    x->reference_size = 0;
}

/* In a reference. False: the byte is none of it, which ended before. */
static bool reference_byte(struct xml *x, uint8_t c)
{
    if (!pii_alnum(c) && c != '#' && c != ';') {
        end_reference(x);
        return false;
    }
    if (x->reference_size == sizeof(x->reference)) {
        fail(x, "the XML has a reference of more than 14 bytes");
        return true;
    }
    x->reference[x->reference_size++] = c;
    if (c == ';')
        end_reference(x);
    return true;
}

/* Up to `stop` or a reference, of a value that has begun. Returns what was used up; the caller
 * sees to `stop`. */
static size_t value_bytes(struct xml *x, const uint8_t *bytes, size_t size, uint8_t stop)
{
    if (x->reference_size > 0)
        return reference_byte(x, bytes[0]) ? 1 : 0;
    const uint8_t *end = memchr(bytes, stop, size);
    size_t n = end ? (size_t)(end - bytes) : size;
    const uint8_t *reference = memchr(bytes, '&', n);
    if (reference) {
        n = (size_t)(reference - bytes);
        x->reference[0] = '&';
        x->reference_size = 1;
    }
    bool last = !reference && end;
    if (n > 0 || last)
        pii_values_plain(x->values, bytes, n, last);
    x->in_value = !last;
    return reference ? n + 1 : n;
}

/* ---- text --------------------------------------------------------------------------------- */

static size_t in_text(struct xml *x, const uint8_t *bytes, size_t size)
{
    if (bytes[0] == '<' && x->reference_size == 0) {
        end_value(x);
        literal(x, '<');
        x->state = MARK;
        return 1;
    }
    if (!x->in_value)
        begin_value(x, PII_PLACE_XML);
    return value_bytes(x, bytes, size, '<');
}

/* ---- comments, CDATA, instructions, declarations ------------------------------------------ */

static void start_special(struct xml *x, const char *ending)
{
    x->state = SPECIAL;
    x->ending = ending;
    x->ending_seen = 0;
    x->brackets = 0;
    x->inner_quote = 0;
    begin_value(x, PII_PLACE_RAW_XML);
}

/* Behind "<!", what is to come of it. Everything here leaves as it is, so it can be nothing else. */
static void declare(struct xml *x, uint8_t c)
{
    static const struct {
        const char *opening, *ending;
    } kinds[] = {{"--", "-->"}, {"[CDATA[", "]]>"}, {"DOCTYPE", ">"}};
    bool known = false;
    x->opening[x->opening_size++] = c;
    literal(x, c);
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (strncmp(kinds[i].opening, (const char *)x->opening, x->opening_size) != 0)
            continue;
        known = true;
        if (kinds[i].opening[x->opening_size] == '\0')
            start_special(x, kinds[i].ending);
    }
    if (!known)
        fail(x, "the XML has a declaration that is none");
}

/* How far the ending is seen with this byte, when so much of it was. */
static size_t ending_with(const struct xml *x, uint8_t c)
{
    size_t seen = x->ending_seen, size = strlen(x->ending);
    if ((uint8_t)x->ending[seen] == c)
        return seen + 1;
    /* "--->", "]]]>": the same byte again leaves it where it was */
    if (seen == size - 1 && seen >= 1 && c == (uint8_t)x->ending[seen - 1])
        return seen;
    return c == (uint8_t)x->ending[0];
}

/* In a declaration, quotes and brackets hide a ">". */
static bool hides(struct xml *x, uint8_t c)
{
    if (strcmp(x->ending, ">") != 0)
        return false;
    if (x->inner_quote) {
        x->inner_quote = c == x->inner_quote ? 0 : x->inner_quote;
        return true;
    }
    if (c == '"' || c == '\'')
        x->inner_quote = c;
    x->brackets += c == '[';
    x->brackets -= c == ']' && x->brackets > 0;
    return x->brackets > 0;
}

/* The ending is no part of the value. What may be its beginning waits: it is known, so it need not
 * be kept. `waiting` of these bytes stand before `bytes`. */
static void special_bytes(struct xml *x, const uint8_t *bytes, size_t size, size_t waiting)
{
    size_t ready = waiting + size - x->ending_seen;
    size_t first = waiting < ready ? waiting : ready;
    if (first > 0)
        pii_values_plain(x->values, (const uint8_t *)x->ending, first, false);
    if (ready > first)
        pii_values_plain(x->values, bytes, ready - first, false);
}

static size_t in_special(struct xml *x, const uint8_t *bytes, size_t size)
{
    size_t n = 0, whole = strlen(x->ending), waiting = x->ending_seen;
    while (n < size && x->ending_seen < whole) {
        uint8_t c = bytes[n++];
        x->ending_seen = hides(x, c) ? 0 : ending_with(x, c);
    }
    special_bytes(x, bytes, n, waiting);
    if (x->ending_seen == whole) {
        end_value(x);
        pii_values_literal(x->values, (const uint8_t *)x->ending, whole);
        x->state = TEXT;
    }
    return n;
}

/* ---- tags --------------------------------------------------------------------------------- */

/* Nothing that a finding could be made of: all that looks like a name and has no "@". */
static void add_name(struct xml *x, uint8_t c)
{
    if (!pii_alnum(c) && c != '_' && c != ':' && c != '.' && c != '-' && c < 0x80)
        fail(x, "the XML has a name that is none");
    if (x->name_size < sizeof(x->name))
        x->name[x->name_size++] = (char)c;
}

static void mark(struct xml *x, uint8_t c)
{
    literal(x, c);
    x->name_size = x->opening_size = 0;
    x->slash = false;
    if (c == '!') {
        x->state = DECLARE;
    } else if (c == '?') {
        start_special(x, "?>");
    } else if (c == '/') {
        x->state = END_TAG;
    } else {
        add_name(x, c);
        x->state = NAME;
    }
}

/* Names are compared as far as they are remembered. */
static bool closes_open(const struct xml *x)
{
    size_t size;
    const char *name = pii_path_name(&x->path, &size);
    if (x->path.depth >= PII_NAMES_KEPT)
        return true;
    return x->path.depth > 0 && size == x->name_size && memcmp(name, x->name, size) == 0;
}

static void end_tag(struct xml *x, uint8_t c)
{
    literal(x, c);
    if (c != '>' && !is_space(c))
        add_name(x, c);
    if (c != '>')
        return;
    if (!closes_open(x))
        fail(x, "the XML closes an element that is not open");
    pii_path_pop(&x->path);
    x->state = TEXT;
}

/* ">" or what may stand in a tag otherwise. */
static void in_tag(struct xml *x, uint8_t c)
{
    if (c == '>') {
        literal(x, c);
        if (x->slash)
            pii_path_pop(&x->path);
        x->state = TEXT;
    } else if (is_space(c) || c == '/') {
        literal(x, c);
        x->slash = c == '/';
        x->state = IN_TAG;
    } else {
        literal(x, c);
        x->slash = false;
        x->name_size = 0;
        add_name(x, c);
        x->state = ATTRIBUTE;
    }
}

static void in_name(struct xml *x, uint8_t c)
{
    if (!is_space(c) && c != '>' && c != '/') {
        literal(x, c);
        add_name(x, c);
    } else if (push(x, false)) {
        in_tag(x, c);
    }
}

static void in_attribute(struct xml *x, uint8_t c)
{
    if (c == '=') {
        literal(x, c);
        x->state = BEFORE_VALUE;
    } else if (is_space(c)) {
        literal(x, c);
        x->state = BEHIND_ATTRIBUTE;
    } else if (x->state == BEHIND_ATTRIBUTE) {
        fail(x, "the XML has an attribute without a value");
    } else {
        literal(x, c);
        add_name(x, c);
    }
}

static void before_value(struct xml *x, uint8_t c)
{
    literal(x, c);
    if (is_space(c))
        return;
    if (c != '"' && c != '\'') {
        fail(x, "the XML has an attribute value without quotes");
        return;
    }
    x->quote = c;
    x->state = VALUE;
    if (push(x, true))
        begin_value(x, PII_PLACE_XML);
}

static void end_attribute(struct xml *x)
{
    end_value(x);
    pii_path_pop(&x->path);
    x->state = IN_TAG;
}

static size_t in_value(struct xml *x, const uint8_t *bytes, size_t size)
{
    if (bytes[0] == x->quote && x->reference_size == 0) {
        end_attribute(x);
        literal(x, x->quote);
        return 1;
    }
    return value_bytes(x, bytes, size, x->quote);
}

/* ---- the tokeniser ------------------------------------------------------------------------ */

static void xml_begin(void *state, struct pii_values *values)
{
    struct xml *x = state;
    x->values = values;
    pii_path_init(&x->path, &values->decision->config->fields, x + 1);
}

static size_t step(struct xml *x, const uint8_t *bytes, size_t size)
{
    switch (x->state) {
    case TEXT: return in_text(x, bytes, size);
    case SPECIAL: return in_special(x, bytes, size);
    case VALUE: return in_value(x, bytes, size);
    case BEFORE_VALUE: before_value(x, bytes[0]); break;
    case MARK: mark(x, bytes[0]); break;
    case DECLARE: declare(x, bytes[0]); break;
    case END_TAG: end_tag(x, bytes[0]); break;
    case NAME: in_name(x, bytes[0]); break;
    case IN_TAG: in_tag(x, bytes[0]); break;
    case ATTRIBUTE:
    case BEHIND_ATTRIBUTE: in_attribute(x, bytes[0]); break;
    }
    return 1;
}

static void xml_write(void *state, const uint8_t *bytes, size_t size)
{
    struct xml *x = state;
    for (size_t at = 0; at < size && x->values->out->result == OBJLENS_OK;)
        at += step(x, bytes + at, size - at);
}

static void xml_finish(void *state)
{
    struct xml *x = state;
    if (x->state != TEXT) {
        fail(x, "the XML ends within markup");
        return;
    }
    if (x->reference_size > 0)
        end_reference(x);
    end_value(x);
}

const struct pii_tokeniser pii_xml_tokeniser = {"xml", sizeof(struct xml) + PII_PATH_BYTES, xml_begin,
                                                xml_write, xml_finish};
