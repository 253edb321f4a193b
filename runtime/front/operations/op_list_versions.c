/* SPDX-License-Identifier: MIT */
/*
 * ListObjectVersions of a bucket that has no versions: every object is its own latest, named
 * "null", so that what clients use to empty a bucket works.
 */
#include "front/operations/operation.h"
#include "front/operations/operations.h"
#include "front/operations/parameters.h"
#include "front/operations/people.h"
#include "s3/documents/bucket_documents.h"

#define VERSIONS_XML_BYTES_MAX (16 * OL_MIB)

typedef struct list {
    ol_operation op;
    ol_s3_versions_page page;
} list;

static void on_list(void *arg, const ol_error *err, ol_list_result *result)
{
    list *self = arg;
    if (ol_operation_lives(&self->op, err)) {
        ol_buf xml;
        ol_buf_init(&xml, VERSIONS_XML_BYTES_MAX);
        self->page.result = result;
        int rc = ol_s3_xml_versions(&xml, &self->page);
        ol_operation_reply_xml(&self->op, rc, NULL, &xml);
    }
    if (result)
        ol_arena_destroy(result->arena);
}

static int read_query(list *self, ol_error *err)
{
    ol_request *request = self->op.request;
    const ol_s3_address *address = &request->address;
    const ol_realm_account *owner = request->target.rule->owner;
    ol_s3_versions_page *page = &self->page;
    page->name = address->bucket;
    page->prefix = ol_s3_param_get(address, "prefix");
    page->delimiter = ol_s3_param_get(address, "delimiter");
    page->key_marker = ol_s3_param_get(address, "key-marker");
    page->version_id_marker = ol_s3_param_get(address, "version-id-marker");
    page->owner_id = owner->canonical_id;
    page->owner_name = owner->display_name;
    if (page->version_id_marker.len > 0 && page->key_marker.len == 0)
        return ol_error_say(err, OL_EINVAL,
                            "A version-id marker cannot be specified without a key marker.");
    int rc = ol_encoding_parameter(request, &page->encoding_url, err);
    return rc == OL_OK ? ol_page_size_parameter(request, "max-keys", &page->max_keys, err) : rc;
}

void ol_op_list_object_versions(ol_request *request)
{
    ol_origin *origin = request->target.origin;
    ol_error err = {0};
    list *self = ol_operation_new(request, sizeof(*self));
    if (!self)
        return;
    int rc = read_query(self, &err);
    if (rc == OL_OK) {
        const ol_list_request ask = {
            .bucket = request->target.bucket,
            .prefix = self->page.prefix,
            .delimiter = self->page.delimiter,
            .start_after = self->page.key_marker,
            .max_keys = self->page.max_keys,
        };
        rc = origin->ops->list(origin, request->worker->loop, &ask, on_list, self, &err);
    }
    ol_operation_called(&self->op, rc, &err);
}
