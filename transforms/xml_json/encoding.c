/* SPDX-License-Identifier: MIT */
/*
 * A byte order mark decides; without one the bytes are ASCII with something above it, and the
 * XML declaration, if there is one, says what. A declaration that contradicts the mark is an
 * error. libxml2 never gets to decide: it would load converters, and the sandbox has no files.
 */
#include "encoding.h"

#include <string.h>
#include <strings.h>

#include "limits.h"

#define MARK_BYTES_MAX 4

/* What the bytes begin with. */
struct mark {
    const char *bytes;
    size_t size; /* as much as is looked at */
    size_t width; /* bytes of a unit; 0: cannot be read */
    enum xj_encoding encoding;
    const char *refusal;
};

static const struct mark marks[] = {
    {"\x00\x00\xfe\xff", 4, 0, 0, "the document is UTF-32"},
    {"\xff\xfe\x00\x00", 4, 0, 0, "the document is UTF-32"},
    {"\xff\xfe", 2, 2, XJ_UTF16LE, NULL},
    {"\xfe\xff", 2, 2, XJ_UTF16BE, NULL},
    {"\xef\xbb\xbf", 3, 1, XJ_UTF8, NULL},
    {"<\x00", 2, 0, 0, "the document looks like UTF-16 but has no byte order mark"},
    {"\x00<", 2, 0, 0, "the document looks like UTF-16 but has no byte order mark"},
    {"\x1f\x8b", 2, 0, 0, "the document is compressed (gzip); decompress it first"},
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

static void read_view(struct view *view, const struct mark *mark, const uint8_t *head, size_t size)
{
    size_t width = mark && mark->width ? mark->width : 1;
    bool big = mark && mark->encoding == XJ_UTF16BE;
    view->size = 0;
    for (size_t i = mark ? mark->size : 0;
         i + width <= size && view->size < XJ_DECLARATION_BYTES_MAX; i += width) {
        uint8_t low = head[width == 2 && big ? i + 1 : i];
        uint8_t high = width == 2 ? head[big ? i : i + 1] : 0;
        view->text[view->size++] = high || low >= 0x80 || low == 0 ? 1 : (char)low;
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
    return size == strlen(name) && strncasecmp(text, name, size) == 0;
}

static const struct known {
    const char *name;
    enum xj_encoding encoding;
    size_t width;
} known[] = {
    {"UTF-8", XJ_UTF8, 1},         {"UTF-16", XJ_UTF16LE, 2},      {"UTF-16LE", XJ_UTF16LE, 2},
    {"UTF-16BE", XJ_UTF16BE, 2},   {"ISO-8859-1", XJ_LATIN1, 1},   {"ISO_8859-1", XJ_LATIN1, 1},
    {"LATIN1", XJ_LATIN1, 1},      {"US-ASCII", XJ_ASCII, 1},      {"ASCII", XJ_ASCII, 1},
};

static bool decide_declared(const char *name, size_t size, const struct mark *mark,
                            enum xj_encoding *encoding, struct xj_failure *failure)
{
    const struct known *found = NULL;
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if (is_name(name, size, known[i].name))
            found = &known[i];
    if (!found) {
        xj_failure_set(failure, XJ_ENCODING,
                       "the declared encoding is none of UTF-8, UTF-16, ISO-8859-1 and US-ASCII");
        return false;
    }
    if (!mark && found->width == 1) {
        *encoding = found->encoding;
        return true;
    }
    bool agrees = mark && (found->encoding == mark->encoding ||
                           (mark->width == 2 && is_name(name, size, "UTF-16")));
    if (!agrees)
        xj_failure_set(failure, XJ_ENCODING, "the document is not in the encoding that it declares");
    return agrees;
}

bool xj_encoding_decide(const uint8_t *head, size_t size, enum xj_encoding *encoding,
                        struct xj_failure *failure)
{
    struct view view;
    size_t name_size;
    const struct mark *mark = find_mark(head, size);
    if (mark && mark->width == 0) {
        xj_failure_set(failure, XJ_ENCODING, "%s", mark->refusal);
        return false;
    }
    *encoding = mark ? mark->encoding : XJ_UTF8;
    read_view(&view, mark, head, size);
    if (!may_be_declaration(&view) || view.size <= strlen("<?xml"))
        return true;
    if (!strstr(view.text, "?>") && view.size == XJ_DECLARATION_BYTES_MAX) {
        failure->line = 1;
        xj_failure_set(failure, XJ_TOO_LARGE, "the XML declaration is longer than %u bytes",
                       XJ_DECLARATION_BYTES_MAX);
        return false;
    }
    const char *name = declared(&view, &name_size);
    return !name || decide_declared(name, name_size, mark, encoding, failure);
}
