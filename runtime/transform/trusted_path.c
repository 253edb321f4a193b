/* SPDX-License-Identifier: MIT */
#include "transform/trusted_path.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "transform/writers.h"

#define LINKS_MAX 40u /* as many as the kernel follows */
#define ITS "its folder: "
#define ABOVE "above its folder: "

typedef struct walk {
    char at[PATH_MAX];   /* how far we are: a path without links; "" is the root */
    char rest[PATH_MAX]; /* what remains to be walked, from there */
    unsigned links;      /* followed so far */
} walk;

static int refuse(ol_error *err, const char *which, const char *path, const char *why)
{
    return ol_error_set(err, OL_ECONFIG, "%s%s%s", which, path[0] ? path : "/", why);
}

static int failed(ol_error *err, const char *path, int number)
{
    return ol_error_set(err, OL_ECONFIG, "%s%s: %s", ITS, path[0] ? path : "/", strerror(number));
}

static bool is_ours(const struct stat *info)
{
    return info->st_uid == geteuid() || info->st_uid == 0;
}

/* A folder on the way may be writable for others only with the sticky bit: then they can neither rename
 * nor remove what is not theirs. */
static int judge_folder(const char *at, bool on_the_way, ol_error *err)
{
    struct stat info;
    const char *which = on_the_way ? ABOVE : ITS;
    if (lstat(at[0] ? at : "/", &info) != 0)
        return failed(err, at, errno);
    if (!S_ISDIR(info.st_mode))
        return refuse(err, "", at, " is not a folder");
    if (!is_ours(&info))
        return refuse(err, which, at, " belongs neither to the server's user nor to root");
    bool kept = on_the_way && (info.st_mode & S_ISVTX);
    if (!kept && ol_others_may_write_at(at[0] ? at : "/", &info))
        return refuse(err, which, at, ": its group or others may write to it");
    return OL_OK;
}

/* False when it is too long. */
static bool join(char to[PATH_MAX], const char *first, const char *second)
{
    return snprintf(to, PATH_MAX, "%s/%s", first, second) < PATH_MAX;
}

/* Go on with the link's target, and behind it what remained. */
static int follow(walk *w, const char *link, ol_error *err)
{
    char target[PATH_MAX], rest[PATH_MAX];
    ssize_t len = readlink(link, target, sizeof(target) - 1);
    if (len < 0)
        return failed(err, link, errno);
    target[len] = '\0';
    if (++w->links > LINKS_MAX)
        return failed(err, link, ELOOP);
    if (!join(rest, target, w->rest))
        return failed(err, link, ENAMETOOLONG);
    memcpy(w->rest, rest, sizeof(w->rest));
    if (target[0] == '/')
        w->at[0] = '\0';
    return OL_OK;
}

static int enter(walk *w, const char *name, ol_error *err)
{
    char next[PATH_MAX];
    struct stat info;
    if (!join(next, w->at, name))
        return failed(err, name, ENAMETOOLONG);
    if (lstat(next, &info) != 0)
        return failed(err, next, errno);
    if (!S_ISLNK(info.st_mode)) {
        memcpy(w->at, next, sizeof(w->at));
        return OL_OK;
    }
    if (!is_ours(&info)) /* in a folder like /tmp anybody can make one */
        return refuse(err, ABOVE, next, " belongs neither to the server's user nor to root");
    return follow(w, next, err);
}

static void leave(walk *w)
{
    char *slash = strrchr(w->at, '/');
    if (slash)
        *slash = '\0';
}

/* Take the first name off what remains. False at the end. */
static bool take_name(walk *w, char name[PATH_MAX])
{
    const char *from = w->rest + strspn(w->rest, "/");
    size_t len = strcspn(from, "/");
    memcpy(name, from, len);
    name[len] = '\0';
    memmove(w->rest, from + len, strlen(from + len) + 1);
    return len > 0;
}

/* Judge all folders on the way. Afterwards w->at is where `path` leads. */
static int walk_path(walk *w, const char *path, ol_error *err)
{
    char name[PATH_MAX], here[PATH_MAX] = "";
    w->at[0] = '\0';
    w->links = 0;
    if (path[0] != '/' && !getcwd(here, sizeof(here)))
        return failed(err, path, errno);
    if (!join(w->rest, here, path))
        return failed(err, path, ENAMETOOLONG);
    while (take_name(w, name)) {
        int rc = judge_folder(w->at, true, err);
        if (rc == OL_OK && strcmp(name, "..") == 0)
            leave(w);
        else if (rc == OL_OK && strcmp(name, ".") != 0)
            rc = enter(w, name, err);
        if (rc != OL_OK)
            return rc;
    }
    return OL_OK;
}

int ol_trusted_folder(const char *folder, ol_error *err)
{
    walk w;
    int rc = walk_path(&w, folder, err);
    return rc == OL_OK ? judge_folder(w.at, false, err) : rc;
}

int ol_trusted_file(const char *path, ol_error *err)
{
    walk w;
    int rc = walk_path(&w, path, err);
    if (rc != OL_OK)
        return rc;
    leave(&w);
    return judge_folder(w.at, false, err);
}
