/* SPDX-License-Identifier: MIT */
/* The ways of scanning that were compiled in; each is a file. */
#ifndef PII_SCAN_WAYS_H
#define PII_SCAN_WAYS_H

#include "scan.h"

extern const struct pii_scan_way pii_scan_plain;
#if defined(__x86_64__)
extern const struct pii_scan_way pii_scan_avx2, pii_scan_avx512;
#endif

#endif
