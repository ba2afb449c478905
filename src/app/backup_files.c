/* Contents that are too large for an event: F.files, named by their hash, written once and never
 * changed. So a copy needs no moment: what a backup's events name was there before they were. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

#include "app/backup.h"
#include "kernel/copy.h"

enum { TREE_DEPTH_MAX = 4 };

static enum outcome make_folder(const char *path, struct err *e)
{
    return mkdir(path, 0700) == 0 || errno == EEXIST
               ? OK
               : err_fault(e, "store.io", "make %s: %m", path);
}

static enum outcome copy_entry(const char *from, const char *to, int depth, struct err *e);

/* Uploads that have not ended are nobody's yet; what is there already is the same. */
static enum outcome copy_tree(const char *from, const char *to, int depth, struct err *e)
{
    DIR *d = opendir(from);
    if (!d)
        return errno == ENOENT ? OK : err_fault(e, "store.io", "open %s: %m", from);
    enum outcome o = make_folder(to, e);
    for (struct dirent *entry; o == OK && (entry = readdir(d));) {
        char source[BACKUP_PATH_MAX];
        char target[BACKUP_PATH_MAX];
        if (entry->d_name[0] == '.' || (depth == 0 && strcmp(entry->d_name, "uploads") == 0))
            continue;
        int a = snprintf(source, sizeof source, "%s/%s", from, entry->d_name);
        int b = snprintf(target, sizeof target, "%s/%s", to, entry->d_name);
        o = a < BACKUP_PATH_MAX && b < BACKUP_PATH_MAX ? copy_entry(source, target, depth + 1, e)
                                                       : REFUSE(e, "node.path_too_long");
    }
    closedir(d);
    return o == OK ? copy_sync_folder(to, e) : o;
}

static enum outcome copy_entry(const char *from, const char *to, int depth, struct err *e)
{
    struct stat st;
    if (lstat(from, &st) != 0)
        return errno == ENOENT ? OK : err_fault(e, "store.io", "look at %s: %m", from);
    if (S_ISDIR(st.st_mode) && depth < TREE_DEPTH_MAX)
        return copy_tree(from, to, depth, e);
    if (!S_ISREG(st.st_mode) || lstat(to, &st) == 0)
        return OK;
    return copy_file(from, to, 0, NULL, e);
}

enum outcome backup_files(const char *from, const char *to, struct err *e)
{
    return copy_tree(from, to, 0, e);
}
