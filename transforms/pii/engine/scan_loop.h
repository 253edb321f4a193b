/* SPDX-License-Identifier: MIT */
/*
 * The scanner's loop, once for each way of looking at a block of 64 bytes. Who includes this has
 * defined
 *   WAY                    attributes of functions (the instructions that they may use)
 *   struct block           64 bytes of text
 *   block_load(p)          …from there
 *   block_equal(b, c)      the mask of bytes that are c
 *   block_within(b, c, n)  the mask of bytes from c to c + n; c is ASCII and so is c + n
 *   block_letters(b)       the mask of letters
 *   block_high(b)          the mask of bytes that are not ASCII
 *   block_dull(b, p)       no byte is a digit, ':' or '@', and "IA" is nowhere from p to p + 64:
 *                          may also be false then
 * and gets scan_sharp and scan_all.
 */
#include <string.h>

#include "anchors.h"
#include "text.h"

WAY static inline void classify(const struct block *b, struct pii_classes *c)
{
    c->digit = block_within(b, '0', 9);
    c->letter = block_letters(b);
    c->upper = block_within(b, 'A', 25);
    c->zero = block_equal(b, '0');
    c->high = block_high(b);
    c->space = block_equal(b, ' ');
    c->hyphen = block_equal(b, '-');
    c->dot = block_equal(b, '.');
    c->colon = block_equal(b, ':');
    c->slash = block_equal(b, '/');
    c->at = block_equal(b, '@');
    c->plus = block_equal(b, '+');
    c->open = block_equal(b, '(');
    c->close = block_equal(b, ')');
    c->I = block_equal(b, 'I');
    c->A = block_equal(b, 'A');
}

/* The window at `at`; at the end of the text it is filled up with zeros. */
WAY static inline const uint8_t *window(const uint8_t *text, size_t len, size_t at,
                                        uint8_t pad[PII_WINDOW + 1])
{
    if (len - at > PII_WINDOW)
        return text + at;
    memset(pad, 0, PII_WINDOW + 1);
    memcpy(pad, text + at, len - at);
    return pad;
}

WAY static inline __attribute__((always_inline)) bool scan(const uint8_t *text, size_t len,
                                                            size_t *pos, bool all,
                                                            struct pii_anchors *found)
{
    uint8_t pad[PII_WINDOW + 1];
    for (size_t at = *pos; at < len; at += PII_STEP) {
        const uint8_t *p = window(text, len, at, pad);
        struct block b = block_load(p);
        if (!all && block_dull(&b, p))
            continue;
        struct pii_classes c;
        int before = at > 0 ? text[at - 1] : -1;
        classify(&b, &c);
        c.digit_before = pii_digit(before);
        c.word_before = pii_alnum(before);
        c.high_before = before >= 0x80;
        if (pii_anchors_of(&c, all, found)) {
            *pos = at;
            return true;
        }
    }
    *pos = len;
    return false;
}

WAY static bool scan_sharp(const uint8_t *text, size_t len, size_t *pos, struct pii_anchors *found)
{
    return scan(text, len, pos, false, found);
}

WAY static bool scan_all(const uint8_t *text, size_t len, size_t *pos, struct pii_anchors *found)
{
    return scan(text, len, pos, true, found);
}
