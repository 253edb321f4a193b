/* SPDX-License-Identifier: MIT */
/*
 * Making the file: it is written under a name of its own, synced, then linked to its real
 * name, which fails when another process was quicker; then that one's keys are used. A crash
 * leaves either no credentials or whole ones.
 */
#include "control/config/credentials.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "control/config/files.h"
#include "control/config/names.h"

#define ACCESS_KEY_NAME "aws_access_key_id"
#define SECRET_KEY_NAME "aws_secret_access_key"
#define MADE_ACCESS_KEY_CHARS 20
#define MADE_SECRET_KEY_CHARS 40
#define FILE_BYTES_MAX 4096

static bool copy_key(char out[OL_CREDENTIALS_KEY_SIZE], ol_slice key)
{
    if (key.len >= OL_CREDENTIALS_KEY_SIZE)
        return false;
    if (key.len)
        memcpy(out, key.data, key.len);
    out[key.len] = '\0';
    return true;
}

static int take_keys(ol_credentials *out, ol_slice access_key, ol_slice secret_key,
                     const char *where, ol_error *err)
{
    const char *wrong = ol_name_access_key_wrong(access_key);
    if (wrong)
        return ol_error_set(err, OL_ECONFIG, "%s: the access key %s", where, wrong);
    wrong = ol_name_secret_key_wrong(secret_key);
    if (wrong)
        return ol_error_set(err, OL_ECONFIG, "%s: the secret key %s", where, wrong);
    if (!copy_key(out->access_key, access_key) || !copy_key(out->secret_key, secret_key))
        return ol_error_set(err, OL_ECONFIG, "%s: a key is too long", where);
    return OL_OK;
}

/* ---- the environment ---- */

static int from_environment(ol_credentials *out, ol_error *err)
{
    const char *access_key = getenv("OBJLENS_ACCESS_KEY");
    const char *secret_key = getenv("OBJLENS_SECRET_KEY");
    if (!access_key && !secret_key)
        return OL_SKIP;
    if (!access_key || !secret_key)
        return ol_error_set(err, OL_ECONFIG,
                            "OBJLENS_ACCESS_KEY and OBJLENS_SECRET_KEY belong together: %s is not "
                            "set",
                            access_key ? "OBJLENS_SECRET_KEY" : "OBJLENS_ACCESS_KEY");
    return take_keys(out, ol_slice_cstr(access_key), ol_slice_cstr(secret_key),
                     "OBJLENS_ACCESS_KEY and OBJLENS_SECRET_KEY", err);
}

/* ---- the file ---- */

/* The value of the first `name = value` line, or empty. */
static ol_slice find_value(ol_slice text, const char *name)
{
    while (text.len > 0) {
        ptrdiff_t end = ol_slice_find(text, '\n');
        ol_slice line = end < 0 ? text : ol_slice_first(text, (size_t)end);
        text = end < 0 ? OL_SLICE_NONE : ol_slice_from(text, (size_t)end + 1);
        ptrdiff_t equals = ol_slice_find(line, '=');
        if (equals > 0 && ol_slice_eq_cstr(ol_slice_trim(ol_slice_first(line, (size_t)equals)), name))
            return ol_slice_trim(ol_slice_from(line, (size_t)equals + 1));
    }
    return OL_SLICE_NONE;
}

static int from_file(ol_credentials *out, ol_error *err)
{
    ol_buf text;
    ol_buf_init_secret(&text, FILE_BYTES_MAX);
    int rc = ol_file_read_private(out->path, &text, err);
    if (rc == OL_OK)
        rc = take_keys(out, find_value(ol_buf_slice(&text), ACCESS_KEY_NAME),
                       find_value(ol_buf_slice(&text), SECRET_KEY_NAME), out->path, err);
    ol_buf_fini(&text);
    return rc;
}

/* ---- making them ---- */

/* `count` random letters of an alphabet of up to 64; each letter is equally likely. */
static bool random_letters(char *out, size_t count, const char *alphabet)
{
    size_t letters = strlen(alphabet);
    for (size_t i = 0; i < count;) {
        uint8_t byte;
        if (getrandom(&byte, 1, 0) != 1)
            return false;
        if ((byte & 63) < letters)
            out[i++] = alphabet[byte & 63];
    }
    out[count] = '\0';
    return true;
}

static bool make_keys(ol_credentials *out)
{
    static const char upper[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    static const char mixed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    static const char prefix[] = "OBJL"; /* so that it is not taken for a key of AWS */
    size_t len = sizeof(prefix) - 1;
    memcpy(out->access_key, prefix, len);
    return random_letters(out->access_key + len, MADE_ACCESS_KEY_CHARS - len, upper) &&
           random_letters(out->secret_key, MADE_SECRET_KEY_CHARS, mixed);
}

static bool sync_folder(const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool ok = fd >= 0 && fsync(fd) == 0;
    if (fd >= 0)
        close(fd);
    return ok;
}

static bool write_file(const ol_credentials *keys, const char *path)
{
    char text[512];
    int len = snprintf(text, sizeof(text), "[default]\n%s = %s\n%s = %s\n", ACCESS_KEY_NAME,
                       keys->access_key, SECRET_KEY_NAME, keys->secret_key);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    bool ok = fd >= 0 && write(fd, text, (size_t)len) == len && fsync(fd) == 0;
    if (fd >= 0)
        close(fd);
    ol_wipe(text, sizeof(text));
    return ok;
}

static int make_file(ol_credentials *out, const char *data_path, ol_error *err)
{
    char temporary[sizeof(out->path) + 32];
    snprintf(temporary, sizeof(temporary), "%s.%ld", out->path, (long)getpid());
    if (!make_keys(out))
        return ol_error_set(err, OL_EINTERNAL, "no random bytes: %s", strerror(errno));
    unlink(temporary); /* left by a crash of a process with this id */
    if (!write_file(out, temporary)) {
        int failure = errno;
        unlink(temporary);
        return ol_error_set(err, OL_ECONFIG, "%s: cannot be written: %s", out->path,
                            strerror(failure));
    }
    bool linked = link(temporary, out->path) == 0;
    int failure = errno;
    unlink(temporary);
    if (linked && sync_folder(data_path)) {
        out->made = true;
        return OL_OK;
    }
    if (!linked && failure == EEXIST)
        return from_file(out, err);
    return ol_error_set(err, OL_ECONFIG, "%s: cannot be written: %s", out->path, strerror(failure));
}

static int make_folder(const char *path, ol_error *err)
{
    if (mkdir(path, 0700) == 0 || errno == EEXIST)
        return OL_OK;
    return ol_error_set(err, OL_ECONFIG, "%s: cannot be made: %s", path, strerror(errno));
}

int ol_credentials_obtain(ol_credentials *out, const char *data_path, ol_error *err)
{
    *out = (ol_credentials){0};
    int rc = from_environment(out, err);
    if (rc != OL_SKIP)
        return rc;
    int len = snprintf(out->path, sizeof(out->path), "%s/credentials", data_path);
    if (len < 0 || (size_t)len >= sizeof(out->path))
        return ol_error_set(err, OL_ECONFIG, "the path of the data folder is too long");
    rc = from_file(out, err);
    if (rc != OL_SKIP)
        return rc;
    rc = make_folder(data_path, err);
    return rc == OL_OK ? make_file(out, data_path, err) : rc;
}

void ol_credentials_fini(ol_credentials *credentials)
{
    ol_wipe(credentials, sizeof(*credentials));
}
