/* SPDX-License-Identifier: MIT */
/*
 * Steps of a decision in plain words.
 */
#include <stdio.h>

#include "access/decide.h"

static const char *const sources[] = {
    [OL_SOURCE_IDENTITY] = "the identity's policy",
    [OL_SOURCE_BOUNDARY] = "the permissions boundary",
    [OL_SOURCE_SESSION] = "the session policy",
    [OL_SOURCE_ENDPOINT] = "the listener's endpoint policy",
    [OL_SOURCE_OLAP] = "the Object Lambda access point's policy",
    [OL_SOURCE_ACCESS_POINT] = "the access point's policy",
    [OL_SOURCE_BUCKET] = "the bucket's policy",
    [OL_SOURCE_OTHER] = "the resource's policy",
    [OL_SOURCE_ACL] = "the access control list",
};

/* `statement 2 "NoSecrets" of the bucket's policy` */
static void statement_text(const ol_access_step *step, char *out, size_t size)
{
    char sid[48] = "", which[32] = "";
    if (step->sid.len)
        snprintf(sid, sizeof(sid), " \"%.*s\"", (int)(step->sid.len < 40 ? step->sid.len : 40),
                 (const char *)step->sid.data);
    if (step->source == OL_SOURCE_IDENTITY)
        snprintf(which, sizeof(which), " number %zu", step->policy + 1);
    snprintf(out, size, "statement %zu%s of %s%s", step->statement + 1, sid, sources[step->source],
             which);
}

/* Where the step is one of a missing Allow. */
static void want_text(const ol_access_step *step, char *out, size_t size)
{
    const char *format = "no statement of %s allows";
    switch (step->source) {
    case OL_SOURCE_IDENTITY:
        snprintf(out, size, "%s", "no statement of the identity's policies allows");
        return;
    case OL_SOURCE_OLAP:
    case OL_SOURCE_ACCESS_POINT:
    case OL_SOURCE_BUCKET:
    case OL_SOURCE_OTHER:
        format = "neither the identity's policies nor %s allow";
        break;
    case OL_SOURCE_ACL:
        format = "%s does not allow";
        break;
    case OL_SOURCE_BOUNDARY:
    case OL_SOURCE_SESSION:
    case OL_SOURCE_ENDPOINT:
        break;
    }
    snprintf(out, size, format, sources[step->source]);
}

/* A Sid or a key may hold what a terminal would obey: control characters of ASCII, and those that
 * UTF-8 writes as C2 80 to C2 9F. */
static void make_printable(char *text)
{
    for (; *text; text++) {
        uint8_t c = (uint8_t)text[0], next = (uint8_t)text[1];
        if (c == 0xC2 && next >= 0x80 && next <= 0x9F)
            text[0] = text[1] = '?';
        else if (c < 0x20 || c == 0x7F)
            text[0] = '?';
    }
}

void ol_access_step_text(const ol_access_step *step, char *out, size_t size)
{
    char what[200] = "", statement[140];
    statement_text(step, statement, sizeof(statement));
    switch (step->kind) {
    case OL_STEP_ALLOWS:
        snprintf(what, sizeof(what), "%s allows", statement);
        break;
    case OL_STEP_DENIES:
        snprintf(what, sizeof(what), "%s denies", statement);
        break;
    case OL_STEP_ACCOUNT:
        snprintf(what, sizeof(what), "%s leaves it to the caller's account to allow", statement);
        break;
    case OL_STEP_NO_ALLOW:
        want_text(step, what, sizeof(what));
        break;
    case OL_STEP_ROOT:
        snprintf(what, sizeof(what), "the root identity needs no Allow for");
        break;
    case OL_STEP_ACL:
        snprintf(what, sizeof(what), "the access control list allows");
        break;
    case OL_STEP_SERVICE:
        snprintf(what, sizeof(what), "a service needs no policy of its own for");
        break;
    case OL_STEP_THROUGH:
        snprintf(what, sizeof(what), "what was allowed on the access point holds here too for");
        break;
    case OL_STEP_RESTRICTED:
        snprintf(what, sizeof(what), "RestrictPublicBuckets: %s is public and does not allow",
                 sources[step->source]);
        break;
    }
    snprintf(out, size, "%s %.*s on %.*s", what, OL_SLICE_FMT(step->action),
             OL_SLICE_FMT(step->resource));
    make_printable(out);
}
