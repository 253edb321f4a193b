/* SPDX-License-Identifier: MIT */
#include "control/state/source.h"

#include "base/error.h"

#define DEPTH_MAX 16

int ol_source_init(ol_source *source, ol_slice text, ol_arena *arena)
{
    *source = (ol_source){.text = text, .arena = arena, .line_count = 2};
    for (size_t i = 0; i < text.len; i++)
        source->line_count += text.data[i] == '\n';
    source->line_starts = ol_arena_alloc(arena, source->line_count * sizeof(size_t));
    if (!source->line_starts)
        return OL_ENOMEM;
    for (size_t i = 0; i < source->line_count; i++)
        source->line_starts[i] = SIZE_MAX;

    ol_scanner scanner;
    ol_scanner_init(&scanner, text);
    for (;;) {
        ol_token token = ol_scanner_next(&scanner);
        if (token.kind == OL_TOKEN_END)
            return OL_OK;
        if (source->line_starts[token.line] == SIZE_MAX)
            source->line_starts[token.line] = token.at;
    }
}

/* ---- constructors ---- */

typedef struct parser {
    const ol_source *source;
    ol_scanner scanner;
    ol_token token; /* the current one */
    bool no_memory;
} parser;

static void step(parser *p)
{
    p->token = ol_scanner_next(&p->scanner);
}

/* How a token changes the nesting of brackets and of blocks with an `end`. */
static int nesting_of(const ol_token *token)
{
    static const char *const openers[] = {"(", "[", "{", "function", "if", "do", "repeat"};
    static const char *const closers[] = {")", "]", "}", "end", "until"};
    for (size_t i = 0; i < sizeof(openers) / sizeof(openers[0]); i++)
        if (ol_token_is(token, openers[i]))
            return 1;
    for (size_t i = 0; i < sizeof(closers) / sizeof(closers[0]); i++)
        if (ol_token_is(token, closers[i]))
            return -1;
    return 0;
}

static bool is_separator(const ol_token *token)
{
    return ol_token_is(token, ",") || ol_token_is(token, ";");
}

/* Up to the ',', ';' or '}' behind the current value. */
static void skip_value(parser *p)
{
    int depth = 0;
    for (; p->token.kind != OL_TOKEN_END; step(p)) {
        int nesting = nesting_of(&p->token);
        if (depth == 0 && (nesting < 0 || is_separator(&p->token)))
            return;
        depth += nesting;
    }
}

/* `word =` or `["text"] =`: the key, leaving the token behind '=' current. Otherwise the parser
 * stands where it stood. */
static bool take_key(parser *p, ol_slice *key)
{
    parser ahead = *p;
    bool bracket = ol_token_is(&ahead.token, "[");
    if (bracket)
        step(&ahead);
    if (ahead.token.kind != (bracket ? OL_TOKEN_STRING : OL_TOKEN_WORD))
        return false;
    ol_slice text = ahead.token.text;
    step(&ahead);
    if (bracket) {
        if (!ol_token_is(&ahead.token, "]"))
            return false;
        step(&ahead);
    }
    if (!ol_token_is(&ahead.token, "="))
        return false;
    step(&ahead);
    *key = text;
    *p = ahead;
    return true;
}

static ol_source_node *parse_fields(parser *p, int depth);

static ol_source_node *parse_field(parser *p, int depth)
{
    ol_source_node *node = ol_arena_calloc(p->source->arena, sizeof(*node));
    if (!node) {
        p->no_memory = true;
        return NULL;
    }
    node->line = p->token.line;
    bool computed = ol_token_is(&p->token, "[") && !take_key(p, &node->key);
    if (computed) { /* [1 + 1] = …: a key that cannot be known from the text */
        node->key = OL_SLICE_LIT("[");
    } else if (!node->key.data) {
        take_key(p, &node->key);
    }
    if (ol_token_is(&p->token, "{") && depth < DEPTH_MAX)
        node->first = parse_fields(p, depth + 1);
    skip_value(p);
    return node;
}

/* From '{' to behind its '}'. */
static ol_source_node *parse_fields(parser *p, int depth)
{
    ol_source_node *first = NULL, **end = &first;
    step(p);
    while (p->token.kind != OL_TOKEN_END && !ol_token_is(&p->token, "}") && !p->no_memory) {
        size_t before = p->scanner.at;
        *end = parse_field(p, depth);
        if (*end)
            end = &(*end)->next;
        if (is_separator(&p->token))
            step(p);
        else if (p->scanner.at == before)
            break; /* a stray closer: not a constructor as we know it */
    }
    step(p);
    return first;
}

/* ---- blocks ---- */

/* Behind `word`: the name where one is wanted, and the opening brace. */
static bool reaches_table(parser *p, ol_slice name)
{
    for (int i = 0; i < 8; i++, step(p)) {
        if (ol_token_is(&p->token, "{"))
            return true;
        bool is_name = p->token.kind == OL_TOKEN_STRING &&
                       (name.len == 0 || ol_slice_eq(p->token.text, name));
        if (!is_name && !ol_token_is(&p->token, "(") && !ol_token_is(&p->token, ")"))
            return false;
    }
    return false;
}

ol_source_node *ol_source_block(const ol_source *source, int line, const char *word, ol_slice name)
{
    if (line < 1 || (size_t)line >= source->line_count || source->line_starts[line] == SIZE_MAX)
        return NULL;
    parser p = {.source = source, .scanner = {.text = source->text, .line = line}};
    p.scanner.at = source->line_starts[line];
    for (step(&p); p.token.kind != OL_TOKEN_END && p.token.line == line; step(&p)) {
        if (p.token.kind != OL_TOKEN_WORD || !ol_slice_eq_cstr(p.token.text, word))
            continue;
        parser behind = p;
        step(&behind);
        if (!reaches_table(&behind, name))
            continue;
        ol_source_node *node = ol_arena_calloc(source->arena, sizeof(*node));
        if (!node)
            return NULL;
        node->line = line;
        node->first = parse_fields(&behind, 0);
        return node;
    }
    return NULL;
}

const ol_source_node *ol_source_child(const ol_source_node *node, ol_slice key)
{
    for (const ol_source_node *child = node ? node->first : NULL; child; child = child->next)
        if (child->key.data && ol_slice_eq(child->key, key))
            return child;
    return NULL;
}

int ol_source_line(const ol_source_node *node, ol_slice key, int line)
{
    const ol_source_node *child = ol_source_child(node, key);
    if (child)
        return child->line;
    return node ? node->line : line;
}

const ol_source_node *ol_source_item(const ol_source_node *from)
{
    while (from && from->key.data)
        from = from->next;
    return from;
}
