/* SPDX-License-Identifier: MIT */
/*
 * KES as a KMS, against a small KES of our own: TLS, the client known by the digest of its public key,
 * keys that are really wrapped (by a fixed pad) and bound to their context.
 */
#include "lib/check.h"

#include <arpa/inet.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/encode.h"
#include "crypto/keys/secret.h"
#include "crypto/kms/kms_kes.h"
#include "lib/loop_fixture.h"
#include "lib/scratch.h"
#include "s3/sigv4/hmac.h"

/* A key that KES's own documentation publishes, and the identity that KES gives it. */
#define API_KEY "kes:v1:AD9E7FSYWrMD+VjhI6q545cYT9YOyFxZb7UnjEepYDRc"
#define IDENTITY "3ecfcdf38fcbe141ae26a1030f81e96b753365a46760ae6b578698a97c59fd22"
#define ARN_OF(name) "arn:aws:kms:eu-1:111122223333:key/" name

typedef struct fixture {
    ol_test_scratch scratch;
    ol_test_loop loop;
    SSL_CTX *tls;
    int listener;
    pthread_t thread;
    ol_kms *kms;
    ol_arena *arena;
    ol_kms_call call;
    bool done;
    int code;
    char url[64];
    /* what the next requests are answered with instead; of the thread, atomic */
    int status, times;
    const char *body;
    unsigned requests;
    size_t key_bytes;
    char identity[65]; /* of the client that came last */
} fixture;

/* ---- the KES ---- */

static int take_any(int good, X509_STORE_CTX *store)
{
    (void)good, (void)store;
    return 1;
}

static EVP_PKEY *new_certificate(const char *file, const char *key_file)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *certificate = X509_new();
    assert_true(key && certificate);
    X509_set_version(certificate, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -60);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_ASC,
                               (const unsigned char *)"kes", -1, -1, 0);
    X509_set_issuer_name(certificate, X509_get_subject_name(certificate));
    X509_EXTENSION *names =
        X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, "IP:127.0.0.1");
    X509_add_ext(certificate, names, -1);
    X509_EXTENSION_free(names);
    X509_set_pubkey(certificate, key);
    assert_true(X509_sign(certificate, key, EVP_sha256()) > 0);
    FILE *out = fopen(file, "w");
    PEM_write_X509(out, certificate);
    fclose(out);
    out = fopen(key_file, "w");
    PEM_write_PrivateKey(out, key, NULL, NULL, 0, NULL, NULL);
    fclose(out);
    X509_free(certificate);
    return key;
}

static void note_identity(fixture *f, SSL *ssl)
{
    uint8_t sum[OL_SHA256_BYTES];
    unsigned char *der = NULL;
    X509 *peer = SSL_get1_peer_certificate(ssl);
    int len = peer ? i2d_X509_PUBKEY(X509_get_X509_PUBKEY(peer), &der) : 0;
    f->identity[0] = '\0';
    if (len > 0) {
        ol_sha256_of(ol_slice_of(der, (size_t)len), sum);
        ol_hex_encode(sum, sizeof sum, f->identity);
    }
    OPENSSL_free(der);
    X509_free(peer);
}

static void respond(SSL *ssl, int status, const char *body)
{
    char text[2048];
    int len = snprintf(text, sizeof text,
                       "HTTP/1.1 %d X\r\nContent-Length: %zu\r\nConnection: close\r\n\r\n%s", status,
                       strlen(body), body);
    SSL_write(ssl, text, len);
}

/* What stands behind "NAME":" in the request's body. */
static ol_slice member(const char *body, const char *name)
{
    char wanted[64];
    snprintf(wanted, sizeof wanted, "\"%s\":\"", name);
    const char *found = strstr(body, wanted);
    if (!found)
        return OL_SLICE_NONE;
    found += strlen(wanted);
    return ol_slice_of(found, strcspn(found, "\""));
}

/* ciphertext: base64 of (the context's digest | the key under the pad) */
static void wrap(const uint8_t plain[32], ol_slice context, ol_buf *out)
{
    uint8_t bytes[64];
    ol_sha256_of(context, bytes);
    for (size_t i = 0; i < 32; i++)
        bytes[32 + i] = plain[i] ^ 0x5a;
    ol_base64_encode(out, ol_slice_of(bytes, 64));
}

static void generate(SSL *ssl, const char *body, unsigned number)
{
    uint8_t plain[32];
    ol_buf text;
    memset(plain, (int)number, sizeof plain);
    ol_buf_init(&text, 1024);
    ol_buf_add_cstr(&text, "{\"plaintext\":\"");
    ol_base64_encode(&text, ol_slice_of(plain, 32));
    ol_buf_add_cstr(&text, "\",\"ciphertext\":\"");
    wrap(plain, member(body, "context"), &text);
    ol_buf_add_cstr(&text, "\"}");
    respond(ssl, 200, ol_buf_cstr(&text));
    ol_buf_fini(&text);
}

static void decrypt(SSL *ssl, const char *body)
{
    uint8_t bytes[128], sum[32];
    size_t len = 0;
    ol_buf text;
    ol_sha256_of(member(body, "context"), sum);
    if (ol_base64_decode(member(body, "ciphertext"), bytes, sizeof bytes, &len) != OL_OK ||
        len != 64 || memcmp(bytes, sum, 32) != 0) {
        respond(ssl, 400, "{\"message\":\"decryption failed: ciphertext is not authentic\"}");
        return;
    }
    for (size_t i = 32; i < 64; i++)
        bytes[i] ^= 0x5a;
    ol_buf_init(&text, 1024);
    ol_buf_add_cstr(&text, "{\"plaintext\":\"");
    ol_base64_encode(&text, ol_slice_of(bytes + 32, 32));
    ol_buf_add_cstr(&text, "\"}");
    respond(ssl, 200, ol_buf_cstr(&text));
    ol_buf_fini(&text);
}

static void serve(fixture *f, SSL *ssl, const char *request, const char *body)
{
    if (__atomic_load_n(&f->times, __ATOMIC_SEQ_CST) > 0) {
        __atomic_sub_fetch(&f->times, 1, __ATOMIC_SEQ_CST);
        respond(ssl, f->status, f->body);
    } else if (strncmp(request, "GET /v1/key/describe/orders ", 28) == 0) {
        respond(ssl, 200, "{\"name\":\"orders\",\"created_at\":\"2026-01-01T00:00:00Z\"}");
    } else if (strncmp(request, "POST /v1/key/generate/orders ", 29) == 0) {
        generate(ssl, body, f->requests);
    } else if (strncmp(request, "POST /v1/key/decrypt/orders ", 28) == 0) {
        decrypt(ssl, body);
    } else {
        respond(ssl, 404, "{\"message\":\"key does not exist\"}");
    }
}

static void take(fixture *f, int fd)
{
    char request[8192];
    size_t len = 0;
    const char *body = NULL;
    SSL *ssl = SSL_new(f->tls);
    SSL_set_fd(ssl, fd);
    bool open = SSL_accept(ssl) == 1;
    if (open)
        note_identity(f, ssl);
    while (open && len + 1 < sizeof request) {
        int n = SSL_read(ssl, request + len, (int)(sizeof request - 1 - len));
        if (n <= 0)
            break;
        len += (size_t)n;
        request[len] = '\0';
        body = strstr(request, "\r\n\r\n");
        const char *length = strcasestr(request, "content-length: ");
        size_t want = length && body && length < body ? strtoul(length + 16, NULL, 10) : 0;
        if (body && len >= (size_t)(body + 4 - request) + want) {
            __atomic_add_fetch(&f->requests, 1, __ATOMIC_SEQ_CST);
            serve(f, ssl, request, body + 4);
            break;
        }
    }
    SSL_shutdown(ssl);
    SSL_free(ssl);
}

static void *run_kes(void *arg)
{
    fixture *f = arg;
    for (;;) {
        int fd = accept(f->listener, NULL, NULL);
        if (fd < 0)
            return NULL;
        take(f, fd);
        close(fd);
    }
}

/* ---- the fixture ---- */

static void on_key(ol_kms_call *call, const ol_error *err)
{
    fixture *f = call->arg;
    f->done = true;
    f->code = err ? err->code : OL_OK;
}

static const char *path(fixture *f, const char *name)
{
    static char paths[8][256];
    static unsigned next;
    char *out = paths[next++ % 8];
    snprintf(out, 256, "%s/%s", f->scratch.folder, name);
    return out;
}

static void start_server(fixture *f)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    EVP_PKEY *key = new_certificate(path(f, "server.pem"), path(f, "server.key"));
    f->tls = SSL_CTX_new(TLS_server_method());
    assert_int_equal(SSL_CTX_use_certificate_chain_file(f->tls, path(f, "server.pem")), 1);
    assert_int_equal(SSL_CTX_use_PrivateKey(f->tls, key), 1);
    SSL_CTX_set_verify(f->tls, SSL_VERIFY_PEER, take_any);
    SSL_CTX_set_session_id_context(f->tls, (const unsigned char *)"kes", 3);
    EVP_PKEY_free(key);
    f->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(f->listener, (struct sockaddr *)&address, len), 0);
    assert_int_equal(listen(f->listener, 8), 0);
    assert_int_equal(getsockname(f->listener, (struct sockaddr *)&address, &len), 0);
    assert_int_equal(pthread_create(&f->thread, NULL, run_kes, f), 0);
    snprintf(f->url, sizeof f->url, "https://127.0.0.1:%u", (unsigned)ntohs(address.sin_port));
}

static ol_kms_kes_options options_of(fixture *f)
{
    ol_kms_kes_options options;
    ol_kms_kes_options_default(&options);
    options.remote.endpoint = f->url;
    options.remote.ca_file = path(f, "server.pem");
    options.remote.backoff_base_ms = 1;
    options.remote.breaker_failures = 0;
    options.default_key = "orders";
    options.region = "eu-1";
    options.account = "111122223333";
    return options;
}

static void make_kms(fixture *f, const ol_kms_kes_options *options)
{
    ol_error err = {0};
    assert_code_of(ol_kms_kes_new(&f->kms, options, &err), OL_OK, &err);
    assert_code(f->kms->ops->attach(f->kms, f->loop.loop, &err), OL_OK);
}

static int setup(void **state)
{
    static fixture f;
    signal(SIGPIPE, SIG_IGN);
    f = (fixture){.arena = ol_arena_new(1 << 20)};
    ol_test_scratch_open(&f.scratch);
    assert_code(ol_test_loop_open(&f.loop), OL_OK);
    start_server(&f);
    *state = &f;
    return 0;
}

static void on_detached(void *arg)
{
    *(bool *)arg = true;
}

static void drop_kms(fixture *f)
{
    bool detached = false;
    f->kms->ops->detach(f->kms, f->loop.loop, on_detached, &detached);
    ol_test_loop_until(&f->loop, &detached, OL_TEST_BOUND_MS);
    f->kms->ops->destroy(f->kms);
    f->kms = NULL;
}

static int teardown(void **state)
{
    fixture *f = *state;
    if (f->kms)
        drop_kms(f);
    ol_test_loop_close(&f->loop);
    shutdown(f->listener, SHUT_RDWR);
    pthread_join(f->thread, NULL);
    close(f->listener);
    SSL_CTX_free(f->tls);
    ol_arena_destroy(f->arena);
    ol_test_scratch_close(&f->scratch);
    return 0;
}

static int ask(fixture *f, const char *key, const char *value, ol_slice blob)
{
    ol_error err = {0};
    f->done = false;
    f->call = (ol_kms_call){.loop = f->loop.loop, .arena = f->arena, .key_id = ol_slice_cstr(key),
                            .blob = blob, .key_bytes = f->key_bytes, .cb = on_key, .arg = f};
    ol_context_add(&f->call.context, OL_SLICE_LIT("k"), ol_slice_cstr(value));
    int rc = blob.len > 0 ? f->kms->ops->open(f->kms, &f->call, &err)
                          : f->kms->ops->generate(f->kms, &f->call, &err);
    if (rc != OL_WAIT)
        return rc;
    ol_test_loop_until(&f->loop, &f->done, OL_TEST_BOUND_MS);
    return f->code;
}

static int look(fixture *f, const char *key, enum ol_kms_state *key_state)
{
    ol_error err = {0};
    f->done = false;
    f->call = (ol_kms_call){.loop = f->loop.loop, .arena = f->arena, .key_id = ol_slice_cstr(key),
                            .cb = on_key, .arg = f};
    int rc = f->kms->ops->state(f->kms, &f->call, key_state, &err);
    if (rc != OL_WAIT)
        return rc;
    ol_test_loop_until(&f->loop, &f->done, OL_TEST_BOUND_MS);
    return f->code;
}

static void drop_key(fixture *f)
{
    ol_secret_free(f->call.key, f->call.key_len);
    f->call.key = NULL;
}

static void test_there_and_back(void **state)
{
    fixture *f = *state;
    ol_kms_kes_options options = options_of(f);
    uint8_t made[32];
    options.api_key = API_KEY;
    make_kms(f, &options);
    assert_code(ask(f, "", "v", OL_SLICE_NONE), OL_OK);
    assert_string_equal(f->identity, IDENTITY);
    assert_int_equal(f->call.key_len, 32);
    assert_slice(f->call.used_key, ARN_OF("orders"));
    memcpy(made, f->call.key, 32);
    drop_key(f);
    ol_slice blob = f->call.wrapped;
    assert_code(ask(f, ARN_OF("orders"), "v", blob), OL_OK);
    assert_memory_equal(f->call.key, made, 32);
    drop_key(f);
    assert_code(ask(f, "orders", "w", blob), OL_EDECRYPT);
    assert_code(ask(f, "none", "v", OL_SLICE_NONE), OL_EKMSNOTFOUND);
    assert_code(ask(f, "../../v1/status", "v", OL_SLICE_NONE), OL_EKMSNOTFOUND);
    assert_code(ask(f, "arn:aws:kms:eu-2:111122223333:key/orders", "v", OL_SLICE_NONE),
                OL_EKMSNOTFOUND);
    assert_code(ask(f, "orders", "v", ol_slice_first(blob, 20)), OL_EDECRYPT);
}

/* DSSE wants 64 bytes of one key. */
static void test_longer_keys(void **state)
{
    fixture *f = *state;
    ol_kms_kes_options options = options_of(f);
    uint8_t made[64];
    options.api_key = API_KEY;
    make_kms(f, &options);
    f->key_bytes = 64;
    assert_code(ask(f, "", "v", OL_SLICE_NONE), OL_OK);
    assert_int_equal(f->call.key_len, 64);
    memcpy(made, f->call.key, 64);
    assert_memory_not_equal(made, made + 32, 32);
    drop_key(f);
    assert_code(ask(f, "", "v", f->call.wrapped), OL_OK);
    assert_int_equal(f->call.key_len, 64);
    assert_memory_equal(f->call.key, made, 64);
    drop_key(f);
}

static void test_states(void **state)
{
    fixture *f = *state;
    ol_kms_kes_options options = options_of(f);
    enum ol_kms_state key_state;
    options.api_key = API_KEY;
    make_kms(f, &options);
    assert_code(look(f, "orders", &key_state), OL_OK);
    assert_int_equal(key_state, OL_KMS_ENABLED);
    assert_slice(f->call.used_key, ARN_OF("orders"));
    assert_code(look(f, "none", &key_state), OL_OK);
    assert_int_equal(key_state, OL_KMS_MISSING);
    f->status = 200;
    f->body = "{\"name\":\"other\"}";
    __atomic_store_n(&f->times, 1, __ATOMIC_SEQ_CST);
    assert_code(look(f, "orders", &key_state), OL_EKMSUNAVAILABLE);
}

static void test_trouble(void **state)
{
    static const struct {
        int status;
        const char *body;
        int code;
        unsigned requests;
    } rows[] = {
        {403, "{\"message\":\"not authorized: insufficient permissions\"}", OL_EACCESS, 1},
        {429, "{}", OL_EKMSTHROTTLED, 4},
        {502, "{\"message\":\"bad gateway: failed to read key\"}", OL_EKMSUNAVAILABLE, 4},
        {503, "", OL_EKMSUNAVAILABLE, 4},
        {302, "", OL_EKMSUNAVAILABLE, 1},
        {200, "", OL_EKMSUNAVAILABLE, 1},
        {200, "[]", OL_EKMSUNAVAILABLE, 1},
        {200, "{\"plaintext\":\"AAAA\",\"ciphertext\":\"AAAA\"}", OL_EKMSUNAVAILABLE, 1},
        {200, "{\"plaintext\":\"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\"}",
         OL_EKMSUNAVAILABLE, 1},
        {200, "{\"plaintext\":\"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\",\"ciphertext\":"
              "\"?\"}", OL_EKMSUNAVAILABLE, 1},
        {200, "{\"ciphertext\":\"AAAA\"}", OL_EKMSUNAVAILABLE, 1},
    };
    fixture *f = *state;
    ol_kms_kes_options options = options_of(f);
    options.api_key = API_KEY;
    make_kms(f, &options);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        f->status = rows[i].status;
        f->body = rows[i].body;
        __atomic_store_n(&f->requests, 0, __ATOMIC_SEQ_CST);
        __atomic_store_n(&f->times, 100, __ATOMIC_SEQ_CST);
        assert_code(ask(f, "orders", "v", OL_SLICE_NONE), rows[i].code);
        assert_int_equal(__atomic_load_n(&f->requests, __ATOMIC_SEQ_CST), rows[i].requests);
    }
}

/* A certificate of files, and a new one in its place. */
static void test_certificates(void **state)
{
    fixture *f = *state;
    ol_kms_kes_options options = options_of(f);
    char first[65];
    ol_error err = {0};
    EVP_PKEY_free(new_certificate(path(f, "client.pem"), path(f, "client.key")));
    options.certificate_file = path(f, "client.pem");
    options.key_file = path(f, "client.key");
    options.remote.idle_timeout_ms = 1;
    make_kms(f, &options);
    assert_code(ask(f, "", "v", OL_SLICE_NONE), OL_OK);
    drop_key(f);
    assert_int_equal(strlen(f->identity), 64);
    strcpy(first, f->identity);
    EVP_PKEY_free(new_certificate(path(f, "client.pem"), path(f, "client.key")));
    assert_code_of(f->kms->ops->renew(f->kms, &err), OL_OK, &err);
    assert_code(ask(f, "", "v", OL_SLICE_NONE), OL_OK);
    drop_key(f);
    assert_string_not_equal(first, f->identity);
    /* a key that does not fit: the old ones serve on */
    strcpy(first, f->identity);
    EVP_PKEY_free(new_certificate(path(f, "other.pem"), path(f, "client.key")));
    assert_code(f->kms->ops->renew(f->kms, &err), OL_ECONFIG);
    assert_code(ask(f, "", "v", OL_SLICE_NONE), OL_OK);
    drop_key(f);
    assert_string_equal(first, f->identity);
}

static void test_options(void **state)
{
    fixture *f = *state;
    ol_kms_kes_options good = options_of(f), options;
    good.api_key = API_KEY;
    static const char *const bad_keys[] = {"", "kes:v1:", "kes:v2:AD9E7FSYWrMD+VjhI6q545cYT9YOyFxZb7UnjEepYDRc",
                                           "kes:v1:AT9E7FSYWrMD+VjhI6q545cYT9YOyFxZb7UnjEepYDRc",
                                           "kes:v1:AD9E7FSYWrMD+VjhI6q545cYT9YOyFxZb7UnjEepYDQ="};
    for (size_t i = 0; i < sizeof bad_keys / sizeof bad_keys[0]; i++) {
        ol_error err = {0};
        options = good;
        options.api_key = bad_keys[i];
        assert_code(ol_kms_kes_new(&f->kms, &options, &err), OL_ECONFIG);
        assert_null(strstr(err.message, "AD9E7"));
    }
    ol_error err = {0};
    options = good;
    options.api_key = NULL;
    assert_code(ol_kms_kes_new(&f->kms, &options, &err), OL_ECONFIG);
    options = good;
    options.remote.endpoint = "http://127.0.0.1:1";
    options.remote.ca_file = NULL;
    assert_code(ol_kms_kes_new(&f->kms, &options, &err), OL_ECONFIG);
    options = good;
    options.api_key = NULL;
    options.api_key_file = path(f, "api.key");
    ol_test_file_write(options.api_key_file, OL_SLICE_LIT(API_KEY "\n"));
    assert_int_equal(chmod(options.api_key_file, 0640), 0);
    assert_code(ol_kms_kes_new(&f->kms, &options, &err), OL_ECONFIG);
    assert_int_equal(chmod(options.api_key_file, 0600), 0);
    make_kms(f, &options);
    assert_code(ask(f, "", "v", OL_SLICE_NONE), OL_OK);
    drop_key(f);
    assert_string_equal(f->identity, IDENTITY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_there_and_back, setup, teardown),
        cmocka_unit_test_setup_teardown(test_longer_keys, setup, teardown),
        cmocka_unit_test_setup_teardown(test_states, setup, teardown),
        cmocka_unit_test_setup_teardown(test_trouble, setup, teardown),
        cmocka_unit_test_setup_teardown(test_certificates, setup, teardown),
        cmocka_unit_test_setup_teardown(test_options, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
