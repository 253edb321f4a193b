/* SPDX-License-Identifier: MIT */
/*
 * What tls.c (settings), tls_server.c (certificates), tls_tickets.c and tls_session.c share.
 *
 * A server has one SSL_CTX a certificate. They come and go together, as a set that hangs on the
 * first one: a session holds that for as long as it lives, so a set that was replaced is freed
 * with its last session.
 */
#ifndef OL_NET_TLS_PRIVATE_H
#define OL_NET_TLS_PRIVATE_H

#include <openssl/ssl.h>
#include <pthread.h>

#include "net/tls.h"

struct ol_tls_files;

struct ol_tls {
    bool server;
    pthread_mutex_t lock; /* guards ctx */
    SSL_CTX *ctx;         /* a client's, or the first of a server's set */
    struct ol_tls_files *files; /* a server's */
};

/* ---- tls.c ---- */

/* With what client and server have in common. NULL when out of memory. */
SSL_CTX *ol_tls_ctx_new(const SSL_METHOD *method);
/* What OpenSSL has to say about the last failure; never holds key material. */
const char *ol_tls_reason(void);
/* A session by the settings of this moment; NULL when out of memory. Any thread. */
SSL *ol_tls_ssl_new(const ol_tls *tls);

/* ---- tls_server.c ---- */

void ol_tls_files_destroy(struct ol_tls_files *files);

/* ---- tls_tickets.c: the keys of session tickets ---- */

#define OL_TLS_TICKET_ROTATE_MS (6ull * 3600 * 1000) /* keys are used so long, and taken twice */

typedef struct ol_tls_tickets ol_tls_tickets; /* counted; any thread */

ol_tls_tickets *ol_tls_tickets_new(void);
ol_tls_tickets *ol_tls_tickets_acquire(ol_tls_tickets *tickets);
void ol_tls_tickets_release(ol_tls_tickets *tickets);
/* Lets the context's sessions use them; the context holds a reference of its own. */
int ol_tls_tickets_use(ol_tls_tickets *tickets, SSL_CTX *ctx);

typedef struct ol_tls_ticket_key {
    uint8_t name[16], cipher[32], mac[32];
    uint64_t made_ms; /* 0 = none */
} ol_tls_ticket_key;

/* The key to seal with now; a new one when the old one has served its time. False: no random. */
bool ol_tls_tickets_current(ol_tls_tickets *tickets, uint64_t now_ms, ol_tls_ticket_key *out);
/* The key of that name while it is good. `*renew`: the client should get a new ticket. */
bool ol_tls_tickets_find(ol_tls_tickets *tickets, uint64_t now_ms, const uint8_t name[16],
                         ol_tls_ticket_key *out, bool *renew);

#endif
