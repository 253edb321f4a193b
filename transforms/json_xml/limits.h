/* SPDX-License-Identifier: MIT */
/* Every fixed maximum of this transform. README.md, "Limits", says the same in words. */
#ifndef JX_LIMITS_H
#define JX_LIMITS_H

#define JX_DEPTH_MAX 256       /* elements inside each other, as xml_json takes */
#define JX_ATTRIBUTES_MAX 1000 /* of one element */
#define JX_NAME_BYTES_MAX 1024
#define JX_NUMBER_BYTES_MAX 1024

/* An object or array an element, an array of them between, and one around all. */
#define JX_FRAMES_MAX (2 * JX_DEPTH_MAX + 2)

/* Text before attributes is held up to here; what is longer is written, and no attribute may follow. */
#define JX_TEXT_HELD_BYTES (64 * 1024u)
/* Output is held back up to here, so that a small document fails cleanly. */
#define JX_OUTPUT_HELD_BYTES (64 * 1024u)

/* Payload */
#define JX_RECORDS_BYTES_MAX 4096
#define JX_KEY_BYTES_MAX 32 /* attr_prefix, text_key, comment_key */

#endif
