/* SPDX-License-Identifier: MIT */
/*
 * The realm as it is, for those who only want to look at it.
 */
#include "control/state/control.h"
#include "control/state/kept_file.h"
#include "control/state/realm_private.h"

/* OL_SKIP: nothing is kept. */
static int read_document(const ol_config *config, ol_document **document, ol_error *err)
{
    ol_kept_file file;
    ol_buf text;
    ol_error why = {0};
    int rc = ol_kept_file_look(&file, config->data_path, err);
    if (rc != OL_OK)
        return rc;
    ol_buf_init(&text, (size_t)config->limits.control_bytes_max);
    rc = ol_kept_file_read(&file, &text, err);
    if (rc == OL_OK)
        rc = ol_document_parse(ol_buf_slice(&text), document, &why);
    ol_buf_fini(&text);
    if (why.code)
        return ol_error_set(err, rc, "%s: is damaged: %s", file.path, why.detail);
    return rc < 0 ? ol_error_set(err, rc, "%s: cannot be read", file.path) : rc;
}

int ol_realm_read(ol_realm **realm, ol_config *config, ol_error *err)
{
    ol_document *document = NULL;
    int rc = OL_SKIP;
    *realm = NULL;
    if (config->control.place == OL_CONTROL_IN_DATA_FOLDER)
        rc = read_document(config, &document, err);
    if (rc == OL_SKIP)
        rc = (document = ol_document_new()) ? OL_OK : OL_ENOMEM;
    if (rc == OL_OK)
        rc = ol_realm_new(realm, config, document, NULL, err);
    if (rc == OL_OK)
        (*realm)->incomplete = config->control.place == OL_CONTROL_IN_BUCKET;
    ol_document_free(document);
    return rc == OL_OK ? OL_OK : ol_error_set(err, rc, "the control state");
}
