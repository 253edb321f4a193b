/* SPDX-License-Identifier: MIT */
/*
 * Keys of session tickets: one seals, it and the one before it open. Whoever steals a key opens
 * the sessions of some hours, not of the server's whole life. They outlast a reload of the
 * certificates, so that sessions do too.
 */
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdatomic.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "net/tls_private.h"

struct ol_tls_tickets {
    atomic_int references;
    pthread_mutex_t lock;
    ol_tls_ticket_key current, previous;
};

ol_tls_tickets *ol_tls_tickets_new(void)
{
    ol_tls_tickets *tickets = ol_calloc(1, sizeof(*tickets));
    if (!tickets)
        return NULL;
    atomic_init(&tickets->references, 1);
    pthread_mutex_init(&tickets->lock, NULL);
    return tickets;
}

ol_tls_tickets *ol_tls_tickets_acquire(ol_tls_tickets *tickets)
{
    atomic_fetch_add(&tickets->references, 1);
    return tickets;
}

void ol_tls_tickets_release(ol_tls_tickets *tickets)
{
    if (!tickets || atomic_fetch_sub(&tickets->references, 1) > 1)
        return;
    pthread_mutex_destroy(&tickets->lock);
    ol_wipe(tickets, sizeof(*tickets));
    ol_free(tickets);
}

/* ---- the keys ---- */

static bool is_good(const ol_tls_ticket_key *key, uint64_t now_ms, uint64_t lifetime_ms)
{
    return key->made_ms != 0 && now_ms - key->made_ms < lifetime_ms;
}

static bool rotate(ol_tls_tickets *tickets, uint64_t now_ms)
{
    ol_tls_ticket_key fresh = {.made_ms = now_ms ? now_ms : 1};
    if (RAND_bytes(fresh.name, sizeof(fresh.name)) != 1 ||
        RAND_priv_bytes(fresh.cipher, sizeof(fresh.cipher)) != 1 ||
        RAND_priv_bytes(fresh.mac, sizeof(fresh.mac)) != 1)
        return false;
    tickets->previous = tickets->current;
    tickets->current = fresh;
    ol_wipe(&fresh, sizeof(fresh));
    return true;
}

bool ol_tls_tickets_current(ol_tls_tickets *tickets, uint64_t now_ms, ol_tls_ticket_key *out)
{
    pthread_mutex_lock(&tickets->lock);
    bool good = is_good(&tickets->current, now_ms, OL_TLS_TICKET_ROTATE_MS) ||
                rotate(tickets, now_ms);
    if (good)
        *out = tickets->current;
    pthread_mutex_unlock(&tickets->lock);
    return good;
}

bool ol_tls_tickets_find(ol_tls_tickets *tickets, uint64_t now_ms, const uint8_t name[16],
                         ol_tls_ticket_key *out, bool *renew)
{
    bool found = false;
    pthread_mutex_lock(&tickets->lock);
    const ol_tls_ticket_key *keys[] = {&tickets->current, &tickets->previous};
    for (int i = 0; i < 2 && !found; i++) {
        found = is_good(keys[i], now_ms, 2 * OL_TLS_TICKET_ROTATE_MS) &&
                memcmp(keys[i]->name, name, sizeof(keys[i]->name)) == 0;
        if (found) {
            *out = *keys[i];
            *renew = i > 0 || !is_good(keys[i], now_ms, OL_TLS_TICKET_ROTATE_MS);
        }
    }
    pthread_mutex_unlock(&tickets->lock);
    return found;
}

/* ---- OpenSSL ---- */

static int tickets_index = -1;

static void on_free(void *parent, void *pointer, CRYPTO_EX_DATA *data, int index, long arg,
                    void *more)
{
    (void)parent;
    (void)data;
    (void)index;
    (void)arg;
    (void)more;
    ol_tls_tickets_release(pointer);
}

static void make_index(void)
{
    tickets_index = SSL_CTX_get_ex_new_index(0, NULL, NULL, NULL, on_free);
}

static bool init_mac(EVP_MAC_CTX *mac, const ol_tls_ticket_key *key)
{
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, (void *)key->mac, sizeof(key->mac)),
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, (char *)"SHA256", 0),
        OSSL_PARAM_construct_end(),
    };
    return EVP_MAC_CTX_set_params(mac, params) == 1;
}

static int seal(ol_tls_tickets *tickets, unsigned char *name, unsigned char *iv,
                EVP_CIPHER_CTX *cipher, EVP_MAC_CTX *mac)
{
    ol_tls_ticket_key key;
    if (!ol_tls_tickets_current(tickets, ol_clock_mono_ms(), &key) || RAND_bytes(iv, 16) != 1)
        return -1;
    memcpy(name, key.name, sizeof(key.name));
    bool good = EVP_EncryptInit_ex2(cipher, EVP_aes_256_cbc(), key.cipher, iv, NULL) == 1 &&
                init_mac(mac, &key);
    ol_wipe(&key, sizeof(key));
    return good ? 1 : -1;
}

/* 0: unknown, a full handshake follows; 1: good; 2: good, and send a new one. */
static int unseal(ol_tls_tickets *tickets, const unsigned char *name, const unsigned char *iv,
                  EVP_CIPHER_CTX *cipher, EVP_MAC_CTX *mac)
{
    ol_tls_ticket_key key;
    bool renew = false;
    if (!ol_tls_tickets_find(tickets, ol_clock_mono_ms(), name, &key, &renew))
        return 0;
    bool good = EVP_DecryptInit_ex2(cipher, EVP_aes_256_cbc(), key.cipher, iv, NULL) == 1 &&
                init_mac(mac, &key);
    ol_wipe(&key, sizeof(key));
    return !good ? -1 : renew ? 2 : 1;
}

static int on_ticket(SSL *ssl, unsigned char *name, unsigned char *iv, EVP_CIPHER_CTX *cipher,
                     EVP_MAC_CTX *mac, int sealing)
{
    ol_tls_tickets *tickets = SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), tickets_index);
    if (!tickets)
        return -1;
    return sealing ? seal(tickets, name, iv, cipher, mac) : unseal(tickets, name, iv, cipher, mac);
}

int ol_tls_tickets_use(ol_tls_tickets *tickets, SSL_CTX *ctx)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, make_index);
    if (tickets_index < 0 || !SSL_CTX_set_ex_data(ctx, tickets_index, tickets))
        return OL_ENOMEM;
    ol_tls_tickets_acquire(tickets); /* on_free gives it back */
    SSL_CTX_set_tlsext_ticket_key_evp_cb(ctx, on_ticket);
    return OL_OK;
}
