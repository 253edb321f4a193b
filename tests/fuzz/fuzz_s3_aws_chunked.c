/* SPDX-License-Identifier: MIT */
/*
 * The aws-chunked decoder. Input: a byte of settings, a byte that says how to cut, the body. The
 * result must be the same uncut and cut.
 */
#include <assert.h>

#include "s3/upload/aws_chunked.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define DECODED_BYTES 16

static const ol_sigv4_result auth = {
    .seed_signature = "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9",
    .scope = "20130524/us-east-1/s3/aws4_request",
    .amz_date = "20130524T000000Z",
};

typedef struct outcome {
    int code;
    uint64_t bytes;
    uint64_t sum;
} outcome;

static outcome decode(const ol_aws_chunked_config *config, ol_slice body, size_t piece)
{
    ol_aws_chunked decoder;
    outcome o = {0};
    ol_error err = {0};
    ol_aws_chunked_init(&decoder, config);
    for (size_t at = 0; at < body.len && o.code == OL_OK; at += piece) {
        size_t left = body.len - at;
        ol_slice in = ol_slice_of(body.data + at, left < piece ? left : piece), out;
        while (in.len > 0 && o.code == OL_OK) {
            size_t before = in.len;
            o.code = ol_aws_chunked_push(&decoder, &in, &out, &err);
            assert(o.code != OL_OK || in.len < before);
            o.bytes += out.len;
            for (size_t i = 0; i < out.len; i++)
                o.sum = o.sum * 31 + out.data[i];
        }
    }
    if (o.code == OL_OK)
        o.code = ol_aws_chunked_finish(&decoder, &err);
    assert(o.code == err.code);
    ol_aws_chunked_fini(&decoder);
    return o;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    const ol_aws_chunked_config config = {
        .is_signed = data[0] & 1,
        .with_trailer = data[0] & 2,
        .announced = (data[0] & 6) == 6,
        .trailer = OL_CHECKSUM_CRC32,
        .decoded_length = data[0] >> 3 & DECODED_BYTES,
        .auth = &auth,
    };
    ol_slice body = ol_slice_of(data + 2, size - 2);
    outcome whole = decode(&config, body, size);
    outcome cut = decode(&config, body, 1 + data[1] % 64);
    assert(whole.bytes <= config.decoded_length);
    assert(whole.code == cut.code && whole.bytes == cut.bytes && whole.sum == cut.sum);
    assert(whole.code != OL_OK || whole.bytes == config.decoded_length);
    return 0;
}
