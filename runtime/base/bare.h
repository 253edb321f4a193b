/* SPDX-License-Identifier: MIT */
/*
 * What runs between vfork and exec: a child in its parent's memory. It makes system calls only.
 */
#ifndef OL_BASE_BARE_H
#define OL_BASE_BARE_H

/* A sanitizer would take what the child does for the parent's. */
#define OL_BARE __attribute__((no_sanitize("address", "undefined", "thread")))

#endif
