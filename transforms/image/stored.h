/* SPDX-License-Identifier: MIT */
/*
 * Files of the preload folders, found and mapped while files can still be read, and used from memory ever
 * after.
 */
#ifndef IMAGE_STORED_H
#define IMAGE_STORED_H

#include <objlens/transform.h>
#include <stdbool.h>
#include <stddef.h>

/* One file: `name` is its path within its folder. False: its bytes are not needed. */
typedef bool image_stored_fn(const char *name, const void *bytes, size_t size);

/* A kind of files. */
struct image_stored_kind {
    const char *const *endings; /* ".png", in whatever letters; the last is NULL */
    image_stored_fn *keep;
    size_t count_max, bytes_max; /* of what is kept; what is beyond is not read */
};

/* All of that kind, folder by folder, in the order of their names. What is kept stays mapped. */
void image_stored_each(const struct objlens_host *host, const struct image_stored_kind *kind);

/* In the preload step: JPEG, PNG and WebP, to be laid over pictures. */
void image_stored_load(const struct objlens_host *host);
/* By its path within its folder; in the first folder that has it. False: none is of that name. */
bool image_stored_find(const char *name, const void **bytes, size_t *size);

#endif
