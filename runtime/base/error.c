/* SPDX-License-Identifier: MIT */
/*
 * The error table and the functions that fill an ol_error from it.
 */
#include "base/error.h"

#include <assert.h>
#include <stdio.h>

#include "base/utf8.h"

typedef struct row {
    const char *name;
    const char *s3_code;
    int status;
    const char *message;
} row;

static const row rows[] = {
#define OL_ERROR_ROW(name, s3, status, text) {#name, s3, status, text},
    OL_ERRORS(OL_ERROR_ROW)
#undef OL_ERROR_ROW
};

/* A code that is not in the list is a fault of ours: it reads as an internal error. */
static const row *row_of(int code)
{
    const int row_count = (int)(sizeof(rows) / sizeof(rows[0]));
    if (code <= OL_CODE_FIRST_ || code > OL_CODE_FIRST_ + row_count)
        return NULL;
    return &rows[code - OL_CODE_FIRST_ - 1];
}

static const row *row_or_internal(int code)
{
    const row *r = row_of(code);
    return r ? r : row_of(OL_EINTERNAL);
}

/* As much as fits, without cutting a character in two; a NUL ends the text. */
static void copy_text(char *out, size_t size, ol_slice text)
{
    size_t len = 0;
    while (len < text.len && text.data[len]) {
        uint32_t code_point;
        size_t step = ol_utf8_next(ol_slice_from(text, len), &code_point);
        if (len + step >= size)
            break;
        len += step;
    }
    if (len)
        memcpy(out, text.data, len);
    out[len] = '\0';
}

static void format_text(char *out, size_t size, const char *format, va_list args)
{
    char whole[2 * OL_ERROR_TEXT_SIZE];
    if (vsnprintf(whole, sizeof(whole), format, args) < 0)
        whole[0] = '\0';
    copy_text(out, size, ol_slice_cstr(whole));
}

static void fill(ol_error *err, int code)
{
    assert(code < 0); /* 0 would read as no error at all */
    const row *r = row_or_internal(code);
    *err = (ol_error){.code = code, .status = r->status};
    copy_text(err->s3_code, sizeof(err->s3_code), ol_slice_cstr(r->s3_code));
    copy_text(err->message, sizeof(err->message), ol_slice_cstr(r->message));
}

int ol_error_set(ol_error *err, int code, const char *detail, ...)
{
    if (!err || err->code != 0)
        return code;
    fill(err, code);
    if (!detail)
        return code;
    va_list args;
    va_start(args, detail);
    format_text(err->detail, sizeof(err->detail), detail, args);
    va_end(args);
    return code;
}

int ol_error_say(ol_error *err, int code, const char *message, ...)
{
    if (!err || err->code != 0)
        return code;
    fill(err, code);
    va_list args;
    va_start(args, message);
    format_text(err->message, sizeof(err->message), message, args);
    va_end(args);
    return code;
}

int ol_error_custom(ol_error *err, int code, int status, ol_slice s3_code, ol_slice message)
{
    if (!err || err->code != 0)
        return code;
    fill(err, code);
    err->status = status >= 400 && status <= 599 ? status : 500;
    if (s3_code.len)
        copy_text(err->s3_code, sizeof(err->s3_code), s3_code);
    if (message.len)
        copy_text(err->message, sizeof(err->message), message);
    return code;
}

const char *ol_code_name(int code)
{
    const row *r = row_of(code);
    return r ? r->name : "OL_E?";
}

const char *ol_code_s3(int code)
{
    return row_or_internal(code)->s3_code;
}

int ol_code_status(int code)
{
    return row_or_internal(code)->status;
}

const char *ol_code_message(int code)
{
    return row_or_internal(code)->message;
}
