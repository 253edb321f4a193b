/* SPDX-License-Identifier: MIT */
#include "front/control_api/sts.h"

#include "front/operations/document.h"
#include "front/request/authenticate.h"
#include "s3/sigv4/hmac.h"

#define STS_XMLNS "https://sts.amazonaws.com/doc/2011-06-15/"
#define ANSWER_BYTES_MAX (64 * OL_KIB)

static const struct action {
    const char *name, *response, *result;
    ol_sts_action_fn run;
} actions[] = {
#define ACTION(name, run) {name, name "Response", name "Result", run}
    ACTION("GetCallerIdentity", ol_sts_get_caller_identity),
    ACTION("GetSessionToken", ol_sts_get_session_token),
    ACTION("AssumeRole", ol_sts_assume_role),
};

static const struct action *find_action(const ol_sts_call *call, ol_error *err)
{
    ol_slice name = ol_s3_params_get(call->params, call->param_count, "Action");
    if (name.len == 0) {
        ol_error_custom(err, OL_EINVAL, 400, OL_SLICE_LIT("MissingAction"),
                        OL_SLICE_LIT("The request is missing an action."));
        return NULL;
    }
    for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++)
        if (ol_slice_eq_cstr(name, actions[i].name))
            return &actions[i];
    char text[160];
    int len = snprintf(text, sizeof(text), "Could not find operation %.*s for version 2011-06-15",
                       OL_SLICE_FMT(ol_slice_first(name, 64)));
    ol_error_custom(err, OL_EINVAL, 400, OL_SLICE_LIT("InvalidAction"),
                    ol_slice_of(text, (size_t)len));
    return NULL;
}

/* ---- the answer ---- */

static int write_answer(const ol_sts_call *call, const struct action *action, ol_buf *xml,
                        ol_error *err)
{
    ol_xml_writer w;
    ol_xml_begin_ns(&w, xml, action->response, STS_XMLNS);
    ol_xml_open(&w, action->result);
    int rc = action->run(call, &w, err);
    if (rc != OL_OK)
        return rc;
    ol_xml_close(&w, action->result);
    ol_xml_open(&w, "ResponseMetadata");
    ol_xml_text(&w, "RequestId", ol_slice_cstr(call->request->id));
    ol_xml_close(&w, "ResponseMetadata");
    ol_xml_close(&w, action->response);
    return w.rc == OL_OK ? OL_OK : ol_error_set(err, w.rc, "the answer");
}

static int answer(ol_sts_call *call, ol_error *err)
{
    ol_request *request = call->request;
    ol_buf xml;
    const struct action *action = find_action(call, err);
    if (!action)
        return err->code;
    request->line.operation = action->name;
    ol_buf_init_secret(&xml, ANSWER_BYTES_MAX);
    int rc = write_answer(call, action, &xml, err);
    if (rc == OL_OK)
        ol_request_reply_document(request, 200, "text/xml", NULL, &xml);
    ol_buf_fini(&xml);
    return rc;
}

/* ---- the question ---- */

/* What S3 and STS call by different names. */
static void rename_error(ol_error *err)
{
    ol_error sts = {0};
    if (err->code == OL_EACCESSKEY || err->code == OL_EINVALIDTOKEN)
        ol_error_custom(&sts, err->code, 403, OL_SLICE_LIT("InvalidClientTokenId"),
                        OL_SLICE_LIT("The security token included in the request is invalid."));
    else if (err->code == OL_EMISSINGAUTH)
        ol_error_custom(&sts, err->code, 403, OL_SLICE_LIT("MissingAuthenticationToken"),
                        OL_SLICE_LIT("Request is missing Authentication Token"));
    else if (err->code == OL_EEXPIREDTOKEN)
        ol_error_custom(&sts, err->code, 403, OL_SLICE_LIT("ExpiredToken"),
                        OL_SLICE_LIT("The security token included in the request is expired"));
    else
        return;
    memcpy(sts.detail, err->detail, sizeof(sts.detail));
    *err = sts;
}

static int serve(ol_request *request, ol_slice body, ol_error *err)
{
    ol_sts_call call = {.request = request};
    uint8_t digest[OL_SHA256_BYTES];
    ol_s3_param *params = request->address.params;
    size_t count = request->address.param_count;
    ol_sha256_of(body, digest);
    int rc = ol_authenticate(request, OL_SIGV4_STS, digest, err);
    if (rc == OL_OK && body.len > 0)
        rc = ol_s3_form_parse(body, request->arena, &params, &count, err);
    if (rc != OL_OK)
        return rc;
    call.params = params;
    call.param_count = count;
    return answer(&call, err);
}

static void on_body(ol_request *request, ol_slice body)
{
    ol_error err = {0};
    if (serve(request, body, &err) != OL_OK) {
        rename_error(&err);
        ol_request_fail(request, &err);
    }
    ol_request_release(request);
}

void ol_sts_run(ol_request *request)
{
    ol_request_acquire(request);
    if (request->http->content_length > 0 || request->http->chunked)
        ol_document_read(request, on_body);
    else
        on_body(request, OL_SLICE_NONE);
}
