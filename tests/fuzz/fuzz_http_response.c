/* SPDX-License-Identifier: MIT */
/* The responses that the client reads: heads and bodies, one after the other. The first two
 * bytes say how to cut the rest. */
#include "fuzz_http_message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return fuzz_messages(data, size, true);
}
