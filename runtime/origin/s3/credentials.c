/* SPDX-License-Identifier: MIT */
/* Where the keys come from, and when they are read again. */
#include "origin/s3/credentials.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/buf.h"

/* What tells one content of a file from another without reading it. */
typedef struct stamp {
    dev_t device;
    ino_t inode;
    off_t size;
    struct timespec changed;
    int fault; /* errno of an attempt, so that it is reported once */
} stamp;

struct ol_s3_credentials {
    enum ol_s3_credentials_from from;
    char *file, *profile;
    pthread_mutex_t lock; /* keys */
    ol_s3_keys keys;
    _Atomic uint64_t version;
    pthread_mutex_t reading; /* seen; held for as long as a file is read */
    stamp seen;
};

/* ---- files ---- */

static bool same_stamp(const stamp *a, const stamp *b)
{
    return a->device == b->device && a->inode == b->inode && a->size == b->size &&
           a->fault == b->fault && a->changed.tv_sec == b->changed.tv_sec &&
           a->changed.tv_nsec == b->changed.tv_nsec;
}

static stamp stamp_of(const char *path)
{
    struct stat st;
    if (stat(path, &st) != 0)
        return (stamp){.fault = errno};
    return (stamp){.device = st.st_dev, .inode = st.st_ino, .size = st.st_size,
                   .changed = st.st_mtim};
}

static int read_all(int fd, ol_buf *out, const char *path, ol_error *err)
{
    for (;;) {
        int rc = ol_buf_reserve(out, 4096);
        if (rc != OL_OK)
            return ol_error_say(err, OL_ECONFIG, "%s is too long for a credentials file", path);
        ssize_t got = read(fd, out->data + out->len, 4096);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return ol_error_say(err, OL_ECONFIG, "%s: %s", path, strerror(errno));
        if (got == 0)
            return OL_OK;
        out->len += (size_t)got;
    }
}

/* Not a FIFO, on which one would wait for good. */
static int open_file(const char *path, ol_error *err)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
        return fd;
    int fault = fd < 0 ? errno : EINVAL;
    if (fd >= 0)
        close(fd);
    ol_error_say(err, OL_ECONFIG, "%s: %s", path, strerror(fault));
    return -1;
}

static int load_file(const ol_s3_credentials *c, ol_s3_keys *keys, ol_error *err)
{
    int fd = open_file(c->file, err);
    if (fd < 0)
        return OL_ECONFIG;
    ol_buf text;
    ol_buf_init_secret(&text, OL_S3_CREDENTIALS_FILE_BYTES_MAX + 4096);
    int rc = read_all(fd, &text, c->file, err);
    if (rc == OL_OK)
        rc = ol_s3_credentials_parse(keys, ol_buf_slice(&text), c->profile, err);
    ol_buf_fini_secret(&text);
    close(fd);
    return rc;
}

static void adopt(ol_s3_credentials *c, const ol_s3_keys *keys)
{
    pthread_mutex_lock(&c->lock);
    c->keys = *keys;
    atomic_fetch_add(&c->version, 1);
    pthread_mutex_unlock(&c->lock);
}

static int reload(ol_s3_credentials *c, ol_error *err)
{
    ol_s3_keys keys;
    stamp now = stamp_of(c->file);
    if (same_stamp(&now, &c->seen))
        return OL_SKIP;
    c->seen = now;
    int rc = load_file(c, &keys, err);
    if (rc == OL_OK)
        adopt(c, &keys);
    ol_wipe(&keys, sizeof keys);
    return rc;
}

int ol_s3_credentials_refresh(ol_s3_credentials *c, ol_error *err)
{
    if (!ol_s3_credentials_is_file(c) || pthread_mutex_trylock(&c->reading) != 0)
        return OL_SKIP;
    int rc = reload(c, err);
    pthread_mutex_unlock(&c->reading);
    return rc;
}

/* ---- the others ---- */

static int take_given(ol_s3_keys *keys, const char *access, const char *secret, const char *token,
                      ol_error *err)
{
    if (!access || !*access || !secret || !*secret)
        return ol_error_say(err, OL_ECONFIG, "the access key or the secret key is missing");
    int rc = ol_s3_credentials_field(keys->access_key, sizeof keys->access_key,
                                     ol_slice_cstr(access), "access key", err);
    if (rc == OL_OK)
        rc = ol_s3_credentials_field(keys->secret_key, sizeof keys->secret_key,
                                     ol_slice_cstr(secret), "secret key", err);
    if (rc == OL_OK)
        rc = ol_s3_credentials_field(keys->token, sizeof keys->token, ol_slice_cstr(token),
                                     "session token", err);
    return rc;
}

static int take_first(ol_s3_credentials *c, const ol_s3_credentials_options *options, ol_error *err)
{
    switch (options->from) {
    case OL_S3_CREDENTIALS_STATIC:
        return take_given(&c->keys, options->access_key, options->secret_key,
                          options->session_token, err);
    case OL_S3_CREDENTIALS_ENVIRONMENT:
        return take_given(&c->keys, getenv("AWS_ACCESS_KEY_ID"), getenv("AWS_SECRET_ACCESS_KEY"),
                          getenv("AWS_SESSION_TOKEN"), err);
    case OL_S3_CREDENTIALS_FILE:
        if (!c->file)
            return ol_error_say(err, OL_ECONFIG, "no credentials file is named");
        return reload(c, err);
    case OL_S3_CREDENTIALS_ANONYMOUS:
        return OL_OK;
    }
    return ol_error_say(err, OL_ECONFIG, "unknown source of credentials");
}

/* ---- life ---- */

int ol_s3_credentials_new(ol_s3_credentials **out, const ol_s3_credentials_options *options,
                          ol_error *err)
{
    ol_s3_credentials *c = ol_calloc(1, sizeof *c);
    if (!c)
        return ol_error_set(err, OL_ENOMEM, "s3 origin: credentials");
    pthread_mutex_init(&c->lock, NULL);
    pthread_mutex_init(&c->reading, NULL);
    atomic_init(&c->version, 1);
    c->from = options->from;
    c->profile = ol_strdup(options->profile ? options->profile : "default");
    c->file = options->file ? ol_strdup(options->file) : NULL;
    bool copied = c->profile && (c->file || !options->file);
    int rc = copied ? take_first(c, options, err)
                    : ol_error_set(err, OL_ENOMEM, "s3 origin: credentials");
    if (rc != OL_OK) {
        ol_s3_credentials_destroy(c);
        return rc;
    }
    *out = c;
    return OL_OK;
}

void ol_s3_credentials_destroy(ol_s3_credentials *c)
{
    if (!c)
        return;
    pthread_mutex_destroy(&c->lock);
    pthread_mutex_destroy(&c->reading);
    ol_free(c->file);
    ol_free(c->profile);
    ol_wipe(c, sizeof *c);
    ol_free(c);
}

uint64_t ol_s3_credentials_version(const ol_s3_credentials *c)
{
    return atomic_load_explicit(&c->version, memory_order_acquire);
}

uint64_t ol_s3_credentials_copy(ol_s3_credentials *c, ol_s3_keys *out)
{
    pthread_mutex_lock(&c->lock);
    *out = c->keys;
    uint64_t version = atomic_load(&c->version);
    pthread_mutex_unlock(&c->lock);
    return version;
}

bool ol_s3_credentials_is_file(const ol_s3_credentials *c)
{
    return c->from == OL_S3_CREDENTIALS_FILE;
}

bool ol_s3_credentials_is_anonymous(const ol_s3_credentials *c)
{
    return c->from == OL_S3_CREDENTIALS_ANONYMOUS;
}
