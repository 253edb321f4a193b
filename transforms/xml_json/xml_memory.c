/* SPDX-License-Identifier: MIT */
#include "xml_memory.h"

#include <libxml/xmlmemory.h>
#include <stddef.h>

static xmlMallocFunc malloc_below;
static xmlReallocFunc realloc_below;
static xmlStrdupFunc strdup_below;
static bool *told;

static void *note(void *block)
{
    if (!block && told)
        *told = true;
    return block;
}

static void *watched_malloc(size_t size)
{
    return note(malloc_below(size));
}

static void *watched_realloc(void *block, size_t size)
{
    return note(realloc_below(block, size));
}

static char *watched_strdup(const char *text)
{
    return note(strdup_below(text));
}

void xj_xml_memory_watch(void)
{
    xmlFreeFunc free_below;
    xmlMallocFunc malloc_now;
    xmlReallocFunc realloc_now;
    xmlStrdupFunc strdup_now;
    xmlMemGet(&free_below, &malloc_now, &realloc_now, &strdup_now);
    if (malloc_now == watched_malloc)
        return;
    malloc_below = malloc_now;
    realloc_below = realloc_now;
    strdup_below = strdup_now;
    xmlMemSetup(free_below, watched_malloc, watched_realloc, watched_strdup);
}

void xj_xml_memory_tell(bool *refused)
{
    told = refused;
}
