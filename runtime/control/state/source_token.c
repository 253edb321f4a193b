/* SPDX-License-Identifier: MIT */
/*
 * Lua's tokens, as far as finding keys needs them: strings and comments of every form are
 * told apart from code, symbols of several characters are one token.
 */
#include "control/state/source.h"

#include <ctype.h>

void ol_scanner_init(ol_scanner *scanner, ol_slice text)
{
    *scanner = (ol_scanner){.text = text, .line = 1};
    /* Lua skips a first line that begins with '#'. */
    if (text.len > 0 && text.data[0] == '#')
        while (scanner->at < text.len && text.data[scanner->at] != '\n')
            scanner->at++;
}

static int peek(const ol_scanner *s, size_t ahead)
{
    return s->at + ahead < s->text.len ? s->text.data[s->at + ahead] : -1;
}

static void advance(ol_scanner *s, size_t count)
{
    for (; count > 0 && s->at < s->text.len; count--)
        s->line += s->text.data[s->at++] == '\n';
}

/* The '=' signs between the brackets of a long string's opening, or -1. */
static int long_bracket_level(const ol_scanner *s)
{
    if (peek(s, 0) != '[')
        return -1;
    int level = 0;
    while (peek(s, 1 + (size_t)level) == '=')
        level++;
    return peek(s, 1 + (size_t)level) == '[' ? level : -1;
}

static bool closes(const ol_scanner *s, int level)
{
    if (peek(s, 0) != ']' || peek(s, 1 + (size_t)level) != ']')
        return false;
    for (int i = 1; i <= level; i++)
        if (peek(s, (size_t)i) != '=')
            return false;
    return true;
}

static ol_slice long_string(ol_scanner *s, int level)
{
    advance(s, 2 + (size_t)level);
    size_t start = s->at;
    while (s->at < s->text.len && !closes(s, level))
        advance(s, 1);
    ol_slice content = ol_slice_of(s->text.data + start, s->at - start);
    advance(s, 2 + (size_t)level);
    return content;
}

static ol_slice short_string(ol_scanner *s)
{
    int quote = peek(s, 0);
    advance(s, 1);
    size_t start = s->at;
    while (s->at < s->text.len && peek(s, 0) != quote)
        advance(s, peek(s, 0) == '\\' ? 2 : 1);
    ol_slice content = ol_slice_of(s->text.data + start, s->at - start);
    advance(s, 1);
    return content;
}

static void skip_comment(ol_scanner *s)
{
    advance(s, 2);
    int level = long_bracket_level(s);
    if (level >= 0) {
        long_string(s, level);
        return;
    }
    while (s->at < s->text.len && peek(s, 0) != '\n')
        advance(s, 1);
}

static void skip_blanks(ol_scanner *s)
{
    while (s->at < s->text.len) {
        if (isspace(peek(s, 0)))
            advance(s, 1);
        else if (peek(s, 0) == '-' && peek(s, 1) == '-')
            skip_comment(s);
        else
            return;
    }
}

static bool is_word_char(int c)
{
    return c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static ol_slice run_of_word(ol_scanner *s, bool number)
{
    size_t start = s->at;
    while (is_word_char(peek(s, 0)) || (number && peek(s, 0) == '.'))
        advance(s, 1);
    return ol_slice_of(s->text.data + start, s->at - start);
}

static ol_slice symbol(ol_scanner *s)
{
    static const char *const pairs[] = {"==", "~=", "<=", ">=", "//", "::", "..", "<<", ">>"};
    size_t len = 1;
    ol_slice rest = ol_slice_from(s->text, s->at);
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
        if (ol_slice_starts(rest, ol_slice_cstr(pairs[i])))
            len = 2;
    advance(s, len);
    return ol_slice_first(rest, len);
}

ol_token ol_scanner_next(ol_scanner *s)
{
    skip_blanks(s);
    ol_token token = {.kind = OL_TOKEN_END, .line = s->line, .at = s->at};
    int c = peek(s, 0);
    if (c < 0)
        return token;
    int level = long_bracket_level(s);
    if (c == '"' || c == '\'' || level >= 0) {
        token.kind = OL_TOKEN_STRING;
        token.text = level >= 0 ? long_string(s, level) : short_string(s);
    } else if (is_word_char(c)) {
        bool number = c >= '0' && c <= '9';
        token.kind = number ? OL_TOKEN_NUMBER : OL_TOKEN_WORD;
        token.text = run_of_word(s, number);
    } else {
        token.kind = OL_TOKEN_SYMBOL;
        token.text = symbol(s);
    }
    return token;
}
