/* SPDX-License-Identifier: MIT */
/*
 * From bit masks (one bit a byte, one mask a class of bytes) to anchors, by shifting the masks
 * over each other. Included by every way of making the masks, so that all find the same.
 *
 * What is costly is computed only where its rarest part is there at all.
 */
#ifndef PII_ANCHORS_H
#define PII_ANCHORS_H

#include "scan.h"

struct pii_classes {
    uint64_t digit, letter, upper, zero, high; /* high: not ASCII */
    uint64_t space, hyphen, dot, colon, slash, at, plus, open, close, I, A;
    uint64_t digit_before, word_before, high_before; /* 1: the byte left of the window is one */
};

#define PII_INLINE static inline __attribute__((always_inline))

/* `n` bytes further on in the text. */
PII_INLINE uint64_t ahead(uint64_t mask, unsigned n)
{
    return mask >> n;
}

/* Another bit of the mask two to four (five) bytes on. */
PII_INLINE uint64_t again_2_4(uint64_t mask)
{
    return mask & (ahead(mask, 2) | ahead(mask, 3) | ahead(mask, 4));
}

PII_INLINE uint64_t again_2_5(uint64_t mask)
{
    return mask & (ahead(mask, 2) | ahead(mask, 3) | ahead(mask, 4) | ahead(mask, 5));
}

/* A bit of the mask here or in the 15 bytes behind. */
PII_INLINE uint64_t within_16(uint64_t mask)
{
    mask |= ahead(mask, 1);
    mask |= ahead(mask, 2);
    mask |= ahead(mask, 4);
    return mask | ahead(mask, 8);
}

PII_INLINE uint64_t run_16(uint64_t mask)
{
    mask &= ahead(mask, 1);
    mask &= ahead(mask, 2);
    mask &= ahead(mask, 4);
    return mask & ahead(mask, 8);
}

/* What the anchors below have in common. d4: here and at the three bytes behind are digits. */
struct pii_shapes {
    uint64_t d, d2, d3, d4, d8, begins; /* begins: no digit on the left */
    uint64_t word, word4, word_begins;
    uint64_t joint, joint3; /* space and hyphen; also dot */
};

PII_INLINE struct pii_shapes pii_shapes(const struct pii_classes *c)
{
    struct pii_shapes s = {.d = c->digit, .word = c->digit | c->letter};
    s.d2 = s.d & ahead(s.d, 1);
    s.d3 = s.d2 & ahead(s.d, 2);
    s.d4 = s.d2 & ahead(s.d2, 2);
    s.d8 = s.d4 & ahead(s.d4, 4);
    s.begins = ~(s.d << 1 | c->digit_before);
    uint64_t word2 = s.word & ahead(s.word, 1);
    s.word4 = word2 & ahead(word2, 2);
    s.word_begins = ~(s.word << 1 | c->word_before);
    s.joint = c->space | c->hyphen;
    s.joint3 = s.joint | c->dot;
    return s;
}

PII_INLINE void runs(const struct pii_shapes *s, struct pii_anchors *a)
{
    uint64_t d9 = s->d8 & s->begins & ahead(s->d, 8);
    uint64_t d10 = d9 & ahead(s->d, 9), d12 = d10 & ahead(s->d2, 10);
    a->of[PII_ANCHOR_RUN9] = d9 & ~d10;
    a->of[PII_ANCHOR_RUN10] = d10 & ~d12;
    a->of[PII_ANCHOR_RUN12] = d12;
}

/* Four digits and more behind a separator of two or three bytes. */
PII_INLINE uint64_t wide_joint(const struct pii_classes *c, uint64_t then)
{
    uint64_t two = c->high & ahead(c->high, 1);
    return (two & ahead(then, 2)) | (two & ahead(c->high, 2) & ahead(then, 3));
}

PII_INLINE uint64_t groups(const struct pii_classes *c, const struct pii_shapes *s)
{
    uint64_t first = s->d4 & s->begins;
    uint64_t four = ahead(s->d4, 5) & ahead(s->joint3, 9) & ahead(s->d, 10);
    uint64_t six = ahead(s->d4 & ahead(s->d2, 4) & ahead(s->joint3, 6) & ahead(s->d, 7), 5);
    return first & ((ahead(s->joint3, 4) & (four | six)) | ahead(wide_joint(c, s->d4), 4));
}

PII_INLINE uint64_t paren(const struct pii_classes *c, const struct pii_shapes *s)
{
    uint64_t open = c->open & ahead(s->d, 1), found = 0, digits = s->d;
    uint64_t behind = c->close & (ahead(s->d, 1) | (ahead(s->joint3, 1) & ahead(s->d, 2)));
    if (open == 0)
        return 0;
    for (unsigned n = 1; n <= 5; n++, digits &= ahead(s->d, n - 1))
        found |= ahead(digits, 1) & ahead(behind, n + 1);
    return open & found;
}

PII_INLINE uint64_t dial(const struct pii_classes *c, const struct pii_shapes *s)
{
    uint64_t first = s->d & s->word_begins & ~ahead(c->dot, 1);
    uint64_t sign = s->joint3 | c->slash, doubled = sign & ahead(sign, 1);
    uint64_t all = s->d | sign | c->open | c->close | c->high;
    uint64_t date = s->d4 & ahead(c->hyphen, 4) & ahead(s->d2, 5) & ahead(c->hyphen, 7) & ahead(s->d2, 8);
    all &= ahead(all, 1);
    all &= ahead(all, 2);
    doubled |= ahead(doubled, 1);
    doubled |= ahead(doubled, 2);
    return first & all & ahead(all, 3) & ~(doubled | ahead(doubled, 2)) & ~date;
}

PII_INLINE uint64_t mac(const struct pii_classes *c, const struct pii_shapes *s)
{
    uint64_t signs = c->hyphen | c->colon, signs2 = signs & ahead(signs, 3);
    uint64_t pairs = signs2 & ahead(signs2, 6) & ahead(signs, 12);
    uint64_t fours = c->dot & ahead(c->dot, 5) & ahead(s->word4, 1) & ahead(s->word4, 6);
    return (pairs | fours) & within_16(s->d);
}

PII_INLINE uint64_t iban(const struct pii_classes *c, const struct pii_shapes *s)
{
    uint64_t head = c->letter & ahead(c->letter, 1) & ahead(s->d2, 2) & s->word_begins;
    if (head == 0)
        return 0;
    uint64_t word8 = s->word4 & ahead(s->word4, 4), word15 = word8 & ahead(word8, 7);
    uint64_t grouped = ahead(s->joint, 4) & ahead(s->word4, 5) & ahead(s->joint, 9) & ahead(s->word4, 10);
    return head & (word15 | grouped | ahead(wide_joint(c, s->word4), 4));
}

PII_INLINE uint64_t nino(const struct pii_classes *c, const struct pii_shapes *s)
{
    uint64_t head = c->letter & ahead(c->letter, 1) & s->word_begins;
    uint64_t pairs = s->d2 & ahead(s->joint, 2) & ahead(s->d2, 3) & ahead(s->joint, 5) & ahead(s->d2, 6);
    uint64_t six = s->d4 & ahead(s->d2, 4);
    return head & (ahead(six | pairs, 2) | (ahead(s->joint, 2) & ahead(six | pairs, 3)));
}

PII_INLINE uint64_t mbi(const struct pii_classes *c, const struct pii_shapes *s)
{
    uint64_t triple = c->letter & ahead(s->word, 1) & ahead(s->d, 2);
    return s->d & s->word_begins & ahead(triple, 1) &
           (ahead(triple, 4) | (ahead(s->joint, 4) & ahead(triple, 5)));
}

PII_INLINE void long_words(const struct pii_classes *c, const struct pii_shapes *s, struct pii_anchors *a)
{
    uint64_t begins = run_16(s->word) & s->word_begins;
    a->of[PII_ANCHOR_LONG] = a->of[PII_ANCHOR_UPPER] = a->of[PII_ANCHOR_IA] = 0;
    if (begins == 0)
        return;
    uint64_t capitals = begins & run_16(c->upper | s->d) & c->upper;
    a->of[PII_ANCHOR_LONG] = begins & within_16(s->d) & ~run_16(s->d);
    a->of[PII_ANCHOR_UPPER] = capitals & within_16(s->d);
    a->of[PII_ANCHOR_IA] = capitals & ahead(c->I, 2) & ahead(c->A, 3);
}

PII_INLINE void sharp_anchors(const struct pii_classes *c, const struct pii_shapes *s, struct pii_anchors *a)
{
    uint64_t exchange = ahead(s->d3, 1) & ahead(s->joint3, 4) & ahead(s->d4, 5);
    uint64_t dotted = s->d & ahead(c->dot, 1) & ahead(s->d, 2);
    runs(s, a);
    a->of[PII_ANCHOR_AT] = c->at;
    a->of[PII_ANCHOR_GROUPS] = groups(c, s);
    a->of[PII_ANCHOR_SSN] = s->d3 & s->begins & ahead(s->joint3, 3) & ahead(s->d2, 4) &
                            ahead(s->joint3, 6) & ahead(s->d4, 7);
    a->of[PII_ANCHOR_NANP] = (s->joint3 | c->close) & exchange;
    a->of[PII_ANCHOR_PLUS] = c->plus & (ahead(s->d, 1) | (ahead(c->open, 1) & ahead(s->d, 2)));
    a->of[PII_ANCHOR_PAREN] = paren(c, s);
    a->of[PII_ANCHOR_DIAL] = dial(c, s);
    a->of[PII_ANCHOR_IP4] = again_2_4(again_2_4(dotted));
    a->of[PII_ANCHOR_COLONS] =
        (c->colon & ahead(c->colon, 1)) | again_2_5(again_2_5(again_2_5(c->colon)));
    a->of[PII_ANCHOR_MAC] = mac(c, s);
    a->of[PII_ANCHOR_SCHEME] = c->colon & ahead(c->slash, 1) & ahead(c->slash, 2);
    a->of[PII_ANCHOR_IBAN] = iban(c, s);
    a->of[PII_ANCHOR_NINO] = nino(c, s);
    a->of[PII_ANCHOR_MBI] = mbi(c, s);
    long_words(c, s, a);
}

/* Words begin with `letter` and hold a digit among their first ten bytes. */
PII_INLINE uint64_t codes(const struct pii_classes *c, const struct pii_shapes *s)
{
    uint64_t hits = s->d;
    for (unsigned n = 1; n < 10; n++)
        hits |= s->word & ahead(hits, 1);
    return c->letter & s->word_begins & hits;
}

PII_INLINE void general_anchors(const struct pii_classes *c, const struct pii_shapes *s,
                                struct pii_anchors *a)
{
    uint64_t any = s->word | c->high;
    a->of[PII_ANCHOR_NUMBER] = s->d & s->word_begins;
    a->of[PII_ANCHOR_CODE] = codes(c, s);
    a->of[PII_ANCHOR_WORD] = any & ~(any << 1 | c->word_before | c->high_before);
}

/* Whether there are any. */
PII_INLINE bool pii_anchors_of(const struct pii_classes *c, bool all, struct pii_anchors *a)
{
    const uint64_t decided = ((uint64_t)1 << PII_STEP) - 1;
    const unsigned count = all ? PII_ANCHORS : PII_ANCHORS_SHARP;
    const struct pii_shapes s = pii_shapes(c);
    uint64_t any = 0;
    sharp_anchors(c, &s, a);
    if (all)
        general_anchors(c, &s, a);
    for (unsigned k = 0; k < count; k++)
        any |= a->of[k];
    if ((any & decided) == 0)
        return false;
    a->kinds = 0;
    for (unsigned k = 0; k < count; k++) {
        a->of[k] &= decided;
        a->kinds |= (uint64_t)(a->of[k] != 0) << k;
    }
    return true;
}

#endif
