/* SPDX-License-Identifier: MIT */
/*
 * Who is behind a canonical id: what documents that name owners and grantees need to know of the
 * accounts. Whoever knows the accounts fills it in; NULL stands for "every id exists, none has a
 * name, no address is known".
 */
#ifndef OL_S3_PEOPLE_H
#define OL_S3_PEOPLE_H

#include "base/slice.h"

typedef struct ol_people {
    void *arg;
    /* False when nobody has that id. *name is empty when it has none; borrowed from the accounts,
     * like *id below. */
    bool (*find)(void *arg, ol_slice id, ol_slice *name);
    bool (*find_email)(void *arg, ol_slice email, ol_slice *id);
} ol_people;

static inline ol_slice ol_people_name(const ol_people *people, ol_slice id)
{
    ol_slice name = OL_SLICE_NONE;
    return people && people->find(people->arg, id, &name) ? name : OL_SLICE_NONE;
}

#endif
