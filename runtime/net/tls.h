/* SPDX-License-Identifier: MIT */
/*
 * TLS settings: a server's certificate and key, or whom a client trusts. TLS 1.2 and 1.3,
 * AEAD suites only, no renegotiation, no compression, no early data. One `ol_tls` may serve
 * streams of every loop at once; it must outlive the listeners and clients that name it
 * (running sessions hold their own reference).
 */
#ifndef OL_NET_TLS_H
#define OL_NET_TLS_H

#include "base/error.h"

typedef struct ol_tls ol_tls;

/* PEM files; the certificate file may hold a chain, leaf first. OL_ECONFIG says which file is
 * at fault. */
int ol_tls_server_new(ol_tls **tls, const char *cert_file, const char *key_file, ol_error *err);

typedef struct ol_tls_trust {
    const char *ca_file; /* PEM bundle, may be NULL */
    const char *ca_dir;  /* hashed directory, may be NULL; both NULL: what the system trusts */
} ol_tls_trust;

/* Certificates are always verified, the host's name included. `trust` may be NULL. */
int ol_tls_client_new(ol_tls **tls, const ol_tls_trust *trust, ol_error *err);
void ol_tls_destroy(ol_tls *tls);

#endif
