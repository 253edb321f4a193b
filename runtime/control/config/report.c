/* SPDX-License-Identifier: MIT */
#include "control/config/report.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define REPORT_BYTES_MAX (1 * OL_MIB)
#define TEXT_BYTES_MAX 512

void ol_report_init(ol_config_report *report, const char *file)
{
    *report = (ol_config_report){.file = file, .arena = ol_arena_new(REPORT_BYTES_MAX)};
    report->no_memory = !report->arena;
}

static bool make_room(ol_config_report *report)
{
    if (report->count < report->cap_)
        return true;
    size_t cap = report->cap_ ? report->cap_ * 2 : 8;
    ol_config_mistake *grown = ol_arena_alloc(report->arena, cap * sizeof(*grown));
    if (!grown)
        return false;
    if (report->count)
        memcpy(grown, report->mistakes, report->count * sizeof(*grown));
    report->mistakes = grown;
    report->cap_ = cap;
    return true;
}

static void add_text(ol_config_report *report, int line, const char *text)
{
    char *copy = report->arena && make_room(report) ? ol_arena_strdup(report->arena, text) : NULL;
    if (!copy) {
        report->no_memory = true;
        return;
    }
    report->mistakes[report->count++] = (ol_config_mistake){.line = line, .text = copy};
}

void ol_report_add(ol_config_report *report, int line, const char *format, ...)
{
    if (ol_report_is_full(report))
        return;
    if (report->count == OL_REPORT_MISTAKES_MAX) {
        add_text(report, 0, "there are more mistakes than are shown here");
        return;
    }
    char text[TEXT_BYTES_MAX];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    add_text(report, line, text);
}

static int compare(const void *left, const void *right)
{
    const ol_config_mistake *a = left, *b = right;
    if (a->line != b->line)
        return a->line < b->line ? -1 : 1;
    return strcmp(a->text, b->text);
}

void ol_report_sort(ol_config_report *report)
{
    if (report->count < 2)
        return;
    qsort(report->mistakes, report->count, sizeof(*report->mistakes), compare);
    size_t kept = 1;
    for (size_t i = 1; i < report->count; i++)
        if (compare(&report->mistakes[kept - 1], &report->mistakes[i]) != 0)
            report->mistakes[kept++] = report->mistakes[i];
    report->count = kept;
}

int ol_report_result(const ol_config_report *report)
{
    if (report->no_memory)
        return OL_ENOMEM;
    return report->count ? OL_ECONFIG : OL_OK;
}

void ol_config_report_fini(ol_config_report *report)
{
    ol_arena_destroy(report->arena);
    *report = (ol_config_report){0};
}
