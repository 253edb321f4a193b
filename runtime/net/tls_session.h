/* SPDX-License-Identifier: MIT */
/*
 * One TLS connection as a machine without sockets: ciphertext in, plaintext out, and the
 * other way round. For net/ only. The caller lends it `in` (what came from the peer) and
 * `out` (where records for the peer are put) around each call.
 */
#ifndef OL_NET_TLS_SESSION_H
#define OL_NET_TLS_SESSION_H

#include <openssl/ssl.h>

#include "net/tls_private.h"

typedef struct ol_tls_session {
    SSL *ssl;
    ol_tls_peer peer;    /* once hands are shaken */
    char *subject;       /* owned */
    char fingerprint[65];
    ol_slice in;  /* shrinks as it is read */
    ol_span out;  /* records are put at out.data + out_len */
    size_t out_len;
} ol_tls_session;

/* `host`: the name a client checks the certificate against and sends as SNI; NULL in servers. */
int ol_tls_session_new(ol_tls_session **session, const ol_tls *tls, const char *host);
void ol_tls_session_destroy(ol_tls_session *session);

/* OL_OK: done, `peer` is filled; OL_WAIT: more of `in` is needed; negative: refused (out may
 * hold an alert). */
int ol_tls_session_handshake(ol_tls_session *session);
/* OL_OK: *len > 0 bytes; OL_WAIT: more of `in` is needed; OL_DONE: the peer said close_notify. */
int ol_tls_session_read(ol_tls_session *session, ol_span into, size_t *len);
/* A read now could only say OL_WAIT: spares the asking. */
bool ol_tls_session_is_dry(const ol_tls_session *session);
/* Encrypts one record at most (16 KiB). OL_OK or negative. `out` must have room for it. */
int ol_tls_session_write(ol_tls_session *session, ol_slice plain, size_t *taken);
/* Puts close_notify into `out`. */
void ol_tls_session_shutdown(ol_tls_session *session);
/* Why the last call failed, for the log. */
void ol_tls_session_reason(const ol_tls_session *session, char *text, size_t size);

#endif
