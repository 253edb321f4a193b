/* SPDX-License-Identifier: MIT */
/* Decisions over statements: default deny, an explicit Deny before everything else. */
#include "access/access.h"

static uint8_t fold(uint8_t c, bool ignore_case)
{
    return ignore_case && c >= 'A' && c <= 'Z' ? (uint8_t)(c | 0x20) : c;
}

/* Only the last '*' ever needs to be tried again: whatever an earlier one could have taken
 * instead, this one can take too. */
bool ol_access_match(ol_slice pattern, ol_slice text, bool ignore_case)
{
    size_t p = 0, t = 0;
    bool starred = false;
    size_t star_p = 0, star_t = 0; /* behind the last '*', and where its run ends */
    while (t < text.len) {
        if (p < pattern.len && pattern.data[p] == '*') {
            starred = true;
            star_p = ++p;
            star_t = t;
        } else if (p < pattern.len &&
                   (pattern.data[p] == '?' ||
                    fold(pattern.data[p], ignore_case) == fold(text.data[t], ignore_case))) {
            p++;
            t++;
        } else if (starred) {
            p = star_p;
            t = ++star_t;
        } else {
            return false;
        }
    }
    while (p < pattern.len && pattern.data[p] == '*')
        p++;
    return p == pattern.len;
}

static bool any_matches(const ol_slice *patterns, size_t count, ol_slice text, bool ignore_case)
{
    for (size_t i = 0; i < count; i++)
        if (ol_access_match(patterns[i], text, ignore_case))
            return true;
    return false;
}

static bool speaks_of(const ol_statement *statement, ol_slice action, ol_slice resource)
{
    return any_matches(statement->actions, statement->action_count, action, true) &&
           any_matches(statement->resources, statement->resource_count, resource, false);
}

int ol_access_decide(const ol_identity *who, ol_slice action, ol_slice resource, ol_error *err)
{
    bool allowed = false;
    if (!who)
        return ol_error_set(err, OL_EACCESS, "nobody is asking");
    for (size_t i = 0; i < who->statement_count; i++) {
        const ol_statement *statement = &who->statements[i];
        if (!speaks_of(statement, action, resource))
            continue;
        if (!statement->allow)
            return ol_error_set(err, OL_EACCESS, "statement %zu denies %.*s on %.*s", i + 1,
                                OL_SLICE_FMT(action), OL_SLICE_FMT(resource));
        allowed = true;
    }
    if (allowed || who->root)
        return OL_OK;
    return ol_error_set(err, OL_EACCESS, "no statement allows %.*s on %.*s", OL_SLICE_FMT(action),
                        OL_SLICE_FMT(resource));
}
