/* SPDX-License-Identifier: MIT */
/* Every fixed maximum of this transform. README.md, "Limits", says the same in words. */
#ifndef DC_LIMITS_H
#define DC_LIMITS_H

#define DC_MIB (1024ull * 1024)

/* What a format's window and tables may take. The least suffices for every format whose need is
 * not the writer's choice: brotli's window and tables take 17 MiB at most, lz4's blocks 9, bzip2's
 * 4. For xz and zstd the stream says how much it is. */
#define DC_MEMORY_BYTES_DEFAULT (24 * DC_MIB)
#define DC_MEMORY_BYTES_MIN (18 * DC_MIB)
#define DC_MEMORY_BYTES_MAX (256 * DC_MIB)

/* Out for each byte in. Counted from the first DC_RATIO_FREE_BYTES of output on, so that small
 * things that compress extremely well are no bombs. */
#define DC_RATIO_DEFAULT 1100 /* deflate cannot do more than 1032 */
#define DC_RATIO_MAX 1000000
#ifndef DC_RATIO_FREE_BYTES /* a fuzzer's build makes it small, or it would write zeros all day */
#define DC_RATIO_FREE_BYTES (16 * DC_MIB)
#endif

#define DC_FILE_NAME_BYTES_MAX 4096

/* How much of the beginning tells every format. */
#define DC_HEAD_BYTES 10

#endif
