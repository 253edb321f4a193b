/* SPDX-License-Identifier: MIT */
/* Names that the s3control API is given: of access points, of functions. */
#include "s3/documents/control_documents.h"

static bool is_name_byte(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
}

bool ol_access_point_name_ok(ol_slice name, bool object_lambda)
{
    if (name.len < 3 || name.len > (object_lambda ? 45u : 50u))
        return false;
    for (size_t i = 0; i < name.len; i++)
        if (!is_name_byte(name.data[i]))
            return false;
    return name.data[0] != '-' && name.data[name.len - 1] != '-' &&
           !ol_slice_ends(name, OL_SLICE_LIT("--ol-s3")) &&
           !ol_slice_ends(name, OL_SLICE_LIT("-s3alias"));
}

/* ---- functions ---- */

static ol_slice cut(ol_slice *rest)
{
    ptrdiff_t colon = ol_slice_find(*rest, ':');
    ol_slice piece = colon < 0 ? *rest : ol_slice_first(*rest, (size_t)colon);
    *rest = ol_slice_from(*rest, piece.len + 1);
    return piece;
}

static bool is_account(ol_slice text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.data[i] < '0' || text.data[i] > '9')
            return false;
    return text.len == 12;
}

static bool name_ok(ol_slice name)
{
    for (size_t i = 0; i < name.len; i++) {
        uint8_t c = name.data[i];
        bool alnum = (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
        if (!alnum && (c == 0 || !strchr("-_.$", c)))
            return false;
    }
    return name.len > 0;
}

bool ol_function_name_parse(ol_slice text, ol_function_name *out)
{
    *out = (ol_function_name){0};
    if (text.len > OL_CONTROL_FUNCTION_BYTES_MAX)
        return false;
    ol_slice rest = text, first = cut(&rest);
    if (ol_slice_eq_cstr(first, "arn")) {
        ol_slice partition = cut(&rest), service = cut(&rest);
        if (!ol_slice_starts(partition, OL_SLICE_LIT("aws")) ||
            !ol_slice_eq_cstr(service, "lambda") || cut(&rest).len == 0)
            return false;
        first = cut(&rest);
        if (!is_account(first))
            return false;
    }
    if (is_account(first) && ol_slice_starts(rest, OL_SLICE_LIT("function:"))) {
        out->account = first;
        first = cut(&rest);
    }
    if (ol_slice_eq_cstr(first, "function") && rest.len > 0)
        first = cut(&rest);
    out->name = first;
    out->qualifier = rest;
    bool ends_in_colon = text.len > 0 && text.data[text.len - 1] == ':';
    return name_ok(out->name) && !ends_in_colon && (rest.len == 0 || name_ok(rest));
}
