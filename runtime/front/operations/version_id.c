/* SPDX-License-Identifier: MIT */
#include "front/operations/version_id.h"

int ol_version_id_check(ol_request *request, ol_slice version, ol_error *err)
{
    bool is_one = version.len > 0 && version.len < OL_VERSION_ID_SIZE;
    for (size_t i = 0; is_one && i < version.len; i++) {
        uint8_t c = version.data[i];
        is_one = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                 c == '.' || c == '_' || c == '-';
    }
    if (is_one)
        return OL_OK;
    ol_request_error_extra(request, "ArgumentName", OL_SLICE_LIT("versionId"));
    ol_request_error_extra(request, "ArgumentValue", version);
    return ol_error_say(err, OL_EINVAL, version.len > 0
                                            ? "Invalid version id specified"
                                            : "Version id cannot be the empty string");
}

int ol_version_id(ol_request *request, ol_slice *out, ol_error *err)
{
    *out = OL_SLICE_NONE;
    if (!ol_s3_param_has(&request->address, "versionId"))
        return OL_OK;
    *out = ol_s3_param_get(&request->address, "versionId");
    return ol_version_id_check(request, *out, err);
}
