/* SPDX-License-Identifier: MIT */
/* Credentials files, and endpoints. Input: one byte that chooses, then the text. */
#include <assert.h>
#include <stdlib.h>

#include "origin/s3/credentials_file.h"
#include "http/endpoint.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void try_endpoint(const uint8_t *data, size_t size)
{
    ol_http_endpoint endpoint;
    ol_error err = {0};
    char *text = malloc(size + 1);
    memcpy(text, data, size);
    text[size] = '\0';
    if (ol_http_endpoint_parse(&endpoint, text, &err) == OL_OK) {
        assert(endpoint.port != 0 && endpoint.host[0] != '\0');
        assert(strstr(endpoint.authority, endpoint.host));
    }
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ol_s3_keys keys;
    ol_error err = {0};
    if (size == 0)
        return 0;
    if (data[0] % 2) {
        try_endpoint(data + 1, size - 1);
        return 0;
    }
    int rc = ol_s3_credentials_parse(&keys, ol_slice_of(data + 1, size - 1), "default", &err);
    assert(rc == err.code);
    assert((rc == OL_OK) == (keys.access_key[0] != '\0' && keys.secret_key[0] != '\0'));
    return 0;
}
