/* SPDX-License-Identifier: MIT */
/* Vault's transit as a KMS, against a small Vault of our own that really wraps (by a fixed pad). */
#include "lib/check.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/encode.h"
#include "crypto/keys/secret.h"
#include "crypto/kms/kms_vault.h"
#include "lib/loop_fixture.h"
#include "lib/scratch.h"

typedef struct fixture {
    ol_test_loop loop;
    int listener;
    pthread_t thread;
    ol_kms *kms;
    ol_arena *arena;
    ol_kms_call call;
    bool done, ending;
    int code;
    /* what the next requests are answered with instead; of the thread, atomic */
    int status, times;
    const char *body;
    unsigned requests, mistakes;
    char url[64];
} fixture;

/* ---- the Vault ---- */

static void send_all(int fd, const char *text)
{
    size_t len = strlen(text);
    for (ssize_t n; len > 0 && (n = write(fd, text, len)) > 0; len -= (size_t)n)
        text += n;
}

static void respond(int fd, int status, const char *body)
{
    char text[2048];
    snprintf(text, sizeof text, "HTTP/1.1 %d X\r\nContent-Length: %zu\r\nConnection: close\r\n\r\n%s",
             status, strlen(body), body);
    send_all(fd, text);
}

static void key_answer(int fd, const char *ciphertext)
{
    char body[512];
    uint8_t plain[32];
    ol_buf text;
    /* "vault:v3:" and 64 digits, which are the key under the pad */
    size_t len = 0;
    if (ol_hex_decode(ol_slice_of(ciphertext + 9, 64), plain, 32, &len) != OL_OK) {
        respond(fd, 400, "{\"errors\":[\"invalid ciphertext\"]}");
        return;
    }
    for (size_t i = 0; i < 32; i++)
        plain[i] ^= 0x5a;
    ol_buf_init(&text, 128);
    ol_base64_encode(&text, ol_slice_of(plain, 32));
    snprintf(body, sizeof body, "{\"data\":{\"plaintext\":\"%s\",\"ciphertext\":\"%.73s\"}}",
             ol_buf_cstr(&text), ciphertext);
    ol_buf_fini(&text);
    respond(fd, 200, body);
}

static void serve(fixture *f, int fd, const char *request)
{
    const char *found;
    if (!strstr(request, "x-vault-token: the-token\r\n"))
        __atomic_add_fetch(&f->mistakes, 1, __ATOMIC_SEQ_CST);
    if (__atomic_load_n(&f->times, __ATOMIC_SEQ_CST) > 0) {
        __atomic_sub_fetch(&f->times, 1, __ATOMIC_SEQ_CST);
        respond(fd, f->status, f->body);
    } else if (strncmp(request, "GET /v1/transit/keys/orders ", 28) == 0) {
        respond(fd, 200, "{\"data\":{\"latest_version\":3}}");
    } else if (strncmp(request, "GET ", 4) == 0) {
        respond(fd, 404, "{\"errors\":[]}");
    } else if (strncmp(request, "POST /v1/transit/datakey/plaintext/orders ", 42) == 0) {
        char ciphertext[80] = "vault:v3:";
        uint8_t sealed[32];
        memset(sealed, (int)f->requests, sizeof sealed);
        ol_hex_encode(sealed, 32, ciphertext + 9);
        key_answer(fd, ciphertext);
    } else if (strncmp(request, "POST /v1/transit/decrypt/orders ", 32) == 0 &&
               (found = strstr(request, "vault:v3:")) != NULL) {
        key_answer(fd, found);
    } else {
        respond(fd, 400, "{\"errors\":[\"encryption key not found\"]}");
    }
}

static void take(fixture *f, int fd)
{
    char request[8192];
    size_t len = 0;
    const char *body = NULL, *length;
    while (len + 1 < sizeof request) {
        ssize_t n = read(fd, request + len, sizeof request - 1 - len);
        if (n <= 0)
            return;
        len += (size_t)n;
        request[len] = '\0';
        body = strstr(request, "\r\n\r\n");
        length = strcasestr(request, "content-length: ");
        size_t want = length && length < body ? strtoul(length + 16, NULL, 10) : 0;
        if (body && len >= (size_t)(body + 4 - request) + want)
            break;
    }
    __atomic_add_fetch(&f->requests, 1, __ATOMIC_SEQ_CST);
    serve(f, fd, request);
}

static void *run_vault(void *arg)
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

static int setup(void **state)
{
    static fixture f;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    ol_kms_vault_options options;
    ol_error err = {0};
    f = (fixture){.arena = ol_arena_new(1 << 20)};
    f.listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(f.listener, (struct sockaddr *)&address, len), 0);
    assert_int_equal(listen(f.listener, 8), 0);
    assert_int_equal(getsockname(f.listener, (struct sockaddr *)&address, &len), 0);
    assert_int_equal(pthread_create(&f.thread, NULL, run_vault, &f), 0);
    snprintf(f.url, sizeof f.url, "http://127.0.0.1:%u", (unsigned)ntohs(address.sin_port));
    ol_kms_vault_options_default(&options);
    options.remote.endpoint = f.url;
    options.remote.backoff_base_ms = 1;
    options.remote.breaker_failures = 0;
    options.token = "the-token";
    options.default_key = "orders";
    assert_code(ol_test_loop_open(&f.loop), OL_OK);
    assert_code_of(ol_kms_vault_new(&f.kms, &options, &err), OL_OK, &err);
    assert_code(f.kms->ops->attach(f.kms, f.loop.loop, &err), OL_OK);
    *state = &f;
    return 0;
}

static void on_detached(void *arg)
{
    *(bool *)arg = true;
}

static int teardown(void **state)
{
    fixture *f = *state;
    bool detached = false;
    f->kms->ops->detach(f->kms, f->loop.loop, on_detached, &detached);
    ol_test_loop_until(&f->loop, &detached, OL_TEST_BOUND_MS);
    f->kms->ops->destroy(f->kms);
    ol_test_loop_close(&f->loop);
    shutdown(f->listener, SHUT_RDWR);
    pthread_join(f->thread, NULL);
    close(f->listener);
    ol_arena_destroy(f->arena);
    assert_int_equal(f->mistakes, 0);
    return 0;
}

static int ask(fixture *f, const char *key, const char *value, ol_slice blob)
{
    ol_error err = {0};
    f->done = false;
    f->call = (ol_kms_call){.loop = f->loop.loop, .arena = f->arena, .key_id = ol_slice_cstr(key),
                            .blob = blob, .cb = on_key, .arg = f};
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
    uint8_t made[32];
    assert_code(ask(f, "", "v", OL_SLICE_NONE), OL_OK);
    assert_int_equal(f->call.key_len, 32);
    assert_int_equal(f->call.key_version, 3);
    assert_slice(f->call.used_key, "orders");
    memcpy(made, f->call.key, 32);
    drop_key(f);
    ol_slice blob = f->call.wrapped;
    assert_code(ask(f, "orders", "v", blob), OL_OK);
    assert_memory_equal(f->call.key, made, 32);
    drop_key(f);
    assert_code(ask(f, "orders", "w", blob), OL_EDECRYPT);
    for (size_t at = 0; at < blob.len; at += 3) {
        ol_slice bad = ol_arena_copy(f->arena, blob);
        ((uint8_t *)(uintptr_t)bad.data)[at] ^= 1;
        int rc = ask(f, "orders", "v", bad);
        assert_true(rc == OL_EDECRYPT || rc == OL_EKMSNOTFOUND);
        if (at > 0)
            assert_true(ask(f, "orders", "v", ol_slice_first(blob, at)) < 0);
    }
}

static void test_states(void **state)
{
    fixture *f = *state;
    enum ol_kms_state key_state;
    assert_code(look(f, "orders", &key_state), OL_OK);
    assert_int_equal(key_state, OL_KMS_ENABLED);
    assert_code(look(f, "none", &key_state), OL_OK);
    assert_int_equal(key_state, OL_KMS_MISSING);
    assert_code(look(f, "../sys/seal", &key_state), OL_EKMSNOTFOUND);
    assert_code(ask(f, "none", "v", OL_SLICE_NONE), OL_EKMSNOTFOUND);
}

static void test_trouble(void **state)
{
    static const struct {
        int status;
        const char *body;
        int code;
        unsigned requests;
    } rows[] = {
        {403, "{\"errors\":[\"permission denied\"]}", OL_EACCESS, 1},
        {503, "{\"errors\":[\"Vault is sealed\"]}", OL_EKMSUNAVAILABLE, 4},
        {429, "{\"errors\":[]}", OL_EKMSTHROTTLED, 4},
        {473, "", OL_EKMSUNAVAILABLE, 4},
        {302, "", OL_EKMSUNAVAILABLE, 1},
        {200, "", OL_EKMSUNAVAILABLE, 1},
        {200, "{\"data\":{}}", OL_EKMSUNAVAILABLE, 1},
        {200, "{\"data\":{\"plaintext\":\"AAAA\",\"ciphertext\":\"vault:v1:x\"}}",
         OL_EKMSUNAVAILABLE, 1},
        {200, "{\"data\":{\"ciphertext\":\"vault:v1:x\"},\"plaintext\":"
              "\"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\"}", OL_EKMSUNAVAILABLE, 1},
        {200, "{\"data\":{\"ciphertext\":\"x\",\"plaintext\":"
              "\"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\"}}", OL_EKMSUNAVAILABLE, 1},
    };
    fixture *f = *state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        f->status = rows[i].status;
        f->body = rows[i].body;
        __atomic_store_n(&f->requests, 0, __ATOMIC_SEQ_CST);
        __atomic_store_n(&f->times, 100, __ATOMIC_SEQ_CST);
        assert_code(ask(f, "orders", "v", OL_SLICE_NONE), rows[i].code);
        assert_int_equal(__atomic_load_n(&f->requests, __ATOMIC_SEQ_CST), rows[i].requests);
    }
    f->status = 503;
    __atomic_store_n(&f->times, 2, __ATOMIC_SEQ_CST);
    assert_code(ask(f, "orders", "v", OL_SLICE_NONE), OL_OK);
    drop_key(f);
}

/* An agent renews the file; what was read before serves on until it is read again, and when it is bad. */
static void test_a_token_file(void **state)
{
    fixture *f = *state;
    ol_kms_vault_options options;
    ol_test_scratch scratch;
    ol_error err = {0};
    ol_kms *kms = f->kms;
    ol_test_scratch_open(&scratch);
    const char *path = ol_test_scratch_path(&scratch, "token");
    ol_kms_vault_options_default(&options);
    options.remote.endpoint = f->url;
    options.default_key = "orders";
    options.region = "r";
    options.account = "1";
    options.token_file = path;
    assert_code(ol_kms_vault_new(&f->kms, &options, &err), OL_ENOSUCHKEY);
    ol_test_file_write(path, OL_SLICE_LIT("  the-token\n"));
    assert_int_equal(chmod(path, 0644), 0);
    assert_code(ol_kms_vault_new(&f->kms, &options, &err), OL_ECONFIG);
    assert_int_equal(chmod(path, 0600), 0);
    assert_code_of(ol_kms_vault_new(&f->kms, &options, &err), OL_OK, &err);
    assert_code(f->kms->ops->attach(f->kms, f->loop.loop, &err), OL_OK);
    assert_code(ask(f, "", "v", OL_SLICE_NONE), OL_OK);
    assert_slice(f->call.used_key, "arn:aws:kms:r:1:key/orders");
    drop_key(f);
    ol_test_file_write(path, OL_SLICE_LIT("\n"));
    assert_code(f->kms->ops->renew(f->kms, &err), OL_ECONFIG);
    assert_code(ask(f, "arn:aws:kms:r:1:key/orders", "v", OL_SLICE_NONE), OL_OK);
    drop_key(f);
    assert_int_equal(f->mistakes, 0);
    ol_test_file_write(path, OL_SLICE_LIT("another"));
    assert_code(f->kms->ops->renew(f->kms, &err), OL_OK);
    assert_code(ask(f, "", "v", OL_SLICE_NONE), OL_OK);
    drop_key(f);
    assert_int_equal(__atomic_exchange_n(&f->mistakes, 0, __ATOMIC_SEQ_CST), 1);
    bool detached = false;
    f->kms->ops->detach(f->kms, f->loop.loop, on_detached, &detached);
    ol_test_loop_until(&f->loop, &detached, OL_TEST_BOUND_MS);
    f->kms->ops->destroy(f->kms);
    f->kms = kms;
    ol_test_scratch_close(&scratch);
}

/* No more than so many requests; what is over is not sent. */
static void test_a_quota(void **state)
{
    fixture *f = *state;
    ol_kms_vault_options options;
    ol_kms_remote_stats stats;
    ol_error err = {0};
    ol_kms *kms = f->kms;
    ol_kms_vault_options_default(&options);
    options.remote.endpoint = f->url;
    options.remote.requests_per_s = 1;
    options.remote.requests_burst = 3;
    options.default_key = "orders";
    options.token = "the-token";
    assert_code_of(ol_kms_vault_new(&f->kms, &options, &err), OL_OK, &err);
    assert_code(f->kms->ops->attach(f->kms, f->loop.loop, &err), OL_OK);
    unsigned before = __atomic_load_n(&f->requests, __ATOMIC_SEQ_CST), good = 0;
    for (unsigned i = 0; i < 20; i++) {
        int rc = ask(f, "", "v", OL_SLICE_NONE);
        assert_true(rc == OL_OK || rc == OL_EKMSTHROTTLED);
        good += rc == OL_OK;
        drop_key(f);
    }
    assert_in_range(good, 3, 19);
    assert_int_equal(__atomic_load_n(&f->requests, __ATOMIC_SEQ_CST) - before, good);
    ol_kms_remote_read_stats(f->kms, &stats);
    assert_int_equal(stats.quota_refused, 20 - good);
    bool detached = false;
    f->kms->ops->detach(f->kms, f->loop.loop, on_detached, &detached);
    ol_test_loop_until(&f->loop, &detached, OL_TEST_BOUND_MS);
    f->kms->ops->destroy(f->kms);
    f->kms = kms;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_there_and_back, setup, teardown),
        cmocka_unit_test_setup_teardown(test_states, setup, teardown),
        cmocka_unit_test_setup_teardown(test_trouble, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_token_file, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_quota, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
