/* SPDX-License-Identifier: MIT */
/*
 * A process that decrypts (or makes) one OpenPGP message and ends: this same binary, started for it. The library
 * that reads the message runs in there and nowhere else; when the first foreign byte comes it can read
 * and write one socket and allocate memory, nothing more.
 *
 * The socket is its standard input. It is given its mode, one byte, then records (length in four bytes, high ones first; bytes): a
 * password, which may be empty, then secret keys, then OL_PGP_KEYS_END as a length; then the message,
 * up to the end of the stream; or for making one the plaintext, which is encrypted for the password, or
 * for the keys when that is empty. It answers records of the other, as they come; OL_PGP_AUTHENTIC or
 * OL_PGP_REFUSED as a length ends them. A stream that just ends is a refusal, too.
 */
#ifndef OL_CRYPTO_PGP_HOST_H
#define OL_CRYPTO_PGP_HOST_H

#include "base/error.h"

enum ol_pgp_mode { OL_PGP_DECRYPT = 'd', OL_PGP_ENCRYPT = 'e' };

#define OL_PGP_KEYS_END 0xffffffffu
#define OL_PGP_AUTHENTIC 0xffffffffu
#define OL_PGP_REFUSED 0xfffffffeu
#define OL_PGP_RECORD_BYTES_MAX (64u * 1024)
#define OL_PGP_KEYS_BYTES_MAX (96u * 1024) /* less than what a socket holds */

#define OL_PGP_HOST_COMMAND "pgp-host"
#define OL_PGP_LIBRARY "librnp.so.0"

/* The process's main; its exit code. */
int ol_pgp_host_main(void);
/* Raised before the first byte of a message is read. */
int ol_pgp_host_wall(ol_error *err);

#endif
