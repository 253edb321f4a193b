/* SPDX-License-Identifier: MIT */
#include "text.h"

#include "space.h"

#define PIECE_HEAD_BYTES 8

static uint32_t last_end(const struct xj_text *t)
{
    return (t->last ? t->last + PIECE_HEAD_BYTES : t->first) + t->last_size;
}

/* The last piece cannot grow any more: another begins. */
static bool begin_piece(struct xj_text *t, struct xj_store *s)
{
    static const uint8_t head[PIECE_HEAD_BYTES];
    uint32_t at = s->end;
    if (!xj_store_append(s, head, sizeof(head)))
        return false;
    if (t->last) {
        xj_store_patch(s, t->last, at);
        xj_store_patch(s, t->last + 4, t->last_size);
    } else {
        t->more = at;
        t->first_size = t->last_size;
    }
    t->last = at;
    t->last_size = 0;
    return true;
}

static bool trims(enum xj_strip strip)
{
    return strip == XJ_STRIP_UNICODE || strip == XJ_STRIP_XML;
}

bool xj_text_add(struct xj_text *t, struct xj_store *s, enum xj_strip strip, const uint8_t *bytes,
                 size_t size)
{
    if (!t->first) {
        size_t skipped = trims(strip) ? xj_space_before(bytes, size, strip) : 0;
        if (skipped == size)
            return true;
        bytes += skipped;
        size -= skipped;
        t->first = s->end;
    } else if (last_end(t) != s->end && !begin_piece(t, s)) {
        return false;
    }
    if (!xj_store_append(s, bytes, size))
        return false;
    size_t trimmed = strip == XJ_KEEP ? size : xj_space_trimmed(bytes, size, strip);
    if (trimmed > 0) {
        t->kept = t->last;
        t->kept_size = t->last_size + (uint32_t)trimmed;
    }
    t->last_size += (uint32_t)size;
    return true;
}

/* XJ_KEEP_TEXT: all of it, unless all of it is white space. */
static void settle_kept(struct xj_text *t, struct xj_store *s)
{
    bool is_blank = t->kept_size == 0;
    if (is_blank && !t->more && last_end(t) == s->end)
        xj_store_cut(s, t->first);
    if (is_blank)
        *t = (struct xj_text){0};
    t->kept = t->last;
    t->kept_size = t->last_size;
}

void xj_text_end(struct xj_text *t, struct xj_store *s, enum xj_strip strip)
{
    if (t->first && strip == XJ_KEEP_TEXT)
        settle_kept(t, s);
    if (!t->first)
        return;
    if (t->kept == t->last && last_end(t) == s->end)
        xj_store_cut(s, s->end - (t->last_size - t->kept_size));
    if (!t->kept) {
        t->first_size = t->kept_size;
        t->more = 0;
        return;
    }
    xj_store_patch(s, t->kept, 0);
    xj_store_patch(s, t->kept + 4, t->kept_size);
}
