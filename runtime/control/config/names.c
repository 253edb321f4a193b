/* SPDX-License-Identifier: MIT */
#include "control/config/names.h"

#include <stdint.h>

#include "access/actions.h"
#include "control/config/features.h"
#include "control/state/realm.h"
#include "s3/address/address.h"

static bool is_lower(uint8_t c)
{
    return c >= 'a' && c <= 'z';
}

static bool is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

static bool is_alnum(uint8_t c)
{
    return is_lower(c) || is_digit(c) || (c >= 'A' && c <= 'Z');
}

static bool all_of(ol_slice name, bool (*is)(uint8_t c), const char *others)
{
    for (size_t i = 0; i < name.len; i++)
        if (!is(name.data[i]) && (name.data[i] == '\0' || !strchr(others, name.data[i])))
            return false;
    return true;
}

static bool is_lower_or_digit(uint8_t c)
{
    return is_lower(c) || is_digit(c);
}

static const char *reserved_ending(ol_slice name)
{
    if (ol_slice_ends(name, OL_SLICE_LIT(OL_ALIAS_OLAP_SUFFIX)))
        return "must not end in " OL_ALIAS_OLAP_SUFFIX
               ", which is kept for aliases of Object Lambda access points";
    if (ol_slice_ends(name, OL_SLICE_LIT(OL_ALIAS_ACCESS_POINT_SUFFIX)))
        return "must not end in " OL_ALIAS_ACCESS_POINT_SUFFIX
               ", which is kept for aliases of access points";
    return NULL;
}

const char *ol_name_bucket_wrong(ol_slice name)
{
    const char *reserved = reserved_ending(name);
    if (reserved)
        return reserved;
    if (!ol_s3_bucket_name_ok(name))
        return "is not a valid bucket name: 3 to 63 lower-case letters, digits, '-' and '.', a "
               "letter or digit first and last";
    return NULL;
}

const char *ol_name_access_point_wrong(ol_slice name)
{
    const char *reserved = reserved_ending(name);
    if (reserved)
        return reserved;
    bool ok = name.len >= 3 && name.len <= 45 && all_of(name, is_lower_or_digit, "-") &&
              name.data[0] != '-' && name.data[name.len - 1] != '-';
    return ok ? NULL
              : "is not a valid access point name: 3 to 45 lower-case letters, digits and '-', a "
                "letter or digit first and last";
}

const char *ol_name_user_wrong(ol_slice name)
{
    bool ok = name.len >= 1 && name.len <= 64 && all_of(name, is_alnum, "+=,.@_-");
    return ok ? NULL : "is not a valid user name: 1 to 64 letters, digits and '+=,.@_-'";
}

const char *ol_name_transform_wrong(ol_slice name)
{
    bool ok = name.len >= 1 && name.len <= OL_TRANSFORM_NAME_MAX &&
              all_of(name, is_lower_or_digit, "_-") && is_lower_or_digit(name.data[0]);
    return ok ? NULL
              : "is not a valid transform name: 1 to 64 lower-case letters, digits, '_' and '-', "
                "a letter or digit first";
}

const char *ol_name_transform_file_wrong(ol_slice path)
{
    bool ok = ol_slice_ends(path, OL_SLICE_LIT(".lua")) || ol_slice_ends(path, OL_SLICE_LIT(".so"));
    return ok ? NULL : "must end in .lua or .so";
}

const char *ol_name_script_file_wrong(ol_slice path)
{
    if (ol_slice_ends(path, OL_SLICE_LIT(".so")))
        return "is a shared object, which is loaded by name: plugin = \"…\", from a folder of "
               "the block plugins";
    return ol_slice_ends(path, OL_SLICE_LIT(".lua")) ? NULL : "must end in .lua";
}

static bool is_hex_digit(uint8_t c)
{
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

const char *ol_name_sha256_wrong(ol_slice digest)
{
    return digest.len == 64 && all_of(digest, is_hex_digit, "") ? NULL
                                                                : "is not 64 hexadecimal digits";
}

const char *ol_name_region_wrong(ol_slice name)
{
    bool ok = name.len >= 1 && name.len <= 31 && all_of(name, is_lower_or_digit, "-");
    return ok ? NULL : "is not a valid region: 1 to 31 lower-case letters, digits and '-'";
}

const char *ol_name_account_wrong(ol_slice name)
{
    bool ok = name.len == 12 && all_of(name, is_digit, "");
    return ok ? NULL : "is not a valid account: 12 digits, written as a string";
}

/* It stands between slashes and commas in an Authorization header. */
const char *ol_name_access_key_wrong(ol_slice key)
{
    bool ok = key.len >= 3 && key.len <= 128 && all_of(key, is_alnum, "._-");
    return ok ? NULL : "must be 3 to 128 letters, digits, '.', '_' and '-'";
}

const char *ol_name_secret_key_wrong(ol_slice key)
{
    bool ok = key.len >= 8 && key.len <= 128;
    for (size_t i = 0; ok && i < key.len; i++)
        ok = key.data[i] > ' ' && key.data[i] < 0x7f;
    return ok ? NULL : "must be 8 to 128 printable ASCII characters without blanks";
}

const char *ol_name_mfa_serial_wrong(ol_slice serial)
{
    bool ok = serial.len >= 9 && serial.len <= 256 && all_of(serial, is_alnum, "=,.@:/-");
    return ok ? NULL : "must have 9 to 256 letters, digits and '=,.@:/-'";
}

const char *ol_name_mfa_secret_wrong(ol_slice secret)
{
    size_t letters = 0;
    for (size_t i = 0; i < secret.len; i++) {
        uint8_t c = secret.data[i];
        bool letter = is_lower(c) || (c >= 'A' && c <= 'Z') || (c >= '2' && c <= '7');
        if (!letter && c != '=' && c != ' ')
            letters = SIZE_MAX / 2;
        letters += letter;
    }
    bool ok = letters >= 16 && letters <= 128;
    return ok ? NULL : "must be base32: 16 to 128 letters and digits 2 to 7";
}

const char *ol_name_canonical_id_wrong(ol_slice id)
{
    bool ok = id.len >= 1 && id.len <= 128 && all_of(id, is_alnum, "_-$");
    return ok ? NULL : "is not a canonical id: 1 to 128 letters, digits, '_', '-' and '$'";
}

const char *ol_name_sts_key_wrong(ol_slice key)
{
    return key.len >= 16 && key.len <= 4096 ? NULL : "must have 16 to 4096 bytes";
}

const char *ol_name_origin_wrong(ol_slice name)
{
    if (ol_slice_eq_cstr(name, OL_NAME_STORE))
        return "is the name of the embedded store";
    bool ok = name.len >= 1 && name.len <= 64 && all_of(name, is_lower_or_digit, "_-") &&
              is_lower_or_digit(name.data[0]);
    return ok ? NULL
              : "is not a valid origin name: 1 to 64 lower-case letters, digits, '_' and '-', a "
                "letter or digit first";
}

const char *ol_name_view_action_wrong(ol_slice action)
{
    enum ol_realm_action parsed;
    return ol_realm_action_parse(action, &parsed)
               ? NULL
               : "cannot be transformed: GetObject, HeadObject, ListObjects and ListObjectsV2 can";
}

const char *ol_name_feature_wrong(ol_slice feature)
{
    unsigned parsed;
    return ol_feature_parse(feature, &parsed)
               ? NULL
               : "is no feature: there are GetObject-Range, GetObject-PartNumber, "
                 "HeadObject-Range and HeadObject-PartNumber";
}

/* A slip here would make a Deny deny nothing, and nobody would notice. */
static bool is_known_service(ol_slice service)
{
    return ol_slice_find(service, '*') >= 0 || ol_slice_find(service, '?') >= 0 ||
           ol_action_service_known(service);
}

const char *ol_name_action_wrong(ol_slice action)
{
    if (ol_slice_eq_cstr(action, "*"))
        return NULL;
    ptrdiff_t colon = ol_slice_find(action, ':');
    ol_slice service = colon > 0 ? ol_slice_first(action, (size_t)colon) : OL_SLICE_NONE;
    ol_slice verb = colon > 0 ? ol_slice_from(action, (size_t)colon + 1) : OL_SLICE_NONE;
    if (verb.len == 0 || !all_of(service, is_lower_or_digit, "-*?") ||
        !all_of(verb, is_alnum, "*?"))
        return "is not an action such as \"s3:GetObject\" or \"s3-object-lambda:*\"";
    if (!is_known_service(service))
        return "names a service that objlens does not have (it has s3, s3-object-lambda, sts and kms)";
    bool pattern = ol_slice_find(action, '*') >= 0 || ol_slice_find(action, '?') >= 0;
    return pattern || ol_action_parse(action) != OL_ACTION_NONE
               ? NULL
               : "is no action of that service that objlens knows";
}

const char *ol_name_resource_wrong(ol_slice resource)
{
    if (ol_slice_eq_cstr(resource, "*") || ol_slice_starts(resource, OL_SLICE_LIT("arn:")))
        return NULL;
    return "is not an ARN such as \"arn:aws:s3:::orders/*\", nor \"*\"";
}

const char *ol_name_master_key_wrong(ol_slice name)
{
    bool arn = ol_slice_starts(name, OL_SLICE_LIT("arn:"));
    if (name.len > 2048 || (arn && ol_slice_search(name, OL_SLICE_LIT(":key/")) < 0) ||
        (!arn && !all_of(name, is_alnum, "-_.")))
        return "is neither a key's id nor its ARN (an alias will not do: it may come to mean another)";
    return NULL;
}
