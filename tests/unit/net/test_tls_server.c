/* SPDX-License-Identifier: MIT */
/*
 * A server's certificates: chosen by name, replaced while it runs, asked of clients; tickets.
 * Real handshakes between our session and a raw OpenSSL client, in memory.
 */
#include <openssl/err.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "lib/alloc_check.h"
#include "net/tls_session.h"
#include "unit/http/tls_kit.h"

#define RECORDS_SIZE 65536

typedef struct meeting {
    SSL_CTX *ctx;
    SSL *client;
    BIO *to_client, *from_client;
    ol_tls_session *server;
    uint8_t records[RECORDS_SIZE];
    bool agreed;
} meeting;

/* What a client is like; all of it may be NULL or 0. */
typedef struct client_like {
    const char *name;              /* SNI */
    const certificate *shows;      /* its own certificate */
    int version;                   /* the only one that it speaks */
    const char *ciphers;           /* of TLS 1.2 */
    SSL_SESSION *resumes;
} client_like;

static SSL_CTX *client_ctx(const client_like *like)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
    assert_non_null(ctx);
    if (like->version) {
        SSL_CTX_set_min_proto_version(ctx, like->version);
        SSL_CTX_set_max_proto_version(ctx, like->version);
    }
    if (like->ciphers)
        assert_int_equal(SSL_CTX_set_cipher_list(ctx, like->ciphers), 1);
    if (like->shows) {
        assert_int_equal(SSL_CTX_use_certificate_file(ctx, like->shows->cert, SSL_FILETYPE_PEM), 1);
        assert_int_equal(SSL_CTX_use_PrivateKey_file(ctx, like->shows->key, SSL_FILETYPE_PEM), 1);
    }
    return ctx;
}

/* One flight each way. False: the server has refused. */
static bool exchange_flights(meeting *m, int *server_rc)
{
    uint8_t bytes[RECORDS_SIZE];
    int len = BIO_read(m->from_client, bytes, sizeof bytes);
    m->server->in = ol_slice_of(bytes, len > 0 ? (size_t)len : 0);
    m->server->out = (ol_span){m->records, sizeof m->records};
    m->server->out_len = 0;
    if (*server_rc != OL_OK)
        *server_rc = ol_tls_session_handshake(m->server);
    if (m->server->out_len > 0)
        BIO_write(m->to_client, m->records, (int)m->server->out_len);
    return *server_rc >= 0;
}

static meeting *meet(const ol_tls *tls, const client_like *like)
{
    static const client_like anybody;
    like = like ? like : &anybody;
    meeting *m = calloc(1, sizeof *m);
    assert_non_null(m);
    ERR_clear_error();
    m->ctx = client_ctx(like);
    m->client = SSL_new(m->ctx);
    m->to_client = BIO_new(BIO_s_mem());
    m->from_client = BIO_new(BIO_s_mem());
    BIO_set_mem_eof_return(m->to_client, -1);
    SSL_set_bio(m->client, m->to_client, m->from_client);
    SSL_set_connect_state(m->client);
    if (like->name)
        SSL_set_tlsext_host_name(m->client, like->name);
    if (like->resumes)
        assert_int_equal(SSL_set_session(m->client, like->resumes), 1);
    assert_code(ol_tls_session_new(&m->server, tls, NULL), OL_OK);
    int server_rc = OL_WAIT;
    for (int flights = 0; flights < 10; flights++) {
        int rc = SSL_do_handshake(m->client);
        if (rc != 1 && SSL_get_error(m->client, rc) != SSL_ERROR_WANT_READ)
            break;
        if (rc == 1 && server_rc == OL_OK) {
            m->agreed = true;
            break;
        }
        if (!exchange_flights(m, &server_rc))
            break;
    }
    return m;
}

static void part(meeting *m)
{
    ol_tls_session_destroy(m->server);
    SSL_set_shutdown(m->client, SSL_SENT_SHUTDOWN); /* or its session would not be resumable */
    SSL_free(m->client);
    SSL_CTX_free(m->ctx);
    free(m);
}

/* The common name of the certificate that the server showed. */
static void assert_meets(const ol_tls *tls, const char *name, const char *who)
{
    char shown[64] = "";
    const client_like like = {.name = name};
    meeting *m = meet(tls, &like);
    assert_true(m->agreed);
    X509 *x = SSL_get0_peer_certificate(m->client);
    X509_NAME_get_text_by_NID(X509_get_subject_name(x), NID_commonName, shown, sizeof shown);
    assert_string_equal(shown, who);
    part(m);
}

static ol_tls *server_of(const certificate *certificates, size_t count, const certificate *ca,
                         bool required)
{
    ol_tls_certificate pairs[8];
    ol_tls *tls;
    ol_error err = {0};
    for (size_t i = 0; i < count; i++)
        pairs[i] = (ol_tls_certificate){certificates[i].cert, certificates[i].key};
    const ol_tls_server_options options = {.certificates = pairs,
                                           .certificate_count = count,
                                           .client_ca_file = ca ? ca->cert : NULL,
                                           .client_required = required};
    assert_code_of(ol_tls_server_new(&tls, &options, &err), OL_OK, &err);
    return tls;
}

/* ---- names ---- */

static void chooses_by_name(void **state)
{
    (void)state;
    certificate all[] = {
        certificate_make_for("first", "DNS:other.test"),
        certificate_make_for("wildcard", "DNS:*.example.test"),
        certificate_make_for("exact", "DNS:a.example.test,DNS:b.test"),
    };
    ol_tls *tls = server_of(all, 3, NULL, false);
    assert_meets(tls, NULL, "first");
    assert_meets(tls, "other.test", "first");
    assert_meets(tls, "a.example.test", "exact");
    assert_meets(tls, "A.Example.Test", "exact");
    assert_meets(tls, "b.test", "exact");
    assert_meets(tls, "b.example.test", "wildcard");
    assert_meets(tls, "x.y.example.test", "first");
    assert_meets(tls, "example.test", "first");
    assert_meets(tls, "unheard.of", "first");
    ol_tls_destroy(tls);
    for (size_t i = 0; i < 3; i++)
        certificate_remove(&all[i]);
}

/* ---- new files ---- */

static void replaces_certificates_while_it_runs(void **state)
{
    (void)state;
    certificate all[] = {certificate_make_for("old", "DNS:a.test"),
                         certificate_make_for("old b", "DNS:b.test")};
    ol_tls *tls = server_of(all, 2, NULL, false);
    ol_error err = {0};
    assert_code(ol_tls_reload(tls, true, &err), OL_SKIP);
    const client_like b = {.name = "b.test"};
    meeting *running = meet(tls, &b);
    assert_true(running->agreed);
    certificate_write(&all[0], "new, longer", "DNS:a.test");
    assert_code_of(ol_tls_reload(tls, true, &err), OL_OK, &err);
    assert_meets(tls, "a.test", "new, longer");
    assert_meets(tls, "b.test", "old b");
    assert_code(ol_tls_reload(tls, true, &err), OL_SKIP);
    assert_code(ol_tls_reload(tls, false, &err), OL_OK);
    ol_tls_destroy(tls); /* before what runs on it */
    part(running);
    certificate_remove(&all[0]);
    certificate_remove(&all[1]);
}

static void write_text(const char *path, const char *text)
{
    FILE *f = fopen(path, "w");
    fputs(text, f);
    fclose(f);
}

static void keeps_what_it_has_when_new_files_are_bad(void **state)
{
    (void)state;
    certificate all[] = {certificate_make_for("good", "DNS:a.test"),
                         certificate_make_for("good b", "DNS:b.test")};
    certificate other = certificate_make_for("other", "DNS:a.test");
    ol_tls *tls = server_of(all, 2, NULL, false);
    ol_error err = {0};
    write_text(all[1].cert, "not a certificate");
    assert_code(ol_tls_reload(tls, true, &err), OL_ECONFIG);
    assert_non_null(strstr(err.message, all[1].cert));
    assert_meets(tls, "b.test", "good b");
    /* Said once, not every time that somebody looks. */
    assert_code(ol_tls_reload(tls, true, &err), OL_SKIP);
    /* One file of a pair has been replaced, the other not yet. */
    certificate_write(&all[1], "next b", "DNS:b.test");
    ol_error_clear(&err);
    assert_int_equal(rename(other.key, all[0].key), 0);
    assert_code(ol_tls_reload(tls, true, &err), OL_ECONFIG);
    assert_non_null(strstr(err.message, "does not belong"));
    assert_meets(tls, "a.test", "good");
    assert_meets(tls, "b.test", "good b");
    assert_int_equal(rename(other.cert, all[0].cert), 0);
    ol_error_clear(&err);
    assert_code_of(ol_tls_reload(tls, true, &err), OL_OK, &err);
    assert_meets(tls, "a.test", "other");
    assert_meets(tls, "b.test", "next b");
    unlink(all[0].cert);
    assert_code(ol_tls_reload(tls, true, &err), OL_ECONFIG);
    assert_meets(tls, "a.test", "other");
    ol_tls_destroy(tls);
    certificate_remove(&all[0]);
    certificate_remove(&all[1]);
    certificate_remove(&other);
}

static void an_encrypted_key_is_refused_at_once(void **state)
{
    (void)state;
    certificate c = certificate_make_for("x", "DNS:a.test");
    EVP_PKEY *key = EVP_EC_gen("P-256");
    FILE *f = fopen(c.key, "w");
    PEM_write_PrivateKey(f, key, EVP_aes_128_cbc(), (const unsigned char *)"pw", 2, NULL, NULL);
    fclose(f);
    EVP_PKEY_free(key);
    const ol_tls_certificate pair = {c.cert, c.key};
    const ol_tls_server_options options = {.certificates = &pair, .certificate_count = 1};
    ol_tls *tls;
    ol_error err = {0};
    assert_code(ol_tls_server_new(&tls, &options, &err), OL_ECONFIG);
    assert_non_null(strstr(err.message, c.key));
    const ol_tls_server_options none = {.certificates = &pair};
    assert_code(ol_tls_server_new(&tls, &none, NULL), OL_ELIMIT);
    certificate_remove(&c);
}

/* ---- clients' certificates ---- */

static void knows_clients_by_their_certificates(void **state)
{
    (void)state;
    static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};
    certificate own = certificate_make_for("server", "DNS:a.test");
    certificate ann = certificate_make_for("ann", "DNS:ann.test");
    certificate eve = certificate_make_for("ann", "DNS:ann.test"); /* says so herself */
    for (int v = 0; v < 2; v++) {
        const client_like nobody = {.version = versions[v]};
        const client_like as_ann = {.version = versions[v], .shows = &ann};
        const client_like as_eve = {.version = versions[v], .shows = &eve};
        for (int required = 0; required < 2; required++) {
            ol_tls *tls = server_of(&own, 1, &ann, required);
            meeting *m = meet(tls, &nobody);
            assert_int_equal(m->server->peer.version.len > 0, !required);
            assert_int_equal(m->server->peer.subject.len, 0);
            part(m);
            m = meet(tls, &as_ann);
            assert_true(m->agreed);
            assert_slice(m->server->peer.subject, "CN=ann,O=objlens\\, tests");
            assert_int_equal(m->server->peer.fingerprint.len, 64);
            assert_slices(m->server->peer.version, ol_slice_cstr(v ? "1.3" : "1.2"));
            part(m);
            m = meet(tls, &as_eve);
            assert_int_equal(m->server->peer.subject.len, 0);
            assert_int_equal(m->server->peer.version.len, 0); /* the handshake failed */
            part(m);
            ol_tls_destroy(tls);
        }
        ol_tls *tls = server_of(&own, 1, NULL, false);
        meeting *m = meet(tls, &as_ann); /* nobody asked her */
        assert_true(m->agreed);
        assert_int_equal(m->server->peer.subject.len, 0);
        part(m);
        ol_tls_destroy(tls);
    }
    certificate_remove(&own);
    certificate_remove(&ann);
    certificate_remove(&eve);
}

static void a_new_ca_file_counts_from_the_reload(void **state)
{
    (void)state;
    certificate own = certificate_make_for("server", "DNS:a.test");
    certificate ann = certificate_make_for("ann", "DNS:ann.test");
    certificate old = certificate_make_for("bob", "DNS:bob.test");
    ol_tls *tls = server_of(&own, 1, &old, true);
    const client_like as_ann = {.shows = &ann};
    ol_error err = {0};
    meeting *m = meet(tls, &as_ann);
    assert_int_equal(m->server->peer.subject.len, 0);
    part(m);
    unlink(old.cert);
    assert_int_equal(link(ann.cert, old.cert), 0);
    assert_code_of(ol_tls_reload(tls, true, &err), OL_OK, &err);
    m = meet(tls, &as_ann);
    assert_true(m->server->peer.subject.len > 0);
    part(m);
    ol_tls_destroy(tls);
    certificate_remove(&own);
    certificate_remove(&ann);
    certificate_remove(&old);
}

/* ---- what is spoken ---- */

static void speaks_only_what_is_sane(void **state)
{
    (void)state;
    static const struct {
        int version;
        const char *ciphers;
        bool agreed;
    } cases[] = {
        {TLS1_3_VERSION, NULL, true},
        {TLS1_2_VERSION, "ECDHE-ECDSA-AES128-GCM-SHA256", true},
        {TLS1_2_VERSION, "ECDHE-ECDSA-CHACHA20-POLY1305", true},
        {TLS1_2_VERSION, "ECDHE-ECDSA-AES128-SHA256:@SECLEVEL=0", false},
        {TLS1_2_VERSION, "ECDHE-ECDSA-AES128-SHA:@SECLEVEL=0", false},
        {TLS1_2_VERSION, "AES128-GCM-SHA256:@SECLEVEL=0", false},
        {TLS1_1_VERSION, "ALL:@SECLEVEL=0", false},
    };
    certificate own = certificate_make_for("server", "DNS:a.test");
    ol_tls *tls = server_of(&own, 1, NULL, false);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const client_like like = {.version = cases[i].version, .ciphers = cases[i].ciphers};
        meeting *m = meet(tls, &like);
        if (m->agreed != cases[i].agreed)
            fail_msg("version %x, %s", cases[i].version, cases[i].ciphers);
        part(m);
    }
    ol_tls_destroy(tls);
    certificate_remove(&own);
}

/* ---- tickets ---- */

/* Reads the tickets of TLS 1.3, which come behind the handshake. */
static SSL_SESSION *session_of(meeting *m)
{
    char byte;
    assert_true(m->agreed);
    SSL_read(m->client, &byte, 1);
    return SSL_get1_session(m->client);
}

static bool resumes(const ol_tls *tls, int version, SSL_SESSION *session)
{
    const client_like like = {.version = version, .resumes = session};
    meeting *m = meet(tls, &like);
    assert_true(m->agreed);
    bool reused = SSL_session_reused(m->client);
    part(m);
    return reused;
}

static void sessions_outlast_a_reload(void **state)
{
    (void)state;
    static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};
    certificate own = certificate_make_for("server", "DNS:a.test");
    for (int v = 0; v < 2; v++) {
        const client_like like = {.version = versions[v]};
        ol_tls *tls = server_of(&own, 1, NULL, false), *other = server_of(&own, 1, NULL, false);
        meeting *m = meet(tls, &like);
        SSL_SESSION *session = session_of(m);
        part(m);
        assert_true(resumes(tls, versions[v], session));
        ol_error err = {0};
        assert_code_of(ol_tls_reload(tls, false, &err), OL_OK, &err);
        assert_true(resumes(tls, versions[v], session));
        assert_false(resumes(other, versions[v], session));
        SSL_SESSION_free(session);
        ol_tls_destroy(tls);
        ol_tls_destroy(other);
    }
    certificate_remove(&own);
}

/* Who a client is must be shown again each time. */
static void sessions_of_known_clients_are_not_resumed(void **state)
{
    (void)state;
    static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};
    certificate own = certificate_make_for("server", "DNS:a.test");
    certificate ann = certificate_make_for("ann", "DNS:ann.test");
    ol_tls *tls = server_of(&own, 1, &ann, false);
    for (int v = 0; v < 2; v++) {
        const client_like like = {.version = versions[v], .shows = &ann};
        meeting *m = meet(tls, &like);
        SSL_SESSION *session = session_of(m);
        assert_false(SSL_SESSION_has_ticket(session));
        part(m);
        assert_false(resumes(tls, versions[v], session));
        SSL_SESSION_free(session);
    }
    ol_tls_destroy(tls);
    certificate_remove(&own);
    certificate_remove(&ann);
}

static void ticket_keys_are_rotated(void **state)
{
    (void)state;
    const uint64_t rotate = OL_TLS_TICKET_ROTATE_MS, start = 1000;
    ol_tls_tickets *tickets = ol_tls_tickets_new();
    ol_tls_ticket_key first, second, third, found;
    bool renew;
    assert_true(ol_tls_tickets_current(tickets, start, &first));
    assert_true(ol_tls_tickets_current(tickets, start + rotate - 1, &second));
    assert_memory_equal(first.name, second.name, sizeof first.name);
    assert_true(ol_tls_tickets_find(tickets, start + 1, first.name, &found, &renew));
    assert_false(renew);
    assert_memory_equal(found.cipher, first.cipher, sizeof found.cipher);
    assert_true(ol_tls_tickets_current(tickets, start + rotate, &second));
    assert_memory_not_equal(first.name, second.name, sizeof first.name);
    assert_memory_not_equal(first.cipher, second.cipher, sizeof first.cipher);
    assert_memory_not_equal(first.mac, second.mac, sizeof first.mac);
    assert_true(ol_tls_tickets_find(tickets, start + rotate, first.name, &found, &renew));
    assert_true(renew);
    assert_false(ol_tls_tickets_find(tickets, start + 2 * rotate, first.name, &found, &renew));
    assert_true(ol_tls_tickets_find(tickets, start + 2 * rotate, second.name, &found, &renew));
    assert_true(renew); /* it has served its time, whether or not another was made */
    assert_true(ol_tls_tickets_current(tickets, start + 2 * rotate, &third));
    assert_false(ol_tls_tickets_find(tickets, start + 2 * rotate, first.name, &found, &renew));
    memset(found.name, 0, sizeof found.name);
    assert_false(ol_tls_tickets_find(tickets, start, found.name, &found, &renew));
    ol_tls_tickets_release(tickets);
}

static int make_and_reload(void *arg)
{
    const certificate *c = arg;
    const ol_tls_certificate pairs[] = {{c->cert, c->key}, {c->cert, c->key}};
    const ol_tls_server_options options = {
        .certificates = pairs, .certificate_count = 2, .client_ca_file = c->cert};
    ol_tls *tls;
    ol_error err = {0};
    int rc = ol_tls_server_new(&tls, &options, &err);
    if (rc == OL_OK) {
        rc = ol_tls_reload(tls, false, &err);
        ol_tls_destroy(tls);
    }
    assert_int_equal(rc, err.code);
    return rc;
}

static void survives_failing_allocations(void **state)
{
    (void)state;
    certificate c = certificate_make_for("x", "DNS:a.test");
    assert_true(ol_test_fail_each(make_and_reload, &c) >= 9);
    certificate_remove(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(chooses_by_name),
        cmocka_unit_test(replaces_certificates_while_it_runs),
        cmocka_unit_test(keeps_what_it_has_when_new_files_are_bad),
        cmocka_unit_test(an_encrypted_key_is_refused_at_once),
        cmocka_unit_test(knows_clients_by_their_certificates),
        cmocka_unit_test(a_new_ca_file_counts_from_the_reload),
        cmocka_unit_test(speaks_only_what_is_sane),
        cmocka_unit_test(sessions_outlast_a_reload),
        cmocka_unit_test(sessions_of_known_clients_are_not_resumed),
        cmocka_unit_test(ticket_keys_are_rotated),
        cmocka_unit_test(survives_failing_allocations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
