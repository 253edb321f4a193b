/* SPDX-License-Identifier: MIT */
/*
 * Configuration files. Whatever the bytes are, there is a snapshot or there are mistakes, never
 * both or neither; lines lie within the text; and a snapshot keeps the promises of config.h.
 */
#include <assert.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "control/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A file without a folder: relative paths in it lead nowhere. */
static const char *write_file(const uint8_t *data, size_t size)
{
    static int fd = -1;
    static char path[64];
    if (fd < 0) {
        fd = memfd_create("objlens.lua", MFD_CLOEXEC);
        snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    }
    bool ok = fd >= 0 && ftruncate(fd, 0) == 0 && pwrite(fd, data, size, 0) == (ssize_t)size;
    assert(ok);
    return path;
}

static void check_snapshot(const ol_config *config)
{
    assert(config->key_count > 0 && config->listener_count > 0);
    assert(config->account_id.len == 12);
    for (size_t i = 0; i < config->key_count; i++)
        assert(ol_config_find_key(config, config->keys[i].access_key) == &config->keys[i]);
    for (size_t i = 0; i < config->access_point_count; i++)
        assert(ol_config_find_access_point(config, config->access_points[i].alias) ==
               &config->access_points[i]);
    for (size_t i = 0; i < config->olap_count; i++) {
        const ol_config_olap *olap = &config->olaps[i];
        assert(ol_config_find_olap(config, olap->alias) == olap);
        assert(olap->access_point && olap->step_count > 0);
        assert(olap->step_count <= OL_TRANSFORM_CHAIN_MAX && olap->alias.len <= 63);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ol_config *config;
    ol_config_report report;
    int lines = 1;
    for (size_t i = 0; i < size; i++)
        lines += data[i] == '\n' || data[i] == '\r';
    int rc = ol_config_load(&config, write_file(data, size), &report);
    assert((rc == OL_OK) == (config != NULL));
    assert((rc == OL_ECONFIG) == (report.count > 0) || rc == OL_ENOMEM);
    for (size_t i = 0; i < report.count; i++) {
        assert(report.mistakes[i].line >= 0 && report.mistakes[i].line <= lines);
        assert(report.mistakes[i].text[0]);
    }
    if (config) {
        check_snapshot(config);
        ol_config_release(config);
    }
    ol_config_report_fini(&report);
    return 0;
}
