/* SPDX-License-Identifier: MIT */
/*
 * What is left of the file system, and of privileges: a root of its own, read-only, in which nothing
 * exists but the folders that may be read while loading (for Lua: nothing), and no capability.
 *
 * Nothing is changed before the last step, so a kernel or a container that forbids one of them
 * leaves everything as it was.
 */
#include "transform/host/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PATH_BYTES_MAX 4096

/* What the dynamic loader reads for a shared object's libraries. */
static const char *const loader_paths[] = {
    "/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib", "/etc/ld.so.cache",
};

int ol_sandbox_each_folder(const ol_sandbox_load *load, int (*visit)(void *arg, const char *path),
                           void *arg)
{
    char path[PATH_BYTES_MAX];
    if (load->kind != OL_PROGRAM_SHARED)
        return 0;
    for (size_t i = 0; i < sizeof(loader_paths) / sizeof(loader_paths[0]); i++)
        if (visit(arg, loader_paths[i]) != 0)
            return -1;
    ol_slice rest = load->folders;
    while (rest.len > 0) {
        const uint8_t *end = memchr(rest.data, '\n', rest.len);
        size_t len = end ? (size_t)(end - rest.data) : rest.len;
        if (len >= sizeof(path))
            return -1;
        memcpy(path, rest.data, len);
        path[len] = '\0';
        if (len > 0 && visit(arg, path) != 0)
            return -1;
        rest = ol_slice_from(rest, end ? len + 1 : len);
    }
    return 0;
}

bool ol_sandbox_drop_capabilities(void)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[2] = {{0}};
    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
    return syscall(SYS_capset, &header, data) == 0;
}

#ifdef OBJLENS_SANITIZED

bool ol_sandbox_change_root(const ol_sandbox_load *load)
{
    (void)load; /* reports read maps and binaries */
    return false;
}

#else

static int make_root(void)
{
    int filesystem = fsopen("tmpfs", FSOPEN_CLOEXEC);
    if (filesystem < 0)
        return -1;
    int root = -1;
    if (fsconfig(filesystem, FSCONFIG_SET_STRING, "size", "64k", 0) == 0 &&
        fsconfig(filesystem, FSCONFIG_SET_STRING, "mode", "0755", 0) == 0 &&
        fsconfig(filesystem, FSCONFIG_CMD_CREATE, NULL, NULL, 0) == 0)
        root = fsmount(filesystem, FSMOUNT_CLOEXEC,
                       MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
    close(filesystem);
    return root;
}

/* A place of that kind, and the folders above it. The current folder is the new root. */
static int make_place(const char *path, bool folder)
{
    char part[PATH_BYTES_MAX];
    size_t len = strlen(path);
    for (size_t i = 1; i <= len; i++) {
        if (path[i] != '/' && path[i] != '\0')
            continue;
        snprintf(part, sizeof(part), "%.*s", (int)(i - 1), path + 1);
        if (path[i] == '\0' && !folder) {
            int fd = open(part, O_WRONLY | O_CREAT | O_CLOEXEC, 0444);
            if (fd >= 0)
                close(fd);
        } else if (mkdir(part, 0755) != 0 && errno != EEXIST && errno != EROFS) {
            return -1;
        }
    }
    return 0;
}

/* What stands at `path` is to be seen there in the new root too, read-only. What does not exist
 * needs no place. */
static int bring(void *arg, const char *path)
{
    (void)arg;
    struct stat info;
    int tree = open_tree(AT_FDCWD, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE);
    if (tree < 0)
        return errno == ENOENT || errno == EACCES ? 0 : -1;
    struct mount_attr attributes = {.attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID |
                                                MOUNT_ATTR_NODEV};
    int rc = mount_setattr(tree, "", AT_EMPTY_PATH | AT_RECURSIVE, &attributes, sizeof(attributes));
    if (rc == 0)
        rc = fstat(tree, &info);
    if (rc == 0)
        rc = make_place(path, S_ISDIR(info.st_mode));
    if (rc == 0)
        rc = move_mount(tree, "", AT_FDCWD, path + 1, MOVE_MOUNT_F_EMPTY_PATH);
    close(tree);
    return rc;
}

static int fill_root(const ol_sandbox_load *load)
{
    if (ol_sandbox_each_folder(load, bring, NULL) != 0)
        return -1;
    /* The object itself is loaded from an open descriptor. */
    if (load->kind == OL_PROGRAM_SHARED && bring(NULL, "/proc/self/fd") != 0)
        return -1;
    struct mount_attr attributes = {.attr_set = MOUNT_ATTR_RDONLY};
    return mount_setattr(AT_FDCWD, ".", 0, &attributes, sizeof(attributes));
}

static int enter(int root, const ol_sandbox_load *load)
{
    if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
        move_mount(root, "", AT_FDCWD, "/", MOVE_MOUNT_F_EMPTY_PATH) != 0 || fchdir(root) != 0 ||
        fill_root(load) != 0)
        return -1;
    if (syscall(SYS_pivot_root, ".", ".") != 0)
        return -1;
    return umount2(".", MNT_DETACH);
}

/* The copies of the server's mounts are made here, and not at birth: program and libraries, open by
 * now, lie in the server's own. If they lay in a copy it would not go away with the old root, and
 * what the server's machine unmounts meanwhile would live on as long as this process. */
bool ol_sandbox_change_root(const ol_sandbox_load *load)
{
    int root = unshare(CLONE_NEWNS) == 0 ? make_root() : -1;
    if (root < 0)
        return false;
    bool entered = enter(root, load) == 0;
    close(root);
    return chdir("/") == 0 && entered;
}

#endif
