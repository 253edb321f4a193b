/* SPDX-License-Identifier: MIT */
/*
 * One-time codes, and what of them was used. A device is remembered by its serial: the last step
 * that was accepted (it and all before it are used up), and how many codes were wrong lately. It
 * is forgotten when no code of its last step could come any more.
 */
#include "access/totp.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <pthread.h>

#include "base/alloc.h"
#include "base/map.h"

#define STEPS_ASIDE 1 /* before and after now */
#define STEPS_REMEMBERED 3

typedef struct device {
    uint64_t used_step; /* 0 = none yet */
    uint64_t seen_step; /* of the last attempt */
    uint64_t failing_since;
    unsigned failures;
} device;

struct ol_totp_guard {
    pthread_mutex_t lock;
    ol_map *devices; /* by serial */
};

bool ol_totp_code(ol_slice secret, uint64_t step, char out[OL_TOTP_DIGITS + 1])
{
    uint8_t message[8], digest[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    for (int i = 7; i >= 0; i--, step >>= 8)
        message[i] = (uint8_t)step;
    static const uint8_t none[1];
    if (!HMAC(EVP_sha1(), secret.len ? secret.data : none, (int)secret.len, message,
              sizeof(message), digest, &len) ||
        len < 20)
        return false;
    size_t at = digest[len - 1] & 0x0F;
    uint32_t number = (uint32_t)(digest[at] & 0x7F) << 24 | (uint32_t)digest[at + 1] << 16 |
                      (uint32_t)digest[at + 2] << 8 | digest[at + 3];
    for (int i = OL_TOTP_DIGITS - 1; i >= 0; i--, number /= 10)
        out[i] = (char)('0' + number % 10);
    out[OL_TOTP_DIGITS] = '\0';
    ol_wipe(digest, sizeof(digest));
    return true;
}

/* ---- devices ---- */

ol_totp_guard *ol_totp_guard_new(void)
{
    ol_totp_guard *guard = ol_calloc(1, sizeof(*guard));
    if (!guard)
        return NULL;
    guard->devices = ol_map_new();
    if (!guard->devices) {
        ol_free(guard);
        return NULL;
    }
    pthread_mutex_init(&guard->lock, NULL);
    return guard;
}

void ol_totp_guard_destroy(ol_totp_guard *guard)
{
    if (!guard)
        return;
    ol_map_destroy(guard->devices, ol_free);
    pthread_mutex_destroy(&guard->lock);
    ol_free(guard);
}

typedef struct sweep {
    uint64_t now;
    ol_slice old; /* a serial that can be forgotten */
    uint8_t room[256];
} sweep;

static bool find_old(void *arg, ol_slice serial, void *value)
{
    sweep *s = arg;
    const device *d = value;
    if (d->seen_step + STEPS_REMEMBERED >= s->now || serial.len > sizeof(s->room))
        return true;
    memcpy(s->room, serial.data, serial.len);
    s->old = ol_slice_of(s->room, serial.len);
    return false;
}

static bool make_room(ol_totp_guard *guard, uint64_t now)
{
    if (ol_map_count(guard->devices) < OL_TOTP_DEVICES_MAX)
        return true;
    sweep s = {.now = now};
    ol_map_each(guard->devices, find_old, &s);
    if (s.old.len == 0)
        return false;
    ol_free(ol_map_remove(guard->devices, s.old));
    return true;
}

static device *device_of(ol_totp_guard *guard, ol_slice serial, uint64_t now)
{
    device *d = ol_map_get(guard->devices, serial);
    if (d || serial.len == 0 || serial.len > sizeof(((sweep *)0)->room) || !make_room(guard, now))
        return d;
    d = ol_calloc(1, sizeof(*d));
    if (d && ol_map_put(guard->devices, serial, d, NULL) != OL_OK) {
        ol_free(d);
        d = NULL;
    }
    return d;
}

/* ---- codes ---- */

static bool is_blocked(device *d, uint64_t now)
{
    if (now > d->failing_since + STEPS_ASIDE)
        d->failures = 0;
    if (d->failures == 0)
        d->failing_since = now;
    return d->failures >= OL_TOTP_FAILURES_MAX;
}

/* All steps are tried, whichever fits: how long it takes says nothing. */
static int match(ol_slice secret, ol_slice code, uint64_t now, uint64_t *step)
{
    *step = 0;
    for (uint64_t at = now - STEPS_ASIDE; at <= now + STEPS_ASIDE; at++) {
        char want[OL_TOTP_DIGITS + 1];
        if (!ol_totp_code(secret, at, want))
            return OL_EINTERNAL;
        if (ol_slice_eq_secret(code, ol_slice_of(want, OL_TOTP_DIGITS)))
            *step = at;
        ol_wipe(want, sizeof(want));
    }
    return OL_OK;
}

static int check(device *d, ol_slice secret, ol_slice code, uint64_t now, ol_error *err)
{
    uint64_t step;
    d->seen_step = now;
    if (is_blocked(d, now))
        return ol_error_set(err, OL_EACCESS, "MFA: too many wrong codes");
    if (secret.len == 0 || match(secret, code, now, &step) != OL_OK)
        return ol_error_set(err, OL_EINTERNAL, "MFA: a code could not be computed");
    if (step > d->used_step) {
        d->used_step = step;
        d->failures = 0;
        return OL_OK;
    }
    d->failures++;
    return ol_error_set(err, OL_EACCESS, "MFA: the code is %s", step ? "used already" : "wrong");
}

int ol_totp_check(ol_totp_guard *guard, ol_slice serial, ol_slice secret, ol_slice code,
                  int64_t now_ms, ol_error *err)
{
    uint64_t now = (uint64_t)(now_ms > 0 ? now_ms : 0) / 1000 / OL_TOTP_STEP_S;
    if (now < STEPS_REMEMBERED)
        return ol_error_set(err, OL_EACCESS, "MFA: the clock is not set");
    pthread_mutex_lock(&guard->lock);
    device *d = device_of(guard, serial, now);
    int rc = d ? check(d, secret, code, now, err)
               : ol_error_set(err, OL_EACCESS, "MFA: too many devices at a time");
    pthread_mutex_unlock(&guard->lock);
    return rc;
}
