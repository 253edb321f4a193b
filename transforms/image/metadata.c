/* SPDX-License-Identifier: MIT */
#include "metadata.h"

#include <ctype.h>
#include <string.h>

#define THUMBNAIL "jpeg-thumbnail-data"
#define EXIF_FIELDS "exif-"

/* ---- pictures of the picture ---- */

/* Whether a JPEG begins somewhere in it, as it is or in base64 (as XMP has it). */
static bool holds_picture(const void *bytes, size_t size)
{
    return memmem(bytes, size, "\xff\xd8\xff", 3) || memmem(bytes, size, "/9j/", 4);
}

/* The same in hexadecimal, broken into lines: the form of EXIF, XMP and IPTC among the texts of a PNG. */
static bool holds_hex_picture(const char *text)
{
    static const char begin[] = "ffd8ff";
    size_t found = 0;
    for (; *text && begin[found]; text++) {
        int c = tolower((unsigned char)*text);
        if (isspace(c))
            continue;
        if (c == begin[found])
            found++;
        else
            found = c != 'f' ? 0 : found == 2 ? 2 : 1;
    }
    return !begin[found];
}

static bool text_holds_picture(VipsImage *image, const char *name)
{
    const char *text;
    return vips_image_get_typeof(image, name) == VIPS_TYPE_REF_STRING &&
           vips_image_get_string(image, name, &text) == 0 &&
           (holds_picture(text, strlen(text)) || holds_hex_picture(text));
}

/* Any but EXIF's thumbnail, which the library removes itself when it writes. */
static bool exif_holds_another(const char *exif, size_t size, VipsImage *image)
{
    const void *thumbnail;
    size_t length;
    if (vips_image_get_typeof(image, THUMBNAIL) == 0 ||
        vips_image_get_blob(image, THUMBNAIL, &thumbnail, &length) != 0 || length == 0)
        return holds_picture(exif, size);
    const char *known = memmem(exif, size, thumbnail, length);
    if (!known)
        return true;
    size_t before = (size_t)(known - exif);
    return holds_picture(exif, before) || holds_picture(known + length, size - before - length);
}

/* Field by field: the library would put EXIF together again from those that are left. */
static void remove_exif(VipsImage *image, gchar **names)
{
    for (; *names; names++)
        if (strncmp(*names, EXIF_FIELDS, strlen(EXIF_FIELDS)) == 0)
            vips_image_remove(image, *names);
}

static void remove_pictures(VipsImage *image, gchar **names)
{
    const void *bytes;
    size_t size;
    for (gchar **name = names; *name; name++) {
        if (text_holds_picture(image, *name))
            vips_image_remove(image, *name);
        if (vips_image_get_typeof(image, *name) != VIPS_TYPE_BLOB ||
            vips_image_get_blob(image, *name, &bytes, &size) != 0)
            continue;
        if (strcmp(*name, VIPS_META_EXIF_NAME) != 0) {
            if (strcmp(*name, THUMBNAIL) != 0 && holds_picture(bytes, size))
                vips_image_remove(image, *name);
        } else if (exif_holds_another(bytes, size, image)) {
            remove_exif(image, names);
        }
    }
    vips_image_remove(image, THUMBNAIL);
}

/* ---- all ---- */

static void remove_all(VipsImage *image, gchar **names)
{
    for (; *names; names++)
        vips_image_remove(image, *names);
    image->Xres = image->Yres = 1; /* some savers write it down */
}

VipsImage *image_metadata_strip(VipsImage *in, bool all)
{
    VipsImage *out = NULL;
    int rc = vips_copy(in, &out, NULL);
    g_object_unref(in);
    if (rc != 0)
        return NULL;
    gchar **names = vips_image_get_fields(out);
    if (all)
        remove_all(out, names);
    else
        remove_pictures(out, names);
    g_strfreev(names);
    return out;
}
