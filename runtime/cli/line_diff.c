/* SPDX-License-Identifier: MIT */
/*
 * The shortest edit script by Myers' greedy search, between what the texts begin and end with in
 * common. Each round's frontier is kept, so that the way back can be walked; memory is bounded by
 * the square of OL_LINE_DIFF_EDITS_MAX.
 */
#include "cli/line_diff.h"

#include "base/alloc.h"

typedef struct lines {
    ol_slice *at;
    size_t count;
} lines;

typedef struct search {
    const ol_slice *a, *b; /* between the common ends */
    int n, m;
    int **rounds; /* frontier of round d, 2d + 1 numbers, index k + d */
    int round_count;
    bool *gone_a, *gone_b; /* on one side only */
} search;

/* ---- lines ---- */

static int split(lines *out, ol_slice text)
{
    size_t count = text.len > 0 && text.data[text.len - 1] != '\n';
    for (size_t i = 0; i < text.len; i++)
        count += text.data[i] == '\n';
    if (count > OL_LINE_DIFF_LINES_MAX)
        return OL_ELIMIT;
    out->at = ol_calloc(count + 1, sizeof(*out->at));
    if (!out->at)
        return OL_ENOMEM;
    while (text.len > 0) {
        ptrdiff_t end = ol_slice_find(text, '\n');
        size_t len = end < 0 ? text.len : (size_t)end;
        out->at[out->count++] = ol_slice_first(text, len);
        text = ol_slice_from(text, end < 0 ? len : len + 1);
    }
    return OL_OK;
}

/* ---- the search ---- */

static int start_of(const search *s, int d, int k)
{
    const int *before = s->rounds[d - 1];
    int at = k + d - 1; /* of diagonal k in the round before */
    bool down = k == -d || (k != d && before[at - 1] < before[at + 1]);
    return down ? before[at + 1] : before[at - 1] + 1;
}

/* One round: how far each diagonal gets with d edits. OL_DONE when the end is reached. */
static int search_round(search *s, int d)
{
    int *frontier = ol_calloc((size_t)(2 * d + 1), sizeof(*frontier));
    if (!frontier)
        return OL_ENOMEM;
    s->rounds[d] = frontier;
    s->round_count = d + 1;
    for (int k = -d; k <= d; k += 2) {
        int x = d == 0 ? 0 : start_of(s, d, k);
        while (x < s->n && x - k >= 0 && x - k < s->m && ol_slice_eq(s->a[x], s->b[x - k]))
            x++;
        frontier[k + d] = x;
        if (x >= s->n && x - k >= s->m)
            return OL_DONE;
    }
    return OL_OK;
}

/* From the end back to the beginning, marking what was stepped over. */
static void walk_back(search *s)
{
    int x = s->n, y = s->m;
    for (int d = s->round_count - 1; d > 0; d--) {
        int k = x - y, at = k + d - 1;
        const int *before = s->rounds[d - 1];
        bool down = k == -d || (k != d && before[at - 1] < before[at + 1]);
        int from_k = down ? k + 1 : k - 1;
        int from_x = before[from_k + d - 1], from_y = from_x - from_k;
        if (down && from_y >= 0 && from_y < s->m)
            s->gone_b[from_y] = true;
        else if (!down && from_x >= 0 && from_x < s->n)
            s->gone_a[from_x] = true;
        x = from_x;
        y = from_y;
    }
}

static void mark_all(search *s)
{
    memset(s->gone_a, true, (size_t)s->n * sizeof(*s->gone_a));
    memset(s->gone_b, true, (size_t)s->m * sizeof(*s->gone_b));
}

static int find_edits(search *s)
{
    int rc = OL_OK;
    s->rounds = ol_calloc(OL_LINE_DIFF_EDITS_MAX + 1, sizeof(*s->rounds));
    s->gone_a = ol_calloc((size_t)s->n + 1, sizeof(*s->gone_a));
    s->gone_b = ol_calloc((size_t)s->m + 1, sizeof(*s->gone_b));
    if (!s->rounds || !s->gone_a || !s->gone_b)
        return OL_ENOMEM;
    for (int d = 0; rc == OL_OK && d <= (int)OL_LINE_DIFF_EDITS_MAX; d++)
        rc = search_round(s, d);
    if (rc == OL_DONE)
        walk_back(s);
    else if (rc == OL_OK)
        mark_all(s);
    return rc < 0 ? rc : OL_OK;
}

static void search_fini(search *s)
{
    for (int d = 0; d < s->round_count; d++)
        ol_free(s->rounds[d]);
    ol_free(s->rounds);
    ol_free(s->gone_a);
    ol_free(s->gone_b);
}

/* ---- pairs ---- */

static void add(ol_line_diff *diff, enum ol_line_kind kind, ol_slice left, ol_slice right)
{
    diff->pairs[diff->count++] = (ol_line_pair){kind, left, right};
}

/* What is gone here and there between two common lines stands for each other, in order. */
static void add_edits(ol_line_diff *diff, const search *s, int *x, int *y)
{
    while (*x < s->n && s->gone_a[*x] && *y < s->m && s->gone_b[*y])
        add(diff, OL_LINE_CHANGED, s->a[(*x)++], s->b[(*y)++]);
    while (*x < s->n && s->gone_a[*x])
        add(diff, OL_LINE_REMOVED, s->a[(*x)++], OL_SLICE_NONE);
    while (*y < s->m && s->gone_b[*y])
        add(diff, OL_LINE_ADDED, OL_SLICE_NONE, s->b[(*y)++]);
}

static void add_middle(ol_line_diff *diff, const search *s)
{
    for (int x = 0, y = 0; x < s->n || y < s->m;) {
        add_edits(diff, s, &x, &y);
        if (x < s->n && y < s->m) {
            add(diff, OL_LINE_SAME, s->a[x], s->b[y]);
            x++;
            y++;
        }
    }
}

static int compare(ol_line_diff *diff, const lines *left, const lines *right)
{
    size_t shorter = left->count < right->count ? left->count : right->count;
    size_t head = 0, tail = 0;
    while (head < shorter && ol_slice_eq(left->at[head], right->at[head]))
        head++;
    while (tail < shorter - head && ol_slice_eq(left->at[left->count - 1 - tail],
                                                right->at[right->count - 1 - tail]))
        tail++;
    search s = {.a = left->at + head,
                .b = right->at + head,
                .n = (int)(left->count - head - tail),
                .m = (int)(right->count - head - tail)};
    diff->pairs = ol_calloc(left->count + right->count + 1, sizeof(*diff->pairs));
    int rc = diff->pairs ? find_edits(&s) : OL_ENOMEM;
    if (rc == OL_OK) {
        for (size_t i = 0; i < head; i++)
            add(diff, OL_LINE_SAME, left->at[i], right->at[i]);
        add_middle(diff, &s);
        for (size_t i = tail; i > 0; i--)
            add(diff, OL_LINE_SAME, left->at[left->count - i], right->at[right->count - i]);
    }
    search_fini(&s);
    return rc;
}

static bool ends_with_newline(ol_slice text)
{
    return text.len == 0 || text.data[text.len - 1] == '\n';
}

int ol_line_diff_make(ol_line_diff *diff, ol_slice left, ol_slice right)
{
    lines a = {0}, b = {0};
    *diff = (ol_line_diff){.left_ends = ends_with_newline(left), .right_ends = ends_with_newline(right)};
    int rc = split(&a, left);
    if (rc == OL_OK)
        rc = split(&b, right);
    if (rc == OL_OK)
        rc = compare(diff, &a, &b);
    ol_free(a.at);
    ol_free(b.at);
    if (rc != OL_OK)
        ol_line_diff_fini(diff);
    return rc;
}

void ol_line_diff_fini(ol_line_diff *diff)
{
    ol_free(diff->pairs);
    *diff = (ol_line_diff){0};
}
