/* SPDX-License-Identifier: MIT */
/*
 * Finding and reading libraries; see libraries.h.
 */
#include "transform/libraries.h"

#include <openssl/evp.h>
#include <stdio.h>

#include "base/limits.h"
#include "transform/fields.h"

#define PATH_BYTES_MAX 4096

/* ---- finding require in a text ---- */

static bool is_name_byte(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

static uint8_t byte_at(ol_slice text, size_t at)
{
    return at < text.len ? text.data[at] : 0;
}

/* The level of a long bracket that opens at `at`, or -1. */
static int long_level(ol_slice text, size_t at)
{
    int level = 0;
    if (byte_at(text, at) != '[')
        return -1;
    while (byte_at(text, at + 1 + (size_t)level) == '=')
        level++;
    return byte_at(text, at + 1 + (size_t)level) == '[' ? level : -1;
}

static size_t skip_long(ol_slice text, size_t at, int level)
{
    for (at += (size_t)level + 2; at < text.len; at++) {
        int marks = 0;
        if (text.data[at] != ']')
            continue;
        while (byte_at(text, at + 1 + (size_t)marks) == '=')
            marks++;
        if (marks == level && byte_at(text, at + 1 + (size_t)marks) == ']')
            return at + (size_t)level + 2;
    }
    return at;
}

static size_t skip_comment(ol_slice text, size_t at)
{
    int level = long_level(text, at + 2);
    if (level >= 0)
        return skip_long(text, at + 2, level);
    while (at < text.len && text.data[at] != '\n')
        at++;
    return at;
}

static size_t skip_string(ol_slice text, size_t at)
{
    uint8_t quote = text.data[at++];
    for (; at < text.len && text.data[at] != quote && text.data[at] != '\n'; at++)
        at += text.data[at] == '\\';
    return at < text.len ? at + 1 : text.len;
}

static size_t skip_space(ol_slice text, size_t at)
{
    for (;;) {
        uint8_t c = byte_at(text, at);
        if (c == ' ' || c == '\t' || c == '\r' || c == '\n')
            at++;
        else if (c == '-' && byte_at(text, at + 1) == '-')
            at = skip_comment(text, at);
        else
            return at;
    }
}

/* Behind the word require: a string, in brackets or not. */
static bool read_name(ol_slice text, size_t at, ol_slice *name)
{
    at = skip_space(text, at);
    if (byte_at(text, at) == '(')
        at = skip_space(text, at + 1);
    uint8_t quote = byte_at(text, at);
    if (quote != '"' && quote != '\'')
        return false;
    size_t from = at + 1;
    for (at = from; is_name_byte(byte_at(text, at)); at++)
        ;
    *name = ol_slice_of(text.data + from, at - from);
    return byte_at(text, at) == quote && name->len > 0 && name->len <= OL_LIBRARY_NAME_MAX;
}

/* Past one token; *word is set when it is a name or a number. */
static size_t skip_token(ol_slice text, size_t at, ol_slice *word)
{
    uint8_t c = text.data[at];
    size_t from = at;
    *word = OL_SLICE_NONE;
    if (c == '"' || c == '\'')
        return skip_string(text, at);
    if (long_level(text, at) >= 0)
        return skip_long(text, at, long_level(text, at));
    if (!is_name_byte(c))
        return at + 1;
    while (is_name_byte(byte_at(text, at)))
        at++;
    *word = ol_slice_of(text.data + from, at - from);
    return at;
}

bool ol_libraries_next(ol_slice text, size_t *at, ol_slice *name)
{
    for (;;) {
        ol_slice word;
        *at = skip_space(text, *at);
        if (*at >= text.len)
            return false;
        *at = skip_token(text, *at, &word);
        if (ol_slice_eq_cstr(word, "require") && read_name(text, *at, name))
            return true;
    }
}

/* ---- reading ---- */

typedef struct reading {
    ol_libraries *libraries;
    ol_program *program;
    ol_buf *texts;
    ol_source_id *id;
    EVP_MD_CTX *digest;
    size_t bytes; /* of all texts */
} reading;

static int path_of(const char *beside, const char *name, char path[PATH_BYTES_MAX])
{
    const char *slash = strrchr(beside, '/');
    int folder = slash ? (int)(slash - beside) + 1 : 0;
    int len = snprintf(path, PATH_BYTES_MAX, "%.*s%s.lua", folder, beside, name);
    return len > 0 && len < PATH_BYTES_MAX ? OL_OK : OL_ECONFIG;
}

static uint64_t mix(uint64_t sum, uint64_t value)
{
    sum ^= value + 0x9e3779b97f4a7c15u + (sum << 6) + (sum >> 2);
    return sum * 0xff51afd7ed558ccdu;
}

static uint64_t mix_id(uint64_t sum, const ol_source_id *id)
{
    sum = mix(sum, id->device);
    sum = mix(sum, id->inode);
    sum = mix(sum, id->size);
    sum = mix(sum, (uint64_t)id->modified_ns);
    return mix(sum, (uint64_t)id->changed_ns);
}

uint64_t ol_libraries_id(const ol_libraries *libraries, const char *path)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < libraries->count; i++) {
        char library[PATH_BYTES_MAX];
        ol_source_id id = {0};
        if (path_of(path, libraries->names[i], library) == OL_OK)
            id = ol_source_id_of(library);
        sum = mix_id(sum, &id);
    }
    return sum;
}

static int add_names(reading *r, ol_slice text, ol_error *err)
{
    ol_libraries *all = r->libraries;
    ol_slice name;
    size_t at = 0;
    while (ol_libraries_next(text, &at, &name)) {
        bool known = false;
        for (size_t i = 0; i < all->count && !known; i++)
            known = ol_slice_eq_cstr(name, all->names[i]);
        if (known)
            continue;
        if (all->count == OL_LIBRARIES_MAX)
            return ol_error_set(err, OL_ECONFIG, "it requires more than %d libraries",
                                OL_LIBRARIES_MAX);
        snprintf(all->names[all->count++], OL_LIBRARY_NAME_MAX + 1, "%.*s", OL_SLICE_FMT(name));
    }
    return OL_OK;
}

static int keep_text(reading *r, const char *name, const ol_program *library, ol_error *err)
{
    r->bytes += library->source.len;
    if (r->bytes > OL_SOURCE_LUA_BYTES_MAX)
        return ol_error_set(err, OL_ECONFIG, "with its libraries it is larger than %u bytes",
                            (unsigned)OL_SOURCE_LUA_BYTES_MAX);
    int rc = ol_fields_add(r->texts, name, library->source);
    if (rc != OL_OK || EVP_DigestUpdate(r->digest, name, strlen(name) + 1) != 1 ||
        EVP_DigestUpdate(r->digest, library->digest, sizeof(library->digest)) != 1)
        return ol_error_set(err, OL_ENOMEM, "libraries");
    return add_names(r, library->source, err);
}

static int read_library(reading *r, size_t index, ol_error *err)
{
    char path[PATH_BYTES_MAX];
    const char *name = r->libraries->names[index];
    ol_program library = {.path = path, .kind = OL_PROGRAM_LUA, .image_fd = -1};
    ol_source_id id = {0};
    ol_error why = {0};
    ol_buf text;
    int rc = path_of(r->program->path, name, path);
    if (rc != OL_OK)
        return ol_error_set(err, rc, "its path is too long");
    ol_source_id there = ol_source_id_of(path);
    if (there.inode == 0) {
        r->id->libraries = mix_id(r->id->libraries, &there);
        return OL_OK;
    }
    ol_buf_init(&text, OL_SOURCE_LUA_BYTES_MAX);
    rc = ol_source_read(&library, &text, &id, &why);
    if (rc == OL_OK)
        rc = keep_text(r, name, &library, &why);
    r->id->libraries = mix_id(r->id->libraries, &id);
    ol_buf_fini(&text);
    return rc == OL_OK ? OL_OK
                       : ol_error_set(err, rc, "its library %s: %s", name,
                                      why.detail[0] ? why.detail : why.message);
}

static int read_all(reading *r, ol_error *err)
{
    ol_program *program = r->program;
    int rc = ol_fields_begin(r->texts);
    if (rc != OL_OK || EVP_DigestInit_ex(r->digest, EVP_sha256(), NULL) != 1 ||
        EVP_DigestUpdate(r->digest, program->digest, sizeof(program->digest)) != 1)
        return ol_error_set(err, OL_ENOMEM, "libraries");
    /* The list grows while it is read. */
    for (size_t i = 0; rc == OL_OK && i < r->libraries->count; i++)
        rc = read_library(r, i, err);
    if (rc != OL_OK)
        return rc;
    if (EVP_DigestFinal_ex(r->digest, program->digest, NULL) != 1)
        return ol_error_set(err, OL_ENOMEM, "libraries");
    program->libraries = ol_buf_slice(r->texts);
    return OL_OK;
}

int ol_libraries_read(ol_libraries *libraries, ol_program *program, ol_buf *texts,
                      ol_source_id *id, ol_error *err)
{
    reading r = {.libraries = libraries, .program = program, .texts = texts, .id = id,
                 .bytes = program->source.len};
    *libraries = (ol_libraries){0};
    ol_buf_clear(texts);
    int rc = add_names(&r, program->source, err);
    if (rc != OL_OK || libraries->count == 0)
        return rc;
    r.digest = EVP_MD_CTX_new();
    rc = r.digest ? read_all(&r, err) : ol_error_set(err, OL_ENOMEM, "libraries");
    EVP_MD_CTX_free(r.digest);
    /* What was not read counts as well: only another state of the files is worth another look. */
    if (rc != OL_OK)
        id->libraries = ol_libraries_id(libraries, program->path);
    return rc;
}
