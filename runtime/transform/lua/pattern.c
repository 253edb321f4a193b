/* SPDX-License-Identifier: MIT */
/*
 * Lua patterns; see pattern.h.
 *
 * An attempt walks text (s) and pattern (p) in step. Where there is more than one way on, the
 * others are pushed as a choice; what a later failure must undo (an opened or closed capture)
 * is pushed as well. On a mismatch the stack is popped to the next way. Only single items can
 * be repeated, so each place of the pattern has at most one entry on the stack.
 */
#include "transform/lua/pattern.h"

#include <ctype.h>

#define ESCAPE '%'
#define BURST 1024u        /* bytes scanned between two looks at the budget */
#define STEPS_PER_PAUSE 512u
#define FAILURES_BEFORE_MAP 32u /* a map costs about as much as so many attempts */
#define STEPS_PER_BYTE 16u /* of the text, free of the budget */

enum choice_kind {
    CHOICE_GREEDY, /* one repetition fewer */
    CHOICE_LAZY,   /* one repetition more */
    CHOICE_SKIP,   /* without the optional item */
    UNDO_OPEN,     /* the last capture was not opened */
    UNDO_CLOSE     /* the capture was not closed */
};

enum mode { MODE_WALK, MODE_GREEDY, MODE_BALANCE };

enum outcome { GO_ON, MISMATCH, MATCHED, BAD };

size_t ol_pattern_choices_needed(ol_slice pattern)
{
    return pattern.len + 1;
}

bool ol_pattern_is_plain(ol_slice pattern)
{
    for (size_t i = 0; i < pattern.len; i++)
        if (pattern.data[i] && strchr("^$*+?.([%-", pattern.data[i]))
            return false;
    return true;
}

/* ---- single items ---- */

static bool class_has(uint8_t c, uint8_t class)
{
    bool in;

    switch (tolower(class)) {
    case 'a': in = isalpha(c); break;
    case 'c': in = iscntrl(c); break;
    case 'd': in = isdigit(c); break;
    case 'g': in = isgraph(c); break;
    case 'l': in = islower(c); break;
    case 'p': in = ispunct(c); break;
    case 's': in = isspace(c); break;
    case 'u': in = isupper(c); break;
    case 'w': in = isalnum(c); break;
    case 'x': in = isxdigit(c); break;
    default: return class == c;
    }
    return isupper(class) ? !in : in;
}

/* `set` stands on '[', `last` on the closing ']'. */
static bool set_has(uint8_t c, const uint8_t *set, const uint8_t *last)
{
    bool wanted = true;
    const uint8_t *p = set + 1;

    if (*p == '^') {
        wanted = false;
        p++;
    }
    for (; p < last; p++) {
        if (*p == ESCAPE) {
            p++;
            if (class_has(c, *p))
                return wanted;
        } else if (p[1] == '-' && p + 2 < last) {
            if (p[0] <= c && c <= p[2])
                return wanted;
            p += 2;
        } else if (*p == c) {
            return wanted;
        }
    }
    return !wanted;
}

/* Whether the byte matches the item from p to `end`. */
static bool item_has(uint8_t c, const uint8_t *p, const uint8_t *end)
{
    switch (*p) {
    case '.': return true;
    case ESCAPE: return class_has(c, p[1]);
    case '[': return set_has(c, p, end - 1);
    default: return *p == c;
    }
}

/* Behind the closing bracket of the set that begins at p; NULL when there is none. */
static const uint8_t *set_end(const ol_pattern *m, const uint8_t *p)
{
    p++;
    if (p < m->pattern_end && *p == '^')
        p++;
    do { /* a ']' in the first place is a member */
        if (p == m->pattern_end)
            return NULL;
        if (*p++ == ESCAPE) {
            if (p == m->pattern_end)
                return NULL;
            p++;
        }
    } while (p == m->pattern_end || *p != ']');
    return p + 1;
}

/* Behind the single item that begins at p; NULL with an error when it is malformed. */
static const uint8_t *item_end(ol_pattern *m, const uint8_t *p)
{
    const uint8_t *end;

    if (*p == ESCAPE) {
        if (p + 1 == m->pattern_end) {
            m->error = "malformed pattern (ends with '%')";
            return NULL;
        }
        return p + 2;
    }
    if (*p != '[')
        return p + 1;
    end = set_end(m, p);
    if (!end)
        m->error = "malformed pattern (missing ']')";
    return end;
}

/* ---- choices and captures ---- */

static void charge(ol_pattern *m, size_t steps)
{
    m->steps_left -= steps < m->steps_left ? steps : m->steps_left;
}

static ol_pattern_choice *push(ol_pattern *m, enum choice_kind kind)
{
    ol_pattern_choice *choice = &m->choices[m->depth++];

    choice->kind = kind;
    return choice;
}

/* Go back to the last choice. GO_ON, or MISMATCH when there is none left. */
static enum outcome backtrack(ol_pattern *m)
{
    while (m->depth > 0) {
        ol_pattern_choice *choice = &m->choices[m->depth - 1];

        switch (choice->kind) {
        case UNDO_OPEN:
            m->level--;
            break;
        case UNDO_CLOSE:
            m->captures[choice->capture].len = OL_PATTERN_OPEN;
            break;
        case CHOICE_SKIP:
            m->s = choice->s;
            m->p = choice->p;
            m->depth--;
            return GO_ON;
        case CHOICE_GREEDY:
            choice->count--;
            m->s = choice->s + choice->count;
            m->p = choice->p_end + 1;
            if (choice->count == 0)
                m->depth--;
            return GO_ON;
        case CHOICE_LAZY:
            charge(m, (size_t)(choice->p_end - choice->p) / 8);
            if (choice->s == m->text_end || !item_has(*choice->s, choice->p, choice->p_end))
                break;
            choice->s++;
            m->s = choice->s;
            m->p = choice->p_end + 1;
            return GO_ON;
        default:
            break;
        }
        m->depth--;
    }
    return MISMATCH;
}

static enum outcome bad(ol_pattern *m, const char *why)
{
    m->error = why;
    return BAD;
}

static enum outcome open_capture(ol_pattern *m)
{
    bool position = m->p + 1 < m->pattern_end && m->p[1] == ')';

    if (m->level >= OL_PATTERN_CAPTURES_MAX)
        return bad(m, "too many captures");
    m->captures[m->level].start = m->s;
    m->captures[m->level].len = position ? OL_PATTERN_POSITION : OL_PATTERN_OPEN;
    m->level++;
    m->p += position ? 2 : 1;
    push(m, UNDO_OPEN);
    return GO_ON;
}

static enum outcome close_capture(ol_pattern *m)
{
    for (unsigned i = m->level; i-- > 0;) {
        if (m->captures[i].len != OL_PATTERN_OPEN)
            continue;
        m->captures[i].len = m->s - m->captures[i].start;
        m->p++;
        push(m, UNDO_CLOSE)->capture = i;
        return GO_ON;
    }
    return bad(m, "invalid pattern capture");
}

/* ---- items with a rule of their own ---- */

static enum outcome match_back_reference(ol_pattern *m)
{
    unsigned index = (unsigned)(m->p[1] - '1');
    size_t len;

    if (index >= m->level || m->captures[index].len == OL_PATTERN_OPEN)
        return bad(m, "invalid capture index in the pattern");
    /* A position capture stands for no text that could come again. */
    if (m->captures[index].len == OL_PATTERN_POSITION)
        return MISMATCH;
    len = (size_t)m->captures[index].len;
    charge(m, len / 16);
    if ((size_t)(m->text_end - m->s) < len || memcmp(m->captures[index].start, m->s, len) != 0)
        return MISMATCH;
    m->s += len;
    m->p += 2;
    return GO_ON;
}

static enum outcome match_frontier(ol_pattern *m)
{
    const uint8_t *set = m->p + 2, *end;
    uint8_t before = m->s == m->text ? '\0' : m->s[-1];
    uint8_t here = m->s == m->text_end ? '\0' : *m->s;

    if (set >= m->pattern_end || *set != '[')
        return bad(m, "missing '[' after '%f' in pattern");
    end = item_end(m, set);
    if (!end)
        return BAD;
    if (set_has(before, set, end - 1) || !set_has(here, set, end - 1))
        return MISMATCH;
    m->p = end;
    return GO_ON;
}

static enum outcome begin_balance(ol_pattern *m)
{
    if (m->pattern_end - m->p < 4)
        return bad(m, "missing arguments to '%b' in pattern");
    if (m->s == m->text_end || *m->s != m->p[2])
        return MISMATCH;
    m->s++;
    m->balance = 1;
    m->mode = MODE_BALANCE;
    return GO_ON;
}

/* Walk on towards the closing byte of %bxy, a burst at a time. */
static enum outcome walk_balance(ol_pattern *m)
{
    uint8_t opening = m->p[2], closing = m->p[3];

    for (unsigned i = 0; i < BURST; i++) {
        uint8_t c;

        if (m->s == m->text_end) {
            m->mode = MODE_WALK;
            return MISMATCH;
        }
        c = *m->s++;
        if (c == closing) {
            if (--m->balance > 0)
                continue;
            m->p += 4;
            m->mode = MODE_WALK;
            return GO_ON;
        }
        if (c == opening)
            m->balance++;
    }
    charge(m, BURST);
    return GO_ON;
}

/* ---- items that may repeat ---- */

static enum outcome begin_greedy(ol_pattern *m, const uint8_t *end)
{
    ol_pattern_choice *choice = push(m, CHOICE_GREEDY);

    choice->s = m->s;
    choice->p = m->p;
    choice->p_end = end;
    choice->count = 0;
    m->mode = MODE_GREEDY;
    return GO_ON;
}

/* Take as many repetitions as there are, a burst at a time. */
static enum outcome walk_greedy(ol_pattern *m)
{
    ol_pattern_choice *choice = &m->choices[m->depth - 1];
    const uint8_t *s = choice->s + choice->count, *stop = m->text_end;
    size_t cost;

    if ((size_t)(stop - s) > BURST)
        stop = s + BURST;
    if (*choice->p == '.')
        s = stop;
    else
        while (s < stop && item_has(*s, choice->p, choice->p_end))
            s++;
    cost = (size_t)(s - choice->s) - choice->count;
    choice->count += cost;
    charge(m, cost * (1 + (size_t)(choice->p_end - choice->p) / 8));
    if (s == stop && s < m->text_end)
        return GO_ON;
    m->mode = MODE_WALK;
    m->s = s;
    m->p = choice->p_end + 1;
    if (choice->count == 0)
        m->depth--;
    return GO_ON;
}

static enum outcome match_item(ol_pattern *m)
{
    const uint8_t *end = item_end(m, m->p);
    ol_pattern_choice *choice;
    uint8_t suffix;
    bool here;

    if (!end)
        return BAD;
    /* A long set costs in proportion, or one step could take as long as the pattern is. */
    charge(m, (size_t)(end - m->p) / 8);
    suffix = end < m->pattern_end ? *end : '\0';
    if (suffix == '*')
        return begin_greedy(m, end);
    if (suffix == '-') {
        choice = push(m, CHOICE_LAZY);
        choice->s = m->s;
        choice->p = m->p;
        choice->p_end = end;
        m->p = end + 1;
        return GO_ON;
    }
    here = m->s < m->text_end && item_has(*m->s, m->p, end);
    if (suffix == '?') {
        if (here) {
            choice = push(m, CHOICE_SKIP);
            choice->s = m->s;
            choice->p = end + 1;
            m->s++;
        }
        m->p = end + 1;
        return GO_ON;
    }
    if (!here)
        return MISMATCH;
    m->s++;
    if (suffix == '+')
        return begin_greedy(m, end);
    m->p = end;
    return GO_ON;
}

static enum outcome walk(ol_pattern *m)
{
    if (m->p == m->pattern_end)
        return MATCHED;
    switch (*m->p) {
    case '(':
        return open_capture(m);
    case ')':
        return close_capture(m);
    case '$':
        if (m->p + 1 != m->pattern_end)
            return match_item(m);
        if (m->s != m->text_end)
            return MISMATCH;
        m->p++;
        return GO_ON;
    case ESCAPE:
        if (m->p + 1 == m->pattern_end)
            return match_item(m);
        if (m->p[1] == 'b')
            return begin_balance(m);
        if (m->p[1] == 'f')
            return match_frontier(m);
        if (m->p[1] == '0')
            return bad(m, "invalid capture index in the pattern");
        if (isdigit(m->p[1]))
            return match_back_reference(m);
        return match_item(m);
    default:
        return match_item(m);
    }
}

static enum outcome step(ol_pattern *m)
{
    enum outcome outcome;

    switch (m->mode) {
    case MODE_GREEDY: outcome = walk_greedy(m); break;
    case MODE_BALANCE: outcome = walk_balance(m); break;
    default: outcome = walk(m); break;
    }
    return outcome == MISMATCH ? backtrack(m) : outcome;
}

/* ---- the search ---- */

/* Find the single item that every match begins with, behind opening parentheses. */
static void find_first_item(ol_pattern *m)
{
    const uint8_t *p = m->pattern, *end;

    m->first_item = NULL;
    m->mapped = false;
    m->failures = 0;
    while (p + 1 < m->pattern_end && *p == '(' && p[1] != ')')
        p++;
    if (p == m->pattern_end || *p == '(' || *p == ')' || *p == '$')
        return;
    if (*p == ESCAPE && p + 1 < m->pattern_end && (isdigit(p[1]) || strchr("bf", p[1])))
        return;
    end = item_end(m, p);
    m->error = NULL; /* the walk will meet it again, if it gets there */
    if (!end || (end < m->pattern_end && *end && strchr("*?-", *end)))
        return;
    m->first_item = p;
    m->first_end = end;
}

static void make_map(ol_pattern *m)
{
    memset(m->map, 0, sizeof(m->map));
    for (unsigned c = 0; c < 256; c++)
        if (item_has((uint8_t)c, m->first_item, m->first_end))
            m->map[c / 8] |= (uint8_t)(1u << (c % 8));
    m->mapped = true;
}

/* The next place at or behind `s` where a match may begin; NULL when there is none. */
static const uint8_t *next_start(ol_pattern *m, const uint8_t *s)
{
    if (m->first_end - m->first_item == 1 && *m->first_item != '.')
        return memchr(s, *m->first_item, (size_t)(m->text_end - s));
    if (!m->mapped) {
        if (m->failures++ < FAILURES_BEFORE_MAP)
            return s;
        make_map(m);
    }
    while (s < m->text_end && !(m->map[*s / 8] & (1u << (*s % 8))))
        s++;
    return s < m->text_end ? s : NULL;
}

void ol_pattern_init(ol_pattern *m, ol_slice text, ol_slice pattern, bool caret_anchors,
                     uint64_t steps, ol_pattern_choice *choices)
{
    static const uint8_t nothing[1];
    uint64_t free_steps = (uint64_t)text.len * STEPS_PER_BYTE;

    m->text = text.len ? text.data : nothing;
    m->text_end = m->text + text.len;
    m->pattern = pattern.len ? pattern.data : nothing;
    m->pattern_end = m->pattern + pattern.len;
    m->anchored = caret_anchors && pattern.len > 0 && *m->pattern == '^';
    if (m->anchored)
        m->pattern++;
    find_first_item(m);
    m->steps_left = steps < UINT64_MAX - free_steps ? steps + free_steps : UINT64_MAX;
    m->pause = NULL;
    m->choices = choices;
    m->start = m->end = NULL;
    m->mode = MODE_WALK;
    m->level = 0;
    m->depth = 0;
    ol_pattern_from(m, m->text, NULL);
}

void ol_pattern_from(ol_pattern *m, const uint8_t *place, const uint8_t *forbidden)
{
    m->attempt = place;
    m->forbidden = forbidden;
    m->active = false;
}

/* Run one attempt to its end, or until the budget or a pause ends it. */
static enum ol_pattern_result run_attempt(ol_pattern *m)
{
    for (unsigned i = 1;; i++) {
        enum outcome outcome;

        if (m->steps_left == 0)
            return OL_PATTERN_SPENT;
        m->steps_left--;
        outcome = step(m);
        if (outcome == MATCHED && m->s == m->forbidden)
            return OL_PATTERN_NONE;
        if (outcome == MATCHED)
            return OL_PATTERN_MATCH;
        if (outcome != GO_ON)
            return outcome == BAD ? OL_PATTERN_BAD : OL_PATTERN_NONE;
        if (i % STEPS_PER_PAUSE == 0 && m->pause && m->pause())
            return OL_PATTERN_PAUSE;
    }
}

/* False when no match can begin at `attempt` or behind it. */
static bool begin_attempt(ol_pattern *m)
{
    if (m->attempt > m->text_end)
        return false;
    if (m->first_item && !m->anchored) {
        const uint8_t *found = next_start(m, m->attempt);

        if (!found)
            return false;
        m->attempt = found;
    }
    m->s = m->attempt;
    m->p = m->pattern;
    m->mode = MODE_WALK;
    m->level = 0;
    m->depth = 0;
    m->active = true;
    return true;
}

enum ol_pattern_result ol_pattern_search(ol_pattern *m)
{
    for (unsigned attempts = 1;; attempts++) {
        enum ol_pattern_result result;

        if (!m->active && !begin_attempt(m))
            return OL_PATTERN_NONE;
        result = run_attempt(m);
        if (result == OL_PATTERN_PAUSE)
            return result;
        m->active = false;
        if (result == OL_PATTERN_MATCH) {
            m->start = m->attempt;
            m->end = m->s;
        }
        if (result != OL_PATTERN_NONE || m->anchored)
            return result;
        m->attempt++;
        if (attempts % STEPS_PER_PAUSE == 0 && m->pause && m->pause())
            return OL_PATTERN_PAUSE;
    }
}
