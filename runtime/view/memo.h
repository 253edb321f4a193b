/* SPDX-License-Identifier: MIT */
/*
 * What is known about views without having them: by a view's ETag its response head, its length and
 * its checksums. Learned from every run that came to its end; asked by HEAD, Range, conditions,
 * listings, and checksum headers.
 *
 * A bounded table in memory that every worker shares, and behind it, when a folder is given, a
 * database with a bound of its own that outlives the process (written in batches by a thread of the
 * memo's; what a crash loses is learned again). Forgetting is always allowed; knowing something
 * wrong is not: a second run that tells something else about the same ETag makes the view
 * *unstable*. Its transform is not deterministic: it is never cached, has no ETag and no ranges.
 *
 * Nothing in here is an original's byte; still the file is 0600.
 */
#ifndef OL_VIEW_MEMO_H
#define OL_VIEW_MEMO_H

#include "pipeline/stage.h"

#define OL_VIEW_ETAG_SIZE 67 /* 64 hex digits, "-v", NUL */

typedef struct ol_view_memo ol_view_memo;

typedef struct ol_view_facts {
    ol_head head; /* status, headers as the transform set them, content_length = the view's length */
    uint64_t crc64nvme;
    uint32_t crc32;
    bool has_checksums; /* false: only the length is known */
    bool unstable;      /* nothing else is valid then */
} ol_view_facts;

#define OL_VIEW_MEMO_ASK_MS 2000u

typedef struct ol_view_memo_config {
    const char *folder;     /* NULL = in memory only */
    uint64_t rows_max;      /* in the database; the least recently used go */
    size_t memory_rows_max; /* in memory */
    uint32_t ask_ms;        /* who asks the database waits no longer: then it is not known; 0: OL_VIEW_MEMO_ASK_MS */
} ol_view_memo_config;

/* Blocking; a damaged database is set aside and begun anew (said in *err's detail, OL_OK all the
 * same). */
int ol_view_memo_open(ol_view_memo **memo, const ol_view_memo_config *config, ol_error *err);
/* Writes what is waiting. Blocking. NULL is fine. */
void ol_view_memo_close(ol_view_memo *memo);

typedef struct ol_view_ask {
    /* Filled by the caller; memory that lives until the callback. */
    char etag[OL_VIEW_ETAG_SIZE];
    ol_loop *loop;
    ol_arena *arena; /* the facts' headers go there, on the loop */
    void (*cb)(struct ol_view_ask *ask, bool known);
    void *arg;
    ol_view_facts facts; /* the answer */
    void *private_[1];
} ol_view_ask;

/* On the ask's loop. OL_OK: known, facts are filled. OL_SKIP: not known. OL_WAIT: the database is
 * asked, cb runs once on a later turn of the loop (it cannot be recalled). A failure is "not known". */
int ol_view_memo_find(ol_view_memo *memo, ol_view_ask *ask);
/* From memory only, never waits: OL_OK or OL_SKIP. Any thread. */
int ol_view_memo_peek(ol_view_memo *memo, const char *etag, ol_arena *arena, ol_view_facts *facts);
/* A run has ended well. OL_OK; OL_EDIVERGED when something else was known: from now on the view is
 * unstable, and the caller reports it (each later run of it answers so as well). Facts without
 * checksums agree with the same facts with them. A head of more than about 4 KiB, or without a
 * length, is not remembered (OL_SKIP). Any thread, never blocks.
 * What only the database knew is compared when this is written: the view is unstable then, which
 * find tells and stats count. */
int ol_view_memo_learn(ol_view_memo *memo, const char *etag, const ol_view_facts *facts);
/* Forget everything, the database too. Any thread; done when it returns, as far as find can tell,
 * and in the file soon after: a crash in between leaves it there. */
void ol_view_memo_purge(ol_view_memo *memo);

typedef struct ol_view_memo_stats {
    uint64_t hits, misses, rows_in_memory, learned, unstable;
} ol_view_memo_stats;
void ol_view_memo_read_stats(ol_view_memo *memo, ol_view_memo_stats *stats);

#endif
