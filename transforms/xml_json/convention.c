/* SPDX-License-Identifier: MIT */
#include "convention.h"

#include <stddef.h>
#include <string.h>

static const struct xj_convention conventions[] = {
    {.name = "xmltodict", .attribute_prefix = "@", .text_key = "#text", .empty = "null"},
    {.name = "badgerfish", .attribute_prefix = "@", .text_key = "$", .empty = "{}",
     .strip = XJ_KEEP_TEXT, .text_in_object = true, .text_first = true, .text_of_head = true},
    {.name = "gdata", .attribute_prefix = "", .text_key = "$t", .empty = "{}",
     .strip = XJ_KEEP_TEXT, .text_in_object = true, .text_first = true, .text_of_head = true,
     .parses_values = true},
    {.name = "parker", .empty = "null", .strip = XJ_KEEP_TEXT, .drops_root = true,
     .parses_values = true},
    {.name = "jsonml", .strip = XJ_KEEP, .is_array = true},
};

const struct xj_convention *xj_convention_named(const char *name)
{
    for (size_t i = 0; i < sizeof(conventions) / sizeof(conventions[0]); i++)
        if (strcmp(conventions[i].name, name) == 0)
            return &conventions[i];
    return NULL;
}
