/* SPDX-License-Identifier: MIT */
#include "lib/loan.h"

#include <stdlib.h>

#include "lib/check.h"

ol_slice ol_test_loan_start(ol_test_loan *loan, ol_slice bytes)
{
    assert_null(loan->data);
    assert_true(bytes.len > 0);
    loan->data = malloc(bytes.len);
    assert_non_null(loan->data);
    memcpy(loan->data, bytes.data, bytes.len);
    loan->len = bytes.len;
    return ol_slice_of(loan->data, loan->len);
}

void ol_test_loan_end(ol_test_loan *loan)
{
    if (!loan->data)
        return;
    memset(loan->data, 0xDD, loan->len);
    free(loan->data);
    *loan = (ol_test_loan){0};
}
