/* SPDX-License-Identifier: MIT */
#include "sign.h"

#include <glib.h>
#include <stdlib.h>
#include <string.h>

#define PARAMETERS_MAX 32u
#define TEXT_BYTES_MAX 8192u
#define SIGNATURE "sig"
#define QUERY "userRequest.query."
#define SHA256_HEX 64u

struct parameter {
    struct objlens_bytes name, value;
};

struct parameters {
    struct parameter list[PARAMETERS_MAX];
    size_t count;
    struct objlens_bytes signature;
};

static int gather(void *arg, struct objlens_bytes path, struct objlens_bytes value)
{
    struct parameters *all = arg;
    size_t prefix = strlen(QUERY);
    struct objlens_bytes name = {(const char *)path.data + prefix, path.size - prefix};
    if (name.size == strlen(SIGNATURE) && memcmp(name.data, SIGNATURE, name.size) == 0) {
        all->signature = value;
        return OBJLENS_OK;
    }
    if (all->count == PARAMETERS_MAX)
        return OBJLENS_ELIMIT;
    all->list[all->count++] = (struct parameter){name, value};
    return OBJLENS_OK;
}

static int compare_bytes(struct objlens_bytes a, struct objlens_bytes b)
{
    int order = memcmp(a.data, b.data, a.size < b.size ? a.size : b.size);
    return order ? order : (a.size > b.size) - (a.size < b.size);
}

static int by_name(const void *a, const void *b)
{
    return compare_bytes(((const struct parameter *)a)->name, ((const struct parameter *)b)->name);
}

/* As RFC 3986 has it: all but its unreserved characters. */
static void add_encoded(GString *text, struct objlens_bytes bytes)
{
    const unsigned char *at = bytes.data;
    for (size_t i = 0; i < bytes.size; i++)
        if (g_ascii_isalnum(at[i]) || (at[i] && strchr("-._~", at[i])))
            g_string_append_c(text, (char)at[i]);
        else
            g_string_append_printf(text, "%%%02X", at[i]);
}

/* The part of a URL between its host and its query. */
static struct objlens_bytes path_of(struct objlens_bytes url)
{
    const char *at = url.data, *end = at + url.size;
    const char *host = memmem(at, url.size, "://", 3);
    host = host ? host + 3 : at;
    const char *path = memchr(host, '/', (size_t)(end - host));
    if (!path)
        return (struct objlens_bytes){"/", 1};
    const char *query = memchr(path, '?', (size_t)(end - path));
    return (struct objlens_bytes){path, (size_t)((query ? query : end) - path)};
}

static void add_parameters(GString *text, struct parameters *all)
{
    qsort(all->list, all->count, sizeof(all->list[0]), by_name);
    for (size_t i = 0; i < all->count && text->len < TEXT_BYTES_MAX; i++) {
        g_string_append_c(text, i == 0 ? '?' : '&');
        add_encoded(text, all->list[i].name);
        g_string_append_c(text, '=');
        add_encoded(text, all->list[i].value);
    }
    if (all->count == 0)
        g_string_append_c(text, '?');
}

/* In constant time. */
static bool same(struct objlens_bytes given, const char *wanted)
{
    const unsigned char *at = given.data;
    unsigned differs = 0;
    if (given.size != SHA256_HEX)
        return false;
    for (size_t i = 0; i < SHA256_HEX; i++)
        differs |= at[i] ^ (unsigned char)wanted[i];
    return differs == 0;
}

enum image_signed image_sign_check(const struct image_config *config, const struct objlens_host *host,
                                   struct objlens_call *call)
{
    struct parameters all = {0};
    struct objlens_bytes url;
    if (config->sign_key_bytes == 0 ||
        host->event_get(call, QUERY SIGNATURE, &all.signature) != OBJLENS_OK)
        return IMAGE_UNSIGNED;
    if (host->event_each(call, QUERY, gather, &all) != OBJLENS_OK ||
        host->event_get(call, "userRequest.url", &url) != OBJLENS_OK)
        return IMAGE_FORGED;
    struct objlens_bytes path = path_of(url);
    GString *text = g_string_new_len(path.data, (gssize)path.size);
    add_parameters(text, &all);
    char *wanted = g_compute_hmac_for_data(G_CHECKSUM_SHA256, config->sign_key, config->sign_key_bytes,
                                           (const guchar *)text->str, text->len);
    bool good = wanted && text->len <= TEXT_BYTES_MAX && same(all.signature, wanted);
    g_free(wanted);
    g_string_free(text, TRUE);
    return good ? IMAGE_SIGNED : IMAGE_FORGED;
}
