/* SPDX-License-Identifier: MIT */
/*
 * From bit masks (one bit a byte, one mask a class of bytes) to anchors, by shifting the masks
 * over each other. Masks are numbers of 64 bits, or vectors of LANES such, for as many windows
 * side by side. Without branches: for eight windows at a time all of it is cheap.
 *
 * Part of scan_loop.h, and so compiled once for each way of scanning.
 */
#ifndef PII_ANCHORS_H
#define PII_ANCHORS_H

#include <string.h>

#include "scan.h"

#if LANES == 1
typedef uint64_t pii_mask;
#else
typedef uint64_t pii_mask __attribute__((vector_size(8 * LANES)));
#endif

union pii_lanes {
    pii_mask mask;
    uint64_t lane[LANES]; /* of each window */
};

struct pii_classes {
    union pii_lanes digit, letter, upper, high; /* high: not ASCII */
    union pii_lanes space, hyphen, dot, colon, slash, at, plus, open, close, I, A;
    union pii_lanes digit_before, word_before, high_before; /* 1: the byte left of the window is one */
};

#define PII_INLINE WAY static inline __attribute__((always_inline))

/* `n` bytes further on in the text. */
PII_INLINE pii_mask ahead(pii_mask mask, unsigned n)
{
    return mask >> n;
}

/* Another bit of the mask two to four (five) bytes on. */
PII_INLINE pii_mask again_2_4(pii_mask mask)
{
    return mask & (ahead(mask, 2) | ahead(mask, 3) | ahead(mask, 4));
}

PII_INLINE pii_mask again_2_5(pii_mask mask)
{
    return mask & (ahead(mask, 2) | ahead(mask, 3) | ahead(mask, 4) | ahead(mask, 5));
}

/* A bit of the mask here or in the 15 bytes behind. */
PII_INLINE pii_mask within_16(pii_mask mask)
{
    mask |= ahead(mask, 1);
    mask |= ahead(mask, 2);
    mask |= ahead(mask, 4);
    return mask | ahead(mask, 8);
}

PII_INLINE pii_mask run_16(pii_mask mask)
{
    mask &= ahead(mask, 1);
    mask &= ahead(mask, 2);
    mask &= ahead(mask, 4);
    return mask & ahead(mask, 8);
}

/* The anchors of each kind. */
struct pii_found {
    pii_mask of[PII_ANCHORS];
};

/* What the anchors below have in common. d4: here and at the three bytes behind are digits. */
struct pii_shapes {
    pii_mask d, d2, d3, d4, d8, begins; /* begins: no digit on the left */
    pii_mask word, word4, word_begins;
    pii_mask joint, joint3; /* space and hyphen; also dot */
};

PII_INLINE struct pii_shapes pii_shapes(const struct pii_classes *c)
{
    struct pii_shapes s = {.d = c->digit.mask, .word = c->digit.mask | c->letter.mask};
    s.d2 = s.d & ahead(s.d, 1);
    s.d3 = s.d2 & ahead(s.d, 2);
    s.d4 = s.d2 & ahead(s.d2, 2);
    s.d8 = s.d4 & ahead(s.d4, 4);
    s.begins = ~(s.d << 1 | c->digit_before.mask);
    pii_mask word2 = s.word & ahead(s.word, 1);
    s.word4 = word2 & ahead(word2, 2);
    s.word_begins = ~(s.word << 1 | c->word_before.mask);
    s.joint = c->space.mask | c->hyphen.mask;
    s.joint3 = s.joint | c->dot.mask;
    return s;
}

PII_INLINE void runs(const struct pii_shapes *s, struct pii_found *a)
{
    pii_mask d9 = s->d8 & s->begins & ahead(s->d, 8);
    pii_mask d10 = d9 & ahead(s->d, 9), d12 = d10 & ahead(s->d2, 10);
    a->of[PII_ANCHOR_RUN9] = d9 & ~d10;
    a->of[PII_ANCHOR_RUN10] = d10 & ~d12;
    a->of[PII_ANCHOR_RUN12] = d12;
}

/* `then` behind a separator of two or three bytes. */
PII_INLINE pii_mask wide_joint(const struct pii_classes *c, pii_mask then)
{
    pii_mask two = c->high.mask & ahead(c->high.mask, 1);
    return (two & ahead(then, 2)) | (two & ahead(c->high.mask, 2) & ahead(then, 3));
}

PII_INLINE pii_mask groups(const struct pii_classes *c, const struct pii_shapes *s)
{
    pii_mask first = s->d4 & s->begins;
    pii_mask four = ahead(s->d4, 5) & ahead(s->joint3, 9) & ahead(s->d, 10);
    pii_mask six = ahead(s->d4 & ahead(s->d2, 4) & ahead(s->joint3, 6) & ahead(s->d, 7), 5);
    return first & ((ahead(s->joint3, 4) & (four | six)) | ahead(wide_joint(c, s->d4), 4));
}

PII_INLINE pii_mask ssn(const struct pii_classes *c, const struct pii_shapes *s)
{
    pii_mask narrow = ahead(s->joint3, 3) & ahead(s->d2, 4) & ahead(s->joint3, 6) & ahead(s->d4, 7);
    return s->d3 & s->begins & (narrow | ahead(wide_joint(c, s->d2), 3));
}

PII_INLINE pii_mask paren(const struct pii_classes *c, const struct pii_shapes *s)
{
    pii_mask open = c->open.mask & ahead(s->d, 1), found = open ^ open, digits = s->d;
    pii_mask behind = c->close.mask & (ahead(s->d, 1) | (ahead(s->joint3, 1) & ahead(s->d, 2)));
    for (unsigned n = 1; n <= 5; n++, digits &= ahead(s->d, n - 1))
        found |= ahead(digits, 1) & ahead(behind, n + 1);
    return open & found;
}

PII_INLINE pii_mask dial(const struct pii_classes *c, const struct pii_shapes *s)
{
    pii_mask first = s->d & s->word_begins & ~ahead(c->dot.mask, 1);
    pii_mask sign = s->joint3 | c->slash.mask, doubled = sign & ahead(sign, 1);
    pii_mask all = s->d | sign | c->open.mask | c->close.mask | c->high.mask;
    pii_mask date = s->d4 & ahead(c->hyphen.mask, 4) & ahead(s->d2, 5) & ahead(c->hyphen.mask, 7) & ahead(s->d2, 8);
    all &= ahead(all, 1);
    all &= ahead(all, 2);
    doubled |= ahead(doubled, 1);
    doubled |= ahead(doubled, 2);
    return first & all & ahead(all, 3) & ~(doubled | ahead(doubled, 2)) & ~date;
}

PII_INLINE pii_mask mac(const struct pii_classes *c, const struct pii_shapes *s)
{
    pii_mask signs = c->hyphen.mask | c->colon.mask, signs2 = signs & ahead(signs, 3);
    pii_mask pairs = signs2 & ahead(signs2, 6) & ahead(signs, 12);
    pii_mask fours = c->dot.mask & ahead(c->dot.mask, 5) & ahead(s->word4, 1) & ahead(s->word4, 6);
    return (pairs | fours) & within_16(s->d);
}

PII_INLINE pii_mask iban(const struct pii_classes *c, const struct pii_shapes *s)
{
    pii_mask head = c->letter.mask & ahead(c->letter.mask, 1) & ahead(s->d2, 2) & s->word_begins;
    pii_mask word8 = s->word4 & ahead(s->word4, 4), word15 = word8 & ahead(word8, 7);
    pii_mask grouped = ahead(s->joint, 4) & ahead(s->word4, 5) & ahead(s->joint, 9) & ahead(s->word4, 10);
    return head & (word15 | grouped | ahead(wide_joint(c, s->word4), 4));
}

PII_INLINE pii_mask nino(const struct pii_classes *c, const struct pii_shapes *s)
{
    pii_mask head = c->letter.mask & ahead(c->letter.mask, 1) & s->word_begins;
    pii_mask pairs = s->d2 & ahead(s->joint, 2) & ahead(s->d2, 3) & ahead(s->joint, 5) & ahead(s->d2, 6);
    pii_mask six = s->d4 & ahead(s->d2, 4);
    return head & (ahead(six | pairs, 2) | (ahead(s->joint, 2) & ahead(six | pairs, 3)));
}

PII_INLINE pii_mask mbi(const struct pii_classes *c, const struct pii_shapes *s)
{
    pii_mask triple = c->letter.mask & ahead(s->word, 1) & ahead(s->d, 2);
    return s->d & s->word_begins & ahead(triple, 1) &
           (ahead(triple, 4) | (ahead(s->joint, 4) & ahead(triple, 5)));
}

PII_INLINE void long_words(const struct pii_classes *c, const struct pii_shapes *s, struct pii_found *a)
{
    pii_mask begins = run_16(s->word) & s->word_begins;
    pii_mask capitals = begins & run_16(c->upper.mask | s->d) & c->upper.mask;
    a->of[PII_ANCHOR_LONG] = begins & within_16(s->d) & ~run_16(s->d);
    a->of[PII_ANCHOR_UPPER] = capitals & within_16(s->d);
    a->of[PII_ANCHOR_IA] = capitals & ahead(c->I.mask, 2) & ahead(c->A.mask, 3);
}

PII_INLINE void sharp_anchors(const struct pii_classes *c, const struct pii_shapes *s, struct pii_found *a)
{
    pii_mask exchange = ahead(s->d3, 1) & ahead(s->joint3, 4) & ahead(s->d4, 5);
    pii_mask dotted = s->d & ahead(c->dot.mask, 1) & ahead(s->d, 2);
    runs(s, a);
    a->of[PII_ANCHOR_AT] = c->at.mask;
    a->of[PII_ANCHOR_GROUPS] = groups(c, s);
    a->of[PII_ANCHOR_SSN] = ssn(c, s);
    a->of[PII_ANCHOR_NANP] = (s->joint3 | c->close.mask) & exchange;
    a->of[PII_ANCHOR_PLUS] = c->plus.mask & (ahead(s->d, 1) | (ahead(c->open.mask, 1) & ahead(s->d, 2)));
    a->of[PII_ANCHOR_PAREN] = paren(c, s);
    a->of[PII_ANCHOR_DIAL] = dial(c, s);
    a->of[PII_ANCHOR_IP4] = again_2_4(again_2_4(dotted));
    a->of[PII_ANCHOR_COLONS] =
        (c->colon.mask & ahead(c->colon.mask, 1)) | again_2_5(again_2_5(again_2_5(c->colon.mask)));
    a->of[PII_ANCHOR_MAC] = mac(c, s);
    a->of[PII_ANCHOR_SCHEME] = c->colon.mask & ahead(c->slash.mask, 1) & ahead(c->slash.mask, 2);
    a->of[PII_ANCHOR_IBAN] = iban(c, s);
    a->of[PII_ANCHOR_NINO] = nino(c, s);
    a->of[PII_ANCHOR_MBI] = mbi(c, s);
    long_words(c, s, a);
}

/* Words begin with `letter` and hold a digit among their first ten bytes. */
PII_INLINE pii_mask codes(const struct pii_classes *c, const struct pii_shapes *s)
{
    pii_mask hits = s->d;
    for (unsigned n = 1; n < 10; n++)
        hits |= s->word & ahead(hits, 1);
    return c->letter.mask & s->word_begins & hits;
}

PII_INLINE void general_anchors(const struct pii_classes *c, const struct pii_shapes *s,
                                struct pii_found *a)
{
    pii_mask any = s->word | c->high.mask;
    a->of[PII_ANCHOR_NUMBER] = s->d & s->word_begins;
    a->of[PII_ANCHOR_CODE] = codes(c, s);
    a->of[PII_ANCHOR_WORD] = any & ~(any << 1 | c->word_before.mask | c->high_before.mask);
}

/* `bit` in each lane that is not 0. */
PII_INLINE pii_mask where_any(pii_mask mask, uint64_t bit)
{
#if LANES == 1
    return mask ? bit : 0;
#else
    return (pii_mask)(mask != 0) & bit;
#endif
}

/* Whether there are any. They are put together out of memory, so that only windows with anchors
 * cost stores. */
PII_INLINE bool pii_anchors_of(const struct pii_classes *c, bool all, struct pii_anchors *out)
{
    const uint64_t decided = ((uint64_t)1 << PII_STEP) - 1;
    const unsigned count = all ? PII_ANCHORS : PII_ANCHORS_SHARP;
    const struct pii_shapes s = pii_shapes(c);
    struct pii_found found;
    sharp_anchors(c, &s, &found);
    if (all)
        general_anchors(c, &s, &found);
    union pii_lanes kinds = {.mask = where_any(found.of[0] & decided, 1)};
#pragma GCC unroll 32
    for (unsigned k = 1; k < count; k++)
        kinds.mask |= where_any(found.of[k] & decided, (uint64_t)1 << k);
    uint64_t some = 0;
    for (unsigned i = 0; i < LANES; i++)
        some |= out->kinds[i] = kinds.lane[i];
    if (some == 0)
        return false;
#pragma GCC unroll 32
    for (unsigned k = 0; k < count; k++) {
        pii_mask mask = found.of[k] & decided;
        memcpy(out->of[k], &mask, sizeof(mask));
    }
    return true;
}

#endif
