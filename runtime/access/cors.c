/* SPDX-License-Identifier: MIT */
/*
 * The first rule that fits decides. A rule fits when one of its origins does, the method is
 * listed, and every header that is asked for matches one of its patterns.
 */
#include "access/cors.h"

#include "base/buf.h"
#include "base/encode.h"

#define VARY "Origin, Access-Control-Request-Headers, Access-Control-Request-Method"

typedef struct asking {
    ol_slice origin, method;
    ol_slice headers; /* Access-Control-Request-Headers; data NULL = none asked */
} asking;

static uint8_t lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c | 0x20) : c;
}

static bool same(ol_slice a, ol_slice b, bool ignore_case)
{
    return ignore_case ? ol_slice_ieq(a, b) : ol_slice_eq(a, b);
}

/* At most one '*', which ol_cors_new has made sure of. */
static bool fits(ol_slice pattern, ol_slice text, bool ignore_case)
{
    ptrdiff_t star = ol_slice_find(pattern, '*');
    if (star < 0)
        return same(pattern, text, ignore_case);
    ol_slice before = ol_slice_first(pattern, (size_t)star),
             behind = ol_slice_from(pattern, (size_t)star + 1);
    return text.len >= before.len + behind.len &&
           same(before, ol_slice_first(text, before.len), ignore_case) &&
           same(behind, ol_slice_from(text, text.len - behind.len), ignore_case);
}

static const ol_slice *find_fit(const ol_slice *patterns, size_t count, ol_slice text,
                                bool ignore_case)
{
    for (size_t i = 0; i < count; i++)
        if (fits(patterns[i], text, ignore_case))
            return &patterns[i];
    return NULL;
}

/* Cut the next header's name off a list; false when nothing is left. */
static bool next_name(ol_slice *rest, ol_slice *name)
{
    while (rest->len > 0) {
        ptrdiff_t comma = ol_slice_find(*rest, ',');
        *name = comma < 0 ? *rest : ol_slice_first(*rest, (size_t)comma);
        *rest = ol_slice_from(*rest, name->len + 1);
        *name = ol_slice_trim(*name);
        if (name->len > 0)
            return true;
    }
    return false;
}

static bool headers_fit(const ol_cors_rule *rule, ol_slice asked)
{
    ol_slice name;
    while (next_name(&asked, &name))
        if (!find_fit(rule->headers, rule->header_count, name, true))
            return false;
    return true;
}

/* `*origin` is the pattern that fitted. */
static const ol_cors_rule *find_rule(const ol_cors *cors, const asking *ask,
                                     const ol_slice **origin)
{
    unsigned bit = ol_cors_method_bit(ask->method);
    for (size_t i = 0; i < cors->rule_count; i++) {
        const ol_cors_rule *rule = &cors->rules[i];
        *origin = find_fit(rule->origins, rule->origin_count, ask->origin, false);
        if (*origin && (rule->method_bits & bit) && headers_fit(rule, ask->headers))
            return rule;
    }
    return NULL;
}

/* ---- the answer ---- */

static int add(ol_headers *answer, const char *name, ol_slice value)
{
    return ol_headers_add(answer, ol_slice_cstr(name), value);
}

/* The names that were asked for, in lower case. */
static int add_allowed_headers(ol_headers *answer, ol_slice asked)
{
    uint8_t *text = ol_arena_alloc(answer->arena, 2 * asked.len + 2);
    size_t len = 0;
    ol_slice name;
    if (!text)
        return OL_ENOMEM;
    while (next_name(&asked, &name)) {
        if (len > 0) {
            text[len++] = ',';
            text[len++] = ' ';
        }
        for (size_t i = 0; i < name.len; i++)
            text[len++] = lower(name.data[i]);
    }
    return len > 0 ? add(answer, "Access-Control-Allow-Headers", ol_slice_of(text, len)) : OL_OK;
}

static int add_max_age(ol_headers *answer, int64_t seconds)
{
    char text[24];
    ol_buf number;
    ol_buf_init_fixed(&number, text, sizeof text);
    ol_buf_add_u64(&number, (uint64_t)seconds);
    return add(answer, "Access-Control-Max-Age", ol_buf_slice(&number));
}

static int add_origin(ol_headers *answer, ol_slice origin, bool anybody)
{
    if (anybody)
        return add(answer, "Access-Control-Allow-Origin", OL_SLICE_LIT("*"));
    int rc = add(answer, "Access-Control-Allow-Origin", origin);
    return rc == OL_OK ? add(answer, "Access-Control-Allow-Credentials", OL_SLICE_LIT("true")) : rc;
}

static int add_all(ol_headers *answer, const ol_cors_rule *rule, ol_slice pattern,
                   const asking *ask)
{
    int rc = add_origin(answer, ask->origin, ol_slice_eq_cstr(pattern, "*"));
    if (rc == OL_OK)
        rc = add(answer, "Access-Control-Allow-Methods", rule->methods_text);
    if (rc == OL_OK)
        rc = add_allowed_headers(answer, ask->headers);
    if (rc == OL_OK && rule->expose_text.len > 0)
        rc = add(answer, "Access-Control-Expose-Headers", rule->expose_text);
    if (rc == OL_OK && rule->max_age_s >= 0)
        rc = add_max_age(answer, rule->max_age_s);
    return rc == OL_OK ? add(answer, "Vary", OL_SLICE_LIT(VARY)) : rc;
}

/* ---- the two questions ---- */

int ol_cors_preflight(const ol_cors *cors, const ol_headers *request, ol_headers *answer,
                      ol_error *err)
{
    const asking ask = {ol_headers_get(request, "origin"),
                        ol_headers_get(request, "access-control-request-method"),
                        ol_headers_get(request, "access-control-request-headers")};
    const ol_slice *pattern = NULL;
    if (ask.origin.len == 0)
        return ol_error_say(err, OL_EPROTOCOL,
                            "Insufficient information. Origin request header needed.");
    if (ol_cors_method_bit(ask.method) == 0)
        return ol_error_say(err, OL_EPROTOCOL, "Invalid Access-Control-Request-Method: %.*s",
                            OL_SLICE_FMT(ask.method.len > 0 ? ol_slice_first(ask.method, 60)
                                                            : OL_SLICE_LIT("null")));
    if (!cors)
        return ol_error_say(err, OL_EFORBIDDENCORS,
                            "CORSResponse: CORS is not enabled for this bucket.");
    const ol_cors_rule *rule = find_rule(cors, &ask, &pattern);
    if (!rule)
        return ol_error_say(
            err, OL_EFORBIDDENCORS,
            "CORSResponse: This CORS request is not allowed. This is usually because the "
            "evalution of Origin, request method / Access-Control-Request-Method or "
            "Access-Control-Request-Headers are not whitelisted by the resource's CORS spec.");
    int rc = add_all(answer, rule, *pattern, &ask);
    return rc == OL_OK ? OL_OK : ol_error_set(err, rc, "CORS headers");
}

int ol_cors_actual(const ol_cors *cors, ol_slice verb, const ol_headers *request,
                   ol_headers *answer)
{
    asking ask = {ol_headers_get(request, "origin"),
                  ol_headers_get(request, "access-control-request-method"),
                  ol_headers_get(request, "access-control-request-headers")};
    const ol_slice *pattern = NULL;
    if (!cors || ask.origin.len == 0)
        return OL_OK;
    if (!ask.method.data)
        ask.method = verb;
    const ol_cors_rule *rule = find_rule(cors, &ask, &pattern);
    return rule ? add_all(answer, rule, *pattern, &ask) : OL_OK;
}
