/* SPDX-License-Identifier: MIT */
/*
 * Gathering mistakes. Any step of reading a configuration adds what it finds and goes on, so
 * that one run of `objlens check` shows them all. Callers keep secrets out of the texts:
 * values go in through ol_text_show (draft.h) only.
 */
#ifndef OL_CONTROL_REPORT_H
#define OL_CONTROL_REPORT_H

#include "control/config/config.h"

#define OL_REPORT_MISTAKES_MAX 200

/* `file` is borrowed. Out of memory shows as report->no_memory. */
void ol_report_init(ol_config_report *report, const char *file);
/* Past OL_REPORT_MISTAKES_MAX further ones are dropped, and the last one says so. */
void ol_report_add(ol_config_report *report, int line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Further mistakes are dropped: finding out more about one is no use. */
static inline bool ol_report_is_full(const ol_config_report *report)
{
    return report->count > OL_REPORT_MISTAKES_MAX;
}
/* In the order of their lines, each once. */
void ol_report_sort(ol_config_report *report);
/* OL_OK, OL_ECONFIG or OL_ENOMEM. */
int ol_report_result(const ol_config_report *report);

#endif
