/* SPDX-License-Identifier: MIT */
/*
 * Names and values that views are configured with.
 */
#include "base/alloc.h"
#include "base/encode.h"
#include "control/config/config.h"
#include "control/config/names.h"

bool ol_name_view_encoding_parse(ol_slice name, unsigned *encoding)
{
    if (ol_slice_eq_cstr(name, "gzip"))
        *encoding = OL_VIEW_GZIP;
    else if (ol_slice_eq_cstr(name, "zstd"))
        *encoding = OL_VIEW_ZSTD;
    else
        return false;
    return true;
}

const char *ol_name_view_encoding_wrong(ol_slice name)
{
    unsigned parsed;
    return ol_name_view_encoding_parse(name, &parsed)
               ? NULL
               : "is no encoding: there are gzip and zstd";
}

/* ---- the key of ETags ---- */

bool ol_name_view_key_decode(ol_slice text, uint8_t *key)
{
    uint8_t decoded[OL_CONFIG_VIEW_KEY_BYTES + 4];
    size_t len = 0;
    bool ok = text.len == 2 * OL_CONFIG_VIEW_KEY_BYTES
                  ? ol_hex_decode(text, decoded, sizeof(decoded), &len) == OL_OK
                  : ol_base64_decode(text, decoded, sizeof(decoded), &len) == OL_OK;
    ok = ok && len == OL_CONFIG_VIEW_KEY_BYTES;
    if (ok)
        memcpy(key, decoded, OL_CONFIG_VIEW_KEY_BYTES);
    ol_wipe(decoded, sizeof(decoded));
    return ok;
}

const char *ol_name_view_key_wrong(ol_slice text)
{
    uint8_t key[OL_CONFIG_VIEW_KEY_BYTES];
    bool ok = ol_name_view_key_decode(text, key);
    ol_wipe(key, sizeof(key));
    return ok ? NULL : "must be 32 bytes: 64 hex digits, or 44 characters of base64";
}

/* ---- headers ---- */

static bool is_one_of(ol_slice name, const char *const *names)
{
    for (size_t i = 0; names[i]; i++)
        if (ol_slice_ieq(name, ol_slice_cstr(names[i])))
            return true;
    return false;
}

static bool begins(ol_slice name, const char *prefix)
{
    ol_slice want = ol_slice_cstr(prefix);
    return name.len >= want.len && ol_slice_ieq(ol_slice_first(name, want.len), want);
}

/* A constant cannot be true of bytes that differ, and what steers the connection is the server's. */
const char *ol_name_view_header_wrong(ol_slice name)
{
    static const char *const of_bytes[] = {
        "accept-ranges", "content-digest", "content-length", "content-md5", "content-range",
        "digest", "etag", "repr-digest", NULL};
    static const char *const of_connection[] = {
        "connection", "date", "keep-alive", "proxy-authenticate", "server", "te", "trailer",
        "transfer-encoding", "upgrade", "www-authenticate", NULL};
    if (is_one_of(name, of_bytes))
        return "says something about the bytes, which only the server knows";
    if (is_one_of(name, of_connection))
        return "is for the server alone to set";
    if (begins(name, "x-amz-") && !begins(name, "x-amz-meta-"))
        return "is for the server alone to set";
    if (begins(name, "access-control-"))
        return "belongs into the bucket's cors";
    return NULL;
}
