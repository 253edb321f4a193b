/* SPDX-License-Identifier: MIT */
#include "front/views/view_learn.h"

#include "observe/log.h"

bool ol_view_learn(const ol_view_subject *subject, const ol_view_facts *facts)
{
    const ol_request *request = subject->request;
    ol_view_memo *memo = request->worker->shared->view_memo;
    if (ol_view_memo_learn(memo, subject->etag, facts) != OL_EDIVERGED)
        return true;
    ol_say("warn",
           "a view through %.*s was made twice and differs: its transform is not deterministic, so "
           "the view has no ETag and no ranges and is not kept (request %s, view %s)",
           OL_SLICE_FMT(request->target.olap->name), request->id, subject->etag);
    return false;
}
