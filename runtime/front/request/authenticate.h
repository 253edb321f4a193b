/* SPDX-License-Identifier: MIT */
/*
 * Who is asking: by a signature in a header, in a URL or in a form, by a client's certificate, or
 * nobody (the anonymous identity: whether nobody may, policies say). Fills request->auth and
 * request->who.
 */
#ifndef OL_FRONT_AUTHENTICATE_H
#define OL_FRONT_AUTHENTICATE_H

#include "front/request/request.h"

/* `services`: enum ol_sigv4_service, which may be signed for. `body_sha256`: of a body that the
 * signature covers without saying so (STS), else NULL. OL_OK or what ol_sigv4_check says. */
int ol_authenticate(ol_request *request, unsigned services, const uint8_t *body_sha256,
                    ol_error *err);
/* A browser's form, whose fields are the signature. */
int ol_authenticate_form(ol_request *request, const ol_sigv4_form *form, ol_error *err);

#endif
