/* SPDX-License-Identifier: MIT */
#include "control/config/suggest.h"

#include <stdio.h>

#define WORD_BYTES_MAX 64

void ol_suggest_init(ol_suggest *suggest, ol_slice typed)
{
    *suggest = (ol_suggest){.typed = typed, .best_slips = typed.len / 3 + 1};
    if (suggest->best_slips > 3)
        suggest->best_slips = 3;
}

static size_t least(size_t a, size_t b, size_t c)
{
    size_t ab = a < b ? a : b;
    return ab < c ? ab : c;
}

/* Letters added, dropped, changed, or swapped with their neighbour. */
static size_t count_slips(ol_slice a, ol_slice b)
{
    size_t rows[3][WORD_BYTES_MAX + 1];
    for (size_t j = 0; j <= b.len; j++)
        rows[0][j] = j;
    for (size_t i = 1; i <= a.len; i++) {
        size_t *row = rows[i % 3], *above = rows[(i + 2) % 3], *two_above = rows[(i + 1) % 3];
        row[0] = i;
        for (size_t j = 1; j <= b.len; j++) {
            size_t change = above[j - 1] + (a.data[i - 1] != b.data[j - 1]);
            row[j] = least(change, above[j] + 1, row[j - 1] + 1);
            bool swapped = i > 1 && j > 1 && a.data[i - 1] == b.data[j - 2] &&
                           a.data[i - 2] == b.data[j - 1];
            if (swapped && two_above[j - 2] + 1 < row[j])
                row[j] = two_above[j - 2] + 1;
        }
    }
    return rows[a.len % 3][b.len];
}

void ol_suggest_offer(ol_suggest *suggest, ol_slice word)
{
    if (suggest->typed.len > WORD_BYTES_MAX || word.len > WORD_BYTES_MAX || word.len == 0)
        return;
    size_t slips = count_slips(suggest->typed, word);
    if (slips < suggest->best_slips || (slips == suggest->best_slips && !suggest->best.len)) {
        suggest->best = word;
        suggest->best_slips = slips;
    }
}

const char *ol_suggest_text(const ol_suggest *suggest, char out[OL_SUGGEST_TEXT_SIZE])
{
    out[0] = '\0';
    if (suggest->best.len)
        snprintf(out, OL_SUGGEST_TEXT_SIZE, "; did you mean \"%.*s\"?",
                 OL_SLICE_FMT(suggest->best));
    return out;
}
