/* SPDX-License-Identifier: MIT */
#include "origin/store/seek.h"

void ol_seek_at(ol_seek *seek, ol_slice key, bool behind)
{
    if (key.len > OL_KEY_BYTES_MAX)
        key.len = OL_KEY_BYTES_MAX;
    if (key.len > 0)
        memmove(seek->bytes, key.data, key.len);
    seek->len = key.len;
    if (behind)
        seek->bytes[seek->len++] = 0;
}

bool ol_seek_past(ol_seek *seek, ol_slice prefix)
{
    while (prefix.len > 0 && prefix.data[prefix.len - 1] == 0xff)
        prefix.len--;
    if (prefix.len == 0)
        return false;
    ol_seek_at(seek, prefix, false);
    seek->bytes[seek->len - 1]++;
    return true;
}

ol_slice ol_seek_common(const ol_seek *seek, ol_slice key)
{
    ol_slice delimiter = seek->delimiter;
    if (delimiter.len == 0)
        return OL_SLICE_NONE;
    ol_slice rest = ol_slice_from(key, seek->prefix.len);
    ptrdiff_t at = ol_slice_search(rest, delimiter);
    return at >= 0 ? ol_slice_first(key, seek->prefix.len + (size_t)at + delimiter.len)
                   : OL_SLICE_NONE;
}

bool ol_seek_first(ol_seek *seek, ol_slice after)
{
    if (ol_slice_cmp(after, seek->prefix) < 0) {
        ol_seek_at(seek, seek->prefix, false);
        return true;
    }
    /* What stands below a common prefix that has been passed belongs to it. */
    ol_slice prefix =
        ol_slice_starts(after, seek->prefix) ? ol_seek_common(seek, after) : OL_SLICE_NONE;
    if (prefix.len > 0)
        return ol_seek_past(seek, prefix);
    ol_seek_at(seek, after, after.len > 0);
    return true;
}
