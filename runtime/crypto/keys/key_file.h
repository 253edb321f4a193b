/* SPDX-License-Identifier: MIT */
/*
 * Files with secrets in them: keyrings, tokens, clients' keys. They belong to whoever runs objlens (or
 * to root), and nobody else may read or change them. Blocking.
 */
#ifndef OL_CRYPTO_KEY_FILE_H
#define OL_CRYPTO_KEY_FILE_H

#include <sys/stat.h>

#include "base/buf.h"
#include "base/error.h"

typedef struct ol_key_file {
    const char *what; /* "keyring", for messages: "WHAT PATH: …" */
    const char *path;
    size_t bytes_max;
    bool or_root; /* root's may be used as well */
} ol_key_file;

/* Appends its content to `text`, a secret buffer with room for bytes_max + 1. OL_ECONFIG, saying why;
 * OL_ENOSUCHKEY: it is not there; OL_ENOMEM. `st` may be NULL. */
int ol_key_file_read(const ol_key_file *file, ol_buf *text, struct stat *st, ol_error *err);
/* Of a file that holds one word: without white space and line ends around it. */
ol_slice ol_key_file_word(ol_slice text);

#endif
