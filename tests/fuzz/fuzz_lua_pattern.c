/* SPDX-License-Identifier: MIT */
/*
 * Lua patterns: whatever pattern and text, the matcher stays inside them and within its budget,
 * finds the same with pauses as without, and its match lies in the text. The input is the
 * pattern's length, the pattern, the text.
 */
#include <assert.h>
#include <stdlib.h>

#include "transform/lua/pattern.h"

#define STEPS 20000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool always(void)
{
    return true;
}

/* A copy of just the size, so that a byte read beyond it is seen. */
static uint8_t *copy_of(ol_slice bytes)
{
    uint8_t *copy = malloc(bytes.len ? bytes.len : 1);

    if (copy && bytes.len)
        memcpy(copy, bytes.data, bytes.len);
    return copy;
}

static enum ol_pattern_result search(ol_pattern *m, ol_slice text, ol_slice pattern, bool pauses,
                                     ol_pattern_choice *choices)
{
    enum ol_pattern_result result;

    ol_pattern_init(m, text, pattern, true, STEPS, choices);
    m->pause = pauses ? always : NULL;
    while ((result = ol_pattern_search(m)) == OL_PATTERN_PAUSE)
        assert(pauses);
    assert(m->depth <= ol_pattern_choices_needed(pattern));
    return result;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t pattern_len = size ? data[0] : 0;
    ol_slice rest = ol_slice_from(ol_slice_of(data, size), 1);
    ol_slice pattern = ol_slice_first(rest, pattern_len), text = ol_slice_from(rest, pattern.len);
    uint8_t *pattern_copy = copy_of(pattern), *text_copy = copy_of(text);
    ol_pattern_choice *choices =
        malloc(ol_pattern_choices_needed(pattern) * sizeof(ol_pattern_choice));
    ol_pattern one, other;

    if (pattern_copy && text_copy && choices) {
        pattern.data = pattern_copy;
        text.data = text_copy;
        enum ol_pattern_result result = search(&one, text, pattern, false, choices);

        assert(search(&other, text, pattern, true, choices) == result);
        if (result == OL_PATTERN_MATCH) {
            assert(one.start == other.start && one.end == other.end && one.level == other.level);
            assert(one.text <= one.start && one.start <= one.end && one.end <= one.text_end);
        }
        assert(result != OL_PATTERN_BAD || one.error);
    }
    free(pattern_copy);
    free(text_copy);
    free(choices);
    return 0;
}
