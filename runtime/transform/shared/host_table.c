/* SPDX-License-Identifier: MIT */
/* The table of functions that every plugin gets. */
#include "objlens/version.h"
#include "transform/shared/run.h"

const struct objlens_host ol_shared_host = {
    .abi_major = OBJLENS_ABI_MAJOR,
    .abi_minor = OBJLENS_ABI_MINOR,
    .size = sizeof(struct objlens_host),
    .version = OBJLENS_VERSION,
    .emit = ol_host_emit,
    .out_span = ol_host_out_span,
    .out_commit = ol_host_out_commit,
    .set_status = ol_host_set_status,
    .set_header = ol_host_set_header,
    .set_metadata = ol_host_set_metadata,
    .fail = ol_host_fail,
    .event_get = ol_host_event_get,
    .event_each = ol_host_event_each,
    .payload = ol_host_payload,
    .object_size = ol_host_object_size,
    .object_etag = ol_host_object_etag,
    .object_header = ol_host_object_header,
    .object_metadata = ol_host_object_metadata,
    .read_at = ol_host_read_at,
    .log = ol_host_log,
    .alloc = ol_host_alloc,
    .free = ol_host_free,
    .config = ol_host_config,
    .worker = ol_host_worker,
    .yield = ol_host_yield,
    .limits = ol_host_limits,
    .count = ol_host_count,
    .set_length = ol_host_set_length,
    .preload_folder = ol_host_preload_folder,
};
