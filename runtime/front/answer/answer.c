/* SPDX-License-Identifier: MIT */
#include "front/answer/answer.h"

#include "front/request/request.h"

void ol_answer_open(ol_request *request)
{
    request->answer.run_again = request->answer.held.len > 0;
}

/* ---- the head ---- */

void ol_answer_begin(ol_request *request, const ol_head *head)
{
    request->answer.head = *head;
}

/* The head as the transform and the stages left it, plus what every response bears. */
static int add_headers(ol_request *request, const ol_head *head, ol_headers **out)
{
    ol_headers *headers = ol_request_headers(request);
    if (!headers)
        return OL_ENOMEM;
    *out = headers;
    return ol_headers_join(headers, &head->headers);
}

static int send_head(ol_request *request, int64_t content_length, ol_error *err)
{
    const ol_head *head = &request->answer.head;
    ol_headers *headers;
    int rc = add_headers(request, head, &headers);
    if (rc == OL_OK && content_length < 0 && request->answer.late_names)
        rc = ol_headers_add(headers, OL_SLICE_LIT("Trailer"),
                            ol_slice_cstr(request->answer.late_names));
    if (rc != OL_OK)
        return ol_error_set(err, rc == OL_ENOMEM ? OL_ENOMEM : OL_EINTERNAL, "response headers");
    const ol_http_response response = {
        .status = head->status,
        .headers = headers,
        .content_length = content_length,
        .no_body = request->head_only,
    };
    request->answered = true;
    request->line.status = response.status;
    rc = ol_http_respond(request->x, &response);
    return rc == OL_OK ? OL_OK : ol_error_set(err, OL_EPEER, "the response could not be begun");
}

/* ---- bytes ---- */

static int send_bytes(ol_request *request, ol_slice bytes, ol_error *err)
{
    int rc = ol_http_write(request->x, bytes);
    request->write_waits = rc == OL_WAIT;
    return rc < 0 ? ol_error_set(err, OL_EPEER, "the client left before the end") : rc;
}

/* OL_OK, OL_WAIT or an error. */
static int send_held(ol_request *request, int64_t content_length, ol_error *err)
{
    ol_slice held = request->answer.held;
    request->answer.held = OL_SLICE_NONE;
    int rc = send_head(request, content_length, err);
    return rc == OL_OK && held.len > 0 ? send_bytes(request, held, err) : rc;
}

/* ---- holding ---- */

/* Whether the end may name a length that the head did not. */
static bool lacks_length(const ol_request *request)
{
    const ol_head *head = &request->answer.head;
    return head->content_length < 0 && !request->head_only && head->status != 204 &&
           head->status != 304;
}

/* A pipeline that has failed tells its operation on a later turn: the answer is left to that. */
static bool is_due(const ol_request *request)
{
    const ol_answer *answer = &request->answer;
    return request->sink && !ol_stage_is_over(request->sink) && !request->gone &&
           !request->answered && !answer->run_again && answer->held.len > 0;
}

static void on_turn(void *arg)
{
    ol_request *request = arg;
    ol_error err = ol_error_none();
    request->answer.turn_posted = false;
    if (is_due(request) && send_held(request, -1, &err) < 0)
        ol_stage_fail(request->sink, &err);
    ol_request_release(request);
}

/* False: there is no memory for it, so it is sent. */
static bool hold(ol_request *request, ol_slice in)
{
    ol_answer *answer = &request->answer;
    ol_slice copy = ol_arena_copy(request->arena, in);
    if (!copy.data)
        return false;
    answer->held = copy;
    if (answer->turn_posted)
        return true;
    answer->turn_posted = true;
    answer->turn = (ol_post){.fn = on_turn, .arg = ol_request_acquire(request)};
    ol_loop_defer(request->worker->loop, &answer->turn);
    return true;
}

/* ---- what the stage calls ---- */

static int check_there(const ol_request *request, ol_error *err)
{
    return request->gone ? ol_error_set(err, OL_EPEER, "the client left before the end") : OL_OK;
}

int ol_answer_write(ol_request *request, ol_slice in, ol_error *err)
{
    ol_answer *answer = &request->answer;
    bool first = !request->answered && answer->held.len == 0;
    int rc = check_there(request, err);
    if (rc != OL_OK)
        return rc;
    if (first && in.len <= OL_ANSWER_HELD_BYTES_MAX && lacks_length(request) && hold(request, in))
        return OL_OK;
    if (!request->answered)
        rc = send_held(request, answer->head.content_length, err);
    if (rc < 0)
        return rc;
    if (!request->write_waits)
        return send_bytes(request, in, err);
    answer->next = in;
    return OL_WAIT;
}

bool ol_answer_takes_piped(const ol_request *request)
{
    const ol_answer *answer = &request->answer;
    return !request->gone && !request->head_only && answer->head.content_length >= 0 &&
           answer->held.len == 0 && ol_http_takes_piped(request->x);
}

/* Into the head as long as that is possible, else behind the body. */
static int tell_late_fields(ol_request *request, ol_error *err)
{
    ol_answer *answer = &request->answer;
    ol_headers trailers;
    if (!answer->late_names)
        return OL_OK;
    ol_headers_init(&trailers, request->arena);
    int rc = answer->late_fields(answer->late_arg,
                                 request->answered ? &trailers : &answer->head.headers);
    if (rc == OL_OK && request->answered && ol_http_trailers(request->x, &trailers) < 0)
        rc = OL_ENOMEM;
    return rc == OL_OK ? OL_OK : ol_error_set(err, rc, "fields behind the body");
}

int ol_answer_end(ol_request *request, ol_error *err)
{
    ol_answer *answer = &request->answer;
    int rc = check_there(request, err);
    if (rc == OL_OK)
        rc = tell_late_fields(request, err);
    if (rc == OL_OK && !request->answered)
        rc = send_held(request,
                       lacks_length(request) ? (int64_t)answer->held.len
                                             : answer->head.content_length,
                       err);
    if (rc < 0)
        return rc;
    ol_http_end(request->x);
    return OL_OK;
}

bool ol_answer_drained(ol_request *request)
{
    ol_slice next = request->answer.next;
    request->answer.next = OL_SLICE_NONE;
    return next.len == 0 || send_bytes(request, next, NULL) == OL_OK;
}
