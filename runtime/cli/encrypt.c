/* SPDX-License-Identifier: MIT */
/*
 * objlens encrypt: the mirror of decrypt, for tests and for moving in: an object as an S3 encryption
 * client writes it, or as one of the tools does whose files tell everything themselves. Streams: what it wrote is only an object when it ended well.
 */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/limits.h"
#include "cli/cli.h"
#include "cli/sealed_keys.h"
#include "crypto/content/body_make.h"
#include "crypto/formats/s3_make.h"

#define ARENA_BYTES_MAX (2u * OL_MIB)
#define ROOM_BYTES (64u * 1024)
#define EXIT_REFUSED 3

typedef struct encrypting {
    const ol_options *options;
    ol_sealed_keys keys;
    enum ol_sealed_format format;
    ol_s3_making making;
    ol_body_making body; /* of formats without metadata */
    bool has_body;
} encrypting;

/* ---- options ---- */

static int choose_format(encrypting *self, ol_error *err)
{
    static const enum ol_sealed_format known[] = {
        OL_SEALED_S3_V3,  OL_SEALED_S3_V2, OL_SEALED_S3_V1,   OL_SEALED_AWS_SDK,
        OL_SEALED_RCLONE, OL_SEALED_AGE,   OL_SEALED_OPENSSL, OL_SEALED_PGP};
    const char *name = ol_options_value(self->options, "format", 0);
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if (strcmp(name, ol_sealed_format_name(known[i])) == 0) {
            self->format = known[i];
            self->has_body = ol_body_make_knows(known[i]);
            return OL_OK;
        }
    return ol_error_set(err, OL_EINVAL, "--format %s is none that can be written", name);
}

/* Nothing authenticates it. */
static bool is_legacy(const encrypting *self)
{
    return self->has_body ? self->format == OL_SEALED_OPENSSL
                          : self->making.wrap < OL_S3_WRAP_AES_GCM;
}

static bool key_fits(encrypting *self, const ol_key *key)
{
    ol_slice wrap = ol_slice_cstr(ol_options_value(self->options, "wrap", 0));
    if (self->has_body)
        return wrap.len == 0 && ol_body_make_takes(self->format, key);
    return ol_s3_wrap_choose(self->format, key, wrap, &self->making.wrap) == OL_OK;
}

/* The first key that the format and the wrap can take. */
static int choose_key(encrypting *self, ol_error *err)
{
    for (size_t i = 0; i < ol_keys_count(self->keys.keys); i++) {
        const ol_key *key = ol_keys_at(self->keys.keys, i);
        if (!key_fits(self, key))
            continue;
        self->making.key = self->body.key = key;
        self->body.keys = self->keys.keys;
        return !is_legacy(self) || ol_options_has(self->options, "allow-legacy")
                   ? OL_OK
                   : ol_error_set(err, OL_EINVAL, "legacy: only with --allow-legacy");
    }
    return ol_error_set(err, OL_EINVAL, "none of the keys can be used for this format");
}

static int read_context(encrypting *self, ol_error *err)
{
    const char *context = ol_options_value(self->options, "context", 0);
    ol_context *to = self->has_body ? &self->body.context : &self->making.context;
    if (!context)
        return OL_OK;
    if (self->has_body && self->format != OL_SEALED_AWS_SDK)
        return ol_error_set(err, OL_EINVAL, "this format has no context");
    return ol_context_parse(to, ol_slice_cstr(context), self->making.arena, err);
}

static int prepare(encrypting *self, ol_error *err)
{
    bool has_out = ol_options_value(self->options, "meta-out", 0) ||
                   ol_options_value(self->options, "instruction-out", 0);
    int rc = choose_format(self, err);
    self->making.format = self->body.format = self->format;
    if (rc == OL_OK && !has_out && !self->has_body)
        rc = ol_error_set(err, OL_EINVAL, "--meta-out is missing: the key would be lost");
    if (rc == OL_OK)
        rc = read_context(self, err);
    if (rc == OL_OK)
        rc = ol_sealed_keys_open(&self->keys, ol_options_value(self->options, "keys", 0), err);
    return rc == OL_OK ? choose_key(self, err) : rc;
}

/* ---- metadata ---- */

static int add_member(json_t *map, const char *prefix, const ol_header *header)
{
    char name[128];
    snprintf(name, sizeof(name), "%s%.*s", prefix, OL_SLICE_FMT(header->name));
    json_t *value = json_stringn((const char *)header->value.data, header->value.len);
    return value && json_object_set_new(map, name, value) == 0 ? OL_OK : OL_ENOMEM;
}

static int write_map(json_t *map, const char *path, ol_error *err)
{
    if (json_dump_file(map, path, JSON_COMPACT) != 0)
        return ol_error_set(err, OL_EPEER, "%s: %s", path, strerror(errno));
    return OL_OK;
}

/* Everything goes onto the object; or with an instruction file all that its format keeps there. */
static int write_meta(const encrypting *self, ol_error *err)
{
    const ol_headers *meta = &self->making.meta;
    const char *path = ol_options_value(self->options, "meta-out", 0);
    const char *file = ol_options_value(self->options, "instruction-out", 0);
    json_t *object = json_object(), *apart = json_object();
    int rc = object && apart ? OL_OK : OL_ENOMEM;
    for (size_t i = 0; rc == OL_OK && i < meta->count; i++) {
        bool on_object = !file || (self->making.format == OL_SEALED_S3_V3 &&
                                   ol_s3_is_object_field(meta->items[i].name));
        rc = add_member(on_object ? object : apart, on_object ? "x-amz-meta-" : "", &meta->items[i]);
    }
    if (rc != OL_OK)
        ol_error_set(err, rc, "metadata");
    if (rc == OL_OK && file)
        rc = write_map(apart, file, err);
    if (rc == OL_OK && path)
        rc = write_map(object, path, err);
    json_decref(object);
    json_decref(apart);
    return rc;
}

/* ---- the body ---- */

static int write_out(void *arg, ol_slice bytes, ol_error *err)
{
    (void)arg;
    if (bytes.len > 0 && fwrite(bytes.data, 1, bytes.len, stdout) != bytes.len)
        return ol_error_set(err, OL_EPEER, "standard output: %s", strerror(errno));
    return OL_OK;
}

static int generate(void *arg, const ol_key *key, ol_kms_call *call, ol_error *err)
{
    encrypting *self = arg;
    return ol_sealed_keys_generate(&self->keys, key, call, err);
}

static int pass_body(encrypting *self, uint8_t *room, ol_error *err)
{
    ssize_t n;
    int rc = OL_OK;
    while (rc == OL_OK && (n = read(STDIN_FILENO, room, ROOM_BYTES)) != 0) {
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return ol_error_set(err, OL_EPEER, "standard input: %s", strerror(errno));
        ol_slice plain = ol_slice_of(room, (size_t)n);
        rc = self->has_body ? ol_body_make_write(&self->body, plain, err)
                            : ol_s3_make_write(&self->making, plain, err);
    }
    if (rc == OL_OK)
        rc = self->has_body ? ol_body_make_finish(&self->body, err)
                            : ol_s3_make_finish(&self->making, err);
    if (rc == OL_OK && fflush(stdout) != 0)
        rc = ol_error_set(err, OL_EPEER, "standard output: %s", strerror(errno));
    return rc;
}

static int encrypt(encrypting *self, ol_error *err)
{
    uint8_t *room = ol_malloc(ROOM_BYTES);
    int rc = room ? prepare(self, err) : ol_error_set(err, OL_ENOMEM, "starting");
    /* The metadata comes first: without it the body would be lost. */
    if (rc == OL_OK && !self->has_body)
        rc = ol_s3_make_begin(&self->making, err);
    if (rc == OL_OK)
        rc = write_meta(self, err);
    if (rc == OL_OK && self->has_body)
        rc = ol_body_make_begin(&self->body, err);
    if (rc == OL_OK)
        rc = pass_body(self, room, err);
    if (room)
        ol_wipe(room, ROOM_BYTES);
    ol_free(room);
    return rc;
}

static int run(const ol_options *options)
{
    encrypting self = {.options = options};
    ol_error err = {0};
    if (!ol_options_value(options, "keys", 0) || !ol_options_value(options, "format", 0))
        return ol_cli_usage(options->command, "--format and --keys are needed");
    self.making.arena = ol_arena_new(ARENA_BYTES_MAX);
    self.making.generate = generate;
    self.making.write = write_out;
    self.making.arg = &self;
    self.body = (ol_body_making){.arena = self.making.arena, .generate = generate, .write = write_out,
                                 .arg = &self};
    ol_arena *arena = self.making.arena;
    int rc = arena ? encrypt(&self, &err) : ol_error_set(&err, OL_ENOMEM, "starting");
    if (rc != OL_OK)
        ol_cli_complain("%s", ol_cli_reason(&err));
    ol_s3_make_fini(&self.making);
    ol_body_make_fini(&self.body);
    ol_sealed_keys_close(&self.keys);
    ol_arena_destroy(arena);
    return rc == OL_OK ? OL_EXIT_OK : EXIT_REFUSED;
}

static const ol_option encrypt_options[] = {
    {"format", "NAME", false,
     "s3-v3 (commits to its key), s3-v2 or s3-v1 (legacy); aws-encryption-sdk (commits, too),\n"
     "rclone, age, openpgp, or openssl (legacy)"},
    {"wrap", "NAME", false,
     "how the content key is wrapped, as x-amz-wrap-alg names it; else the usual way of the\n"
     "first key that fits (AES/GCM, RSA-OAEP-SHA1, kms+context)"},
    {"keys", "FILE", false, "the keys, as decrypt takes them"},
    {"context", "JSON", false, "the encryption context, or the material description"},
    {"meta-out", "FILE", false, "where the object's headers go, as a JSON map"},
    {"instruction-out", "FILE", false, "the wrapped key goes into this instruction file"},
    {"allow-legacy", NULL, false, "also formats and wraps that nobody should write any more"},
};

const ol_command ol_command_encrypt = {
    .name = "encrypt",
    .operands = "",
    .summary = "Encrypt standard input as a client does that encrypts before it sends.",
    .about = "The mirror of decrypt: the body goes to standard output as it is made. The first key\n"
             "that the format can use is used. --wrap, --meta-out and --instruction-out are for the\n"
             "formats of S3 encryption clients: the others say everything in the body.\n\n"
             "Exit code 0: the object is complete. 3: it is not, whatever was written.",
    .options = encrypt_options,
    .option_count = sizeof(encrypt_options) / sizeof(encrypt_options[0]),
    .run = run,
};
