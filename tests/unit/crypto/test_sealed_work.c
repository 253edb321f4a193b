/* SPDX-License-Identifier: MIT */
/*
 * That a refusal does not tell what was wrong: not by its words, and not by the work that went before it.
 * Work is counted, not timed: which of OpenSSL's functions were called, and over how many bytes. They are
 * defined here and passed on.
 */
#include <dlfcn.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rand.h>

#include "lib/check.h"

#include "base/encode.h"
#include "crypto/content/content_sync.h"
#include "crypto/content/sealed.h"
#include "crypto/keys/wrap_key.h"

#define PLAIN_BYTES 100000u
#define GCM_NAME "AES/GCM/NoPadding"

typedef struct work {
    unsigned rsa, hmacs, inits, updates, finals;
    uint64_t bytes;
} work;

static work done;

#define NEXT(name, pointer)                                                                        \
    do {                                                                                           \
        if (!(pointer))                                                                            \
            *(void **)&(pointer) = dlsym(RTLD_NEXT, name);                                         \
    } while (0)

int EVP_PKEY_decrypt(EVP_PKEY_CTX *ctx, unsigned char *out, size_t *outlen, const unsigned char *in,
                     size_t inlen)
{
    static int (*next)(EVP_PKEY_CTX *, unsigned char *, size_t *, const unsigned char *, size_t);
    NEXT("EVP_PKEY_decrypt", next);
    done.rsa++;
    return next(ctx, out, outlen, in, inlen);
}

unsigned char *HMAC(const EVP_MD *md, const void *key, int key_len, const unsigned char *data,
                    size_t data_len, unsigned char *out, unsigned int *out_len)
{
    static unsigned char *(*next)(const EVP_MD *, const void *, int, const unsigned char *, size_t,
                                  unsigned char *, unsigned int *);
    NEXT("HMAC", next);
    done.hmacs++;
    return next(md, key, key_len, data, data_len, out, out_len);
}

int EVP_DecryptInit_ex(EVP_CIPHER_CTX *ctx, const EVP_CIPHER *cipher, ENGINE *engine,
                       const unsigned char *key, const unsigned char *iv)
{
    static int (*next)(EVP_CIPHER_CTX *, const EVP_CIPHER *, ENGINE *, const unsigned char *,
                       const unsigned char *);
    NEXT("EVP_DecryptInit_ex", next);
    done.inits++;
    return next(ctx, cipher, engine, key, iv);
}

int EVP_DecryptUpdate(EVP_CIPHER_CTX *ctx, unsigned char *out, int *out_len, const unsigned char *in,
                      int in_len)
{
    static int (*next)(EVP_CIPHER_CTX *, unsigned char *, int *, const unsigned char *, int);
    NEXT("EVP_DecryptUpdate", next);
    done.updates++;
    done.bytes += (uint64_t)in_len;
    return next(ctx, out, out_len, in, in_len);
}

int EVP_DecryptFinal_ex(EVP_CIPHER_CTX *ctx, unsigned char *out, int *out_len)
{
    static int (*next)(EVP_CIPHER_CTX *, unsigned char *, int *);
    NEXT("EVP_DecryptFinal_ex", next);
    done.finals++;
    return next(ctx, out, out_len);
}

/* ---- keys ---- */

static ol_keys *ours;
static ol_keys *theirs; /* of the same lengths */

static ol_keys *make_keys(uint8_t fill)
{
    static uint8_t pem[8192];
    uint8_t aes_bytes[32];
    ol_keys *keys;
    ol_error err = {0};
    char *text;
    memset(aes_bytes, fill, sizeof aes_bytes);
    EVP_PKEY *pkey = EVP_RSA_gen(2048);
    BIO *bio = BIO_new(BIO_s_mem());
    assert_int_equal(PEM_write_bio_PrivateKey(bio, pkey, NULL, NULL, 0, NULL, NULL), 1);
    size_t len = (size_t)BIO_get_mem_data(bio, &text);
    assert_true(len < sizeof pem);
    memcpy(pem, text, len);
    ol_key rsa = {.kind = OL_KEY_RSA, .material = pem, .material_len = len};
    ol_key aes = {.kind = OL_KEY_AES, .material = aes_bytes, .material_len = sizeof aes_bytes};
    assert_int_equal(ol_keys_new(&keys), OL_OK);
    assert_int_equal(ol_keys_add(keys, &rsa, &err), OL_OK);
    assert_int_equal(ol_keys_add(keys, &aes, &err), OL_OK);
    BIO_free(bio);
    EVP_PKEY_free(pkey);
    return keys;
}

static const ol_key *rsa_of(const ol_keys *keys)
{
    return ol_keys_at(keys, 0);
}

static const ol_key *aes_of(const ol_keys *keys)
{
    return ol_keys_at(keys, 1);
}

static int set_up(void **state)
{
    (void)state;
    ours = make_keys(1);
    theirs = make_keys(2);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    ol_keys_release(ours);
    ol_keys_release(theirs);
    return 0;
}

/* ---- objects ---- */

static uint8_t data_key[32], iv[16], body[PLAIN_BYTES + 16];
static size_t body_len;

static void encrypt(const EVP_CIPHER *cipher, bool gcm)
{
    int len = 0, rest = 0;
    RAND_bytes(data_key, sizeof data_key);
    RAND_bytes(iv, sizeof iv);
    memset(body, 0, sizeof body);
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    EVP_EncryptInit_ex(ctx, cipher, NULL, data_key, iv);
    EVP_EncryptUpdate(ctx, body, &len, body, PLAIN_BYTES);
    EVP_EncryptFinal_ex(ctx, body + len, &rest);
    body_len = (size_t)(len + rest);
    if (gcm) {
        EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, 16, body + body_len);
        body_len += 16;
    }
    EVP_CIPHER_CTX_free(ctx);
}

static int read_body(void *arg, uint64_t offset, ol_span span, size_t *got, ol_error *err)
{
    (void)arg, (void)err;
    size_t left = offset < body_len ? body_len - (size_t)offset : 0;
    *got = span.len < left ? span.len : left;
    memcpy(span.data, body + offset, *got);
    return OL_OK;
}

typedef struct outcome {
    int code;
    char detail[OL_ERROR_TEXT_SIZE];
    work work;
} outcome;

static ol_slice encoded(ol_buf *room, ol_slice bytes)
{
    ol_buf_init(room, 8192);
    assert_int_equal(ol_base64_encode(room, bytes), OL_OK);
    return ol_buf_slice(room);
}

/* V2 where `wrap` has a name, else V1. */
static outcome open_it(ol_slice wrapped, const char *wrap)
{
    static const ol_sealed_rules rules = {.formats = ~0u, .legacy = true};
    ol_buf key_text, iv_text;
    outcome out = {0};
    ol_error err = {0};
    const ol_header headers[] = {
        {ol_slice_cstr(wrap ? "x-amz-meta-x-amz-key-v2" : "x-amz-meta-x-amz-key"),
         encoded(&key_text, wrapped)},
        {OL_SLICE_LIT("x-amz-meta-x-amz-iv"), encoded(&iv_text, ol_slice_of(iv, wrap ? 12 : 16))},
        {OL_SLICE_LIT("x-amz-meta-x-amz-wrap-alg"), ol_slice_cstr(wrap)},
        {OL_SLICE_LIT("x-amz-meta-x-amz-cek-alg"), OL_SLICE_LIT(GCM_NAME)},
        {OL_SLICE_LIT("x-amz-meta-x-amz-tag-len"), OL_SLICE_LIT("128")},
    };
    ol_sealed_ask ask = {.keys = ours,
                         .rules = &rules,
                         .size = body_len,
                         .headers = headers,
                         .header_count = wrap ? 5 : 2,
                         .arena = ol_arena_new(1 << 20)};
    const ol_content_io io = {.read = read_body};
    uint64_t size;
    done = (work){0};
    int rc = ol_sealed_open(&ask, &err);
    if (rc == OL_OK)
        rc = ol_content_run(ask.sealed, &io, &size, &err);
    out.work = done;
    out.code = rc;
    snprintf(out.detail, sizeof out.detail, "%s", err.detail);
    ol_sealed_release(ask.sealed);
    ol_arena_destroy(ask.arena);
    ol_buf_fini(&key_text);
    ol_buf_fini(&iv_text);
    return out;
}

static void assert_alike(const outcome *a, const outcome *b)
{
    assert_code(a->code, OL_EDECRYPT);
    assert_code(b->code, OL_EDECRYPT);
    assert_string_equal(a->detail, b->detail);
    assert_int_equal(a->work.rsa, b->work.rsa);
    assert_int_equal(a->work.hmacs, b->work.hmacs);
    assert_int_equal(a->work.inits, b->work.inits);
    assert_int_equal(a->work.updates, b->work.updates);
    assert_int_equal(a->work.finals, b->work.finals);
    assert_int_equal(a->work.bytes, b->work.bytes);
}

static ol_slice key_slice(void)
{
    return ol_slice_of(data_key, sizeof data_key);
}

/* ---- RSA ---- */

static outcome with_named(const ol_key *key, const char *name, size_t flip)
{
    ol_buf wrapped;
    ol_buf_init(&wrapped, 4096);
    assert_int_equal(ol_wrap_rsa_named(key, key_slice(), ol_slice_cstr(name), &wrapped), OL_OK);
    if (flip < wrapped.len)
        wrapped.data[flip] ^= 1;
    outcome out = open_it(ol_buf_slice(&wrapped), "RSA-OAEP-SHA1");
    ol_buf_fini(&wrapped);
    return out;
}

/* A block that is nobody's, one that was changed, and a good one around the wrong thing. */
static void oaep_does_not_tell(void **state)
{
    (void)state;
    encrypt(EVP_aes_256_gcm(), true);
    outcome good = with_named(rsa_of(ours), GCM_NAME, SIZE_MAX);
    assert_code(good.code, OL_OK);
    assert_true(good.work.bytes >= PLAIN_BYTES);
    outcome others = with_named(rsa_of(theirs), GCM_NAME, SIZE_MAX);
    assert_int_equal(others.work.rsa, 1);
    outcome same[] = {with_named(rsa_of(ours), GCM_NAME, 200), with_named(rsa_of(ours), GCM_NAME, 3),
                      with_named(rsa_of(ours), "AES/CBC/NoPadding", SIZE_MAX),
                      with_named(rsa_of(ours), "115", SIZE_MAX)};
    for (size_t i = 0; i < sizeof same / sizeof *same; i++)
        assert_alike(&others, &same[i]);
}

static outcome with_pkcs1(const ol_key *key, size_t flip)
{
    ol_buf wrapped;
    ol_buf_init(&wrapped, 4096);
    assert_int_equal(ol_wrap_rsa_pkcs1(key, key_slice(), &wrapped), OL_OK);
    if (flip < wrapped.len)
        wrapped.data[flip] ^= 1;
    outcome out = open_it(ol_buf_slice(&wrapped), NULL);
    ol_buf_fini(&wrapped);
    return out;
}

/* One in 256 wrong keys gives what looks like padding; and a block that is not below the modulus, as one for
 * another key may be, is refused at once, which whoever has the public key knows before. */
static outcome refused_pkcs1(const ol_key *key, size_t flip)
{
    outcome out = {0};
    for (int i = 0; i < 100 && (out.code != OL_EDECRYPT || out.work.hmacs == 0); i++)
        out = with_pkcs1(key, flip);
    return out;
}

/* A bad padding of the block, and a good block before a bad padding of the content: the content is
 * decrypted to its end in both cases. */
static void pkcs1_does_not_tell(void **state)
{
    (void)state;
    encrypt(EVP_aes_256_cbc(), false);
    outcome good = with_pkcs1(rsa_of(ours), SIZE_MAX);
    assert_code(good.code, OL_OK);
    outcome others = refused_pkcs1(rsa_of(theirs), SIZE_MAX);
    outcome changed = refused_pkcs1(rsa_of(ours), 100);
    body[body_len - 17] ^= 0x5f; /* flips the last byte of the padding, after decryption */
    outcome content = refused_pkcs1(rsa_of(ours), SIZE_MAX);
    assert_alike(&others, &changed);
    assert_alike(&others, &content);
    assert_int_equal(content.work.rsa, 1);
    assert_int_equal(content.work.bytes, body_len);
}

/* ---- AES ---- */

static outcome with_gcm(const ol_key *key, const char *name, size_t flip)
{
    ol_buf wrapped;
    ol_buf_init(&wrapped, 4096);
    assert_int_equal(ol_wrap_aes_gcm(key, key_slice(), ol_slice_cstr(name), &wrapped), OL_OK);
    if (flip < wrapped.len)
        wrapped.data[flip] ^= 1;
    outcome out = open_it(ol_buf_slice(&wrapped), "AES/GCM");
    ol_buf_fini(&wrapped);
    return out;
}

static void a_wrapped_key_does_not_tell(void **state)
{
    (void)state;
    encrypt(EVP_aes_256_gcm(), true);
    assert_code(with_gcm(aes_of(ours), GCM_NAME, SIZE_MAX).code, OL_OK);
    outcome others = with_gcm(aes_of(theirs), GCM_NAME, SIZE_MAX);
    outcome same[] = {with_gcm(aes_of(ours), GCM_NAME, 0), with_gcm(aes_of(ours), GCM_NAME, 20),
                      with_gcm(aes_of(ours), GCM_NAME, 59), with_gcm(aes_of(ours), "AES/CBC/NoPadding", SIZE_MAX)};
    for (size_t i = 0; i < sizeof same / sizeof *same; i++)
        assert_alike(&others, &same[i]);
}

/* Wherever the content was changed: all of it is decrypted before that is said, in the same words. */
static void content_does_not_tell(void **state)
{
    (void)state;
    encrypt(EVP_aes_256_gcm(), true);
    static const size_t places[] = {0, PLAIN_BYTES / 2, PLAIN_BYTES - 1, PLAIN_BYTES, PLAIN_BYTES + 15};
    outcome first = {0};
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        body[places[i]] ^= 1;
        outcome now = with_gcm(aes_of(ours), GCM_NAME, SIZE_MAX);
        body[places[i]] ^= 1;
        if (i == 0)
            first = now;
        assert_alike(&first, &now);
        assert_true(now.work.bytes > PLAIN_BYTES);
    }
    outcome wrap = with_gcm(aes_of(theirs), GCM_NAME, SIZE_MAX);
    assert_code(wrap.code, first.code);
    assert_string_equal(wrap.detail, first.detail);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(oaep_does_not_tell),
        cmocka_unit_test(pkcs1_does_not_tell),
        cmocka_unit_test(a_wrapped_key_does_not_tell),
        cmocka_unit_test(content_does_not_tell),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
