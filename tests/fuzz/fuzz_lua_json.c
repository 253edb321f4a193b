/* SPDX-License-Identifier: MIT */
/*
 * The reader of listings against any text: it ends, stays inside, keeps its depth, and accepts
 * nothing that another JSON reader refuses; what that one accepts is refused for a reason of ours.
 */
#include <assert.h>
#include <jansson.h>
#include <stdlib.h>

#include "base/json_string.h"
#include "transform/lua/json.h"

static void check_text(const ol_lua_json *reader, const char **own_reason)
{
    uint8_t *out = malloc(reader->text.len ? reader->text.len : 1);
    size_t len = 0, wrong = 0;
    if (!out)
        abort();
    if (!ol_json_unescape(reader->text, out, &len, &wrong)) {
        assert(reader->escaped && wrong < reader->text.len);
        *own_reason = "an escape";
    } else {
        assert(len <= reader->text.len && ol_slice_is_utf8(ol_slice_of(out, len)));
        assert(reader->escaped || len == reader->text.len);
    }
    free(out);
}

/* True when it is good; else *why. */
static bool read_all(ol_slice text, const char **why)
{
    ol_lua_json reader;
    size_t before = 0;
    int depth = 0;
    *why = NULL;
    ol_lua_json_init(&reader, text);
    for (;;) {
        enum ol_lua_json_token token = ol_lua_json_next(&reader);
        if (token == OL_LUA_JSON_WRONG) {
            assert(reader.wrong);
            *why = *why ? *why : reader.wrong;
            return false;
        }
        if (token == OL_LUA_JSON_END) {
            assert(depth == 0 && reader.at == text.len);
            return *why == NULL;
        }
        assert(reader.at > before && reader.at <= text.len);
        before = reader.at;
        depth += token == OL_LUA_JSON_OBJECT || token == OL_LUA_JSON_LIST;
        depth -= token == OL_LUA_JSON_OBJECT_END || token == OL_LUA_JSON_LIST_END;
        assert(depth >= 0 && depth <= OL_LUA_JSON_DEPTH_MAX);
        if (token == OL_LUA_JSON_NAME || token == OL_LUA_JSON_STRING)
            check_text(&reader, why);
    }
}

/* What we refuse on purpose although it is JSON. */
static bool is_own_reason(const char *why)
{
    static const char *const reasons[] = {"not whole", "too large", "too deeply", NULL};
    for (const char *const *reason = reasons; *reason; reason++)
        if (strstr(why, *reason))
            return true;
    return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *why;
    bool good = read_all(ol_slice_of(data, size), &why);
    json_t *other = json_loadb((const char *)data, size, JSON_DECODE_ANY, NULL);
    if (good)
        assert(other);
    else if (other && !memchr(data, 0, size)) /* where that one sees an end */
        assert(is_own_reason(why));
    json_decref(other);
    return 0;
}
