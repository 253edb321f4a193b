/* SPDX-License-Identifier: MIT */
#include "cli/case_check.h"

#include <stdio.h>

#include "cli/cli.h"

#define SHOWN_BYTES 24u /* of a difference */
#define SHOWN_SIZE (4 * SHOWN_BYTES + 16)

static int found_wrong(ol_error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

static int found_wrong(ol_error *err, const char *format, ...)
{
    char text[OL_ERROR_TEXT_SIZE];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    return ol_error_set(err, OL_EINVAL, "%s", text);
}

/* ---- keeping ---- */

int ol_case_found_keep(ol_case_found *kept, const ol_case_found *found, ol_arena *arena)
{
    ol_head *head = ol_arena_calloc(arena, sizeof(*head));
    ol_error *err = found->err ? ol_arena_alloc(arena, sizeof(*err)) : NULL;
    if (!head || (found->err && !err))
        return OL_ENOMEM;
    *head = *found->head;
    ol_headers_init(&head->headers, arena);
    for (size_t i = 0; i < found->head->headers.count; i++) {
        const ol_header *header = &found->head->headers.items[i];
        int rc = ol_headers_add(&head->headers, ol_arena_copy(arena, header->name),
                                ol_arena_copy(arena, header->value));
        if (rc != OL_OK)
            return rc;
    }
    if (err)
        *err = *found->err;
    *kept = (ol_case_found){.head = head, .err = err};
    return OL_OK;
}

/* ---- bytes ---- */

/* A few bytes from `at` on, in quotes, readable. */
static const char *show(ol_slice bytes, size_t at, char text[SHOWN_SIZE])
{
    size_t len = 0;
    if (at >= bytes.len)
        return "the end";
    text[len++] = '"';
    for (size_t i = at; i < bytes.len && i < at + SHOWN_BYTES; i++) {
        uint8_t c = bytes.data[i];
        if (c == '\n')
            len += (size_t)snprintf(text + len, SHOWN_SIZE - len, "\\n");
        else if (c < 0x20 || c >= 0x7f || c == '"')
            len += (size_t)snprintf(text + len, SHOWN_SIZE - len, "\\x%02x", c);
        else
            text[len++] = (char)c;
    }
    snprintf(text + len, SHOWN_SIZE - len, at + SHOWN_BYTES < bytes.len ? "…\"" : "\"");
    return text;
}

static int compare_bytes(ol_slice expected, ol_slice out, ol_error *err)
{
    char left[SHOWN_SIZE], right[SHOWN_SIZE];
    size_t at = 0, line = 1;
    if (ol_slice_eq(expected, out))
        return OL_OK;
    while (at < expected.len && at < out.len && expected.data[at] == out.data[at])
        line += expected.data[at++] == '\n';
    return found_wrong(err, "the output differs at byte %zu (line %zu): %s instead of %s", at, line,
                       show(out, at, right), show(expected, at, left));
}

/* ---- expected ---- */

/* Code, what the client reads, and what only the log does. */
static const char *describe(const ol_error *found, char text[OL_ERROR_TEXT_SIZE])
{
    bool more = found->detail[0] && strcmp(found->detail, found->message) != 0;
    snprintf(text, OL_ERROR_TEXT_SIZE, "%.40s: %.100s%s%.160s%s", found->s3_code, found->message,
             more ? " (" : "", more ? found->detail : "", more ? ")" : "");
    return text;
}

static int check_error(const ol_case *one, const ol_error *got, ol_error *err)
{
    if (one->error_code && strcmp(one->error_code, got->s3_code) != 0)
        return found_wrong(err, "it failed with %s instead of %s: %s", got->s3_code,
                           one->error_code, ol_cli_reason(got));
    if (one->error_status && one->error_status != got->status)
        return found_wrong(err, "it failed with status %d instead of %d", got->status,
                           one->error_status);
    if (one->error_message && strcmp(one->error_message, got->message) != 0)
        return found_wrong(err, "its error says \"%s\" instead of \"%s\"", got->message,
                           one->error_message);
    return OL_OK;
}

static int check_headers(const ol_case *one, const ol_head *head, ol_error *err)
{
    for (size_t i = 0; i < one->header_count; i++) {
        const ol_case_header *wanted = &one->headers[i];
        const ol_header *got = ol_headers_find(&head->headers, ol_slice_cstr(wanted->name));
        if (!wanted->value && got)
            return found_wrong(err, "there is a header %s, which is not expected", wanted->name);
        if (wanted->value && !got)
            return found_wrong(err, "there is no header %s", wanted->name);
        if (wanted->value && !ol_slice_eq_cstr(got->value, wanted->value))
            return found_wrong(err, "header %s is \"%.*s\" instead of \"%s\"", wanted->name,
                               OL_SLICE_FMT(got->value), wanted->value);
    }
    return OL_OK;
}

static int check_success(const ol_case *one, const ol_case_found *found, ol_error *err)
{
    if (one->status && one->status != found->head->status)
        return found_wrong(err, "status %d instead of %d", found->head->status, one->status);
    if (one->length >= 0 && one->length != found->head->content_length)
        return found_wrong(err, "length %lld instead of %lld",
                           (long long)found->head->content_length, (long long)one->length);
    int rc = check_headers(one, found->head, err);
    if (rc == OL_OK && one->has_expected)
        rc = compare_bytes(ol_buf_slice(&one->expected), found->out, err);
    return rc;
}

int ol_case_check_expected(const ol_case *one, const ol_case_found *found, ol_error *err)
{
    char text[OL_ERROR_TEXT_SIZE];
    if (one->fails && !found->err)
        return found_wrong(err, "it went well, and should have failed");
    if (one->fails)
        return check_error(one, found->err, err);
    if (found->err)
        return found_wrong(err, "it failed: %s", describe(found->err, text));
    return check_success(one, found, err);
}

/* ---- the same ---- */

static int same_headers(const ol_head *first, const ol_head *head, ol_error *err)
{
    if (first->headers.count != head->headers.count)
        return found_wrong(err, "other headers than uncut");
    for (size_t i = 0; i < first->headers.count; i++) {
        const ol_header *a = &first->headers.items[i];
        const ol_header *b = ol_headers_find(&head->headers, a->name);
        if (!b || !ol_slice_eq(a->value, b->value))
            return found_wrong(err, "another header %.*s than uncut", OL_SLICE_FMT(a->name));
    }
    return OL_OK;
}

int ol_case_check_same(const ol_case_found *first, const ol_case_found *found, ol_error *err)
{
    char text[OL_ERROR_TEXT_SIZE];
    if (!first->err && found->err)
        return found_wrong(err, "it failed, and does not uncut: %s", describe(found->err, text));
    if (first->err && !found->err)
        return found_wrong(err, "it went well, and fails uncut");
    if (first->err)
        return first->err->status == found->err->status &&
                       strcmp(first->err->s3_code, found->err->s3_code) == 0
                   ? OL_OK
                   : found_wrong(err, "it failed with %s, and with %s uncut", found->err->s3_code,
                                 first->err->s3_code);
    if (first->head->status != found->head->status)
        return found_wrong(err, "status %d, and %d uncut", found->head->status,
                           first->head->status);
    int rc = same_headers(first->head, found->head, err);
    return rc == OL_OK ? compare_bytes(first->out, found->out, err) : rc;
}

/* ---- secrets ---- */

int ol_case_check_text(const ol_case *one, ol_slice text, const char *where, ol_error *err)
{
    const ol_case_secret_form *form = ol_case_secrets_find(&one->secrets, text);
    return form ? found_wrong(err, "secret number %u came out in %s%s", form->number, where, form->as) : OL_OK;
}

int ol_case_check_error_texts(const ol_case *one, const ol_error *found, ol_error *err)
{
    int rc = ol_case_check_text(one, ol_slice_cstr(found->s3_code), "the error's code", err);
    if (rc == OL_OK)
        rc = ol_case_check_text(one, ol_slice_cstr(found->message), "the error's message", err);
    if (rc == OL_OK)
        rc = ol_case_check_text(one, ol_slice_cstr(found->detail), "the error in the server's log", err);
    return rc;
}

int ol_case_check_secrets(const ol_case *one, const ol_case_found *found, ol_error *err)
{
    int rc = ol_case_check_text(one, found->out, "the output", err);
    for (size_t i = 0; rc == OL_OK && i < found->head->headers.count; i++) {
        rc = ol_case_check_text(one, found->head->headers.items[i].value, "a header", err);
        if (rc == OL_OK)
            rc = ol_case_check_text(one, found->head->headers.items[i].name, "a header's name", err);
    }
    if (rc == OL_OK)
        rc = ol_case_check_text(one, found->log, "the transform log", err);
    return rc == OL_OK && found->err ? ol_case_check_error_texts(one, found->err, err) : rc;
}
