/* SPDX-License-Identifier: MIT */
#include "transform/cgroup.h"
#include "transform/program.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

#define TEXT_BYTES 4096
#define PREFIX "objlens-"
#define PERIOD_US 100000ull
/* When the CPU is short the server gets as much of it as ten hosts (100 each, the kernel's default):
 * it feeds all of them, and answers the requests that need no transform. */
#define SERVER_WEIGHT "1000"
#define NUMBERS_TAKEN_MAX 1000
#define LOCK_TRIES 2000u
#define LOCK_RETRY_NS 1000000
#define TOO_LONG "the name of the control group is too long"

static char folder_in_use[OL_CGROUP_PATH_SIZE - 64];
static uint32_t controllers_in_use;
static char reason[TEXT_BYTES + 128]; /* for ol_cgroups_reason */
static int lock_fd = -1; /* of the folder in use */
static _Atomic unsigned groups_made;

static const struct {
    const char *name;
    uint32_t bit;
} names[] = {{"memory", OL_CGROUP_MEMORY}, {"pids", OL_CGROUP_PIDS}, {"cpu", OL_CGROUP_CPU}};

#define NAMES (sizeof(names) / sizeof(names[0]))

/* ---- files ---- */

static int open_in(const char *folder, const char *name, int flags)
{
    char path[OL_CGROUP_PATH_SIZE + 64];
    if (snprintf(path, sizeof(path), "%s/%s", folder, name) >= (int)sizeof(path))
        return -1;
    return open(path, flags | O_CLOEXEC | O_NOCTTY, 0600);
}

static bool write_in(const char *folder, const char *name, const char *text)
{
    /* O_CREAT is for tests, on an ordinary folder: the kernel lets nobody make a file in a group. */
    int fd = open_in(folder, name, O_WRONLY | O_CREAT);
    if (fd < 0)
        return false;
    ssize_t written = write(fd, text, strlen(text));
    int kept = errno;
    close(fd);
    errno = kept;
    return written == (ssize_t)strlen(text);
}

/* At most TEXT_BYTES - 1 of it, with a NUL. */
static bool read_in(const char *folder, const char *name, char text[TEXT_BYTES])
{
    int fd = open_in(folder, name, O_RDONLY);
    if (fd < 0)
        return false;
    ssize_t got = read(fd, text, TEXT_BYTES - 1);
    close(fd);
    text[got > 0 ? got : 0] = '\0';
    return got >= 0;
}

/* ---- finding it ---- */

static uint32_t named_in(const char *folder, const char *file)
{
    char text[TEXT_BYTES], *save = NULL;
    uint32_t found = 0;
    if (!read_in(folder, file, text))
        return 0;
    for (char *word = strtok_r(text, " +\n", &save); word; word = strtok_r(NULL, " +\n", &save))
        for (size_t i = 0; i < NAMES; i++)
            if (strcmp(word, names[i].name) == 0)
                found |= names[i].bit;
    return found;
}

/* The place where the kernel shows the hierarchy; "" when there is none. */
static void find_mount(char mount[TEXT_BYTES])
{
    char line[TEXT_BYTES];
    FILE *file = fopen("/proc/self/mountinfo", "re");
    mount[0] = '\0';
    while (file && !mount[0] && fgets(line, sizeof(line), file)) {
        char *type = strstr(line, " - cgroup2 ");
        if (type && sscanf(line, "%*s %*s %*s %*s %4095s", mount) != 1)
            mount[0] = '\0';
    }
    if (file)
        fclose(file);
}

/* Its path in the hierarchy, as this process sees it. */
static bool find_own(char path[TEXT_BYTES])
{
    char text[TEXT_BYTES];
    if (!read_in("/proc/self", "cgroup", text))
        return false;
    char *line = strncmp(text, "0::", 3) == 0 ? text : strstr(text, "\n0::");
    if (!line)
        return false;
    line = strstr(line, "0::") + 3;
    snprintf(path, TEXT_BYTES, "%.*s", (int)strcspn(line, "\n"), line);
    return true;
}

static bool is_marked(const char *folder)
{
    char value[2];
    return (getxattr(folder, "user.delegate", value, 1) == 1 && value[0] == '1') ||
           (getxattr(folder, "trusted.delegate", value, 1) == 1 && value[0] == '1');
}

/* Returns false, for the caller to return. */
static bool refuse(const char *why, const char *what)
{
    snprintf(reason, sizeof(reason), "%s%s", why, what);
    return false;
}

/* The group that this process may divide: inside a container the root of what can be seen (which is
 * not the real root), elsewhere its own group if the service manager has marked it as delegated. */
static bool find_delegated(char folder[TEXT_BYTES])
{
    char mount[TEXT_BYTES], own[TEXT_BYTES], type[TEXT_BYTES];
    find_mount(mount);
    if (!mount[0] || !find_own(own) || strstr(own, "/.."))
        return refuse("no control groups (v2) are to be seen here", "");
    bool whole = strcmp(own, "/") == 0;
    if (snprintf(folder, TEXT_BYTES, "%s%s", mount, whole ? "" : own) >= TEXT_BYTES)
        return refuse(TOO_LONG, "");
    if (!read_in(folder, "cgroup.type", type))
        return refuse("not a group that can be limited: ", folder);
    if (!whole && !is_marked(folder))
        return refuse("not delegated to this process: ", folder);
    return access(folder, W_OK) == 0 || refuse("not writable: ", folder);
}

/* ---- preparing it ---- */

/* Let the groups below have the controllers. False and errno: not one of those that there are. */
static bool enable(const char *folder)
{
    char text[TEXT_BYTES] = "", one[32];
    uint32_t there = named_in(folder, "cgroup.controllers");
    for (size_t i = 0; i < NAMES; i++)
        if (there & names[i].bit)
            snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s+%s", text[0] ? " " : "",
                     names[i].name);
    if (there == 0 || write_in(folder, "cgroup.subtree_control", text))
        return true;
    /* One that cannot be enabled (cpu, while a process has real-time priority) makes the whole write
     * fail, and the others can be had without it. */
    bool some = false;
    for (size_t i = 0; i < NAMES; i++) {
        snprintf(one, sizeof(one), "+%s", names[i].name);
        if ((there & names[i].bit) && write_in(folder, "cgroup.subtree_control", one))
            some = true;
    }
    return some;
}

/* A group with processes cannot be divided: where we are alone in it, we step aside. */
static bool step_aside(const char *folder, const char *procs)
{
    char below[OL_CGROUP_PATH_SIZE];
    if (strtol(procs, NULL, 10) != getpid() || strchr(procs, '\n') != strrchr(procs, '\n'))
        return false;
    if (snprintf(below, sizeof(below), "%s/server", folder) >= (int)sizeof(below))
        return false;
    return (mkdir(below, 0755) == 0 || errno == EEXIST) && write_in(below, "cgroup.procs", "0");
}

/* After enable(): the file cpu.weight is there only with the controller. A server that has not stepped
 * aside has no group of its own to weigh. */
static void weigh_server(const char *folder)
{
    char below[OL_CGROUP_PATH_SIZE];
    if ((controllers_in_use & OL_CGROUP_CPU) &&
        snprintf(below, sizeof(below), "%s/server", folder) < (int)sizeof(below) &&
        access(below, F_OK) == 0)
        write_in(below, "cpu.weight", SERVER_WEIGHT);
}

/* No process may stay in the group itself. The kernel would enable pids and cpu all the same, but then
 * no process could move into a group below. */
static bool divide(const char *folder)
{
    char procs[TEXT_BYTES];
    if (!read_in(folder, "cgroup.procs", procs))
        return refuse("not a group of processes: ", folder);
    if (procs[0] && !step_aside(folder, procs))
        return refuse("not this process alone is in it: ", folder);
    return enable(folder) || refuse("cgroup.subtree_control: ", strerror(errno));
}

static void name_missing(const char *folder)
{
    char missing[64] = "";
    for (size_t i = 0; i < NAMES; i++)
        if (!(controllers_in_use & names[i].bit))
            snprintf(missing + strlen(missing), sizeof(missing) - strlen(missing), "%s%s",
                     missing[0] ? ", " : "", names[i].name);
    if (missing[0])
        snprintf(reason, sizeof(reason), "no controller %s in %s", missing, folder);
}

/* A group that nobody is in can be a dead server's, or one that was made this moment and that no host
 * has joined yet. So whoever makes groups in a folder keeps a shared lock on it, which the kernel
 * takes back when the process dies; and what is left there is removed only by a process that finds the
 * folder locked by nobody. */
static void remove_left(const char *folder)
{
    DIR *dir = opendir(folder);
    for (struct dirent *entry; dir && (entry = readdir(dir));)
        if (strncmp(entry->d_name, PREFIX, sizeof(PREFIX) - 1) == 0)
            unlinkat(dirfd(dir), entry->d_name, AT_REMOVEDIR);
    if (dir)
        closedir(dir);
}

static bool lock_shared(int fd)
{
    for (unsigned i = 0; i < LOCK_TRIES; i++) {
        if (flock(fd, LOCK_SH | LOCK_NB) == 0)
            return true;
        if (errno != EWOULDBLOCK)
            return false;
        nanosleep(&(struct timespec){.tv_nsec = LOCK_RETRY_NS}, NULL); /* somebody tidies up */
    }
    return false;
}

/* Remove what is left, if nobody else uses the folder; then keep a shared lock on it. For a moment between
 * the two locks there is none, which is no harm: this process has not made a group yet. */
static bool lock_folder(const char *folder)
{
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return refuse("the control group's folder cannot be opened: ", strerror(errno));
    if (flock(fd, LOCK_EX | LOCK_NB) == 0)
        remove_left(folder);
    if (lock_shared(fd)) {
        lock_fd = fd;
        return true;
    }
    /* Anybody who may read it can hold a lock on it: limits are not lost for that. Without ours a group that
     * was just made may be taken for one that is left, and its host does not start. */
    close(fd);
    return true;
}

static void unlock_folder(void)
{
    if (lock_fd >= 0)
        close(lock_fd);
    lock_fd = -1;
}

uint32_t ol_cgroups_use(const char *given)
{
    char found[TEXT_BYTES];
    controllers_in_use = 0;
    folder_in_use[0] = '\0';
    reason[0] = '\0';
    unlock_folder();
    if (!given && !find_delegated(found))
        return 0;
    const char *folder = given ? given : found;
    if (strlen(folder) >= sizeof(folder_in_use)) {
        refuse(TOO_LONG, "");
        return 0;
    }
    if (!divide(folder) || !lock_folder(folder))
        return 0;
    controllers_in_use = named_in(folder, "cgroup.subtree_control");
    weigh_server(folder);
    name_missing(folder);
    memcpy(folder_in_use, folder, strlen(folder) + 1);
    return controllers_in_use;
}

uint32_t ol_cgroups_controllers(void)
{
    return controllers_in_use;
}

const char *ol_cgroups_reason(void)
{
    return reason;
}

/* ---- one host's ---- */

static bool set_number(const ol_cgroup *group, const char *name, uint64_t number)
{
    char text[32];
    snprintf(text, sizeof(text), "%llu", (unsigned long long)number);
    return write_in(group->path, name, text);
}

static bool set_threads(const ol_cgroup *group, uint32_t threads_max)
{
    return !(controllers_in_use & OL_CGROUP_PIDS) ||
           set_number(group, "pids.max", 1ull + OL_PROGRAM_THREADS_OURS + threads_max);
}

static bool set_cores(const ol_cgroup *group, uint32_t threads_max)
{
    char text[64];
    if (!(controllers_in_use & OL_CGROUP_CPU))
        return true;
    snprintf(text, sizeof(text), "%llu %llu", (1ull + threads_max) * PERIOD_US, PERIOD_US);
    return write_in(group->path, "cpu.max", text);
}

static bool set_memory(const ol_cgroup *group, uint64_t memory_bytes)
{
    if (!(controllers_in_use & OL_CGROUP_MEMORY))
        return true;
    write_in(group->path, "memory.swap.max", "0"); /* absent without swap accounting */
    write_in(group->path, "memory.oom.group", "1");
    return set_number(group, "memory.max", memory_bytes);
}

static int failed(ol_cgroup *group, const char *what, ol_error *err)
{
    int rc = ol_error_set(err, OL_EUNAVAILABLE, "starting a host: control group: %s: %s", what,
                          strerror(errno));
    ol_cgroup_remove(group);
    return rc;
}

/* The name may be taken: in a container each server has the same process number, and a group that an
 * earlier one left may not be empty yet. */
static bool make_folder(ol_cgroup *group)
{
    for (int tries = 0; tries < NUMBERS_TAKEN_MAX; tries++) {
        snprintf(group->path, sizeof(group->path), "%s/" PREFIX "%ld-%u", folder_in_use,
                 (long)getpid(), atomic_fetch_add(&groups_made, 1));
        if (mkdir(group->path, 0755) == 0)
            return true;
        if (errno != EEXIST)
            return false;
    }
    return false;
}

int ol_cgroup_make(ol_cgroup *group, uint64_t memory_bytes, uint32_t threads_max, ol_error *err)
{
    *group = OL_CGROUP_NONE;
    if (controllers_in_use == 0)
        return OL_OK;
    if (!make_folder(group)) {
        group->path[0] = '\0';
        return failed(group, "mkdir", err);
    }
    if (!set_memory(group, memory_bytes) || !set_threads(group, threads_max) ||
        !set_cores(group, threads_max))
        return failed(group, "limits", err);
    group->join_fd = open_in(group->path, "cgroup.procs", O_WRONLY | O_CREAT);
    return group->join_fd >= 0 ? OL_OK : failed(group, "cgroup.procs", err);
}

void ol_cgroup_close(ol_cgroup *group)
{
    if (group->join_fd >= 0)
        close(group->join_fd);
    group->join_fd = -1;
}

void ol_cgroup_narrow(const ol_cgroup *group, uint32_t threads_max)
{
    if (!group->path[0])
        return;
    set_threads(group, threads_max); /* if it fails, the wider limit of the start still holds */
    set_cores(group, threads_max);
}

void ol_cgroup_remove(ol_cgroup *group)
{
    ol_cgroup_close(group);
    if (group->path[0])
        rmdir(group->path);
    *group = OL_CGROUP_NONE;
}
