/* SPDX-License-Identifier: MIT */
#include "control/config/names.h"

#include "control/config/ranges.h"
#include "transform/host/walls.h"

static bool is_word_char(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

static bool is_id(ol_slice name, ol_slice prefix)
{
    if (!ol_slice_starts(name, prefix) || name.len == prefix.len || name.len > 64)
        return false;
    for (size_t i = prefix.len; i < name.len; i++)
        if (!is_word_char(name.data[i]) && name.data[i] != '-')
            return false;
    return true;
}

const char *ol_name_vpc_wrong(ol_slice name)
{
    return is_id(name, OL_SLICE_LIT("vpc-")) ? NULL
                                             : "is not a VPC such as \"vpc-1a2b3c4d\"";
}

const char *ol_name_endpoint_wrong(ol_slice name)
{
    return is_id(name, OL_SLICE_LIT("vpce-")) ? NULL
                                              : "is not an endpoint such as \"vpce-1a2b3c4d\"";
}

const char *ol_name_range_wrong(ol_slice range)
{
    ol_config_range parsed;
    return ol_range_parse(range, &parsed)
               ? NULL
               : "is not a range of addresses such as \"10.0.0.0/8\" or \"2001:db8::/32\"";
}

const char *ol_name_wall_wrong(ol_slice name)
{
    return ol_wall_of(name) ? NULL : "is not a wall; 'objlens check --sandbox' lists them";
}

const char *ol_name_domain_wrong(ol_slice name)
{
    bool ok = name.len >= 1 && name.len <= 253 && is_word_char(name.data[0]) &&
              is_word_char(name.data[name.len - 1]);
    for (size_t i = 0; ok && i < name.len; i++)
        ok = is_word_char(name.data[i]) || name.data[i] == '-' ||
             (name.data[i] == '.' && name.data[i - 1] != '.');
    return ok ? NULL : "is not a host name in lower case, without port";
}

const char *ol_name_base_path_wrong(ol_slice path)
{
    bool ok = path.len >= 2 && path.len <= 256 && path.data[0] == '/' &&
              path.data[path.len - 1] != '/';
    for (size_t i = 1; ok && i < path.len; i++) {
        uint8_t c = path.data[i];
        ok = is_word_char(c) || (c >= 'A' && c <= 'Z') || c == '-' || c == '_' || c == '.' ||
             (c == '/' && path.data[i - 1] != '/');
    }
    return ok ? NULL
              : "is not a path such as \"/s3\": a slash first and none last, letters, digits and "
                "'-_./'";
}

const char *ol_name_endpoint_url_wrong(ol_slice url)
{
    ol_slice rest = ol_slice_starts(url, OL_SLICE_LIT("https://"))  ? ol_slice_from(url, 8)
                    : ol_slice_starts(url, OL_SLICE_LIT("http://")) ? ol_slice_from(url, 7)
                                                                    : OL_SLICE_NONE;
    bool ok = rest.len > 0;
    for (size_t i = 0; ok && i < rest.len; i++)
        ok = rest.data[i] > ' ' && rest.data[i] < 0x7f && !strchr("/?#@\\", rest.data[i]);
    return ok ? NULL : "is not an endpoint such as \"https://host:port\", without a path or a user";
}
