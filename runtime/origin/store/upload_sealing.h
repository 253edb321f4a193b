/* SPDX-License-Identifier: MIT */
/* The encryption of an upload, for upload.c: on its write thread, or wherever the upload is while no
 * write runs. */
#ifndef OL_ORIGIN_STORE_UPLOAD_SEALING_H
#define OL_ORIGIN_STORE_UPLOAD_SEALING_H

#include "origin/store/upload.h"

/* A part's upload has been read: how its parts are encrypted, and whether what the client sent fits.
 * Sets the key, or needs_key. All three return OL_OK, or fill up->err. */
int ol_upload_check_part(ol_upload *up);
/* The part's key, and room to seal. */
int ol_upload_begin_sealing(ol_upload *up);
/* A write's bytes become what is to be written. */
int ol_upload_seal(ol_upload *up, ol_slice *bytes);

#endif
