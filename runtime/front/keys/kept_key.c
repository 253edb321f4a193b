/* SPDX-License-Identifier: MIT */
#include "front/keys/kept_key.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"

static int read_key(uint8_t key[OL_KEPT_KEY_BYTES], const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return errno == ENOENT ? OL_SKIP : OL_EINTERNAL;
    struct stat st;
    bool private_file = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && (st.st_mode & 077) == 0;
    ssize_t got = private_file ? read(fd, key, OL_KEPT_KEY_BYTES) : -1;
    close(fd);
    return got == OL_KEPT_KEY_BYTES ? OL_OK : OL_EINTERNAL;
}

static bool write_whole(int fd, const uint8_t *data, size_t len)
{
    while (len > 0) {
        ssize_t put = write(fd, data, len);
        if (put < 0 && errno == EINTR)
            continue;
        if (put <= 0)
            return false;
        data += put;
        len -= (size_t)put;
    }
    return true;
}

/* Written beside its name and renamed, so that a crash never leaves half a key. */
static int make_key(uint8_t key[OL_KEPT_KEY_BYTES], const char *path)
{
    char tmp[4200];
    if (RAND_bytes(key, OL_KEPT_KEY_BYTES) != 1)
        return OL_EINTERNAL;
    snprintf(tmp, sizeof(tmp), "%s.new", path);
    unlink(tmp);
    int fd = open(tmp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return OL_EINTERNAL;
    bool ok = write_whole(fd, key, OL_KEPT_KEY_BYTES) && fsync(fd) == 0;
    close(fd);
    return ok && rename(tmp, path) == 0 ? OL_OK : OL_EINTERNAL;
}

int ol_kept_key_load(uint8_t key[OL_KEPT_KEY_BYTES], const char *data_path, const char *name,
                     ol_error *err)
{
    char path[4128];
    if (snprintf(path, sizeof(path), "%s/%s", data_path, name) >= 4100)
        return ol_error_set(err, OL_ECONFIG, "the data folder's path is too long");
    int rc = mkdir(data_path, 0700) == 0 || errno == EEXIST ? read_key(key, path) : OL_EINTERNAL;
    if (rc == OL_SKIP)
        rc = make_key(key, path);
    if (rc != OL_OK)
        return ol_error_set(err, OL_ECONFIG,
                            "%s: cannot be read or made (it must hold %d bytes and be readable "
                            "by its owner only)",
                            path, OL_KEPT_KEY_BYTES);
    return OL_OK;
}

int ol_kept_key_derive(uint8_t key[OL_KEPT_KEY_BYTES], ol_slice shared, const char *purpose,
                       ol_error *err)
{
    unsigned len = 0;
    const void *made = HMAC(EVP_sha256(), shared.data, (int)shared.len, (const uint8_t *)purpose,
                            strlen(purpose), key, &len);
    return made && len == OL_KEPT_KEY_BYTES ? OL_OK
                                            : ol_error_set(err, OL_EINTERNAL, "deriving a key");
}
