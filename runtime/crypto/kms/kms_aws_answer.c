/* SPDX-License-Identifier: MIT */
#include "crypto/kms/kms_aws_answer.h"

#include <jansson.h>

#include "base/encode.h"
#include "crypto/keys/secret.h"

#define MESSAGE_SIZE 250

/* ---- which key ---- */

/* Behind the fifth colon of an ARN; empty when it is none. */
static ol_slice resource_of(ol_slice arn)
{
    size_t at = 0;
    if (!ol_slice_starts(arn, OL_SLICE_LIT("arn:")))
        return OL_SLICE_NONE;
    for (int i = 0; i < 5; i++) {
        ptrdiff_t colon = ol_slice_find(ol_slice_from(arn, at), ':');
        if (colon < 0)
            return OL_SLICE_NONE;
        at += (size_t)colon + 1;
    }
    return ol_slice_from(arn, at);
}

bool ol_kms_aws_is_key(ol_slice asked, ol_slice answered)
{
    const ol_slice alias = OL_SLICE_LIT("alias/"), key = OL_SLICE_LIT("key/");
    ol_slice wanted = resource_of(asked), got = resource_of(answered);
    if (asked.len == 0 || ol_slice_eq(asked, answered))
        return true;
    if (ol_slice_starts(answered, alias) || ol_slice_starts(got, alias))
        return false;
    if (ol_slice_starts(asked, alias))
        return true;
    if (ol_slice_starts(wanted, alias)) { /* the same region and account */
        size_t head = asked.len - wanted.len;
        return got.len > 0 && answered.len - got.len == head &&
               memcmp(asked.data, answered.data, head) == 0;
    }
    /* Only one of them is an ARN, or they differ. */
    ol_slice resource = got.len > 0 && wanted.len == 0 ? got : wanted;
    ol_slice id = got.len > 0 ? asked : answered;
    return (got.len > 0) != (wanted.len > 0) && ol_slice_starts(resource, key) &&
           ol_slice_eq(ol_slice_from(resource, key.len), id);
}

/* ---- JSON ---- */

static int garbage(const ol_kms_aws_asked *asked, const char *what, ol_error *err)
{
    return ol_error_set(err, OL_EKMSUNAVAILABLE, "kms %s: its answer %s", asked->name, what);
}

/* The library quotes what it stumbles upon, so nothing of its message is passed on. */
static json_t *parse(ol_slice text)
{
    json_error_t why;
    json_t *root = json_loadb((const char *)text.data, text.len, JSON_REJECT_DUPLICATES, &why);
    if (json_is_object(root))
        return root;
    json_decref(root);
    return NULL;
}

static ol_slice text_of(const json_t *object, const char *name)
{
    const json_t *value = json_object_get(object, name);
    return json_is_string(value) ? ol_slice_of(json_string_value(value), json_string_length(value))
                                 : OL_SLICE_NONE;
}

/* ---- answers ---- */

static int read_blob(const ol_kms_aws_asked *asked, ol_slice text, ol_slice *blob, ol_error *err)
{
    size_t len = 0;
    if (text.len == 0 || text.len > OL_KMS_BLOB_BYTES_MAX / 3 * 4 + 4)
        return garbage(asked, "holds no wrapped key", err);
    uint8_t *room = ol_arena_alloc(asked->arena, text.len);
    if (!room)
        return ol_error_set(err, OL_ENOMEM, "kms: answer");
    if (ol_base64_decode(text, room, text.len, &len) != OL_OK || len == 0)
        return garbage(asked, "holds a wrapped key that is not base64", err);
    *blob = ol_slice_of(room, len);
    return OL_OK;
}

static int read_used_key(const ol_kms_aws_asked *asked, ol_slice id, ol_slice *used, ol_error *err)
{
    if (id.len == 0 || id.len > OL_KMS_KEY_ID_BYTES_MAX)
        return garbage(asked, "does not say which key was used", err);
    if (!ol_kms_aws_is_key(asked->key_id, id)) {
        int code = asked->verb == OL_KMS_OPEN ? OL_EDECRYPT : OL_EKMSUNAVAILABLE;
        return ol_error_set(err, code, "kms %s: it used another key than it was asked for",
                            asked->name);
    }
    *used = ol_arena_copy(asked->arena, id);
    return used->data ? OL_OK : ol_error_set(err, OL_ENOMEM, "kms: answer");
}

static int read_state(const ol_kms_aws_asked *asked, const json_t *root, ol_kms_given *given,
                      enum ol_kms_state *state, ol_error *err)
{
    const json_t *metadata = json_object_get(root, "KeyMetadata");
    ol_slice name = text_of(metadata, "KeyState");
    int rc = read_used_key(asked, text_of(metadata, "Arn"), &given->used_key, err);
    if (rc != OL_OK)
        return rc;
    if (ol_slice_eq_cstr(name, "Enabled"))
        *state = OL_KMS_ENABLED;
    else if (ol_slice_eq_cstr(name, "Disabled"))
        *state = OL_KMS_DISABLED;
    else if (ol_slice_eq_cstr(name, "PendingDeletion") ||
             ol_slice_eq_cstr(name, "PendingReplicaDeletion"))
        *state = OL_KMS_PENDING_DELETION;
    else if (name.len > 0)
        return ol_error_set(err, OL_EKMSSTATE, "kms %s: the key's state is %.*s", asked->name,
                            name.len < 40 ? (int)name.len : 40, (const char *)name.data);
    else
        return garbage(asked, "holds no state of the key", err);
    return OL_OK;
}

static int read_root(const ol_kms_aws_asked *asked, const json_t *root, ol_kms_given *given,
                     enum ol_kms_state *state, ol_error *err)
{
    if (asked->verb == OL_KMS_STATE)
        return read_state(asked, root, given, state, err);
    if (!given->key || !json_is_string(json_object_get(root, "Plaintext")))
        return garbage(asked, "holds no key", err);
    int rc = read_used_key(asked, text_of(root, "KeyId"), &given->used_key, err);
    if (rc == OL_OK && asked->verb == OL_KMS_GENERATE)
        rc = read_blob(asked, text_of(root, "CiphertextBlob"), &given->wrapped, err);
    return rc;
}

int ol_kms_aws_answer_read(const ol_kms_aws_asked *asked, ol_span text, ol_kms_given *given,
                           enum ol_kms_state *state, ol_error *err)
{
    *given = (ol_kms_given){0};
    int rc = ol_kms_reply_take(text, "Plaintext", &given->key, &given->key_len);
    if (rc != OL_OK)
        return rc == OL_ENOMEM ? ol_error_set(err, rc, "kms %s: key", asked->name)
                               : garbage(asked, "holds a key that is none", err);
    json_t *root = parse(ol_slice_of(text.data, text.len));
    rc = root ? read_root(asked, root, given, state, err) : garbage(asked, "is not JSON", err);
    json_decref(root);
    if (rc != OL_OK || asked->verb == OL_KMS_STATE) {
        ol_secret_free(given->key, given->key_len);
        given->key = NULL;
    }
    return rc;
}

/* ---- refusals ---- */

enum remedy { FINAL, AGAIN };

typedef struct refusal {
    const char *type; /* without "Exception" */
    int code;
    enum remedy remedy;
    bool tells; /* the client may read the KMS's message */
} refusal;

static const refusal refusals[] = {
    {"NotFound", OL_EKMSNOTFOUND, FINAL, true},
    {"InvalidArn", OL_EKMSNOTFOUND, FINAL, true},
    {"Disabled", OL_EKMSDISABLED, FINAL, true},
    {"KMSInvalidState", OL_EKMSSTATE, FINAL, true},
    {"InvalidKeyUsage", OL_EKMSSTATE, FINAL, true},
    {"InvalidGrantToken", OL_EKMSSTATE, FINAL, false},
    {"DryRunOperation", OL_EKMSSTATE, FINAL, false},
    {"AccessDenied", OL_EACCESS, FINAL, false},
    {"InvalidCiphertext", OL_EDECRYPT, FINAL, false},
    {"IncorrectKey", OL_EDECRYPT, FINAL, false},
    {"Throttling", OL_EKMSTHROTTLED, AGAIN, false},
    {"Throttled", OL_EKMSTHROTTLED, AGAIN, false},
    {"TooManyRequests", OL_EKMSTHROTTLED, AGAIN, false},
    {"RequestLimitExceeded", OL_EKMSTHROTTLED, AGAIN, false},
    {"LimitExceeded", OL_EKMSTHROTTLED, AGAIN, false},
    {"SlowDown", OL_EKMSTHROTTLED, AGAIN, false},
    {"KMSInternal", OL_EKMSUNAVAILABLE, AGAIN, false},
    {"KeyUnavailable", OL_EKMSUNAVAILABLE, AGAIN, false},
    {"DependencyTimeout", OL_EKMSUNAVAILABLE, AGAIN, false},
    /* our own credentials and requests: the client is not at fault */
    {"UnrecognizedClient", OL_EKMSUNAVAILABLE, FINAL, false},
    {"InvalidSignature", OL_EKMSUNAVAILABLE, FINAL, false},
    {"ExpiredToken", OL_EKMSUNAVAILABLE, FINAL, false},
};

/* "com.example#NotFoundException" or "NotFoundException:http://…" to "NotFound". */
static ol_slice bare_type(ol_slice type)
{
    ptrdiff_t hash = ol_slice_find(type, '#');
    if (hash >= 0)
        type = ol_slice_from(type, (size_t)hash + 1);
    ptrdiff_t colon = ol_slice_find(type, ':');
    if (colon >= 0)
        type = ol_slice_first(type, (size_t)colon);
    type = ol_slice_trim(type);
    const ol_slice tail = OL_SLICE_LIT("Exception");
    return type.len > tail.len && ol_slice_ends(type, tail)
               ? ol_slice_first(type, type.len - tail.len)
               : type;
}

static refusal judge(const ol_kms_aws_asked *asked, int status, ol_slice type)
{
    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++)
        if (ol_slice_eq_cstr(type, refusals[i].type))
            return refusals[i];
    if (status == 429)
        return (refusal){"", OL_EKMSTHROTTLED, AGAIN, false};
    if (status >= 500)
        return (refusal){"", OL_EKMSUNAVAILABLE, AGAIN, false};
    /* A blob that cannot even be one. */
    if (asked->verb == OL_KMS_OPEN && ol_slice_eq_cstr(type, "Validation"))
        return (refusal){"", OL_EDECRYPT, FINAL, false};
    if (ol_slice_eq_cstr(type, "Validation"))
        return (refusal){"", OL_EKMSNOTFOUND, FINAL, false};
    return (refusal){"", OL_EKMSUNAVAILABLE, FINAL, false};
}

/* Printable, on one line, short: it ends up in logs and in error documents. */
static void copy_text(ol_slice message, char *out, size_t size)
{
    size_t len = 0;
    for (size_t i = 0; i < message.len && len + 1 < size; i++)
        out[len++] = message.data[i] >= ' ' && message.data[i] < 0x7f ? (char)message.data[i] : '?';
    out[len] = '\0';
}

int ol_kms_aws_refusal_read(const ol_kms_aws_asked *asked, int status, ol_slice type, ol_slice text,
                            bool *again, ol_error *err)
{
    char message[MESSAGE_SIZE], name[64];
    json_t *root = parse(text);
    ol_slice said = text_of(root, "__type");
    ol_slice words = text_of(root, "message");
    if (words.len == 0)
        words = text_of(root, "Message");
    const ol_slice bare = bare_type(said.len > 0 ? said : type);
    const refusal found = judge(asked, status, bare);
    copy_text(words, message, sizeof message);
    copy_text(bare, name, sizeof name);
    json_decref(root);
    *again = found.remedy == AGAIN;
    if (found.tells && message[0])
        return ol_error_say(err, found.code, "%s", message);
    return ol_error_set(err, found.code, "kms %s: %d %s: %s", asked->name, status, name, message);
}
