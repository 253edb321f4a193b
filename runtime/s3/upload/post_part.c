/* SPDX-License-Identifier: MIT */
/*
 * Names in a part's head are quoted as browsers do it: a quote inside stands as %22 or \", any
 * other backslash is itself (Windows paths).
 */
#include "s3/upload/post_part.h"

#include "base/buf.h"
#include "s3/request/query.h"

#define FILENAME "${filename}"

static int malformed(ol_error *err, const char *why)
{
    return ol_error_set(err, OL_EMALFORMEDPOST, "%s", why);
}

/* ---- parameters: `; name=value`, `; name="value"` ---- */

/* The quoted text at the front of *rest, without its quotes; `\"` does not end it. */
static bool cut_quoted(ol_slice *rest, ol_slice *value)
{
    for (size_t i = 1; i < rest->len; i++) {
        if (rest->data[i] == '\\' && i + 1 < rest->len && rest->data[i + 1] == '"') {
            i++;
        } else if (rest->data[i] == '"') {
            *value = ol_slice_of(rest->data + 1, i - 1);
            *rest = ol_slice_from(*rest, i + 1);
            return true;
        }
    }
    return false;
}

/* The next parameter; false at the end, and (*bad set) when it is none. */
static bool next_parameter(ol_slice *rest, ol_slice *name, ol_slice *value, bool *bad)
{
    *rest = ol_slice_trim(*rest);
    if (rest->len == 0)
        return false;
    *bad = true;
    if (rest->data[0] != ';')
        return false;
    *rest = ol_slice_trim(ol_slice_from(*rest, 1));
    if (rest->len == 0) { /* a semicolon at the end is common */
        *bad = false;
        return false;
    }
    ptrdiff_t equals = ol_slice_find(*rest, '=');
    if (equals <= 0)
        return false;
    *name = ol_slice_trim(ol_slice_first(*rest, (size_t)equals));
    *rest = ol_slice_trim(ol_slice_from(*rest, (size_t)equals + 1));
    if (rest->len > 0 && rest->data[0] == '"') {
        if (!cut_quoted(rest, value))
            return false;
    } else {
        ptrdiff_t end = ol_slice_find(*rest, ';');
        *value = ol_slice_trim(end < 0 ? *rest : ol_slice_first(*rest, (size_t)end));
        *rest = end < 0 ? OL_SLICE_NONE : ol_slice_from(*rest, (size_t)end);
    }
    *bad = false;
    return true;
}

static ol_slice cut_type(ol_slice *rest)
{
    ptrdiff_t end = ol_slice_find(*rest, ';');
    ol_slice type = end < 0 ? *rest : ol_slice_first(*rest, (size_t)end);
    *rest = end < 0 ? OL_SLICE_NONE : ol_slice_from(*rest, (size_t)end);
    return ol_slice_trim(type);
}

/* ---- the boundary ---- */

static bool boundary_ok(ol_slice text)
{
    if (text.len == 0 || text.len > OL_POST_BOUNDARY_MAX || text.data[text.len - 1] == ' ')
        return false;
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.data[i];
        bool alnum = (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
        if (!alnum && (c == 0 || !strchr("'()+_,-./:=? ", c)))
            return false;
    }
    return true;
}

bool ol_post_boundary(ol_slice content_type, ol_slice *boundary)
{
    ol_slice name, value;
    bool bad = false, found = false;
    if (!ol_slice_ieq(cut_type(&content_type), OL_SLICE_LIT("multipart/form-data")))
        return false;
    while (next_parameter(&content_type, &name, &value, &bad)) {
        if (!ol_slice_ieq(name, OL_SLICE_LIT("boundary")))
            continue;
        if (found)
            return false;
        found = true;
        *boundary = value;
    }
    return !bad && found && boundary_ok(*boundary);
}

/* ---- the head of a part ---- */

/* %22 and \" back to quotes; what else browsers encode in names (CR, LF) nobody sends. */
static ol_slice unquote(ol_slice text, ol_arena *arena)
{
    uint8_t *bytes = ol_arena_alloc(arena, text.len + 1);
    size_t len = 0;
    if (!bytes)
        return OL_SLICE_NONE;
    for (size_t i = 0; i < text.len; i++) {
        ol_slice rest = ol_slice_from(text, i);
        if (ol_slice_starts(rest, OL_SLICE_LIT("%22"))) {
            bytes[len++] = '"';
            i += 2;
        } else if (ol_slice_starts(rest, OL_SLICE_LIT("\\\""))) {
            bytes[len++] = '"';
            i += 1;
        } else {
            bytes[len++] = text.data[i];
        }
    }
    return ol_slice_of(bytes, len);
}

static ol_slice last_component(ol_slice path)
{
    for (size_t i = path.len; i > 0; i--)
        if (path.data[i - 1] == '/' || path.data[i - 1] == '\\')
            return ol_slice_from(path, i);
    return path;
}

/* filename*=utf-8''percent-encoded, which old clients send for names beyond ASCII. */
static int read_extended(ol_slice value, ol_arena *arena, ol_slice *out, ol_error *err)
{
    static const char prefix[] = "utf-8''";
    size_t len;
    if (!ol_slice_ieq(ol_slice_first(value, sizeof prefix - 1), OL_SLICE_LIT("utf-8''")))
        return malformed(err, "an extended file name that is not UTF-8");
    value = ol_slice_from(value, sizeof prefix - 1);
    uint8_t *bytes = ol_arena_alloc(arena, value.len + 1);
    if (!bytes)
        return ol_error_set(err, OL_ENOMEM, "form");
    if (!ol_percent_decode(value, false, bytes, &len) || !ol_slice_is_utf8(ol_slice_of(bytes, len)))
        return malformed(err, "an extended file name that is not UTF-8");
    *out = last_component(ol_slice_of(bytes, len));
    return OL_OK;
}

static int read_disposition(ol_slice value, ol_arena *arena, ol_post_part *out, ol_error *err)
{
    ol_slice name, text;
    bool bad = false;
    if (!ol_slice_ieq(cut_type(&value), OL_SLICE_LIT("form-data")))
        return malformed(err, "a part that is no form-data");
    while (next_parameter(&value, &name, &text, &bad)) {
        int rc = OL_OK;
        ol_slice plain = unquote(text, arena);
        if (!plain.data)
            return ol_error_set(err, OL_ENOMEM, "form");
        if (ol_slice_ieq(name, OL_SLICE_LIT("name")))
            out->name = plain;
        else if (ol_slice_ieq(name, OL_SLICE_LIT("filename")))
            out->file_name = last_component(plain);
        else if (ol_slice_ieq(name, OL_SLICE_LIT("filename*")))
            rc = read_extended(text, arena, &out->file_name, err);
        if (rc != OL_OK)
            return rc;
    }
    return bad ? malformed(err, "Content-Disposition") : OL_OK;
}

static int read_line(ol_slice line, ol_arena *arena, ol_post_part *out, ol_error *err)
{
    ptrdiff_t colon = ol_slice_find(line, ':');
    if (colon <= 0)
        return malformed(err, "a part's header");
    ol_slice name = ol_slice_first(line, (size_t)colon),
             value = ol_slice_trim(ol_slice_from(line, (size_t)colon + 1));
    if (ol_slice_ieq(name, OL_SLICE_LIT("content-disposition")))
        return read_disposition(value, arena, out, err);
    if (!ol_slice_ieq(name, OL_SLICE_LIT("content-type")))
        return OL_OK;
    out->content_type = ol_arena_copy(arena, value);
    return out->content_type.data ? OL_OK : ol_error_set(err, OL_ENOMEM, "form");
}

/* Control characters have no place in a header's line, nor in what is made of one. */
static bool line_ok(ol_slice line)
{
    for (size_t i = 0; i < line.len; i++)
        if ((line.data[i] < ' ' && line.data[i] != '\t') || line.data[i] == 0x7f)
            return false;
    return ol_slice_is_utf8(line);
}

int ol_post_part_read(ol_slice head, ol_arena *arena, ol_post_part *out, ol_error *err)
{
    *out = (ol_post_part){0};
    while (head.len > 2) {
        size_t len = 0;
        while (len + 1 < head.len && !(head.data[len] == '\r' && head.data[len + 1] == '\n'))
            len++;
        ol_slice line = ol_slice_first(head, len);
        head = ol_slice_from(head, len + 2);
        if (!line_ok(line))
            return malformed(err, "a part's header");
        int rc = line.len > 0 ? read_line(line, arena, out, err) : OL_OK;
        if (rc != OL_OK)
            return rc;
    }
    return out->name.len > 0 ? OL_OK : malformed(err, "a part without a name");
}

/* ---- fields ---- */

bool ol_post_is_ignored(ol_slice name)
{
    return ol_slice_ieq(ol_slice_first(name, 9), OL_SLICE_LIT("x-ignore-"));
}

static ptrdiff_t find_text(ol_slice in, size_t from, ol_slice text)
{
    for (size_t i = from; i + text.len <= in.len; i++)
        if (memcmp(in.data + i, text.data, text.len) == 0)
            return (ptrdiff_t)i;
    return -1;
}

static bool is_signed_text(ol_slice name)
{
    return ol_slice_ieq(name, OL_SLICE_LIT("policy")) ||
           ol_slice_ieq(name, OL_SLICE_LIT("signature")) ||
           ol_slice_ieq(name, OL_SLICE_LIT("x-amz-signature"));
}

static int append_filled(ol_buf *out, ol_slice value, ol_slice file_name)
{
    const ol_slice mark = OL_SLICE_LIT(FILENAME);
    size_t from = 0;
    ptrdiff_t at;
    int rc = OL_OK;
    while (rc == OL_OK && (at = find_text(value, from, mark)) >= 0) {
        rc = ol_buf_add(out, ol_slice_of(value.data + from, (size_t)at - from));
        if (rc == OL_OK)
            rc = ol_buf_add(out, file_name);
        from = (size_t)at + mark.len;
    }
    return rc == OL_OK ? ol_buf_add(out, ol_slice_from(value, from)) : rc;
}

int ol_post_fill_in(ol_post_field *field, ol_slice file_name, ol_arena *arena, ol_error *err)
{
    if (is_signed_text(field->name) || find_text(field->value, 0, OL_SLICE_LIT(FILENAME)) < 0)
        return OL_OK;
    ol_buf out;
    ol_buf_init(&out, OL_POST_FIELDS_BYTES_MAX * 2);
    int rc = append_filled(&out, field->value, file_name);
    if (rc == OL_OK)
        field->value = ol_arena_copy(arena, ol_buf_slice(&out));
    ol_buf_fini(&out);
    if (rc == OL_ELIMIT)
        return malformed(err, "a field grew too long");
    return rc == OL_OK && field->value.data ? OL_OK : ol_error_set(err, OL_ENOMEM, "form");
}
