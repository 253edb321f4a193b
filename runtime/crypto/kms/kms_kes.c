/* SPDX-License-Identifier: MIT */
#include "crypto/kms/kms_kes.h"

#include <jansson.h>

#include "base/alloc.h"
#include "base/encode.h"
#include "crypto/keys/derive.h"
#include "crypto/keys/key_file.h"
#include "crypto/keys/secret.h"
#include "crypto/kms/kms_named.h"
#include "crypto/kms/kms_remote_private.h"

#define API_KEY_PREFIX "kes:v1:"
#define API_KEY_BYTES_MAX 256
#define SEED_BYTES 32
#define CONTEXT_TEXT_MAX (64u * 1024)
#define BODY_BYTES_MAX (128u * 1024)

typedef struct kes {
    ol_kms_remote remote; /* first */
    ol_kms_named named;
    char *certificate_file, *key_file, *api_key_file;
    uint8_t *seed; /* secret memory; of an API key that was given as such */
} kes;

static const kes *kes_of(const ol_kms_question *question)
{
    return (const kes *)question->at->remote;
}

static ol_slice name_of(const ol_kms_question *question)
{
    return ol_kms_named_key(&kes_of(question)->named, question->call->key_id);
}

/* ---- requests ---- */

static int compose_target(ol_kms_question *question, ol_error *err)
{
    static const char *const verbs[] = {"generate", "decrypt", "describe"};
    ol_slice name = name_of(question);
    if (name.len == 0)
        return ol_error_set(err, OL_EKMSNOTFOUND, "kms %s: not the name of a key",
                            question->at->remote->name);
    char *target = ol_arena_printf(question->arena, "/v1/key/%s/%.*s", verbs[question->verb],
                                   OL_SLICE_FMT(name));
    if (!target)
        return ol_error_set(err, OL_ENOMEM, "kms: request");
    question->target = ol_slice_cstr(target);
    if (question->verb == OL_KMS_STATE)
        question->method = OL_SLICE_LIT("GET");
    return OL_OK;
}

static int add_base64(ol_buf *body, const char *name, ol_slice value)
{
    int rc = ol_buf_addf(body, "%s\"%s\":\"", body->len > 1 ? "," : "", name);
    if (rc == OL_OK)
        rc = ol_base64_encode(body, value);
    return rc == OL_OK ? ol_buf_add_byte(body, '"') : rc;
}

static int add_context(ol_buf *body, const ol_context *context)
{
    ol_buf text;
    ol_buf_init(&text, CONTEXT_TEXT_MAX);
    int rc = ol_context_write(context, &text);
    if (rc == OL_OK)
        rc = add_base64(body, "context", ol_buf_slice(&text));
    ol_buf_fini(&text);
    return rc;
}

static int write_body(const ol_kms_question *question, ol_buf *body)
{
    const ol_kms_call *call = question->call;
    int rc = ol_buf_add_byte(body, '{');
    if (rc == OL_OK && question->verb == OL_KMS_OPEN)
        rc = add_base64(body, "ciphertext", call->blob);
    if (rc == OL_OK)
        rc = add_context(body, &call->context);
    return rc == OL_OK ? ol_buf_add_byte(body, '}') : rc;
}

static int check_call(const ol_kms_question *question, ol_error *err)
{
    const ol_kms_call *call = question->call;
    const char *name = question->at->remote->name;
    if (question->verb == OL_KMS_OPEN &&
        (call->blob.len == 0 || call->blob.len > OL_KMS_BLOB_BYTES_MAX))
        return ol_error_set(err, OL_EDECRYPT, "kms %s: a wrapped key of %zu bytes", name,
                            call->blob.len);
    return OL_OK;
}

static int compose(ol_kms_question *question, ol_error *err)
{
    ol_buf body;
    int rc = check_call(question, err);
    if (rc == OL_OK)
        rc = compose_target(question, err);
    if (rc != OL_OK || question->verb == OL_KMS_STATE)
        return rc;
    ol_buf_init(&body, BODY_BYTES_MAX);
    rc = write_body(question, &body);
    if (rc == OL_OK)
        question->body = ol_arena_copy(question->arena, ol_buf_slice(&body));
    ol_buf_fini(&body);
    return question->body.data ? OL_OK : ol_error_set(err, OL_ENOMEM, "kms: request");
}

static int dress(ol_kms_question *question, ol_headers *headers, ol_error *err)
{
    int rc = question->body.len > 0
                 ? ol_headers_add(headers, OL_SLICE_LIT("content-type"),
                                  OL_SLICE_LIT("application/json"))
                 : OL_OK;
    return rc == OL_OK ? OL_OK : ol_error_set(err, rc, "kms: request");
}

/* ---- answers ---- */

/* What it wrapped, out of base64. */
static int take_wrapped(const ol_kms_question *question, const json_t *root, ol_kms_given *given,
                        ol_error *err)
{
    const json_t *text = json_object_get(root, "ciphertext");
    size_t size = json_string_length(text), len = 0;
    uint8_t *room = json_is_string(text) && size / 4 * 3 <= OL_KMS_BLOB_BYTES_MAX
                        ? ol_arena_alloc(question->arena, size + 1)
                        : NULL;
    if (!room || ol_base64_decode(ol_slice_of(json_string_value(text), size), room, size + 1,
                                  &len) != OL_OK)
        return ol_kms_garbage(question, "holds no wrapped key", err);
    given->wrapped = ol_slice_of(room, len);
    return OL_OK;
}

/* KES gives 32 bytes; a key of another length is derived from them. `secret` is taken over. */
static int stretch(const ol_kms_question *question, uint8_t *secret, size_t len,
                   ol_kms_given *given)
{
    size_t wanted = question->call->key_bytes;
    *given = (ol_kms_given){.key = secret, .key_len = len};
    if (wanted == 0 || wanted == len || len != OL_DATA_KEY_BYTES)
        return OL_OK;
    uint8_t *longer = ol_secret_alloc(wanted);
    int rc = longer ? ol_derive("SHA256", ol_slice_of(secret, len), OL_SLICE_NONE,
                                OL_SLICE_LIT("objlens kes data key 1"), longer, wanted)
                    : OL_ENOMEM;
    if (rc != OL_OK) {
        ol_secret_free(longer, wanted);
        return rc;
    }
    ol_secret_free(secret, len);
    *given = (ol_kms_given){.key = longer, .key_len = wanted};
    return OL_OK;
}

static int take(ol_kms_question *question, const json_t *root, uint8_t *secret, size_t len,
                ol_error *err)
{
    ol_kms_given given;
    if (stretch(question, secret, len, &given) != OL_OK) {
        ol_secret_free(secret, len);
        return ol_error_set(err, OL_ENOMEM, "kms: key");
    }
    given.used_key = ol_kms_named_arn(&kes_of(question)->named, question->arena,
                                      name_of(question));
    int rc = given.used_key.data ? OL_OK : ol_error_set(err, OL_ENOMEM, "kms: answer");
    if (rc == OL_OK && question->verb == OL_KMS_GENERATE)
        rc = take_wrapped(question, root, &given, err);
    if (rc == OL_OK)
        return ol_kms_question_take(question, &given, err);
    ol_secret_free(given.key, given.key_len);
    return rc;
}

/* KES names the key that it describes: it must be the one that was asked for. */
static int take_state(ol_kms_question *question, const json_t *root, ol_error *err)
{
    const json_t *name = json_object_get(root, "name");
    if (json_is_string(name) && !ol_slice_eq_cstr(name_of(question), json_string_value(name)))
        return ol_kms_garbage(question, "describes another key", err);
    if (!json_is_string(name) && !json_is_string(json_object_get(root, "created_at")))
        return ol_kms_garbage(question, "describes no key", err);
    *question->state = OL_KMS_ENABLED;
    question->call->used_key = ol_kms_named_arn(&kes_of(question)->named, question->call->arena,
                                                name_of(question));
    return question->call->used_key.data ? OL_OK : ol_error_set(err, OL_ENOMEM, "kms: answer");
}

static int read_answer(ol_kms_question *question, const ol_kms_reply *reply, ol_error *err)
{
    uint8_t *secret;
    size_t len;
    json_error_t why;
    int rc = ol_kms_reply_take(reply->body, "plaintext", &secret, &len);
    if (rc != OL_OK)
        return rc == OL_ENOMEM ? ol_error_set(err, rc, "kms: key")
                               : ol_kms_garbage(question, "holds a key that is none", err);
    json_t *root = json_loadb((const char *)reply->body.data, reply->body.len,
                              JSON_REJECT_DUPLICATES, &why);
    if (json_is_object(root) && question->verb != OL_KMS_STATE && secret) {
        rc = take(question, root, secret, len, err);
        json_decref(root);
        return rc;
    }
    if (!json_is_object(root))
        rc = ol_kms_garbage(question, "is no JSON object", err);
    else if (question->verb == OL_KMS_STATE)
        rc = take_state(question, root, err);
    else
        rc = ol_kms_garbage(question, "holds no key", err);
    json_decref(root);
    ol_secret_free(secret, len);
    return rc;
}

/* ---- refusals ---- */

static int code_of(const ol_kms_question *question, int status)
{
    switch (status) {
    case 400: /* the ciphertext is not authentic; of a made one: a name that it does not take */
        return question->verb == OL_KMS_OPEN ? OL_EDECRYPT : OL_EKMSNOTFOUND;
    case 403:
        return OL_EACCESS;
    case 404:
        return OL_EKMSNOTFOUND;
    case 429:
        return OL_EKMSTHROTTLED;
    default:
        return OL_EKMSUNAVAILABLE;
    }
}

static int judge(ol_kms_question *question, const ol_kms_reply *reply, bool *again, ol_error *err)
{
    if (reply->status == 200)
        return read_answer(question, reply, err);
    int code = code_of(question, reply->status);
    *again = reply->status == 429 || reply->status >= 500;
    if (code == OL_EKMSNOTFOUND && question->verb == OL_KMS_STATE) {
        *question->state = OL_KMS_MISSING;
        return OL_OK;
    }
    return ol_error_set(err, code, "kms %s: status %d", question->at->remote->name, reply->status);
}

/* ---- who we are ---- */

static int read_api_key(ol_slice text, uint8_t seed[SEED_BYTES], ol_error *err)
{
    uint8_t bytes[API_KEY_BYTES_MAX];
    size_t len = 0;
    const ol_slice prefix = OL_SLICE_LIT(API_KEY_PREFIX);
    text = ol_key_file_word(text);
    bool good = ol_slice_starts(text, prefix) &&
                ol_base64_decode(ol_slice_from(text, prefix.len), bytes, sizeof bytes, &len) ==
                    OL_OK &&
                len == SEED_BYTES + 1 && bytes[0] == 0;
    if (good)
        memcpy(seed, bytes + 1, SEED_BYTES);
    ol_wipe(bytes, sizeof bytes);
    return good ? OL_OK : ol_error_say(err, OL_ECONFIG, "kms: not an API key of KES");
}

static int read_api_key_file(const char *path, uint8_t seed[SEED_BYTES], ol_error *err)
{
    ol_buf text;
    const ol_key_file file = {
        .what = "API key", .path = path, .bytes_max = API_KEY_BYTES_MAX, .or_root = true};
    ol_buf_init_secret(&text, API_KEY_BYTES_MAX + 64);
    int rc = ol_key_file_read(&file, &text, NULL, err);
    if (rc == OL_OK)
        rc = read_api_key(ol_buf_slice(&text), seed, err);
    ol_buf_fini(&text);
    return rc;
}

static int show_api_key(const kes *self, ol_tls *tls, ol_error *err)
{
    uint8_t *seed = ol_secret_alloc(SEED_BYTES);
    if (!seed)
        return ol_error_set(err, OL_ENOMEM, "kms: API key");
    int rc = read_api_key_file(self->api_key_file, seed, err);
    if (rc == OL_OK)
        rc = ol_tls_client_show_key(tls, seed, err);
    ol_secret_free(seed, SEED_BYTES);
    return rc;
}

static int show(const kes *self, ol_tls *tls, ol_error *err)
{
    const ol_tls_certificate files = {.certificate_file = self->certificate_file,
                                      .key_file = self->key_file};
    if (self->certificate_file)
        return ol_tls_client_show(tls, &files, err);
    if (self->api_key_file)
        return show_api_key(self, tls, err);
    return ol_tls_client_show_key(tls, self->seed, err);
}

/* ---- life ---- */

static const ol_kms_dialect dialect = {.compose = compose, .dress = dress, .judge = judge};

static void destroy(ol_kms *kms)
{
    kes *self = (kes *)kms;
    ol_kms_remote_fini(&self->remote);
    ol_secret_free(self->seed, SEED_BYTES);
    ol_free(self->certificate_file);
    ol_free(self->key_file);
    ol_free(self->api_key_file);
    ol_free(self);
}

/* Connections that are open show what they have shown. */
static int renew(ol_kms *kms, ol_error *err)
{
    kes *self = (kes *)kms;
    ol_tls *fresh;
    if (self->seed)
        return OL_SKIP;
    int rc = ol_kms_remote_tls_new(&self->remote, &fresh, err);
    if (rc != OL_OK)
        return rc;
    rc = show(self, fresh, err);
    if (rc == OL_OK)
        ol_tls_client_renew(self->remote.tls, fresh);
    else
        ol_tls_destroy(fresh);
    return rc;
}

static const ol_kms_ops operations = {.name = "kes",
                                      .generate = ol_kms_remote_generate,
                                      .open = ol_kms_remote_open,
                                      .state = ol_kms_remote_state,
                                      .cancel = ol_kms_remote_cancel,
                                      .attach = ol_kms_remote_attach,
                                      .detach = ol_kms_remote_detach,
                                      .renew = renew,
                                      .destroy = destroy};

static int copy_path(const char *path, char **out)
{
    *out = path ? ol_strdup(path) : NULL;
    return path && !*out ? OL_ENOMEM : OL_OK;
}

static int take_identity(kes *self, const ol_kms_kes_options *options, ol_error *err)
{
    unsigned ways = (options->certificate_file != NULL) + (options->api_key != NULL) +
                    (options->api_key_file != NULL);
    if (ways != 1 || !options->certificate_file != !options->key_file)
        return ol_error_say(err, OL_ECONFIG,
                            "kms: a certificate and its key, or an API key: one of them");
    if (copy_path(options->certificate_file, &self->certificate_file) != OL_OK ||
        copy_path(options->key_file, &self->key_file) != OL_OK ||
        copy_path(options->api_key_file, &self->api_key_file) != OL_OK)
        return ol_error_set(err, OL_ENOMEM, "kms");
    if (!options->api_key)
        return OL_OK;
    self->seed = ol_secret_alloc(SEED_BYTES);
    if (!self->seed)
        return ol_error_set(err, OL_ENOMEM, "kms: API key");
    return read_api_key(ol_slice_cstr(options->api_key), self->seed, err);
}

void ol_kms_kes_options_default(ol_kms_kes_options *options)
{
    *options = (ol_kms_kes_options){0};
    ol_kms_remote_options_default(&options->remote);
}

int ol_kms_kes_new(ol_kms **kms, const ol_kms_kes_options *options, ol_error *err)
{
    kes *self = ol_calloc(1, sizeof *self);
    if (!self)
        return ol_error_set(err, OL_ENOMEM, "kms");
    int rc = ol_kms_remote_init(&self->remote, &operations, &dialect, &options->remote, err);
    if (rc != OL_OK) {
        ol_free(self);
        return rc;
    }
    rc = ol_kms_named_init(&self->named, options->region, options->account, options->default_key,
                           err);
    if (rc == OL_OK)
        rc = take_identity(self, options, err);
    if (rc == OL_OK && !self->remote.tls)
        rc = ol_error_say(err, OL_ECONFIG, "kms: KES speaks TLS only");
    if (rc == OL_OK)
        rc = show(self, self->remote.tls, err);
    if (rc != OL_OK) {
        destroy(&self->remote.base);
        return rc;
    }
    *kms = &self->remote.base;
    return OL_OK;
}
