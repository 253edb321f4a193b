/* SPDX-License-Identifier: MIT */
/* What a TLS client shows of itself. */
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include "net/tls_private.h"

#define SEED_BYTES 32
#define SERIAL_BITS 120
#define DAY_S 86400L
#define VALID_S (3650 * DAY_S) /* whoever knows us by the key alone looks at no date; TLS stacks do */

int ol_tls_client_show(ol_tls *tls, const ol_tls_certificate *certificate, ol_error *err)
{
    const char *certificate_file = certificate->certificate_file;
    const char *key_file = certificate->key_file;
    ERR_clear_error();
    if (SSL_CTX_use_certificate_chain_file(tls->ctx, certificate_file) != 1)
        return ol_error_say(err, OL_ECONFIG, "certificate %s: %s", certificate_file,
                            ol_tls_reason());
    if (SSL_CTX_use_PrivateKey_file(tls->ctx, key_file, SSL_FILETYPE_PEM) != 1 ||
        SSL_CTX_check_private_key(tls->ctx) != 1)
        return ol_error_say(err, OL_ECONFIG, "key %s: %s", key_file, ol_tls_reason());
    return OL_OK;
}

static bool give_serial(X509 *certificate)
{
    BIGNUM *number = BN_new();
    bool done = number && BN_rand(number, SERIAL_BITS, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY) == 1 &&
                BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate)) != NULL;
    BN_free(number);
    return done;
}

static bool give_name(X509 *certificate)
{
    X509_NAME *name = X509_get_subject_name(certificate);
    const unsigned char *text = (const unsigned char *)"objlens";
    return X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, text, -1, -1, 0) == 1 &&
           X509_set_issuer_name(certificate, name) == 1;
}

static bool sign(X509 *certificate, EVP_PKEY *key)
{
    return X509_set_version(certificate, X509_VERSION_3) == 1 && give_serial(certificate) &&
           give_name(certificate) && X509_gmtime_adj(X509_getm_notBefore(certificate), -DAY_S) &&
           X509_gmtime_adj(X509_getm_notAfter(certificate), VALID_S) &&
           X509_set_pubkey(certificate, key) == 1 && X509_sign(certificate, key, NULL) > 0;
}

int ol_tls_client_show_key(ol_tls *tls, const uint8_t *seed, ol_error *err)
{
    ERR_clear_error();
    EVP_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, SEED_BYTES);
    X509 *certificate = X509_new();
    bool done = key && certificate && sign(certificate, key) &&
                SSL_CTX_use_certificate(tls->ctx, certificate) == 1 &&
                SSL_CTX_use_PrivateKey(tls->ctx, key) == 1;
    X509_free(certificate);
    EVP_PKEY_free(key);
    return done ? OL_OK : ol_error_set(err, OL_ENOMEM, "client certificate: %s", ol_tls_reason());
}

void ol_tls_client_cleanse(ol_tls *tls)
{
    SSL_CTX_set_options(tls->ctx, SSL_OP_CLEANSE_PLAINTEXT);
}

void ol_tls_client_renew(ol_tls *tls, ol_tls *fresh)
{
    pthread_mutex_lock(&tls->lock);
    SSL_CTX *old = tls->ctx;
    tls->ctx = fresh->ctx;
    pthread_mutex_unlock(&tls->lock);
    fresh->ctx = old;
    ol_tls_destroy(fresh);
}
