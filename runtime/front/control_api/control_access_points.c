/* SPDX-License-Identifier: MIT */
/* Access points of an account: create, get, delete, list, and their scope. */
#include "front/control_api/control_page.h"
#include "s3/documents/xml.h"
#include "s3/documents/xml_writer.h"

static ol_control_entry entry_of(const ol_realm_access_point *point)
{
    return (ol_control_entry){
        .name = point->name,
        .alias = point->alias,
        .arn = point->arn,
        .created_ms = point->created_ms,
        .bucket = point->bucket,
        .account_id = point->bucket_account.len > 0 ? point->bucket_account : point->account->id,
        .vpc_id = point->vpc,
        .block = point->public_access_block,
    };
}

/* ---- create ---- */

typedef struct creation {
    ol_control_access_point asked;
    ol_target bucket;
} creation;

/* The realm of this request is older than the access point; its worker's is not. */
static int write_created(ol_buf *out, const ol_control_call *call)
{
    const ol_realm *realm = call->op.request->worker->realm;
    const ol_realm_access_point *point =
        ol_realm_find_access_point(realm, call->account->id, call->route.name);
    const ol_control_entry gone = {.name = call->route.name, .arn = call->arn};
    const ol_control_entry entry = point ? entry_of(point) : gone;
    return ol_control_xml_access_point_created(out, &entry);
}

static void on_bucket_exists(void *arg, const ol_error *err)
{
    ol_control_call *call = arg;
    creation *self = call->state;
    if (err && err->code == OL_ENOSUCHBUCKET) {
        ol_control_call_refuse(call, 400, "InvalidRequest", "Amazon S3 Bucket does not exist");
        return;
    }
    if (!ol_operation_lives(&call->op, err))
        return;
    const ol_edit edit = {.kind = OL_EDIT_ACCESS_POINT_CREATED, .access_point = &self->asked};
    ol_control_call_change(call, &edit, write_created, 200);
}

/* Whose the bucket is must be said when it is somebody else's. */
static int check_bucket(ol_control_call *call, creation *self, ol_error *err)
{
    const ol_control_access_point *asked = &self->asked;
    ol_slice owner = asked->bucket_account_id.len > 0 ? asked->bucket_account_id
                                                      : call->account->id;
    int rc = ol_target_resolve(call->op.request, asked->bucket, &self->bucket, err);
    if (rc != OL_OK || self->bucket.via != OL_VIA_BUCKET)
        return ol_error_set(err, OL_EINVALIDREQUEST, "no bucket");
    if (!ol_slice_eq(self->bucket.rule->owner->id, owner))
        return ol_error_set(err, OL_EACCESS, "the bucket is another account's");
    return OL_OK;
}

static int read_creation(ol_control_call *call, ol_slice body, ol_error *err)
{
    ol_arena *arena = call->op.request->arena;
    creation *self = ol_arena_calloc(arena, sizeof(*self));
    if (!self)
        return ol_error_set(err, OL_ENOMEM, "s3control");
    call->state = self;
    int rc = ol_control_parse_access_point(body, arena, &self->asked, err);
    return rc == OL_OK ? check_bucket(call, self, err) : rc;
}

static void on_document(ol_operation *op, ol_slice body)
{
    ol_control_call *call = (ol_control_call *)op;
    ol_error err = {0};
    if (read_creation(call, body, &err) != OL_OK) {
        ol_operation_fail(op, &err);
        return;
    }
    const ol_target *bucket = &((creation *)call->state)->bucket;
    int rc = bucket->origin->ops->bucket_exists(bucket->origin, op->request->worker->loop,
                                                bucket->bucket, on_bucket_exists, call, &err);
    if (rc != OL_WAIT)
        on_bucket_exists(call, rc == OL_OK ? NULL : &err);
}

void ol_control_create_access_point(ol_control_call *call)
{
    ol_control_call_read_new(call, on_document);
}

/* ---- get, delete ---- */

/* Clients that know a domain of ours can reach it by name. */
static ol_slice endpoint_of(const ol_control_call *call)
{
    ol_request *request = call->op.request;
    const ol_config *config = request->generation->config;
    if (config->domain_count == 0)
        return OL_SLICE_NONE;
    return ol_slice_cstr(ol_arena_printf(
        request->arena, "%.*s-%.*s.%.*s", OL_SLICE_FMT(call->route.name),
        OL_SLICE_FMT(call->account->id), OL_SLICE_FMT(config->domains[0])));
}

void ol_control_get_access_point(ol_control_call *call)
{
    ol_buf xml;
    const ol_realm_access_point *point = ol_control_call_access_point(call);
    if (!point)
        return;
    const ol_control_entry entry = entry_of(point);
    ol_buf_init(&xml, OL_CONTROL_XML_BYTES_MAX);
    int rc = ol_control_xml_access_point(&xml, &entry, endpoint_of(call));
    ol_operation_reply_xml(&call->op, rc, NULL, &xml);
}

void ol_control_delete_access_point(ol_control_call *call)
{
    if (ol_control_call_access_point(call))
        ol_control_call_change(call, &(ol_edit){.kind = OL_EDIT_ACCESS_POINT_DELETED}, NULL, 204);
}

static int write_scope(ol_buf *out, const ol_realm_access_point *point)
{
    ol_xml_writer w;
    ol_xml_begin_ns(&w, out, "GetAccessPointScopeResult", OL_S3CONTROL_XMLNS);
    ol_xml_open(&w, "Scope");
    ol_xml_open(&w, "Prefixes");
    for (size_t i = 0; i < point->prefix_count; i++)
        ol_xml_text(&w, "Prefix", point->prefixes[i]);
    ol_xml_close(&w, "Prefixes");
    ol_xml_close(&w, "Scope");
    ol_xml_close(&w, "GetAccessPointScopeResult");
    return w.rc;
}

void ol_control_get_scope(ol_control_call *call)
{
    ol_buf xml;
    const ol_realm_access_point *point = ol_control_call_access_point(call);
    if (!point)
        return;
    ol_buf_init(&xml, OL_CONTROL_XML_BYTES_MAX);
    ol_operation_reply_xml(&call->op, write_scope(&xml, point), NULL, &xml);
}

/* ---- list ---- */

static bool fill(const ol_control_call *call, ol_control_page *page)
{
    ol_slice bucket = ol_s3_param_get(&call->op.request->address, "bucket");
    const ol_realm *realm = call->op.request->realm;
    const ol_realm_access_point *point =
        ol_realm_next_access_point(realm, call->account->id, bucket, page->after);
    while (point && page->count < page->max) {
        page->entries[page->count++] = entry_of(point);
        point = ol_realm_next_access_point(realm, call->account->id, bucket, point->name);
    }
    return point != NULL;
}

void ol_control_list_access_points(ol_control_call *call)
{
    ol_control_page_reply(call, fill, ol_control_xml_access_points);
}
