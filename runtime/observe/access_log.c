/* SPDX-License-Identifier: MIT */
/*
 * One line is put together on the stack and copied once, into the log. A field that would not
 * fit is left out whole, and the line says so ("cut":true); the fields stand in the order of
 * their use, so that it hits the least needed.
 */
#include "observe/access_log.h"

#include "base/clock.h"
#include "base/encode.h"
#include "base/limits.h"

#define TAIL_BYTES 16u /* kept free for ,"cut":true} */

/* Every field is written whole or not at all: `mark` is where it began. */
typedef struct writer {
    ol_buf out;
    size_t mark;
    bool failed; /* in the present field */
    bool cut;    /* some field is missing */
} writer;

/* Part of whoever calls it: most texts are literals, whose copy is a few moves then. */
__attribute__((always_inline)) static inline void put(writer *w, ol_slice text)
{
    if (!w->failed && ol_buf_add(&w->out, text) != OL_OK)
        w->failed = true;
}

static void put_number(writer *w, uint64_t number)
{
    if (!w->failed && ol_buf_add_u64(&w->out, number) != OL_OK)
        w->failed = true;
}

static void put_string(writer *w, ol_slice text)
{
    if (!w->failed && ol_json_string(&w->out, text) != OL_OK)
        w->failed = true;
}

/* `name` with its quotes and colon, and the comma before. */
__attribute__((always_inline)) static inline void begin(writer *w, ol_slice name)
{
    w->mark = w->out.len;
    w->failed = false;
    put(w, name);
}

static void end(writer *w)
{
    if (!w->failed)
        return;
    w->out.len = w->mark;
    w->cut = true;
}

static inline void string_field(writer *w, ol_slice name, ol_slice value)
{
    if (value.len == 0)
        return;
    begin(w, name);
    put_string(w, value);
    end(w);
}

static inline void text_field(writer *w, ol_slice name, const char *value)
{
    string_field(w, name, ol_slice_cstr(value));
}

/* A word of our own, which needs no escapes. `name` ends with the quote before it. */
static inline void word_field(writer *w, ol_slice name, const char *word)
{
    if (!word || !word[0])
        return;
    begin(w, name);
    put(w, ol_slice_cstr(word));
    put(w, OL_SLICE_LIT("\""));
    end(w);
}

static inline void number_field(writer *w, ol_slice name, uint64_t value)
{
    begin(w, name);
    put_number(w, value);
    end(w);
}

static void flag_field(writer *w, ol_slice name, bool value)
{
    if (!value)
        return;
    begin(w, name);
    put(w, OL_SLICE_LIT("true"));
    end(w);
}

static void list_field(writer *w, ol_slice name, ol_slice names)
{
    if (names.len == 0)
        return;
    begin(w, name);
    put(w, OL_SLICE_LIT("["));
    for (;;) {
        ptrdiff_t comma = ol_slice_find(names, ',');
        put_string(w, comma < 0 ? names : ol_slice_first(names, (size_t)comma));
        if (comma < 0)
            break;
        put(w, OL_SLICE_LIT(","));
        names = ol_slice_from(names, (size_t)comma + 1);
    }
    put(w, OL_SLICE_LIT("]"));
    end(w);
}

static void stages_field(writer *w, const ol_access_line *line)
{
    if (line->stage_count == 0)
        return;
    const size_t most = sizeof(line->stages) / sizeof(line->stages[0]);
    begin(w, OL_SLICE_LIT(",\"stages\":["));
    for (size_t i = 0; i < line->stage_count && i < most; i++) {
        const ol_access_stage *stage = &line->stages[i];
        if (i)
            put(w, OL_SLICE_LIT(","));
        put(w, OL_SLICE_LIT("{\"name\":\""));
        put(w, ol_slice_cstr(stage->name));
        put(w, OL_SLICE_LIT("\",\"busy_us\":"));
        put_number(w, stage->busy_us);
        put(w, OL_SLICE_LIT(",\"bytes_in\":"));
        put_number(w, stage->bytes_in);
        put(w, OL_SLICE_LIT(",\"bytes_out\":"));
        put_number(w, stage->bytes_out);
        put(w, OL_SLICE_LIT("}"));
    }
    put(w, OL_SLICE_LIT("]"));
    end(w);
}

static void put_request(writer *w, const ol_access_line *line)
{
    word_field(w, OL_SLICE_LIT(",\"request_id\":\""), line->request_id);
    word_field(w, OL_SLICE_LIT(",\"peer\":\""), line->peer);
    string_field(w, OL_SLICE_LIT(",\"who\":"), line->who);
    word_field(w, OL_SLICE_LIT(",\"operation\":\""), line->operation);
    word_field(w, OL_SLICE_LIT(",\"via\":\""), line->via);
    string_field(w, OL_SLICE_LIT(",\"target\":"), line->target);
    string_field(w, OL_SLICE_LIT(",\"key\":"), line->key);
    list_field(w, OL_SLICE_LIT(",\"transforms\":"), line->transforms);
}

static void put_outcome(writer *w, const ol_access_line *line)
{
    number_field(w, OL_SLICE_LIT(",\"status\":"), line->status > 0 ? (uint64_t)line->status : 0);
    number_field(w, OL_SLICE_LIT(",\"bytes_in\":"), line->bytes_in);
    number_field(w, OL_SLICE_LIT(",\"bytes_out\":"), line->bytes_out);
    if (line->first_byte_us)
        number_field(w, OL_SLICE_LIT(",\"first_byte_us\":"), line->first_byte_us);
    number_field(w, OL_SLICE_LIT(",\"total_us\":"), line->total_us);
    if (line->code != OL_OK)
        word_field(w, OL_SLICE_LIT(",\"code\":\""), ol_code_name(line->code));
    text_field(w, OL_SLICE_LIT(",\"error\":"), line->error);
    flag_field(w, OL_SLICE_LIT(",\"broken\":"), line->broken);
    flag_field(w, OL_SLICE_LIT(",\"retried\":"), line->retried);
    text_field(w, OL_SLICE_LIT(",\"view\":"), line->view);
    text_field(w, OL_SLICE_LIT(",\"detail\":"), line->detail);
    stages_field(w, line);
}

void ol_access_log_write(ol_log *log, const ol_access_line *line)
{
    if (!log)
        return;
    char memory[OL_LOG_LINE_BYTES_MAX];
    char time[OL_ISO8601_SIZE];
    writer w = {.failed = false};
    ol_buf_init_fixed(&w.out, memory, sizeof(memory) - TAIL_BYTES);
    ol_clock_iso8601(line->wall_ms, time);
    put(&w, OL_SLICE_LIT("{\"time\":\""));
    put(&w, ol_slice_of(time, sizeof(time) - 1));
    put(&w, OL_SLICE_LIT("\""));
    put_request(&w, line);
    put_outcome(&w, line);
    w.out.max += TAIL_BYTES;
    w.out.cap += TAIL_BYTES;
    flag_field(&w, OL_SLICE_LIT(",\"cut\":"), w.cut);
    ol_buf_add_byte(&w.out, '}');
    ol_log_line(log, ol_buf_slice(&w.out));
}
