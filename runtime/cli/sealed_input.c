/* SPDX-License-Identifier: MIT */
#include "cli/sealed_input.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "crypto/content/sealed.h"
#include "crypto/formats/age_armor.h"

#define COPY_BYTES (256u * 1024)
#define PEEK_BYTES 2048u
#define META_BYTES_MAX (1u << 20)

static int failed(ol_error *err, const char *what)
{
    return ol_error_set(err, OL_EINTERNAL, "%s: %s", what, strerror(errno));
}

/* ---- the body ---- */

static int open_nameless(void)
{
    const char *folder = getenv("TMPDIR");
    char path[4096];
    folder = folder && folder[0] ? folder : "/tmp";
    int fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (fd >= 0)
        return fd;
    int len = snprintf(path, sizeof(path), "%s/objlens-XXXXXX", folder);
    if (len < 0 || (size_t)len >= sizeof(path))
        return -1;
    fd = mkostemp(path, O_CLOEXEC);
    if (fd >= 0)
        unlink(path);
    return fd;
}

static int write_all(int fd, const uint8_t *data, size_t len)
{
    while (len > 0) {
        ssize_t n = write(fd, data, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return -1;
        data += n;
        len -= (size_t)n;
    }
    return 0;
}

static int copy_in(ol_sealed_input *input, int from, ol_error *err)
{
    uint8_t *room = ol_malloc(COPY_BYTES);
    if (!room)
        return ol_error_set(err, OL_ENOMEM, "reading the body");
    ssize_t n;
    int rc = OL_OK;
    while (rc == OL_OK && (n = read(from, room, COPY_BYTES)) != 0) {
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            rc = failed(err, "standard input");
        else if (write_all(input->fd, room, (size_t)n) != 0)
            rc = failed(err, "a temporary file");
        else
            input->size += (uint64_t)n;
    }
    ol_free(room);
    return rc;
}

static int open_as_it_is(ol_sealed_input *input, int from, ol_error *err)
{
    struct stat st;
    *input = (ol_sealed_input){.fd = from};
    if (fstat(from, &st) != 0)
        return failed(err, "standard input");
    off_t at = S_ISREG(st.st_mode) ? lseek(from, 0, SEEK_CUR) : -1;
    if (at >= 0) {
        input->base = (uint64_t)at;
        input->size = st.st_size > at ? (uint64_t)(st.st_size - at) : 0;
        return OL_OK;
    }
    input->fd = open_nameless();
    if (input->fd < 0)
        return failed(err, "a temporary file");
    input->own_fd = true;
    return copy_in(input, from, err);
}

/* What the text holds, into a file of its own. */
static int copy_decoded(const ol_sealed_input *text, ol_sealed_input *input, uint8_t *room,
                        ol_buf *bytes, ol_error *err)
{
    ol_age_armor armor = {.len = 0};
    for (uint64_t at = 0; at < text->size;) {
        size_t got = 0;
        int rc = ol_sealed_input_read(text, at, (ol_span){room, COPY_BYTES}, &got, err);
        if (rc == OL_OK && got == 0)
            break;
        if (rc == OL_OK)
            rc = ol_age_armor_take(&armor, ol_slice_of(room, got), bytes);
        if (rc != OL_OK)
            return ol_error_set(err, rc, "its text form is malformed");
        if (write_all(input->fd, bytes->data, bytes->len) != 0)
            return failed(err, "a temporary file");
        input->size += bytes->len;
        at += got;
        ol_buf_clear(bytes);
    }
    int rc = ol_age_armor_end(&armor, bytes); /* the closing mark holds nothing */
    return rc == OL_OK ? OL_OK : ol_error_set(err, OL_EDECRYPT, "its text form is cut");
}

static int decode_text(ol_sealed_input *input, ol_error *err)
{
    ol_sealed_input text = *input;
    ol_buf bytes;
    *input = (ol_sealed_input){.fd = open_nameless(), .own_fd = true};
    ol_buf_init(&bytes, COPY_BYTES);
    uint8_t *room = ol_malloc(COPY_BYTES);
    int rc;
    if (input->fd < 0)
        rc = failed(err, "a temporary file");
    else if (!room)
        rc = ol_error_set(err, OL_ENOMEM, "reading the body");
    else
        rc = copy_decoded(&text, input, room, &bytes, err);
    ol_free(room);
    ol_buf_fini(&bytes);
    ol_sealed_input_close(&text);
    return rc;
}

int ol_sealed_input_open(ol_sealed_input *input, int from, ol_error *err)
{
    uint8_t first[PEEK_BYTES];
    size_t got = 0;
    int rc = open_as_it_is(input, from, err);
    if (rc == OL_OK)
        rc = ol_sealed_input_read(input, 0, (ol_span){first, sizeof(first)}, &got, err);
    return rc == OL_OK && ol_age_armor_is_one(ol_slice_of(first, got)) ? decode_text(input, err) : rc;
}

void ol_sealed_input_close(ol_sealed_input *input)
{
    if (input->own_fd && input->fd >= 0)
        close(input->fd);
    input->own_fd = false;
}

int ol_sealed_input_read(const ol_sealed_input *input, uint64_t offset, ol_span span, size_t *got,
                         ol_error *err)
{
    *got = 0;
    while (*got < span.len) {
        ssize_t n = pread(input->fd, span.data + *got, span.len - *got,
                          (off_t)(input->base + offset + *got));
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return failed(err, "the body");
        if (n == 0)
            break;
        *got += (size_t)n;
    }
    return OL_OK;
}

/* ---- small files ---- */

int ol_small_file_read(const char *path, ol_buf *out, ol_error *err)
{
    uint8_t room[4096];
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return failed(err, path);
    ssize_t n;
    int rc = OL_OK;
    while (rc == OL_OK && (n = read(fd, room, sizeof(room))) != 0) {
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            rc = failed(err, path);
        else if (ol_buf_add(out, ol_slice_of(room, (size_t)n)) != OL_OK)
            rc = ol_error_set(err, OL_ELIMIT, "%s is too long", path);
    }
    ol_wipe(room, sizeof(room));
    close(fd);
    return rc;
}

/* Line breaks cannot be in a header: in a map of them they are its folded lines. */
static int unfolded(ol_buf *text, ol_slice value)
{
    int rc = OL_OK;
    for (size_t i = 0; rc == OL_OK && i < value.len; i++) {
        uint8_t c = value.data[i];
        rc = ol_buf_add_byte(text, c == '\r' || c == '\n' ? ' ' : c);
    }
    return rc;
}

static int add_header(ol_headers *headers, ol_slice name, ol_slice value)
{
    static const ol_slice prefix = {(const uint8_t *)"x-amz-meta-", 11};
    char full[256];
    ol_buf text;
    if (name.len == 0 || name.len + prefix.len >= sizeof(full))
        return OL_SKIP;
    memcpy(full, prefix.data, prefix.len);
    memcpy(full + prefix.len, name.data, name.len);
    ol_slice with_prefix = ol_slice_of(full, prefix.len + name.len);
    if (ol_sealed_is_private_header(with_prefix))
        name = with_prefix;
    else if (ol_sealed_is_private_header(name))
        memcpy(full, name.data, name.len);
    else
        return OL_SKIP;
    for (size_t i = 0; i < name.len; i++)
        full[i] = (char)(full[i] >= 'A' && full[i] <= 'Z' ? full[i] | 0x20 : full[i]);
    ol_buf_init(&text, META_BYTES_MAX);
    int rc = unfolded(&text, value);
    if (rc == OL_OK)
        rc = ol_headers_add(headers, ol_slice_of(full, name.len), ol_slice_trim(ol_buf_slice(&text)));
    ol_buf_fini(&text);
    return rc;
}

static int add_member(ol_headers *headers, const char *name, json_t *value)
{
    char number[32];
    ol_slice text = OL_SLICE_NONE;
    if (json_is_string(value))
        text = ol_slice_of(json_string_value(value), json_string_length(value));
    else if (json_is_integer(value))
        text = ol_slice_of(number, (size_t)snprintf(number, sizeof(number), "%lld",
                                                    (long long)json_integer_value(value)));
    else
        return OL_SKIP; /* nothing that a header could carry */
    return add_header(headers, ol_slice_cstr(name), text);
}

int ol_sealed_meta_read(const char *path, ol_headers *headers, ol_error *err)
{
    ol_buf text;
    json_error_t why;
    const char *name;
    json_t *value;
    ol_buf_init(&text, META_BYTES_MAX);
    int rc = ol_small_file_read(path, &text, err);
    json_t *object = rc == OL_OK ? json_loadb((const char *)text.data, text.len,
                                              JSON_REJECT_DUPLICATES, &why)
                                 : NULL;
    if (rc == OL_OK && !json_is_object(object))
        rc = ol_error_set(err, OL_EINVAL, "%s is not a JSON map of headers", path);
    if (rc == OL_OK)
        json_object_foreach(object, name, value)
            if (add_member(headers, name, value) < 0)
                rc = ol_error_set(err, OL_ELIMIT, "%s: too many headers, or what is none", path);
    json_decref(object);
    ol_buf_fini(&text);
    return rc;
}
