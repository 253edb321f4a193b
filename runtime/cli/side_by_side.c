/* SPDX-License-Identifier: MIT */
#include "cli/side_by_side.h"

#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/utf8.h"

#define WIDTH_MIN 40u
#define WIDTH_DEFAULT 120u
#define WIDTH_MAX 1000u
#define CONTEXT_LINES 3u /* equal ones, on either side of a change */
#define RED "\033[31m"
#define GREEN "\033[32m"
#define GREY "\033[90m"
#define PLAIN "\033[0m"

/* A line on its way into a column. */
typedef struct cell {
    ol_slice rest;
    size_t at;             /* bytes taken so far */
    size_t mark, mark_end; /* what is coloured, in bytes of the line */
    const char *colour;
} cell;

ol_side_by_side ol_side_by_side_for(FILE *out)
{
    ol_side_by_side to = {.out = out, .width = WIDTH_DEFAULT};
    struct winsize size;
    const char *columns = getenv("COLUMNS"), *no_colour = getenv("NO_COLOR");
    uint64_t given;
    bool terminal = isatty(fileno(out));
    if (terminal && ioctl(fileno(out), TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
        to.width = size.ws_col;
    else if (columns && ol_slice_u64(ol_slice_cstr(columns), &given) && given <= WIDTH_MAX)
        to.width = (unsigned)given;
    to.coloured = terminal && !(no_colour && no_colour[0]);
    return to;
}

/* ---- one column ---- */

typedef struct range {
    uint32_t first, last;
} range;

static bool is_in(const range *ranges, size_t count, uint32_t point)
{
    for (size_t i = 0; i < count; i++)
        if (point >= ranges[i].first && point <= ranges[i].last)
            return true;
    return false;
}

/* How many columns terminals give to a character: roughly what Unicode's East Asian Width says, and
 * none for marks that stand on the character before. */
static unsigned columns_of(uint32_t point)
{
    static const range marks[] = {{0x300, 0x36f},   {0x483, 0x489},   {0x591, 0x5bd},   {0x64b, 0x65f},
                                  {0x1ab0, 0x1aff}, {0x1dc0, 0x1dff}, {0x20d0, 0x20ff}, {0xfe00, 0xfe0f},
                                  {0xfe20, 0xfe2f}};
    static const range wide[] = {{0x1100, 0x115f},   {0x2e80, 0x303e},   {0x3041, 0xa4cf},
                                 {0xac00, 0xd7a3},   {0xf900, 0xfaff},   {0xfe30, 0xfe6f},
                                 {0xff00, 0xff60},   {0xffe0, 0xffe6},   {0x1f300, 0x1f64f},
                                 {0x1f680, 0x1f6ff}, {0x1f900, 0x1f9ff}, {0x20000, 0x3fffd}};
    if (point < 0x300)
        return 1;
    if (is_in(marks, sizeof(marks) / sizeof(marks[0]), point))
        return 0;
    return is_in(wide, sizeof(wide) / sizeof(wide[0]), point) ? 2 : 1;
}

/* The next character as it is shown: its text, and how many columns it takes. A control character
 * must never reach a terminal. */
static unsigned show(cell *c, char text[16], size_t *bytes)
{
    uint32_t point;
    size_t len = ol_utf8_next(c->rest, &point);
    bool control = point < 0x20 || (point >= 0x7f && point < 0xa0) ||
                   (point >= 0x200b && point <= 0x200f) || (point >= 0x2028 && point <= 0x202e) ||
                   (point >= 0x2066 && point <= 0x2069) || point == 0xfeff;
    *bytes = 1;
    if (point == OL_UTF8_BAD || (control && len == 1)) {
        if (c->rest.data[0] == '\t')
            return (unsigned)snprintf(text, 16, "\\t");
        return (unsigned)snprintf(text, 16, "\\x%02x", c->rest.data[0]);
    }
    *bytes = len;
    if (control)
        return (unsigned)snprintf(text, 16, "\\u%04x", point);
    memcpy(text, c->rest.data, len);
    text[len] = '\0';
    return columns_of(point);
}

static void print_row(const ol_side_by_side *to, cell *c, unsigned width, bool pad)
{
    unsigned used = 0;
    bool coloured = false;
    while (c->rest.len > 0) {
        char text[16];
        size_t bytes;
        unsigned columns = show(c, text, &bytes);
        if (used + columns > width)
            break;
        bool marked = to->coloured && c->at >= c->mark && c->at < c->mark_end;
        if (marked != coloured)
            fputs(marked ? c->colour : PLAIN, to->out);
        coloured = marked;
        fputs(text, to->out);
        used += columns;
        c->at += bytes;
        c->rest = ol_slice_from(c->rest, bytes);
    }
    if (coloured)
        fputs(PLAIN, to->out);
    if (pad)
        fprintf(to->out, "%*s", (int)(width - used), "");
}

/* ---- pairs ---- */

/* What two lines begin and end with in common is not marked. */
static void mark_difference(cell *left, cell *right)
{
    size_t a = left->rest.len, b = right->rest.len, shorter = a < b ? a : b, head = 0, tail = 0;
    while (head < shorter && left->rest.data[head] == right->rest.data[head])
        head++;
    while (tail < shorter - head &&
           left->rest.data[a - 1 - tail] == right->rest.data[b - 1 - tail])
        tail++;
    left->mark = right->mark = head;
    left->mark_end = a - tail;
    right->mark_end = b - tail;
}

static void print_pair(const ol_side_by_side *to, const ol_line_pair *pair)
{
    static const char signs[] = {
        [OL_LINE_SAME] = ' ', [OL_LINE_CHANGED] = '|', [OL_LINE_REMOVED] = '<', [OL_LINE_ADDED] = '>'};
    unsigned width = (to->width < WIDTH_MIN ? WIDTH_MIN : to->width) / 2 - 2;
    cell left = {.rest = pair->left, .colour = RED, .mark_end = pair->left.len};
    cell right = {.rest = pair->right, .colour = GREEN, .mark_end = pair->right.len};
    if (pair->kind == OL_LINE_SAME)
        left.mark_end = right.mark_end = 0;
    if (pair->kind == OL_LINE_CHANGED)
        mark_difference(&left, &right);
    do {
        print_row(to, &left, width, right.rest.len > 0 || pair->kind != OL_LINE_SAME);
        if (right.rest.len > 0 || pair->kind != OL_LINE_SAME)
            fprintf(to->out, " %c", signs[pair->kind]);
        if (right.rest.len > 0)
            fputc(' ', to->out);
        print_row(to, &right, width, false);
        fputc('\n', to->out);
    } while (left.rest.len > 0 || right.rest.len > 0);
}

static size_t same_run(const ol_line_diff *diff, size_t at)
{
    size_t end = at;
    while (end < diff->count && diff->pairs[end].kind == OL_LINE_SAME)
        end++;
    return end - at;
}

/* Equal lines near a change are shown, the others counted. */
static size_t print_same(const ol_side_by_side *to, const ol_line_diff *diff, size_t at)
{
    size_t run = same_run(diff, at);
    size_t head = at == 0 ? 0 : CONTEXT_LINES, tail = at + run == diff->count ? 0 : CONTEXT_LINES;
    bool skips = run > head + tail + 1;
    for (size_t i = 0; i < run; i++) {
        if (!skips || i < head || i >= run - tail)
            print_pair(to, &diff->pairs[at + i]);
        else if (i == head)
            fprintf(to->out, "%s... %zu equal lines%s\n", to->coloured ? GREY : "",
                    run - head - tail, to->coloured ? PLAIN : "");
    }
    return run;
}

void ol_side_by_side_print(const ol_side_by_side *to, const ol_line_diff *diff)
{
    size_t counts[4] = {0};
    for (size_t i = 0; i < diff->count;) {
        if (diff->pairs[i].kind == OL_LINE_SAME) {
            i += print_same(to, diff, i);
            continue;
        }
        counts[diff->pairs[i].kind]++;
        print_pair(to, &diff->pairs[i++]);
    }
    fprintf(to->out, "%zu changed, %zu removed, %zu added", counts[OL_LINE_CHANGED],
            counts[OL_LINE_REMOVED], counts[OL_LINE_ADDED]);
    if (diff->left_ends != diff->right_ends)
        fprintf(to->out, "; only the %s ends with a newline", diff->left_ends ? "left" : "right");
    fputc('\n', to->out);
}
