/* SPDX-License-Identifier: MIT */
/* Every fixed maximum of this transform. README.md, "Limits", says the same in words. */
#ifndef XJ_LIMITS_H
#define XJ_LIMITS_H

#define XJ_KIB 1024u
#define XJ_MIB (1024u * 1024u)

/* The tree of a document, or of a record. */
#define XJ_TREE_BYTES_DEFAULT (16 * XJ_MIB)
#define XJ_TREE_BYTES_MIN (128 * XJ_KIB)
#define XJ_TREE_BYTES_MAX (1024 * XJ_MIB)

#define XJ_DEPTH_MAX 256       /* elements inside each other, the root counted */
#define XJ_ATTRIBUTES_MAX 1000 /* of one element */
#define XJ_NAME_BYTES_MAX 1024
#define XJ_NAMES_BYTES_MAX XJ_MIB     /* different names of a document, together */
#define XJ_TOKEN_BYTES_MAX (4 * XJ_MIB) /* one tag, comment, instruction or CDATA section */
#define XJ_DECLARATION_BYTES_MAX 1024 /* up to the end of <?xml … ?> */
#define XJ_ENCODING_BYTES_MAX 40       /* of a declared name that a message quotes */

#define XJ_NAMESPACES_MAX 256          /* in scope, where they are looked up */
#define XJ_DECLARATIONS_BYTES_MAX 8192 /* of one element, as JSON, where they are looked up */

/* Text goes to the parser in blocks of this size, however it comes in. A fuzzer makes it small. */
#ifndef XJ_BLOCK_BYTES
#define XJ_BLOCK_BYTES (16 * XJ_KIB)
#endif

/* Payload */
#define XJ_RECORDS_BYTES_MAX 4096
#define XJ_NAMES_MAX 1000 /* force_list, force_cdata */
#define XJ_KEY_BYTES_MAX 32 /* attr_prefix, text_key, comment_key */
#define XJ_SEPARATOR_BYTES_MAX 32 /* cdata_separator */

/* A text that may be a number: all digits of a double, a sign, a point and an exponent. */
#define XJ_NUMBER_BYTES_MAX 24

/* Records are held back up to here, so that a small document fails cleanly. */
#define XJ_OUTPUT_HELD_BYTES (64 * XJ_KIB)

#endif
