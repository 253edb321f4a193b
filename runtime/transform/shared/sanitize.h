/* SPDX-License-Identifier: MIT */
/*
 * What the sanitizers must be told when the stack under the program changes. Every function is
 * empty in a build without them.
 */
#ifndef OL_TRANSFORM_SHARED_SANITIZE_H
#define OL_TRANSFORM_SHARED_SANITIZE_H

#include <stddef.h>

#ifndef __has_feature
#define __has_feature(x) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer)
#define OL_FIBER_ASAN 1
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif
#if defined(__SANITIZE_THREAD__) || __has_feature(thread_sanitizer)
#define OL_FIBER_TSAN 1
#include <sanitizer/tsan_interface.h>
#endif

/* A stack as the sanitizers know it. */
typedef struct ol_sanitize_stack {
    const void *bottom;
    size_t size;
    void *fake;  /* ASan's frames of this stack while it stands still */
    void *fiber; /* TSan's name of it */
} ol_sanitize_stack;

#ifdef OL_FIBER_ASAN
/* Just before the switch. `from` is NULL when its stack will never run again. */
static inline void ol_sanitize_leave(ol_sanitize_stack *from, const ol_sanitize_stack *to)
{
    __sanitizer_start_switch_fiber(from ? &from->fake : NULL, to->bottom, to->size);
}
/* Just after it, on the new stack; `other` (the stack left) learns its bounds. */
static inline void ol_sanitize_enter(ol_sanitize_stack *self, ol_sanitize_stack *other)
{
    __sanitizer_finish_switch_fiber(self->fake, &other->bottom, &other->size);
    self->fake = NULL;
}
static inline void ol_sanitize_clean(void *stack, size_t size)
{
    __asan_unpoison_memory_region(stack, size);
}
#else
static inline void ol_sanitize_leave(ol_sanitize_stack *from, const ol_sanitize_stack *to)
{
    (void)from;
    (void)to;
}
static inline void ol_sanitize_enter(ol_sanitize_stack *self, ol_sanitize_stack *other)
{
    (void)self;
    (void)other;
}
static inline void ol_sanitize_clean(void *stack, size_t size)
{
    (void)stack;
    (void)size;
}
#endif

#ifdef OL_FIBER_TSAN
static inline void ol_sanitize_name_current(ol_sanitize_stack *stack)
{
    stack->fiber = __tsan_get_current_fiber();
}
static inline void ol_sanitize_create(ol_sanitize_stack *stack)
{
    stack->fiber = __tsan_create_fiber(0);
}
static inline void ol_sanitize_destroy(ol_sanitize_stack *stack)
{
    if (stack->fiber)
        __tsan_destroy_fiber(stack->fiber);
    stack->fiber = NULL;
}
static inline void ol_sanitize_switch(const ol_sanitize_stack *to)
{
    __tsan_switch_to_fiber(to->fiber, 0);
}
#else
static inline void ol_sanitize_name_current(ol_sanitize_stack *stack)
{
    (void)stack;
}
static inline void ol_sanitize_create(ol_sanitize_stack *stack)
{
    (void)stack;
}
static inline void ol_sanitize_destroy(ol_sanitize_stack *stack)
{
    (void)stack;
}
static inline void ol_sanitize_switch(const ol_sanitize_stack *to)
{
    (void)to;
}
#endif

#endif
