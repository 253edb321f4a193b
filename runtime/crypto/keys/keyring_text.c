/* SPDX-License-Identifier: MIT */
/*
 * The ring as text. Read without a JSON library, because material goes from the text straight into
 * secret memory, nowhere else. The digest in the last line guards against halves and rot; it is no
 * seal, whoever can write the file has the keys.
 */
#include "base/clock.h"
#include "base/encode.h"
#include "crypto/keys/keyring.h"
#include "s3/sigv4/hmac.h"

#define MAGIC "objlens keyring 1"
#define WORDS_MAX 4

typedef struct reading {
    ol_keyring *ring;
    ol_keyring_key *key; /* whose versions follow */
    size_t line;
    ol_slice words[WORDS_MAX];
    size_t count;
    ol_error *err;
} reading;

static int wrong(reading *r, const char *what)
{
    return ol_error_say(r->err, OL_ECONFIG, "keyring: line %zu %s", r->line, what);
}

/* Words with one blank between them. False: too many, or none between two blanks. */
static bool split(reading *r, ol_slice line)
{
    r->count = 0;
    for (;;) {
        ptrdiff_t blank = ol_slice_find(line, ' ');
        ol_slice word = blank < 0 ? line : ol_slice_first(line, (size_t)blank);
        if (word.len == 0 || r->count == WORDS_MAX)
            return false;
        r->words[r->count++] = word;
        if (blank < 0)
            return true;
        line = ol_slice_from(line, (size_t)blank + 1);
    }
}

/* ---- lines ---- */

static int take_place(reading *r)
{
    char region[32] = "", account[13] = "";
    if (r->ring || r->count != 3 || r->words[1].len >= sizeof region ||
        r->words[2].len >= sizeof account)
        return wrong(r, "names no place, or a second one");
    memcpy(region, r->words[1].data, r->words[1].len);
    memcpy(account, r->words[2].data, r->words[2].len);
    return ol_keyring_new(&r->ring, region, account, r->err);
}

static bool state_of(ol_slice word, enum ol_kms_state *state)
{
    static const enum ol_kms_state states[] = {OL_KMS_ENABLED, OL_KMS_DISABLED,
                                               OL_KMS_PENDING_DELETION};
    for (size_t i = 0; i < 3; i++) {
        if (ol_slice_eq_cstr(word, ol_keyring_state_name(states[i]))) {
            *state = states[i];
            return true;
        }
    }
    return false;
}

static int take_key(reading *r)
{
    enum ol_kms_state state;
    int64_t created;
    if (r->key && r->key->version_count == 0)
        return wrong(r, "comes where the versions of the key before should");
    if (r->count != 4 || !state_of(r->words[2], &state) ||
        !ol_clock_parse_iso8601(r->words[3], &created))
        return wrong(r, "is no key");
    int rc = ol_keyring_add_bare_key(r->ring, r->words[1], created, &r->key, r->err);
    if (rc == OL_OK)
        r->key->state = state;
    return rc;
}

static int take_version(reading *r)
{
    uint64_t number;
    int64_t created;
    size_t len = 0;
    uint8_t *material;
    if (!r->key || r->count != 4 || !ol_slice_u64(r->words[1], &number) ||
        number != r->key->version_count + 1 || !ol_clock_parse_iso8601(r->words[2], &created))
        return wrong(r, "is no version, or not the next one");
    int rc = ol_keyring_add_version(r->key, created, &material, r->err);
    if (rc != OL_OK)
        return rc;
    if (ol_base64_decode(r->words[3], material, OL_DATA_KEY_BYTES, &len) != OL_OK ||
        len != OL_DATA_KEY_BYTES)
        return wrong(r, "holds no key of 32 bytes");
    return OL_OK;
}

static int take_alias(reading *r)
{
    char name[OL_KEYRING_ALIAS_SIZE] = "";
    ol_keyring_key *key;
    if (r->count != 3 || r->words[1].len >= sizeof name)
        return wrong(r, "is no alias");
    memcpy(name, r->words[1].data, r->words[1].len);
    ol_error unknown = {0};
    if (ol_slice_find(r->words[2], ':') >= 0 || ol_slice_find(r->words[2], '/') >= 0 ||
        ol_keyring_find(r->ring, r->words[2], &key, &unknown) != OL_OK)
        return wrong(r, "is an alias of a key that is not there");
    return ol_keyring_set_alias(r->ring, name, key, r->err);
}

static int take_line(reading *r, ol_slice line)
{
    static const struct {
        const char *word;
        int (*take)(reading *r);
    } kinds[] = {{"key", take_key}, {"version", take_version}, {"alias", take_alias}};
    if (r->line == 1)
        return ol_slice_eq_cstr(line, MAGIC) ? OL_OK
                                             : wrong(r, "is not that of a keyring that is known here");
    if (!split(r, line))
        return wrong(r, "is misshapen");
    if (ol_slice_eq_cstr(r->words[0], "place"))
        return take_place(r);
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (r->ring && ol_slice_eq_cstr(r->words[0], kinds[i].word))
            return kinds[i].take(r);
    return wrong(r, "is of no known kind");
}

/* ---- all of it ---- */

/* The lines before "end", which must be the last and right. */
static int check_end(ol_slice text, ol_slice *lines, ol_error *err)
{
    uint8_t sum[OL_SHA256_BYTES];
    char want[4 + OL_SHA256_HEX_SIZE] = "end ";
    const size_t tail = sizeof want; /* the line feed instead of the NUL */
    if (text.len <= tail || text.data[text.len - 1] != '\n')
        return ol_error_say(err, OL_ECONFIG, "keyring: it ends too early, a part is missing");
    *lines = ol_slice_first(text, text.len - tail);
    ol_sha256_of(*lines, sum);
    ol_hex_encode(sum, sizeof sum, want + 4);
    const ol_slice last = ol_slice_of(text.data + lines->len, tail - 1);
    if (!ol_slice_starts(last, OL_SLICE_LIT("end ")))
        return ol_error_say(err, OL_ECONFIG, "keyring: it ends too early, a part is missing");
    if (!ol_slice_eq_cstr(last, want))
        return ol_error_say(err, OL_ECONFIG,
                            "keyring: it is damaged: its content and its digest differ");
    return OL_OK;
}

int ol_keyring_parse(ol_keyring **ring, ol_slice text, ol_error *err)
{
    reading r = {.err = err};
    ol_slice lines;
    int rc = check_end(text, &lines, err);
    while (rc == OL_OK && lines.len > 0) {
        ptrdiff_t end = ol_slice_find(lines, '\n');
        r.line++;
        if (end < 0)
            rc = wrong(&r, "has no end");
        else
            rc = take_line(&r, ol_slice_first(lines, (size_t)end));
        if (rc == OL_OK)
            lines = ol_slice_from(lines, (size_t)end + 1);
    }
    if (rc == OL_OK && (!r.ring || (r.key && r.key->version_count == 0)))
        rc = wrong(&r, "is the last, but something should follow");
    if (rc != OL_OK) {
        ol_keyring_destroy(r.ring);
        return rc;
    }
    *ring = r.ring;
    return OL_OK;
}

static int add_key(const ol_keyring_key *key, ol_buf *out)
{
    char date[OL_ISO8601_SIZE];
    ol_clock_iso8601(key->created_ms, date);
    int rc = ol_buf_addf(out, "key %s %s %s\n", key->id, ol_keyring_state_name(key->state), date);
    for (size_t i = 0; rc == OL_OK && i < key->version_count; i++) {
        ol_clock_iso8601(key->versions[i].created_ms, date);
        rc = ol_buf_addf(out, "version %zu %s ", i + 1, date);
        if (rc == OL_OK)
            rc = ol_base64_encode(out, ol_slice_of(key->versions[i].material, OL_DATA_KEY_BYTES));
        if (rc == OL_OK)
            rc = ol_buf_add_byte(out, '\n');
    }
    return rc;
}

int ol_keyring_format(const ol_keyring *ring, ol_buf *out)
{
    uint8_t sum[OL_SHA256_BYTES];
    char digits[OL_SHA256_HEX_SIZE];
    int rc = ol_buf_addf(out, MAGIC "\nplace %s %s\n", ring->region, ring->account);
    for (size_t i = 0; rc == OL_OK && i < ring->key_count; i++)
        rc = add_key(ring->keys[i], out);
    for (size_t i = 0; rc == OL_OK && i < ring->alias_count; i++)
        rc = ol_buf_addf(out, "alias %s %s\n", ring->aliases[i].name, ring->aliases[i].key->id);
    if (rc != OL_OK)
        return rc;
    ol_sha256_of(ol_buf_slice(out), sum);
    ol_hex_encode(sum, sizeof sum, digits);
    return ol_buf_addf(out, "end %s\n", digits);
}
