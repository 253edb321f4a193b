/* SPDX-License-Identifier: MIT */
/*
 * The happy path: from the last program to the first, each that declares the entry is consulted
 * with the key so far; then the caller's permission for what came out is asked for, if that is
 * another key.
 */
#include "front/views/view_name.h"

#include <stdio.h>

#include "base/clock.h"
#include "front/operations/operation_table.h"
#include "front/request/authorize.h"
#include "transform/head.h"

static bool has_request(const ol_view_chain *chain)
{
    for (size_t i = 0; i < chain->count; i++)
        if (chain->programs[i]->declared.has_request)
            return true;
    return false;
}

/* ---- the end ---- */

static void end(ol_view_name *self, const ol_error *err)
{
    ol_view_consult_fini(&self->consult);
    ol_view_chain_fini(&self->chain);
    self->cb(self->arg, err);
}

static void on_authorized(void *arg, const ol_error *err)
{
    end(arg, err);
}

/* Both names must be allowed: a policy that denies by key or by the object's tags is not got round
 * by another name. */
static int authorize(ol_view_name *self, ol_error *err)
{
    ol_request *request = self->request;
    const ol_operation_row *row = ol_operation_row_of(request->address.operation);
    ol_slice version = ol_s3_param_get(&request->address, "versionId");
    if (self->not_read || ol_slice_eq(self->original, self->asked->key))
        return OL_OK;
    const ol_authorize_ask ask = {
        .action = version.len > 0 && row->version_action ? row->version_action : row->action,
        .lambda_action = row->lambda_action,
        .key = self->original,
        .version = version,
        .view = true,
    };
    return ol_authorize(request, &ask, on_authorized, self, err);
}

/* ---- one program ---- */

static bool is_key(ol_slice text)
{
    return text.len > 0 && text.len <= OL_KEY_BYTES_MAX && ol_slice_is_utf8(text) &&
           !memchr(text.data, '\0', text.len);
}

/* The name is the program's own: what two transforms count is not mixed up. */
static int take_limit(ol_view_name *self, ol_slice text, ol_error *err)
{
    const char *program = self->consult.chain->programs[self->consult.step]->name;
    ol_rate rate;
    ol_slice name;
    uint64_t wait_ms = 0;
    ol_buf full;
    char seconds[24];
    if (!ol_rate_parse(text, &rate, &name))
        return ol_error_set(err, OL_ETRANSFORMRESPONSE, "transform %s: a malformed limit", program);
    ol_buf_init(&full, 4 * OL_KIB);
    int rc = ol_buf_addf(&full, "%s %.*s", program, OL_SLICE_FMT(name));
    bool taken = rc == OL_OK && ol_rate_limiter_take(self->request->worker->shared->rate_limiter,
                                                     ol_buf_slice(&full), &rate, ol_clock_mono_ns(),
                                                     &wait_ms);
    ol_buf_fini(&full);
    if (rc != OL_OK)
        return ol_error_set(err, rc, "a limit's name");
    if (taken)
        return OL_OK;
    snprintf(seconds, sizeof(seconds), "%llu", (unsigned long long)((wait_ms + 999) / 1000));
    ol_request_standing_header(self->request, "retry-after", ol_slice_cstr(seconds));
    return ol_error_set(err, OL_ESLOWDOWN, "transform %s: over its limit", program);
}

/* Each counts, and the first that is reached decides. */
static int check_limits(ol_view_name *self, ol_error *err)
{
    const ol_headers *headers = &self->consult.answer.head.headers;
    int rc = OL_OK;
    for (size_t i = 0; rc == OL_OK && i < headers->count; i++)
        if (ol_slice_eq_cstr(headers->items[i].name, OL_TRANSFORM_LIMIT_HEADER))
            rc = take_limit(self, headers->items[i].value, err);
    return rc;
}

/* A host is not believed: what it says is checked like what a client says. */
static int take_answer(ol_view_name *self, ol_error *err)
{
    const ol_memory_sink *answer = &self->consult.answer;
    const char *program = self->consult.chain->programs[self->consult.step]->name;
    ol_slice key = ol_buf_slice(&answer->bytes);
    int rc = check_limits(self, err);
    if (rc != OL_OK)
        return rc;
    if (answer->head.status == 404)
        return ol_error_set(err, OL_ENOSUCHKEY, "transform %s has no such key", program);
    if (answer->head.status != 200 || !is_key(key))
        return ol_error_set(err, OL_ETRANSFORMRESPONSE, "transform %s: request gave no key",
                            program);
    self->original = ol_arena_copy(self->arena, key);
    return self->original.data ? OL_OK : ol_error_set(err, OL_ENOMEM, "a key");
}

static int ask_next(ol_view_name *self, ol_error *err);

static void on_answer(void *arg, const ol_error *answer_err)
{
    ol_view_name *self = arg;
    ol_error err = ol_error_none();
    int rc = OL_OK;
    if (answer_err)
        err = *answer_err;
    else if (self->request->gone)
        ol_error_set(&err, OL_EPEER, "the client left before the end");
    else
        take_answer(self, &err);
    if (err.code == OL_OK)
        rc = ask_next(self, &err);
    if (rc != OL_WAIT)
        end(self, err.code == OL_OK ? NULL : &err);
}

static int consult(ol_view_name *self, size_t step, ol_error *err)
{
    ol_view_consult_fini(&self->consult);
    self->consult = (ol_view_consult){
        .chain = &self->chain,
        .step = step,
        .entry = OL_ENTRY_REQUEST,
        .address = *self->asked,
        .answer_bytes_max = OL_KEY_BYTES_MAX,
        .arena = self->arena,
        .cb = on_answer,
        .arg = self,
    };
    self->consult.address.key = self->original;
    return ol_view_consult_start(&self->consult, err);
}

static int ask_next(ol_view_name *self, ol_error *err)
{
    while (self->left > 0)
        if (self->chain.programs[--self->left]->declared.has_request)
            return consult(self, self->left, err);
    return authorize(self, err);
}

/* ---- what others call ---- */

/* The programs that have a say. HeadObject may be configured with others than GetObject, which know
 * nothing of names: what one cannot get has no head either. */
static int take_programs(ol_view_name *self, const ol_realm_view *view, ol_error *err)
{
    const ol_realm_view *of_get = self->request->target.olap->by_action[OL_ACTION_GET_OBJECT];
    int rc = ol_view_chain_init(&self->chain, self->request, view, err);
    if (rc != OL_OK || has_request(&self->chain) || !of_get || of_get == view)
        return rc;
    ol_view_chain_fini(&self->chain);
    return ol_view_chain_init(&self->chain, self->request, of_get, err);
}

int ol_view_name_find(ol_view_name *self, ol_request *request, const ol_realm_view *view,
                      const ol_s3_address *address, ol_done_cb cb, void *arg, ol_error *err)
{
    self->request = request;
    self->asked = address;
    self->original = address->key;
    if (!self->arena)
        self->arena = request->arena;
    self->cb = cb;
    self->arg = arg;
    int rc = take_programs(self, view, err);
    self->left = self->chain.count;
    if (rc == OL_OK && has_request(&self->chain))
        rc = ask_next(self, err);
    if (rc == OL_WAIT)
        return rc;
    ol_view_consult_fini(&self->consult);
    ol_view_chain_fini(&self->chain);
    return rc;
}

void ol_view_name_abort(ol_view_name *self, const ol_error *err)
{
    ol_view_consult_abort(&self->consult, err);
}

bool ol_view_name_is_mapped(ol_request *request, const ol_realm_view *view)
{
    ol_view_chain chain = {0};
    ol_error ignored = ol_error_none();
    bool mapped = ol_view_chain_init(&chain, request, view, &ignored) == OL_OK &&
                  has_request(&chain);
    ol_view_chain_fini(&chain);
    return mapped;
}
