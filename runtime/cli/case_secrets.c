/* SPDX-License-Identifier: MIT */
#include "cli/case_secrets.h"

#include <ctype.h>

#include "base/encode.h"
#include "cli/secret_search.h"

#define FORMS_MAX 13u             /* of a secret */
#define FORM_BYTES_MAX (8u * OL_CASE_SECRET_BYTES_MAX)
#define BASE64_BYTES_MIN 5u       /* of a shorter one too few letters are left */

typedef struct making {
    ol_case_secrets *secrets;
    ol_arena *arena;
    ol_slice secret;
} making;

/* ---- forms ---- */

/* A form that is the secret itself, since nothing in it had to be escaped, is not looked for twice. */
static int add_form(making *self, ol_slice text, const char *as, bool (*is_in)(ol_slice text, ol_slice form))
{
    ol_case_secrets *secrets = self->secrets;
    if (as[0] && is_in == ol_secret_stands_in_any_case && ol_slice_eq(text, self->secret))
        return OL_OK;
    ol_slice kept = ol_arena_copy(self->arena, text);
    if (!kept.data)
        return OL_ENOMEM;
    secrets->forms[secrets->count++] = (ol_case_secret_form){
        .text = kept, .is_in = is_in, .as = as, .number = secrets->secret_count};
    return OL_OK;
}

static int add_hex(making *self)
{
    char text[2 * OL_CASE_SECRET_BYTES_MAX + 1];
    ol_hex_encode(self->secret.data, self->secret.len, text);
    return add_form(self, ol_slice_cstr(text), " in hexadecimal", ol_secret_stands_in_dump);
}

/* In base64's alphabet for URLs, where that makes a difference. */
static int add_base64_url(making *self, ol_slice text)
{
    uint8_t *bytes = (uint8_t *)(uintptr_t)text.data; /* of our own buffer */
    bool other = false;
    for (size_t i = 0; i < text.len; i++) {
        bool differs = bytes[i] == '+' || bytes[i] == '/';
        if (differs)
            bytes[i] = bytes[i] == '+' ? '-' : '_';
        other = other || differs;
    }
    return other ? add_form(self, text, " in base64", ol_secret_stands_in_lines) : OL_OK;
}

/* As it reads in the middle of a longer text. Base64 turns each 3 bytes into 4 letters, so that depends on how
 * many bytes of the secret's first group are not the secret's: `before`, 0 to 2. Letters at either end that
 * hold bits of a neighbour as well are left out. */
static int add_base64(making *self, unsigned before)
{
    ol_buf whole, text;
    ol_buf_init(&whole, FORM_BYTES_MAX);
    ol_buf_init(&text, FORM_BYTES_MAX);
    int rc = ol_buf_add(&whole, ol_slice_first(OL_SLICE_LIT("\0\0"), before));
    if (rc == OL_OK)
        rc = ol_buf_add(&whole, self->secret);
    if (rc == OL_OK)
        rc = ol_base64_encode(&text, ol_buf_slice(&whole));
    if (rc == OL_OK) {
        size_t first = (before * 8 + 5) / 6, end = (before + self->secret.len) * 8 / 6;
        ol_slice certain = ol_slice_from(ol_slice_first(ol_buf_slice(&text), end), first);
        rc = add_form(self, certain, " in base64", ol_secret_stands_in_lines);
        if (rc == OL_OK)
            rc = add_base64_url(self, certain);
    }
    ol_buf_fini(&whole);
    ol_buf_fini(&text);
    return rc;
}

static int uri_escape(ol_buf *out, ol_slice text)
{
    return ol_uri_encode(out, text, false);
}

/* Some encoders escape all but letters and digits, more than RFC 3986 asks for. */
static int percent_escape(ol_buf *out, ol_slice text)
{
    int rc = OL_OK;
    for (size_t i = 0; rc == OL_OK && i < text.len; i++)
        rc = isalnum(text.data[i]) ? ol_buf_add_byte(out, text.data[i])
                                   : ol_buf_addf(out, "%%%02x", text.data[i]);
    return rc;
}

static int add_escaped(making *self, int (*escape)(ol_buf *out, ol_slice text), const char *as)
{
    ol_buf text;
    ol_buf_init(&text, FORM_BYTES_MAX);
    int rc = escape(&text, self->secret);
    if (rc == OL_OK)
        rc = add_form(self, ol_buf_slice(&text), as, ol_secret_stands_in_any_case);
    ol_buf_fini(&text);
    return rc;
}

static int add_forms(making *self)
{
    int rc = add_form(self, self->secret, "", ol_secret_stands_in_any_case);
    if (rc == OL_OK)
        rc = add_hex(self);
    for (unsigned before = 0; rc == OL_OK && before < 3 && self->secret.len >= BASE64_BYTES_MIN; before++)
        rc = add_base64(self, before);
    if (rc == OL_OK)
        rc = add_escaped(self, uri_escape, " percent-encoded");
    if (rc == OL_OK)
        rc = add_escaped(self, percent_escape, " percent-encoded");
    if (rc != OL_OK || !ol_slice_is_utf8(self->secret)) /* XML and JSON hold no other bytes */
        return rc;
    rc = add_escaped(self, ol_xml_escape, " escaped for XML");
    if (rc == OL_OK)
        rc = add_form(self, self->secret, " escaped for XML", ol_secret_stands_in_references);
    return rc == OL_OK ? add_escaped(self, ol_json_escape, " escaped for JSON") : rc;
}

int ol_case_secrets_add(ol_case_secrets *secrets, ol_slice secret, ol_arena *arena, ol_error *err)
{
    making self = {.secrets = secrets, .arena = arena, .secret = secret};
    if (secret.len < OL_CASE_SECRET_BYTES_MIN)
        return ol_error_set(err, OL_EINVAL,
                            "secrets: one has less than %u bytes, and would be found by chance",
                            OL_CASE_SECRET_BYTES_MIN);
    if (secret.len > OL_CASE_SECRET_BYTES_MAX)
        return ol_error_set(err, OL_ELIMIT, "secrets: one has more than %u bytes", OL_CASE_SECRET_BYTES_MAX);
    if (secrets->secret_count == OL_CASE_SECRETS_MAX)
        return ol_error_set(err, OL_ELIMIT, "secrets: more than %u", OL_CASE_SECRETS_MAX);
    if (!secrets->forms)
        secrets->forms = ol_arena_calloc(arena, OL_CASE_SECRETS_MAX * FORMS_MAX * sizeof(*secrets->forms));
    secrets->secret_count++;
    return secrets->forms && add_forms(&self) == OL_OK ? OL_OK : ol_error_set(err, OL_ENOMEM, "a case");
}

/* ---- looking ---- */

const ol_case_secret_form *ol_case_secrets_find(const ol_case_secrets *secrets, ol_slice text)
{
    for (size_t i = 0; i < secrets->count; i++) {
        const ol_case_secret_form *form = &secrets->forms[i];
        if (form->is_in(text, form->text))
            return form;
    }
    return NULL;
}
