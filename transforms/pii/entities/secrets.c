/* SPDX-License-Identifier: MIT */
/*
 * Passwords and user names behind the word that names them ("password=…", "user: …", "my
 * password is …"), and AWS secret keys. The anchor is the first word of the value.
 */
#include <string.h>

#include "context.h"
#include "recognisers.h"

#define VALUE_MAX 128
#define LEAD_MAX 16 /* punctuation that a value begins with */

#define PASSWORD_KEYS "password|passwd|pwd|pass|passphrase|passwort|contraseña|mot de passe|senha|pw|psw"
#define USERNAME_KEYS "username|user|login|userid|user name|user id|screen name|handle|account name|nick|benutzer"

static bool ends_value(int c)
{
    return c <= ' ' || c == '"' || c == '\'' || c == '`' || c == ',' || c == ';' || c == '&' || c == '<' ||
           c == '>' || c == '|';
}

/* "--password hunter2", or "-p hunter2": the word that ends at `end` is an option of a command. */
static bool is_option(const struct pii_text *t, size_t end)
{
    size_t at = end;
    while (end - at < 32 && (pii_alnum(pii_at(t, at - 1)) || pii_at(t, at - 1) == '_'))
        at--;
    while (end - at < 32 && pii_at(t, at - 1) == '-' && pii_alnum(pii_at(t, at - 2)))
        for (at--; end - at < 32 && pii_alnum(pii_at(t, at - 1));)
            at--;
    return at < end && pii_at(t, at - 1) == '-' && pii_at(t, at - 2) == '-';
}

/* Where the value begins that has its first letter or digit at `at`; its key ends at *key_end.
 * False when no '=' or ':' (nor, if `sentence`, "is") stands in front, and it is neither in quotes
 * nor behind an option. */
static bool value_start(const struct pii_text *t, size_t at, bool sentence, size_t *start, size_t *key_end)
{
    size_t from = at;
    while (at - from < LEAD_MAX && !ends_value(pii_at(t, from - 1)) && pii_at(t, from - 1) != '=' &&
           pii_at(t, from - 1) != ':')
        if (pii_alnum(pii_at(t, --from)))
            return false;
    *start = from;
    while (at - from < 2 * LEAD_MAX && strchr(" \"'`>", pii_at(t, from - 1)) && pii_at(t, from - 1) > 0)
        from--;
    int separator = pii_at(t, from - 1);
    if (separator == '=' || separator == ':') {
        *key_end = from - 1;
        return true;
    }
    bool quoted = pii_at(t, *start - 1) == '"' || pii_at(t, *start - 1) == '\'';
    if (from < *start && pii_letter(separator) && (quoted || is_option(t, from))) {
        *key_end = from;
        return true;
    }
    bool is = from > 3 && from <= t->len && memcmp(t->p + from - 3, " is", 3) == 0;
    *key_end = from - 3;
    return sentence && is;
}

static size_t value_end(const struct pii_text *t, size_t start)
{
    int quote = pii_at(t, start - 1);
    bool quoted = quote == '"' || quote == '\'' || quote == '`';
    size_t end = start;
    while (end - start < VALUE_MAX &&
           (quoted ? pii_at(t, end) != quote && pii_at(t, end) >= ' ' : !ends_value(pii_at(t, end))))
        end++;
    while (!quoted && end > start && strchr(".)]}:", pii_at(t, end - 1)) && end - start > 4)
        end--;
    return end;
}

/* Not what programs and forms say in such places. */
static bool means_nothing(const struct pii_text *t, size_t start, size_t end)
{
    static const char words[] = " null none nil true false undefined required optional string yes no empty "
                                "redacted hidden masked invalid incorrect wrong missing expired changed reset "
                                "unknown not set the a an ";
    char wanted[16] = " ";
    size_t size = end - start;
    if (size > 12)
        return false;
    for (size_t i = 0; i < size; i++)
        wanted[i + 1] = (char)pii_lower(t->p[start + i]);
    wanted[size + 1] = ' ';
    return strstr(words, wanted) != NULL;
}

static bool has_digit_or_sign(const struct pii_text *t, size_t start, size_t end)
{
    for (size_t i = start; i < end; i++)
        if (!pii_letter(t->p[i]) && t->p[i] < 0x80)
            return true;
    return false;
}

/* `last_word`: more keys, which count only directly in front; NULL for none. */
static bool value_of(const struct pii_text *t, size_t at, const char *keys, const char *last_word,
                     size_t size_min, struct pii_match *m)
{
    size_t start, key_end, end;
    if (pii_alnum(pii_at(t, at - 1)) || !value_start(t, at, true, &start, &key_end) ||
        !(pii_context_before(t, key_end, 2, keys) || (last_word && pii_context_before(t, key_end, 1, last_word))))
        return false;
    end = value_end(t, start);
    if (end < start + size_min || means_nothing(t, start, end))
        return false;
    bool sentence = pii_at(t, key_end) == ' ' && pii_at(t, key_end + 1) == 'i';
    if (sentence && !has_digit_or_sign(t, start, end))
        return false;
    m->start = start;
    m->end = end;
    m->score = 60;
    return true;
}

/* The value of a field of that name, whole. */
static bool whole_field(const struct pii_text *t, size_t at, const char *keys, struct pii_match *m)
{
    struct pii_text name = {.field = t->field, .field_size = t->field_size};
    if (at > LEAD_MAX || t->field_size == 0 || t->len > PII_BACK || !pii_context_has(&name, 0, keys))
        return false;
    for (size_t i = 0; i < at; i++)
        if (pii_alnum(t->p[i]))
            return false;
    m->start = 0;
    m->end = t->len;
    m->score = 60;
    return t->len > 2;
}

bool pii_password_find(const struct pii_text *t, size_t at, struct pii_match *m)
{
    return whole_field(t, at, PASSWORD_KEYS, m) || value_of(t, at, PASSWORD_KEYS, "secret", 4, m);
}

bool pii_username_find(const struct pii_text *t, size_t at, struct pii_match *m)
{
    return whole_field(t, at, USERNAME_KEYS, m) || value_of(t, at, USERNAME_KEYS, NULL, 3, m);
}

/* ---- AWS secret keys ---------------------------------------------------------------------- */

#define SECRET_SIZE 40

static bool secret_byte(int c)
{
    return pii_alnum(c) || c == '/' || c == '+';
}

bool pii_aws_secret_key_find(const struct pii_text *t, size_t at, struct pii_match *m)
{
    size_t start = at, upper = 0, lower = 0, digits = 0;
    while (at - start < 4 && (pii_at(t, start - 1) == '/' || pii_at(t, start - 1) == '+'))
        start--;
    if (pii_alnum(pii_at(t, start - 1)))
        return false;
    for (size_t i = start; i < start + SECRET_SIZE; i++) {
        int c = pii_at(t, i);
        if (!secret_byte(c))
            return false;
        upper += c >= 'A' && c <= 'Z';
        lower += c >= 'a' && c <= 'z';
        digits += pii_digit(c);
    }
    if (secret_byte(pii_at(t, start + SECRET_SIZE)) || pii_at(t, start + SECRET_SIZE) == '=' || upper < 4 ||
        lower < 4 || digits < 1)
        return false;
    m->start = start;
    m->end = start + SECRET_SIZE;
    m->score = 25;
    return true;
}
