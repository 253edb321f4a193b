/* SPDX-License-Identifier: MIT */
/*
 * A copy of bytes in a heap block of exactly their size, overwritten and freed when the loan
 * ends: the sanitizer sees who reads beyond it or keeps it.
 */
#ifndef OL_TESTS_LIB_LOAN_H
#define OL_TESTS_LIB_LOAN_H

#include "base/slice.h"

typedef struct ol_test_loan {
    uint8_t *data; /* NULL: nothing is lent */
    size_t len;
} ol_test_loan;

ol_slice ol_test_loan_start(ol_test_loan *loan, ol_slice bytes);
/* Harmless when nothing is lent. */
void ol_test_loan_end(ol_test_loan *loan);

#endif
