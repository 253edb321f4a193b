/* SPDX-License-Identifier: MIT */
/*
 * Time slices; see preempt.h.
 */
#include "transform/lua/preempt.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/limits.h"
#include "transform/lua/native.h"

#define SLICE_SIGNAL SIGVTALRM
#define RETRY_NS 1000000u /* how often the handler comes back when nothing happened */
#define NS_PER_MS 1000000ull
#define METER_STEP 10 /* instructions */

static _Thread_local struct {
    bool made;
    timer_t timer;
    volatile uint64_t armed_until_ns; /* when the timer goes off; 0 when it is not armed */
    volatile sig_atomic_t due;
    uint64_t deadline_ns; /* written before `run` is set, stays while it is */
    uint64_t due_cpu_ns;  /* the thread's CPU time when `due` was set */
    ol_run *volatile run; /* NULL while idle */
} slice;

static void arm(uint64_t until_ns)
{
    struct itimerspec when = {.it_value = {.tv_sec = (time_t)(until_ns / 1000000000u),
                                           .tv_nsec = (long)(until_ns % 1000000000u)}};

    slice.armed_until_ns = until_ns;
    timer_settime(slice.timer, TIMER_ABSTIME, &when, NULL);
}

static void on_hook(lua_State *L, lua_Debug *ar);

/* Modules are loaded by require, which cannot be suspended; on a slow processor the texts of those that
 * come with objlens alone take longer than a stretch of a request may. A state that is loaded for a request
 * makes others wait, and must be done before the pool's watchdog takes the host for stuck. */
static bool is_held_to_load_ms(const ol_run *run)
{
    const ol_transform_limits *limits = &ol_lua_script_of(run)->limits;

    return run->phase == OL_LUA_LOADING &&
           (!run->now.job ||
            limits->load_ms <= limits->unyieldable_ms * OL_TRANSFORM_LOAD_STRETCH_FACTOR);
}

static uint32_t unyieldable_ms(const ol_run *run)
{
    const ol_transform_limits *limits = &ol_lua_script_of(run)->limits;

    if (is_held_to_load_ms(run))
        return limits->load_ms;
    return limits->unyieldable_ms *
           (run->phase == OL_LUA_LOADING ? OL_TRANSFORM_LOAD_STRETCH_FACTOR : 1);
}

static uint64_t unyieldable_ns(const ol_run *run)
{
    return unyieldable_ms(run) * NS_PER_MS;
}

/* A guarded call into a library has had its time. */
static bool abandons_call(const ol_run *run)
{
    return ol_lua_guard.on && !ol_lua_guard.allocating &&
           ol_clock_thread_cpu_ns() >= slice.due_cpu_ns + unyieldable_ns(run);
}

/* Calls only what is allowed in a handler: clock_gettime, timer_settime, and lua_sethook, which
 * Lua's manual allows there. Does not return to a guarded call that has had its time. */
static void on_signal(int number)
{
    int saved = errno;
    ol_run *run = slice.run;
    uint64_t now;

    (void)number;
    slice.armed_until_ns = 0;
    if (run) {
        now = ol_clock_mono_ns();
        if (now < slice.deadline_ns) {
            arm(slice.deadline_ns);
        } else {
            lua_State *L = run->current;

            if (!slice.due)
                slice.due_cpu_ns = ol_clock_thread_cpu_ns();
            slice.due = 1;
            if (L)
                lua_sethook(L, on_hook, LUA_MASKCOUNT, 1);
            /* Setting the hook walks over all active calls, milliseconds for a deep recursion: the
             * script must get to its next instruction before this happens again. */
            arm(ol_clock_mono_ns() + RETRY_NS + 4 * (ol_clock_mono_ns() - now));
            if (abandons_call(run)) {
                ol_lua_guard.on = 0;
                errno = saved;
                siglongjmp(ol_lua_guard.back, 1);
            }
        }
    }
    errno = saved;
}

int ol_lua_preempt_start(ol_error *err)
{
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
    struct sigevent event = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SLICE_SIGNAL};
    sigset_t ours;

    if (slice.made)
        return OL_OK;
    event._sigev_un._tid = gettid();
    sigemptyset(&action.sa_mask);
    sigemptyset(&ours);
    sigaddset(&ours, SLICE_SIGNAL);
    if (sigaction(SLICE_SIGNAL, &action, NULL) != 0 ||
        pthread_sigmask(SIG_UNBLOCK, &ours, NULL) != 0 ||
        timer_create(CLOCK_MONOTONIC, &event, &slice.timer) != 0)
        return ol_error_set(err, OL_EINTERNAL, "no timer for time slices: errno %d", errno);
    slice.made = true;
    return OL_OK;
}

void ol_lua_preempt_stop(void)
{
    if (!slice.made)
        return;
    timer_delete(slice.timer);
    slice.made = false;
    slice.armed_until_ns = 0;
}

void ol_lua_preempt_begin(ol_run *run, lua_State *L, uint32_t slice_ms)
{
    uint64_t length = (slice_ms ? slice_ms : 1) * NS_PER_MS;

    run->current = L;
    slice.due = 0;
    slice.deadline_ns = ol_clock_mono_ns() + length;
    /* The handler must see all of the above once it sees the run. It may come at any moment
     * from here on: when it did before, the timer is not armed any more. */
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    slice.run = run;
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    if (!slice.armed_until_ns || slice.armed_until_ns > slice.deadline_ns)
        arm(slice.deadline_ns);
}

void ol_lua_preempt_end(ol_run *run)
{
    slice.run = NULL;
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    run->current = NULL;
}

void ol_lua_preempt_poke(lua_State *L)
{
    lua_sethook(L, on_hook, LUA_MASKCOUNT, 1);
}

void ol_lua_preempt_switch(ol_run *run, lua_State *L)
{
    run->current = L;
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    if (slice.due || run->now.stopped)
        ol_lua_preempt_poke(L);
}

bool ol_lua_preempt_due(void)
{
    return slice.due != 0;
}

/* The slice is over and nothing can be suspended here: how long may that go on? Counted in CPU
 * time: on a busy machine the thread may have stood still meanwhile. */
static void check_unyieldable(ol_run *run)
{
    if (ol_clock_thread_cpu_ns() < slice.due_cpu_ns + unyieldable_ns(run))
        return;
    ol_lua_stop(run, OL_ETRANSFORMCPU,
                "works for %u ms where it cannot be preempted (%s)", (unsigned)unyieldable_ms(run),
                is_held_to_load_ms(run) ? "load_ms" : "unyieldable_ms");
}

/* Where nothing can be suspended, the way out of there is watched: behind a return comes an
 * instruction that may well be one where it can. (The timer alone would hit the few instructions
 * between two such stretches only by luck.) */
static void watch_returns(lua_State *L, const lua_Debug *ar)
{
    bool returned = ar->event == LUA_HOOKRET;

    lua_sethook(L, on_hook, LUA_MASKRET | (returned ? LUA_MASKCOUNT : 0), returned ? 1 : 0);
}

/* While a script is loaded ahead there is no job. */
static bool is_metered(const ol_run *run)
{
    return run->now.job && ol_job_meters(run->now.job);
}

/* Between two slices: no hook, but for one that counts. */
static void rest(ol_run *run, lua_State *L)
{
    if (is_metered(run))
        ol_lua_preempt_meter(L);
    else
        lua_sethook(L, NULL, 0, 0);
}

void ol_lua_preempt_meter(lua_State *L)
{
    lua_sethook(L, on_hook, LUA_MASKCOUNT, METER_STEP);
}

static void on_hook(lua_State *L, lua_Debug *ar)
{
    ol_run *run = ol_lua_run(L);

    if (is_metered(run) && ar->event == LUA_HOOKCOUNT)
        ol_job_note_instructions(run->now.job, (uint64_t)lua_gethookcount(L));
    if (!run->now.stopped) {
        rest(run, L);
        if (!slice.due)
            return;
        if (ol_lua_can_suspend(L) && ar->event == LUA_HOOKCOUNT) {
            run->now.yield = OL_LUA_YIELD_PREEMPT;
            lua_yield(L, 0);
            return;
        }
        check_unyieldable(run);
        if (!run->now.stopped) {
            watch_returns(L, ar);
            return;
        }
    }
    ol_lua_raise_stop(L);
}

void ol_lua_pause(lua_State *L, lua_KContext context, lua_KFunction k)
{
    ol_run *run = ol_lua_run(L);

    if (run->now.stopped)
        ol_lua_raise_stop(L);
    if (ol_lua_can_suspend(L)) {
        run->now.yield = OL_LUA_YIELD_PREEMPT;
        lua_yieldk(L, 0, context, k);
    }
    check_unyieldable(run);
    if (run->now.stopped)
        ol_lua_raise_stop(L);
}
