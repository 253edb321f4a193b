/* SPDX-License-Identifier: MIT */
/*
 * OpenSSL sees a BIO of our own that reads from the lent `in` and writes to the lent `out`,
 * so records are decrypted straight from the bytes the socket gave and encrypted straight
 * into the bytes it will get.
 */
#include "net/tls_session.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <pthread.h>
#include <stdio.h>

#include "base/alloc.h"
#include "base/encode.h"

#define SUBJECT_BYTES_MAX 2048

/* ---- the BIO ---- */

static int bio_read(BIO *bio, char *data, size_t size, size_t *len)
{
    ol_tls_session *session = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    if (session->in.len == 0) {
        BIO_set_retry_read(bio);
        *len = 0;
        return 0;
    }
    *len = size < session->in.len ? size : session->in.len;
    memcpy(data, session->in.data, *len);
    session->in.data += *len;
    session->in.len -= *len;
    return 1;
}

static int bio_write(BIO *bio, const char *data, size_t size, size_t *len)
{
    ol_tls_session *session = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    size_t room = session->out.len - session->out_len;
    if (room == 0) {
        BIO_set_retry_write(bio);
        *len = 0;
        return 0;
    }
    *len = size < room ? size : room;
    memcpy(session->out.data + session->out_len, data, *len);
    session->out_len += *len;
    return 1;
}

static long bio_ctrl(BIO *bio, int command, long number, void *pointer)
{
    (void)bio;
    (void)number;
    (void)pointer;
    return command == BIO_CTRL_FLUSH ? 1 : 0;
}

static BIO_METHOD *method;

static void make_method(void)
{
    BIO_METHOD *made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "objlens stream");
    if (!made)
        return;
    BIO_meth_set_read_ex(made, bio_read);
    BIO_meth_set_write_ex(made, bio_write);
    BIO_meth_set_ctrl(made, bio_ctrl);
    method = made;
}

static BIO *bio_new(ol_tls_session *session)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, make_method);
    BIO *bio = method ? BIO_new(method) : NULL;
    if (!bio)
        return NULL;
    BIO_set_data(bio, session);
    BIO_set_init(bio, 1);
    return bio;
}

/* ---- life ---- */

static bool expect_host(SSL *ssl, const char *host)
{
    X509_VERIFY_PARAM *param = SSL_get0_param(ssl);
    if (X509_VERIFY_PARAM_set1_ip_asc(param, host))
        return true; /* an address: no server name is sent for it */
    X509_VERIFY_PARAM_set_hostflags(param, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    return X509_VERIFY_PARAM_set1_host(param, host, 0) && SSL_set_tlsext_host_name(ssl, host);
}

int ol_tls_session_new(ol_tls_session **out, const ol_tls *tls, const char *host)
{
    ol_tls_session *session = ol_calloc(1, sizeof(*session));
    if (!session)
        return OL_ENOMEM;
    session->ssl = ol_tls_ssl_new(tls);
    BIO *bio = session->ssl ? bio_new(session) : NULL;
    if (!bio) {
        ol_tls_session_destroy(session);
        return OL_ENOMEM;
    }
    SSL_set_bio(session->ssl, bio, bio);
    if (tls->server) {
        SSL_set_accept_state(session->ssl);
    } else {
        SSL_set_connect_state(session->ssl);
        if (!host || !expect_host(session->ssl, host)) {
            ol_tls_session_destroy(session);
            return OL_EINVAL;
        }
    }
    *out = session;
    return OL_OK;
}

void ol_tls_session_destroy(ol_tls_session *session)
{
    if (!session)
        return;
    SSL_free(session->ssl);
    ol_free(session->subject);
    ol_free(session);
}

/* ---- steps ---- */

/* SSL_get_error looks at the thread's queue: nothing old may stand in it. */
static void forget_errors(void)
{
    if (ERR_peek_error() != 0)
        ERR_clear_error();
}

static int verdict(ol_tls_session *session, int result)
{
    switch (SSL_get_error(session->ssl, result)) {
    case SSL_ERROR_WANT_READ:
        return OL_WAIT;
    case SSL_ERROR_ZERO_RETURN:
        return OL_DONE;
    default: /* a WANT_WRITE too: the caller promised room */
        return OL_EPROTOCOL;
    }
}

/* RFC 2253, as `openssl x509 -subject -nameopt RFC2253` prints it. */
static char *subject_of(X509 *certificate)
{
    BIO *bio = BIO_new(BIO_s_mem());
    char *text, *copy = NULL;
    if (!bio)
        return NULL;
    if (X509_NAME_print_ex(bio, X509_get_subject_name(certificate), 0, XN_FLAG_RFC2253) >= 0) {
        long len = BIO_get_mem_data(bio, &text);
        if (len >= 0 && len <= SUBJECT_BYTES_MAX)
            copy = ol_strndup(text ? text : "", (size_t)len);
    }
    BIO_free(bio);
    return copy;
}

/* Whoever showed a certificate must not pass for somebody who showed none. */
static int learn_peer(ol_tls_session *session)
{
    uint8_t digest[EVP_MAX_MD_SIZE];
    unsigned len;
    session->peer.version = ol_slice_cstr(
        SSL_version(session->ssl) == TLS1_3_VERSION ? "1.3" : "1.2");
    X509 *certificate = SSL_get0_peer_certificate(session->ssl);
    if (!certificate)
        return OL_OK;
    session->subject = subject_of(certificate);
    if (!session->subject || !X509_digest(certificate, EVP_sha256(), digest, &len) || len != 32)
        return OL_EPROTOCOL;
    ol_hex_encode(digest, len, session->fingerprint);
    session->peer.subject = ol_slice_cstr(session->subject);
    session->peer.fingerprint = ol_slice_cstr(session->fingerprint);
    return OL_OK;
}

int ol_tls_session_handshake(ol_tls_session *session)
{
    forget_errors();
    int result = SSL_do_handshake(session->ssl);
    if (result == 1)
        return learn_peer(session);
    int rc = verdict(session, result);
    return rc == OL_DONE ? OL_EPROTOCOL : rc;
}

int ol_tls_session_read(ol_tls_session *session, ol_span into, size_t *len)
{
    forget_errors();
    *len = 0;
    int result = SSL_read_ex(session->ssl, into.data, into.len, len);
    return result == 1 ? OL_OK : verdict(session, result);
}

bool ol_tls_session_is_dry(const ol_tls_session *session)
{
    return session->in.len == 0 && !SSL_has_pending(session->ssl);
}

int ol_tls_session_write(ol_tls_session *session, ol_slice plain, size_t *taken)
{
    forget_errors();
    *taken = 0;
    int result = SSL_write_ex(session->ssl, plain.data, plain.len, taken);
    return result == 1 ? OL_OK : OL_EPROTOCOL;
}

void ol_tls_session_shutdown(ol_tls_session *session)
{
    forget_errors();
    if (SSL_is_init_finished(session->ssl))
        SSL_shutdown(session->ssl);
}

void ol_tls_session_reason(const ol_tls_session *session, char *text, size_t size)
{
    long verify = SSL_get_verify_result(session->ssl);
    const char *reason = verify != X509_V_OK ? X509_verify_cert_error_string(verify)
                                             : ERR_reason_error_string(ERR_peek_last_error());
    snprintf(text, size, "%s", reason ? reason : "TLS failure");
}
