/* SPDX-License-Identifier: MIT */
#include "front/operations/parameters.h"

static int bad_argument(ol_request *request, const char *name, ol_slice value, int rc)
{
    ol_request_error_extra(request, "ArgumentName", ol_slice_cstr(name));
    ol_request_error_extra(request, "ArgumentValue", value);
    return rc;
}

int ol_part_number(ol_request *request, uint32_t *out, ol_error *err)
{
    uint64_t number;
    ol_slice text = ol_s3_param_get(&request->address, "partNumber");
    if (!ol_slice_u64(text, &number) || number < 1 || number > OL_PARTS_MAX)
        return bad_argument(request, "partNumber", text,
                            ol_error_say(err, OL_EINVAL,
                                         "Part number must be an integer between 1 and 10000, "
                                         "inclusive"));
    *out = (uint32_t)number;
    return OL_OK;
}

int ol_count_parameter(ol_request *request, const char *name, uint32_t fallback, uint32_t *out,
                       ol_error *err)
{
    uint64_t number;
    ol_slice text = ol_s3_param_get(&request->address, name);
    *out = fallback;
    if (text.len == 0)
        return OL_OK;
    if (!ol_slice_u64(text, &number) || number > INT32_MAX)
        return bad_argument(request, name, text,
                            ol_error_say(err, OL_EINVAL,
                                         "Argument %s must be an integer between 0 and 2147483647",
                                         name));
    *out = (uint32_t)number;
    return OL_OK;
}

int ol_page_size_parameter(ol_request *request, const char *name, uint32_t *out, ol_error *err)
{
    int rc = ol_count_parameter(request, name, OL_LIST_KEYS_MAX, out, err);
    if (*out > OL_LIST_KEYS_MAX)
        *out = OL_LIST_KEYS_MAX;
    return rc;
}

int ol_encoding_parameter(ol_request *request, bool *url, ol_error *err)
{
    ol_slice text = ol_s3_param_get(&request->address, "encoding-type");
    *url = text.len > 0;
    if (text.len == 0 || ol_slice_eq_cstr(text, "url"))
        return OL_OK;
    return bad_argument(request, "encoding-type", text,
                        ol_error_say(err, OL_EINVAL,
                                     "Invalid Encoding Method specified in Request"));
}
