/* SPDX-License-Identifier: MIT */
/*
 * Keys as a JSON list. The text is the caller's to wipe; jansson's copies of the material are wiped
 * here, because its strings cannot be allocated elsewhere.
 */
#include <jansson.h>

#include "base/alloc.h"
#include "base/encode.h"
#include "crypto/content/sealed_text.h"
#include "crypto/keys/keys.h"
#include "crypto/keys/secret.h"

#define JSON_BYTES_MAX (1u << 20)

static ol_slice text_of(json_t *object, const char *name)
{
    json_t *value = json_object_get(object, name);
    return json_is_string(value) ? ol_slice_of(json_string_value(value), json_string_length(value))
                                 : OL_SLICE_NONE;
}

static bool kind_of(ol_slice type, enum ol_key_kind *kind)
{
    static const char *const names[] = {"aes", "rsa", "kms", "password"};
    for (int i = 0; i < 4; i++)
        if (ol_slice_eq_cstr(type, names[i])) {
            *kind = (enum ol_key_kind)i;
            return true;
        }
    return false;
}

/* Lists come from other tools too, which have members of their own: what is not ours is passed over. */
static int check_members(json_t *item, size_t at, ol_error *err)
{
    static const char *const names[] = {"type", "id", "material", "endpoint", "namespace"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        json_t *value = json_object_get(item, names[i]);
        if (value && !json_is_string(value) && !json_is_null(value))
            return ol_error_set(err, OL_ECONFIG, "key %zu: %s is not a text", at, names[i]);
    }
    return OL_OK;
}

/* There may be remarks before it. */
static bool is_pem(const ol_key *key, ol_slice material)
{
    return key->kind == OL_KEY_RSA &&
           ol_slice_search(material, OL_SLICE_LIT("-----BEGIN ")) >= 0;
}

enum form { AS_TEXT, AS_BASE64, AS_STRICT_BASE64 };

static int decode(ol_key *key, ol_slice material, enum form form)
{
    key->material = NULL;
    key->material_len = 0;
    if (material.len == 0)
        return OL_OK;
    key->material = ol_secret_alloc(material.len);
    if (!key->material)
        return material.len > OL_SECRET_BYTES_MAX ? OL_ECONFIG : OL_ENOMEM;
    if (form == AS_BASE64)
        return ol_sealed_base64(material, key->material, material.len, &key->material_len);
    if (form == AS_STRICT_BASE64)
        return ol_base64_decode(material, key->material, material.len, &key->material_len);
    memcpy(key->material, material.data, material.len);
    key->material_len = material.len;
    return OL_OK;
}

/* A password may stand there as it is or in base64: where it could be either, both are tried. */
static int add_decoded(ol_keys *keys, const ol_key *like, ol_slice material, ol_error *err)
{
    ol_key key = *like;
    int rc = decode(&key, material, AS_STRICT_BASE64);
    bool is_text = rc == OL_OK && key.material_len > 0 &&
                   ol_slice_is_utf8(ol_slice_of(key.material, key.material_len));
    if (rc != OL_ENOMEM)
        rc = is_text ? ol_keys_add(keys, &key, err) : OL_OK;
    else
        ol_error_set(err, rc, "keys");
    ol_secret_free(key.material, material.len);
    return rc;
}

static int add_material(ol_keys *keys, ol_key *key, ol_slice material, ol_error *err)
{
    bool as_text = key->kind == OL_KEY_PASSWORD || is_pem(key, material);
    int rc = decode(key, material, as_text ? AS_TEXT : AS_BASE64);
    if (rc == OL_OK)
        rc = ol_keys_add(keys, key, err);
    else
        rc = ol_error_set(err, rc == OL_ENOMEM ? rc : OL_ECONFIG,
                          "key %zu: material is not base64", ol_keys_count(keys) + 1);
    ol_secret_free(key->material, material.len);
    key->material = NULL;
    return rc == OL_OK && key->kind == OL_KEY_PASSWORD ? add_decoded(keys, key, material, err) : rc;
}

static int add_item(ol_keys *keys, json_t *item, ol_error *err)
{
    size_t at = ol_keys_count(keys) + 1;
    ol_key key = {0};
    if (!json_is_object(item))
        return ol_error_set(err, OL_ECONFIG, "key %zu is not an object", at);
    int rc = check_members(item, at, err);
    if (rc != OL_OK)
        return rc;
    if (!kind_of(text_of(item, "type"), &key.kind))
        return ol_error_set(err, OL_ECONFIG, "key %zu: type is aes, rsa, kms or password", at);
    key.id = text_of(item, "id");
    key.name_space = text_of(item, "namespace");
    key.endpoint = text_of(item, "endpoint");
    /* What a KMS keeps has no material here. */
    return add_material(keys, &key, key.kind == OL_KEY_KMS ? OL_SLICE_NONE : text_of(item, "material"),
                        err);
}

static void wipe_texts(json_t *list)
{
    size_t i;
    json_t *item;
    json_array_foreach(list, i, item) {
        json_t *material = json_object_get(item, "material");
        if (json_is_string(material))
            ol_wipe((char *)(uintptr_t)json_string_value(material), json_string_length(material));
    }
}

int ol_keys_parse_json(ol_keys *keys, ol_slice json, ol_error *err)
{
    json_error_t why;
    if (json.len > JSON_BYTES_MAX)
        return ol_error_set(err, OL_ECONFIG, "the list of keys is too long");
    json_t *list = json_loadb((const char *)json.data, json.len, JSON_REJECT_DUPLICATES, &why);
    /* jansson quotes what it stumbled upon: only the place may be told. */
    if (!list)
        return ol_error_set(err, OL_ECONFIG, "the list of keys is not JSON (line %d, column %d)",
                            why.line, why.column);
    int rc = OL_OK;
    if (!json_is_array(list))
        rc = ol_error_set(err, OL_ECONFIG, "the keys are not a JSON list");
    for (size_t i = 0; rc == OL_OK && i < json_array_size(list); i++)
        rc = add_item(keys, json_array_get(list, i), err);
    wipe_texts(list);
    json_decref(list);
    return rc;
}
