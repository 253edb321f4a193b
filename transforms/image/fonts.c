/* SPDX-License-Identifier: MIT */
#include "fonts.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define FACES_MAX 96u
#define MAPPED_BYTES_MAX (64u << 20)
#define DEPTH_MAX 5u
#define PATH_BYTES_MAX 1024u
#define NAME_BYTES_MAX 192u

/* In the order in which they were found, which is that of their names. */
static struct {
    FT_Library library;
    FT_Face faces[FACES_MAX];
    size_t count, mapped;
} fonts;

static bool has_ending(const char *name)
{
    static const char *const endings[] = {".ttf", ".otf", ".ttc"};
    size_t size = strlen(name);
    for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++)
        if (size > 4 && strcasecmp(name + size - 4, endings[i]) == 0)
            return true;
    return false;
}

/* What is mapped stays so: faces read it when they draw. */
static void add_font(const char *path)
{
    struct stat st;
    FT_Face face;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return;
    size_t size = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) ? (size_t)st.st_size : 0;
    void *bytes = size > 0 && size <= MAPPED_BYTES_MAX - fonts.mapped
                      ? mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0)
                      : MAP_FAILED;
    close(fd);
    if (bytes == MAP_FAILED)
        return;
    bool good = FT_New_Memory_Face(fonts.library, bytes, (FT_Long)size, 0, &face) == 0;
    if (good && FT_IS_SCALABLE(face) && face->family_name && face->charmap) {
        fonts.faces[fonts.count++] = face;
        fonts.mapped += size;
        return;
    }
    if (good)
        FT_Done_Face(face);
    munmap(bytes, size);
}

static void add_folder(const char *folder, unsigned depth)
{
    struct dirent **entries;
    char path[PATH_BYTES_MAX];
    int count = scandir(folder, &entries, NULL, alphasort);
    for (int i = 0; i < count; i++) {
        const char *name = entries[i]->d_name;
        struct stat st;
        int length = snprintf(path, sizeof(path), "%s/%s", folder, name);
        bool good = name[0] != '.' && length > 0 && length < (int)sizeof(path) &&
                    fonts.count < FACES_MAX && stat(path, &st) == 0;
        if (good && S_ISDIR(st.st_mode) && depth < DEPTH_MAX)
            add_folder(path, depth + 1);
        else if (good && S_ISREG(st.st_mode) && has_ending(name))
            add_font(path);
        free(entries[i]);
    }
    if (count >= 0)
        free(entries);
}

void image_fonts_load(const struct objlens_host *host)
{
    const char *folder;
    if (FT_Init_FreeType(&fonts.library) != 0 || !OBJLENS_HOST_HAS(host, preload_folder))
        return;
    for (uint32_t i = 0; host->preload_folder(i, &folder) == OBJLENS_OK; i++)
        add_folder(folder, 0);
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
