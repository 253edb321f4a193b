/* SPDX-License-Identifier: MIT */
/* Every fixed maximum of this transform. README.md says the same in words. */
#ifndef CP_LIMITS_H
#define CP_LIMITS_H

#define CP_MIB (1024ull * 1024)

/* The input goes to the encoder in blocks of this size, however it comes in. */
#define CP_BLOCK_BYTES (64 * 1024u)

/* What a level may take. */
#define CP_MEMORY_BYTES_DEFAULT (24 * CP_MIB)
#define CP_MEMORY_BYTES_MIN (1 * CP_MIB)
#define CP_MEMORY_BYTES_MAX (1024 * CP_MIB)

#endif
