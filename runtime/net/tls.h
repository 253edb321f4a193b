/* SPDX-License-Identifier: MIT */
/*
 * TLS settings: a server's certificates and keys, or whom a client trusts. TLS 1.2 (ECDHE, AEAD)
 * and 1.3, no renegotiation, no compression, no early data. One `ol_tls` may serve streams of
 * every loop at once; it must outlive the listeners and clients that name it (running sessions
 * hold their own reference).
 *
 * A server's files may be read again while it runs: new connections get the new certificates,
 * running ones are left alone.
 */
#ifndef OL_NET_TLS_H
#define OL_NET_TLS_H

#include "base/error.h"

typedef struct ol_tls ol_tls;

/* What a handshake told of the other side. Of its certificate: empty when it showed none; it has
 * been verified otherwise. */
typedef struct ol_tls_peer {
    ol_slice version;     /* "1.2", "1.3" */
    ol_slice subject;     /* RFC 2253 */
    ol_slice fingerprint; /* SHA-256, 64 lower-case hex digits */
} ol_tls_peer;

typedef struct ol_tls_certificate {
    const char *certificate_file; /* PEM; may hold a chain, leaf first */
    const char *key_file;         /* PEM, not encrypted */
} ol_tls_certificate;

#define OL_TLS_CERTIFICATES_MAX 64

typedef struct ol_tls_server_options {
    /* By the name that the client asks for (SNI): the first certificate that is for exactly this
     * name, else the first whose wildcard ("*.example.test", one label) covers it, else the first
     * of all. 1..OL_TLS_CERTIFICATES_MAX. */
    const ol_tls_certificate *certificates;
    size_t certificate_count;
    const char *client_ca_file; /* PEM; who may sign clients' certificates. NULL: none is asked for */
    /* Refuse the handshake of clients that show no certificate. One that is shown is always
     * verified, and a bad one always refused. */
    bool client_required;
} ol_tls_server_options;

/* Reads the files (blocking): at start or on a thread. Options are copied. OL_ECONFIG says which
 * file is at fault and why; OL_ELIMIT, OL_ENOMEM. */
int ol_tls_server_new(ol_tls **tls, const ol_tls_server_options *options, ol_error *err);

/* Reads the files again (blocking; any thread but a loop's, one at a time for each `tls`). With
 * `changed_only` it looks first whether one has changed since the last time, good or bad.
 * OL_OK: new connections get the new certificates. OL_SKIP: nothing has changed. Negative: the old
 * ones stay in use; err says which file is at fault and why. */
int ol_tls_reload(ol_tls *tls, bool changed_only, ol_error *err);

typedef struct ol_tls_trust {
    const char *ca_file; /* PEM bundle, may be NULL */
    const char *ca_dir;  /* hashed directory, may be NULL; both NULL: what the system trusts */
} ol_tls_trust;

/* Certificates are always verified, the host's name included. `trust` may be NULL. */
int ol_tls_client_new(ol_tls **tls, const ol_tls_trust *trust, ol_error *err);

/* Before the first stream: what the client shows of itself when a server asks. Blocking. The file may
 * hold a chain, leaf first; the key is not encrypted. OL_ECONFIG says which file is at fault. */
int ol_tls_client_show(ol_tls *tls, const ol_tls_certificate *certificate, ol_error *err);
/* The same, with a certificate that the key itself signs, for servers that know clients by their
 * public key alone. `seed`: 32 bytes, the private key of Ed25519. */
int ol_tls_client_show_key(ol_tls *tls, const uint8_t *seed, ol_error *err);
/* Before the first stream: OpenSSL overwrites what it has handed on. */
void ol_tls_client_cleanse(ol_tls *tls);
/* New streams use what `fresh` was made with; it is destroyed. Running ones are left alone. Both are
 * a client's. Any thread. */
void ol_tls_client_renew(ol_tls *tls, ol_tls *fresh);
void ol_tls_destroy(ol_tls *tls);

#endif
