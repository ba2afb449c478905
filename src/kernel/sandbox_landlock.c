/* Landlock (Linux 5.13 and later): what files a process may reach from now on. The numbers of later
 * versions are written here, for Debian 12's headers do not have them. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/landlock.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "kernel/sandbox_impl.h"

enum {
    FS_OF_1 = (1 << 13) - 1, /* execute … make symbolic links */
    FS_REFER = 1 << 13,      /* of version 2 */
    FS_TRUNCATE = 1 << 14,   /* 3 */
    FS_IOCTL_DEV = 1 << 15,  /* 5 */
    NET_BIND_TCP = 1 << 0,   /* 4 */
    SCOPE_ALL = 3,           /* 6: abstract sockets and signals of others */
};

/* As the kernel reads it: so much of it as its version knows. */
struct ruleset {
    uint64_t fs;
    uint64_t net;
    uint64_t scoped;
};

int sandbox_landlock(void)
{
    const long version =
        syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    return version > 0 ? (int)version : 0;
}

static int ruleset_new(int version)
{
    struct ruleset r = { .fs = FS_OF_1 };
    size_t size = sizeof r.fs;
    if (version >= 2)
        r.fs |= FS_REFER;
    if (version >= 3)
        r.fs |= FS_TRUNCATE;
    if (version >= 5)
        r.fs |= FS_IOCTL_DEV;
    if (version >= 4) {
        r.net = NET_BIND_TCP;
        size += sizeof r.net;
    }
    if (version >= 6) {
        r.scoped = SCOPE_ALL;
        size += sizeof r.scoped;
    }
    return (int)syscall(SYS_landlock_create_ruleset, &r, size, 0);
}

/* What is not there needs no permission. */
static bool permit(int ruleset, const char *path)
{
    struct stat st;
    const int fd = open(path, O_PATH | O_CLOEXEC);
    if (fd < 0)
        return true;
    struct landlock_path_beneath_attr rule = { .parent_fd = fd };
    rule.allowed_access = LANDLOCK_ACCESS_FS_READ_FILE;
    if (fstat(fd, &st) == 0 && S_ISDIR(st.st_mode))
        rule.allowed_access |= LANDLOCK_ACCESS_FS_READ_DIR;
    const long done = syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
    close(fd);
    return done == 0;
}

bool sandbox_landlock_enter(const char *const *paths, const char *const *more)
{
    const int ruleset = ruleset_new(sandbox_landlock());
    bool good = ruleset >= 0;
    for (size_t i = 0; good && paths && paths[i]; i++)
        good = permit(ruleset, paths[i]);
    for (size_t i = 0; good && more && more[i]; i++)
        good = permit(ruleset, more[i]);
    if (good)
        good = syscall(SYS_landlock_restrict_self, ruleset, 0) == 0;
    if (ruleset >= 0)
        close(ruleset);
    return good;
}
