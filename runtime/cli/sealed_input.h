/* SPDX-License-Identifier: MIT */
/*
 * What `objlens decrypt` works on: the ciphertext as a file that can be read twice (standard input
 * itself when it is one, else a nameless copy: ciphertext only), the object's headers, the keys.
 */
#ifndef OL_CLI_SEALED_INPUT_H
#define OL_CLI_SEALED_INPUT_H

#include "crypto/keys/keys.h"
#include "http/headers.h"

typedef struct ol_sealed_input {
    int fd;
    bool own_fd;
    uint64_t base; /* where in the file the body begins */
    uint64_t size;
} ol_sealed_input;

/* Blocking; reads `from` to its end unless it is a regular file. The text form of age files is decoded. */
int ol_sealed_input_open(ol_sealed_input *input, int from, ol_error *err);
void ol_sealed_input_close(ol_sealed_input *input);
int ol_sealed_input_read(const ol_sealed_input *input, uint64_t offset, ol_span span, size_t *got,
                         ol_error *err);

/* A JSON map of headers, in any case. The names of an encryption may stand with or without
 * x-amz-meta-. Numbers are taken as texts; headers that do not matter here
 * are left out. */
int ol_sealed_meta_read(const char *path, ol_headers *headers, ol_error *err);
/* A whole small file into `out`. */
int ol_small_file_read(const char *path, ol_buf *out, ol_error *err);

#endif
