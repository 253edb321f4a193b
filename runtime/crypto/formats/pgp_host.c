/* SPDX-License-Identifier: MIT */
/*
 * The inside of an OpenPGP host (pgp_host.h). Blocking; one message, then the end. What it is given
 * first (keys, a password) is the operator's; all that follows is foreign.
 *
 * The library tells of a wrong checksum only at the end, so plaintext is answered unverified, and the
 * last record says whether it may be believed.
 */
#include "crypto/formats/pgp_host.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <rnp/rnp.h>
#include <rnp/rnp_err.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "crypto/formats/pgp_packets.h"
#include "crypto/keys/secret.h"

#define SOCKET STDIN_FILENO
/* Compression makes a thousandth of something uniform; what claims more is made to do harm. */
#define RATIO_MAX 1100u
#define RATIO_FREE_BYTES (64ull << 20)
#define PASSWORD_BYTES_MAX 1024u

/* The library is loaded here and nowhere else: its calls, by their names. */
#define CALLS(X)                                                                                   \
    X(rnp_ffi_create)                                                                              \
    X(rnp_ffi_set_log_fd)                                                                          \
    X(rnp_ffi_set_pass_provider)                                                                   \
    X(rnp_import_keys)                                                                             \
    X(rnp_input_from_memory)                                                                       \
    X(rnp_input_from_callback)                                                                     \
    X(rnp_input_destroy)                                                                           \
    X(rnp_output_to_callback)                                                                      \
    X(rnp_op_verify_create)                                                                        \
    X(rnp_op_verify_set_flags)                                                                     \
    X(rnp_op_verify_execute)                                                                       \
    X(rnp_op_verify_get_protection_info)                                                           \
    X(rnp_op_encrypt_create)                                                                       \
    X(rnp_op_encrypt_add_password)                                                                 \
    X(rnp_op_encrypt_add_recipient)                                                                \
    X(rnp_op_encrypt_set_cipher)                                                                   \
    X(rnp_op_encrypt_set_compression)                                                              \
    X(rnp_op_encrypt_execute)                                                                      \
    X(rnp_identifier_iterator_create)                                                              \
    X(rnp_identifier_iterator_next)                                                                \
    X(rnp_locate_key)                                                                              \
    X(rnp_key_is_primary)

typedef struct calls {
#define MEMBER(name) __typeof__(&name) name;
    CALLS(MEMBER)
} calls;

typedef struct host {
    calls rnp;
    rnp_ffi_t ffi;
    uint8_t mode; /* enum ol_pgp_mode */
    char password[PASSWORD_BYTES_MAX];
    bool knows_text; /* whether the message is in text form */
    bool is_text;
    bool ended;      /* nothing more is to be read */
    bool broken;     /* no message that may be opened */
    ol_pgp_packets walk;
    uint64_t taken, given;
} host;

/* ---- the socket ---- */

static bool read_exactly(void *to, size_t len)
{
    for (uint8_t *at = to; len > 0;) {
        ssize_t n = read(SOCKET, at, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        at += n;
        len -= (size_t)n;
    }
    return true;
}

static bool write_exactly(const void *from, size_t len)
{
    for (const uint8_t *at = from; len > 0;) {
        ssize_t n = write(SOCKET, at, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        at += n;
        len -= (size_t)n;
    }
    return true;
}

static bool read_length(uint32_t *length)
{
    uint8_t b[4];
    if (!read_exactly(b, sizeof(b)))
        return false;
    *length = (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
    return true;
}

static bool write_length(uint32_t length)
{
    const uint8_t b[4] = {(uint8_t)(length >> 24), (uint8_t)(length >> 16), (uint8_t)(length >> 8),
                          (uint8_t)length};
    return write_exactly(b, sizeof(b));
}

/* ---- the library ---- */

static bool load(calls *rnp)
{
    void *library = dlopen(OL_PGP_LIBRARY, RTLD_NOW | RTLD_LOCAL);
    bool complete = library != NULL;
#define FIND(name) complete = complete && (*(void **)&rnp->name = dlsym(library, #name)) != NULL;
    CALLS(FIND)
    return complete;
}

static bool give_password(rnp_ffi_t ffi, void *arg, rnp_key_handle_t key, const char *why,
                          char *buf, size_t size)
{
    (void)ffi, (void)key, (void)why;
    const host *self = arg;
    size_t len = strlen(self->password);
    if (len >= size)
        return false;
    memcpy(buf, self->password, len + 1);
    return true;
}

/* As much as there is; the end when that is nothing. */
static bool take_message(void *arg, void *buf, size_t len, size_t *got)
{
    host *self = arg;
    ssize_t n = 0;
    *got = 0;
    while (!self->ended && (n = read(SOCKET, buf, len)) < 0 && errno == EINTR)
        continue;
    if (n < 0)
        return false;
    self->ended = n == 0;
    ol_slice bytes = ol_slice_of(buf, (size_t)n);
    self->taken += (uint64_t)n;
    *got = (size_t)n;
    if (self->mode == OL_PGP_ENCRYPT)
        return true;
    if (!self->knows_text)
        self->is_text = ol_pgp_is_text(bytes);
    self->knows_text = true;
    if (!self->is_text && ol_pgp_packets_take(&self->walk, bytes) != OL_OK)
        self->broken = true;
    return !self->broken;
}

static bool give_output(void *arg, const void *buf, size_t len)
{
    host *self = arg;
    const uint8_t *at = buf;
    self->given += len;
    if (self->broken || self->given > RATIO_FREE_BYTES + self->taken * RATIO_MAX)
        return false;
    while (len > 0) {
        size_t now = len < OL_PGP_RECORD_BYTES_MAX ? len : OL_PGP_RECORD_BYTES_MAX;
        if (!write_length((uint32_t)now) || !write_exactly(at, now))
            return false;
        at += now;
        len -= now;
    }
    return true;
}

/* ---- keys ---- */

static bool take_password(host *self)
{
    uint32_t len;
    return read_length(&len) && len < sizeof(self->password) && read_exactly(self->password, len);
}

/* One that cannot be read does not keep the others from being tried. */
static bool take_key(host *self, uint32_t len)
{
    rnp_input_t input = NULL;
    uint8_t *bytes = len > 0 && len <= OL_PGP_KEYS_BYTES_MAX ? ol_malloc(len) : NULL;
    bool good = bytes && read_exactly(bytes, len);
    if (good && self->rnp.rnp_input_from_memory(&input, bytes, len, false) == RNP_SUCCESS) {
        self->rnp.rnp_import_keys(self->ffi, input,
                                  RNP_LOAD_SAVE_SECRET_KEYS | RNP_LOAD_SAVE_PUBLIC_KEYS |
                                      RNP_LOAD_SAVE_PERMISSIVE,
                                  NULL);
        self->rnp.rnp_input_destroy(input);
    }
    if (bytes)
        ol_wipe(bytes, len);
    ol_free(bytes);
    return good;
}

static bool take_keys(host *self)
{
    uint32_t len;
    for (;;) {
        if (!read_length(&len))
            return false;
        if (len == OL_PGP_KEYS_END)
            return true;
        if (!take_key(self, len))
            return false;
    }
}

static bool prepare(host *self)
{
    int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
    ol_error err = {0};
    return null >= 0 && read_exactly(&self->mode, 1) && load(&self->rnp) &&
           self->rnp.rnp_ffi_create(&self->ffi, "GPG", "GPG") == RNP_SUCCESS &&
           self->rnp.rnp_ffi_set_log_fd(self->ffi, null) == RNP_SUCCESS &&
           self->rnp.rnp_ffi_set_pass_provider(self->ffi, give_password, self) == RNP_SUCCESS &&
           take_password(self) && take_keys(self) && ol_pgp_host_wall(&err) == OL_OK;
}

/* ---- the message ---- */

static bool is_protected(host *self, rnp_op_verify_t op)
{
    char *mode = NULL;
    bool valid = false;
    return self->rnp.rnp_op_verify_get_protection_info(op, &mode, NULL, &valid) == RNP_SUCCESS &&
           mode && valid && (strcmp(mode, "cfb-mdc") == 0 || strncmp(mode, "aead-", 5) == 0);
}

/* What the library did not want to see any more. */
static bool ends_here(host *self)
{
    uint8_t rest[512];
    size_t got = 1;
    while (got > 0)
        if (!take_message(self, rest, sizeof(rest), &got))
            return false;
    return self->is_text || ol_pgp_packets_is_whole(&self->walk);
}

static bool decrypt(host *self)
{
    rnp_input_t input = NULL;
    rnp_output_t output = NULL;
    rnp_op_verify_t op = NULL;
    return self->rnp.rnp_input_from_callback(&input, take_message, NULL, self) == RNP_SUCCESS &&
           self->rnp.rnp_output_to_callback(&output, give_output, NULL, self) == RNP_SUCCESS &&
           self->rnp.rnp_op_verify_create(&op, self->ffi, input, output) == RNP_SUCCESS &&
           /* Who signed it is not asked here. */
           self->rnp.rnp_op_verify_set_flags(op, RNP_VERIFY_IGNORE_SIGS_ON_DECRYPT) == RNP_SUCCESS &&
           self->rnp.rnp_op_verify_execute(op) == RNP_SUCCESS && is_protected(self, op) &&
           ends_here(self) && !self->broken;
}

/* ---- the other direction ---- */

static bool add_recipients(host *self, rnp_op_encrypt_t op)
{
    rnp_identifier_iterator_t each = NULL;
    const char *name = NULL;
    size_t count = 0;
    if (self->password[0])
        return self->rnp.rnp_op_encrypt_add_password(op, self->password, "SHA256", 0, "AES256") ==
               RNP_SUCCESS;
    if (self->rnp.rnp_identifier_iterator_create(self->ffi, &each, "fingerprint") != RNP_SUCCESS)
        return false;
    while (self->rnp.rnp_identifier_iterator_next(each, &name) == RNP_SUCCESS && name) {
        rnp_key_handle_t key = NULL;
        bool is_primary = false;
        if (self->rnp.rnp_locate_key(self->ffi, "fingerprint", name, &key) != RNP_SUCCESS ||
            self->rnp.rnp_key_is_primary(key, &is_primary) != RNP_SUCCESS)
            return false;
        if (is_primary && self->rnp.rnp_op_encrypt_add_recipient(op, key) != RNP_SUCCESS)
            return false;
        count += is_primary;
    }
    return count > 0;
}

static bool encrypt(host *self)
{
    rnp_input_t input = NULL;
    rnp_output_t output = NULL;
    rnp_op_encrypt_t op = NULL;
    return self->rnp.rnp_input_from_callback(&input, take_message, NULL, self) == RNP_SUCCESS &&
           self->rnp.rnp_output_to_callback(&output, give_output, NULL, self) == RNP_SUCCESS &&
           self->rnp.rnp_op_encrypt_create(&op, self->ffi, input, output) == RNP_SUCCESS &&
           add_recipients(self, op) &&
           self->rnp.rnp_op_encrypt_set_cipher(op, "AES256") == RNP_SUCCESS &&
           self->rnp.rnp_op_encrypt_set_compression(op, "Uncompressed", 0) == RNP_SUCCESS &&
           self->rnp.rnp_op_encrypt_execute(op) == RNP_SUCCESS;
}

int ol_pgp_host_main(void)
{
    host *self = ol_calloc(1, sizeof(*self));
    bool good = self && prepare(self) &&
                (self->mode == OL_PGP_ENCRYPT ? encrypt(self) : decrypt(self));
    good = write_length(good ? OL_PGP_AUTHENTIC : OL_PGP_REFUSED) && good;
    if (self)
        ol_wipe(self->password, sizeof(self->password));
    _exit(good ? 0 : 1); /* nothing is left to do, and libraries may not do it behind the wall */
}
