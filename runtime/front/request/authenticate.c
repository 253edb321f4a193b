/* SPDX-License-Identifier: MIT */
#include "front/request/authenticate.h"

#include "access/session.h"
#include "base/alloc.h"

static void note(void *arg, const char *name, ol_slice value)
{
    ol_request_error_extra(arg, name, value);
}

/* ---- keys ---- */

static const ol_identity *base_of(const ol_request *request, const ol_session_claims *claims)
{
    if (claims->kind != OL_SESSION_OF_ROLE)
        return ol_realm_find_identity(request->realm, claims->arn);
    const ol_realm_role *role = ol_realm_find_role(request->realm, claims->arn);
    return role ? role->identity : NULL;
}

/* Whom temporary credentials stand for, as the realm knows them now. */
static int find_session(ol_request *request, ol_slice access_key, ol_slice token,
                        ol_sigv4_found_key *found, ol_error *err)
{
    ol_session_credentials credentials;
    const ol_identity *who = NULL;
    ol_session_claims *claims = ol_arena_calloc(request->arena, sizeof(*claims));
    if (!claims)
        return ol_error_set(err, OL_ENOMEM, "session");
    int rc = ol_session_open(request->worker->shared->sealer, access_key, token,
                             request->line.wall_ms, request->arena, claims, &credentials, err);
    if (rc != OL_OK)
        return rc;
    const ol_identity *base = base_of(request, claims);
    if (!base)
        rc = ol_error_set(err, OL_EINVALIDTOKEN, "%.*s is gone", OL_SLICE_FMT(claims->arn));
    if (rc == OL_OK)
        rc = ol_session_identity(base, claims, request->arena, &who, err);
    if (rc == OL_OK) {
        memcpy(found->room, credentials.secret, sizeof(credentials.secret));
        found->secret = ol_slice_cstr(found->room);
        found->owner = who;
    }
    ol_wipe(&credentials, sizeof(credentials));
    return rc;
}

/* The one look-up of a request. */
static int find_key(void *arg, ol_slice access_key, ol_slice token, ol_sigv4_found_key *found,
                    ol_error *err)
{
    ol_request *request = arg;
    if (ol_session_access_key(access_key) && token.data)
        return find_session(request, access_key, token, found, err);
    const ol_realm_key *key = ol_realm_find_key(request->realm, access_key);
    if (!key || !key->active)
        return ol_error_set(err, OL_EACCESSKEY, key ? "the key is not active" : NULL);
    if (token.data)
        return ol_error_set(err, OL_EINVALIDTOKEN, "a token with a key that has none");
    found->secret = key->secret_key;
    found->owner = key->identity;
    return OL_OK;
}

/* ---- who ---- */

/* A certificate speaks for those who do not sign; a signature is the more exact word. */
static void settle(ol_request *request)
{
    request->who = request->auth.owner;
    if (request->auth.type == OL_AUTH_ANONYMOUS && request->http->client_subject.len > 0)
        request->who = ol_realm_find_certificate(request->realm, request->http->client_subject);
    if (!request->who)
        request->who = &ol_identity_anonymous;
}

static ol_sigv4_options options_for(ol_request *request, unsigned services)
{
    return (ol_sigv4_options){
        .now_ms = request->line.wall_ms,
        .regions = &request->generation->config->region,
        .region_count = 1,
        .services = services,
        .find_key = find_key,
        .arg = request,
        .arena = request->arena,
        .allow_anonymous = true,
        .note = note,
        .note_arg = request,
    };
}

static int refused(ol_request *request, int rc)
{
    ol_metrics_add(request->worker->metrics, OL_COUNTER_auth_failures, 1);
    return rc;
}

int ol_authenticate(ol_request *request, unsigned services, const uint8_t *body_sha256,
                    ol_error *err)
{
    ol_sigv4_options options = options_for(request, services);
    options.object_lambda = request->address.door == OL_S3_DOOR_OBJECT_LAMBDA ||
                            ol_slice_ends(request->address.bucket, OL_SLICE_LIT("--ol-s3"));
    options.body_sha256 = body_sha256;
    int rc = ol_sigv4_check(request->worker->sigv4, ol_http_request_of(request->x), &options,
                            &request->auth, err);
    if (rc != OL_OK)
        return refused(request, rc);
    settle(request);
    return OL_OK;
}

int ol_authenticate_form(ol_request *request, const ol_sigv4_form *form, ol_error *err)
{
    ol_sigv4_options options = options_for(request, OL_SIGV4_S3);
    options.form_v2 = request->generation->config->legacy_form_signatures;
    ol_sigv4_result_fini(&request->auth);
    int rc = ol_sigv4_check_form(request->worker->sigv4, form, &options, &request->auth, err);
    if (rc != OL_OK)
        return refused(request, rc);
    settle(request);
    return OL_OK;
}
