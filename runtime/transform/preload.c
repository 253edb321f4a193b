/* SPDX-License-Identifier: MIT */
/*
 * Both walk the folders in the same order, by name: once over contents, once over sizes, times and
 * inodes. Links are not followed: what one within the folders leads to is met by itself, and a
 * host cannot open what lies outside.
 */
#include "transform/preload.h"

#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <limits.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"

#define CHUNK_BYTES (64u * 1024u)

/* One thing in a folder; `path` is within the folder. */
typedef int visit_fn(void *arg, const FTSENT *entry, const char *path, ol_error *err);

static int by_name(const FTSENT **a, const FTSENT **b)
{
    return strcmp((*a)->fts_name, (*b)->fts_name);
}

static int walk_folder(char *folder, uint32_t *files, visit_fn *visit, void *arg, ol_error *err)
{
    char *const roots[] = {folder, NULL};
    size_t len = strlen(folder);
    int rc = OL_OK;
    FTS *walk = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, by_name);
    if (!walk)
        return ol_error_set(err, OL_ENOMEM, "preload_folders");
    for (FTSENT *entry; rc == OL_OK && (entry = fts_read(walk));) {
        if (entry->fts_info == FTS_DP)
            continue;
        if (++*files > OL_PRELOAD_FILES_MAX)
            rc = ol_error_set(err, OL_ECONFIG, "preload_folders hold more than %u files",
                              OL_PRELOAD_FILES_MAX);
        else
            rc = visit(arg, entry, entry->fts_path + len, err);
    }
    fts_close(walk);
    return rc;
}

static int walk_all(ol_slice folders, visit_fn *visit, void *arg, ol_error *err)
{
    uint32_t files = 0;
    int rc = OL_OK;
    while (rc == OL_OK && folders.len > 0) {
        ptrdiff_t end = ol_slice_find(folders, '\n');
        size_t len = end < 0 ? folders.len : (size_t)end;
        char *folder = ol_strndup(folders.data, len);
        if (!folder)
            return ol_error_set(err, OL_ENOMEM, "preload_folders");
        rc = walk_folder(folder, &files, visit, arg, err);
        ol_free(folder);
        folders = ol_slice_from(folders, end < 0 ? len : len + 1);
    }
    return rc;
}

/* ---- contents ---- */

typedef struct digesting {
    EVP_MD_CTX *digest;
    uint64_t bytes;
} digesting;

static int unreadable(ol_error *err, const FTSENT *entry, int number)
{
    return ol_error_set(err, OL_ECONFIG, "preload_folders: %s: %s", entry->fts_path,
                        strerror(number));
}

static int add(digesting *d, const void *bytes, size_t len)
{
    return EVP_DigestUpdate(d->digest, bytes, len) == 1 ? OL_OK : OL_ENOMEM;
}

static int add_contents(digesting *d, int fd, const FTSENT *entry, ol_error *err)
{
    uint8_t chunk[CHUNK_BYTES];
    uint64_t bytes = 0;
    ssize_t n;
    while ((n = read(fd, chunk, sizeof(chunk))) != 0) {
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return unreadable(err, entry, errno);
        bytes += (uint64_t)n;
        if (d->bytes + bytes > OL_PRELOAD_BYTES_MAX)
            return ol_error_set(err, OL_ECONFIG, "preload_folders hold more than %llu MiB",
                                OL_PRELOAD_BYTES_MAX >> 20);
        if (add(d, chunk, (size_t)n) != OL_OK)
            return ol_error_set(err, OL_ENOMEM, "preload_folders");
    }
    d->bytes += bytes;
    return add(d, &bytes, sizeof(bytes)); /* so that the next name cannot pass for contents */
}

static int add_file(digesting *d, const FTSENT *entry, ol_error *err)
{
    int fd = open(entry->fts_path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | O_NOFOLLOW);
    if (fd < 0)
        return unreadable(err, entry, errno);
    int rc = add_contents(d, fd, entry, err);
    close(fd);
    return rc;
}

static int add_link(digesting *d, const FTSENT *entry, ol_error *err)
{
    char target[PATH_MAX];
    ssize_t len = readlink(entry->fts_path, target, sizeof(target));
    if (len < 0)
        return unreadable(err, entry, errno);
    if ((size_t)len == sizeof(target))
        return unreadable(err, entry, ENAMETOOLONG);
    return add(d, target, (size_t)len) == OL_OK && add(d, "", 1) == OL_OK ? OL_OK : OL_ENOMEM;
}

static int add_entry(void *arg, const FTSENT *entry, const char *path, ol_error *err)
{
    digesting *d = arg;
    const char kind = (char)('a' + entry->fts_info);
    if (entry->fts_info == FTS_DNR || entry->fts_info == FTS_ERR)
        return unreadable(err, entry, entry->fts_errno);
    if (add(d, &kind, 1) != OL_OK || add(d, path, strlen(path) + 1) != OL_OK)
        return ol_error_set(err, OL_ENOMEM, "preload_folders");
    if (entry->fts_info == FTS_F)
        return add_file(d, entry, err);
    if (entry->fts_info == FTS_SL || entry->fts_info == FTS_SLNONE)
        return add_link(d, entry, err);
    return OL_OK; /* a folder; or what is not there, or neither: no host can read it */
}

int ol_preload_digest(ol_slice folders, uint8_t digest[32], ol_error *err)
{
    if (folders.len == 0)
        return OL_OK;
    digesting d = {.digest = EVP_MD_CTX_new()};
    int rc = d.digest && EVP_DigestInit_ex(d.digest, EVP_sha256(), NULL) == 1 &&
                     add(&d, digest, 32) == OL_OK
                 ? OL_OK
                 : OL_ENOMEM;
    if (rc == OL_OK)
        rc = walk_all(folders, add_entry, &d, err);
    if (rc == OL_OK && EVP_DigestFinal_ex(d.digest, digest, NULL) != 1)
        rc = OL_ENOMEM;
    EVP_MD_CTX_free(d.digest);
    return rc == OL_OK ? OL_OK : ol_error_set(err, rc, "preload_folders");
}

/* ---- changes ---- */

static uint64_t mix(uint64_t id, uint64_t more)
{
    id = (id ^ more) * 0x9e3779b97f4a7c15ull;
    return id ^ id >> 29;
}

static int mix_entry(void *arg, const FTSENT *entry, const char *path, ol_error *err)
{
    uint64_t *id = arg;
    const struct stat *info = entry->fts_statp;
    (void)err;
    for (; *path; path++)
        *id = mix(*id, (uint8_t)*path);
    *id = mix(*id, (uint64_t)entry->fts_info);
    if (entry->fts_info == FTS_NS)
        return OL_OK;
    *id = mix(*id, (uint64_t)info->st_ino);
    *id = mix(*id, (uint64_t)info->st_size);
    *id = mix(*id, (uint64_t)info->st_mtim.tv_sec * 1000000000u + (uint64_t)info->st_mtim.tv_nsec);
    *id = mix(*id, (uint64_t)info->st_ctim.tv_sec * 1000000000u + (uint64_t)info->st_ctim.tv_nsec);
    return OL_OK;
}

uint64_t ol_preload_id(ol_slice folders)
{
    uint64_t id = folders.len;
    walk_all(folders, mix_entry, &id, NULL);
    return id;
}
