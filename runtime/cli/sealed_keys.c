/* SPDX-License-Identifier: MIT */
#include "cli/sealed_keys.h"

#include "cli/sealed_input.h"

#define KEYS_BYTES_MAX (1u << 20)

int ol_sealed_keys_open(ol_sealed_keys *self, const char *path, ol_error *err)
{
    ol_buf text;
    ol_buf_init_secret(&text, KEYS_BYTES_MAX);
    int rc = ol_small_file_read(path, &text, err);
    if (rc == OL_OK && ol_keys_new(&self->keys) != OL_OK)
        rc = ol_error_set(err, OL_ENOMEM, "keys");
    if (rc == OL_OK)
        rc = ol_keys_parse_json(self->keys, ol_buf_slice(&text), err);
    ol_buf_fini(&text);
    return rc;
}

void ol_sealed_keys_close(ol_sealed_keys *self)
{
    ol_keys_release(self->keys);
    self->keys = NULL;
}

int ol_sealed_keys_ask(ol_sealed_keys *self, ol_sealed_ask *ask, ol_error *err)
{
    ask->keys = self->keys;
    return ol_sealed_open(ask, err);
}
