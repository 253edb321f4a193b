/* SPDX-License-Identifier: MIT */
/* TLS settings, by OpenSSL. An ol_tls owns its SSL_CTX; sessions count their own reference. */
#include "net/tls.h"

#include <openssl/err.h>

#include "base/alloc.h"
#include "net/tls_session.h"

/* What OpenSSL has to say about the last failure; never holds key material. */
static const char *openssl_says(void)
{
    const char *text = ERR_reason_error_string(ERR_peek_last_error());
    return text ? text : "unknown reason";
}

/* Clients that speak ALPN at all must be willing to speak HTTP/1.1. */
static int on_alpn(SSL *ssl, const unsigned char **out, unsigned char *out_len,
                   const unsigned char *in, unsigned in_len, void *arg)
{
    (void)ssl;
    (void)arg;
    static const unsigned char ours[] = "\x08http/1.1";
    unsigned char *chosen;
    if (SSL_select_next_proto(&chosen, out_len, ours, sizeof(ours) - 1, in, in_len) !=
        OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    *out = chosen;
    return SSL_TLSEXT_ERR_OK;
}

static int common_settings(SSL_CTX *ctx)
{
    SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                 SSL_OP_CIPHER_SERVER_PREFERENCE);
    SSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                              SSL_MODE_RELEASE_BUFFERS);
    if (!SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) ||
        !SSL_CTX_set_cipher_list(ctx, "ECDHE+AESGCM:ECDHE+CHACHA20"))
        return OL_EINTERNAL;
    return OL_OK;
}

static int context_new(ol_tls **out, const SSL_METHOD *method, bool server, ol_error *err)
{
    ol_tls *tls = ol_calloc(1, sizeof(*tls));
    if (!tls)
        return ol_error_set(err, OL_ENOMEM, "TLS settings");
    ERR_clear_error();
    tls->server = server;
    tls->ctx = SSL_CTX_new(method);
    if (!tls->ctx || common_settings(tls->ctx) != OL_OK) {
        ol_tls_destroy(tls);
        return ol_error_set(err, OL_ENOMEM, "TLS settings: %s", openssl_says());
    }
    *out = tls;
    return OL_OK;
}

int ol_tls_server_new(ol_tls **out, const char *cert_file, const char *key_file, ol_error *err)
{
    ol_tls *tls;
    int rc = context_new(&tls, TLS_server_method(), true, err);
    if (rc != OL_OK)
        return rc;
    if (SSL_CTX_use_certificate_chain_file(tls->ctx, cert_file) != 1)
        rc = ol_error_say(err, OL_ECONFIG, "certificate file %s: %s", cert_file, openssl_says());
    else if (SSL_CTX_use_PrivateKey_file(tls->ctx, key_file, SSL_FILETYPE_PEM) != 1)
        rc = ol_error_say(err, OL_ECONFIG, "key file %s: %s", key_file, openssl_says());
    else if (SSL_CTX_check_private_key(tls->ctx) != 1)
        rc = ol_error_say(err, OL_ECONFIG, "key file %s does not belong to certificate %s",
                          key_file, cert_file);
    if (rc != OL_OK) {
        ol_tls_destroy(tls);
        return rc;
    }
    SSL_CTX_set_alpn_select_cb(tls->ctx, on_alpn, NULL);
    *out = tls;
    return OL_OK;
}

int ol_tls_client_new(ol_tls **out, const ol_tls_trust *trust, ol_error *err)
{
    ol_tls *tls;
    int rc = context_new(&tls, TLS_client_method(), false, err);
    if (rc != OL_OK)
        return rc;
    int good;
    if (trust && (trust->ca_file || trust->ca_dir))
        good = SSL_CTX_load_verify_locations(tls->ctx, trust->ca_file, trust->ca_dir);
    else
        good = SSL_CTX_set_default_verify_paths(tls->ctx);
    if (good != 1) {
        rc = ol_error_say(err, OL_ECONFIG, "trusted certificates: %s", openssl_says());
        ol_tls_destroy(tls);
        return rc;
    }
    SSL_CTX_set_verify(tls->ctx, SSL_VERIFY_PEER, NULL);
    static const unsigned char alpn[] = "\x08http/1.1";
    SSL_CTX_set_alpn_protos(tls->ctx, alpn, sizeof(alpn) - 1);
    *out = tls;
    return OL_OK;
}

void ol_tls_destroy(ol_tls *tls)
{
    if (!tls)
        return;
    SSL_CTX_free(tls->ctx);
    ol_free(tls);
}
