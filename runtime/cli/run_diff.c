/* SPDX-License-Identifier: MIT */
#include "cli/run_diff.h"

#include <sys/stat.h>

#include "cli/run_calls.h"
#include "cli/run_entry.h"
#include "cli/side_by_side.h"

typedef struct comparing {
    const ol_run_diff *diff;
    ol_buf original;
    bool asked;
} comparing;

static bool next(void *arg, ol_run_call *call)
{
    comparing *self = arg;
    *call = (ol_run_call){.entry = OL_ENTRY_GET,
                          .in = ol_buf_slice(&self->original),
                          .size = (int64_t)self->original.len};
    bool first = !self->asked;
    self->asked = true;
    return first;
}

static int take(void *arg, const ol_run_result *result, ol_error *err)
{
    const comparing *self = arg;
    ol_line_diff lines;
    ol_side_by_side to = ol_side_by_side_for(self->diff->out);
    int rc = ol_line_diff_make(&lines, ol_buf_slice(&self->original), result->out);
    if (rc != OL_OK)
        return ol_error_set(err, rc, "comparing: more than %u lines", OL_LINE_DIFF_LINES_MAX);
    ol_side_by_side_print(&to, &lines);
    ol_line_diff_fini(&lines);
    return OL_OK;
}

static bool is_regular(int fd)
{
    struct stat st;
    return fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
}

int ol_run_diff_run(const ol_run_diff *diff, ol_error *err)
{
    comparing self = {.diff = diff};
    ol_buf_init(&self.original, OL_RUN_DIFF_BYTES_MAX);
    int rc = ol_run_read_all(diff->in_fd, &self.original, err);
    ol_run_calls calls = {.program = diff->program,
                          .event = diff->event,
                          .chunk_bytes = diff->chunk_bytes,
                          .original_fd = is_regular(diff->in_fd) ? diff->in_fd : -1,
                          .original_bytes = self.original.len,
                          .out_bytes_max = OL_RUN_DIFF_BYTES_MAX,
                          .next = next,
                          .take = take,
                          .arg = &self};
    if (rc == OL_OK)
        rc = ol_run_calls_run(&calls, err);
    ol_buf_fini(&self.original);
    return rc;
}
