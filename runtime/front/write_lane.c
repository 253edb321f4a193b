/* SPDX-License-Identifier: MIT */
#include "front/write_lane.h"

#include "front/request.h"

static void on_turn(void *arg);

static void begin(ol_worker *worker, ol_request *request)
{
    ol_write_lane *lane = &worker->write_lane;
    lane->begun++;
    if (!lane->turn_posted) {
        lane->turn_posted = true;
        lane->turn = (ol_post){.fn = on_turn, .arg = worker};
        ol_loop_defer(worker->loop, &lane->turn);
    }
    ol_request_dispatch(request);
}

static ol_request *take(ol_write_lane *lane)
{
    ol_request *request = lane->first;
    lane->first = request->lane_next;
    if (!lane->first)
        lane->last = NULL;
    return request;
}

static void on_turn(void *arg)
{
    ol_worker *worker = arg;
    ol_write_lane *lane = &worker->write_lane;
    lane->turn_posted = false;
    lane->begun = 0;
    while (lane->first && lane->begun < OL_WRITE_LANE_BEGUN_MAX) {
        ol_request *request = take(lane);
        if (!request->gone)
            begin(worker, request);
        ol_request_release(request);
    }
}

void ol_write_lane_enter(ol_request *request)
{
    ol_worker *worker = request->worker;
    ol_write_lane *lane = &worker->write_lane;
    if (!lane->first && lane->begun < OL_WRITE_LANE_BEGUN_MAX) {
        begin(worker, request);
        return;
    }
    ol_request_acquire(request);
    if (lane->last)
        lane->last->lane_next = request;
    else
        lane->first = request;
    lane->last = request;
}
