/* SPDX-License-Identifier: MIT */
/*
 * HTTP over TLS: our server with our client and with a raw OpenSSL peer; trust; what a cut
 * and a clean end look like on the wire.
 */
#include "client_kit.h"
#include "net/tls.h"
#include "tls_kit.h"

typedef struct scene {
    ckit *c;
    certificate cert;
    ol_tls *server, *client;
} scene;

static int tls_server_new(ol_tls **tls, const char *cert, const char *key, ol_error *err)
{
    const ol_tls_certificate pair = {cert, key};
    const ol_tls_server_options options = {.certificates = &pair, .certificate_count = 1};
    return ol_tls_server_new(tls, &options, err);
}

static scene open_scene(const char *names)
{
    scene x = {.c = ckit_new(), .cert = certificate_make(names)};
    ol_error err = {0};
    ol_tls_trust trust = {.ca_file = x.cert.cert};
    assert_code_of(tls_server_new(&x.server, x.cert.cert, x.cert.key, &err), OL_OK, &err);
    assert_code_of(ol_tls_client_new(&x.client, &trust, &err), OL_OK, &err);
    x.c->peer.tls = x.client;
    return x;
}

static void begin_scene(scene *x)
{
    assert_code(kit_open_tls(x->c->k, x->server), OL_OK);
    assert_code(ckit_open_client(x->c), OL_OK);
}

static void end_scene(scene *x)
{
    ckit_free(x->c);
    ol_tls_destroy(x->server);
    ol_tls_destroy(x->client);
    certificate_remove(&x->cert);
}

static void carries_calls(void **state)
{
    (void)state;
    scene x = open_scene("DNS:localhost,IP:127.0.0.1");
    begin_scene(&x);
    size_t len = 3 << 20;
    uint8_t *up = malloc(len);
    ol_test_random random = {5};
    ol_test_random_fill(&random, up, len);
    for (unsigned i = 0; i < 16; i++) {
        rec *r = rec_new(x.c);
        r->up = up;
        r->up_len = i % 3 == 2 ? 50000 : len;
        r->up_piece = i % 3 == 1 ? 70000 : i % 3 == 2 ? 100 : 0;
        r->hold = r->slow = (i & 4) != 0;
        r->own_memory = i & 1;
        assert_code(rec_start(r, "PUT", i & 8 ? "/slow-echo" : "/echo",
                              i & 2 ? -1 : (int64_t)r->up_len), OL_OK);
        rec_wait(r);
        assert_code(r->code, OL_OK);
        assert_slices(ol_buf_slice(&r->body), ol_slice_of(up, r->up_len));
        rec_free(r);
    }
    ol_http_client_stats stats;
    ol_http_client_stats_get(x.c->client, &stats);
    assert_int_equal(stats.connected, 1);
    free(up);
    end_scene(&x);
}

static void expect_refusal(scene *x, const char *word)
{
    rec *r = rec_new(x->c);
    assert_code(rec_start(r, "GET", "/hello", 0), OL_OK);
    rec_wait(r);
    assert_code(r->code, OL_EPROTOCOL);
    if (!strstr(r->detail, word))
        fail_msg("\"%s\" is not in \"%s\"", word, r->detail);
    assert_int_equal(x->c->k->requests, 0);
    rec_free(r);
}

static void trusts_only_who_it_should(void **state)
{
    (void)state;
    scene x = open_scene("DNS:elsewhere.example,IP:127.0.0.2");
    begin_scene(&x);
    expect_refusal(&x, "IP address mismatch");
    x.c->peer.host = "localhost";
    expect_refusal(&x, "hostname mismatch");
    end_scene(&x);

    x = open_scene("IP:127.0.0.1");
    ol_tls *system;
    assert_code(ol_tls_client_new(&system, NULL, NULL), OL_OK);
    x.c->peer.tls = system;
    begin_scene(&x);
    expect_refusal(&x, "self-signed certificate");
    end_scene(&x);
    ol_tls_destroy(system);
}

static void names_the_file_at_fault(void **state)
{
    (void)state;
    certificate one = certificate_make("DNS:a"), two = certificate_make("DNS:b");
    ol_tls *tls;
    ol_error err = {0};
    assert_code(tls_server_new(&tls, "/no/such/file", one.key, &err), OL_ECONFIG);
    assert_true(strstr(err.message, "/no/such/file") != NULL);
    ol_error_clear(&err);
    assert_code(tls_server_new(&tls, one.cert, one.cert, &err), OL_ECONFIG);
    assert_true(strstr(err.message, one.cert) != NULL);
    ol_error_clear(&err);
    assert_code(tls_server_new(&tls, one.cert, two.key, &err), OL_ECONFIG);
    assert_true(strstr(err.message, "does not belong") || strstr(err.message, "mismatch"));
    ol_error_clear(&err);
    ol_tls_trust trust = {.ca_file = "/no/such/file"};
    assert_code(ol_tls_client_new(&tls, &trust, &err), OL_ECONFIG);
    certificate_remove(&one);
    certificate_remove(&two);
}

/* ---- a raw peer ---- */

typedef struct secure {
    raw r;
    SSL_CTX *ctx;
    SSL *ssl;
    bool clean; /* close_notify came */
} secure;

static bool secure_step(secure *s, int result)
{
    int why = SSL_get_error(s->ssl, result);
    if (why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE) {
        raw_wait(&s->r, why == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT);
        return true;
    }
    s->clean = why == SSL_ERROR_ZERO_RETURN;
    s->r.ended = true;
    return false;
}

static secure secure_connect_as(kit *k, int version, const certificate *shows)
{
    secure s = {.r = raw_connect(k), .ctx = SSL_CTX_new(TLS_client_method())};
    SSL_CTX_set_max_proto_version(s.ctx, version);
    if (shows) {
        SSL_CTX_use_certificate_file(s.ctx, shows->cert, SSL_FILETYPE_PEM);
        SSL_CTX_use_PrivateKey_file(s.ctx, shows->key, SSL_FILETYPE_PEM);
    }
    s.ssl = SSL_new(s.ctx);
    SSL_set_fd(s.ssl, s.r.fd);
    int rc;
    while ((rc = SSL_connect(s.ssl)) != 1 && secure_step(&s, rc))
        ;
    return s;
}

static secure secure_connect(kit *k, int version)
{
    return secure_connect_as(k, version, NULL);
}

static void secure_send(secure *s, const char *text)
{
    int rc;
    while ((rc = SSL_write(s->ssl, text, (int)strlen(text))) <= 0 && secure_step(s, rc))
        ;
}

static void secure_until_end(secure *s)
{
    uint64_t give_up = ol_clock_mono_ms() + OL_TEST_BOUND_MS;
    while (!s->r.ended && ol_clock_mono_ms() < give_up) {
        if (s->r.cap - s->r.len < 65536)
            s->r.data = realloc(s->r.data, (s->r.cap *= 2) + 1);
        int rc = SSL_read(s->ssl, s->r.data + s->r.len, 65536);
        if (rc > 0)
            s->r.len += (size_t)rc;
        else if (!secure_step(s, rc))
            break;
    }
    assert_true(s->r.ended);
}

static void secure_close(secure *s)
{
    SSL_free(s->ssl);
    SSL_CTX_free(s->ctx);
    raw_close(&s->r);
}

static void speaks_1_2_and_1_3(void **state)
{
    (void)state;
    scene x = open_scene("DNS:localhost");
    begin_scene(&x);
    static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};
    for (unsigned i = 0; i < 2; i++) {
        secure s = secure_connect(x.c->k, versions[i]);
        assert_int_equal(SSL_version(s.ssl), versions[i]);
        secure_send(&s, "GET /big?3000000 HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
        secure_until_end(&s);
        assert_true(s.clean);
        assert_true(s.r.len > 3000000);
        secure_close(&s);
    }
    secure s = secure_connect(x.c->k, TLS1_1_VERSION);
    assert_true(s.r.ended); /* the handshake failed */
    secure_close(&s);
    end_scene(&x);
}

/* Of every request of a connection, and not of the next connection that uses its memory. */
static void tells_who_the_client_is(void **state)
{
    (void)state;
    certificate ann = certificate_make_for("ann", "DNS:ann.test");
    scene x = open_scene("DNS:localhost");
    const ol_tls_certificate pair = {x.cert.cert, x.cert.key};
    const ol_tls_server_options options = {
        .certificates = &pair, .certificate_count = 1, .client_ca_file = ann.cert};
    ol_error err = {0};
    ol_tls_destroy(x.server);
    assert_code_of(ol_tls_server_new(&x.server, &options, &err), OL_OK, &err);
    begin_scene(&x);
    kit *k = x.c->k;
    for (int round = 0; round < 4; round++) {
        bool shows = round % 2 == 0;
        secure s = secure_connect_as(k, round < 2 ? TLS1_3_VERSION : TLS1_2_VERSION,
                                     shows ? &ann : NULL);
        secure_send(&s, "GET /hello HTTP/1.1\r\nHost: h\r\n\r\n"
                        "GET /hello HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
        secure_until_end(&s);
        assert_string_equal(k->client_subject, shows ? "CN=ann,O=objlens\\, tests" : "");
        assert_int_equal(strlen(k->client_fingerprint), shows ? 64 : 0);
        assert_string_equal(k->tls_version, round < 2 ? "1.3" : "1.2");
        secure_close(&s);
    }
    end_scene(&x);
    certificate_remove(&ann);
}

static void says_close_notify_only_after_a_whole_body(void **state)
{
    (void)state;
    scene x = open_scene("DNS:localhost");
    begin_scene(&x);
    static const char *const paths[] = {"/hello", "/abort", "/abort-chunked", "/short",
                                        "/chunked"};
    static const bool clean[] = {true, false, false, false, true};
    for (unsigned i = 0; i < 5; i++) {
        secure s = secure_connect(x.c->k, TLS1_3_VERSION);
        char head[128];
        snprintf(head, sizeof(head), "GET %s HTTP/1.0\r\nHost: h\r\n\r\n", paths[i]);
        secure_send(&s, head);
        secure_until_end(&s);
        assert_int_equal(s.clean, clean[i]);
        secure_close(&s);
    }
    end_scene(&x);
}

static void refuses_renegotiation(void **state)
{
    (void)state;
    scene x = open_scene("DNS:localhost");
    begin_scene(&x);
    secure s = secure_connect(x.c->k, TLS1_2_VERSION);
    secure_send(&s, "GET /hello HTTP/1.1\r\nHost: h\r\n");
    SSL_renegotiate(s.ssl);
    int rc;
    while ((rc = SSL_do_handshake(s.ssl)) != 1 && secure_step(&s, rc))
        ;
    assert_int_not_equal(rc, 1);
    secure_close(&s);
    end_scene(&x);
}

static void survives_nonsense(void **state)
{
    (void)state;
    scene x = open_scene("IP:127.0.0.1");
    x.c->k->limits.header_timeout_ms = 200;
    begin_scene(&x);
    raw r = raw_connect(x.c->k);
    raw_send(&r, "GET /hello HTTP/1.1\r\nHost: h\r\n\r\n");
    raw_until_end(&r); /* plain text to a TLS port */
    assert_false(raw_has(&r, "hello"));
    raw_close(&r);
    r = raw_connect(x.c->k);
    raw_until_end(&r); /* no handshake at all */
    raw_close(&r);
    for (unsigned seed = 1; seed < 30; seed++) {
        uint8_t noise[600];
        ol_test_random random = {seed};
        ol_test_random_fill(&random, noise, sizeof(noise));
        noise[0] = 22;
        noise[1] = 3;
        noise[2] = 1;
        r = raw_connect(x.c->k);
        raw_send_len(&r, noise, sizeof(noise));
        raw_turn(&r);
        raw_close(&r);
    }
    x.c->k->limits.header_timeout_ms = 60000;
    ol_http_server_set_limits(x.c->k->server, &x.c->k->limits);
    rec *call = rec_new(x.c);
    assert_code(rec_start(call, "GET", "/hello", 0), OL_OK);
    rec_wait(call);
    assert_code(call->code, OL_OK);
    rec_free(call);
    end_scene(&x);
}

static void client_sees_a_cut(void **state)
{
    (void)state;
    scene x = open_scene("IP:127.0.0.1");
    begin_scene(&x);
    static const char *const paths[] = {"/abort", "/abort-chunked", "/short", "/abort-now"};
    for (unsigned i = 0; i < 4; i++) {
        rec *r = rec_new(x.c);
        assert_code(rec_start(r, "GET", paths[i], 0), OL_OK);
        rec_wait(r);
        assert_code(r->code, OL_EPEER);
        rec_free(r);
    }
    end_scene(&x);
}

static void does_not_read_ahead_of_a_slow_reader(void **state)
{
    (void)state;
    scene x = open_scene("IP:127.0.0.1");
    begin_scene(&x);
    rec *r = rec_new(x.c);
    r->hold = true;
    assert_code(rec_start(r, "GET", "/big?50000000", 0), OL_OK);
    while (r->held.len == 0)
        ol_test_loop_turns(&x.c->k->t, 1);
    ol_http_stats stats;
    uint64_t sent = 0;
    for (unsigned same = 0; same < 50;) {
        ol_test_loop_turns(&x.c->k->t, 1);
        ol_http_server_stats(x.c->k->server, &stats);
        same = stats.bytes_out == sent ? same + 1 : 0;
        sent = stats.bytes_out;
    }
    assert_true(sent < 20000000);
    r->slow = true;
    rec_resume(r);
    rec_wait(r);
    assert_code(r->code, OL_OK);
    assert_int_equal(r->body.len, 50000000);
    for (size_t i = 0; i < r->body.len; i += 997)
        assert_int_equal(r->body.data[i], 'b');
    rec_free(r);
    end_scene(&x);
}

static int converse(void *arg)
{
    scene *shared = arg;
    static const uint8_t up[100000];
    ckit *c = ckit_new();
    c->peer.tls = shared->client;
    int rc = kit_open_tls(c->k, shared->server);
    if (rc == OL_OK)
        rc = ckit_open_client(c);
    if (rc == OL_OK) {
        rec *r = rec_new(c);
        r->up = up;
        r->up_len = sizeof(up);
        r->hold = r->slow = true;
        rc = rec_start(r, "PUT", "/slow-echo", -1);
        if (rc == OL_OK) {
            rec_wait(r);
            rc = r->code == OL_OK && r->body.len != sizeof(up) ? OL_ENOMEM : r->code;
        }
        rec_free(r);
    }
    ckit_free(c);
    return rc;
}

static void survives_allocation_failures(void **state)
{
    (void)state;
    scene x = open_scene("IP:127.0.0.1");
    assert_true(ol_test_fail_each(converse, &x) > 15);
    end_scene(&x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(carries_calls),
        cmocka_unit_test(trusts_only_who_it_should),
        cmocka_unit_test(names_the_file_at_fault),
        cmocka_unit_test(speaks_1_2_and_1_3),
        cmocka_unit_test(tells_who_the_client_is),
        cmocka_unit_test(says_close_notify_only_after_a_whole_body),
        cmocka_unit_test(refuses_renegotiation),
        cmocka_unit_test(survives_nonsense),
        cmocka_unit_test(client_sees_a_cut),
        cmocka_unit_test(does_not_read_ahead_of_a_slow_reader),
        cmocka_unit_test(survives_allocation_failures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
