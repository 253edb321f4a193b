/* SPDX-License-Identifier: MIT */
/*
 * A server's certificates: read as a set, chosen by the name that a client asks for, and replaced
 * as a set. A new set is used only when every file of it is good.
 */
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "net/tls_private.h"

/* What a file was when it was last looked at. */
typedef struct file_mark {
    dev_t device;
    ino_t inode;
    off_t size;
    struct timespec modified;
} file_mark;

typedef struct ol_tls_files {
    ol_tls_certificate certificates[OL_TLS_CERTIFICATES_MAX]; /* copies */
    size_t count;
    char *client_ca_file;
    bool client_required;
    file_mark marks[2 * OL_TLS_CERTIFICATES_MAX + 1];
    ol_tls_tickets *tickets;
} ol_tls_files;

/* Hangs on ctx[0], and is freed with it; holds the others. */
typedef struct context_set {
    SSL_CTX *ctx[OL_TLS_CERTIFICATES_MAX];
    size_t count;
} context_set;

/* ---- copies of the options ---- */

void ol_tls_files_destroy(ol_tls_files *files)
{
    if (!files)
        return;
    for (size_t i = 0; i < files->count; i++) {
        ol_free((char *)files->certificates[i].certificate_file);
        ol_free((char *)files->certificates[i].key_file);
    }
    ol_free(files->client_ca_file);
    ol_tls_tickets_release(files->tickets);
    ol_free(files);
}

static ol_tls_files *files_new(const ol_tls_server_options *options)
{
    ol_tls_files *files = ol_calloc(1, sizeof(*files));
    if (!files)
        return NULL;
    bool good = (files->tickets = ol_tls_tickets_new()) != NULL;
    files->client_required = options->client_required;
    if (options->client_ca_file)
        good = (files->client_ca_file = ol_strdup(options->client_ca_file)) != NULL && good;
    for (size_t i = 0; i < options->certificate_count && good; i++) {
        ol_tls_certificate *copy = &files->certificates[files->count++];
        copy->certificate_file = ol_strdup(options->certificates[i].certificate_file);
        copy->key_file = ol_strdup(options->certificates[i].key_file);
        good = copy->certificate_file && copy->key_file;
    }
    if (good)
        return files;
    ol_tls_files_destroy(files);
    return NULL;
}

/* ---- has a file changed? ---- */

static file_mark mark_of(const char *path)
{
    struct stat st;
    file_mark mark = {0};
    if (path && stat(path, &st) == 0)
        mark = (file_mark){st.st_dev, st.st_ino, st.st_size, st.st_mtim};
    return mark;
}

static bool same_mark(const file_mark *a, const file_mark *b)
{
    return a->device == b->device && a->inode == b->inode && a->size == b->size &&
           a->modified.tv_sec == b->modified.tv_sec && a->modified.tv_nsec == b->modified.tv_nsec;
}

/* Remembers how the files are now; true when one was different before. Taken before the files
 * are read: a change in between is found the next time. */
static bool look_again(ol_tls_files *files)
{
    bool changed = false;
    for (size_t i = 0; i < 2 * files->count + 1; i++) {
        const ol_tls_certificate *of = &files->certificates[i / 2];
        const char *path = i == 2 * files->count ? files->client_ca_file
                           : i % 2 == 0          ? of->certificate_file
                                                 : of->key_file;
        file_mark mark = mark_of(path);
        changed |= !same_mark(&mark, &files->marks[i]);
        files->marks[i] = mark;
    }
    return changed;
}

/* ---- the choice by name ---- */

static bool is_for(SSL_CTX *ctx, const char *name, unsigned flags)
{
    X509 *certificate = SSL_CTX_get0_certificate(ctx);
    return certificate && X509_check_host(certificate, name, 0, flags, NULL) == 1;
}

static SSL_CTX *choose(const context_set *set, const char *name)
{
    static const unsigned ways[] = {X509_CHECK_FLAG_NO_WILDCARDS,
                                    X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS};
    for (size_t way = 0; way < 2; way++)
        for (size_t i = 0; i < set->count; i++)
            if (is_for(set->ctx[i], name, ways[way]))
                return set->ctx[i];
    return NULL;
}

static int on_server_name(SSL *ssl, int *alert, void *arg)
{
    (void)alert;
    const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
    SSL_CTX *ctx = name ? choose(arg, name) : NULL;
    if (ctx)
        SSL_set_SSL_CTX(ssl, ctx);
    return SSL_TLSEXT_ERR_OK;
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

/* ---- one certificate ---- */

/* An encrypted key is refused instead of asking the terminal. */
static int on_password(char *text, int size, int writing, void *arg)
{
    (void)text;
    (void)size;
    (void)writing;
    (void)arg;
    return 0;
}

static int load_pair(SSL_CTX *ctx, const ol_tls_certificate *files, ol_error *err)
{
    SSL_CTX_set_default_passwd_cb(ctx, on_password);
    if (SSL_CTX_use_certificate_chain_file(ctx, files->certificate_file) != 1)
        return ol_error_say(err, OL_ECONFIG, "certificate file %s: %s", files->certificate_file,
                            ol_tls_reason());
    if (SSL_CTX_use_PrivateKey_file(ctx, files->key_file, SSL_FILETYPE_PEM) == 1 &&
        SSL_CTX_check_private_key(ctx) == 1)
        return OL_OK;
    if (ERR_GET_REASON(ERR_peek_last_error()) == X509_R_KEY_VALUES_MISMATCH)
        return ol_error_say(err, OL_ECONFIG, "key file %s does not belong to certificate %s",
                            files->key_file, files->certificate_file);
    return ol_error_say(err, OL_ECONFIG, "key file %s: %s", files->key_file, ol_tls_reason());
}

/* Sessions are not resumed then: who a client is, its certificate says at every handshake, by
 * the authorities that are trusted at that time. */
static int ask_for_client(SSL_CTX *ctx, const ol_tls_files *files, ol_error *err)
{
    STACK_OF(X509_NAME) *names = SSL_load_client_CA_file(files->client_ca_file);
    if (!names || SSL_CTX_load_verify_file(ctx, files->client_ca_file) != 1) {
        sk_X509_NAME_pop_free(names, X509_NAME_free);
        return ol_error_say(err, OL_ECONFIG, "client CA file %s: %s", files->client_ca_file,
                            ol_tls_reason());
    }
    SSL_CTX_set_client_CA_list(ctx, names); /* owns it now */
    SSL_CTX_set_verify(
        ctx, SSL_VERIFY_PEER | (files->client_required ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0),
        NULL);
    SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET);
    SSL_CTX_set_num_tickets(ctx, 0);
    return OL_OK;
}

static int ctx_new(SSL_CTX **out, const ol_tls_files *files, size_t index, ol_error *err)
{
    ERR_clear_error();
    SSL_CTX *ctx = ol_tls_ctx_new(TLS_server_method());
    if (!ctx)
        return ol_error_set(err, OL_ENOMEM, "TLS settings: %s", ol_tls_reason());
    SSL_CTX_set_alpn_select_cb(ctx, on_alpn, NULL);
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
    /* Else a record stays in the session's buffer until the next one comes, and heads may hold keys. */
    SSL_CTX_set_options(ctx, SSL_OP_CLEANSE_PLAINTEXT);
    int rc = load_pair(ctx, &files->certificates[index], err);
    if (rc == OL_OK && files->client_ca_file)
        rc = ask_for_client(ctx, files, err);
    else if (rc == OL_OK && ol_tls_tickets_use(files->tickets, ctx) != OL_OK)
        rc = ol_error_set(err, OL_ENOMEM, "TLS settings");
    if (rc != OL_OK) {
        SSL_CTX_free(ctx);
        return rc;
    }
    *out = ctx;
    return OL_OK;
}

/* ---- the set ---- */

static int set_index = -1;

static void on_set_free(void *parent, void *pointer, CRYPTO_EX_DATA *data, int index, long arg,
                        void *more)
{
    (void)parent;
    (void)data;
    (void)index;
    (void)arg;
    (void)more;
    context_set *set = pointer;
    if (!set)
        return;
    for (size_t i = 1; i < set->count; i++)
        SSL_CTX_free(set->ctx[i]);
    ol_free(set);
}

static void make_index(void)
{
    set_index = SSL_CTX_get_ex_new_index(0, NULL, NULL, NULL, on_set_free);
}

static int load_others(context_set *set, const ol_tls_files *files, ol_error *err)
{
    int rc = OL_OK;
    for (; set->count < files->count && rc == OL_OK; set->count += rc == OL_OK)
        rc = ctx_new(&set->ctx[set->count], files, set->count, err);
    return rc;
}

/* The first context of a new set. */
static int set_new(SSL_CTX **out, const ol_tls_files *files, ol_error *err)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    SSL_CTX *first;
    pthread_once(&once, make_index);
    int rc = ctx_new(&first, files, 0, err);
    if (rc != OL_OK)
        return rc;
    context_set *set = ol_calloc(1, sizeof(*set));
    if (!set || set_index < 0 || !SSL_CTX_set_ex_data(first, set_index, set)) {
        ol_free(set);
        SSL_CTX_free(first);
        return ol_error_set(err, OL_ENOMEM, "TLS settings");
    }
    set->ctx[0] = first;
    set->count = 1;
    rc = load_others(set, files, err);
    if (rc != OL_OK) {
        SSL_CTX_free(first); /* and with it the set */
        return rc;
    }
    SSL_CTX_set_tlsext_servername_callback(first, on_server_name);
    SSL_CTX_set_tlsext_servername_arg(first, set);
    *out = first;
    return OL_OK;
}

/* ---- the settings ---- */

int ol_tls_server_new(ol_tls **out, const ol_tls_server_options *options, ol_error *err)
{
    if (options->certificate_count == 0 || options->certificate_count > OL_TLS_CERTIFICATES_MAX)
        return ol_error_say(err, OL_ELIMIT, "a listener can have 1 to %d certificates",
                            OL_TLS_CERTIFICATES_MAX);
    ol_tls *tls = ol_calloc(1, sizeof(*tls));
    if (!tls)
        return ol_error_set(err, OL_ENOMEM, "TLS settings");
    pthread_mutex_init(&tls->lock, NULL);
    tls->server = true;
    tls->files = files_new(options);
    int rc = tls->files ? OL_OK : ol_error_set(err, OL_ENOMEM, "TLS settings");
    if (rc == OL_OK) {
        look_again(tls->files);
        rc = set_new(&tls->ctx, tls->files, err);
    }
    if (rc != OL_OK) {
        ol_tls_destroy(tls);
        return rc;
    }
    *out = tls;
    return OL_OK;
}

int ol_tls_reload(ol_tls *tls, bool changed_only, ol_error *err)
{
    SSL_CTX *fresh, *old;
    bool changed = look_again(tls->files);
    if (changed_only && !changed)
        return OL_SKIP;
    int rc = set_new(&fresh, tls->files, err);
    if (rc != OL_OK)
        return rc;
    pthread_mutex_lock(&tls->lock);
    old = tls->ctx;
    tls->ctx = fresh;
    pthread_mutex_unlock(&tls->lock);
    SSL_CTX_free(old);
    return OL_OK;
}
