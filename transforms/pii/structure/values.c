/* SPDX-License-Identifier: MIT */
/*
 * The engine gives back the meaning of a value in order, some of it later than it got it. Where a
 * value has no escapes its meaning is what stands in the source. Escapes wait in a ring, each
 * with its offset in the meaning, until the engine has settled that place; then they leave as
 * they stood, or not at all when they lie in a finding.
 */
#include "structure/values.h"

#include <string.h>

#define LIMIT_CODE "UnexpectedContent"
/* More than the engine can hold back, and what is on its way to it. */
#define ESCAPES_MAX 16384

void pii_values_literal(struct pii_values *v, const uint8_t *bytes, size_t size)
{
    pii_output_copy(v->out, bytes, size);
}

/* ---- what leaves of a value --------------------------------------------------------------- */

static void write_out(struct pii_values *v, const uint8_t *bytes, size_t size)
{
    if (!v->holding) {
        pii_output_write(v->out, bytes, size);
        return;
    }
    if (size > sizeof(v->held) - v->held_size) {
        pii_output_fail(v->out, 400, LIMIT_CODE,
                        "pii: a number, or a field that may need quotes, is too long");
        return;
    }
    if (size > 0)
        memcpy(v->held + v->held_size, bytes, size);
    v->held_size += size;
}

static void copy(struct pii_values *v, const uint8_t *bytes, size_t size)
{
    pii_output_skip(v->out, bytes, size);
    write_out(v, bytes, size);
}

static void write_text(struct pii_values *v, const char *text)
{
    write_out(v, (const uint8_t *)text, strlen(text));
}

static void write_json(struct pii_values *v, uint8_t c)
{
    static const char hex[] = "0123456789abcdef";
    char escape[7] = {'\\', 'u', '0', '0', hex[c >> 4], hex[c & 15], '\0'};
    if (c == '"')
        write_text(v, "\\\"");
    else if (c == '\\')
        write_text(v, "\\\\");
    else if (c < 0x20)
        write_text(v, escape);
    else
        write_out(v, &c, 1);
}

static void write_xml(struct pii_values *v, uint8_t c)
{
    if (c == '<')
        write_text(v, "&lt;");
    else if (c == '>')
        write_text(v, "&gt;");
    else if (c == '&')
        write_text(v, "&amp;");
    else if (c == '"')
        write_text(v, "&quot;");
    else if (c == '\'')
        write_text(v, "&apos;");
    else if (c >= 0x20 || c == '\t' || c == '\n' || c == '\r')
        write_out(v, &c, 1);
}

static void write_form(struct pii_values *v, uint8_t c)
{
    static const char hex[] = "0123456789ABCDEF";
    char escape[4] = {'%', hex[c >> 4], hex[c & 15], '\0'};
    if (pii_alnum(c) || c == '-' || c == '.' || c == '_' || c == '~' || c == '*')
        write_out(v, &c, 1);
    else
        write_text(v, escape);
}

static void write_one(struct pii_values *v, uint8_t c)
{
    uint8_t other = c == '<' ? '(' : c == '>' ? ')' : c == '-' ? '_' : c;
    switch (v->value.place) {
    case PII_PLACE_NUMBER:
    case PII_PLACE_JSON: write_json(v, c); break;
    case PII_PLACE_XML: write_xml(v, c); break;
    case PII_PLACE_RAW_XML: write_out(v, &other, 1); break;
    case PII_PLACE_QUOTED:
        if (c == v->quote)
            write_out(v, &c, 1);
        write_out(v, &c, 1);
        break;
    case PII_PLACE_FORM: write_form(v, c); break;
    case PII_PLACE_UNQUOTED:
    case PII_PLACE_TEXT: write_out(v, &c, 1); break;
    }
}

static void write_replacement(struct pii_values *v, const struct pii_replacement *r)
{
    v->changed = true;
    if (!r)
        return;
    bool plain = v->value.place == PII_PLACE_TEXT || v->value.place == PII_PLACE_UNQUOTED;
    if (plain)
        write_out(v, r->bytes, r->size);
    for (size_t i = 0; !plain && i < r->size; i++)
        write_one(v, r->bytes[i]);
}

/* ---- what the engine gives back ----------------------------------------------------------- */

static struct pii_escape *first_escape(struct pii_values *v)
{
    return v->escapes_count > 0 ? &v->escapes[v->escapes_first % ESCAPES_MAX] : NULL;
}

typedef void take_fn(struct pii_values *v, const uint8_t *bytes, size_t size);

static void skip(struct pii_values *v, const uint8_t *bytes, size_t size)
{
    pii_output_skip(v->out, bytes, size);
}

/* The source of so many bytes of meaning. An escape goes with its first byte. */
static void take(struct pii_values *v, const uint8_t *meaning, size_t size, take_fn *taker)
{
    int64_t from = 0, end = (int64_t)size;
    for (struct pii_escape *e = first_escape(v); e; e = first_escape(v)) {
        int64_t at = (int32_t)(e->at - (uint32_t)v->settled), behind = at + e->meaning;
        if (at >= end)
            break;
        if (at > from)
            taker(v, meaning + from, (size_t)(at - from));
        if (at >= 0)
            taker(v, e->bytes, e->size);
        from = behind > from ? behind : from;
        if (behind > end)
            break;
        v->escapes_first++;
        v->escapes_count--;
    }
    if (from < end)
        taker(v, meaning + from, (size_t)(end - from));
    v->settled += size;
}

static void on_clean(void *arg, const uint8_t *bytes, size_t size)
{
    take(arg, bytes, size, copy);
}

static void on_found(void *arg, const struct pii_match *m, const uint8_t *bytes, size_t size)
{
    struct pii_values *v = arg;
    const struct pii_config *config = v->decision->config;
    struct pii_found found = {.entity = m->entity,
                              .type = pii_config_type(config, m->entity),
                              .score = m->score,
                              .start = v->out->source,
                              .op = pii_config_operator(config, m->entity),
                              .text = bytes,
                              .size = size};
    v->decision->last = found.op;
    take(v, bytes, size, found.op->kind == PII_KEEP ? copy : skip);
    found.end = v->out->source;
    if (found.op->kind != PII_KEEP)
        write_replacement(v, pii_decide(v->decision, &found));
}

static void on_more(void *arg, const uint8_t *bytes, size_t size)
{
    struct pii_values *v = arg;
    const struct pii_operator *op = v->decision->last;
    if (op && op->kind == PII_KEEP) {
        take(v, bytes, size, copy);
        return;
    }
    for (size_t at = 0, part; at < size; at += part) {
        part = size - at < PII_FINDING_MAX ? size - at : PII_FINDING_MAX;
        take(v, bytes + at, part, skip);
        write_replacement(v, pii_decide_more(v->decision, bytes + at, part));
    }
}

static void on_restored(void *arg, const char *type, const uint8_t *token, size_t size,
                        const struct pii_replacement *plain)
{
    struct pii_values *v = arg;
    (void)type;
    take(v, token, size, skip);
    v->decision->total++;
    v->decision->counts[PII_TYPES_MAX]++;
    write_replacement(v, plain);
}

void pii_values_init(struct pii_values *v, struct pii_decision *decision, struct pii_output *out)
{
    v->decision = decision;
    v->out = out;
    v->quote = '"';
    v->sink = (struct pii_sink){on_clean, on_found, on_more, v,
                                .scores = decision->config->mode == PII_MODE_REPORT};
    pii_engine_init(&v->engine, &decision->config->rules, &v->sink);
    v->restoring = decision->config->mode == PII_MODE_RESTORE;
    v->restore.config = decision->config;
    v->restore.clean = on_clean;
    v->restore.restored = on_restored;
    v->restore.arg = v;
}

/* ---- values that a rule replaces whole ---------------------------------------------------- */

static void restore_whole(struct pii_values *v)
{
    struct pii_decision *d = v->decision;
    const struct pii_field_rule *rule = v->value.rule;
    bool made = pii_operator_reverse(rule->operator_, rule->type, v->whole, v->whole_size, &d->replacement);
    if (!made) {
        d->replacement.size = 0;
        pii_put(&d->replacement, v->whole, v->whole_size);
    }
    d->total += made;
    d->counts[PII_TYPES_MAX] += made;
    write_replacement(v, &d->replacement);
}

static void replace_whole(struct pii_values *v)
{
    const struct pii_field_rule *rule = v->value.rule;
    if (v->restoring) {
        restore_whole(v);
        return;
    }
    struct pii_found found = {.entity = v->value.rule->entity,
                              .type = rule->type,
                              .score = 100,
                              .start = v->whole_start,
                              .end = v->out->source,
                              .op = rule->operator_,
                              .text = v->whole,
                              .size = v->whole_size};
    if (v->whole_size > 0)
        write_replacement(v, pii_decide(v->decision, &found));
}

/* Longer than an operator looks at: a marker for all of it, or one mask. */
static void give_up_whole(struct pii_values *v)
{
    struct pii_operator redact = {.kind = PII_REPLACE, .template_text = "[{type}]"};
    const struct pii_operator *op = v->value.rule->operator_;
    bool masks = op->kind == PII_MASK;
    struct pii_found found = {.entity = v->value.rule->entity,
                              .type = v->value.rule->type,
                              .score = 100,
                              .start = v->whole_start,
                              .end = v->out->source,
                              .op = masks ? op : &redact,
                              .text = v->whole,
                              .size = masks ? 0 : v->whole_size};
    v->over_long = true;
    if (v->restoring)
        pii_output_fail(v->out, 400, LIMIT_CODE, "pii: a field of FF1 is too long");
    if (op->kind == PII_REDACT || v->restoring)
        return;
    write_replacement(v, pii_decide(v->decision, &found));
    v->decision->last = op;
    if (masks)
        write_replacement(v, pii_decide_more(v->decision, v->whole, v->whole_size));
}

static void add_whole(struct pii_values *v, const uint8_t *meaning, size_t size)
{
    while (size > 0) {
        size_t part = sizeof(v->whole) - v->whole_size;
        if (part == 0) {
            if (!v->over_long)
                give_up_whole(v);
            v->whole_size = 0;
            part = sizeof(v->whole);
        }
        part = part < size ? part : size;
        if (v->over_long)
            write_replacement(v, pii_decide_more(v->decision, meaning, part));
        else
            memcpy(v->whole + v->whole_size, meaning, part);
        v->whole_size += v->over_long ? 0 : part;
        meaning += part;
        size -= part;
    }
}

/* ---- to the engine ------------------------------------------------------------------------ */

static void begin_feeding(struct pii_values *v)
{
    if (v->restoring)
        pii_restore_begin(&v->restore);
    else
        pii_engine_begin(&v->engine, v->value.field, v->value.field_size);
}

static void feed(struct pii_values *v, const uint8_t *bytes, size_t size, bool last)
{
    if (v->out->result != OBJLENS_OK)
        return;
    if (!v->began)
        begin_feeding(v);
    v->began = true;
    v->fed += size;
    if (v->restoring) {
        pii_restore_feed(&v->restore, bytes, size, last);
        return;
    }
    if (!pii_engine_feed(&v->engine, bytes, size, last))
        pii_output_fail(v->out, 500, "InternalError", "pii: too many findings at once");
}

static void feed_piece(struct pii_values *v, bool last)
{
    size_t size = v->piece_size;
    v->piece_size = 0;
    if (size > 0 || (last && v->began))
        feed(v, v->piece, size, last);
}

static void add_piece(struct pii_values *v, const uint8_t *meaning, size_t size)
{
    if (size > sizeof(v->piece) - v->piece_size)
        feed_piece(v, false);
    memcpy(v->piece + v->piece_size, meaning, size);
    v->piece_size += size;
}

static bool room_for_escape(struct pii_values *v)
{
    if (!v->escapes)
        v->escapes = v->out->host->alloc(v->out->call, ESCAPES_MAX * sizeof(*v->escapes));
    if (!v->escapes && v->out->result == OBJLENS_OK)
        v->out->result = OBJLENS_ENOMEM;
    if (v->escapes_count == ESCAPES_MAX)
        feed_piece(v, false);
    if (v->escapes_count == ESCAPES_MAX)
        pii_output_fail(v->out, 500, "InternalError", "pii: too many escapes at once");
    return v->out->result == OBJLENS_OK;
}

/* On the way back a rule matters where its operator left no mark: FF1's. */
static enum pii_rule_action action(const struct pii_values *v)
{
    const struct pii_field_rule *rule = v->value.rule;
    if (!rule)
        return PII_RULE_DETECT;
    if (v->restoring && rule->action == PII_RULE_REPLACE && rule->operator_->kind != PII_FF1)
        return PII_RULE_DETECT;
    return rule->action;
}

/* ---- a value's life ----------------------------------------------------------------------- */

void pii_values_begin(struct pii_values *v, const struct pii_value *value)
{
    v->value = *value;
    v->fed = v->settled = 0;
    v->began = v->changed = v->over_long = false;
    v->escapes_first = v->escapes_count = 0;
    v->piece_size = v->held_size = v->whole_size = 0;
    v->whole_start = v->out->source;
    v->holding = action(v) != PII_RULE_KEEP &&
                 (value->place == PII_PLACE_NUMBER ||
                  (value->place == PII_PLACE_UNQUOTED && v->decision->config->csv_may_need_quotes));
}

void pii_values_plain(struct pii_values *v, const uint8_t *bytes, size_t size, bool last)
{
    if (size > 0 && action(v) == PII_RULE_KEEP) {
        copy(v, bytes, size);
    } else if (size > 0 && action(v) == PII_RULE_REPLACE) {
        pii_output_skip(v->out, bytes, size);
        add_whole(v, bytes, size);
    } else if (size > 0 && v->piece_size == 0) {
        feed(v, bytes, size, last);
        v->began = v->began && !last;
    } else if (size > sizeof(v->piece) - v->piece_size) {
        feed_piece(v, false);
        feed(v, bytes, size, false);
    } else if (size > 0) {
        add_piece(v, bytes, size);
    }
    if (last)
        pii_values_end(v);
}

void pii_values_escape(struct pii_values *v, const uint8_t *bytes, size_t size,
                       const uint8_t *meaning, size_t meaning_size)
{
    if (action(v) == PII_RULE_KEEP) {
        copy(v, bytes, size);
        return;
    }
    if (action(v) == PII_RULE_REPLACE) {
        pii_output_skip(v->out, bytes, size);
        add_whole(v, meaning, meaning_size);
        return;
    }
    if (!room_for_escape(v))
        return;
    struct pii_escape *e = &v->escapes[(v->escapes_first + v->escapes_count++) % ESCAPES_MAX];
    *e = (struct pii_escape){.at = v->fed + v->piece_size,
                             .meaning = (uint8_t)meaning_size,
                             .size = (uint8_t)size};
    memcpy(e->bytes, bytes, size);
    if (meaning_size > sizeof(v->piece) - v->piece_size)
        feed_piece(v, false);
    add_piece(v, meaning, meaning_size);
}

static bool needs_quotes(const struct pii_values *v)
{
    for (size_t i = 0; i < v->held_size; i++)
        if (v->held[i] == v->delimiter || v->held[i] == v->quote || v->held[i] == '\n' ||
            v->held[i] == '\r')
            return true;
    return false;
}

static void write_quoted(struct pii_values *v)
{
    pii_output_write(v->out, &v->quote, 1);
    for (size_t i = 0; i < v->held_size; i++) {
        if (v->held[i] == v->quote)
            pii_output_write(v->out, &v->quote, 1);
        pii_output_write(v->out, &v->held[i], 1);
    }
    pii_output_write(v->out, &v->quote, 1);
}

static void release_held(struct pii_values *v)
{
    bool number = v->value.place == PII_PLACE_NUMBER;
    v->holding = false;
    if (v->changed && !number && needs_quotes(v)) {
        write_quoted(v);
        return;
    }
    const uint8_t *quote = (const uint8_t *)"\"";
    pii_output_write(v->out, quote, v->changed && number);
    pii_output_write(v->out, v->held, v->held_size);
    pii_output_write(v->out, quote, v->changed && number);
}

void pii_values_end(struct pii_values *v)
{
    if (action(v) == PII_RULE_DETECT)
        feed_piece(v, true);
    else if (action(v) == PII_RULE_REPLACE && !v->over_long)
        replace_whole(v);
    v->began = false;
    if (v->holding)
        release_held(v);
}

void pii_values_fini(struct pii_values *v)
{
    if (v->escapes)
        v->out->host->free(v->out->call, v->escapes);
    v->escapes = NULL;
}
