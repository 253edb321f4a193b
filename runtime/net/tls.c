/* SPDX-License-Identifier: MIT */
/* TLS settings, by OpenSSL: what servers and clients have in common, and clients. */
#include "net/tls.h"

#include <openssl/err.h>

#include "base/alloc.h"
#include "net/tls_private.h"

const char *ol_tls_reason(void)
{
    const char *text = ERR_reason_error_string(ERR_peek_last_error());
    return text ? text : "unknown reason";
}

SSL_CTX *ol_tls_ctx_new(const SSL_METHOD *method)
{
    SSL_CTX *ctx = SSL_CTX_new(method);
    if (!ctx)
        return NULL;
    SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                 SSL_OP_CIPHER_SERVER_PREFERENCE);
    SSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                              SSL_MODE_RELEASE_BUFFERS);
    if (SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) &&
        SSL_CTX_set_cipher_list(ctx, "ECDHE+AESGCM:ECDHE+CHACHA20"))
        return ctx;
    SSL_CTX_free(ctx);
    return NULL;
}

/* The settings do not change by this, only the lock is taken. */
SSL *ol_tls_ssl_new(const ol_tls *tls)
{
    pthread_mutex_t *lock = (pthread_mutex_t *)&tls->lock;
    pthread_mutex_lock(lock);
    SSL_CTX *ctx = tls->ctx;
    SSL_CTX_up_ref(ctx);
    pthread_mutex_unlock(lock);
    SSL *ssl = SSL_new(ctx);
    SSL_CTX_free(ctx);
    return ssl;
}

int ol_tls_client_new(ol_tls **out, const ol_tls_trust *trust, ol_error *err)
{
    ERR_clear_error();
    ol_tls *tls = ol_calloc(1, sizeof(*tls));
    if (!tls)
        return ol_error_set(err, OL_ENOMEM, "TLS settings");
    pthread_mutex_init(&tls->lock, NULL);
    tls->ctx = ol_tls_ctx_new(TLS_client_method());
    if (!tls->ctx) {
        ol_tls_destroy(tls);
        return ol_error_set(err, OL_ENOMEM, "TLS settings: %s", ol_tls_reason());
    }
    int good;
    if (trust && (trust->ca_file || trust->ca_dir))
        good = SSL_CTX_load_verify_locations(tls->ctx, trust->ca_file, trust->ca_dir);
    else
        good = SSL_CTX_set_default_verify_paths(tls->ctx);
    if (good != 1) {
        int rc = ol_error_say(err, OL_ECONFIG, "trusted certificates: %s", ol_tls_reason());
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
    ol_tls_files_destroy(tls->files);
    pthread_mutex_destroy(&tls->lock);
    ol_free(tls);
}
