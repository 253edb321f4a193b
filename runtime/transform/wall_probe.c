/* SPDX-License-Identifier: MIT */
/*
 * A host for Lua loads an empty transform. A host for shared objects gets an empty file, which cannot be
 * loaded; but it says which walls stand before it fails.
 */
#include "transform/wall_probe.h"

#include <unistd.h>

#include "base/alloc.h"
#include "base/memory_file.h"
#include "transform/loader.h"

#define LUA_SOURCE "return function() end"

static int probe_lua(ol_loader_result *result, ol_error *err)
{
    ol_program program = {.name = "probe",
                          .path = "probe.lua",
                          .kind = OL_PROGRAM_LUA,
                          .source = OL_SLICE_LIT(LUA_SOURCE),
                          .image_fd = -1};
    ol_transform_limits_default(&program.limits);
    return ol_loader_try(&program, result, err);
}

static int probe_shared(ol_loader_result *result, ol_error *err)
{
    ol_error expected = {0};
    ol_program program = {.name = "probe",
                          .path = "probe.so",
                          .kind = OL_PROGRAM_SHARED,
                          .pinned = true,
                          .image_fd = ol_memory_file("objlens-probe")};
    if (program.image_fd < 0)
        return ol_error_set(err, OL_EUNAVAILABLE, "probing the sandbox: memory file");
    ol_transform_limits_default(&program.limits);
    ol_loader_try(&program, result, &expected);
    close(program.image_fd);
    if (result->walls != 0)
        return OL_OK;
    *err = expected;
    return expected.code;
}

int ol_wall_probe(ol_wall_report *report, ol_error *err)
{
    ol_loader_result *result = ol_malloc(sizeof(*result)); /* large */
    if (!result)
        return ol_error_set(err, OL_ENOMEM, "probing the sandbox");
    *report = (ol_wall_report){0};
    int rc = probe_lua(result, err);
    if (rc == OL_OK) {
        report->walls = result->walls;
        rc = probe_shared(result, err);
    }
    if (rc == OL_OK) {
        report->walls &= result->walls;
        report->landlock = result->landlock;
    }
    ol_free(result);
    return rc;
}

int ol_wall_check(const ol_wall_report *report, uint32_t required, ol_error *err)
{
    char names[256];
    if ((required & ~report->walls) == 0)
        return OL_OK;
    ol_walls_text(required & ~report->walls, names, sizeof(names));
    return ol_error_say(err, OL_ECONFIG, "sandbox_required: not to be had on this machine: %s",
                        names);
}
