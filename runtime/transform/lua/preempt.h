/* SPDX-License-Identifier: MIT */
/*
 * Time slices. Lua's count hook costs a third and more of the speed as long as it is set, so it is
 * not set: a one-shot timer looks at the clock when a slice may be over, and only then does
 * its signal handler set the hook, for one instruction, on the coroutine that runs. The hook
 * takes itself off and yields to the scheduler.
 *
 *   light job  begin … end; the timer is armed at most once a slice length, and when it goes
 *              off in another job's slice it arms itself for what is left of that
 *   heavy job  begin … (signal, hook) … yield, end; later on: begin …
 *   no yield   when the hook may not yield (inside a metamethod called by C, a closing
 *              coroutine, …) it lets go and the timer comes back every millisecond, until
 *              unyieldable_ms of CPU time have passed (while a script is loaded: load_ms, and five
 *              times unyieldable_ms where a request waits for that): then the job is stopped
 *
 * One of each thread that runs a host; the signal goes to that thread. The timer and its handler
 * (SIGVTALRM) are made by its first load, in front of the wall; afterwards only timer_settime,
 * clock_gettime and sigreturn are needed. System calls of the host may see EINTR or be restarted.
 */
#ifndef OL_TRANSFORM_LUA_PREEMPT_H
#define OL_TRANSFORM_LUA_PREEMPT_H

#include "transform/lua/run.h"

/* Idempotent. OL_OK or OL_EINTERNAL. The calling thread is the one that will run jobs. */
int ol_lua_preempt_start(ol_error *err);
/* For a thread that ends: it runs no jobs any more. */
void ol_lua_preempt_stop(void);

/* The run's coroutine `L` is about to be resumed, for slice_ms at most. */
void ol_lua_preempt_begin(ol_run *run, lua_State *L, uint32_t slice_ms);
void ol_lua_preempt_end(ol_run *run);

/* From now on `L` is what the VM executes. Hands on a preemption that came too late for the
 * coroutine before. */
void ol_lua_preempt_switch(ol_run *run, lua_State *L);
/* Make the hook look at L at its next instruction: something must be done there. */
void ol_lua_preempt_poke(lua_State *L);

/* True when the slice is over: a loop in C should call ol_lua_pause now. */
bool ol_lua_preempt_due(void);
/* Count the instructions of L and of the coroutines that it makes, for ol_job_note_instructions. A
 * hook stands all the time then, so that the script is slower. */
void ol_lua_preempt_meter(lua_State *L);
/* For loops in C, when due. Where L can be suspended, does not return but yields, and k goes
 * on later with `context`. Otherwise returns, or stops the job when this took too long. */
void ol_lua_pause(lua_State *L, lua_KContext context, lua_KFunction k);

#endif
