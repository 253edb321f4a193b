/* SPDX-License-Identifier: MIT */
/*
 * Random texts made to be difficult: things to redact, things that only look so, cut short,
 * glued together and stretched around every limit.
 */
#ifndef TESTS_PII_TEXTS_H
#define TESTS_PII_TEXTS_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

static const char *const pii_fragments[] = {
    "alice@example.com", "o'brien.x+tag@mail.example.co.uk", "j\xc3\xbcrgen@b\xc3\xbc" "cher.example",
    "a@b.cc", "x@y", "logo@2x.png", "bob@example.com.", "mail@xn--bcher-kva.example",
    "u_1%2@a-b.c_d.museum", "@", "a..b@c.de", "bob.@x.com", "a@b.com.png", "pkg@1.2.3-beta",
    "4111 1111 1111 1111", "4111-1111-1111-1111", "4111111111111111", "378282246310005",
    "3782 822463 10005", "5555555555554444", "6011 1111 1111 1117", "4222222222222",
    "30569309025904", "3056 930902 5904", "6304 0000 0000 0000", "4111 1111 1111 1112",
    "6240008631401148", "4000000000000000006", "1234567890123", "1700000000000",
    "536-22-1234", "536 22 1234", "000-12-3456", "666-12-3456", "900-12-3456", "123-00-4567",
    "123-45-0000", "536-22 1234", "078-05-1120",
    "192.168.1.1", "10.0.0.256", "1.2.3.4.5", "Chrome/119.0.0.0", "255.255.255.255", "01.002.3.4",
    "2001:db8::1", "fe80::1%eth0", "::1", "::", "::ffff:10.1.2.3", "1:2:3:4:5:6:7:8",
    "1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:8:9", "12:34:56", "00:1a:2b:3c:4d:5e",
    "01:23:45:67:89:ab:cd:ef", "std::vector", "a::b", "1::2::3", ":::1", "1:2:3:4:5:6:1.2.3.4",
    "2001:0db8:0000:0000:0000:ff00:0042:8329",
    "(415) 555-2671", "415-555-2671", "415.555.2671", "415 555 2671", "1-415-555-2671",
    "1 (415) 555-2671", "(415)555-2671", "+14155552671", "+1 415 555 2671", "+44 20 7946 0958",
    "+44 (0)20 7946 0958", "+49-89-636-48018", "+33 1 23 45 67 89", "+123456789", "+1 211-555-1234",
    "411-555-2671", "415-911-2671", "+44 20 7946 095 1 415-555-2671", "415 555-2671 x12",
    "+4915112345678 12", "415-555-2671ext", "555-2671", "(211) 555-0000",
    "GB82WEST12345698765432", "GB82 WEST 1234 5698 7654 32", "DE89370400440532013000",
    "DE89 3704 0044 0532 0130 00", "NO93 8601 1117 947", "de89370400440532013000",
    "GB82WEST12345698765433", "FR14 2004 1010 0505 0001 3M02 606", "DE89-3704-0044-0532-0130-00",
    "AKIAIOSFODNN7EXAMPLE", "1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2", "AB 12 34 56 C", "1EG4-TE5-MK73",
    "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4", "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
    "https://x.org/a?b=1&c=(d)", "phone 020 7946 0958", "tel. (030) 1234-567", "ssn 536221234",
    "911-70-1234", "00-1A-2B-3C-4D-5E", "001a.2b3c.4d5e", "born 12 March 1985", "password=hunter2!",
    "RSSMRA85T10A562S", "12345678Z", "44051401359", "Dear Mr. John Smith", "10 Main Street, Springfield, IL 62704",
    "account 12345678", "1HGCM82633A004352", "SW1A 1AA", "34 years old", "\"john doe\"@x.org",
    "2024-01-01T12:34:56.789Z", "v1.2.3", "12.50,3.75", "550e8400-e29b-41d4-a716-446655440000",
    "\xe2\x80\x9c", "\xef\xbc\x9a", "\xc2\xa0", "\xc3\x97", "\xff\xfe", "\xc3", "\xa9", "\0",
};

/* What stands between them. */
static const char *const pii_glue[] = {
    "", "", " ", " ", "  ", "\n", ",", ", ", ":", ": ", ".", ". ", "-", "+", "=", "/", "(", ")", "_",
    "@", "'", "\"", "1", "12", "x", "ab", "\t", ";", "%", "<", ">",
};

struct pii_random {
    uint64_t state;
};

static inline uint32_t pii_next(struct pii_random *r, uint32_t below)
{
    r->state = r->state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)((r->state >> 33) % below);
}

/* A long run of one kind of byte, its length near a limit or far past it. */
static inline size_t pii_run(struct pii_random *r, char *out)
{
    static const char *const kinds[] = {"a", "7", "ab.", "a1-", "::", "1.", "a@", "f:", "1 ", "\xc3\xa9",
                                        "1234 ", ".", "415-", "+1", "0123456789"};
    static const size_t lengths[] = {13, 19, 45, 60, 63, 64, 65, 128, 250, 253, 254, 255, 256, 257, 300,
                                     512, 513, 514, 700};
    const char *kind = kinds[pii_next(r, sizeof(kinds) / sizeof(kinds[0]))];
    size_t length = lengths[pii_next(r, sizeof(lengths) / sizeof(lengths[0]))];
    for (size_t i = 0; i < length; i++)
        out[i] = kind[i % strlen(kind)];
    return length;
}

/* A fragment, now and then with a byte changed, added or lost. */
static inline size_t pii_fragment(struct pii_random *r, char *out)
{
    const char *f = pii_fragments[pii_next(r, sizeof(pii_fragments) / sizeof(pii_fragments[0]))];
    size_t n = strlen(f);
    n = n ? n : 1; /* the NUL */
    memcpy(out, f, n);
    if (pii_next(r, 8) == 0)
        out[pii_next(r, (uint32_t)n)] = "0123456789abcdefg.-: +@()x"[pii_next(r, 26)];
    if (pii_next(r, 12) == 0)
        n--;
    return n;
}

/* At least `size` bytes and at most 1000 more into `out`. */
static inline size_t pii_text_make(struct pii_random *r, char *out, size_t size)
{
    size_t n = 0;
    out[n++] = ' '; /* never a byte order mark */
    uint32_t clean = pii_next(r, 3); /* how much plain prose lies between */
    while (n < size) {
        if (pii_next(r, 40) == 0)
            n += pii_run(r, out + n);
        else
            n += pii_fragment(r, out + n);
        const char *glue = pii_glue[pii_next(r, sizeof(pii_glue) / sizeof(pii_glue[0]))];
        memcpy(out + n, glue, strlen(glue));
        n += strlen(glue);
        for (uint32_t w = clean ? pii_next(r, clean * 12) : 0; w > 0; w--)
            out[n++] = " etaoin shrdlu,."[pii_next(r, 16)];
    }
    return n;
}

#endif
