/* SPDX-License-Identifier: MIT */
#include "foreign.h"

#include <errno.h>
#include <string.h>

bool xj_foreign_init(struct xj_foreign *f, const struct xj_charset *charset)
{
    f->converter = xj_charset_open(charset);
    f->is_open = f->converter != (iconv_t)-1;
    return f->is_open;
}

void xj_foreign_fini(struct xj_foreign *f)
{
    if (f->is_open)
        iconv_close(f->converter);
    f->is_open = false;
}

/* Returns how many of the bytes are used up; *cut: what is left is the beginning of a character. */
static size_t convert(struct xj_foreign *f, const uint8_t *bytes, size_t size, bool *cut)
{
    char *from = (char *)(uintptr_t)bytes, *to = (char *)f->characters;
    size_t left = size, room = XJ_FOREIGN_CHARACTERS * sizeof(f->characters[0]);
    size_t odd = iconv(f->converter, &from, &left, &to, &room);
    int error = odd == (size_t)-1 ? errno : 0;
    f->done = 0;
    f->count = XJ_FOREIGN_CHARACTERS - room / sizeof(f->characters[0]);
    *cut = error == EINVAL;
    f->broken = error == EILSEQ || (error != EINVAL && error != E2BIG && odd > 0);
    return size - left;
}

/* One byte more of a character that was cut. */
static void fill_from_part(struct xj_foreign *f, uint8_t byte)
{
    bool cut;
    f->part[f->part_size++] = byte;
    size_t used = convert(f, f->part, f->part_size, &cut);
    f->part_size -= used;
    memmove(f->part, f->part + used, f->part_size);
    if (f->part_size == sizeof(f->part))
        f->broken = true;
}

void xj_foreign_fill(struct xj_foreign *f, const uint8_t **at, const uint8_t *end)
{
    bool cut;
    if (f->part_size > 0) {
        fill_from_part(f, *(*at)++);
        return;
    }
    *at += convert(f, *at, (size_t)(end - *at), &cut);
    if (!cut)
        return;
    f->part_size = (size_t)(end - *at);
    if (f->part_size >= sizeof(f->part)) {
        f->broken = true;
        f->part_size = 0;
        return;
    }
    memcpy(f->part, *at, f->part_size);
    *at = end;
}
