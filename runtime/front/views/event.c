/* SPDX-License-Identifier: MIT */
/*
 * The URL names the OLAP's alias, not the host that the client happened to use: what a
 * transform sees by default must be the same however the view is reached.
 */
#include "front/views/event.h"

#include "base/clock.h"
#include "base/encode.h"
#include "front/views/view_identity.h"
#include "transform/fields.h"

#define URL_BYTES_MAX (64 * OL_KIB)
#define URL_BYTES_USUAL 256u /* so that buffers seldom grow */
#define EVENT_BYTES_USUAL 1024u

static int add(ol_buf *out, ol_event_field field, ol_slice value)
{
    return ol_fields_add(out, ol_event_name(field), value);
}

static int add_if_any(ol_buf *out, ol_event_field field, ol_slice value)
{
    return value.len > 0 ? add(out, field, value) : OL_OK;
}

/* AWS's words for who asks; what changes from session to session of the same identity (times, keys)
 * is not shown, so that a view does not depend on it. */
static ol_slice identity_type(const ol_identity *who)
{
    switch (who->kind) {
    case OL_IDENTITY_ROOT:
        return OL_SLICE_LIT("Root");
    case OL_IDENTITY_USER:
        return OL_SLICE_LIT("IAMUser");
    case OL_IDENTITY_ROLE:
    case OL_IDENTITY_SESSION:
        return OL_SLICE_LIT("AssumedRole");
    case OL_IDENTITY_SERVICE:
        return OL_SLICE_LIT("AWSService");
    case OL_IDENTITY_ANONYMOUS:
        break;
    }
    return OL_SLICE_LIT("AWSAccount");
}

static int add_identity(ol_buf *out, const ol_identity *who)
{
    bool anonymous = who->kind == OL_IDENTITY_ANONYMOUS;
    int rc = add(out, OL_EVENT_IDENTITY_TYPE, identity_type(who));
    if (rc == OL_OK)
        rc = add_if_any(out, OL_EVENT_IDENTITY_PRINCIPAL_ID,
                        anonymous ? OL_SLICE_LIT("ANONYMOUS_PRINCIPAL") : who->principal_id);
    if (rc == OL_OK)
        rc = add_if_any(out, OL_EVENT_IDENTITY_ARN, who->arn);
    if (rc == OL_OK)
        rc = add_if_any(out, OL_EVENT_IDENTITY_ACCOUNT_ID, who->account_id);
    if (rc == OL_OK)
        rc = add_if_any(out, OL_EVENT_IDENTITY_USER_NAME, who->user_name);
    return rc;
}

static int add_configuration(ol_buf *out, const ol_realm_olap *olap, ol_slice payload)
{
    int rc = add(out, OL_EVENT_PAYLOAD, payload);
    if (rc == OL_OK)
        rc = add(out, OL_EVENT_ARN, olap->arn);
    if (rc == OL_OK)
        rc = add(out, OL_EVENT_SUPPORTING_ARN, olap->access_point->arn);
    return rc;
}

static int add_query(ol_buf *out, const ol_event_ask *ask)
{
    const ol_s3_address *address = ask->address;
    int rc = OL_OK;
    for (size_t i = 0; rc == OL_OK && i < address->param_count; i++)
        if (ol_event_sees_param(&ask->sight, address->params[i].name))
            rc = ol_fields_add_under(out, OL_EVENT_QUERY, address->params[i].name,
                                     address->params[i].value);
    return rc;
}

static int build_url(ol_buf *url, const ol_event_ask *ask)
{
    const ol_s3_address *address = ask->address;
    ol_slice alias = ask->request->target.olap->alias;
    int rc = ol_buf_reserve(url, URL_BYTES_USUAL);
    if (rc == OL_OK)
        rc = ol_buf_add_cstr(url, "https://");
    if (rc == OL_OK)
        rc = ol_buf_add(url, alias);
    if (rc == OL_OK)
        rc = ol_buf_add_byte(url, '/');
    if (rc == OL_OK)
        rc = ol_uri_encode(url, address->key, true);
    char separator = '?';
    for (size_t i = 0; rc == OL_OK && i < address->param_count; i++) {
        const ol_s3_param *param = &address->params[i];
        if (!ol_event_sees_param(&ask->sight, param->name))
            continue;
        rc = ol_buf_add_byte(url, (uint8_t)separator);
        if (rc == OL_OK)
            rc = ol_uri_encode(url, param->name, false);
        if (rc == OL_OK)
            rc = ol_buf_add_byte(url, '=');
        if (rc == OL_OK)
            rc = ol_uri_encode(url, param->value, false);
        separator = '&';
    }
    return rc;
}

static int add_url(ol_buf *out, const ol_event_ask *ask)
{
    ol_buf url;
    ol_buf_init(&url, URL_BYTES_MAX);
    int rc = build_url(&url, ask);
    if (rc == OL_OK)
        rc = add(out, OL_EVENT_URL, ol_buf_slice(&url));
    ol_buf_fini(&url);
    return rc;
}

/* Names that a program declared to depend on; each is followed by '\n'. */
static int add_declared_headers(ol_buf *out, const ol_event_ask *ask)
{
    const ol_headers *headers = &ask->request->http->headers;
    ol_slice rest = ask->sight.program->declared.depends_headers;
    int rc = OL_OK;
    while (rc == OL_OK && rest.len > 0) {
        ptrdiff_t end = ol_slice_find(rest, '\n');
        ol_slice name = end < 0 ? rest : ol_slice_first(rest, (size_t)end);
        const ol_header *header = ol_headers_find(headers, name);
        if (header && !ol_view_header_names_part(name) && ol_event_sees_header(&ask->sight, name))
            rc = ol_fields_add_under(out, OL_EVENT_HEADERS, name, header->value);
        rest = end < 0 ? OL_SLICE_NONE : ol_slice_from(rest, (size_t)end + 1);
    }
    return rc;
}

static int add_range(ol_buf *out, const ol_event_ask *ask)
{
    const ol_slice name = OL_SLICE_LIT("range");
    const ol_header *range = ol_headers_find(&ask->request->http->headers, name);
    if (!range || !ol_event_sees_header(&ask->sight, name))
        return OL_OK;
    return ol_fields_add_under(out, OL_EVENT_HEADERS, name, range->value);
}

static int add_request_facts(ol_buf *out, const ol_request *request)
{
    char now[OL_ISO8601_SIZE];
    ol_clock_iso8601(request->line.wall_ms, now);
    int rc = add(out, OL_EVENT_REQUEST_ID, ol_slice_cstr(request->id));
    return rc == OL_OK ? add(out, OL_EVENT_TIME, ol_slice_cstr(now)) : rc;
}

static int add_caller(ol_buf *out, const ol_request *request)
{
    int rc = add(out, OL_EVENT_METHOD,
                 request->head_only ? OL_SLICE_LIT("HEAD") : OL_SLICE_LIT("GET"));
    return rc == OL_OK ? add(out, OL_EVENT_SOURCE_IP, ol_slice_cstr(request->http->peer)) : rc;
}

int ol_event_encode(ol_buf *out, const ol_event_ask *ask)
{
    const ol_request *request = ask->request;
    int rc = ol_buf_reserve(out, EVENT_BYTES_USUAL);
    if (rc == OL_OK)
        rc = ol_fields_begin(out);
    if (rc == OL_OK)
        rc = add(out, OL_EVENT_PROTOCOL_VERSION, OL_SLICE_LIT("1.00"));
    if (rc == OL_OK && ol_event_sees_group(&ask->sight, OL_EVENT_IDENTITY))
        rc = add_identity(out, request->who);
    if (rc == OL_OK)
        rc = add_configuration(out, request->target.olap, ask->sight.payload);
    if (rc == OL_OK)
        rc = add_url(out, ask);
    if (rc == OL_OK)
        rc = add_query(out, ask);
    if (rc == OL_OK)
        rc = add_declared_headers(out, ask);
    if (rc == OL_OK)
        rc = add_range(out, ask);
    if (rc == OL_OK && ol_event_sees_group(&ask->sight, OL_EVENT_CALLER))
        rc = add_caller(out, request);
    if (rc == OL_OK && ol_event_sees_group(&ask->sight, OL_EVENT_REQUEST))
        rc = add_request_facts(out, request);
    return rc;
}
