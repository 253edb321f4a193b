/* SPDX-License-Identifier: MIT */
#include "cli/mistakes.h"

#include <stdio.h>

static void print_mistakes(const ol_config_report *report)
{
    for (size_t i = 0; i < report->count; i++) {
        const ol_config_mistake *mistake = &report->mistakes[i];
        if (mistake->line > 0)
            fprintf(stderr, "%s:%d: %s\n", report->file, mistake->line, mistake->text);
        else
            fprintf(stderr, "%s: %s\n", report->file, mistake->text);
    }
}

int ol_cli_load_config(ol_config **config, const char *path, ol_error *err)
{
    ol_config_report report;
    int rc = ol_config_load(config, path, &report);
    print_mistakes(&report);
    if (rc == OL_ENOMEM)
        ol_error_set(err, rc, "%s: out of memory", path);
    else if (rc != OL_OK)
        ol_error_set(err, rc, "%s: %zu mistake%s", path, report.count,
                     report.count == 1 ? "" : "s");
    ol_config_report_fini(&report);
    return rc;
}
