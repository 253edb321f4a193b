/* SPDX-License-Identifier: MIT */
#include "library.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vips/vips.h>
#include <vips/vector.h> /* needs the one above */

#include "format.h"

#define PATH_BYTES 512
#define NOWHERE "/nonexistent"

/* The loaders and savers that there are to be. All others of the library are blocked. */
static const char *const allowed[] = {
    "VipsForeignLoadJpegBuffer", "VipsForeignLoadPngBuffer",  "VipsForeignLoadWebpBuffer",
    "VipsForeignLoadHeifBuffer", "VipsForeignLoadNsgifBuffer", "VipsForeignSaveJpegBuffer",
    "VipsForeignSavePngBuffer",  "VipsForeignSaveWebpBuffer", "VipsForeignSaveHeifBuffer",
    "VipsForeignSaveAvifBuffer"};

/* Warnings of the libraries go nowhere: there is no file to write them to. */
static GLogWriterOutput drop(GLogLevelFlags level, const GLogField *fields, gsize count, gpointer data)
{
    (void)level;
    (void)fields;
    (void)count;
    (void)data;
    return G_LOG_WRITER_HANDLED;
}

/* What is set up here is of the whole process, and GLib ends one where it is done twice: by a second
 * copy of this shared object, on another thread of the same process. */
static bool is_set_up(void)
{
    const char *home = getenv("VIPSHOME");
    return home && strcmp(home, NOWHERE) == 0;
}

/* Before the library looks at them. */
static void set_environment(void)
{
    /* Modules are looked for below this prefix: none is found, and the one that is wanted is loaded
     * by its name. The others read PDF, slides, and whatever ImageMagick reads. */
    setenv("VIPSHOME", NOWHERE, 1);
    /* No machine code made at run time: no memory here is both written and executed. */
    setenv("ORC_CODE", "emulate", 1);
    setenv("VIPS_NOVECTOR", "1", 1);
}

/* AVIF and HEIC are a module of their own, which a machine may lack. */
static void load_heif(void)
{
    Dl_info library;
    char path[PATH_BYTES];
    void *symbol = NULL;
    if (dladdr((const void *)vips_version, &library) == 0 || !library.dli_fname)
        return;
    const char *slash = strrchr(library.dli_fname, '/');
    int length = snprintf(path, sizeof(path), "%.*s/vips-modules-%d.%d/vips-heif.so",
                          slash ? (int)(slash - library.dli_fname) : 0, library.dli_fname,
                          VIPS_MAJOR_VERSION, VIPS_MINOR_VERSION);
    void *module = length > 0 && length < PATH_BYTES ? dlopen(path, RTLD_NOW | RTLD_LOCAL) : NULL;
    if (module)
        symbol = dlsym(module, "g_module_check_init");
    const char *(*init)(void *) = NULL;
    memcpy(&init, &symbol, sizeof(init));
    if (init)
        init(NULL);
}

bool image_library_load(char *reason, size_t reason_size)
{
    if (is_set_up()) {
        snprintf(reason, reason_size, "it needs a process of its own: it cannot run inline");
        return false;
    }
    g_log_set_writer_func(drop, NULL, NULL);
    set_environment();
    vips_vector_set_enabled(FALSE);
    if (vips_init("objlens") != 0) {
        snprintf(reason, reason_size, "libvips does not start");
        return false;
    }
    load_heif();
    vips_concurrency_set(1);
    vips_cache_set_max(0); /* nothing of one request stays for the next */
    vips_operation_block_set("VipsForeign", TRUE);
    for (size_t i = 0; i < sizeof(allowed) / sizeof(allowed[0]); i++)
        vips_operation_block_set(allowed[i], FALSE);
    return true;
}

unsigned image_library_writes(void)
{
    unsigned bits = IMAGE_FORMAT_BIT(IMAGE_JPEG) | IMAGE_FORMAT_BIT(IMAGE_PNG) |
                    IMAGE_FORMAT_BIT(IMAGE_WEBP);
    if (vips_type_find("VipsOperation", "heifsave_buffer") != 0)
        bits |= IMAGE_FORMAT_BIT(IMAGE_AVIF) | IMAGE_FORMAT_BIT(IMAGE_HEIC);
    return bits;
}
