/* SPDX-License-Identifier: MIT */
/*
 * Names of persons and addresses, as far as a cue goes: a form of address or a label in front of
 * a name, the shape of a street's address, a field called so. Names in running text have neither
 * and are not found.
 */
#include <string.h>

#include "context.h"
#include "recognisers.h"

#define NAME_MAX_BYTES 64
#define WORDS_MAX 4

#define NAME_FIELDS                                                                             \
    "name|first name|last name|full name|surname|given name|family name|middle name|customer name|" \
    "patient|contact name|firstname|lastname|fullname|vorname|nachname|nombre|apellido|prénom|cognome"
#define ADDRESS_FIELDS                                                                         \
    "address|street|street address|address line|addr1|city|town|strasse|straße|direccion|dirección|" \
    "adresse|indirizzo"

/* Titles stand directly in front; labels have a colon or '='. */
#define TITLES "mr|mrs|ms|miss|mx|dr|prof|professor|sir|madam|herr|frau|señor|señora|sr|sra|monsieur|madame|mme|dear|mister"
#define LABELS                                                                              \
    "name|patient|customer|author|from|to|attn|attention|contact|cardholder|card holder|holder|" \
    "beneficiary|employee|client|applicant|recipient|sender|tenant|student|insured|member|signed|signatory"

static bool capital(const struct pii_text *t, size_t at)
{
    int c = pii_at(t, at);
    return (c >= 'A' && c <= 'Z') || (c == 0xc3 && pii_at(t, at + 1) >= 0x80 && pii_at(t, at + 1) <= 0x9e);
}

static size_t letter(const struct pii_text *t, size_t at)
{
    if (pii_letter(pii_at(t, at)))
        return 1;
    return pii_wide_letter(pii_at(t, at), pii_at(t, at + 1)) ? 2 : 0;
}

/* The end of the word at `at`: "O'Brien", "Jean-Luc", "J." */
static size_t word_end(const struct pii_text *t, size_t at)
{
    size_t step, start = at;
    for (;;) {
        while ((step = letter(t, at)) != 0)
            at += step;
        int c = pii_at(t, at);
        if ((c != '\'' && c != '-') || letter(t, at + 1) == 0)
            break;
        at++;
    }
    return at - start == 1 && pii_at(t, at) == '.' ? at + 1 : at;
}

/* Small words inside of names. */
static size_t particle(const struct pii_text *t, size_t at)
{
    static const char *const words[] = {"van der ", "van den ", "van de ", "von ", "van ", "de la ", "del ",
                                        "de ", "da ", "di ", "der ", "bin ", "al ", "la ", "le "};
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        size_t n = strlen(words[i]);
        if (at + n < t->len && memcmp(t->p + at, words[i], n) == 0)
            return n;
    }
    return 0;
}

/* The end of one to four capitalised words. */
static size_t name_end(const struct pii_text *t, size_t at)
{
    size_t end = at;
    for (unsigned words = 0; words < WORDS_MAX && end - at < NAME_MAX_BYTES; words++) {
        size_t next = words == 0 ? at : end + 1;
        if (words > 0 && pii_at(t, end) != ' ')
            break;
        next += words > 0 ? particle(t, next) : 0;
        if (!capital(t, next))
            break;
        end = word_end(t, next);
    }
    return end;
}

static bool is_title(const struct pii_text *t, size_t start)
{
    return pii_at(t, start - 1) == ' ' && pii_at(t, start - 2) != ':' && pii_at(t, start - 2) != ',' &&
           pii_context_before(t, start, 1, TITLES);
}

static bool is_labelled(const struct pii_text *t, size_t start)
{
    size_t at = start;
    while (start - at < 4 && at > 0 && strchr(" \"'>", t->p[at - 1]))
        at--;
    if (pii_at(t, at - 1) != ':' && pii_at(t, at - 1) != '=')
        return false;
    return pii_context_before(t, at - 1, 1, LABELS);
}

/* "Bob Smith <bob@example.com>" */
static bool before_address(const struct pii_text *t, size_t end)
{
    size_t at = end + (pii_at(t, end) == '"');
    if (pii_at(t, at) != ' ' || pii_at(t, at + 1) != '<')
        return false;
    for (size_t i = at + 2; i < at + 66; i++) {
        int c = pii_at(t, i);
        if (c == '@')
            return true;
        if (c <= ' ' || c == '>')
            return false;
    }
    return false;
}

static bool field_is(const struct pii_text *t, const char *names)
{
    struct pii_text only = {.field = t->field, .field_size = t->field_size};
    return t->field_size > 0 && pii_context_has(&only, 0, names);
}

/* The whole value, when it is short and `at` is its first letter. */
static bool whole_value(const struct pii_text *t, size_t at, struct pii_match *m)
{
    if (t->len > PII_BACK || at > 4)
        return false;
    for (size_t i = 0; i < at; i++)
        if (t->p[i] != ' ' && t->p[i] != '"')
            return false;
    m->start = at;
    m->end = t->len;
    m->score = 60;
    return true;
}

bool pii_person_find(const struct pii_text *t, size_t at, struct pii_match *m)
{
    if (field_is(t, NAME_FIELDS) &&
        !field_is(t, "file name|filename|host name|hostname|domain name|user name|username|company name|"
                     "product name|bucket name|event name|nickname") &&
        whole_value(t, at, m))
        return true;
    if (!capital(t, at) || pii_alnum(pii_at(t, at - 1)))
        return false;
    size_t end = name_end(t, at);
    bool words2 = memchr(t->p + at, ' ', end - at) != NULL;
    if (end - at < 2 || !(is_title(t, at) || is_labelled(t, at) || (words2 && before_address(t, end))))
        return false;
    m->start = at;
    m->end = pii_at(t, end - 1) == '.' && end - at > 3 ? end - 1 : end;
    m->score = 55;
    return true;
}

/* ---- addresses ---------------------------------------------------------------------------- */

static const char suffixes[] =
    " street st avenue ave road rd boulevard blvd lane ln drive dr court ct place pl square sq terrace ter "
    "trail trl parkway pkwy highway hwy way circle cir close crescent cres gardens grove mews row walk ";

static bool is_suffix(const struct pii_text *t, size_t at, size_t end)
{
    char wanted[14] = " ";
    size_t len = end - at;
    if (len < 2 || len > 11)
        return false;
    for (size_t i = 0; i < len; i++)
        wanted[i + 1] = (char)pii_lower(t->p[at + i]);
    wanted[len + 1] = ' ';
    return strstr(suffixes, wanted) != NULL;
}

/* ", Springfield, IL 62704": the end, or where it began. */
static size_t city_end(const struct pii_text *t, size_t end)
{
    if (pii_at(t, end) != ',' || pii_at(t, end + 1) != ' ' || !capital(t, end + 2))
        return end;
    size_t city = name_end(t, end + 2), at = city;
    if (pii_at(t, at) != ',' || pii_at(t, at + 1) != ' ' || !capital(t, at + 2) || !capital(t, at + 3))
        return end;
    at += 4;
    if (pii_at(t, at) == ' ' && pii_digits(t, at + 1, 5)) {
        at += 6;
        at += pii_at(t, at) == '-' && pii_digits(t, at + 1, 4) ? 5 : 0;
    }
    return pii_alnum(pii_at(t, at)) ? end : at;
}

/* "221B Baker Street", "10 N. Main St, Springfield, IL 62704" */
static bool street(const struct pii_text *t, size_t at, struct pii_match *m)
{
    size_t pos = at, last = 0;
    while (pos - at < 6 && pii_digit(pii_at(t, pos)))
        pos++;
    pos += pii_letter(pii_at(t, pos)) && pii_at(t, pos + 1) == ' ';
    if (pos == at || pos - at > 6 || pii_at(t, pos) != ' ')
        return false;
    for (unsigned words = 0; words < 5 && pii_at(t, pos) == ' ' && capital(t, pos + 1); words++) {
        size_t end = word_end(t, pos + 1), letters = end - (pii_at(t, end - 1) == '.');
        size_t dot = pii_at(t, letters) == '.' && pii_at(t, letters + 1) == ',';
        if (words > 0 && is_suffix(t, pos + 1, letters))
            last = letters + dot;
        pos = end + (dot && end == letters);
    }
    if (last == 0)
        return false;
    m->start = at;
    m->end = city_end(t, last);
    m->score = 55;
    return true;
}

/* "P.O. Box 123" */
static bool post_box(const struct pii_text *t, size_t at, struct pii_match *m)
{
    static const char *const forms[] = {"P.O. Box ", "PO Box ", "P. O. Box ", "P.O.Box ", "Postfach "};
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        size_t n = strlen(forms[i]), end = at + n;
        if (at + n >= t->len || memcmp(t->p + at, forms[i], n) != 0 || !pii_digit(pii_at(t, end)))
            continue;
        while (end - at < n + 7 && pii_digit(pii_at(t, end)))
            end++;
        m->start = at;
        m->end = end;
        m->score = 60;
        return !pii_alnum(pii_at(t, end));
    }
    return false;
}

bool pii_location_find(const struct pii_text *t, size_t at, struct pii_match *m)
{
    if (field_is(t, ADDRESS_FIELDS) && !field_is(t, "ip|mac|email|e mail|web|wallet|url|btc|eth|addresses count") &&
        whole_value(t, at, m))
        return true;
    if (pii_alnum(pii_at(t, at - 1)))
        return false;
    return pii_digit(pii_at(t, at)) ? street(t, at, m) : post_box(t, at, m);
}
