/* SPDX-License-Identifier: MIT */
/*
 * What transforms/pii/README.md promises, written down a second time: slow, over the whole
 * text, with regular expressions and inet_pton wherever they can say it. Nothing of the
 * transform is used but the table of country calling codes.
 */
#ifndef TESTS_PII_REFERENCE_H
#define TESTS_PII_REFERENCE_H

#include <arpa/inet.h>
#include <ctype.h>
#include <limits.h>
#include <regex.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../../transforms/pii/entities/phone_codes.c"

struct text {
    const unsigned char *p;
    size_t n;
};

static int at(struct text t, long i)
{
    return i >= 0 && (size_t)i < t.n ? t.p[i] : -1;
}

static bool digit(int c)
{
    return c >= '0' && c <= '9';
}

static bool letter(int c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool alnum(int c)
{
    return digit(c) || letter(c);
}

static bool wide(struct text t, long i)
{
    int a = at(t, i), b = at(t, i + 1);
    return a >= 0xc3 && a <= 0xdf && b >= 0x80 && b <= 0xbf && !(a == 0xc3 && (b == 0x97 || b == 0xb7));
}

/* The part [i, i + n) as a C string when it lies in the text and holds only `set`. */
static bool part(struct text t, long i, long n, const char *set, char *out)
{
    if (i + n > (long)t.n)
        return false;
    for (long k = 0; k < n; k++) {
        if (t.p[i + k] == 0 || !strchr(set, t.p[i + k]))
            return false;
        out[k] = (char)t.p[i + k];
    }
    out[n] = 0;
    return true;
}

static bool matches(const char *pattern, const char *s)
{
    static struct {
        const char *pattern;
        regex_t re;
    } cache[16];
    for (size_t i = 0; i < 16; i++) {
        if (!cache[i].pattern) {
            if (regcomp(&cache[i].re, pattern, REG_EXTENDED | REG_NOSUB) != 0)
                abort();
            cache[i].pattern = pattern;
        }
        if (cache[i].pattern == pattern)
            return regexec(&cache[i].re, s, 0, NULL, 0) == 0;
    }
    abort();
}

/* ---- e-mail ------------------------------------------------------------------------------- */

static bool file_ending(const char *s)
{
    static const char list[] = " bmp css csv gif htm html ico jpeg jpg js json log pdf php png svg "
                               "tif tiff txt webp xml yaml yml ";
    char wanted[310];
    snprintf(wanted, sizeof(wanted), " %.299s ", s);
    for (char *c = wanted; *c; c++)
        *c = (char)tolower((unsigned char)*c);
    return strstr(list, wanted) != NULL;
}

static int domain_step(struct text t, long i)
{
    int c = at(t, i);
    return alnum(c) || c == '-' || c == '_' ? 1 : wide(t, i) ? 2 : 0;
}

/* How much of the label [from, to) may be the last of a domain. */
static long top_label(struct text t, long from, long to)
{
    if (to - from > 4 && strncasecmp((const char *)t.p + from, "xn--", 4) == 0)
        return to - from;
    long end = from, letters = 0;
    while (end < to && (letter(at(t, end)) || wide(t, end))) {
        end += letter(at(t, end)) ? 1 : 2;
        letters++;
    }
    char ending[300] = "";
    memcpy(ending, t.p + from, (size_t)(end - from));
    return letters >= 2 && !file_ending(ending) ? end - from : 0;
}

/* The end of the domain beginning at `from`, 0 for none; endless ones are followed to the end. */
static long ref_domain(struct text t, long from)
{
    long labels_from[300], labels_to[300], n = 0, i = from, limit = from + 255, best = 0;
    for (;;) {
        long start = i;
        while (domain_step(t, i) && i + domain_step(t, i) <= limit)
            i += domain_step(t, i);
        if (i == start || i - start > 63) {
            i = start;
            break;
        }
        labels_from[n] = start;
        labels_to[n++] = i;
        if (at(t, i) != '.' || i + 1 > limit)
            break;
        i++;
    }
    /* An address that goes on further than a domain can is followed to its end. */
    int step = at(t, i) == '.' ? 1 : domain_step(t, i);
    bool past = step && i + step > limit;
    for (long k = n - 1; k > 0 && !best; k--)
        if (top_label(t, labels_from[k], labels_to[k]))
            best = labels_from[k] + top_label(t, labels_from[k], labels_to[k]);
    if (!best || !past)
        return best;
    long end = limit;
    while (alnum(at(t, end)) || at(t, end) == '-' || at(t, end) == '_' || at(t, end) == '.' ||
           at(t, end) >= 0x80)
        end++;
    return end;
}

static long ref_email(struct text t, long i)
{
    int c = at(t, i);
    if (!alnum(c) && c != '_' && !wide(t, i))
        return 0;
    long a = i;
    while (at(t, a) != '@') {
        c = at(t, a);
        if (wide(t, a))
            a += 2;
        else if (c > 0 && (alnum(c) || strchr("._-+%'", c)))
            a++;
        else
            return 0;
        if (a - i > 255 || (at(t, a - 1) == '.' && at(t, a) == '.'))
            return 0;
    }
    long end = a > i ? ref_domain(t, a + 1) : 0;
    return end ? end - i : 0;
}

/* ---- numbers ------------------------------------------------------------------------------ */

static bool card_issued(const char *d)
{
    static const struct {
        const char *from, *to, *lengths;
    } table[] = {
        {"1", "1", "15"}, {"2200", "2204", "16 17 18 19"}, {"2221", "2720", "16"},
        {"300", "305", "14 15 16 17 18 19"}, {"3095", "3095", "14 15 16 17 18 19"},
        {"36", "36", "14 15 16 17 18 19"}, {"38", "39", "14 15 16 17 18 19"}, {"34", "34", "15"},
        {"37", "37", "15"}, {"3528", "3589", "16 17 18 19"}, {"4", "4", "13 16 19"},
        {"50", "50", "13 14 15 16 17 18 19"}, {"51", "55", "16"}, {"56", "58", "13 14 15 16 17 18 19"},
        {"600", "600", "13 14 15 16 17 18 19"}, {"6011", "6011", "16 17 18 19"},
        {"62", "62", "16 17 18 19"}, {"63", "63", "13 14 15 16 17 18 19"}, {"644", "659", "16 17 18 19"},
        {"67", "67", "13 14 15 16 17 18 19"}, {"81", "82", "16 17 18 19"},
    };
    char length[24];
    snprintf(length, sizeof(length), "%zu", strlen(d));
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        size_t n = strlen(table[i].from);
        if (strncmp(d, table[i].from, n) >= 0 && strncmp(d, table[i].to, n) <= 0 &&
            strstr(table[i].lengths, length))
            return true;
    }
    return false;
}

static bool card_checks(const char *d)
{
    int sum = 0, n = (int)strlen(d);
    for (int i = 0; i < n; i++) {
        int v = d[n - 1 - i] - '0';
        if (i % 2)
            v = v * 2 > 9 ? v * 2 - 9 : v * 2;
        sum += v;
    }
    return sum % 10 == 0;
}

/* Neither in a word or number, nor around the point of a decimal fraction. */
static bool number_bounded(struct text t, long i, long n)
{
    return !alnum(at(t, i - 1)) && !alnum(at(t, i + n)) &&
           !(at(t, i - 1) == '.' && digit(at(t, i - 2))) &&
           !(at(t, i + n) == '.' && digit(at(t, i + n + 1)));
}

static long ref_card(struct text t, long i)
{
    char s[40], d[40];
    for (long n = 23; n >= 13; n--) {
        if (!part(t, i, n, "0123456789 -", s) || !number_bounded(t, i, n))
            continue;
        if (!matches("^([0-9]{13,19}|[0-9]{4}[ -][0-9]{4}[ -][0-9]{4}[ -]([0-9]{4}[ -])?[0-9]{1,4}|"
                     "[0-9]{4}[ -][0-9]{6}[ -][0-9]{4,5})$", s))
            continue;
        size_t k = 0;
        for (char *c = s; *c; c++)
            if (digit(*c))
                d[k++] = *c;
        d[k] = 0;
        if (k >= 13 && k <= 19 && card_issued(d) && card_checks(d))
            return n;
    }
    return 0;
}

static long ref_ssn(struct text t, long i)
{
    char s[16];
    if (!part(t, i, 11, "0123456789 -", s) ||
        !matches("^([0-9]{3}-[0-9]{2}-[0-9]{4}|[0-9]{3} [0-9]{2} [0-9]{4})$", s) ||
        matches("^(000|666|9)|^....00|0000$", s))
        return 0;
    int chained = (at(t, i - 1) == s[3] && digit(at(t, i - 2))) +
                  (at(t, i + 11) == s[3] && digit(at(t, i + 12)));
    if (alnum(at(t, i - 1)) || alnum(at(t, i + 11)) || chained == 2 || (chained == 1 && s[3] == '-'))
        return 0;
    return 11;
}

static long ref_ip4(struct text t, long i)
{
    char s[20];
    for (long n = 15; n >= 7; n--) {
        unsigned o[4];
        if (!part(t, i, n, "0123456789.", s) || !matches("^[0-9]{1,3}(\\.[0-9]{1,3}){3}$", s) ||
            sscanf(s, "%u.%u.%u.%u", &o[0], &o[1], &o[2], &o[3]) != 4 || o[0] > 255 || o[1] > 255 ||
            o[2] > 255 || o[3] > 255 || !number_bounded(t, i, n))
            continue;
        if (at(t, i - 1) == '/' && letter(at(t, i - 2)) && strcmp(s + n - 6, ".0.0.0") == 0)
            continue;
        return n;
    }
    return 0;
}

static long ref_ip6(struct text t, long i)
{
    char s[64];
    unsigned char address[16];
    if (at(t, i - 1) == ':' && (at(t, i - 2) == ':' || isxdigit(at(t, i - 2) < 0 ? 0 : at(t, i - 2))))
        return 0;
    for (long n = 45; n >= 2; n--) {
        if (!part(t, i, n, "0123456789abcdefABCDEF:.", s) || inet_pton(AF_INET6, s, address) != 1 ||
            !number_bounded(t, i, n) || !strpbrk(s, "0123456789") ||
            matches("^[0-9a-fA-F]{2}(:[0-9a-fA-F]{2}){7}$", s))
            continue;
        int after = at(t, i + n + 1);
        if (at(t, i + n) == ':' && (after == ':' || (after > 0 && isxdigit(after))))
            continue;
        long zone = 0;
        if (at(t, i + n) == '%')
            while (zone < 16 && alnum(at(t, i + n + 1 + zone)))
                zone++;
        return n + (zone ? zone + 1 : 0);
    }
    return 0;
}

/* ---- telephone ---------------------------------------------------------------------------- */

static bool phone_ends(struct text t, long end)
{
    int c = at(t, end);
    if (c == 'x' || c == 'X' || !alnum(c))
        return true;
    return tolower(c) == 'e' && tolower(at(t, end + 1)) == 'x' && tolower(at(t, end + 2)) == 't';
}

static bool phone_length(const char *s, size_t *first_run)
{
    uint8_t d[64];
    unsigned n = 0;
    *first_run = strspn(s + 1, "0123456789");
    for (const char *c = s + 1; *c; c++) {
        if (c[0] == '(' && c[1] == '0' && c[2] == ')')
            c += 2;
        else if (digit(*c))
            d[n++] = (uint8_t)(*c - '0');
    }
    return pii_phone_length_ok(d, n);
}

static long ref_plus(struct text t, long i)
{
    char s[64];
    size_t run;
    long found = 0;
    if (at(t, i) != '+' || alnum(at(t, i - 1)) || at(t, i - 1) == '+')
        return 0;
    for (long n = 40; n >= 9; n--) {
        if (!part(t, i, n, "+0123456789 .-()", s) || !phone_ends(t, i + n) ||
            !matches("^\\+[0-9]+([ .-][0-9]+)*"
                     "([ .-]?\\([0-9]{1,5}\\)[ .-]?[0-9]+([ .-][0-9]+)*)?$", s) ||
            !phone_length(s, &run))
            continue;
        if (!found)
            found = n;
        if (run >= 8 && (long)run + 1 == n)
            return n; /* written in one run: what follows is not part of it */
    }
    return found;
}

static bool plan(const char *s)
{
    return s[0] >= '2' && !(s[1] == '1' && s[2] == '1');
}

static long ref_nanp(struct text t, long i)
{
    char s[32];
    for (long n = 17; n >= 12; n--) {
        if (!part(t, i, n, "0123456789 .-()", s) ||
            !matches("^(1[ .-])?(\\([0-9]{3}\\)[ .-]?[0-9]{3}[ .-][0-9]{4}|"
                     "[0-9]{3}[ .-][0-9]{3}[ .-][0-9]{4})$", s))
            continue;
        bool paren = strchr(s, '(') != NULL;
        const char *area = s + n - (paren ? 9 : 12), *exchange = s + n - 8;
        if (paren)
            area = strchr(s, '(') + 1;
        char second = s[n - 5], joint = paren ? ')' : s[n - 9];
        if (!plan(area) || !plan(exchange) || (joint != second && joint != ')' && joint != ' '))
            continue;
        int left = at(t, i - 1), right = at(t, i + n);
        if (s[0] == '(' ? digit(left) : (alnum(left) || left == '+'))
            continue;
        if (s[0] != '(' && (left == '-' || left == '.') && digit(at(t, i - 2)))
            continue;
        if (!phone_ends(t, i + n) || ((right == '-' || right == '.') && digit(at(t, i + n + 1))))
            continue;
        if (joint == ' ' && second == ' ' && left == ' ' && digit(at(t, i - 2)) && right == ' ' &&
            digit(at(t, i + n + 1)))
            continue;
        return n;
    }
    return 0;
}

/* ---- IBAN --------------------------------------------------------------------------------- */

static long ref_iban(struct text t, long i)
{
    static const char registry[] =
        "AD24AE23AL28AT20AZ28BA20BE16BG22BH22BI27BR29BY28CH21CR22CY28CZ24DE22DJ27DK18DO28EE20EG29ES24"
        "FI18FK18FO18FR27GB22GE22GI23GL18GR27GT28HN28HR21HU28IE22IL23IQ23IS26IT27JO30KW30KZ20LB28LC32"
        "LI21LT20LU20LV21LY25MC27MD24ME22MK19MN20MR27MT31MU30NI28NL18NO15OM23PK24PL28PS29PT25QA29RO24"
        "RS22RU33SA24SC31SD18SE24SI19SK24SM27SO23ST25SV28TL23TN24TR26UA29VA22VG24XK20YE30";
    char s[80], plain[80];
    long length = 0;
    for (const char *r = registry; *r; r += 4)
        if (toupper(at(t, i) < 0 ? 0 : at(t, i)) == r[0] &&
            toupper(at(t, i + 1) < 0 ? 0 : at(t, i + 1)) == r[1])
            length = (r[2] - '0') * 10 + r[3] - '0';
    if (!length || alnum(at(t, i - 1)))
        return 0;
    long n = at(t, i + 4) == ' ' || at(t, i + 4) == '-' ? length + (length - 1) / 4 : length;
    if (!part(t, i, n, "0123456789 -abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ", s) ||
        alnum(at(t, i + n)) || !digit(s[2]) || !digit(s[3]))
        return 0;
    long k = 0;
    for (long j = 0; j < n; j++) {
        if (n > length && j % 5 == 4) {
            if (s[j] != s[4])
                return 0;
        } else if (!alnum(s[j])) {
            return 0;
        } else {
            plain[k++] = s[j];
        }
    }
    unsigned rest = 0;
    for (long j = 0; j < length; j++) {
        int c = toupper((unsigned char)plain[(j + 4) % length]);
        rest = digit(c) ? (rest * 10 + (unsigned)(c - '0')) % 97
                        : (rest * 100 + (unsigned)(c - 'A' + 10)) % 97;
    }
    return rest == 1 ? n : 0;
}

/* ---- the whole ---------------------------------------------------------------------------- */

static const struct {
    const char *name;
    long (*find)(struct text t, long i);
    bool checked;
} ref_entities[] = {
    {"CREDIT_CARD", ref_card, true}, {"IBAN_CODE", ref_iban, true}, {"US_SSN", ref_ssn, false},
    {"EMAIL_ADDRESS", ref_email, true}, {"IP_ADDRESS", ref_ip4, true}, {"IP_ADDRESS", ref_ip6, true},
    {"PHONE_NUMBER", ref_plus, false}, {"PHONE_NUMBER", ref_nanp, false},
};
#define REF_ENTITIES (sizeof(ref_entities) / sizeof(ref_entities[0]))

static bool ref_asked(const char *only, size_t e)
{
    return !only || strcmp(only, ref_entities[e].name) == 0;
}

/* The longest at i, of those that are checked or of the others; shorter than `below`. */
static long ref_longest(struct text t, long i, const char *only, bool checked, long below, const char **name)
{
    long longest = 0;
    for (size_t e = 0; e < REF_ENTITIES; e++) {
        if (!ref_asked(only, e) || ref_entities[e].checked != checked)
            continue;
        long n = ref_entities[e].find(t, i);
        if (n > longest && n < below) {
            longest = n;
            *name = ref_entities[e].name;
        }
    }
    return longest;
}

/* A checked one goes before the unchecked ones that it overlaps. */
static bool ref_overruled(struct text t, long i, long end, const char *only)
{
    const char *name;
    for (long k = i + 1; k < end; k++)
        if (ref_longest(t, k, only, true, LONG_MAX, &name))
            return true;
    return false;
}

static long ref_find(struct text t, long i, const char *only, const char **name)
{
    long n = ref_longest(t, i, only, true, LONG_MAX, name);
    if (n)
        return n;
    n = LONG_MAX;
    while ((n = ref_longest(t, i, only, false, n, name)) != 0 && ref_overruled(t, i, i + n, only))
        ;
    return n;
}

/* Appended to `out`, which is large enough; the number of bytes. `only`: NULL or one entity.
 * mask: 0 for [NAME]. */
static size_t ref_redact(struct text t, const char *only, char mask, char *out)
{
    size_t size = 0;
    for (long i = 0; i < (long)t.n;) {
        const char *name = NULL;
        long longest = ref_find(t, i, only, &name);
        if (!longest) {
            out[size++] = (char)t.p[i++];
            continue;
        }
        if (mask) {
            memset(out + size, mask, (size_t)longest);
            size += (size_t)longest;
        } else {
            size += (size_t)sprintf(out + size, "[%s]", name);
        }
        i += longest;
    }
    return size;
}

#endif
