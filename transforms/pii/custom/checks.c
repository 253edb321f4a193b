/* SPDX-License-Identifier: MIT */
#include "custom/checks.h"

#include <string.h>

#include "entities/numbers.h"

/* The values of the digits, all of which must be some. */
static bool digits_of(const char *code, unsigned count, char *digit)
{
    for (unsigned i = 0; i < count; i++) {
        if (!pii_digit(code[i]))
            return false;
        digit[i] = (char)(code[i] - '0');
    }
    return count > 1;
}

static bool luhn(const char *code, unsigned count)
{
    char digit[PII_CHECKED_MAX];
    return digits_of(code, count, digit) && pii_luhn(digit, count);
}

static bool verhoeff(const char *code, unsigned count)
{
    char digit[PII_CHECKED_MAX];
    return digits_of(code, count, digit) && pii_verhoeff(digit, count);
}

/* ISO 7064 MOD 11,10: tax numbers. */
static bool mod11_10(const char *code, unsigned count)
{
    char digit[PII_CHECKED_MAX];
    return digits_of(code, count, digit) && pii_mod_11_10(digit, count);
}

/* Weights n … 2, 1 from the left; the last may be X for ten: ISBN-10. */
static bool mod11(const char *code, unsigned count)
{
    char digit[PII_CHECKED_MAX];
    unsigned sum = code[count - 1] == 'X' ? 10 : (unsigned)(code[count - 1] - '0');
    if (count < 3 || !digits_of(code, count - 1, digit) || sum > 10)
        return false;
    for (unsigned i = 0; i + 1 < count; i++)
        sum += (unsigned)digit[i] * (count - i);
    return sum % 11 == 0;
}

/* Weights 3 and 1 from the right, the check digit with 1: EAN, GTIN, ISBN-13. */
static bool ean(const char *code, unsigned count)
{
    char digit[PII_CHECKED_MAX];
    unsigned sum = 0;
    if (!digits_of(code, count, digit))
        return false;
    for (unsigned i = 0; i < count; i++)
        sum += (unsigned)digit[i] * ((count - i) % 2 ? 1u : 3u);
    return sum % 10 == 0;
}

/* Letters are 10 to 35, the whole leaves 1: ISO 7064 MOD 97-10. */
static bool leaves_one(const char *code, unsigned count, unsigned first)
{
    unsigned rest = 0;
    for (unsigned i = 0; i < count; i++) {
        char c = code[(i + first) % count];
        rest = pii_digit(c) ? (rest * 10 + (unsigned)(c - '0')) % 97 : (rest * 100 + (unsigned)(c - 'A' + 10)) % 97;
    }
    return count > 2 && rest == 1;
}

static bool mod97(const char *code, unsigned count)
{
    return leaves_one(code, count, 0);
}

/* The same with the first four characters put last. */
static bool iban(const char *code, unsigned count)
{
    return count > 4 && leaves_one(code, count, 4);
}

static bool aba(const char *code, unsigned count)
{
    static const uint8_t weights[9] = {3, 7, 1, 3, 7, 1, 3, 7, 1};
    char digit[PII_CHECKED_MAX];
    return count == 9 && digits_of(code, count, digit) && pii_weigh(digit, weights, 9) % 10 == 0;
}

static bool nhs(const char *code, unsigned count)
{
    static const uint8_t weights[10] = {10, 9, 8, 7, 6, 5, 4, 3, 2, 1};
    char digit[PII_CHECKED_MAX];
    return count == 10 && digits_of(code, count, digit) && pii_weigh(digit, weights, 10) % 11 == 0;
}

static bool vin(const char *code, unsigned count)
{
    return count == 17 && !memchr(code, 'I', count) && !memchr(code, 'O', count) && !memchr(code, 'Q', count) &&
           pii_vin_checks(code);
}

#define ANY_LETTER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

static const struct pii_check checks[] = {
    {"luhn", "", luhn},       {"verhoeff", "", verhoeff},  {"mod11", "X", mod11},      {"mod11_10", "", mod11_10},
    {"mod97", ANY_LETTER, mod97}, {"iban", ANY_LETTER, iban}, {"ean", "", ean},          {"aba", "", aba},
    {"nhs", "", nhs},         {"vin", ANY_LETTER, vin},
};

const struct pii_check *pii_check_named(const char *name)
{
    for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++)
        if (strcmp(checks[i].name, name) == 0)
            return &checks[i];
    return NULL;
}

const char *pii_check_names(void)
{
    return "luhn, verhoeff, mod11, mod11_10, mod97, iban, ean, aba, nhs or vin";
}

bool pii_check_bytes(const struct pii_check *check, const uint8_t *bytes, size_t size)
{
    char code[PII_CHECKED_MAX];
    unsigned count = 0;
    for (size_t i = 0; i < size; i++) {
        int small = pii_lower(bytes[i]);
        char c = (char)(small >= 'a' && small <= 'z' ? small - 'a' + 'A' : small);
        if (!pii_digit(c) && !(c != '\0' && strchr(check->letters, c)))
            continue;
        if (count == PII_CHECKED_MAX)
            return false;
        code[count++] = c;
    }
    return count > 1 && check->holds(code, count);
}
