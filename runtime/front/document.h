/* SPDX-License-Identifier: MIT */
/*
 * Reads a request's body that is a document: decoded, verified, and held in memory up to
 * OL_XML_BODY_BYTES_MAX.
 */
#ifndef OL_FRONT_DOCUMENT_H
#define OL_FRONT_DOCUMENT_H

#include "front/request.h"

/* `body` is valid as long as the request. Not called when the client left meanwhile or the body was
 * refused: the request is then answered, and its reference released, here. */
typedef void (*ol_document_cb)(ol_request *request, ol_slice body);

/* The caller holds a reference to the request for the callback. */
void ol_document_read(ol_request *request, ol_document_cb cb);

#endif
