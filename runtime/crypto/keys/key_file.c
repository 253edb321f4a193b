/* SPDX-License-Identifier: MIT */
#include "crypto/keys/key_file.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

static int fail(const ol_key_file *file, const char *what, ol_error *err)
{
    return ol_error_say(err, OL_ECONFIG, "%s %.200s: %s: %s", file->what, file->path, what,
                        strerror(errno));
}

static int check_owner(const ol_key_file *file, const struct stat *st, ol_error *err)
{
    if (!S_ISREG(st->st_mode))
        return ol_error_say(err, OL_ECONFIG, "%s %.200s: not a plain file", file->what, file->path);
    if (st->st_uid != geteuid() && !(file->or_root && st->st_uid == 0))
        return ol_error_say(err, OL_ECONFIG,
                            "%s %.200s: it belongs to user %u, not to the one that runs "
                            "objlens (%u)",
                            file->what, file->path, (unsigned)st->st_uid, (unsigned)geteuid());
    if (st->st_mode & 077)
        return ol_error_say(err, OL_ECONFIG,
                            "%s %.200s: others may read or change it (mode %04o); make it 0600",
                            file->what, file->path, (unsigned)st->st_mode & 07777);
    if (st->st_size < 0 || (size_t)st->st_size > file->bytes_max)
        return ol_error_say(err, OL_ECONFIG, "%s %.200s: too large", file->what, file->path);
    return OL_OK;
}

static int read_all(const ol_key_file *file, int fd, size_t size, ol_buf *text, ol_error *err)
{
    size_t end = text->len + size + 1;
    if (ol_buf_reserve(text, size + 1) != OL_OK)
        return ol_error_set(err, OL_ENOMEM, "%s", file->what);
    while (text->len < end) {
        ssize_t n = read(fd, text->data + text->len, end - text->len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return fail(file, "cannot be read", err);
        if (n == 0)
            return OL_OK;
        text->len += (size_t)n;
    }
    return ol_error_say(err, OL_ECONFIG, "%s %.200s: it grew while it was read", file->what,
                        file->path);
}

static bool is_space(uint8_t ch)
{
    return ch == ' ' || ch == '\t' || ch == '\r' || ch == '\n';
}

ol_slice ol_key_file_word(ol_slice text)
{
    while (text.len > 0 && is_space(text.data[0]))
        text = ol_slice_from(text, 1);
    while (text.len > 0 && is_space(text.data[text.len - 1]))
        text.len--;
    return text;
}

int ol_key_file_read(const ol_key_file *file, ol_buf *text, struct stat *st, ol_error *err)
{
    struct stat own;
    st = st ? st : &own;
    int fd = open(file->path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0 && errno == ENOENT)
        return ol_error_say(err, OL_ENOSUCHKEY, "%s %.200s: there is no such file", file->what,
                            file->path);
    if (fd < 0)
        return fail(file, "cannot be opened", err);
    int rc = fstat(fd, st) == 0 ? check_owner(file, st, err) : fail(file, "stat", err);
    if (rc == OL_OK)
        rc = read_all(file, fd, (size_t)st->st_size, text, err);
    close(fd);
    return rc;
}
