/* SPDX-License-Identifier: MIT */
/*
 * The kept document of what the API made. Whatever the bytes are, it is refused with a reason, or it
 * is understood wholly: written again it is the same, and a realm is made of it or the reason
 * why not is told.
 */
#include <assert.h>

#include "control/state/realm_private.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static ol_config *make_config(void)
{
    static const ol_config_simple simple = {.access_key = "rootkey", .secret_key = "rootsecret"};
    ol_config *config = NULL;
    ol_error err = {0};
    int rc = ol_config_simple_make(&config, &simple, &err);
    assert(rc == OL_OK);
    return config;
}

static void check_again(const ol_document *document)
{
    ol_document *again = NULL;
    ol_error err = {0};
    ol_buf text;
    ol_buf_init(&text, 1 << 24);
    int rc = ol_document_write(document, &text);
    assert(rc == OL_OK);
    rc = ol_document_parse(ol_buf_slice(&text), &again, &err);
    assert(rc == OL_OK && ol_document_same(document, again));
    ol_document_free(again);
    ol_buf_fini(&text);
}

static void check_realm(ol_config *config, const ol_document *document)
{
    ol_realm *realm = NULL, *next = NULL;
    ol_error err = {0};
    int rc = ol_realm_new(&realm, config, document, NULL, &err);
    assert(rc == OL_OK || err.detail[0]);
    if (rc != OL_OK)
        return;
    rc = ol_realm_new(&next, config, document, realm, &err);
    assert(rc == OL_OK && next->access_point_count == realm->access_point_count);
    ol_realm_release(realm);
    for (size_t i = 0; i < next->bucket_count; i++)
        assert(ol_realm_bucket_of(next, next->buckets[i].name) == &next->buckets[i]);
    ol_realm_release(next);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static ol_config *config;
    ol_document *document = NULL;
    ol_error err = {0};
    if (!config)
        config = make_config();
    int rc = ol_document_parse(ol_slice_of(data, size), &document, &err);
    assert((rc == OL_OK) == (document != NULL) && (rc == OL_OK || err.detail[0]));
    if (rc != OL_OK)
        return 0;
    check_again(document);
    check_realm(config, document);
    ol_document_free(document);
    return 0;
}
