/* SPDX-License-Identifier: MIT */
#include "front/views/event_fields.h"

#include "front/views/view_identity.h"
#include "transform/secret_headers.h"

static const struct {
    const char *name;
    ol_event_group group;
} fields[OL_EVENT_FIELDS] = {
    [OL_EVENT_PROTOCOL_VERSION] = {"protocolVersion", OL_EVENT_ALWAYS},
    [OL_EVENT_IDENTITY_TYPE] = {"userIdentity.type", OL_EVENT_IDENTITY},
    [OL_EVENT_IDENTITY_PRINCIPAL_ID] = {"userIdentity.principalId", OL_EVENT_IDENTITY},
    [OL_EVENT_IDENTITY_ARN] = {"userIdentity.arn", OL_EVENT_IDENTITY},
    [OL_EVENT_IDENTITY_ACCOUNT_ID] = {"userIdentity.accountId", OL_EVENT_IDENTITY},
    [OL_EVENT_IDENTITY_USER_NAME] = {"userIdentity.userName", OL_EVENT_IDENTITY},
    [OL_EVENT_PAYLOAD] = {"configuration.payload", OL_EVENT_ALWAYS},
    [OL_EVENT_ARN] = {"configuration.accessPointArn", OL_EVENT_ALWAYS},
    [OL_EVENT_SUPPORTING_ARN] = {"configuration.supportingAccessPointArn", OL_EVENT_ALWAYS},
    [OL_EVENT_URL] = {"userRequest.url", OL_EVENT_ALWAYS},
    [OL_EVENT_METHOD] = {"userRequest.method", OL_EVENT_CALLER},
    [OL_EVENT_SOURCE_IP] = {"userRequest.sourceIp", OL_EVENT_CALLER},
    [OL_EVENT_REQUEST_ID] = {"xAmzRequestId", OL_EVENT_REQUEST},
    [OL_EVENT_TIME] = {"time", OL_EVENT_REQUEST},
};

const char *ol_event_name(ol_event_field field)
{
    return fields[field].name;
}

bool ol_event_sees_group(const ol_event_sight *sight, ol_event_group group)
{
    switch (group) {
    case OL_EVENT_ALWAYS:
        return true;
    case OL_EVENT_IDENTITY: /* a view that is made once for all must not know for whom */
        return ol_program_sees_identity(sight->program, sight->payload);
    case OL_EVENT_CALLER: /* what decides whether to answer at all may know more than what makes the bytes */
        return sight->shows_caller;
    case OL_EVENT_REQUEST:
        return ol_program_sees_request(sight->program, sight->payload);
    }
    return false;
}

static bool is_declared(const ol_program *program, ol_slice name)
{
    ol_slice rest = program->declared.depends_headers;
    while (rest.len > 0) {
        ptrdiff_t end = ol_slice_find(rest, '\n');
        if (ol_slice_eq(name, end < 0 ? rest : ol_slice_first(rest, (size_t)end)))
            return true;
        rest = end < 0 ? OL_SLICE_NONE : ol_slice_from(rest, (size_t)end + 1);
    }
    return false;
}

bool ol_event_sees_header(const ol_event_sight *sight, ol_slice name)
{
    /* Declared or not: whoever is to answer it must see it. */
    if (ol_view_header_names_part(name))
        return sight->shows_part && ol_slice_eq_cstr(name, "range");
    return is_declared(sight->program, name) && !ol_header_is_secret(name) &&
           ol_program_sees_header(sight->program, sight->payload, name);
}

bool ol_event_sees_param(const ol_event_sight *sight, ol_slice name)
{
    return !ol_view_param_is_private(name) && (sight->shows_part || !ol_view_param_names_part(name));
}

bool ol_event_sees(const ol_event_sight *sight, const char *name)
{
    ol_slice text = ol_slice_cstr(name);
    if (ol_slice_starts(text, OL_SLICE_LIT(OL_EVENT_HEADERS)))
        return ol_event_sees_header(sight, ol_slice_from(text, sizeof(OL_EVENT_HEADERS) - 1));
    if (ol_slice_starts(text, OL_SLICE_LIT(OL_EVENT_QUERY)))
        return ol_event_sees_param(sight, ol_slice_from(text, sizeof(OL_EVENT_QUERY) - 1));
    for (size_t i = 0; i < OL_EVENT_FIELDS; i++)
        if (strcmp(name, fields[i].name) == 0)
            return ol_event_sees_group(sight, fields[i].group);
    return false;
}
