/* SPDX-License-Identifier: MIT */
/*
 * The operations of a remote origin, as origin.h describes them. For origin/s3/ only.
 */
#ifndef OL_ORIGIN_S3_OPERATIONS_H
#define OL_ORIGIN_S3_OPERATIONS_H

#include "origin/s3/s3_private.h"

extern const ol_origin_ops ol_s3_operations;

/* object.c */
int ol_s3_open(ol_origin *o, ol_loop *loop, const ol_object_ref *ref, ol_object **out,
               ol_object_cb cb, void *arg, ol_error *err);
const ol_object_info *ol_s3_info(const ol_object *object);
void ol_s3_close_object(ol_object *object);
/* body.c */
int ol_s3_body(ol_object *object, ol_byte_range range, ol_arena *arena, const ol_stage_ops **ops,
               const void **config);
/* read_at.c */
int ol_s3_read_at(ol_object *object, uint64_t offset, ol_span span, size_t *got, ol_read_cb cb,
                  void *arg, ol_error *err);
void ol_s3_drop_reads(ol_object *object);
/* put.c */
int ol_s3_put(ol_origin *o, const ol_put_request *req, ol_arena *arena, const ol_stage_ops **ops,
              const void **config, ol_error *err);
int ol_s3_upload_part(ol_origin *o, const ol_part_request *req, ol_arena *arena,
                      const ol_stage_ops **ops, const void **config, ol_error *err);
/* remove.c */
int ol_s3_remove(ol_origin *o, ol_loop *loop, const ol_remove_request *req, ol_remove_cb cb,
                 void *arg, ol_error *err);
/* list.c */
int ol_s3_list(ol_origin *o, ol_loop *loop, const ol_list_request *req, ol_list_cb cb, void *arg,
               ol_error *err);
/* buckets.c */
int ol_s3_bucket_create(ol_origin *o, ol_loop *loop, ol_slice bucket, ol_done_cb cb, void *arg,
                        ol_error *err);
int ol_s3_bucket_remove(ol_origin *o, ol_loop *loop, ol_slice bucket, ol_done_cb cb, void *arg,
                        ol_error *err);
int ol_s3_bucket_exists(ol_origin *o, ol_loop *loop, ol_slice bucket, ol_done_cb cb, void *arg,
                        ol_error *err);
int ol_s3_bucket_list(ol_origin *o, ol_loop *loop, ol_bucket_list_cb cb, void *arg, ol_error *err);
/* attributes.c */
int ol_s3_attribute_get(ol_origin *o, ol_loop *loop, const ol_object_ref *ref,
                        enum ol_attribute which, ol_text_cb cb, void *arg, ol_error *err);
int ol_s3_attribute_set(ol_origin *o, ol_loop *loop, const ol_object_ref *ref,
                        enum ol_attribute which, ol_slice text, ol_done_cb cb, void *arg,
                        ol_error *err);
/* uploads.c */
int ol_s3_upload_create(ol_origin *o, ol_loop *loop, const ol_upload_request *req, ol_upload_cb cb,
                        void *arg, ol_error *err);
int ol_s3_upload_complete(ol_origin *o, ol_loop *loop, const ol_complete_request *req,
                          ol_put_cb cb, void *arg, ol_error *err);
int ol_s3_upload_abort(ol_origin *o, ol_loop *loop, ol_slice bucket, ol_slice key,
                       ol_slice upload_id, ol_done_cb cb, void *arg, ol_error *err);
/* upload_list.c, parts_list.c */
int ol_s3_upload_list(ol_origin *o, ol_loop *loop, const ol_uploads_request *req, ol_uploads_cb cb,
                      void *arg, ol_error *err);
int ol_s3_parts_list(ol_origin *o, ol_loop *loop, const ol_object_ref *ref, ol_slice upload_id,
                     uint32_t marker, uint32_t max, ol_part_list_cb cb, void *arg, ol_error *err);
/* copy.c */
int ol_s3_copy(ol_origin *o, ol_loop *loop, const ol_copy_request *req, ol_put_cb cb, void *arg,
               ol_error *err);

#endif
