/* SPDX-License-Identifier: MIT */
/*
 * Configurations in a test's own folder.
 */
#ifndef OL_TESTS_CONTROL_SCRATCH_H
#define OL_TESTS_CONTROL_SCRATCH_H

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "control/config/config.h"
#include "control/state/realm_private.h"
#include "lib/check.h"
#include "lib/scratch.h"

typedef ol_test_scratch scratch;

static inline void scratch_path(const scratch *s, const char *name, char out[256])
{
    snprintf(out, 256, "%s/%s", s->folder, name);
}

static inline void scratch_write(const scratch *s, const char *name, ol_slice content, mode_t mode)
{
    char path[256];
    scratch_path(s, name, path);
    ol_test_file_write(path, content);
    assert_int_equal(chmod(path, mode), 0);
}

/* Write the text as objlens.lua and load it. The report names no file. */
static inline int scratch_load(const scratch *s, ol_slice text, ol_config **config,
                               ol_config_report *report)
{
    char path[256];
    scratch_write(s, "objlens.lua", text, 0600);
    scratch_path(s, "objlens.lua", path);
    int rc = ol_config_load(config, path, report);
    report->file = NULL; /* `path` ends here */
    return rc;
}

static inline void print_report(const ol_config_report *report)
{
    for (size_t i = 0; i < report->count; i++)
        print_message("  %d: %s\n", report->mistakes[i].line, report->mistakes[i].text);
}

/* What a configuration alone makes; the caller releases it. */
static inline ol_realm *scratch_realm(ol_config *config)
{
    ol_realm *realm;
    ol_error err = {0};
    ol_document *document = ol_document_new();
    assert_non_null(document);
    assert_code_of(ol_realm_new(&realm, config, document, NULL, &err), OL_OK, &err);
    ol_document_free(document);
    return realm;
}

#endif
