/* SPDX-License-Identifier: MIT */
#include "numbers.h"

#include <string.h>

/* Separators that are not ASCII, in UTF-8. */
static const struct wide_joint {
    char bytes[4];
    uint8_t size;
    char kind;
} wide_joints[] = {
    {"\xc2\xa0", 2, ' '},     {"\xe2\x80\x89", 3, ' '}, {"\xe2\x80\xaf", 3, ' '},
    {"\xe2\x80\x82", 3, ' '}, {"\xe2\x80\x83", 3, ' '}, {"\xe2\x80\x85", 3, ' '},
    {"\xe2\x80\x87", 3, ' '}, {"\xe2\x80\x88", 3, ' '}, {"\xe2\x80\x8a", 3, ' '},
    {"\xe3\x80\x80", 3, ' '}, {"\xef\xbc\x8d", 3, '-'}, {"\xe2\x81\x83", 3, '-'},
    {"\xe2\x80\x90", 3, '-'}, {"\xe2\x80\x91", 3, '-'}, {"\xe2\x80\x92", 3, '-'},
    {"\xe2\x80\x93", 3, '-'}, {"\xe2\x88\x92", 3, '-'},
};

static char wide_joint(const struct pii_text *t, size_t at, size_t *size, bool before)
{
    for (size_t i = 0; i < sizeof(wide_joints) / sizeof(wide_joints[0]); i++) {
        size_t n = wide_joints[i].size, from = before ? at - n : at;
        if (from < t->len && n <= t->len - from && memcmp(t->p + from, wide_joints[i].bytes, n) == 0) {
            *size = n;
            return wide_joints[i].kind;
        }
    }
    return 0;
}

char pii_joint(const struct pii_text *t, size_t at, size_t *size)
{
    int c = pii_at(t, at);
    *size = 1;
    if (c == ' ' || c == '-' || c == '.')
        return (char)c;
    return c >= 0xc2 ? wide_joint(t, at, size, false) : 0;
}

char pii_joint_before(const struct pii_text *t, size_t at, size_t *size)
{
    int c = pii_at(t, at - 1);
    *size = 1;
    if (c == ' ' || c == '-' || c == '.')
        return (char)c;
    return c >= 0x80 ? wide_joint(t, at, size, true) : 0;
}

static bool joins_numbers(int c)
{
    return c == '.' || c == '-' || c == '/' || c == ':' || c == '+';
}

bool pii_stands_alone(const struct pii_text *t, size_t start, size_t end)
{
    int left = pii_at(t, start - 1), right = pii_at(t, end), after = pii_at(t, end + 1);
    if (pii_alnum(left) || pii_alnum(right) || right == '%' || left == '$')
        return false;
    if (joins_numbers(left) && pii_digit(pii_at(t, start - 2)))
        return false;
    if (right == '-')
        return !pii_alnum(after);
    return !(right == '.' || right == '/' || right == '+') || !pii_digit(after);
}

static size_t layout_size(const char *layouts)
{
    return strcspn(layouts, "|");
}

/* The groups of one layout at n->end. */
static bool read_groups(const struct pii_text *t, const char *layout, size_t size, struct pii_number *n)
{
    char joint = 0;
    for (size_t i = 0; i < size;) {
        unsigned digits = 0;
        for (; i < size && layout[i] != ' '; i++)
            digits = digits * 10 + (unsigned)(layout[i] - '0');
        for (; digits > 0; digits--) {
            if (n->count == PII_NUMBER_MAX || !pii_digit(pii_at(t, n->end)))
                return false;
            n->digit[n->count++] = (char)(t->p[n->end++] - '0');
        }
        if (i++ >= size)
            break;
        size_t joint_size;
        char kind = pii_joint(t, n->end, &joint_size);
        if (kind == 0 || (joint && kind != joint))
            return false;
        joint = kind;
        n->end += joint_size;
        n->grouped = true;
    }
    return true;
}

bool pii_number_read(const struct pii_text *t, size_t at, const char *layouts, struct pii_number *n)
{
    for (;;) {
        size_t size = layout_size(layouts);
        *n = (struct pii_number){.end = at};
        if (read_groups(t, layouts, size, n) && pii_stands_alone(t, at, n->end))
            return true;
        if (layouts[size] == '\0')
            return false;
        layouts += size + 1;
    }
}

static bool class_fits(char class, int c)
{
    switch (class) {
    case '9': return pii_digit(c);
    case '1': return pii_digit(c) && c != '0';
    case 'A': return pii_letter(c);
    case 'X': return pii_alnum(c);
    default: return c == class;
    }
}

static bool read_classes(const struct pii_text *t, const char *pattern, size_t size, struct pii_number *n)
{
    for (size_t i = 0; i < size; i++) {
        if (pattern[i] == ' ') {
            size_t joint_size;
            char kind = pii_joint(t, n->end, &joint_size);
            n->end += kind == ' ' || kind == '-' ? joint_size : 0;
            n->grouped |= kind == ' ' || kind == '-';
            continue;
        }
        int c = pii_at(t, n->end);
        if (n->count == PII_NUMBER_MAX || !class_fits(pattern[i], c))
            return false;
        if (pattern[i] == '-' || pattern[i] == '+') {
            n->end++;
            n->grouped = true;
            continue;
        }
        n->digit[n->count++] = (char)(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
        n->end++;
    }
    return true;
}

bool pii_code_read(const struct pii_text *t, size_t at, const char *patterns, struct pii_number *n)
{
    for (;;) {
        size_t size = layout_size(patterns);
        *n = (struct pii_number){.end = at};
        if (read_classes(t, patterns, size, n) && pii_stands_alone(t, at, n->end))
            return true;
        if (patterns[size] == '\0')
            return false;
        patterns += size + 1;
    }
}

/* ---- arithmetic --------------------------------------------------------------------------- */

unsigned pii_weigh(const char *digit, const uint8_t *weights, unsigned count)
{
    unsigned sum = 0;
    for (unsigned i = 0; i < count; i++)
        sum += (unsigned)digit[i] * weights[i];
    return sum;
}

bool pii_luhn(const char *digit, unsigned count)
{
    static const uint8_t doubled[10] = {0, 2, 4, 6, 8, 1, 3, 5, 7, 9};
    unsigned sum = 0;
    for (unsigned i = 0; i < count; i++)
        sum += (count - i) % 2 ? (unsigned)digit[i] : doubled[(unsigned)digit[i]];
    return sum % 10 == 0;
}

/* The dihedral group of order ten: 0 to 4 turn, 5 to 9 turn and mirror. */
static unsigned dihedral(unsigned a, unsigned b)
{
    unsigned turned = a < 5 ? (a + b % 5) % 5 : (a + 5 - b % 5) % 5;
    bool mirrored = (a >= 5) != (b >= 5);
    return turned + (mirrored ? 5 : 0);
}

bool pii_verhoeff(const char *digit, unsigned count)
{
    static const uint8_t step[10] = {1, 5, 7, 6, 2, 8, 3, 0, 9, 4};
    unsigned check = 0;
    for (unsigned i = 0; i < count; i++) {
        unsigned v = (unsigned)digit[count - 1 - i];
        for (unsigned times = i % 8; times > 0; times--)
            v = step[v];
        check = dihedral(check, v);
    }
    return check == 0;
}

bool pii_mod_11_10(const char *digit, unsigned count)
{
    unsigned product = 10;
    for (unsigned i = 0; i + 1 < count; i++) {
        unsigned sum = ((unsigned)digit[i] + product) % 10;
        product = (sum ? sum : 10) * 2 % 11;
    }
    return (product + (unsigned)digit[count - 1]) % 10 == 1;
}

unsigned pii_value(const char *digit, unsigned count)
{
    unsigned value = 0;
    for (unsigned i = 0; i < count; i++)
        value = value * 10 + (unsigned)digit[i];
    return value;
}

bool pii_date_exists(unsigned year, unsigned month, unsigned day)
{
    static const uint8_t days[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (month < 1 || month > 12 || day < 1)
        return false;
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return day <= days[month - 1] + (month == 2 && leap ? 1u : 0u);
}

bool pii_one_digit_only(const char *digit, unsigned count)
{
    for (unsigned i = 1; i < count; i++)
        if (digit[i] != digit[0])
            return false;
    return true;
}
