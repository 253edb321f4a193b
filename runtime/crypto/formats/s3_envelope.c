/* SPDX-License-Identifier: MIT */
/*
 * V1 and V2 keep everything in one place: in the metadata, or all of it in the instruction file. V3
 * always keeps cipher, message id and commitment on the object, and may keep the wrapped key and what
 * belongs to it in the file.
 */
#include "crypto/formats/s3_envelope.h"

#include <jansson.h>

#include "crypto/content/sealed_private.h"
#include "crypto/content/sealed_text.h"

#define FIELDS_MAX 16
#define WRAPPED_TEXT_MAX 8192u

static const char meta[] = "x-amz-meta-";

typedef struct fields {
    ol_slice names[FIELDS_MAX], values[FIELDS_MAX];
    size_t count;
} fields;

static const ol_slice *find(const fields *f, const char *name)
{
    for (size_t i = 0; i < f->count; i++)
        if (ol_slice_ieq(f->names[i], ol_slice_cstr(name)))
            return &f->values[i];
    return NULL;
}

static ol_slice get(const fields *f, const char *name)
{
    const ol_slice *value = find(f, name);
    return value ? *value : OL_SLICE_NONE;
}

/* Every name that means something; what the first .NET clients called key and initial value comes
 * last. NULL: it means nothing. */
static const char *known_name(ol_slice name, bool in_file)
{
    static const char *const names[] = {
        "x-amz-key",     "x-amz-key-v2", "x-amz-iv", "x-amz-wrap-alg", "x-amz-cek-alg",
        "x-amz-tag-len", "x-amz-c",      "x-amz-w",  "x-amz-3",        "x-amz-i",
        "x-amz-d",       "x-amz-m",      "x-amz-t",  "x-amz-matdesc",  OL_S3_LENGTH_NAME};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (ol_slice_ieq(name, ol_slice_cstr(names[i])))
            return names[i];
    if (in_file && ol_slice_eq_cstr(name, OL_S3_OLD_KEY_NAME))
        return "x-amz-key";
    return in_file && ol_slice_eq_cstr(name, "IV") ? "x-amz-iv" : NULL;
}

/* A name that is there twice would leave it to us which one is meant. */
static int add(fields *f, const char *known, ol_slice value)
{
    ol_slice name = ol_slice_cstr(known);
    for (size_t i = 0; i < f->count; i++)
        if (ol_slice_ieq(f->names[i], name))
            return OL_EDECRYPT;
    if (f->count == FIELDS_MAX)
        return OL_EDECRYPT;
    f->names[f->count] = name;
    f->values[f->count++] = ol_slice_trim(value);
    return OL_OK;
}

static int read_headers(fields *f, const ol_header *headers, size_t count, ol_arena *arena)
{
    for (size_t i = 0; i < count; i++) {
        ol_slice name = headers[i].name, value;
        if (!ol_slice_ieq(ol_slice_first(name, sizeof(meta) - 1), ol_slice_cstr(meta)))
            continue;
        const char *known = known_name(ol_slice_from(name, sizeof(meta) - 1), false);
        if (!known)
            continue;
        int rc = ol_s3_header_text(headers[i].value, arena, &value);
        if (rc == OL_OK)
            rc = add(f, known, value);
        if (rc != OL_OK)
            return rc;
    }
    return OL_OK;
}

/* Clients write texts only; a number can mean but one. */
static int text_of(json_t *value, ol_arena *arena, ol_slice *text)
{
    const char *number;
    if (json_is_integer(value)) {
        number = ol_arena_printf(arena, "%lld", (long long)json_integer_value(value));
        *text = ol_slice_cstr(number);
        return number ? OL_OK : OL_ENOMEM;
    }
    if (!json_is_string(value))
        return OL_EDECRYPT;
    size_t len = json_string_length(value);
    *text = ol_arena_copy(arena, ol_slice_of(json_string_value(value), len));
    return len == 0 || text->data ? OL_OK : OL_ENOMEM;
}

static int add_json(fields *f, json_t *object, ol_arena *arena)
{
    const char *name;
    size_t name_len;
    json_t *value;
    json_object_keylen_foreach(object, name, name_len, value) {
        ol_slice text;
        const char *known = known_name(ol_slice_of(name, name_len), true);
        if (!known || json_is_null(value))
            continue;
        int rc = text_of(value, arena, &text);
        if (rc == OL_OK)
            rc = add(f, known, text);
        if (rc != OL_OK)
            return rc;
    }
    return OL_OK;
}

static int read_instruction(fields *f, ol_slice text, ol_arena *arena)
{
    json_error_t why;
    if (text.len > OL_INSTRUCTION_BYTES_MAX)
        return OL_EDECRYPT;
    json_t *object = json_loadb((const char *)text.data, text.len, JSON_REJECT_DUPLICATES, &why);
    int rc = json_is_object(object) ? add_json(f, object, arena) : OL_EDECRYPT;
    json_decref(object);
    return rc;
}

/* ---- values ---- */

static int fixed_bytes(ol_slice text, uint8_t *out, size_t size)
{
    uint8_t bytes[64];
    size_t len;
    if (ol_sealed_base64(text, bytes, sizeof(bytes), &len) != OL_OK || len != size)
        return OL_EDECRYPT;
    memcpy(out, bytes, size);
    return OL_OK;
}

static int wrapped_key(ol_slice text, ol_arena *arena, ol_slice *key)
{
    size_t len;
    if (text.len == 0 || text.len > WRAPPED_TEXT_MAX)
        return OL_EDECRYPT;
    uint8_t *bytes = ol_arena_alloc(arena, text.len);
    if (!bytes)
        return OL_ENOMEM;
    if (ol_sealed_base64(text, bytes, text.len, &len) != OL_OK || len == 0)
        return OL_EDECRYPT;
    *key = ol_slice_of(bytes, len);
    return OL_OK;
}

static int context_of(ol_s3_envelope *e, const ol_slice *text, ol_arena *arena)
{
    ol_error unused = {0};
    if (!text || text->len == 0)
        return OL_OK;
    int rc = ol_context_parse(&e->context, *text, arena, &unused);
    return rc == OL_OK || rc == OL_ENOMEM ? rc : OL_EDECRYPT;
}

typedef struct named {
    const char *name;
    int value;
} named;

static int lookup(const named *table, size_t count, ol_slice text, int *value)
{
    for (size_t i = 0; i < count; i++)
        if (ol_slice_eq_cstr(text, table[i].name)) {
            *value = table[i].value;
            return OL_OK;
        }
    return OL_EDECRYPT;
}

/* ---- the three versions ---- */

/* The wrap has no name: a padded AES key has 32 or 48 bytes, an RSA block many more. */
static int read_v1(ol_s3_envelope *e, const fields *f, ol_arena *arena)
{
    int rc = wrapped_key(get(f, "x-amz-key"), arena, &e->key);
    if (rc == OL_OK)
        rc = fixed_bytes(get(f, "x-amz-iv"), e->iv, 16);
    if (rc == OL_OK)
        rc = context_of(e, find(f, "x-amz-matdesc"), arena);
    e->iv_len = 16;
    e->cipher = OL_S3_CBC;
    e->wrap = e->key.len <= 48 ? OL_S3_WRAP_AES_ECB : OL_S3_WRAP_RSA_PKCS1;
    return rc;
}

static int read_v2_cipher(ol_s3_envelope *e, const fields *f)
{
    static const named ciphers[] = {{"AES/GCM/NoPadding", OL_S3_GCM},
                                    {"AES/CBC/PKCS5Padding", OL_S3_CBC},
                                    {"AES/CBC/PKCS7Padding", OL_S3_CBC}};
    int cipher = 0;
    ol_slice name = get(f, "x-amz-cek-alg"), tag = get(f, "x-amz-tag-len");
    int rc = lookup(ciphers, sizeof(ciphers) / sizeof(ciphers[0]), name, &cipher);
    if (rc != OL_OK)
        return rc;
    e->cipher = (enum ol_s3_cipher)cipher;
    e->name = name;
    e->iv_len = e->cipher == OL_S3_GCM ? 12 : 16;
    if (e->cipher == OL_S3_GCM && !ol_slice_eq_cstr(tag, "128"))
        return OL_EDECRYPT;
    return fixed_bytes(get(f, "x-amz-iv"), e->iv, e->iv_len);
}

static int read_v2(ol_s3_envelope *e, const fields *f, ol_arena *arena)
{
    static const named wraps[] = {
        {"AESWrap", OL_S3_WRAP_AES_WRAP},
        {"RSA/ECB/OAEPWithSHA-256AndMGF1Padding", OL_S3_WRAP_RSA_OAEP256},
        {"kms", OL_S3_WRAP_KMS},
        {"AES/GCM", OL_S3_WRAP_AES_GCM},
        {"RSA-OAEP-SHA1", OL_S3_WRAP_RSA_NAMED},
        {"kms+context", OL_S3_WRAP_KMS_CONTEXT},
    };
    int wrap = 0;
    int rc = lookup(wraps, sizeof(wraps) / sizeof(wraps[0]), get(f, "x-amz-wrap-alg"), &wrap);
    e->wrap = (enum ol_s3_wrap)wrap;
    if (rc == OL_OK)
        rc = wrapped_key(get(f, "x-amz-key-v2"), arena, &e->key);
    if (rc == OL_OK)
        rc = read_v2_cipher(e, f);
    return rc == OL_OK ? context_of(e, find(f, "x-amz-matdesc"), arena) : rc;
}

static int read_v3(ol_s3_envelope *e, const fields *object, const fields *wrapping, ol_arena *arena)
{
    static const named wraps[] = {
        {"02", OL_S3_WRAP_AES_GCM}, {"12", OL_S3_WRAP_KMS_CONTEXT}, {"22", OL_S3_WRAP_RSA_NAMED}};
    int wrap = 0;
    if (!ol_slice_eq_cstr(get(object, "x-amz-c"), "115"))
        return OL_EDECRYPT;
    int rc = lookup(wraps, 3, get(wrapping, "x-amz-w"), &wrap);
    e->wrap = (enum ol_s3_wrap)wrap;
    e->cipher = OL_S3_GCM;
    e->name = OL_SLICE_LIT("115");
    e->iv_len = 12;
    memset(e->iv, 1, e->iv_len);
    if (rc == OL_OK)
        rc = wrapped_key(get(wrapping, "x-amz-3"), arena, &e->key);
    if (rc == OL_OK)
        rc = fixed_bytes(get(object, "x-amz-i"), e->message_id, OL_S3_MESSAGE_ID_BYTES);
    if (rc == OL_OK)
        rc = fixed_bytes(get(object, "x-amz-d"), e->commitment, OL_S3_COMMITMENT_BYTES);
    if (rc != OL_OK)
        return rc;
    const ol_slice *described = find(wrapping, "x-amz-m"), *context = find(wrapping, "x-amz-t");
    return context_of(e, e->wrap == OL_S3_WRAP_KMS_CONTEXT || !described ? context : described, arena);
}

/* Nobody vouches for it, but an honest client's is right. */
static int read_length(ol_s3_envelope *e, const fields *object, const fields *file)
{
    const ol_slice *text = find(object, OL_S3_LENGTH_NAME);
    text = text ? text : find(file, OL_S3_LENGTH_NAME);
    e->claimed_size = UINT64_MAX;
    return !text || text->len == 0 || ol_slice_u64(*text, &e->claimed_size) ? OL_OK : OL_EDECRYPT;
}

static bool has_any(const fields *f, const char *const *names)
{
    for (; *names; names++)
        if (find(f, *names))
            return true;
    return false;
}

/* Markers of one version only; what V3 keeps on the object is not in its file. */
static bool is_mixed(enum ol_sealed_format format, const fields *object, const fields *file)
{
    static const char *const v1[] = {"x-amz-key", NULL};
    static const char *const v2[] = {"x-amz-key-v2", NULL};
    static const char *const v12[] = {"x-amz-key", "x-amz-key-v2", NULL};
    static const char *const v3[] = {"x-amz-3", "x-amz-c", "x-amz-d", "x-amz-i", "x-amz-w", NULL};
    static const char *const v3_object[] = {"x-amz-c", "x-amz-d", "x-amz-i", NULL};
    static const char *const v3_wrap[] = {"x-amz-3", "x-amz-w", NULL};
    static const char *const crypto[] = {"x-amz-iv",      "x-amz-wrap-alg", "x-amz-cek-alg",
                                         "x-amz-tag-len", NULL};
    const char *const *foreign = format == OL_SEALED_S3_V1   ? v2
                                 : format == OL_SEALED_S3_V2 ? v1
                                                             : v12;
    if (has_any(object, foreign) || has_any(file, foreign))
        return true;
    if (format != OL_SEALED_S3_V3)
        return has_any(object, v3) || has_any(file, v3) ||
               (file->count > 0 && (has_any(object, v12) || has_any(object, crypto)));
    return file->count > 0 && (has_any(file, v3_object) || has_any(object, v3_wrap));
}

int ol_s3_envelope_read(ol_s3_envelope *e, enum ol_sealed_format format, const ol_header *headers,
                        size_t count, ol_slice instruction, ol_arena *arena, ol_error *err)
{
    fields object = {.count = 0}, file = {.count = 0};
    *e = (ol_s3_envelope){.format = format};
    int rc = read_headers(&object, headers, count, arena);
    if (rc == OL_OK && instruction.len > 0)
        rc = read_instruction(&file, instruction, arena);
    if (rc == OL_OK && is_mixed(format, &object, &file))
        rc = OL_EDECRYPT;
    const fields *wrapping = file.count > 0 ? &file : &object;
    if (rc == OL_OK && format == OL_SEALED_S3_V1)
        rc = read_v1(e, wrapping, arena);
    else if (rc == OL_OK && format == OL_SEALED_S3_V2)
        rc = read_v2(e, wrapping, arena);
    else if (rc == OL_OK)
        rc = read_v3(e, &object, wrapping, arena);
    if (rc == OL_OK)
        rc = read_length(e, &object, &file);
    if (rc == OL_EDECRYPT)
        return ol_sealed_refused(err, "the metadata of the encryption is incomplete or misshapen");
    return rc == OL_OK ? OL_OK : ol_error_set(err, rc, "metadata of an encryption");
}
