/* SPDX-License-Identifier: MIT */
/*
 * The reader is a state machine over what may come next; which containers are open stands in an
 * array of bits' worth.
 */
#include "transform/lua/json.h"

#include "base/json_string.h"

enum expects {
    EXPECTS_VALUE,
    EXPECTS_FIRST_ITEM, /* a value, or the end of its list */
    EXPECTS_FIRST_NAME, /* a name, or the end of its object */
    EXPECTS_MORE, /* a comma, or the end of what is open */
    EXPECTS_NOTHING
};

void ol_lua_json_init(ol_lua_json *r, ol_slice text)
{
    *r = (ol_lua_json){.whole = text, .expects = EXPECTS_VALUE};
}

static enum ol_lua_json_token wrong(ol_lua_json *r, const char *what)
{
    if (!r->wrong)
        r->wrong = what;
    return OL_LUA_JSON_WRONG;
}

static int peek(const ol_lua_json *r)
{
    return r->at < r->whole.len ? r->whole.data[r->at] : -1;
}

static void skip_blanks(ol_lua_json *r)
{
    for (int c = peek(r); c == ' ' || c == '\t' || c == '\n' || c == '\r'; c = peek(r))
        r->at++;
}

/* A value is complete: what may follow it. */
static enum ol_lua_json_token complete(ol_lua_json *r, enum ol_lua_json_token token)
{
    r->expects = r->depth > 0 ? EXPECTS_MORE : EXPECTS_NOTHING;
    return token;
}

/* ---- values ---- */

static bool read_string(ol_lua_json *r)
{
    size_t start = r->at + 1, end;
    if (!ol_json_string_end(r->whole, start, &end, &r->escaped)) {
        wrong(r, "a string does not end");
        return false;
    }
    r->text = ol_slice_of(r->whole.data + start, end - start);
    if (!ol_slice_is_utf8(r->text)) {
        wrong(r, "a string is not UTF-8");
        return false;
    }
    r->at = end + 1;
    return true;
}

static enum ol_lua_json_token read_integer(ol_lua_json *r)
{
    bool negative = peek(r) == '-';
    size_t start = r->at += negative;
    uint64_t value;
    while (peek(r) >= '0' && peek(r) <= '9')
        r->at++;
    ol_slice digits = ol_slice_of(r->whole.data + start, r->at - start);
    int next = peek(r);
    if (next == '.' || next == 'e' || next == 'E')
        return wrong(r, "a number is not whole");
    if (digits.len == 0 || (digits.len > 1 && digits.data[0] == '0'))
        return wrong(r, "a number is malformed");
    if (!ol_slice_u64(digits, &value) || value > INT64_MAX)
        return wrong(r, "a number is too large");
    r->integer = negative ? -(int64_t)value : (int64_t)value;
    return complete(r, OL_LUA_JSON_INTEGER);
}

static enum ol_lua_json_token read_word(ol_lua_json *r)
{
    static const struct {
        const char *text;
        enum ol_lua_json_token token;
    } words[] = {{"true", OL_LUA_JSON_TRUE},
                 {"false", OL_LUA_JSON_FALSE},
                 {"null", OL_LUA_JSON_NULL}};
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        ol_slice word = ol_slice_cstr(words[i].text);
        if (!ol_slice_starts(ol_slice_from(r->whole, r->at), word))
            continue;
        r->at += word.len;
        return complete(r, words[i].token);
    }
    return wrong(r, r->at < r->whole.len ? "a value is expected" : "the text ends too early");
}

static enum ol_lua_json_token open_container(ol_lua_json *r, bool object)
{
    if (r->depth == OL_LUA_JSON_DEPTH_MAX)
        return wrong(r, "it is nested too deeply");
    r->at++;
    r->in_object[r->depth++] = object;
    r->expects = object ? EXPECTS_FIRST_NAME : EXPECTS_FIRST_ITEM;
    return object ? OL_LUA_JSON_OBJECT : OL_LUA_JSON_LIST;
}

static enum ol_lua_json_token close_container(ol_lua_json *r)
{
    bool object = r->in_object[--r->depth];
    r->at++;
    return complete(r, object ? OL_LUA_JSON_OBJECT_END : OL_LUA_JSON_LIST_END);
}

static enum ol_lua_json_token read_value(ol_lua_json *r)
{
    int c = peek(r);
    if (c == '{' || c == '[')
        return open_container(r, c == '{');
    if (c == '"')
        return read_string(r) ? complete(r, OL_LUA_JSON_STRING) : OL_LUA_JSON_WRONG;
    if (c == '-' || (c >= '0' && c <= '9'))
        return read_integer(r);
    return read_word(r);
}

static enum ol_lua_json_token read_name(ol_lua_json *r)
{
    if (peek(r) != '"')
        return wrong(r, "a name in quotes is expected");
    if (!read_string(r))
        return OL_LUA_JSON_WRONG;
    skip_blanks(r);
    if (peek(r) != ':')
        return wrong(r, "a ':' is expected");
    r->at++;
    r->expects = EXPECTS_VALUE;
    return OL_LUA_JSON_NAME;
}

/* ---- what comes next ---- */

static bool at_end_of_container(const ol_lua_json *r)
{
    return r->depth > 0 && peek(r) == (r->in_object[r->depth - 1] ? '}' : ']');
}

static enum ol_lua_json_token read_more(ol_lua_json *r)
{
    if (peek(r) != ',')
        return wrong(r, "a ',' or the end of a list or object is expected");
    r->at++;
    skip_blanks(r);
    return r->in_object[r->depth - 1] ? read_name(r) : read_value(r);
}

enum ol_lua_json_token ol_lua_json_next(ol_lua_json *r)
{
    if (r->wrong)
        return OL_LUA_JSON_WRONG;
    skip_blanks(r);
    bool may_end = r->expects == EXPECTS_FIRST_ITEM || r->expects == EXPECTS_FIRST_NAME ||
                   r->expects == EXPECTS_MORE;
    if (may_end && at_end_of_container(r))
        return close_container(r);
    switch (r->expects) {
    case EXPECTS_VALUE:
    case EXPECTS_FIRST_ITEM: return read_value(r);
    case EXPECTS_FIRST_NAME: return read_name(r);
    case EXPECTS_MORE: return read_more(r);
    default:
        if (r->at < r->whole.len)
            return wrong(r, "something stands behind its end");
        return OL_LUA_JSON_END;
    }
}
