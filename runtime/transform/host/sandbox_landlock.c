/* SPDX-License-Identifier: MIT */
/*
 * Landlock: what a host may open while it loads. The structures are spelled out here, because
 * the kernel's own header may be older than the kernel.
 */
#include "transform/host/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define LANDLOCK_VERSION_FLAG 1u
#define LANDLOCK_RULE_BENEATH 1
#define FS_READ_FILE (1ull << 2)
#define FS_READ_DIR (1ull << 3)

/* Grows at the end only; `size` tells the kernel how much of it we mean. */
typedef struct ruleset_attr {
    uint64_t handled_fs;
    uint64_t handled_net; /* ABI 4 */
    uint64_t scoped;      /* ABI 6 */
} ruleset_attr;

typedef struct beneath_attr {
    uint64_t allowed;
    int32_t parent_fd;
} __attribute__((packed)) beneath_attr;

/* Every right that an ABI knows: what is handled and not allowed is refused. */
static uint64_t all_fs_rights(uint32_t abi)
{
    if (abi >= 5)
        return (1ull << 16) - 1; /* and device ioctls */
    if (abi >= 3)
        return (1ull << 15) - 1; /* and truncate */
    if (abi == 2)
        return (1ull << 14) - 1; /* and refer */
    return (1ull << 13) - 1;
}

static size_t make_attr(uint32_t abi, ruleset_attr *attr)
{
    *attr = (ruleset_attr){.handled_fs = all_fs_rights(abi)};
    if (abi >= 4)
        attr->handled_net = 3; /* bind and connect of TCP */
    if (abi >= 6)
        attr->scoped = 3; /* abstract Unix sockets and signals */
    return abi >= 6 ? sizeof(*attr) : abi >= 4 ? 16 : 8;
}

/* A path that is not there allows nothing, which is fine. */
static int allow_reading(void *arg, const char *path)
{
    int ruleset = *(int *)arg;
    int fd = open(path, O_PATH | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT || errno == EACCES ? 0 : -1;
    beneath_attr rule = {.allowed = FS_READ_FILE | FS_READ_DIR, .parent_fd = fd};
    long rc = syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_BENEATH, &rule, 0);
    if (rc != 0 && errno == EINVAL) { /* a file takes no directory rights */
        rule.allowed = FS_READ_FILE;
        rc = syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_BENEATH, &rule, 0);
    }
    int kept = errno;
    close(fd);
    errno = kept;
    return rc == 0 ? 0 : -1;
}

static int fill_and_enforce(int ruleset, const ol_sandbox_load *load)
{
#ifdef OBJLENS_SANITIZED /* the symbolizer reads maps and binaries */
    if (allow_reading(&ruleset, "/") != 0)
        return -1;
#endif
    if (ol_sandbox_each_folder(load, allow_reading, &ruleset) != 0)
        return -1;
    return (int)syscall(SYS_landlock_restrict_self, ruleset, 0);
}

int ol_sandbox_landlock(const ol_sandbox_load *load, uint32_t *abi, ol_error *err)
{
    *abi = 0;
    long version = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_VERSION_FLAG);
    if (version <= 0) {
        /* EPERM: from a container's system-call filter that does not know the call. */
        if (errno == ENOSYS || errno == EOPNOTSUPP || errno == EPERM)
            return OL_OK;
        return ol_error_set(err, OL_ETRANSFORM, "sandbox: landlock: %s", strerror(errno));
    }
    ruleset_attr attr;
    size_t size = make_attr((uint32_t)version, &attr);
    int ruleset = (int)syscall(SYS_landlock_create_ruleset, &attr, size, 0);
    if (ruleset < 0 || fill_and_enforce(ruleset, load) != 0) {
        ol_error_set(err, OL_ETRANSFORM, "sandbox: landlock: %s", strerror(errno));
        if (ruleset >= 0)
            close(ruleset);
        return OL_ETRANSFORM;
    }
    close(ruleset);
    *abi = (uint32_t)version;
    return OL_OK;
}
