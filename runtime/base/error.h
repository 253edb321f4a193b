/* SPDX-License-Identifier: MIT */
/*
 * The one error type. It is filled by the first function that knows what went wrong and
 * passed up unchanged; later failures are logged, never overwrite it.
 *
 * Functions return int: OL_OK is 0, OL_WAIT (and other positive codes) are not errors,
 * errors are negative. `ol_error` says the rest: what the client may read (S3 code,
 * status, message) and what only the log may (detail). Neither ever holds a secret or
 * bytes of an object.
 */
#ifndef OL_BASE_ERROR_H
#define OL_BASE_ERROR_H

#include <stdarg.h>

#include "base/slice.h"

#define OL_OK 0
#define OL_WAIT 1  /* accepted, not finished: a callback will follow */
#define OL_SKIP 2  /* a stage asks to be left out */
#define OL_DONE 3  /* nothing more will come */

/* One row: name, S3 code, HTTP status, default message for the client. */
#define OL_ERRORS(X)                                                                               \
    X(OL_EINTERNAL, "InternalError", 500, "We encountered an internal error. Please try again.")   \
    X(OL_ENOMEM, "SlowDown", 503, "The server is out of memory for this request.")                 \
    X(OL_EINVAL, "InvalidArgument", 400, "Invalid Argument")                                       \
    X(OL_ELIMIT, "InvalidRequest", 400, "A limit of the server was exceeded.")                     \
    X(OL_ECANCELED, "RequestTimeout", 400, "The request was given up by the client.")              \
    X(OL_ETIMEOUT, "RequestTimeout", 400,                                                          \
      "Your socket connection to the server was not read from or written to within the timeout "   \
      "period.")                                                                                   \
    X(OL_EINVALIDREQUEST, "InvalidRequest", 400, "Invalid Request")                                \
    X(OL_EACCESS, "AccessDenied", 403, "Access Denied")                                            \
    X(OL_ENOSUCHKEY, "NoSuchKey", 404, "The specified key does not exist.")                        \
    X(OL_ENOSUCHBUCKET, "NoSuchBucket", 404, "The specified bucket does not exist")                \
    X(OL_ENOSUCHACCESSPOINT, "NoSuchAccessPoint", 404, "The specified accesspoint does not exist") \
    X(OL_ENOSUCHUPLOAD, "NoSuchUpload", 404, "The specified multipart upload does not exist.")     \
    X(OL_EINVALIDPART, "InvalidPart", 400,                                                         \
      "One or more of the specified parts could not be found. The part may not have been "         \
      "uploaded, or the specified entity tag may not match the part's entity tag.")                \
    X(OL_EINVALIDPARTORDER, "InvalidPartOrder", 400,                                               \
      "The list of parts was not in ascending order. The parts list must be specified in order "   \
      "by part number.")                                                                           \
    X(OL_EPARTTOOSMALL, "EntityTooSmall", 400,                                                     \
      "Your proposed upload is smaller than the minimum allowed size")                             \
    X(OL_ENOSUCHVERSION, "NoSuchVersion", 404, "The specified version does not exist.")            \
    X(OL_EMALFORMEDPOLICY, "MalformedPolicy", 400, "Policy has invalid content.")                  \
    X(OL_EMALFORMEDACL, "MalformedACLError", 400,                                                  \
      "The XML you provided was not well-formed or did not validate against our published schema") \
    X(OL_EINVALIDTAG, "InvalidTag", 400, "The tag provided was not a valid tag.")                  \
    X(OL_ENOSUCHPOLICY, "NoSuchBucketPolicy", 404, "The bucket policy does not exist")             \
    X(OL_EMALFORMEDPOST, "MalformedPOSTRequest", 400,                                              \
      "The body of your POST request is not well-formed multipart/form-data.")                     \
    X(OL_EEXPIREDTOKEN, "ExpiredToken", 400, "The provided token has expired.")                    \
    X(OL_EINVALIDTOKEN, "InvalidToken", 400,                                                       \
      "The provided token is malformed or otherwise invalid.")                                     \
    X(OL_EFORBIDDENCORS, "AccessForbidden", 403, "CORSResponse: This CORS request is not allowed.") \
    X(OL_EBUCKETEXISTS, "BucketAlreadyOwnedByYou", 409,                                            \
      "Your previous request to create the named bucket succeeded and you already own it.")        \
    X(OL_EBUCKETNOTEMPTY, "BucketNotEmpty", 409, "The bucket you tried to delete is not empty")    \
    X(OL_EINVALIDBUCKET, "InvalidBucketName", 400, "The specified bucket is not valid.")           \
    X(OL_EKEYTOOLONG, "KeyTooLongError", 400, "Your key is too long")                              \
    X(OL_EINVALIDURI, "InvalidURI", 400, "Couldn't parse the specified URI.")                      \
    X(OL_ENOTMODIFIED, "NotModified", 304, "Not Modified")                                         \
    X(OL_EPRECONDITION, "PreconditionFailed", 412,                                                 \
      "At least one of the pre-conditions you specified did not hold")                             \
    X(OL_ERANGE, "InvalidRange", 416, "The requested range is not satisfiable")                    \
    X(OL_EMETHOD, "MethodNotAllowed", 405,                                                         \
      "The specified method is not allowed against this resource.")                                \
    X(OL_ENOTIMPLEMENTED, "NotImplemented", 501,                                                   \
      "A header or query you provided implies functionality that is not implemented.")             \
    X(OL_EBADDIGEST, "BadDigest", 400,                                                             \
      "The Content-MD5 or checksum value that you specified did not match what the server "        \
      "received.")                                                                                 \
    X(OL_EINVALIDDIGEST, "InvalidDigest", 400, "The Content-MD5 you specified is not valid.")      \
    X(OL_ESHA256MISMATCH, "XAmzContentSHA256Mismatch", 400,                                        \
      "The provided 'x-amz-content-sha256' header does not match what was computed.")              \
    X(OL_EINCOMPLETEBODY, "IncompleteBody", 400,                                                   \
      "You did not provide the number of bytes specified by the Content-Length HTTP header.")      \
    X(OL_EMISSINGLENGTH, "MissingContentLength", 411,                                              \
      "You must provide the Content-Length HTTP header.")                                          \
    X(OL_ETOOLARGE, "EntityTooLarge", 400,                                                         \
      "Your proposed upload exceeds the maximum allowed size")                                     \
    X(OL_EMETADATATOOLARGE, "MetadataTooLarge", 400,                                               \
      "Your metadata headers exceed the maximum allowed metadata size")                            \
    X(OL_EMALFORMEDXML, "MalformedXML", 400,                                                       \
      "The XML you provided was not well-formed or did not validate against our published schema") \
    X(OL_ESIGNATURE, "SignatureDoesNotMatch", 403,                                                 \
      "The request signature we calculated does not match the signature you provided. Check your " \
      "key and signing method.")                                                                   \
    X(OL_EACCESSKEY, "InvalidAccessKeyId", 403,                                                    \
      "The AWS Access Key Id you provided does not exist in our records.")                         \
    X(OL_ESKEW, "RequestTimeTooSkewed", 403,                                                       \
      "The difference between the request time and the current time is too large.")                \
    X(OL_EAUTHHEADER, "AuthorizationHeaderMalformed", 400,                                         \
      "The authorization header you provided is invalid.")                                         \
    X(OL_EAUTHQUERY, "AuthorizationQueryParametersError", 400,                                     \
      "Error parsing the X-Amz-Credential parameter.")                                             \
    X(OL_EMISSINGAUTH, "MissingAuthenticationToken", 403, "Missing authentication token.")         \
    X(OL_ESLOWDOWN, "SlowDown", 503, "Please reduce your request rate.")                           \
    X(OL_EUNAVAILABLE, "ServiceUnavailable", 503, "Service is unable to handle request.")          \
    X(OL_ENOSPACE, "InternalError", 500, "The store has no space left.")                           \
    X(OL_EORIGIN, "InternalError", 500, "The original could not be read.")                         \
    X(OL_EPEER, "ConnectionClosedByRequester", 400, "The peer closed the connection.")             \
    X(OL_EPROTOCOL, "BadRequest", 400, "The request is not valid HTTP.")                           \
    X(OL_EHEADERS, "RequestHeaderSectionTooLarge", 400,                                            \
      "Your request header section exceeds the maximum allowed size.")                             \
    X(OL_ENOTRANSFORM, "LambdaNotFound", 404, "The transform was not found.")                      \
    X(OL_ETRANSFORM, "LambdaRuntimeError", 500, "The transform failed.")                           \
    X(OL_EHOSTLOST, "LambdaRuntimeError", 500, "The transform's host ended unexpectedly.")         \
    X(OL_ETRANSFORMTIME, "LambdaTimeout", 500, "The transform exceeded its time limit.")           \
    X(OL_ETRANSFORMCPU, "LambdaTimeout", 500, "The transform exceeded its CPU limit.")             \
    X(OL_ETRANSFORMMEMORY, "LambdaRuntimeError", 500, "The transform exceeded its memory limit.")  \
    X(OL_ETRANSFORMOUTPUT, "LambdaRuntimeError", 500, "The transform exceeded its output limit.")  \
    X(OL_ETRANSFORMPATTERN, "LambdaRuntimeError", 500,                                             \
      "The transform exceeded its pattern-step limit.")                                            \
    X(OL_ETRANSFORMRESPONSE, "LambdaInvalidResponse", 400,                                         \
      "The transform answered with an invalid response.")                                          \
    X(OL_EREADAT, "LambdaRuntimeError", 500, "The transform's read_at was refused.")               \
    X(OL_EDIVERGED, "ResponseInterrupted", 400,                                                    \
      "The transform gave different bytes when run again.")                                        \
    X(OL_EOUTGROWN, "InternalError", 500, "The view is too large to be kept.")                     \
    X(OL_ECORRUPT, "InternalError", 500, "What was kept is damaged.")                              \
    X(OL_ESSECNEEDED, "InvalidRequest", 400,                                                       \
      "The object was stored using a form of Server Side Encryption. The correct parameters must " \
      "be provided to retrieve the object.")                                                       \
    X(OL_ESSECWRONG, "AccessDenied", 403,                                                          \
      "Requests specifying Server Side Encryption with Customer provided keys must provide the "   \
      "correct secret key.")                                                                       \
    X(OL_ESSECUNWANTED, "InvalidRequest", 400,                                                     \
      "The encryption parameters are not applicable to this object.")                              \
    X(OL_EDECRYPT, "InvalidRequest", 400,                                                          \
      "The object could not be decrypted with the keys and rules that apply to it.")               \
    X(OL_EVERIFYSIZE, "InvalidRequest", 400,                                                       \
      "The encrypted object is larger than may be verified before it is shown.")                   \
    X(OL_EVERIFYROOM, "SlowDown", 503, "There is no room now to verify the encrypted object.")     \
    X(OL_EKMSNOTFOUND, "KMS.NotFoundException", 400, "The KMS key does not exist.")                \
    X(OL_EKMSDISABLED, "KMS.DisabledException", 400, "The KMS key is disabled.")                   \
    X(OL_EKMSSTATE, "KMS.KMSInvalidStateException", 400,                                           \
      "The KMS key is in a state that does not allow this.")                                       \
    X(OL_EKMSTHROTTLED, "SlowDown", 503, "The KMS asks for a lower rate of requests.")             \
    X(OL_EKMSUNAVAILABLE, "ServiceUnavailable", 503, "The KMS cannot be reached.")                 \
    X(OL_ECONFIG, "InvalidRequest", 400, "The configuration is not valid.")

enum ol_code {
    OL_CODE_FIRST_ = -10000,
#define OL_ERROR_ENUM(name, s3, status, text) name,
    OL_ERRORS(OL_ERROR_ENUM)
#undef OL_ERROR_ENUM
};

#define OL_ERROR_TEXT_SIZE 320
#define OL_ERROR_S3_CODE_SIZE 64

typedef struct ol_error {
    int code;                             /* one of OL_E…; 0 = no error yet */
    int status;                           /* HTTP status for the client */
    char s3_code[OL_ERROR_S3_CODE_SIZE];  /* e.g. "NoSuchKey" */
    char message[OL_ERROR_TEXT_SIZE];     /* for the client */
    char detail[OL_ERROR_TEXT_SIZE];      /* for the log only */
} ol_error;

/* Fill `err` from the row of `code`; `detail` (a printf format) is for the log, may be NULL.
 * Does nothing when err already holds an error, or is NULL. Returns `code`, so that
 * `return ol_error_set(err, OL_EINVAL, "…")` reads well. */
int ol_error_set(ol_error *err, int code, const char *detail, ...)
    __attribute__((format(printf, 3, 4)));
/* As above, and the client reads this message instead of the row's default. */
int ol_error_say(ol_error *err, int code, const char *message, ...)
    __attribute__((format(printf, 3, 4)));
/* Everything by hand, for errors that a transform makes. Status outside 400..599 becomes 500. */
int ol_error_custom(ol_error *err, int code, int status, ol_slice s3_code, ol_slice message);
/* Forgets what it holds. The texts become empty, but are not overwritten with zeros. */
static inline void ol_error_clear(ol_error *err)
{
    err->code = err->status = 0;
    err->s3_code[0] = err->message[0] = err->detail[0] = '\0';
}
/* For locals: `ol_error err = ol_error_none();`. `= {0}` means the same; this one leaves the 700 bytes
 * of text as they are behind their first, and stands where every request passes. */
static inline ol_error ol_error_none(void)
{
    ol_error err;
    ol_error_clear(&err);
    return err;
}

/* "OL_ENOSUCHKEY"; "OL_E?" when unknown. */
const char *ol_code_name(int code);
const char *ol_code_s3(int code);
int ol_code_status(int code);
const char *ol_code_message(int code);

#endif
