/* SPDX-License-Identifier: MIT */
/*
 * objlens.hash and objlens.hmac. A state is a userdata with OpenSSL's plain structs in it: they hold
 * no memory of their own, so that putting a run back is all the cleaning there is. (The newer
 * interface allocates, and its contexts would outlive a script that was stopped.)
 */
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/crypto.h>
#include <openssl/md5.h>
#include <openssl/sha.h>
#include <string.h>
#include <zlib.h>

#include "base/alloc.h"
#include "transform/lua/input.h"
#include "transform/lua/require.h"

#define STATE_TYPE "objlens.hash"
#define DIGEST_BYTES_MAX 64
#define BLOCK_BYTES_MAX 128

typedef union context {
    MD5_CTX md5;
    SHA_CTX sha1;
    SHA256_CTX sha256;
    SHA512_CTX sha512;
    uLong crc32;
} context;

typedef struct algorithm {
    const char *name;
    size_t digest_bytes, block_bytes; /* block 0: not for HMAC */
    void (*begin)(context *c);
    void (*add)(context *c, const void *data, size_t len);
    void (*end)(context *c, uint8_t *digest);
} algorithm;

typedef struct state {
    const algorithm *algorithm;
    bool keyed, finished;
    context inner, outer;
    uint8_t digest[DIGEST_BYTES_MAX];
} state;

#define ADAPT(name, member, prefix, update)                                                        \
    static void name##_begin(context *c) { prefix##_Init(&c->member); }                             \
    static void name##_add(context *c, const void *data, size_t len)                               \
    {                                                                                              \
        update##_Update(&c->member, data, len);                                                    \
    }                                                                                              \
    static void name##_end(context *c, uint8_t *digest) { update##_Final(digest, &c->member); }

ADAPT(md5, md5, MD5, MD5)
ADAPT(sha1, sha1, SHA1, SHA1)
ADAPT(sha256, sha256, SHA256, SHA256)
ADAPT(sha384, sha512, SHA384, SHA384)
ADAPT(sha512, sha512, SHA512, SHA512)

static void crc32_begin(context *c)
{
    c->crc32 = crc32_z(0, NULL, 0);
}

static void crc32_add(context *c, const void *data, size_t len)
{
    c->crc32 = crc32_z(c->crc32, data, len);
}

static void crc32_end(context *c, uint8_t *digest)
{
    for (int i = 0; i < 4; i++)
        digest[i] = (uint8_t)(c->crc32 >> (24 - 8 * i));
}

static const algorithm algorithms[] = {
    {"sha256", 32, 64, sha256_begin, sha256_add, sha256_end},
    {"sha384", 48, 128, sha384_begin, sha384_add, sha384_end},
    {"sha512", 64, 128, sha512_begin, sha512_add, sha512_end},
    {"sha1", 20, 64, sha1_begin, sha1_add, sha1_end},
    {"md5", 16, 64, md5_begin, md5_add, md5_end},
    {"crc32", 4, 0, crc32_begin, crc32_add, crc32_end},
};

#define ALGORITHMS (sizeof(algorithms) / sizeof(algorithms[0]))

static const algorithm *check_algorithm(lua_State *L, int index, bool keyed)
{
    const char *name = luaL_checkstring(L, index);

    for (size_t i = 0; i < ALGORITHMS; i++)
        if (strcmp(algorithms[i].name, name) == 0 && (!keyed || algorithms[i].block_bytes))
            return &algorithms[i];
    ol_lua_module_error(L, "%s: there is no algorithm '%s'", keyed ? "hmac" : "hash", name);
    return NULL;
}

/* ---- HMAC (RFC 2104) ---- */

static void begin_keyed(state *s, const uint8_t *key, size_t len)
{
    const algorithm *a = s->algorithm;
    uint8_t block[BLOCK_BYTES_MAX] = {0};

    if (len > a->block_bytes) {
        a->begin(&s->inner);
        a->add(&s->inner, key, len);
        a->end(&s->inner, block);
    } else {
        memcpy(block, key, len);
    }
    for (size_t i = 0; i < a->block_bytes; i++)
        block[i] ^= 0x36;
    a->begin(&s->inner);
    a->add(&s->inner, block, a->block_bytes);
    for (size_t i = 0; i < a->block_bytes; i++)
        block[i] ^= 0x36 ^ 0x5c;
    a->begin(&s->outer);
    a->add(&s->outer, block, a->block_bytes);
    ol_wipe(block, sizeof(block));
}

/* (algorithm [, key]) */
static int hash_new(lua_State *L)
{
    bool keyed = !lua_isnoneornil(L, 2);
    const algorithm *a = check_algorithm(L, 1, keyed);
    size_t len = 0;
    const char *key = keyed ? luaL_checklstring(L, 2, &len) : NULL;
    state *s = lua_newuserdatauv(L, sizeof(*s), 0);

    memset(s, 0, sizeof(*s));
    s->algorithm = a;
    s->keyed = keyed;
    if (keyed)
        begin_keyed(s, (const uint8_t *)key, len);
    else
        a->begin(&s->inner);
    luaL_setmetatable(L, STATE_TYPE);
    return 1;
}

/* ---- methods ---- */

static state *check_state(lua_State *L)
{
    return luaL_checkudata(L, 1, STATE_TYPE);
}

static int hash_write(lua_State *L)
{
    state *s = check_state(L);
    ol_slice bytes = OL_SLICE_NONE;

    if (!ol_lua_input_lent(L, 2, &bytes))
        bytes.data = (const uint8_t *)luaL_checklstring(L, 2, &bytes.len);
    if (s->finished)
        return ol_lua_module_error(L, "hash: the digest has been taken already");
    s->algorithm->add(&s->inner, bytes.data, bytes.len);
    lua_settop(L, 1);
    return 1;
}

static void finish(state *s)
{
    const algorithm *a = s->algorithm;

    if (s->finished)
        return;
    s->finished = true;
    a->end(&s->inner, s->digest);
    if (!s->keyed)
        return;
    a->add(&s->outer, s->digest, a->digest_bytes);
    a->end(&s->outer, s->digest);
}

static int hash_bytes(lua_State *L)
{
    state *s = check_state(L);

    finish(s);
    lua_pushlstring(L, (const char *)s->digest, s->algorithm->digest_bytes);
    return 1;
}

static int hash_hex(lua_State *L)
{
    static const char digits[] = "0123456789abcdef";
    state *s = check_state(L);
    char text[2 * DIGEST_BYTES_MAX];

    finish(s);
    for (size_t i = 0; i < s->algorithm->digest_bytes; i++) {
        text[2 * i] = digits[s->digest[i] >> 4];
        text[2 * i + 1] = digits[s->digest[i] & 15];
    }
    lua_pushlstring(L, text, 2 * s->algorithm->digest_bytes);
    return 1;
}

/* (a, b) the time does not tell where they differ */
static int equal(lua_State *L)
{
    size_t a_len, b_len;
    const char *a = luaL_checklstring(L, 1, &a_len), *b = luaL_checklstring(L, 2, &b_len);

    lua_pushboolean(L, a_len == b_len && CRYPTO_memcmp(a, b, a_len) == 0);
    return 1;
}

static void push_names(lua_State *L, bool keyed)
{
    lua_Integer count = 0;

    lua_newtable(L);
    for (size_t i = 0; i < ALGORITHMS; i++) {
        if (keyed && !algorithms[i].block_bytes)
            continue;
        lua_pushstring(L, algorithms[i].name);
        lua_rawseti(L, -2, ++count);
    }
}

void ol_lua_core_hash(lua_State *L)
{
    static const luaL_Reg functions[] = {{"new", hash_new}, {"equal", equal}, {NULL, NULL}};
    static const luaL_Reg methods[] = {
        {"write", hash_write}, {"bytes", hash_bytes}, {"hex", hash_hex}, {NULL, NULL}};
    static const luaL_Reg none[] = {{NULL, NULL}};

    ol_lua_make_type(L, STATE_TYPE, none);
    luaL_getmetatable(L, STATE_TYPE);
    luaL_newlib(L, methods);
    lua_setfield(L, -2, "__index");
    lua_pop(L, 1);
    luaL_newlib(L, functions);
    push_names(L, false);
    lua_setfield(L, -2, "algorithms");
    push_names(L, true);
    lua_setfield(L, -2, "keyed");
}
