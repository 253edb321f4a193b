/* SPDX-License-Identifier: MIT */
#include "scalar.h"

#include <string.h>

#define DIGITS_MAX 15
#define EXPONENT_DIGITS_MAX 2 /* doubles go to 308 */

static size_t digits(const uint8_t *text, size_t size)
{
    size_t n = 0;
    while (n < size && text[n] >= '0' && text[n] <= '9')
        n++;
    return n;
}

static bool is_word(const uint8_t *text, size_t size, const char *word)
{
    return size == strlen(word) && memcmp(text, word, size) == 0;
}

/* Nothing, or "e+12". */
static bool is_exponent(const uint8_t *text, size_t size)
{
    if (size == 0)
        return true;
    size_t at = 1;
    if (text[0] != 'e' && text[0] != 'E')
        return false;
    if (at < size && (text[at] == '+' || text[at] == '-'))
        at++;
    size_t n = digits(text + at, size - at);
    return n > 0 && n <= EXPONENT_DIGITS_MAX && at + n == size;
}

bool xj_is_scalar(const uint8_t *text, size_t size)
{
    if (is_word(text, size, "true") || is_word(text, size, "false"))
        return true;
    size_t at = size > 0 && text[0] == '-';
    size_t whole = digits(text + at, size - at), fraction = 0;
    if (whole == 0 || (whole > 1 && text[at] == '0'))
        return false;
    at += whole;
    if (at < size && text[at] == '.') {
        fraction = digits(text + at + 1, size - at - 1);
        if (fraction == 0)
            return false;
        at += 1 + fraction;
    }
    return whole + fraction <= DIGITS_MAX && is_exponent(text + at, size - at);
}
