/* SPDX-License-Identifier: MIT */
#include "transform/secret_headers.h"

bool ol_header_is_secret(ol_slice name)
{
    static const char *const names[] = {"authorization", "cookie", "proxy-authorization",
                                        "x-amz-security-token", "x-amz-mfa"};
    static const char *const prefixes[] = {"x-amz-server-side-encryption-customer-",
                                           "x-amz-copy-source-server-side-encryption-customer-"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (ol_slice_ieq(name, ol_slice_cstr(names[i])))
            return true;
    for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
        ol_slice prefix = ol_slice_cstr(prefixes[i]);
        if (ol_slice_ieq(ol_slice_first(name, prefix.len), prefix))
            return true;
    }
    return false;
}
