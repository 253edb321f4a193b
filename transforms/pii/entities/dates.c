/* SPDX-License-Identifier: MIT */
/*
 * Birth dates and ages. A date alone is no rarity; what makes it one of birth is a word in front
 * of it or the name of its field, an age also what follows it.
 */
#include <string.h>

#include "context.h"
#include "numbers.h"
#include "recognisers.h"

#define YEAR_MIN 1880
#define YEAR_MAX 2079

struct date {
    unsigned year, month, day;
    size_t end;
};

static unsigned digits_at(const struct pii_text *t, size_t at, unsigned max, unsigned *value)
{
    unsigned n = 0;
    *value = 0;
    while (n <= max && pii_digit(pii_at(t, at + n)))
        *value = *value * 10 + (unsigned)(t->p[at + n++] - '0');
    return n <= max ? n : 0;
}

static const char months[12][10] = {"january", "february", "march",     "april",   "may",      "june",
                                    "july",    "august",   "september", "october", "november", "december"};

/* The same in German, French, Spanish, Italian, Portuguese and Dutch, where they differ. */
static const char *const months_elsewhere[12] = {
    "januar|jänner|janvier|enero|gennaio|janeiro|januari", "februar|février|febrero|febbraio|fevereiro|februari",
    "märz|mars|marzo|março|maart|mär", "avril|abril|aprile", "mai|mayo|maggio|maio|mei",
    "juni|juin|junio|giugno|junho", "juli|juillet|julio|luglio|julho", "août|agosto|augustus",
    "septembre|septiembre|settembre|setembro", "oktober|octobre|octubre|ottobre|outubro|okt",
    "novembre|noviembre|novembro", "dezember|décembre|diciembre|dicembre|dezembro|dez"};

/* The length of the one of `names` that stands at `at`, 0 when none does. */
static size_t one_of(const struct pii_text *t, size_t at, const char *names)
{
    while (*names) {
        size_t size = strcspn(names, "|"), n = 0;
        while (n < size && pii_lower(pii_at(t, at + n)) == (uint8_t)names[n])
            n++;
        if (n == size && !pii_letter(pii_at(t, at + n)) && pii_at(t, at + n) < 0x80)
            return n;
        names += size + (names[size] == '|');
    }
    return 0;
}

/* The length of a month's name, or of its first three or four letters. */
static size_t month_name(const struct pii_text *t, size_t at, unsigned *month)
{
    for (unsigned i = 0; i < 12; i++) {
        size_t n = 0;
        while (months[i][n] && pii_lower(pii_at(t, at + n)) == months[i][n])
            n++;
        if ((n == 3 || n == 4 || months[i][n] == '\0') && n >= 3 && !pii_letter(pii_at(t, at + n))) {
            *month = i + 1;
            return n + (pii_at(t, at + n) == '.');
        }
        n = one_of(t, at, months_elsewhere[i]);
        if (n > 0) {
            *month = i + 1;
            return n + (pii_at(t, at + n) == '.');
        }
    }
    return 0;
}

static unsigned full_year(unsigned year, unsigned digits)
{
    return digits == 4 ? year : year + (year > 29 ? 1900 : 2000);
}

static bool exists(const struct date *d)
{
    return d->year >= YEAR_MIN && d->year <= YEAR_MAX && pii_date_exists(d->year, d->month, d->day);
}

/* 1985-03-12, 12/03/1985, 3.12.85: one separator, the year first or last, day and month either
 * way round. */
static bool read_numeric(const struct pii_text *t, size_t at, struct date *d)
{
    unsigned value[3], size[3];
    size_t pos = at;
    int separator = 0;
    for (unsigned i = 0; i < 3; i++) {
        size[i] = digits_at(t, pos, 4, &value[i]);
        if (size[i] == 0 || size[i] == 3)
            return false;
        pos += size[i];
        int c = pii_at(t, pos);
        if (i < 2 && ((c != '-' && c != '/' && c != '.') || (separator && c != separator)))
            return false;
        separator = i < 2 ? c : separator;
        pos += i < 2;
        pos += i < 2 && separator == '.' && pii_at(t, pos) == ' ';
    }
    d->end = pos;
    if (size[0] == 4) {
        *d = (struct date){value[0], value[1], value[2], pos};
        return size[1] <= 2 && size[2] <= 2 && exists(d);
    }
    if (size[1] > 2 || size[2] == 1)
        return false;
    *d = (struct date){full_year(value[2], size[2]), value[1], value[0], pos};
    if (exists(d))
        return true;
    d->month = value[0];
    d->day = value[1];
    return exists(d);
}

static size_t skip(const struct pii_text *t, size_t at)
{
    while (pii_at(t, at) == ' ' || pii_at(t, at) == ',' || pii_at(t, at) == '-' || pii_at(t, at) == '.')
        at++;
    return at;
}

static size_t ordinal(const struct pii_text *t, size_t at)
{
    static const char endings[] = "st nd rd th";
    for (size_t i = 0; i < sizeof(endings); i += 3)
        if (pii_lower(pii_at(t, at)) == endings[i] && pii_lower(pii_at(t, at + 1)) == endings[i + 1])
            return at + 2;
    return at;
}

static bool read_year(const struct pii_text *t, size_t at, struct date *d)
{
    unsigned size = digits_at(t, at, 4, &d->year);
    d->end = at + size;
    d->year = full_year(d->year, size);
    return (size == 4 || size == 2) && exists(d);
}

/* "of ", "de " */
static bool is_of(const struct pii_text *t, size_t at)
{
    int first = pii_lower(pii_at(t, at)), second = pii_lower(pii_at(t, at + 1));
    return pii_at(t, at + 2) == ' ' && ((first == 'o' && second == 'f') || (first == 'd' && second == 'e'));
}

/* 12 March 1985, 12th of March, 1985, 12-Mar-85 */
static bool read_day_first(const struct pii_text *t, size_t at, struct date *d)
{
    unsigned size = digits_at(t, at, 2, &d->day);
    if (size == 0)
        return false;
    size_t pos = skip(t, ordinal(t, at + size));
    pos += is_of(t, pos) ? 3 : 0;
    size_t name = month_name(t, pos, &d->month);
    pos = skip(t, pos + name);
    pos += is_of(t, pos) ? 3 : 0;
    return name > 0 && read_year(t, pos, d);
}

/* March 12, 1985 */
static bool read_month_first(const struct pii_text *t, size_t at, struct date *d)
{
    size_t name = month_name(t, at, &d->month);
    if (name == 0)
        return false;
    size_t pos = skip(t, at + name);
    unsigned size = digits_at(t, pos, 2, &d->day);
    return size > 0 && read_year(t, skip(t, ordinal(t, pos + size)), d);
}

/* 19850312 */
static bool read_compact(const struct pii_text *t, size_t at, struct date *d)
{
    if (!pii_digits(t, at, 8))
        return false;
    *d = (struct date){pii_number(t, at, 4), pii_number(t, at + 4, 2), pii_number(t, at + 6, 2), at + 8};
    return exists(d);
}

bool pii_date_find(const struct pii_text *t, size_t at, struct pii_match *m)
{
    struct date d;
    bool letter = pii_letter(pii_at(t, at));
    if (pii_alnum(pii_at(t, at - 1)))
        return false;
    bool fits = letter ? read_month_first(t, at, &d)
                       : read_numeric(t, at, &d) || read_day_first(t, at, &d) || read_compact(t, at, &d);
    if (!fits || !pii_stands_alone(t, at, d.end))
        return false;
    m->start = at;
    m->end = d.end;
    m->score = 20;
    return true;
}

/* ---- ages --------------------------------------------------------------------------------- */

/* " years old", "-year-old", " y/o", "yo", " years of age": the length, 0 for none. */
static size_t age_behind(const struct pii_text *t, size_t at)
{
    static const char *const words[] = {" years old",    "-years-old",     " year old", "-year-old",
                                        " years of age", " yrs old",       " y/o",      "y/o",
                                        " yo",           "yo",             " year-old", " years-old"};
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        size_t n = 0;
        while (words[i][n] && pii_lower(pii_at(t, at + n)) == words[i][n])
            n++;
        if (words[i][n] == '\0' && !pii_alnum(pii_at(t, at + n)))
            return n;
    }
    return 0;
}

bool pii_age_find(const struct pii_text *t, size_t at, struct pii_match *m)
{
    unsigned age, size = digits_at(t, at, 3, &age);
    if (size == 0 || age > 120 || pii_alnum(pii_at(t, at - 1)))
        return false;
    size_t behind = age_behind(t, at + size);
    bool before = pii_context_near(t, at, "age|aged|alter|edad|âge|leeftijd|età") >= PII_CONTEXT_WORDS - 1;
    if (!behind && !(before && pii_stands_alone(t, at, at + size)))
        return false;
    m->start = at;
    m->end = at + size + behind;
    m->score = 60;
    return true;
}
