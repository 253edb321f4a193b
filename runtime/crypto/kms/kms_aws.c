/* SPDX-License-Identifier: MIT */
/*
 * The provider for the KMS JSON API: its options, what a request says, and its signature, made anew
 * for every try. The credentials are secret memory.
 */
#include "crypto/kms/kms_aws.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/encode.h"
#include "crypto/keys/secret.h"
#include "crypto/kms/kms_aws_answer.h"
#include "s3/sigv4/hmac.h"
#include "s3/sigv4/sigv4_sign.h"

#define REGION_BYTES_MAX 31
#define CREDENTIALS_BYTES_MAX 8192
#define BODY_BYTES_MAX (128u * 1024)
#define CONTENT_TYPE "application/x-amz-json-1.1"

typedef struct aws {
    ol_kms_remote remote; /* first */
    char region[REGION_BYTES_MAX + 1];
    char *secrets; /* access key, secret key, token, one behind the other */
    size_t secrets_bytes;
    ol_sigv4_credentials credentials;
} aws;

static aws *aws_of(ol_kms_remote *remote)
{
    return (aws *)remote;
}

/* ---- what a request says ---- */

static const char *const verbs[] = {"GenerateDataKey", "Decrypt", "DescribeKey"};

static int add_member(ol_buf *out, const char *name, ol_slice value)
{
    int rc = ol_buf_addf(out, "%s\"%s\":", out->len > 1 ? "," : "", name);
    return rc == OL_OK ? ol_json_string(out, value) : rc;
}

static int add_length(ol_buf *out, size_t key_bytes)
{
    if (key_bytes == 16 || key_bytes == 32)
        return ol_buf_addf(out, ",\"KeySpec\":\"AES_%zu\"", key_bytes * 8);
    return ol_buf_addf(out, ",\"NumberOfBytes\":%zu", key_bytes);
}

static int add_blob(ol_buf *out, ol_slice blob)
{
    int rc = ol_buf_addf(out, "%s\"CiphertextBlob\":\"", out->len > 1 ? "," : "");
    if (rc == OL_OK)
        rc = ol_base64_encode(out, blob);
    return rc == OL_OK ? ol_buf_add_byte(out, '"') : rc;
}

static int add_context(ol_buf *out, const ol_context *context)
{
    if (context->count == 0)
        return OL_OK;
    int rc = ol_buf_add_cstr(out, ",\"EncryptionContext\":");
    return rc == OL_OK ? ol_context_write(context, out) : rc;
}

static int write_body(const ol_kms_question *question, ol_buf *out)
{
    const ol_kms_call *call = question->call;
    int rc = ol_buf_add_byte(out, '{');
    if (rc == OL_OK && call->key_id.len > 0)
        rc = add_member(out, "KeyId", call->key_id);
    if (rc == OL_OK && question->verb == OL_KMS_GENERATE)
        rc = add_length(out, call->key_bytes);
    if (rc == OL_OK && question->verb == OL_KMS_OPEN)
        rc = add_blob(out, call->blob);
    if (rc == OL_OK && question->verb != OL_KMS_STATE)
        rc = add_context(out, &call->context);
    return rc == OL_OK ? ol_buf_add_byte(out, '}') : rc;
}

static int check_call(const ol_kms_question *question, ol_error *err)
{
    ol_kms_call *call = question->call;
    const char *name = question->at->remote->name;
    if (question->verb == OL_KMS_GENERATE && call->key_bytes == 0)
        call->key_bytes = OL_DATA_KEY_BYTES;
    if (call->key_id.len > OL_KMS_KEY_ID_BYTES_MAX ||
        (call->key_id.len == 0 && question->verb != OL_KMS_OPEN))
        return ol_error_set(err, OL_EKMSNOTFOUND, "kms %s: a key's name of %zu bytes", name,
                            call->key_id.len);
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
    if (rc != OL_OK)
        return rc;
    ol_buf_init(&body, BODY_BYTES_MAX);
    rc = write_body(question, &body);
    question->target = OL_SLICE_LIT("/");
    if (rc == OL_OK) {
        question->body = ol_arena_copy(question->arena, ol_buf_slice(&body));
        rc = question->body.data ? OL_OK : OL_ENOMEM;
    }
    ol_buf_fini(&body);
    return rc == OL_OK ? OL_OK : ol_error_set(err, rc, "kms: request");
}

/* ---- a try ---- */

static int add_headers(const ol_kms_question *question, ol_headers *headers)
{
    char target[64];
    int len = snprintf(target, sizeof target, "TrentService.%s", verbs[question->verb]);
    int rc = ol_headers_add(headers, OL_SLICE_LIT("content-type"), OL_SLICE_LIT(CONTENT_TYPE));
    if (rc == OL_OK)
        rc = ol_headers_add(headers, OL_SLICE_LIT("x-amz-target"),
                            ol_slice_of(target, (size_t)len));
    return rc;
}

static int dress(ol_kms_question *question, ol_headers *headers, ol_error *err)
{
    const aws *self = aws_of(question->at->remote);
    uint8_t sum[OL_SHA256_BYTES];
    char digest[OL_SHA256_HEX_SIZE];
    int rc = add_headers(question, headers);
    if (rc != OL_OK)
        return ol_error_set(err, rc, "kms: request");
    ol_sha256_of(question->body, sum);
    ol_hex_encode(sum, sizeof sum, digest);
    const ol_sigv4_signing signing = {.credentials = &self->credentials,
                                      .region = ol_slice_cstr(self->region),
                                      .service = OL_SLICE_LIT("kms"),
                                      .now_ms = ol_clock_wall_ms(),
                                      .method = OL_SLICE_LIT("POST"),
                                      .host = ol_slice_cstr(self->remote.endpoint.authority),
                                      .path = question->target,
                                      .payload = ol_slice_cstr(digest)};
    ol_error why = {0};
    rc = ol_sigv4_sign(question->at->own, &signing, headers, NULL, &why);
    if (rc == OL_OK)
        return OL_OK;
    return ol_error_set(err, rc == OL_ENOMEM ? rc : OL_EKMSUNAVAILABLE, "kms %s: signing: %s",
                        self->remote.name, why.detail);
}

static int judge(ol_kms_question *question, const ol_kms_reply *reply, bool *again, ol_error *err)
{
    const ol_kms_aws_asked asked = {.verb = question->verb,
                                    .key_id = question->call->key_id,
                                    .name = question->at->remote->name,
                                    .arena = question->arena};
    ol_kms_given given;
    if (reply->status != 200) {
        ol_slice text = ol_slice_of(reply->body.data, reply->body.len);
        ol_slice type = ol_headers_get(reply->headers, "x-amzn-errortype");
        int rc = ol_kms_aws_refusal_read(&asked, reply->status, type, text, again, err);
        if (rc != OL_EKMSNOTFOUND || question->verb != OL_KMS_STATE)
            return rc;
        ol_error_clear(err);
        *question->state = OL_KMS_MISSING;
        return OL_OK;
    }
    int rc = ol_kms_aws_answer_read(&asked, reply->body, &given, question->state, err);
    if (rc != OL_OK)
        return rc;
    if (question->verb != OL_KMS_STATE)
        return ol_kms_question_take(question, &given, err);
    question->call->used_key = ol_arena_copy(question->call->arena, given.used_key);
    return question->call->used_key.data ? OL_OK : ol_error_set(err, OL_ENOMEM, "kms: answer");
}

/* ---- life ---- */

static int loop_init(ol_kms_remote *remote, void **own)
{
    ol_sigv4 *sigv4 = NULL;
    (void)remote;
    int rc = ol_sigv4_new(&sigv4);
    *own = sigv4;
    return rc;
}

static void loop_fini(void *own)
{
    ol_sigv4_destroy(own);
}

static const ol_kms_dialect dialect = {.compose = compose,
                                       .dress = dress,
                                       .judge = judge,
                                       .loop_init = loop_init,
                                       .loop_fini = loop_fini};

static void destroy(ol_kms *kms)
{
    aws *self = aws_of((ol_kms_remote *)kms);
    ol_kms_remote_fini(&self->remote);
    ol_secret_free(self->secrets, self->secrets_bytes);
    ol_free(self);
}

static const ol_kms_ops operations = {.name = "aws",
                                      .generate = ol_kms_remote_generate,
                                      .open = ol_kms_remote_open,
                                      .state = ol_kms_remote_state,
                                      .cancel = ol_kms_remote_cancel,
                                      .attach = ol_kms_remote_attach,
                                      .detach = ol_kms_remote_detach,
                                      .destroy = destroy};

static int take_region(aws *self, const char *region, ol_error *err)
{
    size_t len = region ? strlen(region) : 0;
    if (len == 0 || len > REGION_BYTES_MAX)
        return ol_error_say(err, OL_ECONFIG, "kms: region: a name of 1 to 31 characters");
    for (const char *c = region; *c; c++)
        if ((*c < 'a' || *c > 'z') && (*c < 'A' || *c > 'Z') && (*c < '0' || *c > '9') && *c != '-')
            return ol_error_say(err, OL_ECONFIG, "kms: region: letters, digits and hyphens only");
    memcpy(self->region, region, len + 1);
    return OL_OK;
}

static ol_slice place(char **at, const char *text)
{
    size_t len = text ? strlen(text) : 0;
    ol_slice placed = ol_slice_of(*at, len);
    if (len > 0)
        memcpy(*at, text, len);
    *at += len;
    return placed;
}

static int take_credentials(aws *self, const ol_kms_aws_options *options, ol_error *err)
{
    bool given = options->from == OL_KMS_AWS_STATIC;
    const char *access = given ? options->access_key : getenv("AWS_ACCESS_KEY_ID");
    const char *secret = given ? options->secret_key : getenv("AWS_SECRET_ACCESS_KEY");
    const char *token = given ? options->session_token : getenv("AWS_SESSION_TOKEN");
    if (!access || !*access || !secret || !*secret)
        return ol_error_say(err, OL_ECONFIG, "kms: no credentials");
    self->secrets_bytes = strlen(access) + strlen(secret) + (token ? strlen(token) : 0);
    if (self->secrets_bytes > CREDENTIALS_BYTES_MAX || strlen(secret) > OL_SECRET_KEY_BYTES_MAX)
        return ol_error_say(err, OL_ECONFIG, "kms: credentials that are too long");
    char *at = self->secrets = ol_secret_alloc(self->secrets_bytes);
    if (!at)
        return ol_error_set(err, OL_ENOMEM, "kms: credentials");
    self->credentials.access_key = place(&at, access);
    self->credentials.secret_key = place(&at, secret);
    self->credentials.token = place(&at, token);
    return OL_OK;
}

void ol_kms_aws_options_default(ol_kms_aws_options *options)
{
    *options = (ol_kms_aws_options){.region = "us-east-1"};
    ol_kms_remote_options_default(&options->remote);
}

int ol_kms_aws_new(ol_kms **kms, const ol_kms_aws_options *options, ol_error *err)
{
    aws *self = ol_calloc(1, sizeof *self);
    if (!self)
        return ol_error_set(err, OL_ENOMEM, "kms");
    int rc = ol_kms_remote_init(&self->remote, &operations, &dialect, &options->remote, err);
    if (rc != OL_OK) {
        ol_free(self);
        return rc;
    }
    rc = take_region(self, options->region, err);
    if (rc == OL_OK)
        rc = take_credentials(self, options, err);
    if (rc != OL_OK) {
        destroy(&self->remote.base);
        return rc;
    }
    *kms = &self->remote.base;
    return OL_OK;
}
