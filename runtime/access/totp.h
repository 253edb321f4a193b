/* SPDX-License-Identifier: MIT */
/*
 * One-time codes of a device (RFC 6238: HMAC-SHA-1, 30 s, 6 digits). Each code is accepted once;
 * after some wrong ones a device is refused until the next time step but one.
 */
#ifndef OL_ACCESS_TOTP_H
#define OL_ACCESS_TOTP_H

#include "base/error.h"

#define OL_TOTP_STEP_S 30
#define OL_TOTP_DIGITS 6
#define OL_TOTP_FAILURES_MAX 5 /* of one device within two steps */
#define OL_TOTP_DEVICES_MAX 4096 /* remembered at a time; beyond, codes are refused */

/* The code of a step (time in seconds / 30), NUL-terminated. False when the digest fails. */
bool ol_totp_code(ol_slice secret, uint64_t step, char out[OL_TOTP_DIGITS + 1]);

/* What was used and what failed, of this process. Thread-safe. */
typedef struct ol_totp_guard ol_totp_guard;

/* NULL when out of memory. */
ol_totp_guard *ol_totp_guard_new(void);
void ol_totp_guard_destroy(ol_totp_guard *guard);
/* OL_OK: the code is that of now, of the step before or after, and was not used before.
 * OL_EACCESS: it is not; too many were wrong; or there are too many devices. OL_EINTERNAL. */
int ol_totp_check(ol_totp_guard *guard, ol_slice serial, ol_slice secret, ol_slice code,
                  int64_t now_ms, ol_error *err);

#endif
