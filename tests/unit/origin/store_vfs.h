/* SPDX-License-Identifier: MIT */
/*
 * A layer between SQLite and the disk: a test sees each write and sync of the database's files
 * before it happens and may make it fail, and sees each sync that succeeded.
 */
#ifndef OL_TESTS_ORIGIN_STORE_VFS_H
#define OL_TESTS_ORIGIN_STORE_VFS_H

#include <pthread.h>
#include <sqlite3.h>
#include <string.h>

#include "lib/check.h"

typedef struct vfs_hooks {
    /* SQLITE_OK goes on; anything else is what the call returns. `name` is the full path. */
    int (*before_write)(void *arg, const char *name);
    int (*before_sync)(void *arg, const char *name);
    void (*after_sync)(void *arg, const char *name);
    void *arg;
} vfs_hooks;

#define VFS_FILES_MAX 256
#define VFS_TABLES_MAX 8

static struct {
    sqlite3_vfs vfs, *base;
    vfs_hooks hooks;
    pthread_mutex_t lock;
    struct {
        const sqlite3_file *file;
        char name[512];
    } files[VFS_FILES_MAX];
    struct {
        sqlite3_io_methods patched;
        const sqlite3_io_methods *base;
    } tables[VFS_TABLES_MAX];
} vfs_layer = {.lock = PTHREAD_MUTEX_INITIALIZER};

static const sqlite3_io_methods *vfs_base_of(const sqlite3_file *file)
{
    for (size_t i = 0; i < VFS_TABLES_MAX; i++) {
        if (file->pMethods == &vfs_layer.tables[i].patched)
            return vfs_layer.tables[i].base;
    }
    abort();
}

/* The slot of the file; NULL looks for a free one. */
static size_t vfs_slot(const sqlite3_file *file)
{
    for (size_t i = 0; i < VFS_FILES_MAX; i++) {
        if (vfs_layer.files[i].file == file)
            return i;
    }
    abort();
}

static void vfs_name_of(const sqlite3_file *file, char *out, size_t size)
{
    pthread_mutex_lock(&vfs_layer.lock);
    snprintf(out, size, "%s", vfs_layer.files[vfs_slot(file)].name);
    pthread_mutex_unlock(&vfs_layer.lock);
}

static int vfs_write(sqlite3_file *file, const void *data, int len, sqlite3_int64 offset)
{
    char name[512];
    vfs_name_of(file, name, sizeof name);
    int rc = vfs_layer.hooks.before_write ? vfs_layer.hooks.before_write(vfs_layer.hooks.arg, name)
                                          : SQLITE_OK;
    return rc == SQLITE_OK ? vfs_base_of(file)->xWrite(file, data, len, offset) : rc;
}

static int vfs_sync(sqlite3_file *file, int flags)
{
    char name[512];
    vfs_name_of(file, name, sizeof name);
    int rc = vfs_layer.hooks.before_sync ? vfs_layer.hooks.before_sync(vfs_layer.hooks.arg, name)
                                         : SQLITE_OK;
    if (rc == SQLITE_OK)
        rc = vfs_base_of(file)->xSync(file, flags);
    if (rc == SQLITE_OK && vfs_layer.hooks.after_sync)
        vfs_layer.hooks.after_sync(vfs_layer.hooks.arg, name);
    return rc;
}

static int vfs_close(sqlite3_file *file)
{
    pthread_mutex_lock(&vfs_layer.lock);
    vfs_layer.files[vfs_slot(file)].file = NULL;
    pthread_mutex_unlock(&vfs_layer.lock);
    return vfs_base_of(file)->xClose(file);
}

static const sqlite3_io_methods *vfs_patch(const sqlite3_io_methods *base)
{
    for (size_t i = 0; i < VFS_TABLES_MAX; i++) {
        if (!vfs_layer.tables[i].base) {
            vfs_layer.tables[i].base = base;
            vfs_layer.tables[i].patched = *base;
            vfs_layer.tables[i].patched.xWrite = vfs_write;
            vfs_layer.tables[i].patched.xSync = vfs_sync;
            vfs_layer.tables[i].patched.xClose = vfs_close;
        }
        if (vfs_layer.tables[i].base == base)
            return &vfs_layer.tables[i].patched;
    }
    abort();
}

static int vfs_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *out)
{
    (void)vfs;
    int rc = vfs_layer.base->xOpen(vfs_layer.base, name, file, flags, out);
    if (!file->pMethods)
        return rc;
    pthread_mutex_lock(&vfs_layer.lock);
    size_t slot = vfs_slot(NULL);
    vfs_layer.files[slot].file = file;
    snprintf(vfs_layer.files[slot].name, sizeof vfs_layer.files[slot].name, "%s", name ? name : "");
    file->pMethods = vfs_patch(file->pMethods);
    pthread_mutex_unlock(&vfs_layer.lock);
    return rc;
}

/* Until vfs_remove, every database is opened through the layer. */
static inline void vfs_install(vfs_hooks hooks)
{
    vfs_layer.base = sqlite3_vfs_find("unix");
    assert_non_null(vfs_layer.base);
    vfs_layer.hooks = hooks;
    vfs_layer.vfs = *vfs_layer.base;
    vfs_layer.vfs.zName = "objlens-test";
    vfs_layer.vfs.pNext = NULL;
    vfs_layer.vfs.xOpen = vfs_open;
    assert_int_equal(sqlite3_vfs_register(&vfs_layer.vfs, 1), SQLITE_OK);
}

static inline void vfs_remove(void)
{
    sqlite3_vfs_unregister(&vfs_layer.vfs);
    sqlite3_vfs_register(vfs_layer.base, 1);
}

#endif
