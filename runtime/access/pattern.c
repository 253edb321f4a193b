/* SPDX-License-Identifier: MIT */
#include "access/pattern.h"

/* ---- compiling ---- */

static size_t first_wildcard(ol_slice text)
{
    size_t i = 0;
    while (i < text.len && text.data[i] != '*' && text.data[i] != '?')
        i++;
    return i;
}

static bool has_variable(ol_slice text)
{
    return text.len > 0 && memmem(text.data, text.len, "${", 2) != NULL;
}

typedef struct compiler {
    ol_pattern_piece *pieces;
    size_t count;
    bool wildcards;
    const char **what;
} compiler;

static int refuse(compiler *c, const char *what)
{
    *c->what = what;
    return OL_EMALFORMEDPOLICY;
}

static ol_pattern_piece *add_piece(compiler *c, enum ol_piece_kind kind)
{
    c->pieces[c->count] = (ol_pattern_piece){.kind = kind};
    return &c->pieces[c->count++];
}

/* "aws:PrincipalTag/team, 'none'" → the key and what to take when it is absent. */
static int read_default(compiler *c, ol_slice *name, ol_pattern_piece *piece)
{
    ptrdiff_t comma = ol_slice_find(*name, ',');
    if (comma < 0)
        return OL_OK;
    ol_slice rest = ol_slice_trim(ol_slice_from(*name, (size_t)comma + 1));
    if (rest.len < 2 || rest.data[0] != '\'' || rest.data[rest.len - 1] != '\'')
        return refuse(c, "the default of a policy variable is not in quotes");
    piece->has_default = true;
    piece->text = ol_slice_of(rest.data + 1, rest.len - 2);
    *name = ol_slice_first(*name, (size_t)comma);
    return OL_OK;
}

/* What stands between "${" and "}". */
static int add_variable(compiler *c, ol_slice name)
{
    if (name.len == 1 && strchr("*?$", name.data[0])) {
        add_piece(c, OL_PIECE_TEXT)->text = name;
        return OL_OK;
    }
    ol_pattern_piece *piece = add_piece(c, OL_PIECE_VARIABLE);
    int rc = read_default(c, &name, piece);
    if (rc != OL_OK)
        return rc;
    if (!ol_context_key_find(ol_slice_trim(name), &piece->key, &piece->suffix))
        return refuse(c, "there is no such policy variable");
    if (ol_context_key_traits(piece->key) & OL_CONTEXT_MANY)
        return refuse(c, "a key with several values cannot be a policy variable");
    return OL_OK;
}

static bool is_variable(ol_slice text)
{
    return text.len >= 2 && text.data[0] == '$' && text.data[1] == '{';
}

static size_t plain_length(const compiler *c, ol_slice text)
{
    size_t i = 0;
    while (i < text.len && !is_variable(ol_slice_from(text, i)) &&
           !(c->wildcards && (text.data[i] == '*' || text.data[i] == '?')))
        i++;
    return i;
}

/* The next piece of what is left; *rest moves behind it. */
static int next_piece(compiler *c, ol_slice *rest)
{
    size_t len = plain_length(c, *rest);
    if (len > 0) {
        add_piece(c, OL_PIECE_TEXT)->text = ol_slice_first(*rest, len);
        *rest = ol_slice_from(*rest, len);
        return OL_OK;
    }
    if (!is_variable(*rest)) {
        add_piece(c, rest->data[0] == '*' ? OL_PIECE_ANY_RUN : OL_PIECE_ANY_ONE);
        *rest = ol_slice_from(*rest, 1);
        return OL_OK;
    }
    ptrdiff_t end = ol_slice_find(*rest, '}');
    if (end < 0)
        return refuse(c, "a policy variable does not end");
    ol_slice name = ol_slice_of(rest->data + 2, (size_t)end - 2);
    *rest = ol_slice_from(*rest, (size_t)end + 1);
    return add_variable(c, name);
}

/* Each sign that may begin or be a piece of its own, and what stands before it. */
static size_t pieces_max(ol_slice text)
{
    size_t count = 1;
    for (size_t i = 0; i < text.len; i++)
        if (text.data[i] == '$' || text.data[i] == '*' || text.data[i] == '?')
            count += 2;
    return count;
}

static int compile_template(ol_pattern *pattern, ol_slice text, bool wildcards, ol_arena *arena,
                            const char **what)
{
    compiler c = {.wildcards = wildcards, .what = what};
    c.pieces = ol_arena_alloc(arena, pieces_max(text) * sizeof(*c.pieces));
    if (!c.pieces)
        return OL_ENOMEM;
    while (text.len > 0) {
        int rc = next_piece(&c, &text);
        if (rc != OL_OK)
            return rc;
    }
    *pattern = (ol_pattern){
        .kind = OL_PATTERN_TEMPLATE, .pieces = c.pieces, .piece_count = c.count};
    return OL_OK;
}

int ol_pattern_compile(ol_pattern *pattern, ol_slice text, unsigned options, ol_arena *arena,
                       const char **what)
{
    bool wildcards = options & OL_PATTERN_WILDCARDS;
    if (text.len > OL_PATTERN_BYTES_MAX) {
        *what = "a text is too long";
        return OL_EMALFORMEDPOLICY;
    }
    if ((options & OL_PATTERN_VARIABLES) && has_variable(text))
        return compile_template(pattern, text, wildcards, arena, what);
    size_t fixed = wildcards ? first_wildcard(text) : text.len;
    *pattern = (ol_pattern){.kind = OL_PATTERN_WILD, .text = text, .fixed = fixed};
    if (fixed == text.len)
        pattern->kind = OL_PATTERN_PLAIN;
    else if (fixed + 1 == text.len && text.data[fixed] == '*')
        *pattern = (ol_pattern){
            .kind = OL_PATTERN_PREFIX, .text = ol_slice_first(text, fixed), .fixed = fixed};
    return OL_OK;
}

bool ol_pattern_is_fixed(const ol_pattern *pattern)
{
    return pattern->kind == OL_PATTERN_PLAIN;
}

/* ---- matching ---- */

typedef struct filled {
    uint16_t units[OL_PATTERN_BYTES_MAX];
    size_t len;
    bool failed;
} filled;

static void fill_unit(filled *f, uint16_t unit)
{
    f->failed |= f->len == OL_PATTERN_BYTES_MAX;
    if (!f->failed)
        f->units[f->len++] = unit;
}

static void fill_text(filled *f, ol_slice text)
{
    for (size_t i = 0; i < text.len && !f->failed; i++)
        fill_unit(f, text.data[i]);
}

/* A value stands for itself: wildcards in it mean nothing. */
static void fill_variable(filled *f, const ol_pattern_piece *piece, ol_evaluation *ev)
{
    char scratch[OL_EVALUATION_SCRATCH];
    ol_context_values values;
    ol_evaluation_values(ev, piece->key, piece->suffix, &values, scratch);
    if (values.present && values.count == 1)
        fill_text(f, values.many ? values.many[0] : values.one);
    else if (piece->has_default && ev->rc == OL_OK)
        fill_text(f, piece->text);
    else
        f->failed = true;
}

static void fill(filled *f, const ol_pattern *pattern, ol_evaluation *ev)
{
    for (size_t i = 0; i < pattern->piece_count && !f->failed; i++) {
        const ol_pattern_piece *piece = &pattern->pieces[i];
        if (piece->kind == OL_PIECE_TEXT)
            fill_text(f, piece->text);
        else if (piece->kind == OL_PIECE_VARIABLE)
            fill_variable(f, piece, ev);
        else
            fill_unit(f, piece->kind == OL_PIECE_ANY_RUN ? OL_MATCH_ANY_RUN : OL_MATCH_ANY_ONE);
    }
}

static bool equal_ignoring_case(const filled *f, ol_slice text)
{
    uint8_t bytes[OL_PATTERN_BYTES_MAX];
    for (size_t i = 0; i < f->len; i++)
        bytes[i] = (uint8_t)f->units[i]; /* such patterns have no wildcards */
    return ol_slice_ieq(ol_slice_of(bytes, f->len), text);
}

static enum ol_pattern_result match_template(const ol_pattern *pattern, ol_slice text,
                                             bool ignore_case, ol_evaluation *ev)
{
    filled f;
    f.len = 0;
    f.failed = false;
    fill(&f, pattern, ev);
    if (f.failed)
        return OL_PATTERN_UNRESOLVED;
    bool matches = ignore_case ? equal_ignoring_case(&f, text)
                               : ol_access_match_units(f.units, f.len, text);
    return matches ? OL_PATTERN_MATCHES : OL_PATTERN_DIFFERS;
}

/* What stands before the first wildcard is compared at once. */
static bool match_wild(const ol_pattern *pattern, ol_slice text)
{
    size_t fixed = pattern->fixed;
    return ol_slice_starts(text, ol_slice_first(pattern->text, fixed)) &&
           ol_access_match(ol_slice_of(pattern->text.data + fixed, pattern->text.len - fixed),
                           ol_slice_from(text, fixed), false);
}

enum ol_pattern_result ol_pattern_match(const ol_pattern *pattern, ol_slice text, bool ignore_case,
                                        ol_evaluation *ev)
{
    bool matches = false;
    switch (pattern->kind) {
    case OL_PATTERN_PLAIN:
        matches = ignore_case ? ol_slice_ieq(pattern->text, text) : ol_slice_eq(pattern->text, text);
        break;
    case OL_PATTERN_PREFIX:
        matches = ol_slice_starts(text, pattern->text);
        break;
    case OL_PATTERN_WILD:
        matches = match_wild(pattern, text);
        break;
    case OL_PATTERN_TEMPLATE:
        return match_template(pattern, text, ignore_case, ev);
    }
    return matches ? OL_PATTERN_MATCHES : OL_PATTERN_DIFFERS;
}
