/* SPDX-License-Identifier: MIT */
#include "cli/run_entry.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/limits.h"
#include "cli/head_text.h"
#include "cli/run_calls.h"

#define OUT_BYTES_MAX (8 * OL_MIB)

typedef struct trying {
    const ol_run_entry *run;
    ol_buf in;
    int64_t size; /* of the original */
    bool asked;
} trying;

int ol_run_read_all(int fd, ol_buf *out, ol_error *err)
{
    static uint8_t block[64 * OL_KIB];
    for (;;) {
        ssize_t got = read(fd, block, sizeof(block));
        if (got == 0)
            return OL_OK;
        if (got < 0 && errno != EINTR)
            return ol_error_set(err, OL_EORIGIN, "standard input: %s", strerror(errno));
        int rc = got > 0 ? ol_buf_add(out, ol_slice_of(block, (size_t)got)) : OL_OK;
        if (rc != OL_OK)
            return ol_error_set(err, rc, "standard input is longer than %zu bytes", out->max);
    }
}

static int write_all(int fd, ol_slice bytes, ol_error *err)
{
    while (bytes.len > 0) {
        ssize_t put = write(fd, bytes.data, bytes.len);
        if (put >= 0)
            bytes = ol_slice_from(bytes, (size_t)put);
        else if (errno != EINTR)
            return ol_error_set(err, OL_EPEER, "standard output: %s", strerror(errno));
    }
    return OL_OK;
}

/* ---- what comes out ---- */

static int write_head(const trying *self, const ol_head *head, ol_error *err)
{
    ol_buf text;
    ol_buf_init(&text, OL_HTTP_HEAD_BYTES_MAX);
    int rc = ol_head_text(&text, head);
    if (rc != OL_OK)
        ol_error_set(err, rc, "the head");
    else
        rc = write_all(self->run->out_fd, ol_buf_slice(&text), err);
    ol_buf_fini(&text);
    return rc;
}

static int take(void *arg, const ol_run_result *result, ol_error *err)
{
    const trying *self = arg;
    enum ol_transform_entry entry = self->run->entry;
    if (entry == OL_ENTRY_HEAD)
        return write_head(self, result->head, err);
    if (entry == OL_ENTRY_REQUEST && result->head->status == 404)
        return ol_error_set(err, OL_ENOSUCHKEY, "the key is hidden");
    int rc = write_all(self->run->out_fd, result->out, err);
    return rc == OL_OK ? write_all(self->run->out_fd, OL_SLICE_LIT("\n"), err) : rc;
}

static bool next(void *arg, ol_run_call *call)
{
    trying *self = arg;
    *call = (ol_run_call){.entry = self->run->entry,
                          .key = self->run->key,
                          .in = ol_buf_slice(&self->in),
                          .size = self->size};
    bool first = !self->asked;
    self->asked = true;
    return first;
}

/* ---- what goes in ---- */

/* Of a regular file that nobody has begun to read; read_at needs one as well. */
static int64_t size_of(int fd)
{
    struct stat st;
    bool whole = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && lseek(fd, 0, SEEK_CUR) == 0;
    return whole ? (int64_t)st.st_size : -1;
}

int ol_run_entry_run(const ol_run_entry *run, ol_error *err)
{
    trying self = {.run = run, .size = -1};
    int rc = OL_OK;
    if (!ol_program_has(run->program, run->entry))
        return ol_error_set(err, OL_EINVAL, "%s has no function for this", run->program->name);
    ol_buf_init(&self.in, OL_TRANSFORM_LISTING_BYTES_MAX);
    if (run->entry == OL_ENTRY_LIST)
        rc = ol_run_read_all(run->in_fd, &self.in, err);
    else if (run->entry == OL_ENTRY_HEAD)
        self.size = size_of(run->in_fd);
    ol_run_calls calls = {.program = run->program,
                          .event = run->event,
                          .chunk_bytes = run->chunk_bytes,
                          .original_fd = self.size >= 0 ? run->in_fd : -1,
                          .original_bytes = self.size >= 0 ? (uint64_t)self.size : 0,
                          .out_bytes_max = OUT_BYTES_MAX,
                          .next = next,
                          .take = take,
                          .arg = &self};
    if (rc == OL_OK)
        rc = ol_run_calls_run(&calls, err);
    ol_buf_fini(&self.in);
    return rc;
}
