/* SPDX-License-Identifier: MIT */
/*
 * Names of the formats in which clients encrypt.
 */
#include "control/config/names.h"

bool ol_name_sealed_format_parse(ol_slice name, enum ol_sealed_format *format)
{
    for (unsigned bit = OL_SEALED_S3_V1; bit <= OL_SEALED_OPENSSL; bit <<= 1)
        if (ol_slice_eq_cstr(name, ol_sealed_format_name((enum ol_sealed_format)bit))) {
            *format = (enum ol_sealed_format)bit;
            return true;
        }
    return false;
}

const char *ol_name_sealed_format_wrong(ol_slice name)
{
    enum ol_sealed_format unused;
    return ol_name_sealed_format_parse(name, &unused)
               ? NULL
               : "is no format: there are s3-v1, s3-v2, s3-v3, aws-encryption-sdk, rclone, age, "
                 "openpgp and openssl";
}
