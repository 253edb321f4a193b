/* SPDX-License-Identifier: MIT */
/*
 * A stretch of text as the recognisers see it, and classes of bytes. Everything works on
 * bytes: what is not valid UTF-8 is text like any other.
 */
#ifndef PII_TEXT_H
#define PII_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pii_memo;

struct pii_text {
    const uint8_t *p;
    size_t len;
    /* The name of the column, key or element whose value this is; nothing elsewhere. */
    const uint8_t *field;
    size_t field_size;
    struct pii_memo *memo; /* of this text, or NULL: see memo.h */
};

/* A test counts the bytes that recognisers look at. */
#ifdef PII_COUNT_WORK
extern uint64_t pii_work;
#define PII_WORK(bytes) (pii_work += (bytes))
#else
#define PII_WORK(bytes) ((void)0)
#endif

/* The byte at i, or -1 outside the text; so `i - 1` at the very beginning is fine. */
static inline int pii_at(const struct pii_text *t, size_t i)
{
    PII_WORK(1);
    return i < t->len ? t->p[i] : -1;
}

static inline bool pii_digit(int c)
{
    return c >= '0' && c <= '9';
}

static inline bool pii_letter(int c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static inline bool pii_alnum(int c)
{
    return pii_digit(c) || pii_letter(c);
}

static inline bool pii_hex(int c)
{
    return pii_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static inline int pii_lower(int c)
{
    return c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c;
}

/* The two bytes of a UTF-8 letter between U+00C0 and U+07FF (accented Latin, Greek, Cyrillic,
 * Hebrew, Arabic …: scripts that put spaces between words). */
static inline bool pii_wide_letter(int first, int second)
{
    if (first < 0xc3 || first > 0xdf || second < 0x80 || second > 0xbf)
        return false;
    return !(first == 0xc3 && (second == 0x97 || second == 0xb7)); /* the signs for times, divided */
}

static inline unsigned pii_number(const struct pii_text *t, size_t at, size_t digits)
{
    unsigned n = 0;
    for (size_t i = 0; i < digits; i++)
        n = n * 10 + (unsigned)(t->p[at + i] - '0');
    return n;
}

/* All of `count` bytes at `at` are digits. */
static inline bool pii_digits(const struct pii_text *t, size_t at, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!pii_digit(pii_at(t, at + i)))
            return false;
    return true;
}

#endif
