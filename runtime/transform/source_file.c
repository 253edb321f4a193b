/* SPDX-License-Identifier: MIT */
/*
 * Reading transforms' files. Shared objects are copied into a sealed memory file: the dynamic
 * loader wants a file, and the one on disk could be changed between hashing and loading, or
 * while it is mapped.
 */
#include "transform/source_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory_file.h"
#include "transform/writers.h"

#define CHUNK_BYTES (64u * 1024u)

static int refuse(ol_error *err, const char *why)
{
    return ol_error_set(err, OL_ECONFIG, "%s", why);
}

int ol_source_kind(const char *path, enum ol_program_kind *kind, ol_error *err)
{
    ol_slice name = ol_slice_cstr(path);
    if (ol_slice_ends(name, OL_SLICE_LIT(".lua")))
        *kind = OL_PROGRAM_LUA;
    else if (ol_slice_ends(name, OL_SLICE_LIT(".so")))
        *kind = OL_PROGRAM_SHARED;
    else
        return refuse(err, "a transform's file ends in .lua or .so");
    return OL_OK;
}

/* ---- identity ---- */

static int64_t to_ns(struct timespec t)
{
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static ol_source_id id_of(const struct stat *info)
{
    return (ol_source_id){
        .device = (uint64_t)info->st_dev,
        .inode = (uint64_t)info->st_ino,
        .size = (uint64_t)info->st_size,
        .modified_ns = to_ns(info->st_mtim),
        .changed_ns = to_ns(info->st_ctim),
    };
}

ol_source_id ol_source_id_of(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 ? id_of(&info) : (ol_source_id){0};
}

bool ol_source_id_eq(const ol_source_id *a, const ol_source_id *b)
{
    return a->device == b->device && a->inode == b->inode && a->size == b->size &&
           a->modified_ns == b->modified_ns && a->changed_ns == b->changed_ns &&
           a->libraries == b->libraries && a->preloaded == b->preloaded;
}

/* ---- trust ---- */

static int judge(int fd, const struct stat *info, enum ol_program_kind kind, ol_error *err)
{
    uint64_t max = kind == OL_PROGRAM_LUA ? OL_SOURCE_LUA_BYTES_MAX : OL_SOURCE_SHARED_BYTES_MAX;
    if (!S_ISREG(info->st_mode))
        return refuse(err, "it is not a regular file");
    if (info->st_uid != geteuid() && info->st_uid != 0)
        return refuse(err, "it belongs neither to the server's user nor to root");
    if (ol_others_may_write(fd, info))
        return refuse(err, "its group or others may write to it");
    if (info->st_size == 0)
        return refuse(err, "it is empty");
    if ((uint64_t)info->st_size > max)
        return ol_error_set(err, OL_ECONFIG, "it is larger than %llu bytes",
                            (unsigned long long)max);
    return OL_OK;
}

/* ---- bytes ---- */

typedef struct sink {
    EVP_MD_CTX *digest;
    ol_buf *text; /* Lua */
    int image_fd; /* shared object */
    uint64_t bytes, bytes_max;
} sink;

static int write_all(int fd, const uint8_t *data, size_t len)
{
    while (len > 0) {
        ssize_t n = write(fd, data, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return OL_ENOMEM;
        data += n;
        len -= (size_t)n;
    }
    return OL_OK;
}

static int take_chunk(sink *to, const uint8_t *data, size_t len)
{
    to->bytes += len;
    if (to->bytes > to->bytes_max)
        return OL_ELIMIT; /* it grew while it was read */
    if (EVP_DigestUpdate(to->digest, data, len) != 1)
        return OL_ENOMEM;
    return to->image_fd >= 0 ? write_all(to->image_fd, data, len)
                             : ol_buf_add(to->text, ol_slice_of(data, len));
}

static int copy_all(int fd, sink *to)
{
    uint8_t chunk[CHUNK_BYTES];
    for (;;) {
        ssize_t n = read(fd, chunk, sizeof(chunk));
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n == 0 ? OL_OK : OL_EINTERNAL;
        int rc = take_chunk(to, chunk, (size_t)n);
        if (rc != OL_OK)
            return rc;
    }
}

static int read_bytes(int fd, uint64_t bytes_max, ol_program *program, ol_buf *text, int image_fd)
{
    sink to = {.text = text, .image_fd = image_fd, .bytes_max = bytes_max};
    to.digest = EVP_MD_CTX_new();
    int rc = OL_OK;
    if (!to.digest || EVP_DigestInit_ex(to.digest, EVP_sha256(), NULL) != 1)
        rc = OL_ENOMEM;
    if (rc == OL_OK)
        rc = copy_all(fd, &to);
    if (rc == OL_OK && EVP_DigestFinal_ex(to.digest, program->digest, NULL) != 1)
        rc = OL_ENOMEM;
    EVP_MD_CTX_free(to.digest);
    return rc;
}

static int read_shared(int fd, uint64_t bytes, ol_program *program, ol_buf *text)
{
    int image = ol_memory_file("objlens-transform");
    if (image < 0)
        return OL_ENOMEM;
    int rc = read_bytes(fd, bytes, program, text, image);
    if (rc == OL_OK && fcntl(image, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW |
                                                     F_SEAL_SEAL) != 0)
        rc = OL_EINTERNAL;
    if (rc != OL_OK) {
        close(image);
        return rc;
    }
    program->image_fd = image;
    return OL_OK;
}

static int read_open_file(int fd, ol_program *program, ol_buf *text, ol_source_id *id,
                          ol_error *err)
{
    struct stat before, after;
    if (fstat(fd, &before) != 0)
        return refuse(err, strerror(errno));
    *id = id_of(&before);
    int rc = judge(fd, &before, program->kind, err);
    if (rc != OL_OK)
        return rc;
    uint64_t bytes = (uint64_t)before.st_size;
    program->image_fd = -1;
    rc = program->kind == OL_PROGRAM_SHARED ? read_shared(fd, bytes, program, text)
                                            : read_bytes(fd, bytes, program, text, -1);
    program->source = ol_buf_slice(text);
    if (rc == OL_ENOMEM)
        return ol_error_set(err, rc, "reading it");
    if (rc == OL_OK && fstat(fd, &after) == 0) {
        ol_source_id now = id_of(&after);
        if (ol_source_id_eq(id, &now))
            return OL_OK;
    }
    if (program->image_fd >= 0)
        close(program->image_fd);
    program->image_fd = -1;
    return refuse(err, rc == OL_OK || rc == OL_ELIMIT ? "it changed while it was read"
                                                      : "it could not be read");
}

int ol_source_read(ol_program *program, ol_buf *text, ol_source_id *id, ol_error *err)
{
    /* O_NONBLOCK: a FIFO must be refused, not waited for. */
    int fd = open(program->path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    *id = ol_source_id_of(program->path); /* of what is refused: only another state of it is worth another look */
    if (fd < 0)
        return refuse(err, strerror(errno));
    ol_buf_clear(text);
    int rc = read_open_file(fd, program, text, id, err);
    close(fd);
    return rc;
}
