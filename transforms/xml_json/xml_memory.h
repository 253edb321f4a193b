/* SPDX-License-Identifier: MIT */
/*
 * Notices when libxml2 gets no memory. It does not always say so itself: an attribute whose
 * value could not be copied, for one, is just not there.
 */
#ifndef XJ_XML_MEMORY_H
#define XJ_XML_MEMORY_H

#include <stdbool.h>

/* Once in the life of the process, before libxml2 allocates. What it allocated with until then
 * is what it goes on allocating with. */
void xj_xml_memory_watch(void);

/* From here on *refused becomes true when an allocation fails; NULL: nobody wants to know. */
void xj_xml_memory_tell(bool *refused);

#endif
