/* SPDX-License-Identifier: MIT */
#include "fonts.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "stored.h"

#define FACES_MAX 96u
#define MAPPED_BYTES_MAX (64u << 20)
#define NAME_BYTES_MAX 192u

/* In the order in which they were found, which is that of their names. */
static struct {
    FT_Library library;
    FT_Face faces[FACES_MAX];
    size_t count;
} fonts;

/* Faces read the bytes when they draw. */
static bool add_font(const char *name, const void *bytes, size_t size)
{
    FT_Face face;
    (void)name;
    if (FT_New_Memory_Face(fonts.library, bytes, (FT_Long)size, 0, &face) != 0)
        return false;
    if (FT_IS_SCALABLE(face) && face->family_name && face->charmap) {
        fonts.faces[fonts.count++] = face;
        return true;
    }
    FT_Done_Face(face);
    return false;
}

void image_fonts_load(const struct objlens_host *host)
{
    static const char *const endings[] = {".ttf", ".otf", ".ttc", NULL};
    static const struct image_stored_kind kind = {endings, add_font, FACES_MAX, MAPPED_BYTES_MAX};
    if (FT_Init_FreeType(&fonts.library) == 0)
        image_stored_each(host, &kind);
}

/* 2: this very name, or its family in the ordinary style. 1: another style of its family. */
static unsigned likeness(FT_Face face, const char *name)
{
    char full[NAME_BYTES_MAX];
    const char *style = face->style_name ? face->style_name : "";
    snprintf(full, sizeof(full), "%s %s", face->family_name, style);
    if (strcasecmp(full, name) == 0)
        return 2;
    if (strcasecmp(face->family_name, name) != 0)
        return 0;
    return strcasecmp(style, "Regular") == 0 || strcasecmp(style, "Book") == 0 ? 2 : 1;
}

FT_Face image_fonts_find(const char *name)
{
    FT_Face found = NULL;
    unsigned best = 0;
    for (size_t i = 0; i < fonts.count; i++) {
        unsigned is = likeness(fonts.faces[i], name[0] ? name : "DejaVu Sans");
        if (is > best)
            found = fonts.faces[i];
        best = is > best ? is : best;
    }
    return found || name[0] || fonts.count == 0 ? found : fonts.faces[0];
}

FT_Face image_fonts_with(FT_Face face, uint32_t point)
{
    if (FT_Get_Char_Index(face, point) != 0)
        return face;
    for (size_t i = 0; i < fonts.count; i++)
        if (FT_Get_Char_Index(fonts.faces[i], point) != 0)
            return fonts.faces[i];
    return face;
}
