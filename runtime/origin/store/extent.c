/* SPDX-License-Identifier: MIT */
#include "origin/store/extent.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "origin/store/janitor.h"

void ol_extent_init(ol_extent *extent, const ol_entry *entry)
{
    *extent = (ol_extent){.fd = -1};
    if (entry->fd >= 0) {
        extent->fd = entry->fd;
        extent->end = entry->info.size;
    }
}

void ol_extent_fini(ol_extent *extent, ol_janitor *janitor)
{
    if (extent->own)
        ol_janitor_close(janitor, extent->fd);
    *extent = (ol_extent){.fd = -1};
}

/* What is on the disk is foreign until it has been measured. */
static int check_size(int fd, uint64_t size)
{
    struct stat st;
    if (fstat(fd, &st) != 0)
        return errno;
    return S_ISREG(st.st_mode) && (uint64_t)st.st_size == size ? 0 : EIO;
}

int ol_extent_seek(ol_extent *extent, const ol_folder *folder, const ol_entry *entry, uint64_t at)
{
    if (ol_extent_covers(extent, at))
        return 0;
    if (extent->own)
        close(extent->fd);
    *extent = (ol_extent){.fd = -1};
    const ol_entry_part *part = ol_entry_part_at(entry, at);
    uint64_t start = ol_entry_part_start(entry, part);
    int fd = ol_folder_object_open(folder, &part->file);
    if (fd < 0)
        return -fd;
    int fault = check_size(fd, entry->record ? ol_at_rest_sealed_size(part->end - start)
                                           : part->end - start);
    if (fault) {
        close(fd);
        return fault;
    }
    *extent = (ol_extent){.fd = fd, .own = true, .start = start, .end = part->end};
    return 0;
}
