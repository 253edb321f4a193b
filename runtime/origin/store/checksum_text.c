/* SPDX-License-Identifier: MIT */
#include "origin/store/checksum_text.h"

#include <stdio.h>

ol_slice ol_checksum_pack(const ol_object_checksum *sum, char *out)
{
    if (sum->name[0] == '\0' || sum->text[0] == '\0')
        return OL_SLICE_NONE;
    int len = snprintf(out, OL_CHECKSUM_PACKED_SIZE, "%s%c%s", sum->name,
                       sum->composite ? '*' : '=', sum->text);
    return ol_slice_of(out, (size_t)len);
}

void ol_checksum_unpack(ol_slice packed, ol_object_checksum *sum)
{
    *sum = (ol_object_checksum){.composite = false};
    size_t name = 0;
    while (name < packed.len && packed.data[name] != '=' && packed.data[name] != '*')
        name++;
    ol_slice text = ol_slice_from(packed, name + 1 < packed.len ? name + 1 : packed.len);
    if (name == 0 || name >= sizeof sum->name || text.len == 0 || text.len >= sizeof sum->text)
        return;
    memcpy(sum->name, packed.data, name);
    memcpy(sum->text, text.data, text.len);
    sum->composite = packed.data[name] == '*';
}
