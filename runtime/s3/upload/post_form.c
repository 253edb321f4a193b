/* SPDX-License-Identifier: MIT */
/*
 * A state machine over the body. Between parts stands the delimiter, CR LF "--" boundary; the
 * body is read as if a CR LF stood before it, so that the first delimiter is like the others.
 *
 *   PREAMBLE → (delimiter) → AFTER → HEAD → FIELD → (delimiter) → AFTER → … → FILE → END
 *
 * Only what might be a delimiter is held back, and of that only its length: what was matched so
 * far is the delimiter's own beginning.
 */
#include "s3/upload/post_form.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "s3/upload/post_part.h"

#define DELIMITER_MAX (4 + OL_POST_BOUNDARY_MAX)

enum state { PREAMBLE, AFTER, HEAD, FIELD, FILE_BEGINS, FILE_DATA, ENDED };

struct ol_post_form {
    ol_arena *arena;
    enum state state;
    uint8_t delimiter[DELIMITER_MAX];
    size_t delimiter_len;
    size_t matched;   /* bytes of the delimiter seen */
    uint8_t after[2]; /* what follows a delimiter */
    size_t after_len;
    ol_buf gathered;  /* head or value of the open part */
    ol_post_part part;
    ol_post_field fields[OL_POST_FIELDS_MAX];
    size_t field_count, fields_bytes;
};

static int malformed(ol_error *err, const char *why)
{
    return ol_error_set(err, OL_EMALFORMEDPOST, "%s", why);
}

static int too_long(ol_error *err)
{
    return ol_error_custom(
        err, OL_EMALFORMEDPOST, 400, OL_SLICE_LIT("MaxPostPreDataLengthExceeded"),
        OL_SLICE_LIT("Your POST request fields preceding the upload file were too large."));
}

/* A field may be a customer's key. */
static void forget_fields(void *arg)
{
    ol_post_form *form = arg;
    ol_buf_fini_secret(&form->gathered);
    for (size_t i = 0; i < form->field_count; i++)
        ol_wipe_slice(form->fields[i].value);
}

int ol_post_form_new(ol_post_form **out, ol_slice content_type, ol_arena *arena, ol_error *err)
{
    ol_slice boundary;
    ol_post_form *form = ol_arena_calloc(arena, sizeof *form);
    *out = NULL;
    if (!form)
        return ol_error_set(err, OL_ENOMEM, "form");
    if (!ol_post_boundary(content_type, &boundary))
        return ol_error_say(err, OL_EPRECONDITION,
                            "Bucket POST must be of the enclosure-type multipart/form-data");
    ol_buf_init_secret(&form->gathered, OL_POST_FIELDS_BYTES_MAX);
    if (ol_arena_on_end(arena, forget_fields, form) != OL_OK)
        return ol_error_set(err, OL_ENOMEM, "form");
    form->arena = arena;
    memcpy(form->delimiter, "\r\n--", 4);
    memcpy(form->delimiter + 4, boundary.data, boundary.len);
    form->delimiter_len = 4 + boundary.len;
    form->matched = 2;
    *out = form;
    return OL_OK;
}

/* ---- data up to the next delimiter ---- */

/* Takes data off *in until a delimiter is complete (true) or *in is empty (false). *piece is data
 * in front of it, which may come out of what was held back: then *in is not moved. */
static bool take_data(ol_post_form *form, ol_slice *in, ol_slice *piece)
{
    *piece = OL_SLICE_NONE;
    while (in->len > 0) {
        if (form->matched == 0) {
            ptrdiff_t cr = ol_slice_find(*in, '\r');
            *piece = cr < 0 ? *in : ol_slice_first(*in, (size_t)cr);
            *in = ol_slice_from(*in, piece->len);
            if (piece->len > 0)
                return false;
            form->matched = 1;
            *in = ol_slice_from(*in, 1);
        } else if (in->data[0] == form->delimiter[form->matched]) {
            *in = ol_slice_from(*in, 1);
            if (++form->matched == form->delimiter_len) {
                form->matched = 0;
                return true;
            }
        } else { /* was no delimiter; its only CR is its first byte, so nothing of it begins one */
            *piece = ol_slice_of(form->delimiter, form->matched);
            form->matched = 0;
            return false;
        }
    }
    return false;
}

/* ---- parts ---- */

static int finish_field(ol_post_form *form, ol_error *err)
{
    ol_post_field *field = &form->fields[form->field_count];
    bool ignored = ol_post_is_ignored(form->part.name);
    if (form->field_count == OL_POST_FIELDS_MAX)
        return too_long(err);
    for (size_t i = 0; !ignored && i < form->field_count; i++)
        if (ol_slice_ieq(form->fields[i].name, form->part.name))
            return ol_error_say(err, OL_EINVAL, "A form field is there more than once: %.*s",
                                OL_SLICE_FMT(ol_slice_first(form->part.name, 100)));
    field->name = form->part.name;
    field->value = ol_arena_copy(form->arena, ol_buf_slice(&form->gathered));
    if (!field->value.data)
        return ol_error_set(err, OL_ENOMEM, "form");
    form->field_count++;
    ol_buf_clear(&form->gathered);
    return OL_OK;
}

static int gather(ol_post_form *form, ol_slice bytes, ol_error *err)
{
    form->fields_bytes += bytes.len;
    if (form->fields_bytes > OL_POST_FIELDS_BYTES_MAX)
        return too_long(err);
    int rc = ol_buf_add(&form->gathered, bytes);
    return rc == OL_OK ? OL_OK : ol_error_set(err, rc, "form");
}

/* Behind a delimiter: CR LF begins a part, "--" ends the form. */
static int on_after(ol_post_form *form, ol_slice *in, ol_error *err)
{
    form->after[form->after_len++] = in->data[0];
    *in = ol_slice_from(*in, 1);
    /* Blanks may stand between the delimiter and its CR LF. */
    if (form->after_len == 1 && (form->after[0] == ' ' || form->after[0] == '\t'))
        form->after_len = 0;
    if (form->after_len < 2)
        return OL_OK;
    form->after_len = 0;
    if (memcmp(form->after, "--", 2) == 0)
        return ol_error_say(err, OL_EINVAL, "POST requires exactly one file upload per request.");
    if (memcmp(form->after, "\r\n", 2) != 0)
        return malformed(err, "rubbish behind a boundary");
    form->state = HEAD;
    return OL_OK;
}

static bool head_is_whole(const ol_buf *head)
{
    return (head->len >= 4 && memcmp(head->data + head->len - 4, "\r\n\r\n", 4) == 0) ||
           (head->len == 2 && memcmp(head->data, "\r\n", 2) == 0);
}

static int begin_part(ol_post_form *form, ol_error *err)
{
    int rc = ol_post_part_read(ol_buf_slice(&form->gathered), form->arena, &form->part, err);
    ol_buf_clear(&form->gathered);
    if (rc != OL_OK)
        return rc;
    bool is_file = ol_slice_ieq(form->part.name, OL_SLICE_LIT("file"));
    form->state = is_file ? FILE_BEGINS : FIELD;
    return OL_OK;
}

static int on_head(ol_post_form *form, ol_slice *in, ol_error *err)
{
    while (in->len > 0 && form->state == HEAD) {
        int rc = gather(form, ol_slice_first(*in, 1), err);
        *in = ol_slice_from(*in, 1);
        if (rc != OL_OK)
            return rc;
        if (form->gathered.len > OL_POST_PART_HEAD_BYTES_MAX)
            return too_long(err);
        if (head_is_whole(&form->gathered) && (rc = begin_part(form, err)) != OL_OK)
            return rc;
    }
    return OL_OK;
}

static int on_field(ol_post_form *form, ol_slice *in, ol_error *err)
{
    ol_slice piece;
    bool whole = take_data(form, in, &piece);
    int rc = gather(form, piece, err);
    if (rc != OL_OK || !whole)
        return rc;
    form->state = AFTER;
    return finish_field(form, err);
}

/* What stands before the first delimiter is not for us, but it is bounded like fields. */
static int on_preamble(ol_post_form *form, ol_slice *in, ol_error *err)
{
    ol_slice piece;
    if (take_data(form, in, &piece))
        form->state = AFTER;
    form->fields_bytes += piece.len;
    return form->fields_bytes > OL_POST_FIELDS_BYTES_MAX ? too_long(err) : OL_OK;
}

static int on_file_begins(ol_post_form *form, ol_error *err)
{
    for (size_t i = 0; i < form->field_count; i++) {
        int rc = ol_post_fill_in(&form->fields[i], form->part.file_name, form->arena, err);
        if (rc != OL_OK)
            return rc;
    }
    form->state = FILE_DATA;
    return OL_POST_FILE;
}

static int on_file(ol_post_form *form, ol_slice *in, ol_slice *piece)
{
    if (take_data(form, in, piece)) {
        form->state = ENDED;
        return OL_POST_END;
    }
    return piece->len > 0 ? OL_POST_DATA : OL_POST_MORE;
}

int ol_post_form_next(ol_post_form *form, ol_slice *in, ol_slice *piece, ol_error *err)
{
    int rc = OL_OK;
    *piece = OL_SLICE_NONE;
    while (rc == OL_OK) {
        if (form->state == FILE_BEGINS)
            return on_file_begins(form, err);
        if (form->state == ENDED) {
            *in = OL_SLICE_NONE;
            return OL_POST_END;
        }
        if (in->len == 0)
            return OL_POST_MORE;
        switch (form->state) {
        case PREAMBLE:
            rc = on_preamble(form, in, err);
            break;
        case AFTER:
            rc = on_after(form, in, err);
            break;
        case HEAD:
            rc = on_head(form, in, err);
            break;
        case FIELD:
            rc = on_field(form, in, err);
            break;
        default:
            return on_file(form, in, piece);
        }
    }
    return rc;
}

int ol_post_form_finish(const ol_post_form *form, ol_error *err)
{
    return form->state == ENDED ? OL_OK : malformed(err, "the body ends inside a part");
}

/* ---- what there is ---- */

size_t ol_post_form_count(const ol_post_form *form)
{
    return form->field_count;
}

const ol_post_field *ol_post_form_field(const ol_post_form *form, size_t index)
{
    return &form->fields[index];
}

ol_slice ol_post_form_get(const ol_post_form *form, const char *name)
{
    for (size_t i = 0; i < form->field_count; i++)
        if (ol_slice_ieq(form->fields[i].name, ol_slice_cstr(name)))
            return form->fields[i].value;
    return OL_SLICE_NONE;
}

ol_slice ol_post_form_file_name(const ol_post_form *form)
{
    return form->part.file_name;
}

ol_slice ol_post_form_file_type(const ol_post_form *form)
{
    return form->part.content_type;
}
