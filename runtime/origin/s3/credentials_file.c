/* SPDX-License-Identifier: MIT */
/* Both formats; what they read ends in an ol_s3_keys or is overwritten. */
#include "origin/s3/credentials_file.h"

#include <jansson.h>

#include "base/alloc.h"
#include "base/clock.h"

int ol_s3_credentials_field(char *out, size_t size, ol_slice value, const char *what,
                            ol_error *err)
{
    if (value.len >= size)
        return ol_error_say(err, OL_ECONFIG, "the %s is too long", what);
    for (size_t i = 0; i < value.len; i++) {
        if (value.data[i] <= ' ' || value.data[i] >= 0x7f)
            return ol_error_say(err, OL_ECONFIG, "the %s has a character that does not belong",
                                what);
    }
    if (value.len > 0)
        memcpy(out, value.data, value.len);
    out[value.len] = '\0';
    return OL_OK;
}

/* One field by either format's name for it. Unknown ones are not ours to judge. */
static int take(ol_s3_keys *keys, ol_slice name, ol_slice value, ol_error *err)
{
    if (ol_slice_ieq(name, OL_SLICE_LIT("aws_access_key_id")) ||
        ol_slice_eq_cstr(name, "AccessKeyId"))
        return ol_s3_credentials_field(keys->access_key, sizeof keys->access_key, value,
                                       "access key", err);
    if (ol_slice_ieq(name, OL_SLICE_LIT("aws_secret_access_key")) ||
        ol_slice_eq_cstr(name, "SecretAccessKey"))
        return ol_s3_credentials_field(keys->secret_key, sizeof keys->secret_key, value,
                                       "secret key", err);
    if (ol_slice_ieq(name, OL_SLICE_LIT("aws_session_token")) ||
        ol_slice_eq_cstr(name, "SessionToken") || ol_slice_eq_cstr(name, "Token"))
        return ol_s3_credentials_field(keys->token, sizeof keys->token, value, "session token",
                                       err);
    if (!ol_slice_eq_cstr(name, "Expiration") || value.len == 0)
        return OL_OK;
    if (!ol_clock_parse_iso8601(value, &keys->expires_ms))
        return ol_error_say(err, OL_ECONFIG, "Expiration is not a date like 2026-11-20T23:30:47Z");
    return OL_OK;
}

/* ---- JSON ---- */

static int take_members(ol_s3_keys *keys, json_t *root, ol_error *err)
{
    const char *name;
    json_t *value;
    int rc = OL_OK;
    json_object_foreach(root, name, value) {
        const char *text = json_string_value(value);
        if (!text)
            continue;
        ol_slice bytes = ol_slice_of(text, json_string_length(value));
        if (rc == OL_OK)
            rc = take(keys, ol_slice_cstr(name), bytes, err);
        ol_wipe_slice(bytes); /* jansson's copy */
    }
    return rc;
}

static int parse_json(ol_s3_keys *keys, ol_slice text, ol_error *err)
{
    json_t *root = json_loadb((const char *)text.data, text.len, JSON_REJECT_DUPLICATES, NULL);
    if (!root)
        return ol_error_say(err, OL_ECONFIG, "the credentials file is not well-formed JSON");
    int rc = json_is_object(root)
                 ? take_members(keys, root, err)
                 : ol_error_say(err, OL_ECONFIG, "the credentials file holds no JSON object");
    json_decref(root);
    return rc;
}

/* ---- the shared file ---- */

static ol_slice take_line(ol_slice *rest)
{
    ptrdiff_t end = ol_slice_find(*rest, '\n');
    ol_slice line = end < 0 ? *rest : ol_slice_first(*rest, (size_t)end);
    *rest = end < 0 ? OL_SLICE_NONE : ol_slice_from(*rest, (size_t)end + 1);
    if (line.len > 0 && line.data[line.len - 1] == '\r')
        line.len--;
    return ol_slice_trim(line);
}

/* "[name]", or "[profile name]" as the config file has it. */
static bool is_section(ol_slice line, ol_slice *name)
{
    if (line.len < 2 || line.data[0] != '[' || line.data[line.len - 1] != ']')
        return false;
    *name = ol_slice_trim(ol_slice_of(line.data + 1, line.len - 2));
    ol_slice word = OL_SLICE_LIT("profile ");
    if (ol_slice_starts(*name, word))
        *name = ol_slice_trim(ol_slice_from(*name, word.len));
    return true;
}

static int parse_shared(ol_s3_keys *keys, ol_slice text, const char *profile, ol_error *err)
{
    bool ours = false, found = false;
    while (text.len > 0) {
        ol_slice line = take_line(&text), name;
        if (line.len == 0 || line.data[0] == '#' || line.data[0] == ';')
            continue;
        if (is_section(line, &name)) {
            ours = ol_slice_eq_cstr(name, profile);
            found |= ours;
            continue;
        }
        ptrdiff_t equals = ol_slice_find(line, '=');
        if (!ours || equals < 0)
            continue;
        int rc = take(keys, ol_slice_trim(ol_slice_first(line, (size_t)equals)),
                      ol_slice_trim(ol_slice_from(line, (size_t)equals + 1)), err);
        if (rc != OL_OK)
            return rc;
    }
    return found ? OL_OK
                 : ol_error_say(err, OL_ECONFIG, "the credentials file has no profile \"%s\"",
                                profile);
}

int ol_s3_credentials_parse(ol_s3_keys *keys, ol_slice text, const char *profile, ol_error *err)
{
    *keys = (ol_s3_keys){0};
    ol_slice begin = text;
    while (begin.len > 0 && (begin.data[0] <= ' '))
        begin = ol_slice_from(begin, 1);
    bool json = begin.len > 0 && begin.data[0] == '{';
    int rc = json ? parse_json(keys, begin, err) : parse_shared(keys, text, profile, err);
    if (rc == OL_OK && (keys->access_key[0] == '\0' || keys->secret_key[0] == '\0'))
        rc = ol_error_say(err, OL_ECONFIG, "the credentials file lacks the access or secret key");
    if (rc != OL_OK)
        ol_wipe(keys, sizeof *keys);
    return rc;
}
