/* SPDX-License-Identifier: MIT */
/*
 * Field names: "userIdentity.…", "userRequest.url", "userRequest.query.NAME",
 * "userRequest.headers.NAME", "configuration.…", "xAmzRequestId", "time", "protocolVersion".
 *
 * The URL names the OLAP's alias, not the host that the client happened to use: what a
 * transform sees by default must be the same however the view is reached.
 */
#include "front/views/event.h"

#include "base/clock.h"
#include "base/encode.h"
#include "front/views/view_identity.h"
#include "transform/fields.h"
#include "transform/secret_headers.h"

#define URL_BYTES_MAX (64 * OL_KIB)
#define URL_BYTES_USUAL 256u /* so that buffers seldom grow */
#define EVENT_BYTES_USUAL 1024u

static int add(ol_buf *out, const char *name, ol_slice value)
{
    return value.len > 0 ? ol_fields_add(out, name, value) : OL_OK;
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
    int rc = ol_fields_add(out, "userIdentity.type", identity_type(who));
    if (rc == OL_OK)
        rc = add(out, "userIdentity.principalId",
                 anonymous ? OL_SLICE_LIT("ANONYMOUS_PRINCIPAL") : who->principal_id);
    if (rc == OL_OK)
        rc = add(out, "userIdentity.arn", who->arn);
    if (rc == OL_OK)
        rc = add(out, "userIdentity.accountId", who->account_id);
    if (rc == OL_OK)
        rc = add(out, "userIdentity.userName", who->user_name);
    return rc;
}

static int add_configuration(ol_buf *out, const ol_realm_olap *olap, ol_slice payload)
{
    int rc = ol_fields_add(out, "configuration.payload", payload);
    if (rc == OL_OK)
        rc = ol_fields_add(out, "configuration.accessPointArn", olap->arn);
    if (rc == OL_OK)
        rc = ol_fields_add(out, "configuration.supportingAccessPointArn", olap->access_point->arn);
    return rc;
}

static bool shows_param(const ol_event_ask *ask, ol_slice name)
{
    return !ol_view_param_is_private(name) && (ask->shows_part || !ol_view_param_names_part(name));
}

static int add_query(ol_buf *out, const ol_event_ask *ask)
{
    const ol_s3_address *address = ask->address;
    int rc = OL_OK;
    for (size_t i = 0; rc == OL_OK && i < address->param_count; i++)
        if (shows_param(ask, address->params[i].name))
            rc = ol_fields_add_under(out, "userRequest.query.", address->params[i].name,
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
        if (!shows_param(ask, param->name))
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
        rc = ol_fields_add(out, "userRequest.url", ol_buf_slice(&url));
    ol_buf_fini(&url);
    return rc;
}

/* Names that a program declared to depend on; each is followed by '\n'. */
static int add_declared_headers(ol_buf *out, const ol_event_ask *ask)
{
    const ol_headers *headers = &ask->request->http->headers;
    ol_slice rest = ask->program->declared.depends_headers;
    int rc = OL_OK;
    while (rc == OL_OK && rest.len > 0) {
        ptrdiff_t end = ol_slice_find(rest, '\n');
        ol_slice name = end < 0 ? rest : ol_slice_first(rest, (size_t)end);
        const ol_header *header = ol_headers_find(headers, name);
        if (header && !ol_header_is_secret(name) && !ol_view_header_names_part(name) &&
            ol_program_sees_header(ask->program, ask->payload, name))
            rc = ol_fields_add_under(out, "userRequest.headers.", name, header->value);
        rest = end < 0 ? OL_SLICE_NONE : ol_slice_from(rest, (size_t)end + 1);
    }
    return rc;
}

/* Declared or not: whoever is to answer it must see it. */
static int add_range(ol_buf *out, const ol_event_ask *ask)
{
    const ol_header *range = ol_headers_find(&ask->request->http->headers, OL_SLICE_LIT("range"));
    if (!ask->shows_part || !range)
        return OL_OK;
    return ol_fields_add_under(out, "userRequest.headers.", OL_SLICE_LIT("range"), range->value);
}

static int add_request_facts(ol_buf *out, const ol_request *request)
{
    char now[OL_ISO8601_SIZE];
    ol_clock_iso8601(request->line.wall_ms, now);
    int rc = ol_fields_add(out, "xAmzRequestId", ol_slice_cstr(request->id));
    return rc == OL_OK ? ol_fields_add(out, "time", ol_slice_cstr(now)) : rc;
}

/* What decides whether to answer at all may know more than what makes the bytes. */
static int add_caller(ol_buf *out, const ol_request *request)
{
    int rc = ol_fields_add(out, "userRequest.method",
                           request->head_only ? OL_SLICE_LIT("HEAD") : OL_SLICE_LIT("GET"));
    return rc == OL_OK ? ol_fields_add(out, "userRequest.sourceIp", ol_slice_cstr(request->http->peer))
                       : rc;
}

int ol_event_encode(ol_buf *out, const ol_event_ask *ask)
{
    const ol_request *request = ask->request;
    int rc = ol_buf_reserve(out, EVENT_BYTES_USUAL);
    if (rc == OL_OK)
        rc = ol_fields_begin(out);
    if (rc == OL_OK)
        rc = ol_fields_add(out, "protocolVersion", OL_SLICE_LIT("1.00"));
    /* A view that is made once for all must not know for whom. */
    if (rc == OL_OK && ol_program_sees_identity(ask->program, ask->payload))
        rc = add_identity(out, request->who);
    if (rc == OL_OK)
        rc = add_configuration(out, request->target.olap, ask->payload);
    if (rc == OL_OK)
        rc = add_url(out, ask);
    if (rc == OL_OK)
        rc = add_query(out, ask);
    if (rc == OL_OK)
        rc = add_declared_headers(out, ask);
    if (rc == OL_OK)
        rc = add_range(out, ask);
    if (rc == OL_OK && ask->shows_caller)
        rc = add_caller(out, request);
    if (rc == OL_OK && ol_program_sees_request(ask->program, ask->payload))
        rc = add_request_facts(out, request);
    return rc;
}
