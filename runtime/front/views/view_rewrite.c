/* SPDX-License-Identifier: MIT */
#include "front/views/view_rewrite.h"

int ol_view_rewrite_seal(ol_view_rewrite *self, ol_error *err)
{
    if (!self->page->truncated || !self->rewritten)
        return OL_OK;
    return ol_list_query_seal(self->query, self->request, self->page->next_start_after, err);
}

/* ---- to a program ---- */

static int write_listing(ol_view_rewrite *self, ol_error *err)
{
    int rc = ol_view_rewrite_seal(self, err);
    if (rc != OL_OK)
        return rc;
    const ol_view_listing_frame frame = {.page = &self->query->page,
                                         .truncated = self->page->truncated,
                                         .next = self->query->page.next};
    ol_buf_clear(&self->text_);
    return ol_view_listing_write(&self->text_, &self->listing, &frame);
}

/* The first program is given as much of the page as fits; the others get what the one before them
 * has made of it. */
static int prepare_text(ol_view_rewrite *self, ol_error *err)
{
    ol_list_result *page = self->page;
    bool first = !self->rewritten;
    self->rewritten = true;
    int rc = write_listing(self, err);
    while (rc == OL_ELIMIT && first && page->object_count > 1) {
        ol_view_listing_cut(page, page->objects[page->object_count / 2 - 1].key);
        rc = ol_view_listing_make(&self->listing, page, self->arena);
        if (rc == OL_OK)
            rc = write_listing(self, err);
    }
    if (rc == OL_ELIMIT)
        return ol_error_set(err, OL_ETRANSFORMRESPONSE, "a listing is too large for a program");
    return rc == OL_OK ? OL_OK : ol_error_set(err, rc, "a listing");
}

/* ---- and back ---- */

static bool has_list(const ol_view_rewrite *self, size_t step)
{
    return self->chain_.programs[step]->declared.has_list;
}

static bool is_last(const ol_view_rewrite *self)
{
    for (size_t i = self->step_ + 1; i < self->chain_.count; i++)
        if (has_list(self, i))
            return false;
    return true;
}

static int take_answer(ol_view_rewrite *self, ol_error *err)
{
    const ol_memory_sink *answer = &self->consult_.answer;
    const ol_view_listing given = self->listing;
    if (answer->head.status != 200)
        return ol_error_set(err, OL_ETRANSFORMRESPONSE, "a listing with status %d",
                            answer->head.status);
    int rc = ol_view_listing_read(&self->listing, ol_buf_slice(&answer->bytes), &given,
                                  &self->query->page, self->arena, err);
    if (rc == OL_OK && self->listing.xml.len > 0 && !is_last(self))
        return ol_error_set(err, OL_ETRANSFORMRESPONSE,
                            "a document, where another program is to read the listing");
    return rc;
}

static int ask_next(ol_view_rewrite *self, ol_error *err);

static void on_answer(void *arg, const ol_error *answer_err)
{
    ol_view_rewrite *self = arg;
    ol_error err = {0};
    int rc = OL_OK;
    if (answer_err)
        err = *answer_err;
    else if (self->request->gone)
        ol_error_set(&err, OL_EPEER, "the client left before the end");
    else if (take_answer(self, &err) == OL_OK) {
        self->step_++;
        rc = ask_next(self, &err);
    }
    if (rc != OL_WAIT)
        self->cb(self->arg, err.code == OL_OK ? NULL : &err);
}

static int consult(ol_view_rewrite *self, ol_error *err)
{
    int rc = prepare_text(self, err);
    if (rc != OL_OK)
        return rc;
    ol_view_consult_fini(&self->consult_);
    self->consult_ = (ol_view_consult){
        .chain = &self->chain_,
        .step = self->step_,
        .entry = OL_ENTRY_LIST,
        .address = self->request->address,
        .input = ol_buf_slice(&self->text_),
        .answer_bytes_max = OL_VIEW_LISTING_BYTES_MAX,
        .arena = self->request->arena,
        .cb = on_answer,
        .arg = self,
    };
    return ol_view_consult_start(&self->consult_, err);
}

static int ask_next(ol_view_rewrite *self, ol_error *err)
{
    while (self->step_ < self->chain_.count && !has_list(self, self->step_))
        self->step_++;
    return self->step_ < self->chain_.count ? consult(self, err) : OL_OK;
}

/* ---- what others call ---- */

int ol_view_rewrite_start(ol_view_rewrite *self, ol_error *err)
{
    ol_request *request = self->request;
    ol_buf_init(&self->text_, OL_VIEW_LISTING_BYTES_MAX);
    int rc = ol_view_chain_init(&self->chain_, request, request->view, err);
    if (rc != OL_OK)
        return rc;
    if (ol_view_listing_make(&self->listing, self->page, self->arena) != OL_OK)
        return ol_error_set(err, OL_ENOMEM, "a listing");
    return ask_next(self, err);
}

void ol_view_rewrite_abort(ol_view_rewrite *self, const ol_error *err)
{
    ol_view_consult_abort(&self->consult_, err);
}

void ol_view_rewrite_fini(ol_view_rewrite *self)
{
    ol_view_consult_fini(&self->consult_);
    ol_buf_fini(&self->text_);
    ol_view_chain_fini(&self->chain_);
}

bool ol_view_rewrite_settles_names(const ol_view_rewrite *self)
{
    for (size_t i = 0; i < self->chain_.count; i++)
        if (self->chain_.programs[i]->declared.has_request && !has_list(self, i))
            return false;
    return true;
}
