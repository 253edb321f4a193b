/* SPDX-License-Identifier: MIT */
/*
 * objlens.re: PCRE2, interpreted. (Its compiler to machine code needs memory that is writable and
 * executable, which the wall around a host refuses for good reason.)
 *
 * A search is cut into windows of places where a match may begin, wider as long as they cost
 * little: between two windows the job can be preempted. One that takes longer than a script may
 * go without being preempted is abandoned and tried again with fewer places; if there is only one,
 * the job ends. What is found does not depend on how it was cut: a pattern that asks where its search
 * began, or says where it goes on, is searched for in one go. Limits on steps and memory count
 * for each place: past them the job ends as well, in the same way on every machine.
 *
 * Texts are UTF-8, looked at once for each text and not for each search in it, or plain bytes.
 */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <string.h>

#include "base/clock.h"
#include "base/slice.h"
#include "transform/lua/native.h"
#include "transform/lua/preempt.h"
#include "transform/lua/require.h"

#define TYPE "objlens.re"
#define PATTERN_BYTES_MAX 32768
#define WINDOW_FIRST 1024u
#define WINDOW_MAX (1u << 30)
#define CHEAP_NS 500000u
#define STEPS_MAX 10000000u
#define CAPTURES_MAX 250

typedef struct regex {
    ol_run *run;
    pcre2_general_context *general;
    pcre2_match_context *limits;
    pcre2_code *code;
    pcre2_match_data *match;
    uint32_t captures, lookbehind;
    bool utf, whole; /* whole: a search is never cut */
    bool asks_where; /* it began, so that no text may be cut either */
    size_t window;
} regex; /* its user value: the last text that was found to be UTF-8 */

/* ---- compiling ---- */

static uint32_t read_flags(lua_State *L, const char *flags)
{
    uint32_t options = PCRE2_UTF | PCRE2_UCP | PCRE2_NEVER_BACKSLASH_C |
                       PCRE2_USE_OFFSET_LIMIT;

    for (; *flags; flags++)
        switch (*flags) {
        case 'i': options |= PCRE2_CASELESS; break;
        case 'm': options |= PCRE2_MULTILINE; break;
        case 's': options |= PCRE2_DOTALL; break;
        case 'x': options |= PCRE2_EXTENDED; break;
        case 'a': options |= PCRE2_ANCHORED; break;
        case 'b': /* nor may the pattern ask for characters: its texts were not looked at */
            options = (options & ~(uint32_t)(PCRE2_UTF | PCRE2_UCP)) | PCRE2_NEVER_UTF;
            break;
        default: ol_lua_module_error(L, "re.compile: unknown flag '%c'", *flags);
        }
    return options;
}

static void free_regex(regex *re)
{
    if (!re->general)
        return;
    pcre2_match_data_free(re->match);
    pcre2_code_free(re->code);
    pcre2_match_context_free(re->limits);
    pcre2_general_context_free(re->general);
    re->general = NULL;
}

static int collect(lua_State *L)
{
    free_regex(luaL_checkudata(L, 1, TYPE));
    return 0;
}

static void make_contexts(lua_State *L, regex *re)
{
    const ol_transform_limits *limits = &ol_lua_script_of(re->run)->limits;
    uint64_t steps = limits->pattern_steps < STEPS_MAX ? limits->pattern_steps : STEPS_MAX;

    re->general = pcre2_general_context_create(ol_lua_native_malloc_cb, ol_lua_native_free_cb,
                                               re->run);
    re->limits = re->general ? pcre2_match_context_create(re->general) : NULL;
    if (!re->limits)
        ol_lua_native_spent(L);
    pcre2_set_match_limit(re->limits, (uint32_t)steps);
    pcre2_set_heap_limit(re->limits, (uint32_t)(limits->memory_bytes / 4 / 1024));
}

static void compile(lua_State *L, regex *re, ol_slice pattern, uint32_t options)
{
    pcre2_compile_context *context = pcre2_compile_context_create(re->general);
    int wrong;
    PCRE2_SIZE at;
    PCRE2_UCHAR text[160];

    if (!context)
        ol_lua_native_spent(L);
    pcre2_set_max_pattern_length(context, PATTERN_BYTES_MAX);
    pcre2_set_parens_nest_limit(context, 100);
    pcre2_set_newline(context, PCRE2_NEWLINE_LF);
    pcre2_set_bsr(context, PCRE2_BSR_UNICODE);
    re->code = pcre2_compile(pattern.data, pattern.len, options, &wrong, &at, context);
    pcre2_compile_context_free(context);
    if (re->code)
        return;
    if (ol_lua_run(L)->now.stopped)
        ol_lua_raise_stop(L);
    pcre2_get_error_message(wrong, text, sizeof(text));
    ol_lua_module_error(L, "re.compile: %s at byte %d of the pattern", (const char *)text, (int)at + 1);
}

static bool has(ol_slice pattern, const char *part)
{
    return ol_slice_search(pattern, ol_slice_cstr(part)) >= 0;
}

/* Whether a search that is taken up again further on could find something else. What only looks like
 * one of these is no harm. */
static void judge_cuts(regex *re, ol_slice pattern, uint32_t options)
{
    uint32_t all = 0;

    pcre2_pattern_info(re->code, PCRE2_INFO_ALLOPTIONS, &all); /* with what it begins with */
    re->asks_where = options & PCRE2_ANCHORED || has(pattern, "\\G") || has(pattern, "(*COMMIT") ||
                     has(pattern, "(*SKIP");
    re->whole = re->asks_where || all & PCRE2_ANCHORED;
}

/* (pattern, flags) */
static int re_compile(lua_State *L)
{
    ol_slice pattern;
    const char *flags = luaL_optstring(L, 2, "");
    uint32_t options = read_flags(L, flags);
    regex *re;

    pattern.data = (const uint8_t *)luaL_checklstring(L, 1, &pattern.len);
    re = lua_newuserdatauv(L, sizeof(*re), 1);
    *re = (regex){.run = ol_lua_run(L), .window = WINDOW_FIRST, .utf = options & PCRE2_UTF};
    luaL_setmetatable(L, TYPE);
    make_contexts(L, re);
    compile(L, re, pattern, options);
    pcre2_pattern_info(re->code, PCRE2_INFO_CAPTURECOUNT, &re->captures);
    pcre2_pattern_info(re->code, PCRE2_INFO_MAXLOOKBEHIND, &re->lookbehind);
    judge_cuts(re, pattern, options);
    if (re->captures > CAPTURES_MAX)
        return ol_lua_module_error(L, "re.compile: more than %d captures", CAPTURES_MAX);
    re->match = pcre2_match_data_create_from_pattern(re->code, re->general);
    if (!re->match)
        return ol_lua_native_spent(L);
    ol_lua_native_made(L, 8192);
    return 1;
}

/* (regex) names of its captures: a table of number by name */
static int re_names(lua_State *L)
{
    const regex *re = luaL_checkudata(L, 1, TYPE);
    uint32_t count, size;
    PCRE2_SPTR table;

    pcre2_pattern_info(re->code, PCRE2_INFO_NAMECOUNT, &count);
    pcre2_pattern_info(re->code, PCRE2_INFO_NAMEENTRYSIZE, &size);
    pcre2_pattern_info(re->code, PCRE2_INFO_NAMETABLE, &table);
    lua_newtable(L);
    for (uint32_t i = 0; i < count; i++, table += size) {
        lua_pushinteger(L, table[0] << 8 | table[1]);
        lua_setfield(L, -2, (const char *)table + 2);
    }
    return 1;
}

/* ---- searching ---- */

enum { REGEX = 1, TEXT, FROM, OPTIONS };
enum { NOT_EMPTY = 1, PARTIAL = 2 };

typedef struct search {
    regex *re;
    ol_slice text;
    size_t from, window;
    uint32_t options;
} search;

/* One window. Negative as PCRE2 says it; what was abandoned is PCRE2_ERROR_CALLOUT, which nothing
 * else can be. */
static int run_window(const search *s)
{
    volatile int rc = PCRE2_ERROR_CALLOUT;
    size_t left = s->text.len - s->from;

    pcre2_set_offset_limit(s->re->limits,
                           s->window < left ? s->from + s->window - 1 : PCRE2_UNSET);
    if (sigsetjmp(ol_lua_guard.back, 0) == 0) {
        ol_lua_guard_begin();
        rc = pcre2_match(s->re->code, s->text.data, s->text.len, s->from, s->options, s->re->match,
                         s->re->limits);
        ol_lua_guard_end();
    } else {
        ol_lua_guard_abandoned();
        rc = PCRE2_ERROR_CALLOUT;
    }
    return rc;
}

/* The data that an abandoned match worked on may be half changed; what it held stays held until
 * the run is put back. */
static void replace_match(lua_State *L, regex *re)
{
    re->match = pcre2_match_data_create_from_pattern(re->code, re->general);
    if (!re->match)
        ol_lua_native_spent(L);
}

static int stop(lua_State *L, const char *why)
{
    ol_lua_stop(ol_lua_run(L), OL_ETRANSFORMPATTERN, "%s", why);
    return ol_lua_raise_stop(L);
}

/* What PCRE2 says besides "found" and "not found". */
static int fail(lua_State *L, int rc)
{
    PCRE2_UCHAR text[160];

    if (ol_lua_run(L)->now.stopped)
        return ol_lua_raise_stop(L);
    switch (rc) {
    case PCRE2_ERROR_MATCHLIMIT:
        return stop(L, "re: more steps at one place than pattern_steps");
    case PCRE2_ERROR_HEAPLIMIT:
    case PCRE2_ERROR_NOMEMORY:
        return stop(L, "re: a match needs more than a quarter of memory_bytes");
    default:
        pcre2_get_error_message(rc, text, sizeof(text));
        return ol_lua_module_error(L, "re: %s", (const char *)text);
    }
}

/* Start and end, then the captures: text, or false where there is none. */
static int push_match(lua_State *L, const search *s, int count)
{
    const PCRE2_SIZE *at = pcre2_get_ovector_pointer(s->re->match);

    if (at[1] < at[0])
        return ol_lua_module_error(L, "re: a match that ends before it begins (\\K in a lookaround)");
    luaL_checkstack(L, (int)s->re->captures + 4, NULL);
    lua_pushinteger(L, (lua_Integer)at[0] + 1);
    lua_pushinteger(L, (lua_Integer)at[1]);
    for (uint32_t i = 1; i <= s->re->captures; i++) {
        if ((int)i < count && at[2 * i] != PCRE2_UNSET)
            lua_pushlstring(L, (const char *)s->text.data + at[2 * i], at[2 * i + 1] - at[2 * i]);
        else
            lua_pushboolean(L, 0);
    }
    return 2 + (int)s->re->captures;
}

/* Where to go on after a window without a match; false at the end of the text. */
static bool next_window(search *s, uint64_t took_ns)
{
    size_t left = s->text.len - s->from;

    if (s->window > left)
        return false;
    s->from += s->window;
    if (took_ns < CHEAP_NS && s->window < WINDOW_MAX)
        s->window *= 2;
    else if (took_ns > 4 * CHEAP_NS && s->window > 1)
        s->window /= 2;
    return true;
}

static search search_of(lua_State *L, lua_KContext from)
{
    lua_Integer options = lua_tointeger(L, OPTIONS);
    search s = {.re = lua_touserdata(L, REGEX), .from = (size_t)from};

    s.text.data = (const uint8_t *)lua_tolstring(L, TEXT, &s.text.len);
    s.window = s.re->whole ? SIZE_MAX : s.re->window;
    s.options = PCRE2_NO_UTF_CHECK | (options & NOT_EMPTY ? PCRE2_NOTEMPTY_ATSTART : 0) |
                (options & PARTIAL ? PCRE2_PARTIAL_HARD : 0);
    return s;
}

/* No match begins inside a character, and "not empty" is about the first place only. */
static void settle_start(search *s, lua_KContext first)
{
    while (s->re->utf && s->from < s->text.len && (s->text.data[s->from] & 0xc0) == 0x80)
        s->from++;
    if ((lua_KContext)s->from != first)
        s->options &= ~(uint32_t)PCRE2_NOTEMPTY_ATSTART;
}

static int search_on(lua_State *L, int status, lua_KContext from)
{
    search s = search_of(L, from);
    lua_KContext first = (lua_KContext)lua_tointeger(L, FROM) - 1;

    (void)status;
    for (;;) {
        uint64_t begin_ns, took_ns;
        int rc;

        if (ol_lua_preempt_due())
            ol_lua_pause(L, (lua_KContext)s.from, search_on);
        settle_start(&s, first);
        begin_ns = ol_clock_mono_ns();
        rc = run_window(&s);
        took_ns = ol_clock_mono_ns() - begin_ns;
        if (rc >= 0)
            return push_match(L, &s, rc);
        if (rc == PCRE2_ERROR_PARTIAL) {
            lua_pushboolean(L, 0);
            lua_pushinteger(L, (lua_Integer)pcre2_get_ovector_pointer(s.re->match)[0] + 1);
            return 2;
        }
        if (rc == PCRE2_ERROR_CALLOUT) {
            replace_match(L, s.re);
            if (s.window == 1 || s.re->whole)
                return stop(L, "re: works for longer at one place than may be (unyieldable_ms)");
            s.window = s.window > 64 ? s.window / 64 : 1;
        } else if (rc != PCRE2_ERROR_NOMATCH) {
            return fail(L, rc);
        } else if (!next_window(&s, took_ns)) {
            lua_pushnil(L);
            return 1;
        }
        s.re->window = s.window;
    }
}

static void check_text(lua_State *L)
{
    const regex *re = luaL_checkudata(L, REGEX, TYPE);
    size_t len;
    const char *text = luaL_checklstring(L, TEXT, &len);

    if (!re->utf)
        return;
    lua_getiuservalue(L, REGEX, 1);
    if (lua_isstring(L, -1) && lua_tostring(L, -1) == text)
        return;
    if (!ol_slice_is_utf8(ol_slice_of(text, len)))
        ol_lua_module_error(L, "re: the text is not UTF-8 (compile with the flag b for bytes)");
    lua_pushvalue(L, TEXT);
    lua_setiuservalue(L, REGEX, 1);
}

/* (regex, text, from, options) start, end, captures…; nil; or false, where a match may begin that
 * goes on behind the text */
static int re_exec(lua_State *L)
{
    size_t len;
    lua_Integer from;

    check_text(L);
    luaL_checklstring(L, TEXT, &len);
    from = luaL_checkinteger(L, FROM);
    luaL_checkinteger(L, OPTIONS);
    lua_settop(L, OPTIONS);
    if (from < 1 || (size_t)from - 1 > len) {
        lua_pushnil(L);
        return 1;
    }
    return search_on(L, LUA_OK, (lua_KContext)from - 1);
}

/* (regex) how many characters it looks back */
static int re_lookbehind(lua_State *L)
{
    lua_pushinteger(L, ((regex *)luaL_checkudata(L, 1, TYPE))->lookbehind);
    return 1;
}

/* (regex) whether a text may be searched in pieces */
static int re_streams(lua_State *L)
{
    lua_pushboolean(L, !((regex *)luaL_checkudata(L, 1, TYPE))->asks_where);
    return 1;
}

void ol_lua_core_re(lua_State *L)
{
    static const luaL_Reg functions[] = {{"compile", re_compile}, {"names", re_names},
                                         {"exec", re_exec}, {"lookbehind", re_lookbehind},
                                         {"streams", re_streams},
                                         {NULL, NULL}};
    static const luaL_Reg methods[] = {{"__gc", collect}, {NULL, NULL}};

    ol_lua_make_type(L, TYPE, methods);
    luaL_newlib(L, functions);
    lua_pushinteger(L, NOT_EMPTY);
    lua_setfield(L, -2, "not_empty");
    lua_pushinteger(L, PARTIAL);
    lua_setfield(L, -2, "partial");
}
