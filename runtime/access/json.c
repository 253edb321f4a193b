/* SPDX-License-Identifier: MIT */
/*
 * A recursive reader; the depth is bounded by its caller. The first mistake is kept.
 */
#include "access/json.h"

#include "base/json_string.h"

typedef struct reader {
    ol_slice text;
    size_t at;
    unsigned depth_left;
    ol_arena *arena;
    ol_json_mistake *mistake;
    int rc;
} reader;

static int fail(reader *r, size_t at, const char *what)
{
    if (r->rc == OL_OK)
        *r->mistake = (ol_json_mistake){.what = what, .at = at};
    return r->rc = what ? OL_EINVAL : OL_ENOMEM;
}

static int peek(const reader *r)
{
    return r->at < r->text.len ? r->text.data[r->at] : -1;
}

static void skip_blanks(reader *r)
{
    for (int c = peek(r); c == ' ' || c == '\t' || c == '\n' || c == '\r'; c = peek(r))
        r->at++;
}

static bool take(reader *r, char c)
{
    if (peek(r) != c)
        return false;
    r->at++;
    return true;
}

/* ---- strings ---- */

/* At its opening quote. Without escapes it stays where it stands. */
static int read_string(reader *r, ol_slice *out)
{
    size_t start = r->at + 1, end, wrong, len;
    bool escaped;
    bool ends = ol_json_string_end(r->text, start, &end, &escaped);
    ol_slice raw = ol_slice_of(r->text.data + start, end - start);
    if (ends && !escaped) {
        *out = raw;
        r->at = end + 1;
        return OL_OK;
    }
    uint8_t *copy = escaped ? ol_arena_alloc(r->arena, raw.len) : NULL;
    if (escaped && !copy)
        return fail(r, start, NULL);
    if (escaped && !ol_json_unescape(raw, copy, &len, &wrong))
        return fail(r, start + wrong, "a string has a malformed escape");
    if (!ends)
        return fail(r, end, "a string does not end");
    *out = ol_slice_of(copy, len);
    r->at = end + 1;
    return OL_OK;
}

/* ---- numbers and words ---- */

static size_t skip_digits(reader *r)
{
    size_t start = r->at;
    while (peek(r) >= '0' && peek(r) <= '9')
        r->at++;
    return r->at - start;
}

static int read_number(reader *r, ol_json *value)
{
    size_t start = r->at;
    take(r, '-');
    bool zero = peek(r) == '0';
    size_t digits = skip_digits(r);
    bool ok = digits > 0 && !(zero && digits > 1);
    if (take(r, '.'))
        ok = skip_digits(r) > 0 && ok;
    if (take(r, 'e') || take(r, 'E')) {
        if (!take(r, '+'))
            take(r, '-');
        ok = skip_digits(r) > 0 && ok;
    }
    if (!ok)
        return fail(r, start, "a number is malformed");
    value->kind = OL_JSON_NUMBER;
    value->text = ol_slice_of(r->text.data + start, r->at - start);
    return OL_OK;
}

static int read_word(reader *r, ol_json *value)
{
    static const char *const words[] = {"true", "false", "null"};
    for (size_t i = 0; i < 3; i++) {
        ol_slice word = ol_slice_cstr(words[i]);
        if (!ol_slice_starts(ol_slice_from(r->text, r->at), word))
            continue;
        value->kind = i == 2 ? OL_JSON_NULL : OL_JSON_BOOL;
        value->text = ol_slice_of(r->text.data + r->at, word.len);
        r->at += word.len;
        return OL_OK;
    }
    return fail(r, r->at, r->at < r->text.len ? "a value is expected" : "the text ends too early");
}

/* ---- lists and objects ---- */

static int read_value(reader *r, ol_json *value);

static const ol_json *find(const ol_json *object, ol_slice name)
{
    for (const ol_json *member = object->first; member; member = member->next)
        if (ol_slice_eq(member->name, name))
            return member;
    return NULL;
}

static int read_name(reader *r, const ol_json *object, ol_json *member)
{
    member->name_at = r->at;
    if (peek(r) != '"')
        return fail(r, r->at, "a name in quotes is expected");
    if (read_string(r, &member->name) != OL_OK)
        return r->rc;
    if (find(object, member->name))
        return fail(r, member->name_at, "a name stands twice in an object");
    if (object->count >= OL_JSON_MEMBERS_MAX)
        return fail(r, member->name_at, "an object has too many members");
    skip_blanks(r);
    return take(r, ':') ? OL_OK : fail(r, r->at, "a ':' is expected");
}

static int read_items(reader *r, ol_json *value, char end)
{
    bool named = end == '}';
    ol_json **tail = &value->first;
    r->at++;
    skip_blanks(r);
    if (take(r, end))
        return OL_OK;
    for (;;) {
        skip_blanks(r);
        ol_json *item = ol_arena_calloc(r->arena, sizeof(*item));
        if (!item)
            return fail(r, r->at, NULL);
        if ((named && read_name(r, value, item) != OL_OK) || read_value(r, item) != OL_OK)
            return r->rc;
        *tail = item;
        tail = &item->next;
        value->count++;
        skip_blanks(r);
        if (take(r, end))
            return OL_OK;
        if (!take(r, ','))
            return fail(r, r->at, named ? "a ',' or '}' is expected" : "a ',' or ']' is expected");
    }
}

static int read_value(reader *r, ol_json *value)
{
    skip_blanks(r);
    value->at = r->at;
    int c = peek(r);
    if (c == '"') {
        value->kind = OL_JSON_STRING;
        return read_string(r, &value->text);
    }
    if (c == '-' || (c >= '0' && c <= '9'))
        return read_number(r, value);
    if (c != '{' && c != '[')
        return read_word(r, value);
    if (r->depth_left == 0)
        return fail(r, r->at, "it is nested too deeply");
    r->depth_left--;
    value->kind = c == '{' ? OL_JSON_OBJECT : OL_JSON_LIST;
    int rc = read_items(r, value, c == '{' ? '}' : ']');
    r->depth_left++;
    return rc;
}

/* ---- the whole ---- */

/* The shortest value takes two bytes with its comma; strings with escapes are copied; the arena
 * grows by whole blocks. */
size_t ol_json_arena_bytes(size_t text_len)
{
    return 256 * 1024 + (text_len / 2 + 1) * (sizeof(ol_json) + 16) + text_len * 8;
}

int ol_json_parse(ol_slice text, unsigned depth_max, ol_arena *arena, const ol_json **root,
                  ol_json_mistake *mistake)
{
    reader r = {.text = text, .depth_left = depth_max, .arena = arena, .mistake = mistake};
    *mistake = (ol_json_mistake){0};
    *root = NULL;
    if (!ol_slice_is_utf8(text))
        return fail(&r, 0, "it is not UTF-8");
    ol_json *value = ol_arena_calloc(arena, sizeof(*value));
    if (!value)
        return fail(&r, 0, NULL);
    if (read_value(&r, value) != OL_OK)
        return r.rc;
    skip_blanks(&r);
    if (r.at < text.len)
        return fail(&r, r.at, "something stands behind its end");
    *root = value;
    return OL_OK;
}

const ol_json *ol_json_member(const ol_json *object, const char *name)
{
    return find(object, ol_slice_cstr(name));
}

void ol_json_place(ol_slice text, size_t at, unsigned *line, unsigned *column)
{
    *line = 1;
    *column = 1;
    for (size_t i = 0; i < at && i < text.len; i++) {
        bool ends = text.data[i] == '\n';
        *line += ends;
        *column = ends ? 1 : *column + 1;
    }
}
