/* SPDX-License-Identifier: MIT */
/*
 * Root's keys when no configuration file names them: from the environment, or made once and
 * kept in the data folder, readable by its owner only, in the form of an AWS shared credentials
 * file, so that AWS_SHARED_CREDENTIALS_FILE may point at it.
 */
#ifndef OL_CONTROL_CREDENTIALS_H
#define OL_CONTROL_CREDENTIALS_H

#include "base/error.h"

#define OL_CREDENTIALS_KEY_SIZE 129

typedef struct ol_credentials {
    char access_key[OL_CREDENTIALS_KEY_SIZE];
    char secret_key[OL_CREDENTIALS_KEY_SIZE];
    char path[4096]; /* the file they came from; "" = the environment */
    bool made;       /* by this call */
} ol_credentials;

/* $OBJLENS_ACCESS_KEY and $OBJLENS_SECRET_KEY when either is set; else DATA/credentials, which is
 * made (with its folder, 0700) when absent. Blocking. OL_OK, or OL_ECONFIG/OL_ENOMEM with a
 * detail that names what is wrong and holds no key. */
int ol_credentials_obtain(ol_credentials *out, const char *data_path, ol_error *err);
/* Overwrite them. */
void ol_credentials_fini(ol_credentials *credentials);

#endif
