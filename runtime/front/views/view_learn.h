/* SPDX-License-Identifier: MIT */
/*
 * Tells the memo what a run has found out about a view. When an earlier run found something else,
 * the transform is not deterministic: that is said in the log (the memo counts it), and the view
 * is unstable from then on.
 */
#ifndef OL_FRONT_VIEW_LEARN_H
#define OL_FRONT_VIEW_LEARN_H

#include "front/views/view_subject.h"
#include "view/memo.h"

/* False: the view is unstable, and nothing of it may be kept. */
bool ol_view_learn(const ol_view_subject *subject, const ol_view_facts *facts);

#endif
