/* SPDX-License-Identifier: MIT */
/*
 * objlens decrypt: opens what a client encrypted, without a server: for tests and for moving away.
 * The body is verified from end to end before the first byte is written.
 */
#include <errno.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/limits.h"
#include "cli/cli.h"
#include "cli/sealed_input.h"
#include "cli/sealed_keys.h"
#include "crypto/content/content_sync.h"
#include "crypto/keys/secret.h"

#define ARENA_BYTES_MAX (8u * OL_MIB)
#define HEADER_BYTES_MAX (1u * OL_MIB)
#define EXIT_REFUSED 3 /* nothing was written */

typedef struct decrypting {
    const ol_options *options;
    ol_arena *arena;
    ol_headers headers;
    ol_buf instruction;
    ol_context expected;
    ol_sealed_keys keys;
    ol_sealed_rules rules;
    ol_sealed_input input;
    ol_slice header; /* the body's first bytes, as many as its format's header takes */
    bool has_range, is_suffix, is_open;
    uint64_t first, last;
    uint64_t at; /* of the plaintext that is being written */
    uint64_t from, to; /* what of it is wanted */
} decrypting;

/* ---- options ---- */

static int bad_range(ol_error *err)
{
    return ol_error_set(err, OL_EINVAL, "--range is A-B, A- or -N, in bytes of the plaintext");
}

static int read_range(decrypting *self, ol_error *err)
{
    const char *given = ol_options_value(self->options, "range", 0);
    if (!given)
        return OL_OK;
    ol_slice text = ol_slice_cstr(given), unit = OL_SLICE_LIT("bytes=");
    text = ol_slice_starts(text, unit) ? ol_slice_from(text, unit.len) : text;
    ptrdiff_t dash = ol_slice_find(text, '-');
    if (dash < 0)
        return bad_range(err);
    ol_slice a = ol_slice_first(text, (size_t)dash), b = ol_slice_from(text, (size_t)dash + 1);
    self->has_range = true;
    self->is_suffix = a.len == 0;
    self->is_open = b.len == 0;
    if ((self->is_suffix && self->is_open) || (a.len > 0 && !ol_slice_u64(a, &self->first)) ||
        (b.len > 0 && !ol_slice_u64(b, &self->last)) ||
        (a.len > 0 && b.len > 0 && self->last < self->first))
        return bad_range(err);
    return OL_OK;
}

static int read_context(decrypting *self, ol_error *err)
{
    const char *given = ol_options_value(self->options, "context", 0);
    return given ? ol_context_parse(&self->expected, ol_slice_cstr(given), self->arena, err) : OL_OK;
}

static int read_files(decrypting *self, ol_error *err)
{
    const char *meta = ol_options_value(self->options, "meta", 0);
    const char *instruction = ol_options_value(self->options, "instruction", 0);
    int rc = meta ? ol_sealed_meta_read(meta, &self->headers, err) : OL_OK;
    if (rc == OL_OK && instruction)
        rc = ol_small_file_read(instruction, &self->instruction, err);
    if (rc == OL_OK)
        rc = ol_sealed_keys_open(&self->keys, ol_options_value(self->options, "keys", 0), err);
    return rc == OL_OK ? ol_sealed_input_open(&self->input, STDIN_FILENO, err) : rc;
}

/* ---- opening ---- */

/* Of the format that the headers do not name: these come first. */
static enum ol_sealed_format format_in_body(const decrypting *self, ol_slice first)
{
    enum ol_sealed_format format;
    bool needs_instruction;
    ol_error unused = {0};
    int rc = ol_sealed_recognise(self->headers.items, self->headers.count, &format,
                                 &needs_instruction, &unused);
    bool elsewhere = rc != OL_OK || format != OL_SEALED_NONE || self->instruction.len > 0;
    return elsewhere ? OL_SEALED_NONE : ol_sealed_recognise_bytes(first);
}

/* As many of the body's first bytes as the format's header takes. */
static int read_header(decrypting *self, ol_slice *first, ol_error *err)
{
    size_t want = OL_SEALED_PEEK_BYTES, got = 0;
    uint8_t *room = ol_arena_alloc(self->arena, HEADER_BYTES_MAX);
    if (!room)
        return ol_error_set(err, OL_ENOMEM, "header");
    for (;;) {
        size_t now = 0;
        int rc = ol_sealed_input_read(&self->input, got, (ol_span){room + got, want - got}, &now,
                                      err);
        if (rc != OL_OK)
            return rc;
        got += now;
        *first = ol_slice_of(room, got);
        if (now == 0 && got < want)
            return OL_OK; /* the body is no longer than that: open will judge it */
        rc = ol_sealed_header_bytes(format_in_body(self, *first), *first, &want, err);
        if (rc < 0 || want <= got)
            return rc < 0 ? rc : OL_OK;
        if (want > HEADER_BYTES_MAX)
            return ol_error_set(err, OL_EDECRYPT, "its header is too long");
    }
}

static int open_sealed(decrypting *self, unsigned attempt, ol_sealed **sealed, ol_error *err)
{
    bool has_context = ol_options_value(self->options, "context", 0) != NULL;
    ol_sealed_ask ask = {.arena = self->arena,
                         .rules = &self->rules,
                         .headers = self->headers.items,
                         .header_count = self->headers.count,
                         .instruction = ol_buf_slice(&self->instruction),
                         .first = self->header,
                         .size = self->input.size,
                         .attempt = attempt,
                         .expected_context = has_context ? &self->expected : NULL};
    int rc = ol_sealed_keys_ask(&self->keys, &ask, err);
    *sealed = ask.sealed;
    return rc;
}

/* ---- the body ---- */

static int read_body(void *arg, uint64_t offset, ol_span span, size_t *got, ol_error *err)
{
    const decrypting *self = arg;
    return ol_sealed_input_read(&self->input, offset, span, got, err);
}

static int write_out(ol_slice bytes, ol_error *err)
{
    while (bytes.len > 0) {
        ssize_t n = write(STDOUT_FILENO, bytes.data, bytes.len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return ol_error_set(err, OL_EPEER, "standard output: %s", strerror(errno));
        bytes = ol_slice_from(bytes, (size_t)n);
    }
    return OL_OK;
}

static int write_plain(void *arg, ol_slice plain, ol_error *err)
{
    decrypting *self = arg;
    uint64_t begin = self->at, end = self->at + plain.len;
    self->at = end;
    uint64_t from = begin > self->from ? begin : self->from, to = end < self->to ? end : self->to;
    if (from >= to)
        return OL_OK;
    return write_out(ol_slice_of(plain.data + (from - begin), (size_t)(to - from)), err);
}

static int settle_range(decrypting *self, uint64_t size, ol_error *err)
{
    self->to = size;
    if (!self->has_range)
        return OL_OK;
    if (self->is_suffix)
        self->from = self->last < size ? size - self->last : 0;
    else
        self->from = self->first;
    if (!self->is_suffix && !self->is_open && self->last < size)
        self->to = self->last + 1;
    if (self->from >= size || (self->is_suffix && self->last == 0))
        return ol_error_set(err, OL_ERANGE, "the plaintext has %llu bytes",
                            (unsigned long long)size);
    return OL_OK;
}

/* One way to open it. */
typedef struct way {
    decrypting *self;
    ol_sealed *sealed;
    uint64_t size;
    uint8_t begin[64]; /* of the plaintext */
    size_t begin_len;
} way;

static int keep_begin(void *arg, ol_slice plain, ol_error *err)
{
    (void)err;
    way *self = arg;
    ol_slice some = ol_slice_first(plain, sizeof(self->begin) - self->begin_len);
    if (some.len > 0)
        memcpy(self->begin + self->begin_len, some.data, some.len);
    self->begin_len += some.len;
    return OL_OK;
}

static int read_body_of_way(void *arg, uint64_t offset, ol_span span, size_t *got, ol_error *err)
{
    const way *self = arg;
    return ol_sealed_input_read(&self->self->input, offset, span, got, err);
}

/* Opens and verifies. */
static int try_way(way *self, unsigned attempt, ol_error *err)
{
    ol_content_io io = {.read = read_body_of_way, .write = keep_begin, .arg = self};
    int rc = open_sealed(self->self, attempt, &self->sealed, err);
    return rc == OL_OK ? ol_content_run(self->sealed, &io, &self->size, err) : rc;
}

static bool begins_as_text(const way *self)
{
    for (size_t i = 0; i < self->begin_len; i++)
        if ((self->begin[i] < ' ' && self->begin[i] != '\n' && self->begin[i] != '\r' &&
             self->begin[i] != '\t') || self->begin[i] == 0x7f)
            return false;
    return true;
}

/* More padding is better; as much, but text, too. 0: nothing tells them apart. */
static int compare(const way *a, const way *b)
{
    if (a->size != b->size)
        return a->size < b->size ? 1 : -1;
    return begins_as_text(a) - begins_as_text(b);
}

static void take_better(way *best, way *other, bool *tie)
{
    int order = best->sealed ? compare(other, best) : 1;
    *tie = order == 0 || (*tie && order < 0);
    if (order <= 0) {
        ol_sealed_release(other->sealed);
        return;
    }
    ol_sealed_release(best->sealed);
    *best = *other;
}

/* Files of openssl do not tell how they were made, and a wrong way ends in what looks like padding now
 * and then, hardly ever in much of it: the way with the most padding is it. Two that nothing tells
 * apart: neither. Messages of OpenPGP do not tell for which password; the one that opens is it. */
static int find_way(decrypting *self, ol_sealed **sealed, uint64_t *size, ol_error *err)
{
    way best = {.self = self};
    bool tie = false, many = true;
    for (unsigned attempt = 0; many; attempt++) {
        way other = {.self = self};
        ol_error why = {0};
        int rc = try_way(&other, attempt, &why);
        enum ol_sealed_format format = other.sealed ? ol_sealed_format_of(other.sealed)
                                                    : OL_SEALED_NONE;
        many = format == OL_SEALED_OPENSSL || (format == OL_SEALED_PGP && rc != OL_OK);
        if (rc == OL_OK)
            take_better(&best, &other, &tie);
        else
            ol_sealed_release(other.sealed);
        if (rc < 0 && err->code == OL_OK)
            *err = why;
        ol_wipe(&other, sizeof(other));
    }
    *sealed = best.sealed;
    *size = best.size;
    ol_wipe(best.begin, sizeof(best.begin));
    if (*sealed && !tie)
        return OL_OK;
    return err->code != OL_OK ? err->code : ol_error_set(err, OL_EDECRYPT, "more than one way fits");
}

static int release(decrypting *self, ol_sealed *sealed, uint64_t size, ol_error *err)
{
    ol_content_io io = {.read = read_body, .write = write_plain, .arg = self};
    int rc = settle_range(self, size, err);
    return rc == OL_OK ? ol_content_run(sealed, &io, &size, err) : rc;
}

static int decrypt(decrypting *self, ol_error *err)
{
    ol_sealed *sealed = NULL;
    uint64_t size = 0;
    int rc = read_range(self, err);
    if (rc == OL_OK)
        rc = read_context(self, err);
    if (rc == OL_OK)
        rc = read_files(self, err);
    if (rc == OL_OK)
        rc = read_header(self, &self->header, err);
    if (rc == OL_OK)
        rc = find_way(self, &sealed, &size, err);
    if (rc == OL_OK)
        rc = release(self, sealed, size, err);
    ol_sealed_release(sealed);
    return rc;
}

static void close_all(decrypting *self)
{
    ol_sealed_input_close(&self->input);
    ol_sealed_keys_close(&self->keys);
    ol_buf_fini(&self->instruction);
    ol_arena_destroy(self->arena);
}

static int run(const ol_options *options)
{
    decrypting self = {.options = options, .input.fd = -1};
    ol_error err = {0};
    if (!ol_options_value(options, "keys", 0))
        return ol_cli_usage(options->command, "--keys is missing");
    self.rules = (ol_sealed_rules){.formats = ~0u,
                                   .legacy = ol_options_has(options, "allow-legacy"),
                                   .require_commitment =
                                       ol_options_has(options, "require-commitment")};
    self.arena = ol_arena_new(ARENA_BYTES_MAX);
    ol_headers_init(&self.headers, self.arena);
    ol_buf_init(&self.instruction, OL_INSTRUCTION_BYTES_MAX);
    int rc = self.arena ? decrypt(&self, &err) : ol_error_set(&err, OL_ENOMEM, "starting");
    if (rc != OL_OK)
        ol_cli_complain("%s", ol_cli_reason(&err));
    close_all(&self);
    return rc == OL_OK ? OL_EXIT_OK : EXIT_REFUSED;
}

static const ol_option decrypt_options[] = {
    {"meta", "FILE", false, "the object's headers, as a JSON map"},
    {"instruction", "FILE", false, "the object's instruction file"},
    {"keys", "FILE", false,
     "the keys, a JSON list of {\"type\": \"aes\" | \"rsa\" | \"kms\" | \"password\",\n"
     "\"id\": …, \"material\": base64 or PEM, \"endpoint\": URL, \"namespace\": …}"},
    {"context", "JSON", false, "the encryption context that is expected; another is refused"},
    {"allow-legacy", NULL, false,
     "also what is not authenticated (CBC) and what old clients wrote"},
    {"require-commitment", NULL, false, "only formats that commit to their key"},
    {"range", "A-B", false, "only these bytes of the plaintext (also A- and -N)"},
};

const ol_command ol_command_decrypt = {
    .name = "decrypt",
    .operands = "",
    .summary = "Decrypt an object that a client encrypted, from standard input.",
    .about = "Formats: S3 encryption clients (V1, V2, V3), AWS Encryption SDK, rclone crypt, age,\n"
             "OpenPGP, openssl enc; which one it is, is told from the headers and the first bytes. Everything is verified\n"
             "before the first byte is written. A KMS is signed for with the keys in the environment\n"
             "(AWS_ACCESS_KEY_ID, …); plain HTTP is spoken to loopback only.\n\n"
             "Exit code 0: the plaintext was written. 3: it was refused, and nothing was written.",
    .options = decrypt_options,
    .option_count = sizeof(decrypt_options) / sizeof(decrypt_options[0]),
    .run = run,
};
