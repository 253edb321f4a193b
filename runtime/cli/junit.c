/* SPDX-License-Identifier: MIT */
#include "cli/junit.h"

#include <errno.h>
#include <stdio.h>

#include "base/encode.h"

void ol_junit_init(ol_junit *junit)
{
    *junit = (ol_junit){0};
    ol_buf_init(&junit->cases, OL_JUNIT_BYTES_MAX);
}

void ol_junit_fini(ol_junit *junit)
{
    ol_buf_fini(&junit->cases);
}

/* NAME="TEXT", escaped. */
static int add_attribute(ol_buf *out, const char *name, const char *text)
{
    int rc = ol_buf_addf(out, " %s=\"", name);
    if (rc == OL_OK)
        rc = ol_xml_escape(out, ol_slice_cstr(text));
    return rc == OL_OK ? ol_buf_add_byte(out, '"') : rc;
}

static int add_time(ol_buf *out, uint64_t wall_us)
{
    return ol_buf_addf(out, " time=\"%llu.%06llu\"", (unsigned long long)(wall_us / 1000000),
                       (unsigned long long)(wall_us % 1000000));
}

static int add_case(ol_buf *out, const char *suite, const char *name, uint64_t wall_us, const char *why)
{
    int rc = ol_buf_add_cstr(out, "  <testcase");
    if (rc == OL_OK)
        rc = add_attribute(out, "classname", suite);
    if (rc == OL_OK)
        rc = add_attribute(out, "name", name);
    if (rc == OL_OK)
        rc = add_time(out, wall_us);
    if (rc == OL_OK && !why)
        return ol_buf_add_cstr(out, "/>\n");
    if (rc == OL_OK)
        rc = ol_buf_add_cstr(out, "><failure");
    if (rc == OL_OK)
        rc = add_attribute(out, "message", why);
    return rc == OL_OK ? ol_buf_add_cstr(out, "/></testcase>\n") : rc;
}

void ol_junit_add(ol_junit *junit, const char *suite, const char *name, uint64_t wall_us, const char *why)
{
    size_t before = junit->cases.len;
    junit->count++;
    junit->failures += why != NULL;
    junit->wall_us += wall_us;
    if (add_case(&junit->cases, suite, name, wall_us, why) == OL_OK)
        return;
    junit->cases.len = before;
    junit->full = true;
}

static int begin(ol_buf *out, const ol_junit *junit, const char *suite)
{
    int rc = ol_buf_add_cstr(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuite");
    if (rc == OL_OK)
        rc = add_attribute(out, "name", suite);
    if (rc == OL_OK)
        rc = ol_buf_addf(out, " tests=\"%u\" failures=\"%u\" errors=\"0\" skipped=\"0\"", junit->count,
                         junit->failures);
    if (rc == OL_OK)
        rc = add_time(out, junit->wall_us);
    return rc == OL_OK ? ol_buf_add_cstr(out, ">\n") : rc;
}

int ol_junit_write(const ol_junit *junit, const char *suite, const char *path, ol_error *err)
{
    ol_buf head;
    ol_buf_init(&head, 4096);
    int rc = junit->full ? OL_ELIMIT : begin(&head, junit, suite);
    FILE *file = rc == OL_OK ? fopen(path, "we") : NULL;
    if (rc != OL_OK)
        ol_error_set(err, rc, "%s: the report is larger than %u bytes", path, OL_JUNIT_BYTES_MAX);
    else if (!file)
        rc = ol_error_set(err, OL_EINVAL, "%s: %s", path, strerror(errno));
    if (file) {
        fwrite(head.data, 1, head.len, file);
        fwrite(junit->cases.data ? junit->cases.data : (const uint8_t *)"", 1, junit->cases.len, file);
        fputs("</testsuite>\n", file);
        bool failed = ferror(file) != 0;
        if (fclose(file) != 0 || failed)
            rc = ol_error_set(err, OL_EINVAL, "%s: cannot be written", path);
    }
    ol_buf_fini(&head);
    return rc;
}
