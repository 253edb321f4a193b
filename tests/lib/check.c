/* SPDX-License-Identifier: MIT */
#include "lib/check.h"

#define SHOWN_BYTES 200

static void show(const char *what, ol_slice bytes)
{
    size_t len = bytes.len < SHOWN_BYTES ? bytes.len : SHOWN_BYTES;
    print_error("%s (%zu bytes): \"", what, bytes.len);
    for (size_t i = 0; i < len; i++) {
        uint8_t c = bytes.data[i];
        if (c >= 0x20 && c < 0x7F)
            print_error("%c", c);
        else
            print_error("\\x%02x", c);
    }
    print_error("\"%s\n", len < bytes.len ? "..." : "");
}

void ol_check_slice(ol_slice got, ol_slice want, const char *file, int line)
{
    if (ol_slice_eq(got, want))
        return;
    size_t at = 0;
    while (at < got.len && at < want.len && got.data[at] == want.data[at])
        at++;
    show("got ", got);
    show("want", want);
    print_error("first difference at byte %zu\n", at);
    _fail(file, line);
}

static const char *name_of(int code)
{
    switch (code) {
    case OL_OK: return "OL_OK";
    case OL_WAIT: return "OL_WAIT";
    case OL_SKIP: return "OL_SKIP";
    case OL_DONE: return "OL_DONE";
    default: return ol_code_name(code);
    }
}

void ol_check_code(int got, int want, const ol_error *err, const char *file, int line)
{
    if (got == want)
        return;
    print_error("got %s (%d), want %s (%d)\n", name_of(got), got, name_of(want), want);
    if (err && err->code)
        print_error("%s: %s [%s]\n", ol_code_name(err->code), err->message, err->detail);
    _fail(file, line);
}

/* The mixing steps of splitmix64. */
uint64_t ol_test_random_next(ol_test_random *random)
{
    uint64_t x = random->state += 0x9E3779B97F4A7C15ull;
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9ull;
    x = (x ^ (x >> 27)) * 0x94D049BB133111EBull;
    return x ^ (x >> 31);
}

uint64_t ol_test_random_below(ol_test_random *random, uint64_t bound)
{
    return ol_test_random_next(random) % bound;
}

void ol_test_random_fill(ol_test_random *random, uint8_t *data, size_t len)
{
    while (len > 0) {
        size_t count = len < sizeof(uint64_t) ? len : sizeof(uint64_t);
        uint64_t eight = ol_test_random_next(random);
        memcpy(data, &eight, count);
        data += count, len -= count;
    }
}
