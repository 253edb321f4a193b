/* SPDX-License-Identifier: MIT */
#include "crypto/kms/kms_vault.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/encode.h"
#include "crypto/keys/derive.h"
#include "crypto/keys/key_file.h"
#include "crypto/keys/secret.h"
#include "crypto/kms/kms_named.h"
#include "crypto/kms/kms_remote_private.h"
#include "s3/sigv4/hmac.h"

#define MAGIC "OLV1"
#define CHECK_BYTES 32
#define HEAD_BYTES (4 + CHECK_BYTES)
#define TOKEN_BYTES_MAX 4096
#define BODY_BYTES_MAX (16u * 1024)
#define CONTEXT_TEXT_MAX (64u * 1024)

typedef struct vault {
    ol_kms_remote remote; /* first */
    ol_kms_named named;
    char mount[OL_KMS_NAME_SIZE], name_space[OL_KMS_NAME_SIZE];
    pthread_mutex_t token_lock; /* the next two */
    uint8_t *token; /* secret memory */
    size_t token_len;
    char *token_file; /* NULL: the token never changes */
} vault;

static const vault *vault_of(const ol_kms_question *question)
{
    return (const vault *)question->at->remote;
}

/* Its bare name; empty: none that could be ours. */
static ol_slice key_of(const ol_kms_question *question)
{
    return ol_kms_named_key(&vault_of(question)->named, question->call->key_id);
}

static ol_slice arn_of(const ol_kms_question *question, ol_arena *arena)
{
    return ol_kms_named_arn(&vault_of(question)->named, arena, key_of(question));
}

/* ---- what is used, out of what Vault gave ---- */

/* 32 bytes to compare, then `key_len` to use. */
static int derive(const ol_kms_question *question, ol_slice given, uint8_t *out, size_t key_len)
{
    uint8_t sum[OL_SHA256_BYTES];
    ol_slice key = key_of(question);
    ol_buf text;
    ol_buf_init(&text, CONTEXT_TEXT_MAX);
    int rc = ol_buf_addf(&text, "objlens vault data key 1 %.*s ", OL_SLICE_FMT(key));
    if (rc == OL_OK)
        rc = ol_context_write(&question->call->context, &text);
    ol_sha256_of(ol_buf_slice(&text), sum);
    if (rc == OL_OK)
        rc = ol_derive("SHA256", given, OL_SLICE_NONE, ol_slice_of(sum, sizeof sum), out,
                       CHECK_BYTES + key_len);
    ol_buf_fini(&text);
    return rc;
}

static size_t wanted_bytes(const ol_kms_question *question)
{
    size_t bytes = question->call->key_bytes;
    return bytes > 0 && bytes <= 64 ? bytes : OL_DATA_KEY_BYTES;
}

/* ---- requests ---- */

static int compose_target(ol_kms_question *question, ol_error *err)
{
    static const char *const paths[] = {"datakey/plaintext", "decrypt", "keys"};
    const vault *self = vault_of(question);
    ol_slice key = key_of(question);
    if (key.len == 0)
        return ol_error_set(err, OL_EKMSNOTFOUND, "kms %s: not the name of a key",
                            self->remote.name);
    char *target = ol_arena_printf(question->arena, "/v1/%s/%s/%.*s", self->mount,
                                   paths[question->verb], OL_SLICE_FMT(key));
    if (!target)
        return ol_error_set(err, OL_ENOMEM, "kms: request");
    question->target = ol_slice_cstr(target);
    if (question->verb == OL_KMS_STATE)
        question->method = OL_SLICE_LIT("GET");
    return OL_OK;
}

static int write_body(const ol_kms_question *question, ol_buf *body)
{
    ol_slice blob = question->call->blob;
    if (question->verb == OL_KMS_GENERATE)
        return ol_buf_add_cstr(body, "{\"bits\":256}");
    int rc = ol_buf_add_cstr(body, "{\"ciphertext\":");
    if (rc == OL_OK)
        rc = ol_json_string(body, ol_slice_from(blob, HEAD_BYTES));
    return rc == OL_OK ? ol_buf_add_byte(body, '}') : rc;
}

static int check_blob(const ol_kms_question *question, ol_error *err)
{
    ol_slice blob = question->call->blob;
    if (blob.len <= HEAD_BYTES || blob.len > OL_KMS_BLOB_BYTES_MAX ||
        memcmp(blob.data, MAGIC, 4) != 0 || !ol_slice_is_utf8(ol_slice_from(blob, HEAD_BYTES)))
        return ol_error_set(err, OL_EDECRYPT, "kms %s: not wrapped by it",
                            question->at->remote->name);
    return OL_OK;
}

static int compose(ol_kms_question *question, ol_error *err)
{
    ol_buf body;
    int rc = compose_target(question, err);
    if (rc == OL_OK && question->verb == OL_KMS_OPEN)
        rc = check_blob(question, err);
    if (rc != OL_OK || question->verb == OL_KMS_STATE)
        return rc;
    ol_buf_init(&body, BODY_BYTES_MAX);
    rc = write_body(question, &body);
    if (rc == OL_OK)
        question->body = ol_arena_copy(question->arena, ol_buf_slice(&body));
    ol_buf_fini(&body);
    return question->body.data ? OL_OK : ol_error_set(err, OL_ENOMEM, "kms: request");
}

/* The header's value is a copy, so that a reload may change the token. It goes with the try's arena. */
static int show_token(vault *self, ol_headers *headers)
{
    pthread_mutex_lock(&self->token_lock);
    int rc = ol_headers_add(headers, OL_SLICE_LIT("x-vault-token"),
                            ol_slice_of(self->token, self->token_len));
    pthread_mutex_unlock(&self->token_lock);
    return rc;
}

static int dress(ol_kms_question *question, ol_headers *headers, ol_error *err)
{
    const vault *self = vault_of(question);
    int rc = show_token((vault *)question->at->remote, headers);
    if (rc == OL_OK)
        rc = ol_headers_add(headers, OL_SLICE_LIT("x-vault-request"), OL_SLICE_LIT("true"));
    if (rc == OL_OK && self->name_space[0])
        rc = ol_headers_add(headers, OL_SLICE_LIT("x-vault-namespace"),
                            ol_slice_cstr(self->name_space));
    if (rc == OL_OK && question->body.len > 0)
        rc = ol_headers_add(headers, OL_SLICE_LIT("content-type"),
                            OL_SLICE_LIT("application/json"));
    return rc == OL_OK ? OL_OK : ol_error_set(err, rc, "kms: request");
}

/* ---- answers ---- */

/* "vault:v12:…" */
static bool version_of(ol_slice ciphertext, uint32_t *version)
{
    uint64_t number;
    const ol_slice head = OL_SLICE_LIT("vault:v");
    ol_slice rest = ol_slice_from(ciphertext, head.len);
    ptrdiff_t colon = ol_slice_starts(ciphertext, head) ? ol_slice_find(rest, ':') : -1;
    if (colon < 1 || !ol_slice_u64(ol_slice_first(rest, (size_t)colon), &number) ||
        number > UINT32_MAX)
        return false;
    *version = (uint32_t)number;
    return true;
}

static int wrap(const ol_kms_question *question, const uint8_t *check, ol_slice ciphertext,
                ol_kms_given *given)
{
    uint8_t *room = ol_arena_alloc(question->arena, HEAD_BYTES + ciphertext.len);
    if (!room)
        return OL_ENOMEM;
    memcpy(room, MAGIC, 4);
    memcpy(room + 4, check, CHECK_BYTES);
    memcpy(room + HEAD_BYTES, ciphertext.data, ciphertext.len);
    given->wrapped = ol_slice_of(room, HEAD_BYTES + ciphertext.len);
    return OL_OK;
}

/* `derived`: what is compared, and the key. */
static int use(ol_kms_question *question, ol_slice ciphertext, const uint8_t *derived,
               ol_kms_given *given, ol_error *err)
{
    const ol_slice check = ol_slice_of(derived, CHECK_BYTES);
    if (!version_of(ciphertext, &given->key_version))
        return ol_kms_garbage(question, "holds no wrapped key", err);
    if (question->verb == OL_KMS_OPEN &&
        !ol_slice_eq_secret(check, ol_slice_of(question->call->blob.data + 4, CHECK_BYTES)))
        return ol_error_set(err, OL_EDECRYPT, "kms %s: another context or key",
                            question->at->remote->name);
    given->key_len = wanted_bytes(question);
    given->key = ol_secret_alloc(given->key_len);
    given->used_key = arn_of(question, question->arena);
    if (!given->key ||
        (question->verb == OL_KMS_GENERATE && wrap(question, derived, ciphertext, given) != OL_OK)) {
        ol_secret_free(given->key, given->key_len);
        return ol_error_set(err, OL_ENOMEM, "kms: key");
    }
    memcpy(given->key, derived + CHECK_BYTES, given->key_len);
    return ol_kms_question_take(question, given, err);
}

static int take(ol_kms_question *question, const json_t *data, ol_slice secret, ol_error *err)
{
    ol_kms_given given = {0};
    const json_t *made = json_object_get(data, "ciphertext");
    ol_slice ciphertext = question->verb == OL_KMS_OPEN
                              ? ol_slice_from(question->call->blob, HEAD_BYTES)
                              : ol_slice_of(json_string_value(made), json_string_length(made));
    size_t size = CHECK_BYTES + wanted_bytes(question);
    if (secret.len != OL_DATA_KEY_BYTES || !json_is_string(json_object_get(data, "plaintext")))
        return ol_kms_garbage(question, "holds no key of 32 bytes", err);
    uint8_t *derived = ol_secret_alloc(size);
    int rc = derived ? derive(question, secret, derived, wanted_bytes(question)) : OL_ENOMEM;
    rc = rc == OL_OK ? use(question, ciphertext, derived, &given, err)
                     : ol_error_set(err, rc, "kms: key");
    ol_secret_free(derived, size);
    return rc;
}

static json_t *parse(const ol_kms_reply *reply)
{
    json_error_t why;
    return json_loadb((const char *)reply->body.data, reply->body.len, JSON_REJECT_DUPLICATES, &why);
}

static int take_state(ol_kms_question *question, const json_t *data, ol_error *err)
{
    if (!json_is_integer(json_object_get(data, "latest_version")))
        return ol_kms_garbage(question, "describes no key", err);
    *question->state = OL_KMS_ENABLED;
    question->call->used_key = arn_of(question, question->call->arena);
    return question->call->used_key.data ? OL_OK : ol_error_set(err, OL_ENOMEM, "kms: answer");
}

static int read_answer(ol_kms_question *question, const ol_kms_reply *reply, ol_error *err)
{
    uint8_t *secret;
    size_t len;
    int rc = ol_kms_reply_take(reply->body, "plaintext", &secret, &len);
    if (rc != OL_OK)
        return rc == OL_ENOMEM ? ol_error_set(err, rc, "kms: key")
                               : ol_kms_garbage(question, "holds a key that is none", err);
    json_t *root = parse(reply);
    const json_t *data = json_object_get(root, "data");
    if (!json_is_object(data))
        rc = ol_kms_garbage(question, "is not JSON with data", err);
    else if (question->verb == OL_KMS_STATE)
        rc = take_state(question, data, err);
    else
        rc = take(question, data, ol_slice_of(secret, len), err);
    json_decref(root);
    ol_secret_free(secret, len);
    return rc;
}

/* ---- refusals ---- */

static bool says(const json_t *errors, const char *word)
{
    size_t i;
    const json_t *item;
    json_array_foreach(errors, i, item) {
        if (json_is_string(item) && strstr(json_string_value(item), word))
            return true;
    }
    return false;
}

/* Vault answers 400 to a key that is not there as well as to what does not open. */
static int code_of(const ol_kms_question *question, int status, const json_t *errors)
{
    if (status == 403)
        return OL_EACCESS;
    if (status == 404 || (status == 400 && says(errors, "key not found")))
        return OL_EKMSNOTFOUND;
    if (status == 400)
        return question->verb == OL_KMS_OPEN ? OL_EDECRYPT : OL_EKMSSTATE;
    return status == 429 ? OL_EKMSTHROTTLED : OL_EKMSUNAVAILABLE;
}

static int refuse(ol_kms_question *question, const ol_kms_reply *reply, bool *again, ol_error *err)
{
    int status = reply->status;
    json_t *root = parse(reply);
    int code = code_of(question, status, json_object_get(root, "errors"));
    json_decref(root);
    /* 412: not there yet; 472, 473: a standby; 503: sealed */
    *again = status == 412 || status == 429 || status == 472 || status == 473 || status >= 500;
    if (code == OL_EKMSNOTFOUND && question->verb == OL_KMS_STATE) {
        *question->state = OL_KMS_MISSING;
        return OL_OK;
    }
    return ol_error_set(err, code, "kms %s: status %d", question->at->remote->name, status);
}

static int judge(ol_kms_question *question, const ol_kms_reply *reply, bool *again, ol_error *err)
{
    return reply->status == 200 ? read_answer(question, reply, err)
                                : refuse(question, reply, again, err);
}

/* ---- the token ---- */

/* From a file: without the white space around it, as `vault` itself writes and reads it. */
static int read_token(const char *path, uint8_t **token, size_t *len, ol_error *err)
{
    ol_buf text;
    ol_buf_init_secret(&text, TOKEN_BYTES_MAX + 64);
    const ol_key_file file = {
        .what = "token", .path = path, .bytes_max = TOKEN_BYTES_MAX, .or_root = true};
    int rc = ol_key_file_read(&file, &text, NULL, err);
    ol_slice given = ol_key_file_word(ol_buf_slice(&text));
    if (rc == OL_OK && given.len == 0)
        rc = ol_error_say(err, OL_ECONFIG, "token %.200s: it is empty", path);
    *token = rc == OL_OK ? ol_secret_alloc(given.len) : NULL;
    *len = given.len;
    if (*token)
        memcpy(*token, given.data, given.len);
    else if (rc == OL_OK)
        rc = ol_error_set(err, OL_ENOMEM, "kms: token");
    ol_buf_fini(&text);
    return rc;
}

static int take_token(vault *self, const ol_kms_vault_options *options, ol_error *err)
{
    const char *token = options->token ? options->token : getenv("VAULT_TOKEN");
    if (options->token_file) {
        self->token_file = ol_strdup(options->token_file);
        return self->token_file ? read_token(self->token_file, &self->token, &self->token_len, err)
                                : ol_error_set(err, OL_ENOMEM, "kms: token");
    }
    size_t len = token ? strlen(token) : 0;
    if (len == 0 || len > TOKEN_BYTES_MAX)
        return ol_error_say(err, OL_ECONFIG, "kms: no token");
    self->token = ol_secret_alloc(len);
    if (!self->token)
        return ol_error_set(err, OL_ENOMEM, "kms: token");
    self->token_len = len;
    memcpy(self->token, token, len);
    return OL_OK;
}

/* ---- life ---- */

static const ol_kms_dialect dialect = {.compose = compose, .dress = dress, .judge = judge};

static void destroy(ol_kms *kms)
{
    vault *self = (vault *)kms;
    ol_kms_remote_fini(&self->remote);
    ol_secret_free(self->token, self->token_len);
    ol_free(self->token_file);
    pthread_mutex_destroy(&self->token_lock);
    ol_free(self);
}

/* Calls that are under way keep the token they were dressed with. */
static int renew(ol_kms *kms, ol_error *err)
{
    vault *self = (vault *)kms;
    uint8_t *token;
    size_t len;
    if (!self->token_file)
        return OL_SKIP;
    int rc = read_token(self->token_file, &token, &len, err);
    if (rc != OL_OK)
        return rc;
    pthread_mutex_lock(&self->token_lock);
    uint8_t *old = self->token;
    size_t old_len = self->token_len;
    self->token = token;
    self->token_len = len;
    pthread_mutex_unlock(&self->token_lock);
    ol_secret_free(old, old_len);
    return OL_OK;
}

static const ol_kms_ops operations = {.name = "vault",
                                      .generate = ol_kms_remote_generate,
                                      .open = ol_kms_remote_open,
                                      .state = ol_kms_remote_state,
                                      .cancel = ol_kms_remote_cancel,
                                      .attach = ol_kms_remote_attach,
                                      .detach = ol_kms_remote_detach,
                                      .renew = renew,
                                      .destroy = destroy};

static int take_name(char out[OL_KMS_NAME_SIZE], const char *name, const char *what, ol_error *err)
{
    if (!name || !*name)
        return OL_OK;
    if (!ol_kms_is_name(ol_slice_cstr(name), true))
        return ol_error_say(err, OL_ECONFIG, "kms: %s: letters, digits, -, _ and . only", what);
    memcpy(out, name, strlen(name) + 1);
    return OL_OK;
}

void ol_kms_vault_options_default(ol_kms_vault_options *options)
{
    *options = (ol_kms_vault_options){.mount = "transit"};
    ol_kms_remote_options_default(&options->remote);
}

int ol_kms_vault_new(ol_kms **kms, const ol_kms_vault_options *options, ol_error *err)
{
    vault *self = ol_calloc(1, sizeof *self);
    if (!self)
        return ol_error_set(err, OL_ENOMEM, "kms");
    int rc = ol_kms_remote_init(&self->remote, &operations, &dialect, &options->remote, err);
    if (rc != OL_OK) {
        ol_free(self);
        return rc;
    }
    pthread_mutex_init(&self->token_lock, NULL);
    rc = take_name(self->mount, options->mount ? options->mount : "transit", "mount", err);
    if (rc == OL_OK)
        rc = take_name(self->name_space, options->name_space, "namespace", err);
    if (rc == OL_OK)
        rc = ol_kms_named_init(&self->named, options->region, options->account,
                               options->default_key, err);
    if (rc == OL_OK)
        rc = take_token(self, options, err);
    if (rc != OL_OK) {
        destroy(&self->remote.base);
        return rc;
    }
    *kms = &self->remote.base;
    return OL_OK;
}
