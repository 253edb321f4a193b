/* SPDX-License-Identifier: MIT */
#include "access/access.h"
#include "access/session_token.h"
#include "access/totp.h"
#include "base/alloc.h"
#include "front/control_api/sts.h"
#include "front/request/condition_values.h"

#define SESSION_SECONDS_DEFAULT 43200
#define ROLE_SECONDS_DEFAULT 3600
#define SHORT_SECONDS_MAX 3600 /* of root's sessions, and of a role that a session assumes */
#define ROLE_ARN_BYTES_MAX 2048

static ol_slice param(const ol_sts_call *call, const char *name)
{
    return ol_s3_params_get(call->params, call->param_count, name);
}

static int refuse(ol_error *err, const char *text)
{
    return ol_error_custom(err, OL_EINVAL, 400, OL_SLICE_LIT("ValidationError"),
                           ol_slice_cstr(text));
}

static int deny(ol_error *err, const char *text)
{
    return ol_error_custom(err, OL_EACCESS, 403, OL_SLICE_LIT("AccessDenied"), ol_slice_cstr(text));
}

static int check_signed(const ol_sts_call *call, ol_error *err)
{
    return call->request->who->kind == OL_IDENTITY_ANONYMOUS
               ? ol_error_set(err, OL_EMISSINGAUTH, "nobody signed")
               : OL_OK;
}

/* What would change a session's rights and is not there is refused, never left out. */
static int check_known(const ol_sts_call *call, ol_error *err)
{
    static const char *const absent[] = {"PolicyArns.", "Tags.", "TransitiveTagKeys.",
                                         "SourceIdentity", "ProvidedContexts."};
    for (size_t i = 0; i < call->param_count; i++)
        for (size_t k = 0; k < sizeof(absent) / sizeof(absent[0]); k++)
            if (ol_slice_starts(call->params[i].name, ol_slice_cstr(absent[k])))
                return refuse(err, "Managed policies, session tags, a source identity and provided "
                                   "contexts are not available here.");
    return OL_OK;
}

/* ---- GetCallerIdentity ---- */

int ol_sts_get_caller_identity(const ol_sts_call *call, ol_xml_writer *w, ol_error *err)
{
    const ol_identity *who = call->request->who;
    int rc = check_signed(call, err);
    if (rc != OL_OK)
        return rc;
    ol_xml_text(w, "Arn", who->arn);
    ol_xml_text(w, "UserId", who->principal_id);
    ol_xml_text(w, "Account", who->account_id);
    return OL_OK;
}

/* ---- what sessions have in common ---- */

static int read_duration(const ol_sts_call *call, uint64_t usual, uint64_t max, uint64_t *seconds,
                         ol_error *err)
{
    ol_slice text = param(call, "DurationSeconds");
    *seconds = usual < max ? usual : max;
    if (!text.data)
        return OL_OK;
    if (!ol_slice_u64(text, seconds) || *seconds < OL_SESSION_SECONDS_MIN)
        return refuse(err, "1 validation error detected: Value at 'durationSeconds' failed to "
                           "satisfy constraint: Member must have value greater than or equal to "
                           "900");
    if (*seconds > max)
        return refuse(err, "The requested DurationSeconds exceeds the maximum session duration "
                           "that is allowed here.");
    return OL_OK;
}

/* A one-time code, if one is shown: *mfa_ms is when. */
static int read_mfa(const ol_sts_call *call, int64_t *mfa_ms, ol_error *err)
{
    const ol_request *request = call->request;
    ol_slice serial = param(call, "SerialNumber"), code = param(call, "TokenCode");
    ol_error ignored = {0};
    *mfa_ms = 0;
    if (!serial.data && !code.data)
        return OL_OK;
    if (serial.len == 0 || code.len == 0)
        return refuse(err, "SerialNumber and TokenCode come together.");
    const ol_realm_mfa *device = ol_realm_find_mfa(request->realm, request->who, serial);
    if (!device || ol_totp_check(request->worker->shared->totp, device->serial, device->secret,
                                 code, request->line.wall_ms, &ignored) != OL_OK)
        return deny(err, "MultiFactorAuthentication failed with invalid MFA one time pass code.");
    *mfa_ms = request->line.wall_ms;
    return OL_OK;
}

static int write_credentials(const ol_sts_call *call, const ol_session_claims *claims,
                             ol_xml_writer *w, ol_error *err)
{
    ol_session_credentials credentials;
    ol_buf token;
    ol_buf_init_secret(&token, OL_SESSION_TOKEN_BYTES_MAX);
    int rc = ol_session_seal(call->request->worker->shared->sealer, claims, &token, &credentials,
                             err);
    if (rc == OL_OK) {
        ol_xml_open(w, "Credentials");
        ol_xml_text(w, "AccessKeyId", ol_slice_cstr(credentials.access_key));
        ol_xml_text(w, "SecretAccessKey", ol_slice_cstr(credentials.secret));
        ol_xml_text(w, "SessionToken", ol_buf_slice(&token));
        ol_xml_date(w, "Expiration", claims->expires_ms);
        ol_xml_close(w, "Credentials");
    }
    ol_buf_fini(&token);
    ol_wipe(&credentials, sizeof(credentials));
    return rc;
}

/* ---- GetSessionToken ---- */

int ol_sts_get_session_token(const ol_sts_call *call, ol_xml_writer *w, ol_error *err)
{
    const ol_identity *who = call->request->who;
    uint64_t seconds;
    int64_t now = call->request->line.wall_ms;
    ol_session_claims claims = {.kind = OL_SESSION_OF_SELF,
                                .issued_ms = now,
                                .account_id = who->account_id,
                                .arn = who->arn};
    bool root = who->kind == OL_IDENTITY_ROOT;
    int rc = check_signed(call, err);
    if (rc == OL_OK && (who->temporary || (!root && who->kind != OL_IDENTITY_USER)))
        rc = deny(err, "Cannot call GetSessionToken with session credentials");
    if (rc == OL_OK)
        rc = read_duration(call, SESSION_SECONDS_DEFAULT,
                           root ? SHORT_SECONDS_MAX : OL_SESSION_SECONDS_MAX, &seconds, err);
    if (rc == OL_OK)
        rc = read_mfa(call, &claims.mfa_ms, err);
    if (rc != OL_OK)
        return rc;
    claims.expires_ms = now + (int64_t)seconds * 1000;
    return write_credentials(call, &claims, w, err);
}

/* ---- AssumeRole ---- */

typedef struct assumption {
    const ol_sts_call *call;
    const ol_realm_role *role;
    ol_slice session_name;
    ol_condition_source source;
    ol_session_claims claims;
} assumption;

static int values_of(void *arg, enum ol_context_key key, ol_slice suffix,
                     ol_context_values *values, ol_error *err)
{
    assumption *self = arg;
    const char *name = key == OL_CONTEXT_EXTERNAL_ID         ? "ExternalId"
                       : key == OL_CONTEXT_ROLE_SESSION_NAME ? "RoleSessionName"
                       : key == OL_CONTEXT_DURATION_SECONDS  ? "DurationSeconds"
                                                             : NULL;
    if (!name)
        return ol_condition_values(&self->source, key, suffix, values, err);
    ol_slice value = param(self->call, name);
    if (value.data)
        ol_context_set(values, value);
    return OL_OK;
}

/* A code that is shown now counts for this question, and for nothing that the role does later. */
static ol_identity asker(const assumption *self, int64_t mfa_ms)
{
    ol_identity who = *self->call->request->who;
    if (mfa_ms != 0 && !who.temporary) {
        who.temporary = true;
        who.issued_ms = mfa_ms;
        who.mfa_ms = mfa_ms;
    }
    return who;
}

static int ask(assumption *self, int64_t mfa_ms, ol_error *err)
{
    const ol_request *request = self->call->request;
    const ol_identity who = asker(self, mfa_ms);
    const ol_access_door door = {.arn = self->role->identity->arn,
                                 .account_id = self->role->identity->account_id,
                                 .policy = self->role->trust.policy,
                                 .policy_required = true};
    const ol_access_question question = {.who = &who,
                                         .action = OL_SLICE_LIT("AssumeRole"),
                                         .other = &door,
                                         .other_service = "sts",
                                         .endpoint_policy = request->listener->policy.policy,
                                         .now_ms = request->line.wall_ms,
                                         .values = values_of,
                                         .values_arg = self};
    return ol_access_decide(&question, err);
}

/* A role that does not exist and one that is not for the caller look the same. */
static int deny_role(const assumption *self, ol_error *err)
{
    char text[OL_ERROR_TEXT_SIZE], detail[OL_ERROR_TEXT_SIZE];
    memcpy(detail, err->detail, sizeof(detail));
    ol_error_clear(err);
    snprintf(text, sizeof(text),
             "User: %.*s is not authorized to perform: sts:AssumeRole on resource: %.*s",
             OL_SLICE_FMT(ol_slice_first(self->call->request->who->arn, 100)),
             OL_SLICE_FMT(ol_slice_first(param(self->call, "RoleArn"), 100)));
    int rc = deny(err, text);
    memcpy(err->detail, detail, sizeof(detail));
    return rc;
}

static int permit(assumption *self, ol_error *err)
{
    const ol_request *request = self->call->request;
    int64_t mfa_ms;
    if (request->who->kind == OL_IDENTITY_ROOT)
        return deny(err, "Roles may not be assumed by root accounts.");
    int rc = read_mfa(self->call, &mfa_ms, err);
    if (rc != OL_OK)
        return rc;
    self->role = ol_realm_find_role(request->realm, param(self->call, "RoleArn"));
    if (!self->role)
        return deny_role(self, err);
    rc = ask(self, mfa_ms, err);
    return rc == OL_EACCESS ? deny_role(self, err) : rc;
}

static int check_policy(ol_slice text, ol_error *err)
{
    const ol_policy_rules rules = {.kind = OL_POLICY_IDENTITY,
                                   .bytes_max = OL_SESSION_POLICY_BYTES_MAX};
    ol_policy *policy = NULL;
    ol_error why = {0};
    if (!text.data)
        return OL_OK;
    int rc = ol_policy_parse(&policy, text, &rules, &why);
    ol_policy_release(policy);
    if (rc == OL_OK || rc == OL_ENOMEM)
        return rc == OL_OK ? OL_OK : ol_error_set(err, rc, "session policy");
    return ol_error_custom(err, OL_EMALFORMEDPOLICY, 400, OL_SLICE_LIT("MalformedPolicyDocument"),
                           ol_slice_cstr(why.message));
}

static int read_assumption(assumption *self, ol_error *err)
{
    const ol_sts_call *call = self->call;
    ol_slice arn = param(call, "RoleArn");
    int rc = check_signed(call, err);
    if (rc == OL_OK)
        rc = check_known(call, err);
    if (rc != OL_OK)
        return rc;
    if (arn.len < 20 || arn.len > ROLE_ARN_BYTES_MAX)
        return refuse(err, "1 validation error detected: Value at 'roleArn' failed to satisfy "
                           "constraint: Member must have length between 20 and 2048");
    self->session_name = param(call, "RoleSessionName");
    if (!ol_session_name_ok(self->session_name))
        return refuse(err, "1 validation error detected: Value at 'roleSessionName' failed to "
                           "satisfy constraint: Member must satisfy regular expression pattern: "
                           "[\\w+=,.@-]{2,64}");
    return check_policy(param(call, "Policy"), err);
}

static int write_role(const assumption *self, ol_xml_writer *w, ol_error *err)
{
    const ol_identity *role = self->role->identity;
    ol_arena *arena = self->call->request->arena;
    char *arn = ol_arena_printf(arena, "arn:aws:sts::%.*s:assumed-role/%.*s/%.*s",
                                OL_SLICE_FMT(role->account_id), OL_SLICE_FMT(self->role->name),
                                OL_SLICE_FMT(self->session_name));
    char *id = ol_arena_printf(arena, "%.*s:%.*s", OL_SLICE_FMT(role->principal_id),
                               OL_SLICE_FMT(self->session_name));
    if (!arn || !id)
        return ol_error_set(err, OL_ENOMEM, "assumed role");
    ol_xml_open(w, "AssumedRoleUser");
    ol_xml_text(w, "AssumedRoleId", ol_slice_cstr(id));
    ol_xml_text(w, "Arn", ol_slice_cstr(arn));
    ol_xml_close(w, "AssumedRoleUser");
    ol_xml_u64(w, "PackedPolicySize", 100 * self->claims.policy.len / OL_SESSION_POLICY_BYTES_MAX);
    return OL_OK;
}

int ol_sts_assume_role(const ol_sts_call *call, ol_xml_writer *w, ol_error *err)
{
    const ol_request *request = call->request;
    assumption self = {.call = call,
                       .source = {.request = call->request,
                                  .arena = request->arena,
                                  .has_existing_tags = true}};
    uint64_t seconds, max;
    int rc = read_assumption(&self, err);
    if (rc == OL_OK)
        rc = permit(&self, err);
    if (rc != OL_OK)
        return rc;
    max = self.role->session_seconds_max;
    if (request->who->kind == OL_IDENTITY_SESSION && max > SHORT_SECONDS_MAX)
        max = SHORT_SECONDS_MAX;
    rc = read_duration(call, ROLE_SECONDS_DEFAULT, max, &seconds, err);
    if (rc != OL_OK)
        return rc;
    self.claims = (ol_session_claims){.kind = OL_SESSION_OF_ROLE,
                                      .issued_ms = request->line.wall_ms,
                                      .expires_ms = request->line.wall_ms + (int64_t)seconds * 1000,
                                      .account_id = self.role->identity->account_id,
                                      .arn = self.role->identity->arn,
                                      .name = self.session_name,
                                      .policy = param(call, "Policy"),
                                      .chain = request->who->arn};
    rc = write_credentials(call, &self.claims, w, err);
    return rc == OL_OK ? write_role(&self, w, err) : rc;
}
