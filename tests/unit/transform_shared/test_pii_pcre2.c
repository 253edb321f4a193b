/* SPDX-License-Identifier: MIT */
/*
 * The engine of the pii transform against PCRE2, with the text cut at every place: what a pattern
 * of the shapes below matches, and its check digits confirm, lies in findings, however the text
 * came; and what the engine finds has a shape that a second, wider pattern of its kind allows.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "engine/engine.h"
#include "pii_texts.h"

#define SIDE 5000 /* so much stands on each side: pieces are worked on where they lie */
#define PLACES_MAX 200
#define TEXT_MAX (2 * SIDE + 4000)

static bool luhn(const char *text, size_t size)
{
    unsigned sum = 0, digits = 0;
    for (size_t i = size; i-- > 0;) {
        if (!pii_digit(text[i]))
            continue;
        unsigned d = (unsigned)(text[i] - '0') << (digits++ % 2);
        sum += d / 10 + d % 10;
    }
    return sum % 10 == 0;
}

/* Of an account whose letters are all among its first four characters. */
static bool mod_97(const char *text, size_t size)
{
    unsigned rest = 0;
    for (size_t i = 0; i < size; i++) {
        char c = text[(i + 4) % size];
        rest = (pii_digit(c) ? rest * 10 + (unsigned)(c - '0') : rest * 100 + (unsigned)(c - 'A' + 10)) % 97;
    }
    return rest == 1;
}

#define OCTET "(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)"
#define AREA "(?![2-9]11)[2-9]\\d\\d"

/* What must be found, wherever it stands. */
static const struct sure {
    const char *pattern;
    bool (*confirms)(const char *text, size_t size);
} sure[] = {
    {"(?<=[ \\n])[a-z][a-z0-9]{0,20}@[a-z]{3,20}\\.(?:com|org|net)(?=[ \\n,])", NULL},
    {"(?<=[ \\n])(?!000|666|9)\\d{3}-(?!00)\\d\\d-(?!0000)\\d{4}(?<!123-45-6789|078-05-1120|219-09-9999|[1]{3}-11-1111)(?=[ \\n])", NULL},
    {"(?<=ip )" OCTET "(?:\\." OCTET "){3}(?=[ \\n,])", NULL},
    {"(?<=card )(?:4\\d{3}|5[1-5]\\d\\d)(?: \\d{4}){3}(?=[\\n,])", luhn},
    {"(?<=card )(?:4\\d{15}|3[47]\\d{13})(?=[ \\n,])", luhn},
    {"(?<=phone )\\(" AREA "\\) " AREA "-\\d{4}(?=[\\n,])", NULL},
    {"(?<=phone )" AREA "-" AREA "-\\d{4}(?=[\\n,])", NULL},
    {"(?<=[ \\n])https?://[a-z]{2,30}\\.com/[a-z]*(?=[ \\n])", NULL},
    {"(?<=[ \\n])(?=[0-9a-f:]*[1-9])(?:[0-9a-f]{2}:){5}[0-9a-f]{2}(?=[ \\n,])", NULL},
    {"(?<=[ \\n])2001:db8:(?:[0-9a-f]{1,4}:){5}[0-9a-f]{1,4}(?=[ \\n,])", NULL},
    {"(?<=[ \\n])(?:DE\\d{20}|NL\\d\\d[A-Z]{4}\\d{10}|NO\\d{13})(?=[ \\n,])", mod_97},
    {"(?<=[ \\n])(?:AKIA|ASIA)[A-Z0-9]{16}(?=[ \\n,])", NULL},
    {"(?<=[ \\n])A[BE] \\d\\d \\d\\d \\d\\d [A-D](?=[ \\n,])", NULL},
};

/* What a finding of a kind looks like at most. */
static const struct {
    unsigned entity;
    const char *pattern;
} allowed[] = {
    {PII_EMAIL_ADDRESS, "[^\\s@]+@[^\\s@]*\\.[^\\s@]*|\"[^@]*\"@[^\\s@]+\\.[^\\s@]+"},
    {PII_US_SSN, "\\d{3}\\D{0,3}\\d\\d\\D{0,3}\\d{4}"},
    {PII_US_ITIN, "9\\d\\d\\D{0,3}\\d\\d\\D{0,3}\\d{4}"},
    {PII_IP_ADDRESS, "0*\\d+(?:\\.\\d+){3}|[0-9a-fA-F:.]*::?[0-9a-fA-F:.]*(?:%\\w+)?"},
    {PII_CREDIT_CARD, "\\d(?:\\D{0,3}\\d){11,18}"},
    {PII_PHONE_NUMBER, "[+(\\d].*\\d"},
    {PII_URL, "[A-Za-z][A-Za-z0-9+]*://\\S+"},
    {PII_MAC_ADDRESS, "[0-9a-fA-F]{2}(?:[:.-]?[0-9a-fA-F]{2}){5}"},
    {PII_IBAN_CODE, "[A-Za-z]{2}\\d\\d[\\x80-\\xff -]*[A-Za-z0-9](?:[\\x80-\\xff -]*[A-Za-z0-9]){9,29}"},
    {PII_CRYPTO, "[A-Za-z0-9]{25,112}"},
    {PII_AWS_ACCESS_KEY, "A[KS]IA[A-Z0-9]{16}"},
    {PII_UK_NINO, "[A-Za-z]{2}\\D{0,3}\\d\\d\\D{0,3}\\d\\d\\D{0,3}\\d\\d\\D{0,3}[A-Da-d]"},
    {PII_US_MBI, "[1-9][A-Za-z][A-Za-z0-9]\\d\\D{0,3}[A-Za-z][A-Za-z0-9]\\d\\D{0,3}[A-Za-z]{2}\\d\\d"},
};

#define COUNT(list) (sizeof(list) / sizeof(list[0]))

static pcre2_code *sure_code[COUNT(sure)], *allowed_code[PII_ENTITIES];

static pcre2_code *compile(const char *pattern, uint32_t options)
{
    int error;
    PCRE2_SIZE at;
    pcre2_code *code = pcre2_compile((PCRE2_SPTR)pattern, PCRE2_ZERO_TERMINATED, options, &error, &at, NULL);
    if (!code)
        fail_msg("%s: error %d at %zu", pattern, error, at);
    return code;
}

static int compile_all(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(sure); i++)
        sure_code[i] = compile(sure[i].pattern, 0);
    for (size_t i = 0; i < COUNT(allowed); i++)
        allowed_code[allowed[i].entity] = compile(allowed[i].pattern, PCRE2_ANCHORED | PCRE2_ENDANCHORED | PCRE2_DOTALL);
    return 0;
}

static int free_all(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(sure); i++)
        pcre2_code_free(sure_code[i]);
    for (size_t i = 0; i < PII_ENTITIES; i++)
        pcre2_code_free(allowed_code[i]);
    return 0;
}

/* ---- texts -------------------------------------------------------------------------------- */

static size_t put(char *out, const char *format, ...) __attribute__((format(printf, 2, 3)));
static size_t put(char *out, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int size = vsnprintf(out, 100, format, args);
    va_end(args);
    return (size_t)size;
}

static size_t put_digits(struct pii_random *r, char *out, size_t count)
{
    for (size_t i = 0; i < count; i++)
        out[i] = (char)('0' + pii_next(r, 10));
    return count;
}

/* Something that a pattern matches, or nearly. */
static size_t candidate(struct pii_random *r, char *out)
{
    char d[24];
    put_digits(r, d, sizeof(d));
    switch (pii_next(r, 12)) {
    case 0: return put(out, " user%.3s@example.com,", d);
    case 1: return put(out, " %.3s-%.2s-%.4s ", d, d + 3, d + 5);
    case 2: return put(out, " ip %u.%u.%u.%u ", pii_next(r, 260), pii_next(r, 256), pii_next(r, 256), pii_next(r, 256));
    case 3:
        do {
            size_t n = put(out, " card 4%.3s %.4s %.4s %.4s\n", d, d + 3, d + 7, d + 11);
            if (luhn(out, n))
                return n;
        } while (put_digits(r, d, sizeof(d)));
        return 0;
    case 4: return put(out, "\nphone (4%.2s) 5%.2s-%.4s\n", d, d + 2, d + 4);
    case 5: return put(out, "\nphone 3%.2s-4%.2s-%.4s,", d, d + 2, d + 4);
    case 6: return put(out, " https://host.com/path ");
    case 7: return put(out, " %02x:%02x:%02x:%02x:%02x:%02x ", pii_next(r, 256), pii_next(r, 256), pii_next(r, 256),
                       pii_next(r, 256), pii_next(r, 256), pii_next(r, 256));
    case 8: return put(out, " 2001:db8:%x:%x:%x:%x:%x:%x ", pii_next(r, 65536), pii_next(r, 65536), pii_next(r, 65536),
                       pii_next(r, 65536), pii_next(r, 65536), pii_next(r, 65536));
    case 9: return put(out, " DE89370400440532013000,");
    case 10: return put(out, " AKIA%.16s ", "IOSFODNN7EXAMPLE");
    default: return put(out, " AB %.2s %.2s %.2s C ", d, d + 2, d + 4);
    }
}

static size_t make_text(struct pii_random *r, char *text)
{
    size_t n = 0;
    while (n < SIDE)
        text[n++] = " etaoin shrdlu,."[pii_next(r, 16)];
    for (size_t end = n + 250; n < end;) {
        uint32_t what = pii_next(r, 6);
        n += what == 0 ? pii_fragment(r, text + n) : what == 1 ? put(text + n, " words, ") : candidate(r, text + n);
    }
    for (size_t end = n + SIDE; n < end;)
        text[n++] = " etaoin shrdlu,."[pii_next(r, 16)];
    return n;
}

/* ---- both --------------------------------------------------------------------------------- */

struct run {
    const char *text;
    size_t at;
    uint8_t covered[TEXT_MAX];
    size_t cut;
};

static void on_clean(void *arg, const uint8_t *bytes, size_t size)
{
    struct run *run = arg;
    (void)bytes;
    memset(run->covered + run->at, 0, size);
    run->at += size;
}

static void on_more(void *arg, const uint8_t *bytes, size_t size)
{
    struct run *run = arg;
    (void)bytes;
    memset(run->covered + run->at, 1, size);
    run->at += size;
}

static void on_found(void *arg, const struct pii_match *m, const uint8_t *bytes, size_t size)
{
    pcre2_match_data *data = pcre2_match_data_create(1, NULL);
    if (pcre2_match(allowed_code[m->entity], bytes, size, 0, 0, data, NULL) < 0)
        fail_msg("cut at %zu: \"%.*s\" is no %s", ((struct run *)arg)->cut, (int)size, (const char *)bytes,
                 pii_entities[m->entity].name);
    pcre2_match_data_free(data);
    on_more(arg, bytes, size);
}

/* What must be found in a text. */
struct places {
    size_t from[PLACES_MAX], size[PLACES_MAX], count;
};

static void add_places(struct places *p, const char *text, size_t n, size_t which)
{
    pcre2_match_data *data = pcre2_match_data_create(1, NULL);
    const size_t *place = pcre2_get_ovector_pointer(data);
    for (size_t from = 0; pcre2_match(sure_code[which], (PCRE2_SPTR)text, n, from, 0, data, NULL) >= 0; from = place[1]) {
        size_t size = place[1] - place[0];
        if (sure[which].confirms && !sure[which].confirms(text + place[0], size))
            continue;
        assert_true(p->count < PLACES_MAX);
        p->from[p->count] = place[0];
        p->size[p->count++] = size;
    }
    pcre2_match_data_free(data);
}

static void expect_found(const struct run *run, const struct places *p, unsigned seed)
{
    for (size_t i = 0; i < p->count; i++)
        if (memchr(run->covered + p->from[i], 0, p->size[i]))
            fail_msg("seed %u, cut at %zu: \"%.*s\" at %zu is not found", seed, run->cut, (int)p->size[i],
                     run->text + p->from[i], p->from[i]);
}

static void check_cut(const struct pii_rules *rules, const char *text, size_t n, size_t cut, const struct places *p,
                      unsigned seed)
{
    static struct pii_engine engine;
    static struct run run;
    const struct pii_sink sink = {.clean = on_clean, .found = on_found, .more = on_more, .arg = &run};
    run.text = text;
    run.at = 0;
    run.cut = cut;
    pii_engine_init(&engine, rules, &sink);
    pii_engine_begin(&engine, NULL, 0);
    assert_true(pii_engine_feed(&engine, (const uint8_t *)text, cut, false));
    assert_true(pii_engine_feed(&engine, (const uint8_t *)text + cut, n - cut, true));
    assert_int_equal(run.at, n);
    expect_found(&run, p, seed);
}

static void test_every_cut(void **state)
{
    (void)state;
    static struct pii_rules rules;
    static char text[TEXT_MAX];
    const struct pii_set set = pii_registry_default();
    size_t count = 0;
    assert_true(pii_rules_init(&rules, &set, PII_SCORE_THRESHOLD));
    unsigned rounds = getenv("OBJLENS_TEST_ROUNDS") ? (unsigned)atoi(getenv("OBJLENS_TEST_ROUNDS")) : 60;
    for (unsigned seed = 0; seed < rounds; seed++) {
        struct pii_random random = {seed};
        struct places p = {.count = 0};
        size_t n = make_text(&random, text);
        for (size_t i = 0; i < COUNT(sure); i++)
            add_places(&p, text, n, i);
        count += p.count;
        /* From where a piece ends with the first candidate, to where one begins behind the last. */
        for (size_t cut = SIDE - 50; cut < n - SIDE + 50; cut++)
            check_cut(&rules, text, n, cut, &p, seed);
        /* Far behind it, the engine's hold-back ends inside. */
        for (size_t cut = SIDE + PII_AHEAD; cut < SIDE + PII_AHEAD + 300 && cut < n; cut++)
            check_cut(&rules, text, n, cut, &p, seed);
    }
    assert_true(count > 3 * rounds);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_every_cut, compile_all, free_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
