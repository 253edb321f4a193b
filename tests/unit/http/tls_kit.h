/* SPDX-License-Identifier: MIT */
/*
 * Certificates made on the spot, and a raw TLS peer. Included by tests that speak TLS.
 */
#ifndef OL_TESTS_HTTP_TLS_KIT_H
#define OL_TESTS_HTTP_TLS_KIT_H

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "lib/check.h"

#define TLS_KIT_UNUSED __attribute__((unused))

typedef struct certificate {
    char dir[64];
    char cert[96], key[96];
} certificate;

static TLS_KIT_UNUSED void add_name(X509_NAME *name, const char *field, const char *text)
{
    X509_NAME_add_entry_by_txt(name, field, MBSTRING_UTF8, (const unsigned char *)text, -1, -1, 0);
}

static TLS_KIT_UNUSED X509 *make_x509(EVP_PKEY *key, const char *who, const char *names)
{
    X509 *x = X509_new();
    X509_set_version(x, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
    X509_gmtime_adj(X509_getm_notBefore(x), -3600);
    X509_gmtime_adj(X509_getm_notAfter(x), 3600);
    X509_NAME *name = X509_get_subject_name(x);
    add_name(name, "O", "objlens, tests");
    add_name(name, "CN", who);
    X509_set_issuer_name(x, name);
    X509_set_pubkey(x, key);
    X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, names);
    X509_add_ext(x, e, -1);
    X509_EXTENSION_free(e);
    e = X509V3_EXT_conf_nid(NULL, NULL, NID_basic_constraints, "critical,CA:TRUE");
    X509_add_ext(x, e, -1);
    X509_EXTENSION_free(e);
    assert_true(X509_sign(x, key, EVP_sha256()) > 0);
    return x;
}

/* New ones into the same files. Signed by itself; `names` as "DNS:localhost,IP:127.0.0.1". */
static TLS_KIT_UNUSED void certificate_write(const certificate *c, const char *who,
                                             const char *names)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *x = make_x509(key, who, names);
    FILE *f = fopen(c->cert, "w");
    PEM_write_X509(f, x);
    fclose(f);
    f = fopen(c->key, "w");
    PEM_write_PrivateKey(f, key, NULL, NULL, 0, NULL, NULL);
    fclose(f);
    X509_free(x);
    EVP_PKEY_free(key);
}

static TLS_KIT_UNUSED certificate certificate_make_for(const char *who, const char *names)
{
    certificate c = {.dir = "/tmp/objlens-test-XXXXXX"};
    assert_non_null(mkdtemp(c.dir));
    snprintf(c.cert, sizeof(c.cert), "%s/cert.pem", c.dir);
    snprintf(c.key, sizeof(c.key), "%s/key.pem", c.dir);
    certificate_write(&c, who, names);
    return c;
}

static TLS_KIT_UNUSED certificate certificate_make(const char *names)
{
    return certificate_make_for("test", names);
}

static TLS_KIT_UNUSED void certificate_remove(certificate *c)
{
    unlink(c->cert);
    unlink(c->key);
    rmdir(c->dir);
}

#endif
