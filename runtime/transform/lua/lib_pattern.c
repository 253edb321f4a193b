/* SPDX-License-Identifier: MIT */
/*
 * string.find, match, gmatch and gsub on our own matcher (pattern.h): with a budget, and able to
 * be suspended in the middle of a search or of gsub's callback.
 *
 * The search lives on the C stack as long as it can, and moves into a userdata when it is
 * suspended.
 */
#include "transform/lua/bytes.h"
#include "transform/lua/libs.h"
#include "transform/lua/pattern.h"
#include "transform/lua/preempt.h"

typedef struct search {
    ol_pattern m;
    ol_pattern_choice choices[];
} search;

static ol_slice check_slice(lua_State *L, int index)
{
    size_t len;
    const char *text = luaL_checklstring(L, index, &len);

    return ol_slice_of(text, len);
}

static uint64_t budget_of(lua_State *L)
{
    return ol_lua_script_of(ol_lua_run(L))->limits.pattern_steps;
}

/* Raises for the results that are errors. */
static void check_result(lua_State *L, const ol_pattern *m, enum ol_pattern_result result)
{
    ol_run *run = ol_lua_run(L);

    if (result == OL_PATTERN_BAD)
        luaL_error(L, "%s", m->error);
    if (result != OL_PATTERN_SPENT)
        return;
    ol_lua_stop(run, OL_ETRANSFORMPATTERN, "a pattern took more than %llu steps (pattern_steps)",
                (unsigned long long)budget_of(L));
    ol_lua_raise_stop(L);
}

/* ---- captures ---- */

static void push_capture(lua_State *L, const ol_pattern *m, unsigned index, bool whole)
{
    const ol_pattern_capture *capture = &m->captures[index];

    if (whole && index == 0 && m->level == 0) {
        lua_pushlstring(L, (const char *)m->start, (size_t)(m->end - m->start));
        return;
    }
    if (index >= m->level)
        luaL_error(L, "invalid capture index %%%d", (int)index + 1);
    if (capture->len == OL_PATTERN_OPEN)
        luaL_error(L, "unfinished capture");
    if (capture->len == OL_PATTERN_POSITION)
        lua_pushinteger(L, capture->start - m->text + 1);
    else
        lua_pushlstring(L, (const char *)capture->start, (size_t)capture->len);
}

/* Push all captures; the whole match when there are none and `whole` is wanted. */
static int push_captures(lua_State *L, const ol_pattern *m, bool whole)
{
    unsigned count = m->level == 0 && whole ? 1 : m->level;

    luaL_checkstack(L, (int)count, "too many captures");
    for (unsigned i = 0; i < count; i++)
        push_capture(L, m, i, whole);
    return (int)count;
}

/* ---- find and match ---- */

static int push_found(lua_State *L, const ol_pattern *m, enum ol_pattern_result result, bool find)
{
    check_result(L, m, result);
    if (result == OL_PATTERN_NONE) {
        lua_pushnil(L);
        return 1;
    }
    if (!find)
        return push_captures(L, m, true);
    lua_pushinteger(L, m->start - m->text + 1);
    lua_pushinteger(L, m->end - m->text);
    return push_captures(L, m, false) + 2;
}

/* Continuation: the search stands in the userdata on top. */
static int find_on(lua_State *L, int status, lua_KContext find)
{
    search *kept = lua_touserdata(L, -1);
    enum ol_pattern_result result;

    (void)status;
    while ((result = ol_pattern_search(&kept->m)) == OL_PATTERN_PAUSE)
        ol_lua_pause(L, find, find_on);
    return push_found(L, &kept->m, result, find != 0);
}

/* Push a userdata with room for the search. */
static search *push_search(lua_State *L, size_t choices)
{
    return lua_newuserdatauv(L, sizeof(search) + choices * sizeof(ol_pattern_choice), 0);
}

/* Move a search from the C stack into a userdata on top. */
static void keep_search(lua_State *L, const ol_pattern *m)
{
    search *kept = push_search(L, OL_PATTERN_CHOICES_INLINE);

    kept->m = *m;
    kept->m.choices = kept->choices;
    memcpy(kept->choices, m->choices, m->depth * sizeof(ol_pattern_choice));
}

static int search_long(lua_State *L, ol_slice text, ol_slice pattern, size_t offset, bool find)
{
    search *kept = push_search(L, ol_pattern_choices_needed(pattern));

    ol_pattern_init(&kept->m, text, pattern, true, budget_of(L), kept->choices);
    kept->m.pause = ol_lua_preempt_due;
    ol_pattern_from(&kept->m, kept->m.text + offset, NULL);
    return find_on(L, LUA_OK, find);
}

static int search_short(lua_State *L, ol_slice text, ol_slice pattern, size_t offset, bool find)
{
    ol_pattern_choice choices[OL_PATTERN_CHOICES_INLINE];
    ol_pattern m;
    enum ol_pattern_result result;

    ol_pattern_init(&m, text, pattern, true, budget_of(L), choices);
    m.pause = ol_lua_preempt_due;
    ol_pattern_from(&m, m.text + offset, NULL);
    while ((result = ol_pattern_search(&m)) == OL_PATTERN_PAUSE) {
        keep_search(L, &m);
        ol_lua_pause(L, find, find_on);
        lua_pop(L, 1);
    }
    return push_found(L, &m, result, find);
}

static int find_plain(lua_State *L, ol_slice text, ol_slice wanted, size_t offset)
{
    const uint8_t *found = wanted.len == 0 ? text.data + offset
                                           : memmem(text.data + offset, text.len - offset,
                                                    wanted.data, wanted.len);

    if (!found) {
        lua_pushnil(L);
        return 1;
    }
    lua_pushinteger(L, found - text.data + 1);
    lua_pushinteger(L, found - text.data + (lua_Integer)wanted.len);
    return 2;
}

static int search_in(lua_State *L, bool find)
{
    ol_slice text = check_slice(L, 1), pattern = check_slice(L, 2);
    size_t offset = ol_lua_offset(luaL_optinteger(L, 3, 1), text.len);

    if (offset > text.len) {
        lua_pushnil(L);
        return 1;
    }
    if (find && (lua_toboolean(L, 4) || ol_pattern_is_plain(pattern)))
        return find_plain(L, text, pattern, offset);
    if (ol_pattern_choices_needed(pattern) > OL_PATTERN_CHOICES_INLINE)
        return search_long(L, text, pattern, offset, find);
    return search_short(L, text, pattern, offset, find);
}

static int string_find(lua_State *L)
{
    return search_in(L, true);
}

static int string_match(lua_State *L)
{
    return search_in(L, false);
}

/* ---- gmatch ---- */

static int gmatch_on(lua_State *L, int status, lua_KContext context)
{
    search *kept = lua_touserdata(L, lua_upvalueindex(3));
    enum ol_pattern_result result;

    (void)status;
    while ((result = ol_pattern_search(&kept->m)) == OL_PATTERN_PAUSE)
        ol_lua_pause(L, context, gmatch_on);
    check_result(L, &kept->m, result);
    if (result == OL_PATTERN_NONE) {
        kept->m.attempt = kept->m.text_end + 1;
        return 0;
    }
    ol_pattern_from(&kept->m, kept->m.end, kept->m.end);
    return push_captures(L, &kept->m, true);
}

static int gmatch_next(lua_State *L)
{
    search *kept = lua_touserdata(L, lua_upvalueindex(3));

    /* Each step has a budget of its own. */
    kept->m.steps_left = budget_of(L) + (uint64_t)(kept->m.text_end - kept->m.text);
    return gmatch_on(L, LUA_OK, 0);
}

static int string_gmatch(lua_State *L)
{
    ol_slice text = check_slice(L, 1), pattern = check_slice(L, 2);
    size_t offset = ol_lua_offset(luaL_optinteger(L, 3, 1), text.len);
    search *kept;

    lua_settop(L, 2);
    kept = push_search(L, ol_pattern_choices_needed(pattern));
    ol_pattern_init(&kept->m, text, pattern, false, budget_of(L), kept->choices);
    kept->m.pause = ol_lua_preempt_due;
    ol_pattern_from(&kept->m, kept->m.text + offset, NULL);
    lua_pushcclosure(L, gmatch_next, 3);
    return 1;
}

/* ---- gsub ----
 * The state lives on the C stack with the first bytes of output, until it must outlive a
 * suspension: before a callback or a pause it moves into a userdata at ARG_STATE. Before that,
 * ARG_STATE is nil, or what owns the output's block. */

enum { ARG_TEXT = 1, ARG_PATTERN, ARG_REPLACEMENT, ARG_STATE };
enum { GSUB_SEARCH, GSUB_VALUE };

#define OUT_INLINE 256

typedef struct gsub {
    ol_lua_bytes out; /* its block is user value 1 of ARG_STATE */
    lua_Integer count, count_max;
    const uint8_t *done; /* the text up to here is in `out` */
    bool kept; /* this is the one in the userdata */
    ol_pattern m; /* in a userdata, its choices follow */
} gsub;

/* A gsub on the C stack. */
typedef struct gsub_inline {
    gsub g;
    ol_pattern_choice choices[OL_PATTERN_CHOICES_INLINE];
    uint8_t out[OUT_INLINE];
} gsub_inline;

static void add(lua_State *L, gsub *g, const void *data, size_t len)
{
    if (g->out.cap - g->out.len < len && lua_isnil(L, ARG_STATE)) {
        ol_lua_bytes_new(L);
        lua_replace(L, ARG_STATE);
    }
    ol_lua_bytes_add(L, ARG_STATE, &g->out, data, len);
}

/* The state where it survives a suspension. */
static gsub *keep_gsub(lua_State *L, gsub *g)
{
    size_t choices = ol_pattern_choices_needed(check_slice(L, ARG_PATTERN));
    gsub *kept;

    if (g->kept)
        return g;
    kept = lua_newuserdatauv(L, sizeof(*kept) + choices * sizeof(ol_pattern_choice), 1);
    if (lua_isnil(L, ARG_STATE)) {
        uint8_t *block = lua_newuserdatauv(L, OUT_INLINE, 0);

        memcpy(block, g->out.data, g->out.len);
        g->out.data = block;
    } else {
        lua_getiuservalue(L, ARG_STATE, 1);
    }
    lua_setiuservalue(L, -2, 1);
    *kept = *g;
    kept->kept = true;
    kept->m.choices = (ol_pattern_choice *)(kept + 1);
    memcpy(kept->m.choices, g->m.choices, g->m.depth * sizeof(ol_pattern_choice));
    lua_replace(L, ARG_STATE);
    return kept;
}

static void add_whole(lua_State *L, gsub *g)
{
    add(L, g, g->m.start, (size_t)(g->m.end - g->m.start));
}

/* The replacement text with %0 to %9 and %% filled in. */
static void add_template(lua_State *L, gsub *g)
{
    size_t len;
    const char *text = lua_tolstring(L, ARG_REPLACEMENT, &len), *end = text + len, *percent;

    while ((percent = memchr(text, '%', (size_t)(end - text)))) {
        char c = percent + 1 < end ? percent[1] : '\0';

        add(L, g, text, (size_t)(percent - text));
        text = percent + 2;
        if (percent + 1 < end && c == '%') {
            add(L, g, "%", 1);
        } else if (c == '0') {
            add_whole(L, g);
        } else if (c >= '1' && c <= '9') {
            size_t capture_len;
            const char *capture;

            push_capture(L, &g->m, (unsigned)(c - '1'), true);
            capture = luaL_tolstring(L, -1, &capture_len);
            add(L, g, capture, capture_len);
            lua_pop(L, 2);
        } else {
            luaL_error(L, "invalid use of '%%' in replacement string");
        }
    }
    add(L, g, text, (size_t)(end - text));
}

/* The value that stands for the match lies on top: use it, pop it. */
static void add_value(lua_State *L, gsub *g)
{
    size_t len;
    const char *text;

    if (!lua_toboolean(L, -1)) {
        add_whole(L, g);
    } else {
        if (!lua_isstring(L, -1))
            luaL_error(L, "invalid replacement value (a %s)", luaL_typename(L, -1));
        text = lua_tolstring(L, -1, &len);
        add(L, g, text, len);
    }
    lua_pop(L, 1);
}

static int gsub_on(lua_State *L, int status, lua_KContext context);

/* Push what replaces the match when a callback says so; it may suspend and go on in gsub_on. */
static void call_replacement(lua_State *L, const gsub *g)
{
    int arguments;

    if (lua_isfunction(L, ARG_REPLACEMENT)) {
        lua_pushvalue(L, ARG_REPLACEMENT);
        arguments = push_captures(L, &g->m, true);
    } else {
        lua_rawgeti(L, LUA_REGISTRYINDEX, OL_LUA_KEY_INDEX);
        lua_pushvalue(L, ARG_REPLACEMENT);
        push_capture(L, &g->m, 0, true);
        arguments = 2;
    }
    lua_callk(L, arguments, 1, GSUB_VALUE, gsub_on);
}

/* Whether the replacement is known without calling the script. */
static bool is_simple(lua_State *L)
{
    int type = lua_type(L, ARG_REPLACEMENT);

    if (type == LUA_TFUNCTION)
        return false;
    if (type != LUA_TTABLE || !lua_getmetatable(L, ARG_REPLACEMENT))
        return true;
    lua_pop(L, 1);
    return false;
}

/* Put what replaces the match into the output. */
static void replace(lua_State *L, gsub *g, bool simple)
{
    if (!simple) {
        call_replacement(L, g);
        add_value(L, g);
    } else if (lua_istable(L, ARG_REPLACEMENT)) {
        push_capture(L, &g->m, 0, true);
        lua_rawget(L, ARG_REPLACEMENT);
        add_value(L, g);
    } else {
        add_template(L, g);
    }
}

static int gsub_finish(lua_State *L, gsub *g)
{
    if (g->count == 0) {
        lua_pushvalue(L, ARG_TEXT);
    } else {
        add(L, g, g->done, (size_t)(g->m.text_end - g->done));
        ol_lua_bytes_finish(L, ARG_STATE, &g->out);
    }
    lua_pushinteger(L, g->count);
    return 2;
}

/* The match is replaced: go on behind it. False when that was the last one. */
static bool gsub_advance(gsub *g)
{
    g->count++;
    g->done = g->m.end;
    ol_pattern_from(&g->m, g->m.end, g->m.end);
    return !g->m.anchored;
}

static int gsub_run(lua_State *L, gsub *g, bool more)
{
    bool simple = is_simple(L);

    while (more && g->count < g->count_max) {
        enum ol_pattern_result result = ol_pattern_search(&g->m);

        check_result(L, &g->m, result);
        if (result == OL_PATTERN_NONE)
            break;
        if (result == OL_PATTERN_MATCH) {
            if (!simple)
                g = keep_gsub(L, g);
            add(L, g, g->done, (size_t)(g->m.start - g->done));
            replace(L, g, simple);
            more = gsub_advance(g);
        }
        if (more && ol_lua_preempt_due()) {
            g = keep_gsub(L, g);
            ol_lua_pause(L, GSUB_SEARCH, gsub_on);
        }
    }
    return gsub_finish(L, g);
}

static int gsub_on(lua_State *L, int status, lua_KContext context)
{
    gsub *g = lua_touserdata(L, ARG_STATE);
    bool more = true;

    (void)status;
    if (context == GSUB_VALUE) {
        add_value(L, g);
        more = gsub_advance(g);
    }
    return gsub_run(L, g, more);
}

static void begin_gsub(lua_State *L, gsub *g, lua_Integer count_max, ol_pattern_choice *choices)
{
    g->count = 0;
    g->count_max = count_max;
    ol_pattern_init(&g->m, check_slice(L, ARG_TEXT), check_slice(L, ARG_PATTERN), true,
                    budget_of(L), choices);
    g->m.pause = ol_lua_preempt_due;
    g->done = g->m.text;
}

static int gsub_long(lua_State *L, lua_Integer count_max)
{
    size_t choices = ol_pattern_choices_needed(check_slice(L, ARG_PATTERN));
    gsub *g = lua_newuserdatauv(L, sizeof(*g) + choices * sizeof(ol_pattern_choice), 1);

    g->out = (ol_lua_bytes){0};
    g->kept = true;
    begin_gsub(L, g, count_max, (ol_pattern_choice *)(g + 1));
    lua_replace(L, ARG_STATE);
    return gsub_run(L, g, true);
}

static int gsub_short(lua_State *L, lua_Integer count_max)
{
    gsub_inline state;

    state.g.out = (ol_lua_bytes){.data = state.out, .cap = OUT_INLINE};
    state.g.kept = false;
    begin_gsub(L, &state.g, count_max, state.choices);
    return gsub_run(L, &state.g, true);
}

static int string_gsub(lua_State *L)
{
    ol_slice text = check_slice(L, ARG_TEXT), pattern = check_slice(L, ARG_PATTERN);
    int type = lua_type(L, ARG_REPLACEMENT);
    lua_Integer count_max = luaL_optinteger(L, 4, (lua_Integer)text.len + 1);

    if (type != LUA_TNUMBER && type != LUA_TSTRING && type != LUA_TTABLE && type != LUA_TFUNCTION)
        luaL_typeerror(L, ARG_REPLACEMENT, "string/function/table");
    lua_settop(L, ARG_REPLACEMENT);
    lua_pushnil(L);
    if (ol_pattern_choices_needed(pattern) > OL_PATTERN_CHOICES_INLINE)
        return gsub_long(L, count_max);
    return gsub_short(L, count_max);
}

void ol_lua_open_pattern(lua_State *L)
{
    static const luaL_Reg functions[] = {{"find", string_find},
                                         {"match", string_match},
                                         {"gmatch", string_gmatch},
                                         {"gsub", string_gsub},
                                         {NULL, NULL}};

    lua_getglobal(L, "string");
    luaL_setfuncs(L, functions, 0);
    lua_pop(L, 1);
}
