#include "base/io.h"

#include <errno.h>
#include <unistd.h>

bool io_write_all(int fd, const void *p, size_t n)
{
    const char *at = p;
    while (n > 0) {
        const ssize_t wrote = write(fd, at, n);
        if (wrote < 0 && errno == EINTR)
            continue;
        if (wrote <= 0)
            return false;
        at += wrote;
        n -= (size_t)wrote;
    }
    return true;
}
