/* SPDX-License-Identifier: MIT */
/*
 * string.format, rep, upper and lower.
 *
 * format is Lua's own behind a filter: values for %s become text without addresses first, by
 * their __tostring if they have one, which may suspend; %p is refused. Lua's own cannot be
 * interrupted, so the work of one call is bounded beforehand. So is that of rep. upper and lower change ASCII letters, which is what Lua's do in the C locale, several
 * bytes at a time.
 */
#include "transform/lua/libs.h"
#include "transform/lua/preempt.h"

/* So many take a few milliseconds at worst: printing a float takes up to 10 us, quoting a byte up to
 * 60 ns. */
#define CONVERSIONS_MAX 250
#define QUOTED_BYTES_MAX (64u * 1024u)

/* ---- format ---- */

/* Upvalue 1: Lua's own format. Stack: format, arguments…, all of them fit for it. Its errors
 * know neither its name nor the line of the script, because it is called from C. */
static int format_plain(lua_State *L)
{
    int status;

    lua_pushvalue(L, lua_upvalueindex(1));
    lua_insert(L, 1);
    status = lua_pcall(L, lua_gettop(L) - 1, 1, 0);
    if (status == LUA_OK)
        return 1;
    ol_lua_caught(L, status);
    luaL_where(L, 1);
    luaL_gsub(L, lua_tostring(L, -2), "'?'", "'format'");
    lua_concat(L, 2);
    return lua_error(L);
}

/* The next conversion at or behind `at`: its letter and, in *at, the place behind it. 0 at the
 * end. The text is NUL-terminated. */
static char next_conversion(const char **at)
{
    const char *p = *at;

    while ((p = strchr(p, '%'))) {
        p++;
        if (*p == '%') {
            p++;
            continue;
        }
        p += strspn(p, "-+ #0123456789.");
        if (!*p)
            return 0;
        *at = p + 1;
        return *p;
    }
    return 0;
}

static int format_on(lua_State *L, int status, lua_KContext argument);

/* Turn the argument into text if it is not. May suspend and go on behind it in format_on. */
static void make_text(lua_State *L, int argument)
{
    int type = lua_type(L, argument);

    if (type == LUA_TSTRING || type == LUA_TNUMBER || type == LUA_TNONE)
        return;
    if (luaL_getmetafield(L, argument, "__tostring") != LUA_TNIL) {
        lua_pushvalue(L, argument);
        lua_callk(L, 1, 1, -argument, format_on);
        if (!lua_isstring(L, -1))
            luaL_error(L, "'__tostring' must return a string");
    } else {
        ol_lua_push_text(L, argument, NULL);
    }
    lua_replace(L, argument);
}

/* How many bytes this conversion quotes. */
static size_t quoted_bytes(lua_State *L, char letter, int argument)
{
    return letter == 'q' && lua_type(L, argument) == LUA_TSTRING ? lua_rawlen(L, argument) : 0;
}

/* `argument`: the first one not yet looked at; negative: the text for that one is on top. */
static int format_on(lua_State *L, int status, lua_KContext argument)
{
    const char *at;
    int number = 1;
    size_t quoted = 0;
    char letter;

    (void)status;
    if (argument < 0) {
        argument = -argument;
        if (!lua_isstring(L, -1))
            return luaL_error(L, "'__tostring' must return a string");
        lua_replace(L, (int)argument);
        argument++;
    }
    at = lua_tostring(L, 1);
    while ((letter = next_conversion(&at))) {
        if (++number > CONVERSIONS_MAX + 1)
            return luaL_error(L, "string.format: more than %d conversions", CONVERSIONS_MAX);
        quoted += quoted_bytes(L, letter, number);
        if (quoted > QUOTED_BYTES_MAX)
            return luaL_error(L, "string.format: more than %d bytes for '%%q'", (int)QUOTED_BYTES_MAX);
        if (letter == 'p')
            return luaL_error(L, "string.format: '%%p' is not available (addresses differ between "
                                 "runs)");
        if (letter == 's' && number >= argument)
            make_text(L, number);
    }
    return format_plain(L);
}

static int string_format(lua_State *L)
{
    size_t len;
    const char *format = luaL_checklstring(L, 1, &len);

    luaL_argcheck(L, strlen(format) == len, 1, "format contains zeros");
    return format_on(L, LUA_OK, 2);
}

/* ---- rep ---- */

static int string_rep(lua_State *L)
{
    size_t len, gap_len, unit, done;
    const char *text = luaL_checklstring(L, 1, &len);
    lua_Integer times = luaL_checkinteger(L, 2);
    const char *gap = luaL_optlstring(L, 3, "", &gap_len);
    uint64_t limit = ol_lua_script_of(ol_lua_run(L))->limits.memory_bytes;
    uint64_t total;
    luaL_Buffer buffer;
    char *out;

    unit = len + gap_len;
    if (times <= 0 || unit == 0) {
        lua_pushliteral(L, "");
        return 1;
    }
    if ((uint64_t)times > limit / unit + 1) {
        ol_lua_stop(ol_lua_run(L), OL_ETRANSFORMMEMORY, "string.rep beyond memory_bytes");
        return ol_lua_raise_stop(L);
    }
    total = (uint64_t)times * unit - gap_len;
    out = luaL_buffinitsize(L, &buffer, total);
    memcpy(out, text, len);
    /* From here on the output copies itself, twice as much each time. */
    if (times > 1)
        memcpy(out + len, gap, gap_len);
    for (done = unit; done < total;) {
        size_t more = done < total - done ? done : total - done;

        memcpy(out + done, out, more);
        done += more;
    }
    luaL_pushresultsize(&buffer, total);
    return 1;
}

/* ---- upper, lower ---- */

typedef uint8_t sixteen __attribute__((vector_size(16)));

static int change_case(lua_State *L, uint8_t first, uint8_t last)
{
    size_t len, i = 0;
    const char *text = luaL_checklstring(L, 1, &len);
    luaL_Buffer buffer;
    char *out = luaL_buffinitsize(L, &buffer, len);

    for (; i + sizeof(sixteen) <= len; i += sizeof(sixteen)) {
        sixteen bytes;

        memcpy(&bytes, text + i, sizeof(bytes));
        /* A comparison gives a mask of all ones where it holds. */
        bytes ^= ((sixteen)(bytes >= first) & (sixteen)(bytes <= last)) & 0x20;
        memcpy(out + i, &bytes, sizeof(bytes));
    }
    for (; i < len; i++) {
        uint8_t c = (uint8_t)text[i];

        out[i] = (char)(c >= first && c <= last ? c ^ 0x20 : c);
    }
    luaL_pushresultsize(&buffer, len);
    return 1;
}

static int string_upper(lua_State *L)
{
    return change_case(L, 'a', 'z');
}

static int string_lower(lua_State *L)
{
    return change_case(L, 'A', 'Z');
}

void ol_lua_open_string(lua_State *L)
{
    static const luaL_Reg functions[] = {{"rep", string_rep},
                                         {"upper", string_upper},
                                         {"lower", string_lower},
                                         {NULL, NULL}};

    lua_getglobal(L, "string");
    luaL_setfuncs(L, functions, 0);
    lua_getfield(L, -1, "format");
    lua_pushcclosure(L, string_format, 1);
    lua_setfield(L, -2, "format");
    lua_pop(L, 1);
}
