/* SPDX-License-Identifier: MIT */
/*
 * The memory of one Lua state; see arena.h.
 */
#include "transform/lua/arena.h"

#include <sys/mman.h>
#include <unistd.h>

#include "base/alloc.h"

#define FOUR_GIB (1ull << 32)
#define LOW_ADDRESS 0x10000000ull /* of every region, modulo 4 GiB */
#define PLACES_TRIED 256
#define BOOKKEEPING_BYTES (16u * 1024u)

/* Above the image so much is zeroed in place and stays mapped; what lies higher goes back to
 * the kernel. Zeroing is cheaper than taking the pages again, up to about there. */
#define KEEP_BYTES (256u * 1024u)

static size_t page_bytes(void)
{
    return (size_t)sysconf(_SC_PAGESIZE);
}

static size_t round_up(size_t bytes, size_t grain)
{
    return (bytes + grain - 1) / grain * grain;
}

/* The heap's limit counts what is live. Holes between blocks count in the end as well: the host
 * that all this runs in is allowed memory_bytes for each job, and little more. */
static size_t region_bytes_for(size_t limit)
{
    return round_up(limit + BOOKKEEPING_BYTES, page_bytes());
}

size_t ol_lua_arena_bytes(size_t limit)
{
    return region_bytes_for(limit) + 2 * page_bytes();
}

static void *map_at(void *address, size_t bytes, int extra_flags)
{
    return mmap(address, bytes, PROT_NONE,
                MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | extra_flags, -1, 0);
}

/* Address space whose second page lies at LOW_ADDRESS modulo 4 GiB, else anywhere. Where the kernel
 * would put it is only a hint, and is given back first: a host may not hold that much twice. */
static void *map_aligned(size_t bytes)
{
    void *anywhere = map_at(NULL, bytes, 0);
    uintptr_t place;

    if (anywhere == MAP_FAILED)
        return MAP_FAILED;
    munmap(anywhere, bytes);
    place = ((uintptr_t)anywhere & ~(uintptr_t)(FOUR_GIB - 1)) + LOW_ADDRESS - page_bytes();
    for (unsigned i = 1; i <= PLACES_TRIED; i++) {
        void *wanted = (void *)(place - i * FOUR_GIB);
        void *got;

        if (place <= i * FOUR_GIB + FOUR_GIB)
            break;
        got = map_at(wanted, bytes, MAP_FIXED_NOREPLACE);
        if (got == wanted)
            return got;
        if (got != MAP_FAILED)
            munmap(got, bytes);
    }
    return map_at(NULL, bytes, 0);
}

int ol_lua_arena_init(ol_lua_arena *arena, size_t limit, ol_error *err)
{
    size_t guard = page_bytes();

    *arena = (ol_lua_arena){0};
    if (limit > SIZE_MAX / 4)
        return ol_error_set(err, OL_ELIMIT, "memory_bytes is too large");
    arena->region_bytes = region_bytes_for(limit);
    arena->mapping_bytes = arena->region_bytes + 2 * guard;
    arena->mapping = map_aligned(arena->mapping_bytes);
    if (arena->mapping == MAP_FAILED) {
        arena->mapping = NULL;
        return ol_error_set(err, OL_ENOMEM, "no address space for a Lua state");
    }
    arena->region = arena->mapping + guard;
    if (mprotect(arena->region, arena->region_bytes, PROT_READ | PROT_WRITE) != 0) {
        ol_lua_arena_fini(arena);
        return ol_error_set(err, OL_ENOMEM, "no memory for a Lua state");
    }
    /* Huge pages would make each idle state weigh megabytes; not having the call is fine. */
    madvise(arena->region, arena->region_bytes, MADV_NOHUGEPAGE);
    arena->heap = ol_lua_heap_init(arena->region, arena->region_bytes, limit);
    if (!arena->heap) {
        ol_lua_arena_fini(arena);
        return ol_error_set(err, OL_ELIMIT, "memory_bytes is too small");
    }
    return OL_OK;
}

void ol_lua_arena_fini(ol_lua_arena *arena)
{
    if (arena->image) {
        ol_wipe(arena->image, arena->image_bytes);
        ol_free(arena->image);
    }
    if (arena->mapping)
        munmap(arena->mapping, arena->mapping_bytes);
    *arena = (ol_lua_arena){0};
}

/* Zero everything between the two offsets that was touched. */
static void wipe(ol_lua_arena *arena, size_t from, size_t to)
{
    size_t kept_end = round_up(from, page_bytes()) + KEEP_BYTES;
    size_t zero_end = to < kept_end ? to : kept_end;

    if (to <= from)
        return;
    memset(arena->region + from, 0, zero_end - from);
    if (zero_end < to && madvise(arena->region + zero_end, round_up(to - zero_end, page_bytes()),
                                 MADV_DONTNEED) != 0)
        memset(arena->region + zero_end, 0, to - zero_end);
}

int ol_lua_arena_take_image(ol_lua_arena *arena, ol_error *err)
{
    size_t used = ol_lua_heap_used_bytes(arena->heap);
    size_t touched = ol_lua_heap_touched_bytes(arena->heap);

    arena->image = ol_malloc(used);
    if (!arena->image)
        return ol_error_set(err, OL_ENOMEM, "no memory for the image of a Lua state");
    arena->image_bytes = used;
    ol_lua_heap_forget_touched(arena->heap);
    wipe(arena, used, touched);
    memcpy(arena->image, arena->region, used);
    return OL_OK;
}

void ol_lua_arena_restore(ol_lua_arena *arena)
{
    size_t touched = ol_lua_heap_touched_bytes(arena->heap);

    memcpy(arena->region, arena->image, arena->image_bytes);
    wipe(arena, arena->image_bytes, touched);
}
