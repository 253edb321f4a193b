/* SPDX-License-Identifier: MIT */
/*
 * A byte order mark decides, or how "<?" looks; else the bytes are ASCII with something above it,
 * and the XML declaration, if there is one, says what. A declaration that contradicts the mark is
 * an error. libxml2 never gets to decide: it would load converters, and the sandbox has no files.
 */
#include "encoding.h"

#include <string.h>

#include "limits.h"

#define MARK_BYTES_MAX 4

/* What the bytes begin with. */
struct mark {
    const char *bytes;
    size_t size; /* as much as is looked at */
    size_t skip; /* of them, the byte order mark */
    size_t width; /* bytes of a unit; 0: cannot be read */
    enum xj_encoding encoding;
    const char *refusal;
};

static const char ebcdic_opening[] = "\x4c\x6f\xa7\x94"; /* "<?xm" */

static const struct mark marks[] = {
    {"\x00\x00\xfe\xff", 4, 4, 4, XJ_UTF32BE, NULL},
    {"\xff\xfe\x00\x00", 4, 4, 4, XJ_UTF32LE, NULL},
    {"\xff\xfe", 2, 2, 2, XJ_UTF16LE, NULL},
    {"\xfe\xff", 2, 2, 2, XJ_UTF16BE, NULL},
    {"\xef\xbb\xbf", 3, 3, 1, XJ_UTF8, NULL},
    {"<\x00\x00\x00", 4, 0, 4, XJ_UTF32LE, NULL},
    {"\x00\x00\x00<", 4, 0, 4, XJ_UTF32BE, NULL},
    {"<\x00?\x00", 4, 0, 2, XJ_UTF16LE, NULL},
    {"\x00<\x00?", 4, 0, 2, XJ_UTF16BE, NULL},
    {"<\x00", 2, 0, 0, 0, "the document looks like UTF-16 but has no byte order mark"},
    {"\x00<", 2, 0, 0, 0, "the document looks like UTF-16 but has no byte order mark"},
    {ebcdic_opening, 4, 0, 1, XJ_TABLE, NULL},
    {"\x1f\x8b", 2, 0, 0, 0, "the document is compressed (gzip); decompress it first"},
};

static const struct mark *find_mark(const uint8_t *head, size_t size)
{
    for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++)
        if (size >= marks[i].size && memcmp(head, marks[i].bytes, marks[i].size) == 0)
            return &marks[i];
    return NULL;
}

/* The declaration as ASCII. What is not ASCII becomes a control character: no declaration has
 * any. */
struct view {
    char text[XJ_DECLARATION_BYTES_MAX + 1];
    size_t size;
};

static uint32_t unit_at(const struct mark *mark, const uint8_t *bytes, size_t width)
{
    bool big = mark && (mark->encoding == XJ_UTF16BE || mark->encoding == XJ_UTF32BE);
    uint32_t unit = 0;
    for (size_t i = 0; i < width; i++)
        unit = unit << 8 | bytes[big ? i : width - 1 - i];
    return unit;
}

static void read_view(struct view *view, const struct mark *mark, const uint8_t *head, size_t size)
{
    size_t width = mark && mark->width ? mark->width : 1;
    const uint16_t *table = mark && mark->encoding == XJ_TABLE ? xj_charset_ebcdic() : NULL;
    view->size = 0;
    for (size_t i = mark ? mark->skip : 0;
         i + width <= size && view->size < XJ_DECLARATION_BYTES_MAX; i += width) {
        uint32_t c = unit_at(mark, head + i, width);
        c = table ? table[c] : c;
        view->text[view->size++] = c >= 0x80 || c == 0 ? 1 : (char)c;
    }
    view->text[view->size] = '\0';
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* "<?xml" and white space, as far as there is that much. */
static bool may_be_declaration(const struct view *view)
{
    static const char opening[] = "<?xml";
    size_t n = sizeof(opening) - 1;
    if (view->size <= n)
        return strncmp(view->text, opening, view->size) == 0;
    return strncmp(view->text, opening, n) == 0 && is_space(view->text[n]);
}

bool xj_encoding_is_decidable(const uint8_t *head, size_t size)
{
    struct view view;
    if (size < MARK_BYTES_MAX)
        return false;
    const struct mark *mark = find_mark(head, size);
    if (mark && mark->width == 0)
        return true;
    read_view(&view, mark, head, size);
    return !may_be_declaration(&view) || strstr(view.text, "?>") ||
           view.size == XJ_DECLARATION_BYTES_MAX;
}

static const char *skip_spaces(const char *at)
{
    while (is_space(*at))
        at++;
    return at;
}

/* The next `name = "value"`; false when there is none, and at whatever is not of this form:
 * the parser will refuse that. */
static bool next_pair(const char **at, const char **name, size_t *name_size, const char **value,
                      size_t *value_size)
{
    const char *p = skip_spaces(*at);
    *name = p;
    *name_size = strspn(p, "abcdefghijklmnopqrstuvwxyz");
    p = skip_spaces(p + *name_size);
    if (*name_size == 0 || *p != '=')
        return false;
    p = skip_spaces(p + 1);
    if (*p != '"' && *p != '\'')
        return false;
    *value = p + 1;
    const char *end = strchr(p + 1, *p);
    if (!end)
        return false;
    *value_size = (size_t)(end - *value);
    *at = end + 1;
    return true;
}

/* The declared name; *size is 0 when there is none. */
static const char *declared(const struct view *view, size_t *size)
{
    const char *at = view->text + strlen("<?xml"), *name, *value;
    size_t name_size;
    while (next_pair(&at, &name, &name_size, &value, size))
        if (name_size == strlen("encoding") && strncmp(name, "encoding", name_size) == 0)
            return value;
    *size = 0;
    return NULL;
}

static bool is_name(const char *text, size_t size, const char *name)
{
    return xj_charset_names_equal(text, size, name, strlen(name));
}

static const struct known {
    const char *name;
    enum xj_encoding encoding;
    size_t width;
} known[] = {
    {"UTF-8", XJ_UTF8, 1},         {"UTF-16", XJ_UTF16LE, 2},      {"UTF-16LE", XJ_UTF16LE, 2},
    {"UTF-16BE", XJ_UTF16BE, 2},   {"ISO-8859-1", XJ_LATIN1, 1},
    {"LATIN1", XJ_LATIN1, 1},      {"US-ASCII", XJ_ASCII, 1},      {"ASCII", XJ_ASCII, 1},
    {"UTF-32", XJ_UTF32LE, 4},     {"UTF-32LE", XJ_UTF32LE, 4},    {"UTF-32BE", XJ_UTF32BE, 4},
    {"UCS-4", XJ_UTF32LE, 4},      {"ISO-10646-UCS-4", XJ_UTF32LE, 4},
    {"ISO-LATIN-1", XJ_LATIN1, 1}, {"L1", XJ_LATIN1, 1},           {"CP819", XJ_LATIN1, 1},
    {"IBM819", XJ_LATIN1, 1},      {"ISO-IR-100", XJ_LATIN1, 1},   {"csISOLatin1", XJ_LATIN1, 1},
    {"UCS-2", XJ_UTF16LE, 2},      {"ISO-10646-UCS-2", XJ_UTF16LE, 2},
};

/* Names that leave it open which byte comes first. */
static bool is_of_any_order(const struct known *found)
{
    size_t size = strlen(found->name);
    return found->width > 1 && found->name[size - 1] != 'E';
}

/* Nothing of the document is quoted but what can only be a name. */
static void refuse_unknown(struct xj_failure *failure, const char *name, size_t size)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
    if (size > 0 && size <= XJ_ENCODING_BYTES_MAX && strspn(name, letters) >= size)
        xj_failure_set(failure, XJ_ENCODING, "the declared encoding, %.*s, is not known", (int)size, name);
    else
        xj_failure_set(failure, XJ_ENCODING, "the declared encoding is not known");
}

static bool refuse_other(struct xj_failure *failure)
{
    xj_failure_set(failure, XJ_ENCODING, "the document is not in the encoding that it declares");
    return false;
}

static bool refuse_undeclared(struct xj_failure *failure)
{
    xj_failure_set(failure, XJ_ENCODING, "the document looks like EBCDIC and declares no encoding");
    return false;
}

/* One that is not built in. The declaration has been read as ASCII or EBCDIC: it must be one of the
 * encoding itself. */
static bool decide_charset(const char *name, size_t size, const struct mark *mark, const uint8_t *head,
                           size_t head_size, struct xj_encoding_choice *choice, struct xj_failure *failure)
{
    const struct xj_charset *charset = xj_charset_named(name, size);
    if (!charset) {
        refuse_unknown(failure, name, size);
        return false;
    }
    if ((mark && mark->encoding != XJ_TABLE) || !xj_charset_reads(charset, head, head_size))
        return refuse_other(failure);
    choice->encoding = charset->table ? XJ_TABLE : XJ_FOREIGN;
    choice->charset = charset;
    return true;
}

static const struct known *find_known(const char *name, size_t size)
{
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if (is_name(name, size, known[i].name))
            return &known[i];
    return NULL;
}

/* One of those built in. */
static bool decide_known(const struct known *found, const struct mark *mark,
                         struct xj_encoding_choice *choice, struct xj_failure *failure)
{
    if (!mark && found->width == 1) {
        choice->encoding = found->encoding;
        return true;
    }
    bool agrees = mark && (found->encoding == mark->encoding ||
                           (mark->width == found->width && is_of_any_order(found)));
    return agrees || refuse_other(failure);
}

static void set_ascii(struct xj_encoding_choice *choice)
{
    choice->is_ascii = choice->encoding == XJ_UTF8 || choice->encoding == XJ_LATIN1 || choice->encoding == XJ_ASCII;
    if (choice->encoding != XJ_TABLE)
        return;
    choice->is_ascii = true;
    for (uint8_t c = 0x20; c < 0x80; c++)
        choice->is_ascii &= choice->charset->table[c] == c;
    choice->is_ascii &= choice->charset->table['\t'] == '\t' && choice->charset->table['\n'] == '\n';
}

static bool decide(const uint8_t *head, size_t size, struct xj_encoding_choice *choice,
                   struct xj_failure *failure)
{
    struct view view;
    size_t name_size;
    const struct mark *mark = find_mark(head, size);
    if (mark && mark->width == 0) {
        xj_failure_set(failure, XJ_ENCODING, "%s", mark->refusal);
        return false;
    }
    choice->encoding = mark ? mark->encoding : XJ_UTF8;
    read_view(&view, mark, head, size);
    bool is_ebcdic = mark && mark->encoding == XJ_TABLE;
    if (!may_be_declaration(&view) || view.size <= strlen("<?xml"))
        return !is_ebcdic || refuse_undeclared(failure);
    if (!strstr(view.text, "?>") && view.size == XJ_DECLARATION_BYTES_MAX) {
        failure->line = 1;
        xj_failure_set(failure, XJ_TOO_LARGE, "the XML declaration is longer than %u bytes",
                       XJ_DECLARATION_BYTES_MAX);
        return false;
    }
    const char *name = declared(&view, &name_size);
    if (!name)
        return !is_ebcdic || refuse_undeclared(failure);
    const struct known *found = find_known(name, name_size);
    return found ? decide_known(found, mark, choice, failure)
                 : decide_charset(name, name_size, mark, head, size, choice, failure);
}

bool xj_encoding_decide(const uint8_t *head, size_t size, struct xj_encoding_choice *choice,
                        struct xj_failure *failure)
{
    *choice = (struct xj_encoding_choice){XJ_UTF8, false, NULL};
    if (!decide(head, size, choice, failure))
        return false;
    set_ascii(choice);
    return true;
}
