/* SPDX-License-Identifier: MIT */
/*
 * The scanner's loop, once for each way of looking at a block of 64 bytes. Who includes this has
 * defined
 *   LANES                  windows that are decided at a time
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

PII_INLINE void classify(const struct block *b, int before, struct pii_classes *c, unsigned i)
{
    c->digit.lane[i] = block_within(b, '0', 9);
    c->letter.lane[i] = block_letters(b);
    c->upper.lane[i] = block_within(b, 'A', 25);
    c->high.lane[i] = block_high(b);
    c->space.lane[i] = block_equal(b, ' ');
    c->hyphen.lane[i] = block_equal(b, '-');
    c->dot.lane[i] = block_equal(b, '.');
    c->colon.lane[i] = block_equal(b, ':');
    c->slash.lane[i] = block_equal(b, '/');
    c->at.lane[i] = block_equal(b, '@');
    c->plus.lane[i] = block_equal(b, '+');
    c->open.lane[i] = block_equal(b, '(');
    c->close.lane[i] = block_equal(b, ')');
    c->I.lane[i] = block_equal(b, 'I');
    c->A.lane[i] = block_equal(b, 'A');
    c->digit_before.lane[i] = pii_digit(before);
    c->word_before.lane[i] = pii_alnum(before);
    c->high_before.lane[i] = before >= 0x80;
}

/* A lane that the last windows leave. */
WAY static inline void classify_nothing(struct pii_classes *c, unsigned lane)
{
    union pii_lanes *classes = (union pii_lanes *)c;
    for (size_t i = 0; i < sizeof(*c) / sizeof(classes[0]); i++)
        classes[i].lane[lane] = 0;
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

/* The classes of the next LANES windows, or fewer at the end, that are worth it; how many. */
PII_INLINE unsigned collect(const uint8_t *text, size_t len, size_t *pos, size_t until, bool all,
                        struct pii_classes *c, struct pii_anchors *found)
{
    uint8_t pad[PII_WINDOW + 1];
    size_t at = *pos;
    unsigned windows = 0;
    for (; at < until && windows < LANES; at += PII_STEP) {
        const uint8_t *p = window(text, len, at, pad);
        struct block b = block_load(p);
        if (!all && block_dull(&b, p))
            continue;
        classify(&b, at > 0 ? text[at - 1] : -1, c, windows);
        found->at[windows++] = at;
    }
    *pos = at;
    return windows;
}

PII_INLINE bool scan(const uint8_t *text, size_t len, size_t *pos, size_t until, bool all,
                     struct pii_anchors *found)
{
    struct pii_classes c;
    until = until < len ? until : len;
    while (*pos < until) {
        found->windows = collect(text, len, pos, until, all, &c, found);
        if (found->windows == 0)
            break;
        for (unsigned i = found->windows; i < LANES; i++)
            classify_nothing(&c, i);
        if (pii_anchors_of(&c, all, found))
            return true;
    }
    return false;
}

WAY static bool scan_sharp(const uint8_t *text, size_t len, size_t *pos, size_t until,
                           struct pii_anchors *found)
{
    return scan(text, len, pos, until, false, found);
}

WAY static bool scan_all(const uint8_t *text, size_t len, size_t *pos, size_t until,
                         struct pii_anchors *found)
{
    return scan(text, len, pos, until, true, found);
}
