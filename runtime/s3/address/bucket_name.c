/* SPDX-License-Identifier: MIT */
/* S3's rules for names of new buckets (address.h). */
#include "base/limits.h"
#include "s3/address/address.h"

static bool is_alnum(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

static bool looks_like_ipv4(ol_slice name)
{
    int dots = 0;
    for (size_t i = 0; i < name.len; i++) {
        if (name.data[i] == '.')
            dots++;
        else if (name.data[i] < '0' || name.data[i] > '9')
            return false;
    }
    return dots == 3;
}

/* Each label between dots begins and ends with a letter or a digit. */
static bool has_good_labels(ol_slice name)
{
    for (size_t i = 0; i < name.len; i++) {
        uint8_t c = name.data[i];
        if (is_alnum(c))
            continue;
        if ((c != '-' && c != '.') || i == 0 || i + 1 == name.len)
            return false;
        uint8_t before = name.data[i - 1], after = name.data[i + 1];
        if (c == '.' && (!is_alnum(before) || !is_alnum(after)))
            return false;
    }
    return true;
}

/* Endings are spoken for by access points and their kin. */
static bool is_reserved(ol_slice name)
{
    static const char *const prefixes[] = {"xn--", "sthree-", "amzn-s3-demo-"};
    static const char *const suffixes[] = {"--ol-s3", "-s3alias", ".mrap", "--x-s3", "--table-s3"};
    for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++)
        if (ol_slice_starts(name, ol_slice_cstr(prefixes[i])))
            return true;
    for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++)
        if (ol_slice_ends(name, ol_slice_cstr(suffixes[i])))
            return true;
    return false;
}

bool ol_s3_bucket_name_ok(ol_slice name)
{
    return name.len >= OL_BUCKET_NAME_MIN && name.len <= OL_BUCKET_NAME_MAX &&
           has_good_labels(name) && !looks_like_ipv4(name) && !is_reserved(name);
}
