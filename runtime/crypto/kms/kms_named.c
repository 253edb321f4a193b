/* SPDX-License-Identifier: MIT */
#include "crypto/kms/kms_named.h"

#include <stdio.h>

bool ol_kms_is_name(ol_slice name, bool slashes)
{
    for (size_t i = 0; i < name.len; i++) {
        uint8_t ch = name.data[i];
        bool good = (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') ||
                    (ch >= '0' && ch <= '9') || ch == '-' || ch == '_' || (slashes && ch == '/') ||
                    (ch == '.' && i > 0 && name.data[i - 1] != '.' && name.data[i - 1] != '/');
        if (!good)
            return false;
    }
    return name.len > 0 && name.len < OL_KMS_NAME_SIZE;
}

int ol_kms_named_init(ol_kms_named *named, const char *region, const char *account,
                      const char *default_key, ol_error *err)
{
    int len = region && account ? snprintf(named->place, sizeof named->place,
                                           "arn:aws:kms:%s:%s:", region, account)
                                : 0;
    if (len < 0 || (size_t)len >= sizeof named->place)
        return ol_error_say(err, OL_ECONFIG, "kms: region and account are too long");
    if (!default_key || !*default_key)
        return OL_OK;
    if (!ol_kms_is_name(ol_slice_cstr(default_key), false))
        return ol_error_say(err, OL_ECONFIG,
                            "kms: default key: letters, digits, -, _ and . only");
    memcpy(named->default_key, default_key, strlen(default_key) + 1);
    return OL_OK;
}

ol_slice ol_kms_named_key(const ol_kms_named *named, ol_slice asked)
{
    const ol_slice place = ol_slice_cstr(named->place), kind = OL_SLICE_LIT("key/");
    if (asked.len == 0)
        return ol_slice_cstr(named->default_key);
    if (place.len > 0 && ol_slice_starts(asked, place)) {
        asked = ol_slice_from(asked, place.len);
        if (!ol_slice_starts(asked, kind))
            return OL_SLICE_NONE;
        asked = ol_slice_from(asked, kind.len);
    }
    return ol_kms_is_name(asked, false) ? asked : OL_SLICE_NONE;
}

ol_slice ol_kms_named_arn(const ol_kms_named *named, ol_arena *arena, ol_slice name)
{
    if (!named->place[0])
        return ol_arena_copy(arena, name);
    return ol_slice_cstr(
        ol_arena_printf(arena, "%skey/%.*s", named->place, OL_SLICE_FMT(name)));
}
