/* SPDX-License-Identifier: MIT */
#include "names.h"

#include <string.h>

#define SLOTS_MIN 128 /* a power of two, as all that follow */

void xj_names_init(struct xj_names *n, struct xj_memory *memory, const struct xj_config *config)
{
    *n = (struct xj_names){.memory = memory, .config = config};
}

void xj_names_fini(struct xj_names *n)
{
    xj_memory_give(n->memory, n->items, n->room * sizeof(*n->items));
    xj_memory_give(n->memory, n->slots, n->slot_count * sizeof(*n->slots));
    xj_names_init(n, n->memory, n->config);
}

/* The slot of a name, or the free one where it would go. */
static size_t find_slot(const struct xj_names *n, const char *text)
{
    uint64_t mixed = (uint64_t)(uintptr_t)text * 0x9e3779b97f4a7c15u;
    size_t slot = (size_t)(mixed >> 32) & (n->slot_count - 1);
    while (n->slots[slot] != 0 && n->items[n->slots[slot] - 1].text != text)
        slot = (slot + 1) & (n->slot_count - 1);
    return slot;
}

/* At most half of the slots are taken. */
static bool grow_slots(struct xj_names *n)
{
    if (2 * (n->count + 1) <= n->slot_count)
        return true;
    size_t before = n->slot_count, now = before ? 2 * before : SLOTS_MIN;
    uint32_t *slots = xj_memory_take(n->memory, now * sizeof(*slots));
    if (!slots)
        return false;
    xj_memory_give(n->memory, n->slots, before * sizeof(*slots));
    n->slots = slots;
    n->slot_count = now;
    for (size_t i = 0; i < n->count; i++)
        slots[find_slot(n, n->items[i].text)] = (uint32_t)i + 1;
    return true;
}

/* Names of XML hold nothing that JSON escapes; what stands for a namespace may. */
static bool is_odd(const char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text < 0x20 || *text == '"' || *text == '\\')
            return true;
    return false;
}

uint32_t xj_names_look_up(struct xj_names *n, const char *text)
{
    if (n->slot_count > 0) {
        uint32_t known = n->slots[find_slot(n, text)];
        if (known != 0)
            return known - 1;
    }
    n->too_long = strnlen(text, XJ_NAME_BYTES_MAX + 1) > XJ_NAME_BYTES_MAX;
    if (n->too_long || !grow_slots(n) ||
        !xj_memory_grow(n->memory, &n->items, &n->room, sizeof(*n->items), n->count + 1))
        return XJ_NO_NAME;
    n->items[n->count] = (struct xj_name){
        .text = text,
        .size = (uint32_t)strlen(text),
        .is_odd = is_odd(text),
        .is_xmlns = strcmp(text, xj_declarations) == 0,
        .is_json = text == xj_declarations,
        .listed = xj_config_lists(n->config, text),
        .is_text_key = n->config->convention.text_key && strcmp(n->config->convention.text_key, text) == 0,
        .text_in_object = xj_config_puts_text_in_object(n->config, text),
    };
    n->has_text_key |= n->items[n->count].is_text_key;
    n->slots[find_slot(n, text)] = (uint32_t)++n->count;
    return (uint32_t)n->count - 1;
}
