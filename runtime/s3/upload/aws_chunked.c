/* SPDX-License-Identifier: MIT */
/*
 * A state machine over lines and data:
 *
 *     HEADER → DATA → AFTER_DATA → HEADER → … → HEADER (size 0) → TRAILERS → DONE
 *
 * Every signature covers the one before it, so chunks can be neither dropped nor reordered, and
 * the zero-sized last chunk proves the end.
 */
#include "s3/upload/aws_chunked.h"

#include <stdio.h>

#include "base/alloc.h"
#include "base/encode.h"

enum state { HEADER, DATA, AFTER_DATA, TRAILERS, AFTER_TRAILERS, DONE };

static const char signature_mark[] = ";chunk-signature=";
static const char trailer_signature[] = "x-amz-trailer-signature";
static const char sha256_of_nothing[] =
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

void ol_aws_chunked_init(ol_aws_chunked *decoder, const ol_aws_chunked_config *config)
{
    memset(decoder, 0, sizeof *decoder);
    decoder->config = *config;
    decoder->state = HEADER;
    ol_sha256_init(&decoder->sha);
    if (!config->is_signed)
        return;
    ol_hmac_key_init(&decoder->key,
                     ol_slice_of(config->auth->signing_key, sizeof config->auth->signing_key));
    memcpy(decoder->previous, config->auth->seed_signature, sizeof decoder->previous);
}

void ol_aws_chunked_fini(ol_aws_chunked *decoder)
{
    ol_wipe(decoder, sizeof *decoder);
}

static int bad_framing(ol_error *err, const char *why)
{
    ol_error_say(err, OL_EINCOMPLETEBODY, "The request body terminated unexpectedly");
    if (err && err->code == OL_EINCOMPLETEBODY && !err->detail[0])
        snprintf(err->detail, sizeof err->detail, "aws-chunked: %s", why);
    return OL_EINCOMPLETEBODY;
}

static int bad_trailer(ol_error *err)
{
    return ol_error_custom(err, OL_EINVALIDREQUEST, 400, OL_SLICE_LIT("MalformedTrailerError"),
                           OL_SLICE_LIT("The request contained trailing data that was not "
                                        "well-formed or did not conform to our published "
                                        "schema."));
}

static int bad_chunk_size(ol_error *err, const char *message)
{
    return ol_error_custom(err, OL_EINVALIDREQUEST, 400, OL_SLICE_LIT("InvalidChunkSizeError"),
                           ol_slice_cstr(message));
}

/* ---- lines ---- */

/* OL_OK: *line is a whole line without its end (borrowed until the next call). OL_WAIT: more
 * input is needed. `strict`: the line must end in CR LF, not in LF alone. */
static int take_line(ol_aws_chunked *d, ol_slice *in, bool strict, ol_slice *line, ol_error *err)
{
    ptrdiff_t end = ol_slice_find(*in, '\n');
    size_t count = end < 0 ? in->len : (size_t)end + 1;
    if (count > sizeof d->line - d->line_len)
        return bad_framing(err, "a line is too long");
    if (count > 0)
        memcpy(d->line + d->line_len, in->data, count);
    d->line_len += count;
    *in = ol_slice_from(*in, count);
    if (end < 0)
        return OL_WAIT;
    size_t len = d->line_len - 1;
    bool cr = len > 0 && d->line[len - 1] == '\r';
    if (strict && !cr)
        return bad_framing(err, "a line does not end in CR LF");
    *line = ol_slice_of(d->line, cr ? len - 1 : len);
    d->line_len = 0;
    return OL_OK;
}

static int hex_digit(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* 1 to 16 digits, so nothing overflows. */
static bool parse_size(ol_slice text, uint64_t *size)
{
    if (text.len == 0 || text.len > 16)
        return false;
    *size = 0;
    for (size_t i = 0; i < text.len; i++) {
        int digit = hex_digit(text.data[i]);
        if (digit < 0)
            return false;
        *size = *size << 4 | (uint64_t)digit;
    }
    return true;
}

/* ---- signatures ---- */

/* Does `given` sign what d->sha has seen, chained to the signature before? It then becomes the
 * one before. `kind` is PAYLOAD or TRAILER; `middle` a further line of the string to sign. */
static int check_signature(ol_aws_chunked *d, const char *kind, const char *middle, ol_slice given,
                           ol_error *err)
{
    const ol_sigv4_result *auth = d->config.auth;
    uint8_t digest[OL_SHA256_BYTES];
    char hex[OL_SHA256_HEX_SIZE], text[512];
    ol_sha256_final(&d->sha, digest);
    ol_sha256_init(&d->sha);
    ol_hex_encode(digest, sizeof digest, hex);
    int len = snprintf(text, sizeof text, "AWS4-HMAC-SHA256-%s\n%s\n%s\n%s\n%s%s", kind,
                       auth->amz_date, auth->scope, d->previous, middle, hex);
    ol_hmac_sign(&d->key, ol_slice_of(text, (size_t)len), digest);
    ol_hex_encode(digest, sizeof digest, hex);
    bool good = ol_slice_eq_secret(given, ol_slice_of(hex, 64));
    if (good)
        memcpy(d->previous, hex, sizeof d->previous);
    ol_wipe(hex, sizeof hex);
    ol_wipe(digest, sizeof digest);
    return good ? OL_OK : ol_error_set(err, OL_ESIGNATURE, "signature of a %s", kind);
}

static int check_chunk_signature(ol_aws_chunked *d, ol_error *err)
{
    char middle[OL_SHA256_HEX_SIZE + 1];
    if (!d->config.is_signed)
        return OL_OK;
    snprintf(middle, sizeof middle, "%s\n", sha256_of_nothing);
    return check_signature(d, "PAYLOAD", middle, ol_slice_of(d->given, 64), err);
}

/* ---- chunks ---- */

/* The signature's text is kept as given; a wrong one is found when it is compared. */
static int parse_header(ol_aws_chunked *d, ol_slice line, uint64_t *size, ol_error *err)
{
    ptrdiff_t mark = ol_slice_find(line, ';');
    ol_slice digits = mark < 0 ? line : ol_slice_first(line, (size_t)mark);
    if (!parse_size(digits, size))
        return bad_framing(err, "a chunk's size is not a hex number");
    if (!d->config.is_signed)
        return mark < 0 ? OL_OK : bad_framing(err, "an extension on an unsigned chunk");
    ol_slice extension = mark < 0 ? OL_SLICE_NONE : ol_slice_from(line, (size_t)mark);
    if (extension.len != sizeof signature_mark - 1 + 64 ||
        !ol_slice_starts(extension, ol_slice_cstr(signature_mark)))
        return bad_framing(err, "a chunk without its signature");
    memcpy(d->given, extension.data + sizeof signature_mark - 1, 64);
    d->given[64] = '\0';
    return OL_OK;
}

static int check_size(ol_aws_chunked *d, uint64_t size, ol_error *err)
{
    bool first = d->total == 0;
    if (size == 0)
        return d->total == d->config.decoded_length
                   ? OL_OK
                   : bad_framing(err, "fewer bytes than x-amz-decoded-content-length");
    if (!first && d->chunk_size < OL_AWS_CHUNK_BYTES_MIN)
        return bad_chunk_size(
            err, "Only the last chunk is allowed to have a size less than 8192 bytes");
    if (d->config.is_signed && size > OL_AWS_CHUNK_SIGNED_BYTES_MAX)
        return bad_chunk_size(err, "A signed chunk must not be larger than 67108864 bytes");
    if (size > d->config.decoded_length - d->total)
        return bad_framing(err, "more bytes than x-amz-decoded-content-length");
    return OL_OK;
}

static int on_header(ol_aws_chunked *d, ol_slice line, ol_error *err)
{
    uint64_t size = 0;
    int rc = parse_header(d, line, &size, err);
    if (rc == OL_OK)
        rc = check_size(d, size, err);
    if (rc != OL_OK)
        return rc;
    d->chunk_size = d->left = size;
    d->total += size;
    d->state = size > 0 ? DATA : TRAILERS;
    return size > 0 ? OL_OK : check_chunk_signature(d, err);
}

static void take_data(ol_aws_chunked *d, ol_slice *in, ol_slice *data)
{
    *data = ol_slice_first(*in, d->left < in->len ? (size_t)d->left : in->len);
    *in = ol_slice_from(*in, data->len);
    d->left -= data->len;
    if (d->config.is_signed)
        ol_sha256_update(&d->sha, data->data, data->len);
    if (d->left == 0)
        d->state = AFTER_DATA;
}

/* ---- trailers ---- */

static int on_trailer_signature(ol_aws_chunked *d, ol_slice value, ol_error *err)
{
    if (d->trailer_signed || !d->config.is_signed)
        return bad_trailer(err);
    d->trailer_signed = true;
    return check_signature(d, "TRAILER", "", value, err);
}

/* The canonical form, `name:value\n`, is what the trailer's signature covers. */
static int on_checksum_trailer(ol_aws_chunked *d, ol_slice name, ol_slice value, ol_error *err)
{
    const char *announced = ol_checksum_header(d->config.trailer);
    if (!d->config.announced || !ol_slice_ieq(name, ol_slice_cstr(announced)) ||
        d->trailer_value[0] || d->trailer_signed || value.len == 0 ||
        value.len >= sizeof d->trailer_value || ol_slice_find(value, '\0') >= 0)
        return bad_trailer(err);
    memcpy(d->trailer_value, value.data, value.len);
    ol_sha256_update(&d->sha, announced, strlen(announced));
    ol_sha256_update(&d->sha, ":", 1);
    ol_sha256_update(&d->sha, value.data, value.len);
    ol_sha256_update(&d->sha, "\n", 1);
    return OL_OK;
}

static int on_trailers_end(ol_aws_chunked *d, ol_error *err)
{
    bool wants_signature = d->config.is_signed && d->config.with_trailer;
    bool has_value = d->trailer_value[0] != '\0';
    /* One client in the field puts an empty line between the trailers and their signature. */
    if (wants_signature && has_value && !d->trailer_signed && !d->blank_skipped) {
        d->blank_skipped = true;
        return OL_OK;
    }
    if (has_value != d->config.announced)
        return bad_trailer(err);
    if (wants_signature && has_value && !d->trailer_signed)
        return ol_error_set(err, OL_ESIGNATURE, "the trailer is not signed");
    d->state = d->config.with_trailer ? AFTER_TRAILERS : DONE;
    return OL_OK;
}

static int on_trailer(ol_aws_chunked *d, ol_slice line, ol_error *err)
{
    if (line.len == 0)
        return on_trailers_end(d, err);
    ptrdiff_t colon = ol_slice_find(line, ':');
    if (!d->config.with_trailer || colon < 0)
        return bad_trailer(err);
    ol_slice name = ol_slice_first(line, (size_t)colon);
    ol_slice value = ol_slice_trim(ol_slice_from(line, (size_t)colon + 1));
    if (ol_slice_ieq(name, ol_slice_cstr(trailer_signature)))
        return on_trailer_signature(d, value, err);
    return on_checksum_trailer(d, name, value, err);
}

/* The same client ends unsigned trailers with one empty line too many. */
static int on_line_after_trailers(ol_aws_chunked *d, ol_slice line, ol_error *err)
{
    if (line.len > 0)
        return bad_framing(err, "bytes behind the end");
    d->state = DONE;
    return OL_OK;
}

/* ---- the machine ---- */

static int on_line(ol_aws_chunked *d, ol_slice line, ol_error *err)
{
    switch (d->state) {
    case HEADER:
        return on_header(d, line, err);
    case AFTER_DATA:
        if (line.len > 0)
            return bad_framing(err, "a chunk is longer than its size says");
        d->state = HEADER;
        return check_chunk_signature(d, err);
    case TRAILERS:
        return on_trailer(d, line, err);
    case AFTER_TRAILERS:
        return on_line_after_trailers(d, line, err);
    default:
        return bad_framing(err, "bytes behind the end");
    }
}

int ol_aws_chunked_push(ol_aws_chunked *decoder, ol_slice *in, ol_slice *data, ol_error *err)
{
    *data = OL_SLICE_NONE;
    while (in->len > 0 && data->len == 0) {
        if (decoder->state == DATA) {
            take_data(decoder, in, data);
            continue;
        }
        ol_slice line = OL_SLICE_NONE;
        bool strict = decoder->state == HEADER || decoder->state == AFTER_DATA;
        int rc = take_line(decoder, in, strict, &line, err);
        if (rc == OL_OK)
            rc = on_line(decoder, line, err);
        if (rc < 0)
            return rc;
    }
    return OL_OK;
}

int ol_aws_chunked_finish(ol_aws_chunked *decoder, ol_error *err)
{
    bool ended = decoder->state == DONE || decoder->state == AFTER_TRAILERS;
    if (!ended || decoder->line_len > 0)
        return bad_framing(err, "the body ends too early");
    return OL_OK;
}
