/* SPDX-License-Identifier: MIT */
/*
 * Configuration files. Whatever the bytes are, there is a snapshot or there are mistakes, never
 * both or neither; lines lie within the text; and a snapshot keeps the promises of config.h.
 */
#include <assert.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "control/config/config.h"
#include "control/state/realm_private.h"

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

static void check_olap(const ol_realm *realm, const ol_realm_olap *olap)
{
    assert(ol_realm_find_olap_by_alias(realm, olap->alias) == olap);
    assert(ol_realm_find_olap(realm, olap->account->id, olap->name) == olap);
    assert(olap->access_point && olap->view_count > 0 && olap->alias.len <= 63);
    for (size_t i = 0; i < olap->view_count; i++) {
        assert(olap->views[i].step_count > 0);
        assert(olap->views[i].step_count <= OL_TRANSFORM_CHAIN_MAX);
    }
}

static void check_realm(const ol_realm *realm, const ol_config *config)
{
    for (size_t i = 0; i < config->key_count; i++)
        assert(ol_realm_find_key(realm, config->keys[i].access_key) == &config->keys[i]);
    for (size_t i = 0; i < realm->access_point_count; i++) {
        const ol_realm_access_point *point = &realm->access_points[i];
        assert(ol_realm_find_access_point_by_alias(realm, point->alias) == point);
        assert(point->alias.len <= 63);
    }
    for (size_t i = 0; i < realm->olap_count; i++)
        check_olap(realm, &realm->olaps[i]);
    for (size_t i = 0; i < realm->bucket_count; i++)
        assert(ol_realm_bucket_of(realm, realm->buckets[i].name) == &realm->buckets[i]);
}

static void check_snapshot(ol_config *config)
{
    ol_realm *realm;
    ol_error err = {0};
    assert(config->listener_count > 0 && config->account_count > 0);
    assert(config->account_id.len == 12 && config->origin_count > 0);
    ol_document *document = ol_document_new();
    int rc = ol_realm_new(&realm, config, document, NULL, &err);
    assert(rc == OL_OK);
    check_realm(realm, config);
    ol_realm_release(realm);
    ol_document_free(document);
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
