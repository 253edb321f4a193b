/* SPDX-License-Identifier: MIT */
#include "crypto/keys/key_audit.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/encode.h"

#define LINE_BYTES_MAX 12288

typedef struct audited {
    ol_kms base; /* first */
    ol_kms *kms;
    const ol_key_audit *audit;
} audited;

/* A call on its way; in the arena of its caller. */
typedef struct passing {
    ol_kms_call call;
    ol_kms_call *outer;
    audited *self;
    enum ol_key_event event;
} passing;

static audited *self_of(ol_kms *kms)
{
    return (audited *)kms;
}

/* ---- lines ---- */

static const char *const events[] = {"GenerateDataKey", "Decrypt", "DescribeKey", "ReEncrypt"};

static const char *outcome_of(int code)
{
    if (code == OL_OK)
        return "ok";
    return code == OL_EACCESS ? "denied" : "failed";
}

/* What is too long for the line is left out. */
static void add(ol_buf *line, const char *name, ol_slice value)
{
    size_t before = line->len;
    if (value.len == 0)
        return;
    if (ol_buf_addf(line, ",\"%s\":", name) != OL_OK || ol_json_string(line, value) != OL_OK)
        line->len = before;
}

void ol_key_audit_write(const ol_key_audit *audit, const ol_key_audit_entry *entry)
{
    char memory[LINE_BYTES_MAX], date[OL_ISO8601_SIZE];
    ol_buf line;
    if (!audit || (!audit->log && !audit->line))
        return;
    ol_clock_iso8601(ol_clock_wall_ms(), date);
    ol_buf_init_fixed(&line, memory, sizeof memory); /* the brace takes its last byte, the NUL's */
    ol_buf_addf(&line, "{\"time\":\"%s\",\"event\":\"%s\",\"outcome\":\"%s\"", date,
                events[entry->event], outcome_of(entry->code));
    if (entry->code != OL_OK)
        add(&line, "error", ol_slice_cstr(ol_code_s3(entry->code)));
    if (entry->use)
        add(&line, "who", entry->use->who);
    add(&line, "key", entry->key);
    if (entry->version > 0)
        ol_buf_addf(&line, ",\"version\":%u", (unsigned)entry->version);
    add(&line, "request_id", entry->request_id.len > 0 || !entry->use ? entry->request_id
                                                                        : entry->use->request_id);
    ol_buf_addf(&line, ",\"cached\":%s", entry->cached ? "true" : "false");
    if (entry->use)
        add(&line, "olap", entry->use->olap);
    if (entry->use)
        add(&line, "object", entry->use->object);
    memory[line.len] = '}';
    const ol_slice whole = ol_slice_of(memory, line.len + 1);
    ol_log_line(audit->log, whole);
    if (audit->line)
        audit->line(audit->arg, whole);
}

void ol_key_audit_denied(const ol_key_audit *audit, enum ol_key_event event,
                         const ol_key_use *use, ol_slice key, ol_slice request_id)
{
    const ol_key_audit_entry entry = {
        .event = event, .code = OL_EACCESS, .use = use, .key = key, .request_id = request_id};
    ol_key_audit_write(audit, &entry);
}

/* ---- the KMS ---- */

static void note(const passing *p, int code)
{
    if ((p->event == OL_KEY_LOOKED && code != OL_EACCESS) || code > OL_OK)
        return; /* looking is no use of a key */
    bool named = code == OL_OK && p->call.used_key.len > 0;
    const ol_key_audit_entry entry = {.event = p->event,
                                      .code = code,
                                      .use = p->call.use,
                                      .key = named ? p->call.used_key : p->call.key_id,
                                      .version = code == OL_OK ? p->call.key_version : 0,
                                      .request_id = p->call.request_id,
                                      .cached = code == OL_OK && p->call.cached};
    ol_key_audit_write(p->self->audit, &entry);
}

static void hand_over(const passing *p)
{
    ol_kms_call *outer = p->outer;
    outer->key = p->call.key;
    outer->key_len = p->call.key_len;
    outer->wrapped = p->call.wrapped;
    outer->used_key = p->call.used_key;
    outer->key_version = p->call.key_version;
    outer->cached = p->call.cached;
    outer->stale = p->call.stale;
    outer->until_ms = p->call.until_ms;
}

static void on_answer(ol_kms_call *call, const ol_error *err)
{
    const passing *p = call->arg;
    note(p, err ? err->code : OL_OK);
    if (!err)
        hand_over(p);
    p->outer->cb(p->outer, err);
}

static passing *pass(ol_kms *kms, ol_kms_call *call, enum ol_key_event event, ol_error *err)
{
    passing *p = ol_arena_alloc(call->arena, sizeof *p);
    if (!p) {
        ol_error_set(err, OL_ENOMEM, "kms: audit");
        return NULL;
    }
    *p = (passing){.call = *call, .outer = call, .self = self_of(kms), .event = event};
    p->call.cb = on_answer;
    p->call.arg = p;
    call->private_[0] = p;
    return p;
}

static int finish(const passing *p, int rc)
{
    if (rc == OL_WAIT)
        return rc;
    note(p, rc);
    if (rc == OL_OK)
        hand_over(p);
    return rc;
}

static int generate(ol_kms *kms, ol_kms_call *call, ol_error *err)
{
    passing *p = pass(kms, call, OL_KEY_MADE, err);
    ol_kms *inner = self_of(kms)->kms;
    return p ? finish(p, inner->ops->generate(inner, &p->call, err)) : OL_ENOMEM;
}

static int open_key(ol_kms *kms, ol_kms_call *call, ol_error *err)
{
    passing *p = pass(kms, call, OL_KEY_OPENED, err);
    ol_kms *inner = self_of(kms)->kms;
    return p ? finish(p, inner->ops->open(inner, &p->call, err)) : OL_ENOMEM;
}

static int state(ol_kms *kms, ol_kms_call *call, enum ol_kms_state *out, ol_error *err)
{
    passing *p = pass(kms, call, OL_KEY_LOOKED, err);
    ol_kms *inner = self_of(kms)->kms;
    if (!p)
        return OL_ENOMEM;
    return finish(p, inner->ops->state(inner, &p->call, out, err));
}

static int rewrap(ol_kms *kms, ol_kms_call *call, ol_error *err)
{
    ol_kms *inner = self_of(kms)->kms;
    if (!inner->ops->rewrap)
        return OL_SKIP;
    passing *p = pass(kms, call, OL_KEY_REWRAPPED, err);
    return p ? finish(p, inner->ops->rewrap(inner, &p->call, err)) : OL_ENOMEM;
}

static void again(ol_kms *kms, const ol_kms_call *call)
{
    const ol_key_audit_entry entry = {.event = OL_KEY_OPENED,
                                      .use = call->use,
                                      .key = call->used_key,
                                      .version = call->key_version,
                                      .request_id = call->request_id,
                                      .cached = true};
    ol_key_audit_write(self_of(kms)->audit, &entry);
}

static void cancel(ol_kms *kms, ol_kms_call *call)
{
    ol_kms *inner = self_of(kms)->kms;
    passing *p = call->private_[0];
    inner->ops->cancel(inner, &p->call);
}

static int attach(ol_kms *kms, ol_loop *loop, ol_error *err)
{
    ol_kms *inner = self_of(kms)->kms;
    return inner->ops->attach ? inner->ops->attach(inner, loop, err) : OL_OK;
}

static void detach(ol_kms *kms, ol_loop *loop, void (*cb)(void *arg), void *arg)
{
    ol_kms *inner = self_of(kms)->kms;
    if (inner->ops->detach)
        inner->ops->detach(inner, loop, cb, arg);
    else if (cb)
        cb(arg);
}

static void destroy(ol_kms *kms)
{
    ol_free(self_of(kms));
}

static const ol_kms_ops operations = {.name = "audit",
                                      .generate = generate,
                                      .open = open_key,
                                      .state = state,
                                      .cancel = cancel,
                                      .rewrap = rewrap,
                                      .again = again,
                                      .attach = attach,
                                      .detach = detach,
                                      .destroy = destroy};

int ol_key_audit_wrap(const ol_key_audit *audit, ol_kms *kms, ol_kms **wrapper, ol_error *err)
{
    audited *self = ol_calloc(1, sizeof *self);
    if (!self)
        return ol_error_set(err, OL_ENOMEM, "kms: audit");
    self->base.ops = &operations;
    self->kms = kms;
    self->audit = audit;
    *wrapper = &self->base;
    return OL_OK;
}
