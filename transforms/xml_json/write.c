/* SPDX-License-Identifier: MIT */
#include "write.h"

#include <stdint.h>
#include <string.h>

int xj_write_flush(struct xj_writer *w)
{
    if (w->used > 0 && w->result == OBJLENS_OK)
        w->result = w->host->out_commit(w->call, w->used);
    w->room = NULL;
    w->size = w->used = 0;
    return w->result;
}

/* Room for at least one byte; false after a failure. */
static bool has_room(struct xj_writer *w)
{
    if (w->used < w->size)
        return true;
    if (xj_write_flush(w) != OBJLENS_OK)
        return false;
    void *room;
    size_t size;
    w->result = w->host->out_span(w->call, &room, &size);
    if (w->result != OBJLENS_OK)
        return false;
    w->room = room;
    w->size = size;
    return true;
}

static void put(struct xj_writer *w, const void *bytes, size_t size)
{
    const unsigned char *from = bytes;
    while (size > 0 && has_room(w)) {
        size_t part = w->size - w->used;
        part = part < size ? part : size;
        memcpy(w->room + w->used, from, part);
        w->used += part;
        from += part;
        size -= part;
    }
}

static void put_byte(struct xj_writer *w, char c)
{
    if (has_room(w))
        w->room[w->used++] = (unsigned char)c;
}

static bool plain(unsigned char c)
{
    return c >= 0x20 && c != '"' && c != '\\';
}

/* Eight bytes at a time: is one of them below 0x20, a quote or a backslash? */
static bool plain8(const unsigned char *p)
{
    const uint64_t ones = 0x0101010101010101u, tops = 0x8080808080808080u;
    uint64_t v;
    memcpy(&v, p, sizeof(v));
    uint64_t quote = v ^ ones * '"', backslash = v ^ ones * '\\';
    uint64_t hit = ((v - ones * 0x20) & ~v) | ((quote - ones) & ~quote) | ((backslash - ones) & ~backslash);
    return (hit & tops) == 0;
}

static size_t plain_length(const unsigned char *p, size_t size)
{
    size_t at = 0;
    while (at + 8 <= size && plain8(p + at))
        at += 8;
    while (at < size && plain(p[at]))
        at++;
    return at;
}

/* XML 1.0 has no other control characters than tab, line feed and carriage return. */
static void put_escaped(struct xj_writer *w, unsigned char c)
{
    static const char hex[] = "0123456789abcdef";
    static const char from[] = "\"\\\n\r\t", to[] = "\"\\nrt";
    const char *known = c ? strchr(from, c) : NULL;
    char unicode[6] = {'\\', 'u', '0', '0', hex[c >> 4], hex[c & 15]};
    if (!known) {
        put(w, unicode, sizeof(unicode));
        return;
    }
    put_byte(w, '\\');
    put_byte(w, to[known - from]);
}

static void put_text(struct xj_writer *w, const unsigned char *p, size_t size)
{
    while (size > 0 && w->result == OBJLENS_OK) {
        size_t run = plain_length(p, size);
        put(w, p, run);
        if (run == size)
            return;
        put_escaped(w, p[run]);
        p += run + 1;
        size -= run + 1;
    }
}

static void put_string(struct xj_writer *w, const struct xj_node *node)
{
    size_t left = node->text_size;
    put_byte(w, '"');
    for (const struct xj_text *t = node->text; t && left > 0; t = t->next) {
        size_t part = t->size < left ? t->size : left;
        put_text(w, t->bytes, part);
        left -= part;
    }
    put_byte(w, '"');
}

/* Names hold nothing that JSON would want escaped. */
static void put_key(struct xj_writer *w, const struct xj_name *name)
{
    put(w, name->attribute ? "\"@" : "\"", name->attribute ? 2 : 1);
    put(w, name->text, name->size);
    put(w, "\":", 2);
}

/* A value without others in it; false if it has some. */
static bool put_leaf(struct xj_writer *w, const struct xj_node *node)
{
    if (node->first)
        return false;
    if (node->text_size > 0 || node->name->attribute)
        put_string(w, node);
    else
        put(w, "null", 4);
    return true;
}

static void begin_name(struct xj_writer *w, struct xj_level *level, const struct xj_node *name)
{
    level->name = level->item = name;
    put_key(w, name->name);
    if (name->same)
        put_byte(w, '[');
}

/* Go on behind an item: to the next of its name, the next name, or out of the level. */
static bool next_item(struct xj_writer *w, struct xj_level *level)
{
    if (level->item->same) {
        level->item = level->item->same;
        put_byte(w, ',');
        return true;
    }
    if (level->name->same)
        put_byte(w, ']');
    if (level->name->next) {
        put_byte(w, ',');
        begin_name(w, level, level->name->next);
        return true;
    }
    if (level->parent->text_size > 0) {
        put(w, ",\"#text\":", 9);
        put_string(w, level->parent);
    }
    put_byte(w, '}');
    return false;
}

static void write_value(struct xj_writer *w, const struct xj_node *node)
{
    unsigned depth = 0;
    if (put_leaf(w, node))
        return;
    w->levels[depth].parent = node;
    put_byte(w, '{');
    begin_name(w, &w->levels[depth], node->first);
    for (;;) {
        struct xj_level *level = &w->levels[depth];
        if (put_leaf(w, level->item)) {
            while (!next_item(w, level)) {
                if (depth-- == 0)
                    return;
                level = &w->levels[depth];
            }
            continue;
        }
        depth++;
        w->levels[depth].parent = level->item;
        put_byte(w, '{');
        begin_name(w, &w->levels[depth], level->item->first);
    }
}

void xj_write_document(struct xj_writer *w, const struct xj_node *node)
{
    put_byte(w, '{');
    put_key(w, node->name);
    write_value(w, node);
    put_byte(w, '}');
}

void xj_write_record(struct xj_writer *w, const struct xj_node *node)
{
    write_value(w, node);
    put_byte(w, '\n');
}
