/* SPDX-License-Identifier: MIT */
/* The small documents: errors, the list of buckets, a bucket's region, results of deletes. */
#include "s3/xml.h"

#include "base/encode.h"
#include "s3/xml_writer.h"

int ol_s3_xml_error(ol_buf *out, const ol_error *err, ol_slice resource, const char *request_id)
{
    ol_xml_writer w;
    const char *code = err->s3_code[0] ? err->s3_code : ol_code_s3(err->code);
    ol_xml_begin(&w, out, "Error", false);
    ol_xml_text(&w, "Code", ol_slice_cstr(code));
    ol_xml_text(&w, "Message", ol_slice_cstr(err->message));
    ol_xml_text(&w, "Resource", resource);
    ol_xml_text(&w, "RequestId", ol_slice_cstr(request_id));
    ol_xml_text(&w, "HostId", OL_SLICE_LIT("objlens"));
    ol_xml_close(&w, "Error");
    return w.rc;
}

int ol_s3_xml_buckets(ol_buf *out, const ol_bucket_list *list, ol_slice owner_id)
{
    ol_xml_writer w;
    ol_xml_begin(&w, out, "ListAllMyBucketsResult", true);
    ol_xml_owner(&w, owner_id);
    ol_xml_open(&w, "Buckets");
    for (size_t i = 0; i < list->count; i++) {
        ol_xml_open(&w, "Bucket");
        ol_xml_text(&w, "Name", list->buckets[i].name);
        ol_xml_date(&w, "CreationDate", list->buckets[i].created_ms);
        ol_xml_close(&w, "Bucket");
    }
    ol_xml_close(&w, "Buckets");
    ol_xml_close(&w, "ListAllMyBucketsResult");
    return w.rc;
}

int ol_s3_xml_location(ol_buf *out, ol_slice region)
{
    ol_xml_writer w;
    ol_xml_begin(&w, out, "LocationConstraint", true);
    /* The first region of S3 has always been the empty name. */
    if (w.rc == OL_OK && !ol_slice_eq_cstr(region, "us-east-1"))
        w.rc = ol_xml_escape(out, region);
    ol_xml_close(&w, "LocationConstraint");
    return w.rc;
}

static void put_outcome(ol_xml_writer *w, const ol_s3_delete_outcome *outcome)
{
    const ol_error *err = outcome->err;
    const char *element = err ? "Error" : "Deleted";
    ol_xml_open(w, element);
    ol_xml_text(w, "Key", outcome->key);
    if (err) {
        const char *code = err->s3_code[0] ? err->s3_code : ol_code_s3(err->code);
        ol_xml_text(w, "Code", ol_slice_cstr(code));
        ol_xml_text(w, "Message", ol_slice_cstr(err->message));
    }
    ol_xml_close(w, element);
}

int ol_s3_xml_delete_result(ol_buf *out, const ol_s3_delete_outcome *outcomes, size_t count,
                            bool quiet)
{
    ol_xml_writer w;
    ol_xml_begin(&w, out, "DeleteResult", true);
    for (size_t i = 0; i < count; i++)
        if (outcomes[i].err || !quiet)
            put_outcome(&w, &outcomes[i]);
    ol_xml_close(&w, "DeleteResult");
    return w.rc;
}
