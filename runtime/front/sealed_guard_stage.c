/* SPDX-License-Identifier: MIT */
#include "front/sealed_guard_stage.h"

#include "crypto/pgp_packets.h"

typedef struct guard {
    uint8_t first[OL_SEALED_PEEK_BYTES];
    size_t have;
} guard;

enum ol_sealed_format ol_sealed_guard_recognise(ol_slice first)
{
    enum ol_sealed_format format = ol_sealed_recognise_bytes(first);
    return format == OL_SEALED_PGP && !ol_pgp_is_text(first) ? OL_SEALED_NONE : format;
}

static int take(ol_stage *st, ol_slice in, ol_error *err)
{
    guard *self = st->state;
    if (self->have < sizeof(self->first)) {
        ol_slice more = ol_slice_first(in, sizeof(self->first) - self->have);
        memcpy(self->first + self->have, more.data, more.len);
        self->have += more.len;
        if (ol_sealed_guard_recognise(ol_slice_of(self->first, self->have)) != OL_SEALED_NONE)
            return ol_error_set(err, OL_EDECRYPT, "it is encrypted, and no rule allows its format");
    }
    return ol_stage_write(st, in, err);
}

const ol_stage_ops ol_sealed_guard_stage_ops = {
    .name = "guard",
    .phase = OL_PHASE_VERIFY,
    .state_size = sizeof(guard),
    .write = take,
    .reserve = ol_stage_reserve,
};
