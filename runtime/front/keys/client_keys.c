/* SPDX-License-Identifier: MIT */
/*
 * Keys that clients encrypted with, from their files into locked memory. An AES key's file has the raw
 * 16, 24 or 32 bytes, or base64 of them; a password's is used up to its line's end; an RSA key's is PEM.
 */
#include "base/alloc.h"
#include "base/encode.h"
#include "crypto/keys/key_file.h"
#include "front/keys/client_keys.h"
#include "front/keys/key_service.h"

#define FILE_BYTES_MAX 16000

/* In place: the text is longer than what it says. */
static void decode_aes(ol_buf *text)
{
    uint8_t raw[64];
    size_t len = 0;
    ol_slice given = ol_key_file_word(ol_buf_slice(text));
    bool is_raw = text->len == 16 || text->len == 24 || text->len == 32;
    if (!is_raw && given.len <= 64 &&
        ol_base64_decode(given, raw, sizeof raw, &len) == OL_OK) {
        memcpy(text->data, raw, len);
        text->len = len;
    }
    ol_wipe(raw, sizeof raw);
}

static void cut_line(ol_buf *text)
{
    while (text->len > 0 &&
           (text->data[text->len - 1] == '\n' || text->data[text->len - 1] == '\r'))
        text->len--;
}

static int add_from_file(ol_keys *keys, const ol_config_client_key *from, ol_error *err)
{
    ol_buf text;
    ol_error why = {0};
    const ol_key_file file = {
        .what = "key", .path = from->file, .bytes_max = FILE_BYTES_MAX, .or_root = true};
    ol_buf_init_secret(&text, FILE_BYTES_MAX + 1);
    int rc = ol_key_file_read(&file, &text, NULL, &why);
    if (rc == OL_OK && from->kind == OL_KEY_AES)
        decode_aes(&text);
    if (rc == OL_OK && from->kind == OL_KEY_PASSWORD)
        cut_line(&text);
    const ol_key key = {.kind = from->kind,
                        .id = from->id,
                        .name_space = from->name_space,
                        .material = text.data,
                        .material_len = text.len};
    if (rc == OL_OK)
        rc = ol_keys_add(keys, &key, &why);
    ol_buf_fini(&text);
    if (rc == OL_OK)
        return OL_OK;
    return ol_error_set(err, rc == OL_ENOMEM ? rc : OL_ECONFIG, "client_key \"%.*s\": %s",
                        OL_SLICE_FMT(from->name), why.detail[0] ? why.detail : why.message);
}

static int add(ol_keys *keys, ol_kms *kms, const ol_config_client_key *from, ol_error *err)
{
    if (from->kind != OL_KEY_KMS)
        return add_from_file(keys, from, err);
    const ol_key key = {
        .kind = OL_KEY_KMS, .id = from->id, .name_space = from->name_space, .kms = kms};
    return ol_keys_add(keys, &key, err);
}

static const ol_config_client_key *find(const ol_config_keys *config, ol_slice name)
{
    for (size_t i = 0; i < config->client_count; i++)
        if (ol_slice_eq(config->clients[i].name, name))
            return &config->clients[i];
    return NULL;
}

static int add_all(ol_keys *keys, ol_kms *kms, const ol_config_keys *config, ol_error *err)
{
    int rc = OL_OK;
    for (size_t i = 0; rc == OL_OK && i < config->client_count; i++)
        rc = add(keys, kms, &config->clients[i], err);
    return rc;
}

int ol_client_keys_new(ol_keys **out, ol_kms *kms, const ol_config_keys *config,
                       const ol_slice *names, size_t count, ol_error *err)
{
    ol_keys *keys;
    int rc = ol_keys_new(&keys);
    if (rc != OL_OK)
        return ol_error_set(err, rc, "client keys");
    if (count == 0)
        rc = add_all(keys, kms, config, err);
    for (size_t i = 0; rc == OL_OK && i < count; i++) {
        const ol_config_client_key *from = find(config, names[i]);
        rc = from ? add(keys, kms, from, err)
                  : ol_error_set(err, OL_ECONFIG, "unknown client_key \"%.*s\"",
                                 OL_SLICE_FMT(names[i]));
    }
    if (rc == OL_OK)
        *out = keys;
    else
        ol_keys_release(keys);
    return rc;
}

int ol_key_service_client_keys(ol_key_service *service, const ol_config *config,
                               const ol_slice *names, size_t count, ol_keys **keys, ol_error *err)
{
    return ol_client_keys_new(keys, ol_key_service_kms(service), &config->crypto, names, count,
                              err);
}
