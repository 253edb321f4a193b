/* SPDX-License-Identifier: MIT */
#include "crypto/kms/kms_router.h"

#include "access/match.h"
#include "base/alloc.h"
#include "crypto/keys/secret.h"
#include "crypto/kms/kms_keyring.h"

#define DEFAULT_ALIAS "alias/aws/s3"

/* Of a call's private memory: whom it went to, and what is made around it. The keepers have the
 * first of them. */
#define CHOSEN 12
#define MAKING 13

typedef struct router {
    ol_kms base; /* first */
    ol_kms_route routes[OL_KMS_ROUTES_MAX];
    size_t count;
    ol_kms *keyring;
    const char *default_key;
    bool prefers_keyring;
} router;

static router *self_of(ol_kms *kms)
{
    return (router *)kms;
}

/* ---- names ---- */

/* Of an ARN what stands behind "key/", or "alias/…"; else nothing. */
static ol_slice short_name(ol_slice key)
{
    ol_slice rest = key;
    if (!ol_slice_starts(key, OL_SLICE_LIT("arn:")))
        return OL_SLICE_NONE;
    for (unsigned colons = 0; colons < 5; colons++) {
        ptrdiff_t at = ol_slice_find(rest, ':');
        if (at < 0)
            return OL_SLICE_NONE;
        rest = ol_slice_from(rest, (size_t)at + 1);
    }
    const ol_slice kind = OL_SLICE_LIT("key/");
    return ol_slice_starts(rest, kind) ? ol_slice_from(rest, kind.len) : rest;
}

static bool answers_for(const ol_kms_route *route, ol_slice key)
{
    ol_slice short_key = short_name(key);
    for (size_t i = 0; i < route->pattern_count; i++) {
        if (ol_access_match(route->patterns[i], key, false) ||
            (short_key.len > 0 && ol_access_match(route->patterns[i], short_key, false)))
            return true;
    }
    return false;
}

/* ---- whom to ask ---- */

static const ol_kms_route *route_of(const router *self, ol_slice key)
{
    for (size_t i = 0; i < self->count; i++)
        if (answers_for(&self->routes[i], key))
            return &self->routes[i];
    return NULL;
}

static bool keyring_has(const router *self, ol_slice key)
{
    return self->keyring && ol_kms_keyring_has(self->keyring, key);
}

static ol_kms *keeper_of(const router *self, ol_slice key)
{
    if (self->prefers_keyring && keyring_has(self, key))
        return self->keyring;
    const ol_kms_route *route = route_of(self, key);
    if (route)
        return route->kms;
    if (self->count == 0 || keyring_has(self, key))
        return self->keyring;
    for (size_t i = 0; i < self->count; i++)
        if (self->routes[i].pattern_count == 0)
            return self->routes[i].kms;
    return self->keyring;
}

static bool is_default(ol_slice key)
{
    return key.len == 0 || ol_slice_eq_cstr(key, DEFAULT_ALIAS);
}

/* Whom to ask, and for which key. */
static ol_kms *choose(const router *self, ol_slice asked, ol_slice *key)
{
    *key = asked;
    if (!is_default(asked))
        return keeper_of(self, asked);
    if (self->default_key) {
        *key = ol_slice_cstr(self->default_key);
        return is_default(*key) ? self->keyring : keeper_of(self, *key);
    }
    for (size_t i = 0; !self->prefers_keyring && i < self->count; i++) {
        if (!self->routes[i].default_key)
            continue;
        *key = ol_slice_cstr(self->routes[i].default_key);
        return self->routes[i].kms;
    }
    return self->keyring;
}

bool ol_kms_router_is_local(ol_kms *kms, ol_slice key)
{
    const router *self = self_of(kms);
    return choose(self, key, &key) == self->keyring;
}

static ol_kms *go(router *self, ol_kms_call *call, ol_error *err)
{
    ol_kms *kms = choose(self, call->key_id, &call->key_id);
    call->private_[CHOSEN] = kms;
    call->private_[MAKING] = NULL;
    if (!kms)
        ol_error_set(err, OL_EKMSNOTFOUND, "kms: nobody answers for this key");
    return kms;
}

/* ---- making ---- */

typedef struct making {
    ol_kms_call call;
    ol_kms_call *outer;
    router *self;
    ol_kms *kms;
} making;

/* What it is wrapped with must lead back to whoever wrapped it. */
static int hand_over(making *m, ol_error *err)
{
    ol_kms_call *outer = m->outer;
    if (m->kms != m->self->keyring && keeper_of(m->self, m->call.used_key) != m->kms) {
        ol_secret_free(m->call.key, m->call.key_len);
        return ol_error_set(err, OL_EKMSUNAVAILABLE,
                            "kms: %.*s is asked of one keeper and would be opened by another: "
                            "add it to its \"keys\"",
                            OL_SLICE_FMT(ol_slice_first(m->call.used_key, 200)));
    }
    outer->key = m->call.key;
    outer->key_len = m->call.key_len;
    outer->wrapped = m->call.wrapped;
    outer->used_key = m->call.used_key;
    outer->key_version = m->call.key_version;
    outer->cached = m->call.cached;
    return OL_OK;
}

static void on_made(ol_kms_call *call, const ol_error *failure)
{
    making *m = call->arg;
    ol_kms_call *outer = m->outer;
    ol_error err = {0};
    if (failure)
        err = *failure;
    else
        hand_over(m, &err);
    outer->cb(outer, err.code ? &err : NULL);
}

static int generate(ol_kms *kms, ol_kms_call *call, ol_error *err)
{
    router *self = self_of(kms);
    ol_kms *chosen = go(self, call, err);
    if (!chosen)
        return err->code;
    making *m = ol_arena_alloc(call->arena, sizeof *m);
    if (!m)
        return ol_error_set(err, OL_ENOMEM, "kms: call");
    *m = (making){.call = *call, .outer = call, .self = self, .kms = chosen};
    m->call.cb = on_made;
    m->call.arg = m;
    call->private_[MAKING] = m;
    int rc = chosen->ops->generate(chosen, &m->call, err);
    return rc == OL_OK ? hand_over(m, err) : rc;
}

/* ---- the rest ---- */

static int open_key(ol_kms *kms, ol_kms_call *call, ol_error *err)
{
    ol_kms *chosen = go(self_of(kms), call, err);
    return chosen ? chosen->ops->open(chosen, call, err) : err->code;
}

static int state(ol_kms *kms, ol_kms_call *call, enum ol_kms_state *out, ol_error *err)
{
    ol_kms *chosen = go(self_of(kms), call, err);
    return chosen ? chosen->ops->state(chosen, call, out, err) : err->code;
}

static int rewrap(ol_kms *kms, ol_kms_call *call, ol_error *err)
{
    ol_kms *chosen = go(self_of(kms), call, err);
    if (!chosen)
        return err->code;
    return chosen->ops->rewrap ? chosen->ops->rewrap(chosen, call, err) : OL_SKIP;
}

static void cancel(ol_kms *kms, ol_kms_call *call)
{
    (void)kms;
    making *m = call->private_[MAKING];
    ol_kms *chosen = call->private_[CHOSEN];
    chosen->ops->cancel(chosen, m ? &m->call : call);
}

static void destroy(ol_kms *kms)
{
    ol_free(self_of(kms));
}

/* Whoever made the keepers attaches them. */
static const ol_kms_ops operations = {.name = "router",
                                      .generate = generate,
                                      .open = open_key,
                                      .state = state,
                                      .cancel = cancel,
                                      .rewrap = rewrap,
                                      .destroy = destroy};

int ol_kms_router_new(ol_kms **kms, const ol_kms_router_options *options, ol_error *err)
{
    if (options->count > OL_KMS_ROUTES_MAX)
        return ol_error_say(err, OL_ECONFIG, "kms: more than %d", OL_KMS_ROUTES_MAX);
    router *self = ol_calloc(1, sizeof *self);
    if (!self)
        return ol_error_set(err, OL_ENOMEM, "kms");
    self->base.ops = &operations;
    self->count = options->count;
    self->keyring = options->keyring;
    self->default_key = options->default_key;
    self->prefers_keyring = options->prefers_keyring;
    if (options->count > 0)
        memcpy(self->routes, options->routes, options->count * sizeof self->routes[0]);
    *kms = &self->base;
    return OL_OK;
}
