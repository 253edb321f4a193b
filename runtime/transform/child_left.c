/* SPDX-License-Identifier: MIT */
#include "transform/child_left.h"

#include <pthread.h>

#include "base/alloc.h"
#include "observe/log.h"

typedef struct left_child {
    struct left_child *next;
    ol_child child;
} left_child;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static left_child *first;

bool ol_child_leave(ol_child *child)
{
    left_child *left = ol_malloc(sizeof(*left));
    if (!left)
        return false;
    ol_say("warn", "process %d of a host was killed and does not end; it is left to itself",
           (int)child->pid);
    left->child = OL_CHILD_NONE;
    left->child.pid = child->pid;
    left->child.pidfd = child->pidfd;
    left->child.cgroup = child->cgroup;
    child->pid = 0;
    child->pidfd = -1;
    child->cgroup = OL_CGROUP_NONE;
    pthread_mutex_lock(&lock);
    left->next = first;
    first = left;
    pthread_mutex_unlock(&lock);
    return true;
}

unsigned ol_children_left(void)
{
    unsigned count = 0;
    pthread_mutex_lock(&lock);
    for (left_child **at = &first; *at;) {
        left_child *left = *at;
        ol_child_end end;
        if (!ol_child_reap(&left->child, &end)) {
            at = &left->next;
            count++;
            continue;
        }
        *at = left->next;
        ol_child_fini(&left->child);
        ol_free(left);
    }
    pthread_mutex_unlock(&lock);
    return count;
}
