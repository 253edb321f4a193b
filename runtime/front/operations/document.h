/* SPDX-License-Identifier: MIT */
/*
 * Reads a request's body that is a document: decoded, verified, and held in memory up to a
 * maximum; a larger one is OL_EMALFORMEDXML.
 */
#ifndef OL_FRONT_DOCUMENT_H
#define OL_FRONT_DOCUMENT_H

#include "front/operations/operation.h"

/* A step of an operation. `body` is valid as long as the request. `headers` say what the body must
 * be (lengths, digests); NULL: those of the request. */
typedef void (*ol_document_fn)(ol_operation *op, ol_slice body);
void ol_operation_document(ol_operation *op, size_t bytes_max, const ol_headers *headers,
                           ol_document_fn then);

/* For operations that are not an ol_operation; up to OL_XML_BODY_BYTES_MAX. The caller holds a
 * reference to the request for the callback, which is not called when the client left meanwhile or
 * the body was refused: the request is then answered, and its reference released, here. */
typedef void (*ol_document_cb)(ol_request *request, ol_slice body);
void ol_document_read(ol_request *request, ol_document_cb cb);

#endif
